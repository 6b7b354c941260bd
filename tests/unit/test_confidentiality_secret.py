"""Secret primaire, secret secondaire, publications successives : chaque cas à la main."""

from collections.abc import Mapping
from typing import Any

import polars as pl
import pytest

from solidiag.confidentiality.attaque import attaquer, cumuler, initie, retrouvees
from solidiag.confidentiality.partenaires import (
    ControlePartenaires,
    controler,
    proteger_observations,
)
from solidiag.confidentiality.protection import TableBrute, proteger
from solidiag.confidentiality.publication import publier
from solidiag.confidentiality.secret import Marque, Regles
from solidiag.confidentiality.structure import (
    Equation,
    Structure,
    croiser,
    intersections,
    modalites_et_total,
    territoires_emboites,
)
from solidiag.errors import PublicationInterdite
from solidiag.model.observation import OBSERVATIONS, mettre_au_schema

R = Regles()

PARENTS = {
    "COM-1": ["EPCI-A", "DEP-9"],
    "COM-2": ["EPCI-A", "DEP-9"],
    "COM-3": ["EPCI-A", "DEP-9"],
    "COM-4": ["EPCI-B", "DEP-9"],
    "COM-5": ["EPCI-B", "DEP-9"],
    "EPCI-A": ["DEP-9"],
    "EPCI-B": ["DEP-9"],
}
EFFECTIFS = {
    "COM-1": 5.0,
    "COM-2": 40.0,
    "COM-3": 60.0,
    "COM-4": 80.0,
    "COM-5": 90.0,
    "EPCI-A": 105.0,
    "EPCI-B": 170.0,
    "DEP-9": 275.0,
}


def lignes(valeurs: Mapping[str, float | None], **plus: Any) -> pl.DataFrame:
    base = {
        "indicateur": "suivis",
        "periode": "2025",
        "unite": "nombre",
        "precision": "exact",
        "confidentiality": "F",
    } | plus
    return mettre_au_schema(
        pl.DataFrame(
            [
                base | {"territoire": t, "value": v, "status": "A" if v is not None else "Q"}
                for t, v in valeurs.items()
            ],
            infer_schema_length=None,
        ),
        OBSERVATIONS,
    )


def statuts(table: pl.DataFrame) -> dict[str, str]:
    return dict(zip(table["territoire"], table["confidentiality"], strict=True))


@pytest.mark.parametrize(
    "faute",
    [
        {"seuil": 1},
        {"dominance": (0, 85)},
        {"p_pourcent": 0},
        {"etendue": 0},
        {"etendue_relative": 2},
        {"valeurs_possibles": 1},
    ],
)
def test_rules_out_of_bounds_are_refused(faute: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="attendu"):
        Regles(**faute)


def test_without_secondary_suppression_the_difference_gives_the_value() -> None:
    table = lignes(EFFECTIFS | {"COM-1": None})
    with pytest.raises(PublicationInterdite, match=r"COM-1.*par différence"):
        controler(table, parents=PARENTS, regles=R)


def test_a_small_commune_takes_another_with_it() -> None:
    table = proteger_observations(lignes(EFFECTIFS), parents=PARENTS, regles=R)
    marques = statuts(table)
    assert marques["COM-1"] == "C"
    assert marques["COM-2"] == "D"
    assert sorted(marques.values()).count("F") == 6
    assert table.filter(pl.col("status") == "Q")["value"].null_count() == 2
    controler(table, parents=PARENTS, regles=R)
    publier(table, "observations")


def test_every_row_comes_back_in_its_order() -> None:
    avant = lignes(EFFECTIFS)
    apres = proteger_observations(avant, parents=PARENTS, regles=R)
    assert apres.schema == avant.schema
    assert apres["territoire"].to_list() == avant["territoire"].to_list()


def test_zero_is_shown_unless_asked() -> None:
    valeurs = {"COM-4": 0.0, "COM-5": 170.0, "EPCI-B": 170.0}
    assert set(
        statuts(proteger_observations(lignes(valeurs), parents=PARENTS, regles=R)).values()
    ) == {"F"}
    caches = proteger_observations(
        lignes(valeurs), parents=PARENTS, regles=Regles(zero_confidentiel=True)
    )
    assert statuts(caches)["COM-4"] == "C"


