"""Prépare les polices embarquées à partir de Source Sans 3 (Adobe, licence OFL 1.1).

Les fichiers d'origine sont ceux du paquet npm ``source-sans`` (dossier ``TTF``). Ils sont réduits
aux caractères du français et des langues voisines, sans ligatures (le texte d'un PDF reste ce qui
est écrit), puis renommés : la licence réserve le nom « Source ». Usage, avec fontTools et brotli ::

    npm pack source-sans && tar xzf source-sans-*.tgz
    uv run --no-project --with fonttools --with brotli \
        python outils/preparer_polices.py package src/solidiag/donnees/polices
"""

from __future__ import annotations

import sys
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont

FAMILLE = "Solidiag Sans"
VERSION = "Version 1.000"
FACES = {
    "SourceSans3-Regular.ttf": ("SolidiagSans-Regular", "Regular", 400),
    "SourceSans3-It.ttf": ("SolidiagSans-Italic", "Italic", 400),
    "SourceSans3-Semibold.ttf": ("SolidiagSans-Bold", "Bold", 700),
    "SourceSans3-SemiboldIt.ttf": ("SolidiagSans-BoldItalic", "Bold Italic", 700),
}
PLAGES = ((0x20, 0x7E), (0xA0, 0x17F), (0x218, 0x21B), (0x300, 0x304), (0x2070, 0x2089))
SIGNES = (
    "Şşẞ\u0308\u030c\u0327\u2002\u2003\u2007\u2009\u200a\u202f\u2010\u2011\u2012\u2013\u2014ʼ‘’‚“”„"
    "†‡•…‰′″‹›⁄€№™←↑→↓↗↘−∆∑√∞≈≠≤≥■□▪▫▲△▶▼▽◀◆●○✓✗µΔ"
)
FONCTIONS = ["ccmp", "locl", "kern", "mark", "mkmk", "sups", "case"]


def preparer(origine: Path, cible: Path) -> None:
    """Écrit les polices réduites (TTF et WOFF2) et la licence."""
    cible.mkdir(parents=True, exist_ok=True)
    for fichier, (nom, style, graisse) in FACES.items():
        police = TTFont(origine / "TTF" / fichier, recalcTimestamp=False)
        options = subset.Options()
        options.layout_features = FONCTIONS
        options.name_IDs = [0, 7, 13, 14]
        options.notdef_outline = True
        options.hinting = False
        options.desubroutinize = True
        reducteur = subset.Subsetter(options)
        points = [point for debut, fin in PLAGES for point in range(debut, fin + 1)]
        reducteur.populate(unicodes=[*points, *map(ord, SIGNES)])
        reducteur.subset(police)
        elargir_fine(police)
        renommer(police, nom, style=style, graisse=graisse)
        police.save(cible / f"{nom}.ttf")
        police.flavor = "woff2"
        police.save(cible / f"{nom}.woff2")
    licence = (origine / "LICENSE.md").read_text(encoding="utf-8")
    entete = (
        f"« {FAMILLE} » est une version modifiée (caractères réduits, ligatures retirées, nom\n"
        "changé) de Source Sans 3, sous la même licence.\n\n"
    )
    (cible / "OFL.txt").write_text(entete + licence, encoding="utf-8")


def elargir_fine(police: TTFont) -> None:
    """Donne à l'espace fine insécable (milliers) un cinquième de cadratin, moins serré."""
    glyphe = police.getBestCmap()[0x202F]
    police["hmtx"][glyphe] = (police["head"].unitsPerEm // 5 - 20, 0)


def renommer(police: TTFont, nom: str, *, style: str, graisse: int) -> None:
    """Donne à la police sa famille, son style et sa graisse."""
    noms = police["name"]
    droits = noms.getDebugName(0)
    noms.names = [n for n in noms.names if n.nameID in (13, 14)]
    complet = FAMILLE if style == "Regular" else f"{FAMILLE} {style}"
    champs = {
        0: f"{droits} Modified version renamed {FAMILLE}.",
        1: FAMILLE,
        2: style,
        3: f"1.000;SLDG;{nom}",
        4: complet,
        5: VERSION,
        6: nom,
    }
    for identifiant, valeur in champs.items():
        noms.setName(valeur, identifiant, 3, 1, 0x409)
    os2, entete = police["OS/2"], police["head"]
    gras, italique = "Bold" in style, "Italic" in style
    os2.usWeightClass = graisse
    os2.achVendID = "SLDG"
    bits = (0x20 if gras else 0) | (0x01 if italique else 0) | (0 if gras or italique else 0x40)
    os2.fsSelection = (os2.fsSelection & ~0x61) | bits
    entete.macStyle = (1 if gras else 0) | (2 if italique else 0)


if __name__ == "__main__":
    preparer(Path(sys.argv[1]), Path(sys.argv[2]))
