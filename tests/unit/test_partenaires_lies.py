"""Tables d'un partenaire dont l'une est la somme des autres : femmes, hommes, ensemble."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from solidiag.catalogue.table_personnelle import TablePersonnelle
from solidiag.confidentiality.attaque import attaquer
from solidiag.confidentiality.structure import (
    Cellule,
    croiser,
    modalites_et_total,
    territoires_emboites,
)
from solidiag.errors import FichierRefuse, PublicationInterdite
from solidiag.geography.referentiel import Referentiel
from solidiag.pipeline.calculs import (
    calculer_indicateurs,
    charger_referentiel,
    territoires_du_diagnostic,
)
from solidiag.pipeline.importation import territoires_connus
from solidiag.pipeline.partenaires import parents_des_communes, publier_observations
from solidiag.pipeline.tables_personnelles import ajouter_table, examiner_table
from solidiag.sources.reparations import Connus
from solidiag.storage.cache import Cache
from solidiag.storage.depot import Depot

JOUR = date(2026, 11, 24)
DECLARATION = {
    "titre": "Foyers aidés (exemple fictif)",
    "producteur": "Essai",
    "licence": "convention",
    "periode": "2025",
    "niveau": "COM",
    "colonne_code": "Insee",
    "nature": "effectif",
    "unite": "nombre",
    "sens": "contexte",
    "partenaire": True,
    "droit_d_usage": {"texte": "Convention", "accorde_par": "Essai", "date": "2025-01-01"},
}
LIENS: dict[str, dict[str, object]] = {
    "femmes": {"partie_de": "ensemble"},
    "hommes": {"partie_de": "ensemble"},
    "ensemble": {"somme_de": ["femmes", "hommes"]},
}
PARTIES = ("femmes", "hommes")


@pytest.fixture(scope="module")
def referentiel() -> Referentiel:
    return charger_referentiel(Depot.embarque())


@pytest.fixture(scope="module")
def connus(referentiel: Referentiel) -> Connus:
    return territoires_connus(referentiel)


@pytest.fixture(scope="module")
def effectifs(referentiel: Referentiel) -> dict[Cellule, float]:
    """Effectifs fictifs : une commune sur trois a peu de femmes, une sur cinq peu d'hommes."""
    communes = referentiel.communes.filter(pl.col("departement") == "40").sort("epci", "code")
    rangs = {f"COM-{code}": rang for rang, code in enumerate(communes["code"])}
    trouves: dict[Cellule, float] = {}
    for commune, rang in rangs.items():
        femmes = 1 + rang % 9 if rang % 3 == 0 else 15 + rang % 11
        hommes = 2 + rang % 7 if rang % 5 == 0 else 18 + rang % 13
        trouves |= {(commune, "femmes"): femmes, (commune, "hommes"): hommes}
        trouves[commune, "ensemble"] = femmes + hommes
    return trouves


def ajouter(
    dossier: Path,
    nom: str,
    effectifs: dict[Cellule, float],
    connus: Connus,
    *,
    identifiant: str = "",
    **changes: object,
) -> Depot:
    chemin = dossier / f"{nom}.csv"
    siens = [(c.removeprefix("COM-"), v) for (c, x), v in sorted(effectifs.items()) if x == nom]
    lignes = [f"{code};{v:g}" for code, v in siens]
    chemin.write_text("\n".join([f"Insee;{nom}", *lignes, ""]), encoding="utf-8")
    table = TablePersonnelle.model_validate(
        {**DECLARATION, "id": identifiant or nom, "valeur": nom, **changes}
    )
    depot = Depot(ajouts=dossier / "donnees")
    examen = examiner_table(chemin, table, depot=depot, connus=connus)
    ajouter_table(examen, table, depot=depot, jour=JOUR)
    return Depot(ajouts=dossier / "donnees")


def observer(depot: Depot, referentiel: Referentiel) -> pl.DataFrame:
    observations, _ = calculer_indicateurs(
        [depot.indicateurs[nom] for nom in LIENS if nom in depot.indicateurs],
        depot,
        referentiel,
        territoires=territoires_du_diagnostic(referentiel, "40"),
        cache=Cache(None),
    )
    return observations.filter(pl.col("territoire").str.contains("^(COM|EPCI|DEP)-"))


