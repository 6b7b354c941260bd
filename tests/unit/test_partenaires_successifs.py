"""Tables d'un même partenaire ajoutées l'une après l'autre : ce qui a été caché le reste."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from solidiag.catalogue.table_personnelle import TablePersonnelle
from solidiag.confidentiality.attaque import attaquer
from solidiag.confidentiality.partenaires import controler
from solidiag.confidentiality.secret import Regles
from solidiag.confidentiality.structure import Cellule, Equation, Structure
from solidiag.errors import FichierRefuse, PublicationInterdite
from solidiag.geography.referentiel import Referentiel
from solidiag.pipeline import protection_partenaires
from solidiag.pipeline.calculs import (
    calculer_indicateurs,
    charger_referentiel,
    territoires_du_diagnostic,
)
from solidiag.pipeline.explication import expliquer
from solidiag.pipeline.importation import territoires_connus
from solidiag.pipeline.partenaires import (
    parents_des_communes,
    publier_observations,
    seuils_des_partenaires,
)
from solidiag.pipeline.tables_personnelles import ajouter_table, examiner_table
from solidiag.sources.reparations import Connus
from solidiag.storage.cache import Cache
from solidiag.storage.depot import Depot

JOUR = date(2026, 11, 24)
DECLARATION = {
    "id": "aide_locale",
    "titre": "Foyers aidés (exemple fictif)",
    "producteur": "Essai",
    "licence": "convention",
    "periode": "2025",
    "niveau": "COM",
    "colonne_code": "Insee",
    "nature": "effectif",
    "valeur": "Foyers aidés",
    "unite": "nombre",
    "sens": "contexte",
    "partenaire": True,
    "droit_d_usage": {"texte": "Convention", "accorde_par": "Essai", "date": "2025-01-01"},
}
RAPPORT = {
    "nature": "rapport",
    "numerateur": "Foyers aidés",
    "denominateur": "Foyers",
    "unite": "percent",
}
EPCI = "EPCI-244000865"


@pytest.fixture(scope="module")
def referentiel() -> Referentiel:
    return charger_referentiel(Depot.embarque())


@pytest.fixture(scope="module")
def connus(referentiel: Referentiel) -> Connus:
    return territoires_connus(referentiel)


@pytest.fixture(scope="module")
def effectifs(referentiel: Referentiel) -> dict[str, int]:
    """Table fictive : une petite commune cachée, une autre pour la protéger, par communauté."""
    communes = referentiel.communes.filter(pl.col("departement") == "40").sort("epci", "code")
    rangs = pl.int_range(pl.len()).over("epci")
    trouves = communes.select("code", rangs.alias("rang"), "epci").iter_rows()
    return {code: 5 if rang == 0 else 20 + rang % 9 for code, rang, _ in trouves}


def ajouter(
    dossier: Path, valeurs: Mapping[str, float], connus: Connus, **changes: object
) -> Depot:
    lignes = [f"{code};{v:g};{v + 100:g}".replace(".", ",") for code, v in sorted(valeurs.items())]
    chemin = dossier / "t.csv"
    chemin.write_text("\n".join(["Insee;Foyers aidés;Foyers", *lignes, ""]), encoding="utf-8")
    table = TablePersonnelle.model_validate({**DECLARATION, **changes})
    depot = Depot(ajouts=dossier / "donnees")
    examen = examiner_table(chemin, table, depot=depot, connus=connus)
    ajouter_table(examen, table, depot=depot, jour=JOUR)
    return Depot(ajouts=dossier / "donnees")


@pytest.fixture(scope="module")
def _premier(
    tmp_path_factory: pytest.TempPathFactory, effectifs: dict[str, int], connus: Connus
) -> Path:
    dossier = tmp_path_factory.mktemp("premier")
    ajouter(dossier, effectifs, connus)
    return dossier / "donnees"


@pytest.fixture
def premier(tmp_path: Path, _premier: Path) -> Depot:
    """Le dépôt d'une personne qui a ajouté la table une fois."""
    shutil.copytree(_premier, tmp_path / "donnees")
    return Depot(ajouts=tmp_path / "donnees")


@pytest.fixture(scope="module")
def avant(_premier: Path, referentiel: Referentiel) -> dict[str, float]:
    """Ce que le premier ajout montre."""
    return montrees(observer(Depot(ajouts=_premier), referentiel))


