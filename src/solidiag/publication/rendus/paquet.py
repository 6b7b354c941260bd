"""Archive des formats bureautiques : mêmes entrées, mêmes octets."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Sequence
from importlib import resources

from solidiag.publication.charte import FICHIERS_POLICES

_DATE = (1980, 1, 1, 0, 0, 0)
_INTERDITS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_DEJA_COMPRIMES = (".png",)


def echapper(texte: str) -> str:
    """Renvoie un texte sûr dans un nœud ou un attribut XML.

    Examples
    --------
    >>> echapper('a < b & "c"')
    'a &lt; b &amp; &quot;c&quot;'
    """
    propre = _INTERDITS.sub("", texte)
    propre = propre.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return propre.replace('"', "&quot;")


def archiver(
    entrees: Sequence[tuple[str, bytes]], *, sans_compression: Sequence[str] = ()
) -> bytes:
    """Renvoie une archive ZIP dont les octets ne dépendent que des entrées.

    Parameters
    ----------
    sans_compression
        Noms stockés tels quels, comme le ``mimetype`` d'un ODT.
    """
    tampon = io.BytesIO()
    with zipfile.ZipFile(tampon, "w") as archive:
        for nom, octets in entrees:
            information = zipfile.ZipInfo(nom, date_time=_DATE)
            information.create_system = 3
            information.external_attr = 0o644 << 16
            stocke = nom in sans_compression or nom.endswith(_DEJA_COMPRIMES)
            information.compress_type = zipfile.ZIP_STORED if stocke else zipfile.ZIP_DEFLATED
            archive.writestr(information, octets, compresslevel=6)
    return tampon.getvalue()


def octets_polices() -> dict[tuple[int, str], bytes]:
    """Renvoie les polices TTF embarquées, par graisse et posture."""
    dossier = resources.files("solidiag") / "donnees" / "polices"
    return {face: (dossier / f"{nom}.ttf").read_bytes() for face, nom in FICHIERS_POLICES.items()}
