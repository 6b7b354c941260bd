"""Vérification du site : chaque nombre d'une page par sa clé, puis toute la page dans l'ordre.

Deux contrôles, l'un sans le code qui écrit le site : la clé écrite à côté d'un nombre doit
redonner ce nombre ; l'autre avec lui : la page entière doit être celle que l'on recalcule.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace
from itertools import groupby
from typing import Any

from solidiag.publication.document import Cle
from solidiag.publication.site.extraction_html import TexteHtml, donnees_site, textes_html
from solidiag.publication.verification.comparaison import (
    Ecart,
    Releve,
    comparer_suites,
    illisible,
)
from solidiag.publication.verification.jetons import (
    DONNEE,
    ORPHELIN,
    Jeton,
    Morceau,
    contient_un_chiffre,
    jetons_de_morceaux,
)

Imprimes = Callable[[Cle], Collection[str]]
"""Ce qu'une clé imprime : les textes que le recalcul lui connaît."""

DESSIN = "dessin"
ATTRIBUT = "attribut"


def jetons_de_page(octets: bytes) -> list[Jeton]:
    """Renvoie les nombres d'une page, dans l'ordre de lecture, attributs lisibles compris."""
    jetons: list[Jeton] = []
    for (_, attribut), groupe in groupby(textes_html(octets), key=lambda t: (t.bloc, t.attribut)):
        textes = list(groupe)
        lieu = _lieu(textes[0])
        suite = [Morceau(t.texte, _nature(t, attribut), t.cle) for t in textes]
        jetons += jetons_de_morceaux(suite, lieu=lieu)
    return jetons


def _nature(texte: TexteHtml, attribut: str) -> str:
    if attribut:
        return ATTRIBUT
    if texte.cle is not None:
        return DONNEE
    if texte.nature:
        return texte.nature
    return DESSIN if texte.svg else ORPHELIN


def _lieu(texte: TexteHtml) -> str:
    morceaux = [f"près de « #{texte.identifiant} »"] if texte.identifiant else []
    if texte.svg:
        morceaux.append("dans le dessin")
    if texte.attribut:
        morceaux.append(f"attribut {texte.attribut}")
    return ", ".join(morceaux)


def verifier_page(octets: bytes, attendue: bytes, *, imprimes: Imprimes, fichier: str) -> Releve:
    """Compare une page à ce que ses clés redonnent, et à la page recalculée."""
    try:
        trouves = jetons_de_page(octets)
        par_cle = list(_cles_fausses(octets, imprimes, fichier=fichier))
    except (ValueError, TypeError) as erreur:
        return illisible(fichier, erreur)
    ecarts = comparer_suites(jetons_de_page(attendue), trouves, fichier=fichier)
    deja = {(e.lieu, e.trouve) for e in ecarts}
    ecarts += [e for e in par_cle if (e.lieu, e.trouve) not in deja]
    ecarts += [
        Ecart(genre="orphelin", fichier=fichier, lieu=j.lieu, attendu=j.brut)
        for j in trouves
        if j.nature == ORPHELIN
    ]
    if not ecarts and octets != attendue:
        ecarts.append(
            Ecart(genre="fichier", fichier=fichier, trouve="la page n'est pas celle du recalcul")
        )
    return Releve(fichier=fichier, lus=len(trouves), ecarts=tuple(ecarts))


def _cles_fausses(octets: bytes, imprimes: Imprimes, *, fichier: str) -> Iterator[Ecart]:
    for texte in textes_html(octets):
        if texte.cle is None or not contient_un_chiffre(texte.texte):
            continue
        connus = imprimes(texte.cle)
        if texte.texte.strip() not in connus:
            yield Ecart(
                genre="difference",
                fichier=fichier,
                lieu=_lieu(texte),
                attendu=" ou ".join(sorted(connus)) or "aucune valeur",
                trouve=texte.texte.strip(),
                cle=texte.cle,
            )


