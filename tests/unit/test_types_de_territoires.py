"""Types de territoires : refus dits, absences gardées, résultat indépendant de l'ordre."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import polars as pl
import pytest
from shapely import box

from solidiag.besoins.types import calculer_types
from solidiag.besoins.types_modele import TypesDeTerritoires
from solidiag.catalogue.indicateur import Indicateur
from solidiag.model.observation import OBSERVATIONS, mettre_au_schema
from solidiag.publication.cartes import STYLES_REGROUPEMENTS, STYLES_TYPES
from solidiag.publication.charte import luminance
from solidiag.storage.depot import Depot

NOMS = ("ctx_med_nv", "defm_abc", "fam_mono", "nodip_adultes", "freins_mob", "hlm_part")


@pytest.fixture(scope="module")
def depot() -> Depot:
    return Depot()


@pytest.fixture
def parametres(depot: Depot) -> dict[str, Any]:
    reglages = depot.parametres("types")
    return {**reglages, "tirages": 10, "permutations": 499}


def _observations(cote: int = 8, *, graine: int = 0) -> pl.DataFrame:
    """Trois groupes nets de communes, sur une grille carrée."""
    rng = np.random.default_rng(graine)
    lignes = []
    for i in range(cote * cote):
        groupe = (i // cote) * 3 // cote
        for j, nom in enumerate(NOMS):
            valeur = 20 + 10 * (j % 3 == groupe) + rng.normal()
            lignes.append(
                {
                    "indicateur": nom,
                    "territoire": f"COM-{i:05d}",
                    "periode": "2022",
                    "value": valeur,
                    "status": "A",
                }
            )
    return mettre_au_schema(pl.DataFrame(lignes), OBSERVATIONS)


def _calculer(
    observations: pl.DataFrame,
    depot: Depot,
    parametres: dict[str, Any],
    *,
    communes: list[str] | None = None,
) -> TypesDeTerritoires:
    indicateurs: dict[str, Indicateur] = {i: depot.indicateurs[i] for i in NOMS}
    ids = communes if communes is not None else sorted(observations["territoire"].unique())
    surfaces = {f"COM-{i:05d}": box(i % 8, i // 8, i % 8 + 1, i // 8 + 1) for i in range(64)}
    return calculer_types(
        observations,
        territoires={"COM": ids, "EPCI": ["EPCI-1", "EPCI-2"]},
        indicateurs=indicateurs,
        populations=dict.fromkeys(ids, 100),
        surfaces=surfaces,
        parametres=parametres,
        rng=np.random.default_rng(1),
    )


def test_trois_groupes_nets_font_trois_types_decrits(depot: Depot, parametres: Any) -> None:
    resultat = _calculer(_observations(), depot, parametres)
    typologie = resultat.typologies["COM"]
    assert [len(t.territoires) for t in typologie.types] == [24, 24, 16]
    assert all(t.stabilite > 0.9 for t in typologie.types)
    assert sum(t.part_population for t in typologie.types) == pytest.approx(1)
    for decrit in typologie.types:
        assert decrit.parangon in decrit.territoires
        hauts = {m.indicateur for m in decrit.marques if m.ecart > 0 and m.net}
        assert len(hauts) == 2
    assert resultat.regroupements is not None
    assert resultat.regroupements.globale.p < 0.05


def test_une_commune_sans_une_valeur_n_a_ni_type_ni_indice(depot: Depot, parametres: Any) -> None:
    observations = _observations().with_columns(
        cache=(pl.col("territoire") == "COM-00003") & (pl.col("indicateur") == "ctx_med_nv")
    )
    secrete = observations.with_columns(
        value=pl.when("cache").then(None).otherwise("value"),
        status=pl.when("cache").then(pl.lit("Q")).otherwise("status"),
    ).drop("cache")
    resultat = _calculer(secrete, depot, parametres)
    ligne = resultat.table.frame.filter(territoire="COM-00003").row(0, named=True)
    assert ligne["statut"] == "Q"
    assert "secret" in ligne["motif"]
    assert all(
        ligne[c] is None
        for c in ("type", "indice", "cinquieme", "moran", "regroupement", "distance", "silhouette")
    )
    assert resultat.typologies["COM"].n_complets == 63
    lus = resultat.profils.frame.filter(indicateur="ctx_med_nv")["territoires_lus"].sum()
    assert lus == 63


def test_l_ordre_des_lignes_ne_change_pas_un_octet(depot: Depot, parametres: Any) -> None:
    observations = _observations()
    ids = sorted(observations["territoire"].unique())
    droit = _calculer(observations, depot, parametres, communes=ids)
    envers = _calculer(
        observations.sample(fraction=1.0, shuffle=True, seed=4),
        depot,
        parametres,
        communes=ids[::-1],
    )
    assert droit.table.digest == envers.table.digest
    assert droit.profils.digest == envers.profils.digest


@pytest.mark.parametrize(
    ("garder", "motif"),
    [
        (pl.col("territoire") < "COM-00019", "effectif"),
        (pl.col("indicateur") != "ctx_med_nv", "requis"),
        (pl.col("indicateur") != "fam_mono", "indicateurs"),
    ],
)
def test_un_refus_dit_sa_raison(depot: Depot, parametres: Any, garder: pl.Expr, motif: str) -> None:
    resultat = _calculer(_observations().filter(garder), depot, parametres)
    refus = resultat.typologies["COM"].refus
    assert refus is not None
    assert refus.motif == motif
    assert refus.valeur < refus.seuil
    assert resultat.table.frame["type"].is_null().all()
    assert resultat.indice is None
    assert "A" not in resultat.table.frame["statut"].to_list()


def test_sans_aucune_observation_tout_est_non_documente(depot: Depot, parametres: Any) -> None:
    vide = pl.DataFrame(schema=OBSERVATIONS)
    resultat = _calculer(vide, depot, parametres, communes=[f"COM-{i:05d}" for i in range(30)])
    assert resultat.typologies["COM"].refus is not None
    assert resultat.profils.frame.is_empty()


def test_les_indicateurs_des_types_sont_declares(depot: Depot) -> None:
    reglages = depot.parametres("types")["niveaux"]
    for niveau in reglages.values():
        for cle in ("actifs", "illustratifs", "requis", "indice"):
            assert set(niveau[cle]) <= set(depot.indicateurs), cle
        assert not set(niveau["actifs"]) & set(niveau["illustratifs"])
        assert niveau["nombre"][1] <= len(STYLES_TYPES)
    for indicateur in reglages["COM"]["indice"]:
        assert depot.indicateurs[indicateur].sens != "contexte"


def test_les_aplats_se_distinguent_en_niveaux_de_gris() -> None:
    aplats = [s.fond for s in STYLES_TYPES if not s.dessin]
    clartes = sorted(luminance(c) for c in aplats)
    assert all(b - a > 0.2 for a, b in itertools.pairwise(clartes))
    dessins = [s.dessin for s in (*STYLES_TYPES, *STYLES_REGROUPEMENTS.values()) if s.dessin]
    assert len(set(dessins)) == len(dessins) - 1  # le trait horizontal sert aux deux cartes