def observer(depot: Depot, referentiel: Referentiel) -> pl.DataFrame:
    observations, _ = calculer_indicateurs(
        [depot.indicateurs["aide_locale"]],
        depot,
        referentiel,
        territoires=territoires_du_diagnostic(referentiel, "40"),
        cache=Cache(None),
    )
    return observations.filter(pl.col("territoire").str.contains("^(COM|EPCI|DEP)-"))


def montrees(observations: pl.DataFrame) -> dict[str, float]:
    pleines = observations.filter(pl.col("value").is_not_null())
    return dict(pleines.select("territoire", "value").iter_rows())


def octets_proteges(depot: Depot) -> bytes:
    (source,) = (s for s in depot.sources.values() if s.seuil_secret)
    return depot.octets(source.fichiers[0].fichier)


def test_the_protected_file_has_whole_numbers(
    tmp_path: Path, effectifs: dict[str, int], connus: Connus
) -> None:
    for changes in ({}, RAPPORT):
        depot = ajouter(tmp_path, effectifs, connus, **changes)
        texte = octets_proteges(depot).decode()
        cases = [c for ligne in texte.splitlines()[1:] for c in ligne.split(";")[2:]]
        assert {c for c in cases if not c.isdigit()} <= {"Q", "L", "O", "M"}


def test_a_count_that_is_not_whole_is_refused(
    tmp_path: Path, effectifs: dict[str, int], connus: Connus
) -> None:
    with pytest.raises(FichierRefuse, match="effectifs entiers"):
        ajouter(tmp_path, {**effectifs, "40192": 12.5}, connus)
    assert not (tmp_path / "donnees").exists()


