"""La synthèse compte ce que la matrice dit, et ne l'embellit pas."""

import polars as pl
import pytest

from solidiag.catalogue.indicateur import Croisement
from solidiag.ecarts.matrice import CLASSES
from solidiag.ecarts.synthese import Compte, SyntheseDomaine, resumer


def matrice(*cases: tuple[str, str, float | None], domaine: str = "d") -> pl.DataFrame:
    return pl.DataFrame(
        [
            {
                "domaine": domaine,
                "territoire": f"EPCI-{rang}",
                "classe": classe,
                "confiance": confiance,
                "offre_valeur": offre,
            }
            for rang, (classe, confiance, offre) in enumerate(cases)
        ],
        schema_overrides={"offre_valeur": pl.Float64},
    )


def resume(
    *cases: tuple[str, str, float | None], portee: str = "volume", etat: str = "bonne"
) -> SyntheseDomaine:
    croisement = Croisement.model_validate({"domaine": "d", "portee": portee, "etat_offre": etat})
    return resumer(matrice(*cases), {"d": croisement})["d"]


def test_each_class_is_counted_zero_included() -> None:
    synthese = resume(("tension", "forte", 1.0), ("tension", "faible", 1.0))
    assert synthese.comptes == {**dict.fromkeys(CLASSES, 0), "tension": 2}


def test_the_sentence_gives_each_class_with_its_agreement() -> None:
    synthese = resume(
        ("tension", "forte", 1.0), ("couvert", "moyenne", 1.0), ("couvert", "forte", 1.0),
        ("non_mesure", "aucune", None),
    )  # fmt: skip
    assert synthese.texte == (
        "Parmi les intercommunalités mesurées, 1 est en tension, 2 ne montrent pas d'écart"
        "\u00a0; 1 n'est pas mesurée."
    )
    assert synthese.confiance == "moyenne"


def test_the_numbers_of_a_sentence_are_not_text() -> None:
    synthese = resume(("tension", "forte", 1.0), ("vigilance", "forte", 1.0))
    textes = [m for m in synthese.phrase if isinstance(m, str)]
    assert not any(c.isdigit() for texte in textes for c in texte)
    assert sum(m.nombre for m in synthese.phrase if isinstance(m, Compte)) == 2


def test_a_presence_says_where_the_list_names_nobody() -> None:
    synthese = resume(
        *[("presence_seulement", "faible", 2.0)] * 3,
        ("presence_seulement", "faible", 0.0),
        portee="presence",
    )
    assert synthese.texte == (
        "L'offre n'est connue que par sa présence\u00a0: 3 intercommunalités ont au moins un lieu "
        "inscrit, 1 n'en a aucun à la liste."
    )


@pytest.mark.parametrize(
    ("portee", "etat", "mot"),
    [
        ("aucune", "aucune", "ni une absence de besoin"),
        ("aucune", "indirecte", "ne permettent pas"),
        ("volume", "bonne", "ne se lit dans aucune"),
    ],
)
def test_the_silence_of_the_files_has_three_different_names(
    portee: str, etat: str, mot: str
) -> None:
    synthese = resume(("non_mesure", "aucune", None), portee=portee, etat=etat)
    assert mot in synthese.texte
    assert synthese.confiance == "aucune"
