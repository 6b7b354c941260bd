"""Feuille de style : les couleurs de la charte en variables, les polices dans la feuille."""

from __future__ import annotations

import base64
from importlib import resources

from solidiag.publication import charte

_FACES = tuple(face for face in charte.FICHIERS_POLICES if face != (700, "italic"))


def lire_statique(nom: str) -> str:
    """Renvoie le texte d'un fichier statique du site."""
    fichier = resources.files("solidiag.publication.site") / "statique" / nom
    return fichier.read_text(encoding="utf-8")


def feuille_de_style() -> str:
    """Renvoie la feuille de style complète, polices comprises (une seule requête, hors ligne)."""
    return "\n".join((_polices(), _variables(), lire_statique("site.css"), _cellules()))


def _polices() -> str:
    dossier = resources.files("solidiag") / "donnees" / "polices"
    regles = []
    for graisse, posture in _FACES:
        nom = charte.FICHIERS_POLICES[graisse, posture]
        octets = (dossier / f"{nom}.woff2").read_bytes()
        regles.append(
            f'@font-face{{font-family:"{charte.POLICE}";font-weight:{graisse};'
            f"font-style:{posture};font-display:swap;src:url(data:font/woff2;base64,"
            f'{base64.b64encode(octets).decode("ascii")}) format("woff2")}}'
        )
    return "\n".join(regles)


def _variables() -> str:
    couleurs = {
        "encre": charte.ENCRE,
        "encre-douce": charte.ENCRE_DOUCE,
        "accent": charte.ACCENT,
        "filet": charte.FILET,
        "bande": charte.FOND,
        "papier": charte.BLANC,
        "voisins": charte.CARTE_VOISINS,
        "limite": charte.CARTE_LIMITE,
        "limite-epci": charte.CARTE_EPCI,
        "cercle": charte.CERCLE,
    }
    couleurs |= {f"axe-{rang}": couleur for rang, couleur in enumerate(charte.AXES, start=1)}
    couleurs |= {f"classe-{rang}": couleur for rang, couleur in enumerate(charte.SEQUENTIEL)}
    for statut, signe in charte.ABSENCES.items():
        couleurs |= {f"absence-{statut}-fond": signe.fond, f"absence-{statut}": signe.trait}
    variables = "".join(f"--{nom}:{couleur};" for nom, couleur in couleurs.items())
    return f':root{{--police:"{charte.POLICE}";{variables}}}'


def _cellules() -> str:
    return "\n".join(
        f".c-{classe}{{background:{teinte.fond};color:{teinte.encre}}}"
        for classe, teinte in charte.CELLULES.items()
    )
