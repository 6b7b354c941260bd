"""Calage : les poids de la macro CALMAR de l'Insee, et un raking résolu à la main.

Cas CALMAR : quinze salariés fictifs, poids publiés à quatre décimales dans les essais du paquet R
icarus (haroine/icarus, commit bd51ecf, `tests/testthat/test_calibration_small_dataset.R`), produits
par la macro SAS CALMAR : linéaire (M=1), raking (M=2), logit (M=3, bornes 0,4 et 2,2). Son jeu de
données est sous GPL : seuls les nombres nécessaires au contrôle sont recopiés ici, comme des faits.
"""

import numpy as np
import pytest

from solidiag.errors import CalageRefuse
from solidiag.statistics.calage import Calage, calibrer
from solidiag.statistics.calage_methodes import Bornes, Methode

TOLERANCE = 5e-5
"""Les poids publiés sont arrondis à la quatrième décimale."""

# catégorie, sexe, service, salaire, cinéma, poids, puis poids linéaire, raking et logit de CALMAR
LIGNES = (
    ("1", "1", "1", 1000, 1, 10, 5.6381, 5.3374, 4.4859),
    ("2", "2", "1", 1100, 2, 10, 4.8735, 5.1185, 4.2674),
    ("2", "2", "2", 1500, 4, 10, 11.3245, 9.9882, 9.4427),
    ("3", "1", "2", 2300, 15, 10, 19.897, 24.5142, 21.7067),
    ("1", "1", "2", 1000, 2, 10, 11.1004, 9.2304, 9.776),
    ("1", "2", "1", 500, 3, 10, -0.7084, 2.792, 4.0262),
    ("2", "2", "2", 1000, 1, 10, 10.0887, 8.5884, 7.3103),
    ("3", "2", "1", 2000, 0, 20, 17.1651, 15.7535, 15.012),
    ("1", "1", "1", 2100, 0, 20, 16.7133, 14.8808, 11.7705),
    ("2", "1", "2", 2000, 3, 20, 35.3418, 38.1883, 40.1082),
    ("1", "2", "2", 3200, 6, 20, 22.8538, 21.8245, 24.5277),
    ("1", "2", "1", 1800, 0, 20, 5.009, 8.2689, 8.2851),
    ("2", "1", "1", 2800, 0, 20, 28.3714, 28.1165, 28.8715),
    ("3", "1", "1", 1100, 1, 20, 22.9379, 19.7323, 23.2813),
    ("1", "2", "2", 2500, 1, 20, 19.3937, 17.666, 17.1285),
)
CATEGORIE, SEXE, SERVICE, SALAIRE, CINEMA, POIDS, LINEAIRE, RAKING, LOGIT = zip(
    *LIGNES, strict=True
)
MARGES = {
    "categorie": {"1": 80, "2": 90, "3": 60},
    "sexe": {"1": 140, "2": 90},
    "service": {"1": 100, "2": 130},
}


def caler(methode: Methode, bornes: Bornes | None = None) -> Calage:
    return calibrer(
        POIDS,
        categories={"categorie": CATEGORIE, "sexe": SEXE, "service": SERVICE},
        marges=MARGES,
        numeriques={"salaire": SALAIRE},
        totaux={"salaire": 470_000},
        methode=methode,
        bornes=bornes,
    )


@pytest.mark.parametrize(
    ("methode", "bornes", "publies", "cinema"),
    [
        (Methode.LINEAIRE, None, LINEAIRE, 2.93),
        (Methode.RAKING, None, RAKING, 3.22),
        (Methode.LOGIT, Bornes(bas=0.4, haut=2.2), LOGIT, 3.14),
    ],
)
def test_the_weights_of_the_calmar_macro_are_found_again(
    methode: Methode, bornes: Bornes | None, publies: tuple[float, ...], cinema: float
) -> None:
    cale = caler(methode, bornes)
    assert cale.poids == pytest.approx(np.array(publies), abs=TOLERANCE)
    assert np.average(CINEMA, weights=cale.poids) == pytest.approx(cinema, abs=0.01)
    assert cale.ecart_max < 1e-9
    assert cale.redondantes == ()
    assert cale.negatifs == (1 if methode is Methode.LINEAIRE else 0)