def verifier_script(octets: bytes, attendu: bytes, *, fichier: str) -> Releve:
    """Compare les données d'un script du site à celles que l'on recalcule, valeur par valeur."""
    try:
        voulu = donnees_site(attendu)
    except ValueError:
        return _octets(octets, attendu, fichier=fichier)
    try:
        vu = donnees_site(octets)
    except ValueError as erreur:
        return illisible(fichier, erreur)
    lus = sum(len(table["lignes"]) for table in voulu.get("tables", ()))
    ecarts = tuple(_differences(vu, voulu, _Lieu(voulu), fichier=fichier))
    if ecarts:
        return Releve(fichier=fichier, lus=lus, ecarts=ecarts)
    return replace(_octets(octets, attendu, fichier=fichier), lus=lus)


def _octets(octets: bytes, attendus: bytes, *, fichier: str) -> Releve:
    if octets == attendus:
        return Releve(fichier=fichier)
    ecart = Ecart(genre="fichier", fichier=fichier, trouve="ce n'est pas celui du recalcul")
    return Releve(fichier=fichier, ecarts=(ecart,))


def verifier_site(octets: bytes, attendus: bytes, *, imprimes: Imprimes, fichier: str) -> Releve:
    """Compare un fichier du site, selon son genre, à celui que l'on recalcule."""
    if fichier.endswith(".html"):
        return verifier_page(octets, attendus, imprimes=imprimes, fichier=fichier)
    if fichier.endswith(".js"):
        return verifier_script(octets, attendus, fichier=fichier)
    return _octets(octets, attendus, fichier=fichier)


class _Lieu:
    """Nomme la place d'une valeur dans les données du site."""

    def __init__(self, racine: Mapping[str, Any], chemin: tuple[str | int, ...] = ()) -> None:
        self.racine, self.chemin = racine, chemin

    def dans(self, cran: str | int) -> _Lieu:
        return _Lieu(self.racine, (*self.chemin, cran))

    def dire(self) -> str:
        adresse = self.cle()
        if adresse is not None:
            return f"table « {adresse.indicateur} », territoire {adresse.territoire}"
        return "données " + ".".join(str(cran) for cran in self.chemin)

    def cle(self) -> Cle | None:
        """Renvoie la clé d'une valeur de ``tables[i].lignes[j]``."""
        match self.chemin:
            case ("tables", int(table), "lignes", int(rang), *_):
                declaree = self.racine["tables"][table]
                if rang >= len(declaree["lignes"]):
                    return None
                territoire = self.racine["territoires"][declaree["lignes"][rang][0]][0]
                return Cle(
                    indicateur=declaree["indicateur"],
                    territoire=territoire,
                    periode=declaree["periode"],
                    table=declaree["table"],
                )
            case _:
                return None


def _differences(vu: Any, voulu: Any, lieu: _Lieu, *, fichier: str) -> Iterator[Ecart]:
    if isinstance(voulu, dict) and isinstance(vu, dict):
        for nom in sorted({*voulu, *vu}):
            yield from _differences(vu.get(nom), voulu.get(nom), lieu.dans(nom), fichier=fichier)
    elif isinstance(voulu, list) and isinstance(vu, list):
        for rang in range(max(len(voulu), len(vu))):
            yield from _differences(
                vu[rang] if rang < len(vu) else None,
                voulu[rang] if rang < len(voulu) else None,
                lieu.dans(rang),
                fichier=fichier,
            )
    elif type(vu) is not type(voulu) or vu != voulu:
        yield Ecart(
            genre="difference",
            fichier=fichier,
            lieu=lieu.dire(),
            attendu=_dire(voulu),
            trouve=_dire(vu),
            cle=lieu.cle(),
        )


def _dire(valeur: Any) -> str:
    if valeur is None:
        return "(rien)"
    texte = str(valeur)
    return texte if len(texte) <= 80 else texte[:80] + "…"
