"""Le cas publié par l'Insee avec tau-Argus : mêmes cases primaires, mêmes cases secondaires."""

import json
from pathlib import Path

from solidiag.confidentiality.protection import TableBrute, proteger
from solidiag.confidentiality.secret import Marque, Regles
from solidiag.confidentiality.structure import croiser, modalites_et_total

CAS = json.loads(
    (Path(__file__).parent / "donnees" / "secret_activite_taille.json").read_text("utf-8")
)


def test_the_published_case_is_found_again() -> None:
    lignes = {(a, t): (v, n, m, statut) for a, t, v, n, m, statut in CAS["lignes"]}
    table = TableBrute(
        nom="activité × taille",
        valeurs={c: ligne[0] for c, ligne in lignes.items()},
        effectifs={c: ligne[1] for c, ligne in lignes.items()},
        contributions={c: (ligne[2],) for c, ligne in lignes.items()},
    )
    structure = croiser(
        modalites_et_total("Total", ["01", "02", "06"]), modalites_et_total("Total", ["tr1", "tr2"])
    )
    protegee = proteger(table, structure, Regles(seuil=3, dominance=(1, 85)))
    lettres = {Marque.MONTREE: "V", Marque.PRIMAIRE: "AB", Marque.SECONDAIRE: "D"}
    assert {c: ligne[3] in lettres[protegee.marques[c]] for c, ligne in lignes.items()} == (
        dict.fromkeys(lignes, True)
    )
    for deduction in protegee.attaquer():
        valeur = lignes[deduction.cellule[0], deduction.cellule[1]][0]
        assert deduction.bas <= 0.9 * valeur
        assert deduction.haut >= 1.1 * valeur