def retrouves(
    observations: pl.DataFrame, effectifs: dict[Cellule, float], referentiel: Referentiel
) -> list[Cellule]:
    """Renvoie les petits effectifs que rend une attaque sans aucune règle, par somme seule."""
    vus = observations.filter(pl.col("value").is_not_null())
    connues = {(t, i): v for t, i, v in vus.select("territoire", "indicateur", "value").iter_rows()}
    territoires = observations["territoire"].unique().sort().to_list()
    structure = croiser(
        territoires_emboites(parents_des_communes(territoires, referentiel)),
        modalites_et_total("ensemble", PARTIES),
    )
    cases = set(structure.cellules)
    petits = [c for c, v in effectifs.items() if 0 < v < 11 and c in cases]
    assert len(petits) > 100
    assert not [c for c in petits if c in connues]
    trouvees = attaquer(structure, {c: v for c, v in connues.items() if c in cases}, cibles=petits)
    return [d.cellule for d in trouvees if d.possibles < 3]


@pytest.mark.parametrize(
    ("ordre", "liens"),
    [
        ((*PARTIES, "ensemble"), LIENS),
        (("ensemble", *PARTIES), LIENS),
        ((*PARTIES, "ensemble"), LIENS | {"femmes": {}, "hommes": {"independante": True}}),
    ],
)
def test_a_total_and_its_parts_do_not_give_each_other(
    tmp_path: Path,
    effectifs: dict[Cellule, float],
    connus: Connus,
    referentiel: Referentiel,
    ordre: tuple[str, ...],
    liens: dict[str, dict[str, object]],
) -> None:
    for nom in ordre:
        depot = ajouter(tmp_path, nom, effectifs, connus, **liens[nom])
    observations = observer(depot, referentiel)
    assert retrouves(observations, effectifs, referentiel) == []
    montrees = observations.filter(
        pl.col("value").is_not_null(), pl.col("territoire").str.starts_with("COM-")
    )
    assert montrees["indicateur"].n_unique() == 3
    publier_observations(observations, depot=depot, referentiel=referentiel)


def test_unlinked_tables_do_give_each_other_and_publication_sees_it_once_linked(
    tmp_path: Path, effectifs: dict[Cellule, float], connus: Connus, referentiel: Referentiel
) -> None:
    """Le témoin : trois tables dites indépendantes, à tort, se trahissent."""
    for nom in LIENS:
        depot = ajouter(tmp_path, nom, effectifs, connus, independante=True)
    observations = observer(depot, referentiel)
    assert len(retrouves(observations, effectifs, referentiel)) > 50
    (source,) = (tmp_path / "donnees" / "ajouts").glob("ajout.table.ensemble.*/source.yaml")
    texte = source.read_text(encoding="utf-8")
    assert "somme_de: []" in texte
    source.write_text(texte.replace("somme_de: []", "somme_de: [femmes, hommes]"), "utf-8")
    lie = Depot(ajouts=tmp_path / "donnees")
    with pytest.raises(PublicationInterdite, match="par différence"):
        publier_observations(observations, depot=lie, referentiel=referentiel)


def test_a_second_table_of_the_same_producer_says_its_link_or_is_refused(
    tmp_path: Path, effectifs: dict[Cellule, float], connus: Connus
) -> None:
    ajouter(tmp_path, "femmes", effectifs, connus)
    with pytest.raises(FichierRefuse, match="si l'une est une partie de l'autre") as faute:
        ajouter(tmp_path, "ensemble", effectifs, connus, producteur=" ESSAI ")
    assert "independante: true" in str(faute.value)
    with pytest.raises(FichierRefuse, match="même nature et le même seuil"):
        ajouter(tmp_path, "ensemble", effectifs, connus, somme_de=["femmes"], seuil=5)
    assert [d.name for d in (tmp_path / "donnees" / "ajouts").glob("ajout*")] == [
        "ajout.table.femmes.2025"
    ]
    ajouter(tmp_path, "ensemble", effectifs, connus, periode="2024")


def test_the_same_table_under_another_name_or_a_lower_threshold_is_refused(
    tmp_path: Path, effectifs: dict[Cellule, float], connus: Connus
) -> None:
    ajouter(tmp_path, "femmes", effectifs, connus)
    for changes in ({"independante": True}, {"partie_de": "femmes"}, {"periode": "2024"}):
        with pytest.raises(FichierRefuse, match="déjà ceux de « femmes »"):
            ajouter(tmp_path, "femmes", effectifs, connus, identifiant="copie", **changes)
    with pytest.raises(FichierRefuse, match="le seuil baisse de 11 à 5"):
        ajouter(tmp_path, "femmes", effectifs, connus, seuil=5)


@pytest.mark.parametrize(
    "changes", [{"partie_de": "x", "partenaire": False}, {"partie_de": "femmes"}]
)
def test_a_link_that_means_nothing_is_a_fault(changes: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"partenaire: true|elle-même"):
        TablePersonnelle.model_validate(
            {**DECLARATION, "id": "femmes", "valeur": "femmes", **changes}
        )