def test_the_bounds_that_calmar_refuses_are_refused_with_those_that_would_do() -> None:
    with pytest.raises(CalageRefuse, match="au moins 2,54 en haut ou au plus 0,46 en bas") as refus:
        caler(Methode.LOGIT, Bornes(bas=0.6, haut=2.0))
    assert refus.value.codes == ("bornes_impossibles",)
    # Ce que dit le conseil suffit, et un centième de moins ne suffit pas.
    assert caler(Methode.TRONQUEE, Bornes(bas=0.6, haut=2.54)).aux_bornes > 0
    assert caler(Methode.TRONQUEE, Bornes(bas=0.46, haut=2.0)).aux_bornes > 0
    with pytest.raises(CalageRefuse):
        caler(Methode.TRONQUEE, Bornes(bas=0.6, haut=2.52))


def test_the_truncated_method_is_the_linear_one_when_no_bound_is_reached() -> None:
    large = caler(Methode.TRONQUEE, Bornes(bas=0.0, haut=3.0))
    assert large.aux_bornes == 1
    positif = calibrer(
        [1] * 4,
        categories={"s": ["f", "f", "h", "h"]},
        marges={"s": {"f": 2.5, "h": 1.5}},
        methode=Methode.TRONQUEE,
        bornes=Bornes(bas=0.5, haut=1.5),
    )
    assert positif.poids.tolist() == pytest.approx([1.25, 1.25, 0.75, 0.75])
    assert positif.aux_bornes == 0


def test_a_two_by_two_raking_equals_its_solution_by_hand() -> None:
    """Le raking garde le rapport des chances de la table, ici (10 × 40) / (20 × 30) = 2/3.

    Lignes à 50 et 50, colonnes à 30 et 70 : si x est la première case, les autres valent 50 - x,
    30 - x et 20 + x, et 3 x (20 + x) = 2 (50 - x)(30 - x), donc x² + 220 x - 3000 = 0 et
    x = √15100 - 110.
    """
    cases = [("a", "c", 10), ("a", "d", 20), ("b", "c", 30), ("b", "d", 40)]
    cale = calibrer(
        [1.0] * 100,
        categories={
            "ligne": [ligne for ligne, _, n in cases for _ in range(n)],
            "colonne": [colonne for _, colonne, n in cases for _ in range(n)],
        },
        marges={"ligne": {"a": 50, "b": 50}, "colonne": {"c": 30, "d": 70}},
    )
    x = 15100**0.5 - 110
    debuts = np.cumsum([0] + [n for *_, n in cases])[:-1]
    trouvees = np.add.reduceat(cale.poids, debuts)
    assert trouvees.tolist() == pytest.approx([x, 50 - x, 30 - x, 20 + x], rel=1e-9)


def test_raking_equals_iterative_proportional_fitting() -> None:
    table = np.array([[3.0, 8.0, 2.0], [7.0, 4.0, 6.0], [1.0, 9.0, 5.0]])
    lignes, colonnes = np.array([20.0, 30.0, 50.0]), np.array([25.0, 45.0, 30.0])
    ajustee = table.copy()
    for _ in range(500):
        ajustee *= (lignes / ajustee.sum(axis=1))[:, None]
        ajustee *= colonnes / ajustee.sum(axis=0)
    cale = calibrer(
        table.ravel(),
        categories={"l": [str(i // 3) for i in range(9)], "c": [str(i % 3) for i in range(9)]},
        marges={
            "l": {str(i): float(v) for i, v in enumerate(lignes)},
            "c": {str(i): float(v) for i, v in enumerate(colonnes)},
        },
    )
    assert cale.poids.reshape(3, 3) == pytest.approx(ajustee, rel=1e-8)
