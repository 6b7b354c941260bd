"""2SFCA, E2SFCA et 3SFCA : valeurs publiées d'un cas à trois lieux (paquet access).

Tolérance : 1e-6 en relatif. Le paquet compte parmi les choix du 3SFCA tous les lieux de sa table
de coûts, même hors de portée (80 minutes, pour une portée de 61) : le cas le demande.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from solidiag.geography.accessibilite import Decroissance, acces_flottant
from solidiag.geography.couples import Couples

CAS = json.loads(
    Path(__file__).with_name("donnees").joinpath("acces_hopital.json").read_text(encoding="utf-8")
)
GRAVITE = Decroissance.puissance(61, exposant=1, plancher=1)
MESURES: dict[str, tuple[Decroissance, bool | Decroissance]] = {
    "2sfca_g": (GRAVITE, False),
    "3sfca_g": (GRAVITE, Decroissance.puissance(1_000, exposant=1, plancher=1)),
    "2sfca_bin": (Decroissance.binaire(30), False),
    "2sfca_bin61": (Decroissance.binaire(61), False),
    "e2sfca": (Decroissance.par_paliers([(20, 1), (40, 0.68), (61, 0.22)]), False),
}


def couples_du_cas(scenario: str) -> Couples:
    couts = np.array(sorted(CAS["scenarios"][scenario]["couts"]))
    temps = couts[:, 2]
    return Couples(
        n_departs=3,
        n_arrivees=3,
        depart=(couts[:, 0] - 1).astype(np.int32),
        arrivee=(couts[:, 1] - 1).astype(np.int32),
        temps=temps,
        bas=temps,
        haut=temps,
    )


@pytest.mark.parametrize("mesure", MESURES)
@pytest.mark.parametrize("scenario", CAS["scenarios"])
def test_access_equals_the_published_values(scenario: str, mesure: str) -> None:
    decroissance, selection = MESURES[mesure]
    trouve = acces_flottant(
        couples_du_cas(scenario),
        population=[lieu["pop"] for lieu in CAS["lieux"]],
        offre=[lieu["doc"] for lieu in CAS["lieux"]],
        decroissance=decroissance,
        selection=selection,
    )
    attendu = CAS["scenarios"][scenario]["attendu"][mesure]
    assert trouve.par_depart == pytest.approx(attendu, rel=1e-6)
    assert trouve.non_atteinte == 0


def test_choices_within_reach_only_differ_from_the_package() -> None:
    dans_la_portee = acces_flottant(
        couples_du_cas("0"),
        population=[lieu["pop"] for lieu in CAS["lieux"]],
        offre=[lieu["doc"] for lieu in CAS["lieux"]],
        decroissance=GRAVITE,
        selection=True,
    )
    attendu = CAS["scenarios"]["0"]["attendu"]["3sfca_g"]
    assert dans_la_portee.par_depart == pytest.approx(attendu, rel=2e-3)
    assert dans_la_portee.par_depart != pytest.approx(attendu, rel=1e-6)
