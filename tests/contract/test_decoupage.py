"""Le découpage communal déclaré d'un fichier est celui de ses codes."""

from __future__ import annotations

import functools
from collections.abc import Callable

import polars as pl
import pytest

from solidiag.geography.referentiel import Referentiel
from solidiag.pipeline.calculs import charger_referentiel
from solidiag.pipeline.importation import territoires_connus
from solidiag.sources.decoupage import reconnaitre_cog
from solidiag.sources.grilles import lire_grille
from solidiag.sources.options import options_de
from solidiag.sources.reconnaissance import reconnaitre
from solidiag.storage.depot import Depot

DEPOT = Depot.embarque()
NATIONAUX = (
    "depp.ips/ecoles",
    "depp.ips/colleges",
    "drees.apl/medecins",
    "insee.commerces/communes",
    "insee.filosofi/com_2021",
    "insee.filosofi/com_2019",
    "insee.filosofi/com_pauvrete_2016",
    "insee.neet/communes",
    "insee.populations/communes",
    "insee.rp_scolarisation/communes",
    "insee.sirse/communes",
    "insee.statistiques_locales/mobilite_2021",
    "insee.statistiques_locales/suroccupation_2020",
    "insee.statistiques_locales/eloignement_com_2021",
)


@pytest.fixture(scope="module")
def referentiel() -> Referentiel:
    return charger_referentiel(DEPOT)


@pytest.fixture(scope="module")
def au(referentiel: Referentiel) -> Callable[[int], frozenset[str]]:
    return functools.cache(referentiel.passages.communes_au)


@pytest.mark.parametrize("reference", NATIONAUX)
def test_the_declared_boundaries_are_those_of_the_codes(
    reference: str, referentiel: Referentiel, au: Callable[[int], frozenset[str]]
) -> None:
    source, fichier = DEPOT.fichier(reference)
    options = options_de(source, fichier)
    colonne = options.colonne_code
    grille = lire_grille(
        DEPOT.octets(fichier.fichier), source, fichier, options=options, colonnes=[colonne]
    )
    codes = grille[colonne].cast(pl.String).str.zfill(5).to_list()
    trouve = reconnaitre_cog(codes, declare=fichier.cog, dernier=referentiel.cog, communes_au=au)
    assert trouve == fichier.cog


@pytest.mark.parametrize("annee", [2016, 2019, 2024])
@pytest.mark.parametrize("departement", ["", "21", "40"])
def test_the_boundaries_are_recognised_whatever_the_vintage_suggests(
    annee: int,
    departement: str,
    referentiel: Referentiel,
    au: Callable[[int], frozenset[str]],
) -> None:
    codes = {c for c in au(annee) if c.startswith(departement)}
    for declare in (2014, 2020, 2026):
        trouve = reconnaitre_cog(codes, declare=declare, dernier=referentiel.cog, communes_au=au)
        assert {c for c in au(trouve) if c.startswith(departement)} == codes


def test_three_communes_say_nothing_of_the_boundaries(
    referentiel: Referentiel, au: Callable[[int], frozenset[str]]
) -> None:
    for declare in (2014, 2020, 2026):
        lues = ["40192", "40088", "40046"]
        assert (
            reconnaitre_cog(lues, declare=declare, dernier=referentiel.cog, communes_au=au)
            == declare
        )


def test_the_import_says_and_keeps_the_boundaries_of_the_codes(referentiel: Referentiel) -> None:
    codes = sorted(referentiel.passages.communes_au(2019))
    lignes = "\n".join(f"{code};14000;30000;21500;16.5;2.1;11000;38000" for code in codes)
    entete = "CODGEO;NBMENFISC17;NBPERSMENFISC17;MED17;TP6017;PPMINI17;D117;D917"
    lu = reconnaitre(
        f"{entete}\n{lignes}\n".encode(),
        "x.csv",
        DEPOT.gabarits.values(),
        connus=territoires_connus(referentiel),
    )
    (partie,) = lu.parties
    assert partie.fichier.cog == 2019
    assert any("communes de 2019, d'après leurs codes" in texte for texte in partie.forme)
