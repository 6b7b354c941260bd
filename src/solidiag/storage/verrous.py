"""Écriture des verrous : ``python -m solidiag.storage.verrous SOURCE...`` (ou ``--tous``).

Une personne écrit la déclaration, le programme écrit le verrou : taille, empreinte, date.
"""

from __future__ import annotations

import json
import sys
from datetime import date

from solidiag.errors import FichierAbsent
from solidiag.storage.depot import Depot, empreinte


def verrouiller(depot: Depot, source_id: str, *, obtenu_le: date) -> None:
    """Écrit le verrou d'une source d'après les fichiers présents.

    La date d'obtention d'un fichier inchangé est gardée.

    Raises
    ------
    FichierAbsent
        Si un fichier déclaré manque.
    """
    source = depot.sources[source_id]
    chemin_verrou = depot.donnees / "verrous" / f"{source_id}.json"
    connus: dict[str, dict[str, object]] = {}
    if chemin_verrou.exists():
        connus = json.loads(chemin_verrou.read_text(encoding="utf-8"))["fichiers"]
    fichiers = {}
    for fichier in source.fichiers:
        chemin = depot.donnees / fichier.fichier
        if not chemin.is_file():
            raise FichierAbsent(fichier.fichier)
        octets = chemin.read_bytes()
        condense = empreinte(octets)
        connu = connus.get(fichier.id)
        inchange = connu is not None and connu["sha256"] == condense
        fichiers[fichier.id] = {
            "chemin": fichier.fichier,
            "sha256": condense,
            "taille": len(octets),
            "obtenu_le": connu["obtenu_le"] if connu and inchange else obtenu_le.isoformat(),
            "copie": fichier.copie,
        }
    chemin_verrou.parent.mkdir(parents=True, exist_ok=True)
    texte = json.dumps({"source": source_id, "fichiers": fichiers}, ensure_ascii=False, indent=1)
    chemin_verrou.write_text(texte + "\n", encoding="utf-8")


def main(arguments: list[str]) -> int:
    """Verrouille les sources nommées, ou toutes avec ``--tous``."""
    depot = Depot.embarque()
    noms = sorted(depot.sources) if "--tous" in arguments else arguments
    for nom in noms:
        verrouiller(depot, nom, obtenu_le=date.today())  # noqa: DTZ011
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