def test_a_commune_missing_from_the_table_is_not_given_by_difference() -> None:
    # COM-1 (5 personnes) n'est pas dans la table : l'EPCI moins les deux autres la donnerait.
    valeurs = {t: v for t, v in EFFECTIFS.items() if t != "COM-1"}
    table = proteger_observations(lignes(valeurs), parents=PARENTS, regles=R)
    assert "D" in statuts(table).values()
    visible = {(t, "n"): v for t, v in zip(table["territoire"], table["value"], strict=True) if v}
    structure = croiser(territoires_emboites(PARENTS), modalites_et_total("n", ["x"]))
    (vu,) = attaquer(structure, visible, cibles=[("COM-1", "n")])
    assert vu.haut - vu.bas >= 11


def test_a_total_below_its_parts_is_refused() -> None:
    with pytest.raises(PublicationInterdite, match=r"EPCI-A.*moins que la somme"):
        proteger_observations(lignes(EFFECTIFS | {"EPCI-A": 90.0}), parents=PARENTS, regles=R)


def taux(valeurs: Mapping[str, tuple[float, float]]) -> pl.DataFrame:
    brut = lignes({t: 100 * n / d for t, (n, d) in valeurs.items()}, unite="percent")
    return brut.with_columns(
        numerateur=pl.Series([n for n, _ in valeurs.values()], dtype=pl.Float64),
        denominateur=pl.Series([d for _, d in valeurs.values()], dtype=pl.Float64),
    )


@pytest.mark.parametrize(
    ("numerateur", "denominateur", "cachee"),
    [
        (4, 100, True),
        (97, 100, True),
        (0, 5, True),
        (0, 50, False),
        (50, 50, False),
        (40, 90, False),
    ],
)
def test_a_rate_is_judged_on_its_three_counts(
    numerateur: float, denominateur: float, cachee: bool
) -> None:
    table = proteger_observations(taux({"COM-1": (numerateur, denominateur)}), parents={}, regles=R)
    assert (table["status"][0] == "Q") is cachee
    if cachee:
        assert table["numerateur"][0] is None
        assert table["denominateur"][0] is None


def test_a_rate_without_its_counts_is_refused() -> None:
    with pytest.raises(PublicationInterdite, match="numérateur"):
        proteger_observations(lignes({"COM-1": 12.0}, unite="percent"), parents={}, regles=R)


def test_rates_do_not_give_back_a_numerator() -> None:
    comptes = {
        "COM-1": (5.0, 60.0),
        "COM-2": (40.0, 200.0),
        "COM-3": (60.0, 300.0),
        "EPCI-A": (105.0, 560.0),
    }
    table = proteger_observations(taux(comptes), parents=PARENTS, regles=R)
    assert table.filter(pl.col("status") == "Q").height == 2
    controler(table, parents=PARENTS, regles=R)


def test_what_was_shown_before_cannot_hide_anything_any_more() -> None:
    # La case qui coûte le moins, COM-2, a déjà été montrée : il faut cacher COM-3.
    avant = lignes({"COM-2": 40.0})
    table = proteger_observations(lignes(EFFECTIFS), parents=PARENTS, regles=R, deja_publie=[avant])
    marques = statuts(table)
    assert (marques["COM-2"], marques["COM-3"]) == ("F", "D")
    controler(table, parents=PARENTS, regles=R, deja_publie=[avant])


def test_two_publications_each_protected_can_leak_together() -> None:
    # Chacune, seule, protège COM-1 ; ensemble elles le rendent.
    une = lignes(EFFECTIFS | {"COM-1": None, "COM-2": None})
    deux = lignes(EFFECTIFS | {"COM-1": None, "COM-3": None})
    for seule in (une, deux):
        controler(seule, parents=PARENTS, regles=Regles(valeurs_possibles=2))
    with pytest.raises(PublicationInterdite, match="COM-1"):
        controler(deux, parents=PARENTS, regles=R, deja_publie=[une])


def test_a_secret_already_shown_is_said() -> None:
    avant = lignes({"COM-1": 5.0})
    with pytest.raises(PublicationInterdite, match="déjà été publié"):
        proteger_observations(lignes(EFFECTIFS), parents=PARENTS, regles=R, deja_publie=[avant])
    table = proteger_observations(
        lignes(EFFECTIFS),
        parents=PARENTS,
        regles=R,
        deja_publie=[avant],
        tolerer_deja_connues=True,
    )
    assert statuts(table)["COM-1"] == "C"


