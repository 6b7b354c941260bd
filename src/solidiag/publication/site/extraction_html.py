"""Relire les octets du site : les textes d'une page et les valeurs de ses données."""

from __future__ import annotations

import json
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any

from solidiag.publication.document import Cle
from solidiag.publication.site.lignes_html import composer_cle, lire_cle

_VIDES = frozenset(
    "area base br col embed hr img input link meta source track wbr".split()  # noqa: SIM905
)
_MUETS = frozenset({"script", "style", "template"})
_EN_LIGNE = frozenset(
    "a abbr b button cite code em i label small span strong sub sup time".split()  # noqa: SIM905
)
_ATTRIBUTS = ("alt", "aria-label", "title", "label", "placeholder", "content")


@dataclass(frozen=True, slots=True, kw_only=True)
class TexteHtml:
    """Un morceau de texte d'une page.

    ``bloc`` : numéro de l'élément de bloc, le même pour les morceaux d'une phrase. ``attribut`` :
    nom de l'attribut lu (texte de remplacement), vide pour un texte affiché. ``svg`` : dans une
    image. ``identifiant`` : attribut ``id`` le plus proche.
    """

    texte: str
    bloc: int
    cle: Cle | None = None
    nature: str = ""
    svg: bool = False
    attribut: str = ""
    identifiant: str = ""


@dataclass(slots=True)
class _Ouvert:
    nom: str
    cle: str
    nature: str
    svg: bool
    identifiant: str
    table: str = ""
    territoire: str = ""


class _Lecteur(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.textes: list[TexteHtml] = []
        self.pile: list[_Ouvert] = []
        self.bloc = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._ouvrir(tag, dict(attrs), vide=tag in _VIDES)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._ouvrir(tag, dict(attrs), vide=True)

    def _ouvrir(self, nom: str, attributs: dict[str, str | None], *, vide: bool) -> None:
        parent = self.pile[-1] if self.pile else _Ouvert("", "", "", svg=False, identifiant="")
        if nom not in _EN_LIGNE:
            self.bloc += 1
        table = attributs.get("data-table") or parent.table
        territoire = attributs.get("data-t") or parent.territoire
        champ = attributs.get("data-champ")
        composee = composer_cle(table, territoire, champ) if champ and table else ""
        ouvert = _Ouvert(
            nom,
            attributs.get("data-cle") or composee or parent.cle,
            attributs.get("data-nature") or parent.nature,
            parent.svg or nom == "svg",
            attributs.get("id") or parent.identifiant,
            table,
            territoire,
        )
        for attribut in _ATTRIBUTS:
            texte = attributs.get(attribut)
            if texte and not (nom == "meta" and attributs.get("name") != "description"):
                self._noter(texte, ouvert, attribut)
        if not vide:
            self.pile.append(ouvert)

    def handle_endtag(self, tag: str) -> None:
        if tag not in _EN_LIGNE:
            self.bloc += 1
        for rang in range(len(self.pile) - 1, -1, -1):
            if self.pile[rang].nom == tag:
                del self.pile[rang:]
                return

    def handle_data(self, data: str) -> None:
        if self.pile and self.pile[-1].nom not in _MUETS and data.strip():
            self._noter(data, self.pile[-1], "")

    def _noter(self, texte: str, ouvert: _Ouvert, attribut: str) -> None:
        self.textes.append(
            TexteHtml(
                texte=texte,
                bloc=self.bloc,
                cle=lire_cle(ouvert.cle) if ouvert.cle and not attribut else None,
                nature=ouvert.nature,
                svg=ouvert.svg,
                attribut=attribut,
                identifiant=ouvert.identifiant,
            )
        )


def textes_html(octets: bytes) -> list[TexteHtml]:
    """Renvoie les textes d'une page dans l'ordre de lecture, attributs lisibles compris.

    Examples
    --------
    >>> [t.texte for t in textes_html(b"<p>Le taux est de <b>12 %</b>.</p><script>1</script>")]
    ['Le taux est de ', '12 %', '.']
    """
    lecteur = _Lecteur()
    lecteur.feed(octets.decode("utf-8"))
    lecteur.close()
    return lecteur.textes


def donnees_site(octets: bytes) -> dict[str, Any]:
    """Renvoie les données d'un script du site (``window.NOM = {...};``).

    Raises
    ------
    ValueError
        Si les octets n'ont pas cette forme.

    Examples
    --------
    >>> donnees_site(b'window.SOLIDIAG = {"tables": []};')
    {'tables': []}
    """
    texte = octets.decode("utf-8").strip()
    debut, separateur, corps = texte.partition(" = ")
    if not debut.startswith("window.SOLIDIAG") or not separateur or not corps.endswith(";"):
        msg = "ce script n'est pas un fichier de données du site"
        raise ValueError(msg)
    contenu: dict[str, Any] = json.loads(corps[:-1])
    return contenu
