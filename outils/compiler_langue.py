"""Compile messages.po en messages.mo : python outils/compiler_langue.py DOSSIER."""

from __future__ import annotations

import ast
import struct
import sys
from pathlib import Path


def lire_po(texte: str) -> dict[str, str]:
    """Renvoie les traductions d'un fichier .po simple (pluriels compris)."""
    entrees: dict[str, str] = {}
    for bloc in texte.strip().split("\n\n"):
        champs = {}
        for ligne in bloc.splitlines():
            nom, _, valeur = ligne.partition(" ")
            champs[nom] = ast.literal_eval(valeur)
        if "msgid_plural" in champs:
            cle = f"{champs['msgid']}\0{champs['msgid_plural']}"
            entrees[cle] = f"{champs['msgstr[0]']}\0{champs['msgstr[1]']}"
        else:
            entrees[champs["msgid"]] = champs["msgstr"]
    return entrees


def compiler(entrees: dict[str, str]) -> bytes:
    """Renvoie le contenu du fichier .mo (format GNU gettext)."""
    paires = [
        (c.encode(), v.encode()) for c, v in sorted(entrees.items(), key=lambda p: p[0].encode())
    ]
    debut_cles = 28
    debut_valeurs = debut_cles + 8 * len(paires)
    position = debut_valeurs + 8 * len(paires)
    table_cles, table_valeurs, octets = b"", b"", b""
    for cle, _ in paires:
        table_cles += struct.pack("<II", len(cle), position + len(octets))
        octets += cle + b"\0"
    for _, valeur in paires:
        table_valeurs += struct.pack("<II", len(valeur), position + len(octets))
        octets += valeur + b"\0"
    entete = struct.pack("<7I", 0x950412DE, 0, len(paires), debut_cles, debut_valeurs, 0, 0)
    return entete + table_cles + table_valeurs + octets


if __name__ == "__main__":
    dossier = Path(sys.argv[1])
    (dossier / "messages.mo").write_bytes(
        compiler(lire_po((dossier / "messages.po").read_text(encoding="utf-8")))
    )