def test_two_crossing_zonings_give_a_piece_by_difference() -> None:
    # EPCI E1 = a + b ; canton K1 = a + b + c ; c (4 personnes) est K1 moins E1.
    axe = intersections({"a": ["E1", "K1"], "b": ["E1", "K1"], "c": ["E2", "K1"], "d": ["E2"]})
    structure = croiser(axe)
    zones = {("E1",): 60.0, ("K1",): 64.0, ("E2",): 54.0}
    morceaux = {("E1∩K1",): 60.0, ("E2∩K1",): 4.0, ("E2∖",): 50.0}
    vues = {d.cellule: d for d in attaquer(structure, zones)}
    assert vues["E2∩K1",].exacte
    table = TableBrute(nom="zonages", valeurs=zones | morceaux, jamais_publiees=frozenset(morceaux))
    protegee = proteger(table, structure, R)
    assert Marque.SECONDAIRE in protegee.marques.values()
    assert set(protegee.marques) == set(zones)
    (apres,) = (d for d in protegee.attaquer() if d.cellule == ("E2∩K1",))
    assert apres.bas == 0
    assert apres.haut >= 15


def test_marks_are_merged_when_they_would_speak() -> None:
    # Dix communes d'une personne, total de dix : « primaire » partout donnerait toutes les valeurs.
    noms = [f"c{i}" for i in range(10)]
    structure = croiser(modalites_et_total("T", noms))
    valeurs = {("T",): 10.0} | {(n,): 1.0 for n in noms}
    protegee = proteger(TableBrute(nom="t", valeurs=valeurs), structure, R)
    assert protegee.marques_confondues
    assert not retrouvees(protegee.attaquer(), R)


def test_an_insider_may_find_his_neighbour_and_it_is_measured() -> None:
    structure = croiser(modalites_et_total("T", ["a", "b", "c"]))
    connues = {("T",): 60.0, ("c",): 30.0}
    trouvees = initie(structure, connues, {("b",): 25.0})
    assert [(d.cellule, d.bas) for d in trouvees] == [(("a",), 5.0)]


def test_the_latest_publication_wins() -> None:
    assert cumuler({("a",): 1.0, ("b",): 2.0}, {("a",): 3.0}) == {("a",): 3.0, ("b",): 2.0}


@pytest.mark.parametrize("parties", [(), (("a",), ("a",)), (("t",),)])
def test_a_sum_that_makes_no_sense_is_refused(parties: tuple[tuple[str, ...], ...]) -> None:
    with pytest.raises(ValueError, match="somme"):
        Equation(total=("t",), parties=parties)


def test_structures_add_up_without_repeating() -> None:
    une = croiser(modalites_et_total("T", ["a", "b"]))
    assert une.avec(une) == une
    assert (
        len(
            une.avec(
                Structure(equations=croiser(modalites_et_total("U", ["a"])).equations)
            ).equations
        )
        == 2
    )


def test_modalities_and_territories_are_protected_together() -> None:
    femmes = {"COM-1": 20.0, "COM-2": 30.0, "EPCI-A": 50.0}
    hommes = {"COM-1": 4.0, "COM-2": 25.0, "EPCI-A": 29.0}
    tous = {t: femmes[t] + hommes[t] for t in femmes}
    ensemble = pl.concat(
        lignes(v, indicateur=i) for i, v in (("f", femmes), ("h", hommes), ("t", tous))
    )
    modalites = {"t": ["f", "h"]}
    table = proteger_observations(ensemble, parents=PARENTS, regles=R, modalites=modalites)
    controler(table, parents=PARENTS, regles=R, modalites=modalites)
    assert table.filter(pl.col("status") == "Q").height >= 4


def test_publishing_a_partner_table_needs_the_control_of_these_very_rows() -> None:
    brute = lignes(EFFECTIFS)
    with pytest.raises(PublicationInterdite, match="partenaire"):
        publier(brute, "observations", partenaires=["suivis"])
    table = proteger_observations(brute, parents=PARENTS, regles=R)
    controle = controler(table, parents=PARENTS, regles=R)
    assert len(publier(table, "observations", partenaires=["suivis"], controle=controle)) == 8
    with pytest.raises(PublicationInterdite, match="partenaire"):
        publier(brute, "observations", partenaires=["suivis"], controle=controle)
    with pytest.raises(PublicationInterdite, match="n'a pas été fait"):
        ControlePartenaires(indicateurs=frozenset({"suivis"}), digest="", sceau=None)


def test_a_small_value_shown_does_not_pass_the_control() -> None:
    with pytest.raises(PublicationInterdite, match="moins de 11"):
        controler(lignes({"COM-1": 5.0}), parents={}, regles=R)


def test_an_unbounded_cell_is_said_unbounded_even_for_large_amounts() -> None:
    structure = croiser(modalites_et_total("T", ["a", "b"]))
    vues = {d.cellule: d for d in attaquer(structure, {("b",): 5e9})}
    assert vues["a",].bas == 0
    assert vues["a",].haut == float("inf")
    assert vues["T",].bas == 5e9