def test_nothing_unprotected_touches_a_disk_before_protection(
    tmp_path: Path,
    effectifs: dict[str, int],
    connus: Connus,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    passage = tmp_path / "passage"
    passage.mkdir()
    monkeypatch.setenv("TMPDIR", str(passage))
    monkeypatch.setattr("tempfile.tempdir", None)
    vus: list[list[Path]] = []

    def tue(*_: object, **__: object) -> pl.DataFrame:
        vus.append([*passage.rglob("*"), *(tmp_path / "donnees").rglob("*")])
        raise KeyboardInterrupt

    monkeypatch.setattr(protection_partenaires, "proteger_observations", tue)
    with pytest.raises(KeyboardInterrupt):
        ajouter(tmp_path, effectifs, connus)
    assert vus == [[]]
    assert not (tmp_path / "donnees").exists()


def test_the_same_table_again_publishes_the_same_bytes(
    tmp_path: Path,
    effectifs: dict[str, int],
    connus: Connus,
    premier: Depot,
) -> None:
    une = octets_proteges(premier)
    assert octets_proteges(ajouter(tmp_path, effectifs, connus, titre="Autre titre")) == une


def test_a_shown_value_that_becomes_secret_is_said_and_can_be_accepted(
    tmp_path: Path,
    effectifs: dict[str, int],
    connus: Connus,
    referentiel: Referentiel,
    premier: Depot,
    avant: dict[str, float],
) -> None:
    del premier
    visible = next(t for t in avant if t.startswith("COM-"))
    corrigee = {**effectifs, visible.removeprefix("COM-"): 4}
    with pytest.raises(FichierRefuse, match="tolerer_deja_connues: true") as faute:
        ajouter(tmp_path, corrigee, connus)
    nom = dict(referentiel.territoires.select("id", "nom").iter_rows())[visible]
    assert nom in str(faute.value)
    assert montrees(observer(Depot(ajouts=tmp_path / "donnees"), referentiel)) == avant
    accepte = ajouter(tmp_path, corrigee, connus, tolerer_deja_connues=True)
    assert visible not in montrees(observer(accepte, referentiel))


def _parents(effectifs: Mapping[str, int], referentiel: Referentiel) -> dict[str, list[str]]:
    communes = [f"COM-{code}" for code in effectifs]
    epci = [f"EPCI-{code}" for code in referentiel.communes["epci"].unique() if code]
    return parents_des_communes([*communes, *epci, "DEP-40"], referentiel)


def etroitesse(
    avant: Mapping[str, float],
    apres: Mapping[str, float],
    effectifs: Mapping[str, int],
    corrigee: Mapping[str, int],
    referentiel: Referentiel,
) -> float:
    """Plus petit intervalle où tient un secret de la première table, les deux tables en main.

    L'attaquant sait quelles communes n'ont pas changé : c'est le plus fort qu'il puisse savoir.
    """
    zones: dict[str, list[str]] = {}
    for commune, siennes in _parents(effectifs, referentiel).items():
        for zone in siennes:
            zones.setdefault(zone, []).append(commune)
    equations = [
        Equation(
            total=(zone, tour),
            parties=tuple((c, tour) for c in communes if c.removeprefix("COM-") in table),
        )
        for tour, table in (("avant", effectifs), ("après", corrigee))
        for zone, communes in zones.items()
    ]
    equations += [
        Equation(total=(f"COM-{code}", "avant"), parties=((f"COM-{code}", "après"),))
        for code, v in effectifs.items()
        if corrigee.get(code) == v
    ]
    structure = Structure(equations=tuple(equations))
    connues = {(t, "avant"): v for t, v in avant.items()}
    connues |= {(t, "après"): v for t, v in apres.items()}
    connues = {c: v for c, v in connues.items() if c in structure.cellules}
    bornes = {c: (0.0, float("inf")) for c in structure.cellules if c not in connues}
    cibles = [c for code, v in effectifs.items() if v < 11 and (c := (f"COM-{code}", "avant"))]
    return min(
        d.haut - d.bas
        for d in attaquer(structure, connues, a_priori=bornes, cibles=set(cibles) & set(bornes))
    )


@pytest.mark.parametrize("correction", ["grandie", "montrée"])
def test_two_publications_together_do_not_give_a_hidden_value(
    tmp_path: Path,
    effectifs: dict[str, int],
    connus: Connus,
    referentiel: Referentiel,
    premier: Depot,
    avant: dict[str, float],
    correction: str,
) -> None:
    """Une commune de 5 passe à 60 : la montrer rendrait l'autre cachée, donc les 5 d'avant."""
    del premier
    parents = _parents(effectifs, referentiel)
    assert not [c for c, v in effectifs.items() if v < 11 and f"COM-{c}" in avant]
    petite = next(
        code
        for code, v in effectifs.items()
        if v < 11 and set(parents[f"COM-{code}"]) <= set(avant)
    )
    corrigee = {**effectifs, petite: 60}
    if correction == "montrée":
        grande = next(t for t in avant if t.startswith("COM-"))
        corrigee = {**effectifs, grande.removeprefix("COM-"): 60}
    apres = montrees(observer(ajouter(tmp_path, corrigee, connus), referentiel))
    assert etroitesse(avant, apres, effectifs, corrigee, referentiel) >= 2
    if correction == "grandie":
        (tmp_path / "neuf").mkdir()
        oublieux = ajouter(tmp_path / "neuf", corrigee, connus)
        sans_memoire = montrees(observer(oublieux, referentiel))
        assert etroitesse(avant, sans_memoire, effectifs, corrigee, referentiel) < 2


@pytest.mark.parametrize("rang", [0, 1, -1])
def test_a_table_that_omits_a_hidden_commune_does_not_give_it(
    tmp_path: Path,
    effectifs: dict[str, int],
    connus: Connus,
    referentiel: Referentiel,
    premier: Depot,
    avant: dict[str, float],
    rang: int,
) -> None:
    """La somme d'avant moins celle d'aujourd'hui rendrait la commune omise : refus, ou secret."""
    del premier
    omise = [code for code, v in effectifs.items() if v < 11][rang]
    reduite = {code: v for code, v in effectifs.items() if code != omise}
    with pytest.raises(FichierRefuse, match="vos ajouts précédents"):
        ajouter(tmp_path, reduite, connus)
    assert montrees(observer(Depot(ajouts=tmp_path / "donnees"), referentiel)) == avant


def test_a_removed_addition_is_still_remembered(
    tmp_path: Path,
    effectifs: dict[str, int],
    connus: Connus,
    premier: Depot,
    avant: dict[str, float],
) -> None:
    visible = next(t for t in avant if t.startswith("COM-"))
    assert premier.ajouts is not None
    premier.ajouts.retirer("ajout.table.aide_locale.2025")
    with pytest.raises(FichierRefuse, match="tolerer_deja_connues"):
        ajouter(tmp_path, {**effectifs, visible.removeprefix("COM-"): 4}, connus)


def test_each_period_is_controlled_at_its_own_threshold(
    tmp_path: Path, effectifs: dict[str, int], connus: Connus, referentiel: Referentiel
) -> None:
    moyens = {code: 7 if v < 11 else v for code, v in effectifs.items()}
    ajouter(tmp_path, moyens, connus, periode="2024", seuil=5)
    depot = ajouter(tmp_path, effectifs, connus)
    seuils = seuils_des_partenaires(depot)
    assert seuils == {("aide_locale", "2025"): 11, ("aide_locale", "2024"): 5}
    publier_observations(observer(depot, referentiel), depot=depot, referentiel=referentiel)
    ancienne = depot.indicateurs["aide_locale"].lectures[1]
    seule = depot.indicateurs["aide_locale"].model_copy(update={"lectures": (ancienne,)})
    observations, _ = calculer_indicateurs(
        [seule],
        depot,
        referentiel,
        territoires=territoires_du_diagnostic(referentiel, "40"),
        cache=Cache(None),
    )
    assert 7.0 in observations["value"].to_list()
    publier_observations(observations, depot=depot, referentiel=referentiel)
    faussee = observations.with_columns(pl.lit("2025").alias("periode"))
    with pytest.raises(PublicationInterdite, match="moins de 11"):
        publier_observations(faussee, depot=depot, referentiel=referentiel)


def test_explaining_a_hidden_cell_shows_neither_its_value_nor_where_the_file_is(
    tmp_path: Path, effectifs: dict[str, int], connus: Connus
) -> None:
    uniques = {code: 7 if v < 11 else v for code, v in effectifs.items()}
    depot = ajouter(tmp_path, uniques, connus)
    code = next(c for c, v in uniques.items() if v == 7)
    lignes = list(expliquer("aide_locale", code, depot=depot, cache=Cache(None)).lignes())
    texte = "\n".join(t for _, t in lignes)
    assert "secret" in texte
    assert "« 7 »" not in texte
    assert " 7 " not in texte.replace("« Q »", "")
    recus = [
        p for p in (tmp_path / "donnees").rglob("*") if p.is_file() and p.parent.name == "recu"
    ]
    assert len(recus) == 2
    for chemin in recus:
        assert chemin.name not in texte
        assert chemin.stem[:12] not in texte
        assert chemin.stem[:12] not in str(depot.verrous)
    assert str(tmp_path) not in texte


def test_hidden_numerators_resist_who_knows_every_denominator(
    tmp_path: Path, effectifs: dict[str, int], connus: Connus, referentiel: Referentiel
) -> None:
    """Le taux imprimé à une décimale et le dénominateur trouvé ailleurs ne rendent rien."""
    depot = ajouter(tmp_path, effectifs, connus, **RAPPORT)
    observations = observer(depot, referentiel)
    cachees = observations.filter(pl.col("status") == "Q")
    chiffres = cachees.select("value", "numerateur", "denominateur", "lower", "upper")
    assert chiffres.null_count().row(0) == (cachees.height,) * 5
    parents = parents_des_communes(observations["territoire"].to_list(), referentiel)
    denominateurs = {f"COM-{c}": v + 100 for c, v in effectifs.items()}
    equations = [
        Equation(total=(z, "n"), parties=tuple((c, "n") for c, zs in parents.items() if z in zs))
        for z in sorted({z for zs in parents.values() for z in zs})
    ]
    structure = Structure(equations=tuple(equations))
    connues: dict[Cellule, float] = {
        (t, "n"): n
        for t, n in observations.filter(pl.col("value").is_not_null())
        .select("territoire", "numerateur")
        .iter_rows()
    }
    inconnues = [(t, "n") for t in cachees["territoire"]]
    bornes = {c: (0.0, float(denominateurs.get(c[0], 1e9))) for c in inconnues}
    communes = [c for c in inconnues if c[0] in denominateurs]
    trouvees = attaquer(structure, connues, a_priori=bornes, cibles=communes)
    assert len(trouvees) == len(communes) > 10
    for deduction in trouvees:
        possibles = range(int(deduction.bas + 0.999), int(deduction.haut) + 1)
        assert len(possibles) >= 3
        taux = {round(100 * n / bornes[deduction.cellule][1], 1) for n in possibles}
        assert len(taux) >= 3


def test_hidden_denominators_are_not_given_by_their_sum(
    tmp_path: Path, effectifs: dict[str, int], connus: Connus, referentiel: Referentiel
) -> None:
    depot = ajouter(tmp_path, effectifs, connus, **RAPPORT)
    observations = observer(depot, referentiel).with_columns(
        pl.col("denominateur").alias("value"),
        pl.lit(None, dtype=pl.Float64).alias("numerateur"),
        pl.lit(None, dtype=pl.Float64).alias("denominateur"),
        pl.lit("nombre").alias("unite"),
    )
    parents = parents_des_communes(observations["territoire"].to_list(), referentiel)
    controler(observations, parents=parents, regles=Regles())
