"""Ce qu'une personne écrit pour dire un lieu → un code, ou pourquoi on ne le trouve pas."""

from __future__ import annotations

import difflib
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from solidiag.errors import TerritoireInconnu
from solidiag.geography.recherche import simplifier
from solidiag.geography.referentiel import Referentiel
from solidiag.model.territoire import Niveau

_CODE_COMMUNE = re.compile(r"(?<![\dA-Za-z])(\d{5}|2[ABab]\d{3})(?![\dA-Za-z])")
_CODE_ENTRE_PARENTHESES = re.compile(r"\(([0-9ABab]{2,9})\)\s*$")
_SANS_ZERO = re.compile(r"\d{4}")
_ARTICLES = re.compile(r"^(les|le|la|l) (?=\w)")
_ABREGES = {"st": "saint", "ste": "sainte", "sts": "saints", "stes": "saintes"}
_CEDEX = re.compile(r"\bcedex( \d+)?$")
_PROCHE = 0.72
_PROPOSES = 3
_COG_LE_PLUS_ANCIEN = 2016


@dataclass(frozen=True, slots=True, kw_only=True)
class Doute:
    """Un lieu que l'on ne trouve pas, ou que l'on trouve plusieurs fois.

    Parameters
    ----------
    motif
        Suite d'une phrase dont le texte lu est le sujet (« n'est pas une commune »).
    proches
        Lieux possibles, tels qu'on les montre : « Dax » (40088).
    """

    motif: str
    proches: tuple[str, ...] = ()

    @property
    def phrase(self) -> str:
        """Motif, et ce que l'on propose."""
        if not self.proches:
            return self.motif
        if len(self.proches) == 1:
            return f"{self.motif} ; vouliez-vous dire {self.proches[0]} ?"
        return f"{self.motif} ; vouliez-vous dire {', '.join(self.proches[:-1])} ou " + (
            f"{self.proches[-1]} ?"
        )


class Lieux:
    """Communes et territoires, cherchés d'abord dans un département et autour de lui.

    Parameters
    ----------
    departement
        Code du département dont les noms l'emportent ; vide : aucun.
    """

    def __init__(self, referentiel: Referentiel, *, departement: str = "") -> None:
        self._referentiel = referentiel
        self.departement = departement

    @cached_property
    def _communes(self) -> dict[str, tuple[str, str]]:
        """Code → nom, département."""
        table = self._referentiel.communes.select("code", "nom", "departement")
        return {code: (nom, departement) for code, nom, departement in table.iter_rows()}

    @cached_property
    def _par_nom(self) -> dict[str, list[str]]:
        index: dict[str, list[str]] = defaultdict(list)
        for code, (nom, _) in self._communes.items():
            index[_cle(nom)].append(code)
        return dict(index)

    @cached_property
    def _anciens(self) -> dict[str, set[str]]:
        """Ancien code, ou code de commune déléguée → communes d'aujourd'hui."""
        passages = self._referentiel.passages
        table = passages.entre(_COG_LE_PLUS_ANCIEN, self._referentiel.cog)
        index: dict[str, set[str]] = defaultdict(set)
        for ancien, nouveau in table.select("ancien", "nouveau").iter_rows():
            index[ancien].add(nouveau)
        return dict(index)

    @cached_property
    def _limitrophes(self) -> frozenset[str]:
        if not self.departement:
            return frozenset()
        return frozenset(self._referentiel.limitrophes(self.departement))

    def montrer(self, code: str) -> str:
        """Renvoie une commune telle qu'on la propose : « Dax » (40088)."""
        nom, departement = self._communes[code]
        ailleurs = "" if departement == self.departement else f", département {departement}"
        return f"« {nom} » ({code}{ailleurs})"

    def commune(self, texte: str) -> str | Doute:
        """Renvoie le code d'une commune d'aujourd'hui, ou le doute.

        Le code l'emporte sur le nom s'ils vont ensemble ; s'ils se contredisent, c'est un doute.
        Sans code, un nom est cherché dans le département, puis dans ses voisins, puis en France.

        Examples
        --------
        « Dax », « dax », « 40088 », « Dax (40088) » et « DAX 40088 » disent la même commune.
        """
        texte = texte.strip()
        trouve = _CODE_COMMUNE.search(texte)
        if trouve:
            nom = (texte[: trouve.start()] + " " + texte[trouve.end() :]).strip(" ()-–,;")
            return self._par_code(trouve[1].upper(), nom)
        if _SANS_ZERO.fullmatch(texte) and f"0{texte}" in self._communes:
            return f"0{texte}"
        return self._par_son_nom(texte)

    def _par_code(self, code: str, nom: str) -> str | Doute:
        if code not in self._communes:
            suites = sorted(self._anciens.get(code, ()))
            if len(suites) != 1:
                return self._code_inconnu(code, nom, suites)
            return suites[0]
        if nom and not _ressemblent(_cle(nom), _cle(self._communes[code][0])):
            autres = [c for c in self._par_nom.get(_cle(nom), []) if c != code]
            return Doute(
                motif=f"se contredit : {code} est « {self._communes[code][0]} »",
                proches=tuple(self.montrer(c) for c in self._tries(autres)[:_PROPOSES]),
            )
        return code

    def _code_inconnu(self, code: str, nom: str, suites: list[str]) -> Doute:
        if suites:
            motif = f"porte l'ancien code {code}, partagé entre plusieurs communes"
            return Doute(motif=motif, proches=tuple(self.montrer(c) for c in suites[:_PROPOSES]))
        candidats = self._tries(self._par_nom.get(_cle(nom), [])) if nom else []
        return Doute(
            motif="n'est pas un code de commune (est-ce un code postal ?)",
            proches=tuple(self.montrer(c) for c in candidats[:_PROPOSES]),
        )

    def _par_son_nom(self, texte: str) -> str | Doute:
        cle = _cle(texte)
        codes = self._par_nom.get(cle, [])
        for voisins in (frozenset({self.departement}), self._limitrophes):
            ici = [c for c in codes if self._communes[c][1] in voisins]
            if len(ici) == 1:
                return ici[0]
            if ici:
                return self._ambigu(ici)
        if len(codes) == 1:
            return codes[0]
        if codes:
            return self._ambigu(codes)
        return Doute(motif="n'est pas une commune", proches=tuple(self._proches(cle)))

    def _ambigu(self, codes: list[str]) -> Doute:
        return Doute(
            motif=f"désigne {len(codes)} communes (écrivez le code)",
            proches=tuple(self.montrer(c) for c in self._tries(codes)[:_PROPOSES]),
        )

    def _tries(self, codes: Iterable[str]) -> list[str]:
        """Communes du département d'abord, puis des voisins, puis les autres."""
        rang = {self.departement: 0} | dict.fromkeys(self._limitrophes, 1)
        return sorted(codes, key=lambda c: (rang.get(self._communes[c][1], 2), c))

    def _proches(self, cle: str) -> list[str]:
        """Noms qui ressemblent, du département et de ses voisins d'abord."""
        alentour = self._limitrophes | {self.departement}
        ici = [nom for nom, codes in self._par_nom.items() if self._dedans(codes, alentour)]
        noms = difflib.get_close_matches(cle, ici, n=_PROPOSES, cutoff=_PROCHE)
        if not noms:
            tous = [nom for nom in self._par_nom if nom[:1] == cle[:1]]
            noms = difflib.get_close_matches(cle, tous, n=_PROPOSES, cutoff=0.85)
        notes = [
            (-difflib.SequenceMatcher(None, nom, cle).ratio(), self._tries(self._par_nom[nom])[0])
            for nom in noms
        ]
        notes.sort(key=lambda note: (note[0], self._communes[note[1]][1] != self.departement))
        return [self.montrer(code) for _, code in notes]

    def _dedans(self, codes: list[str], departements: frozenset[str]) -> bool:
        return any(self._communes[code][1] in departements for code in codes)

    def territoire(self, texte: str) -> str | Doute:
        """Renvoie l'identifiant d'un territoire (``COM-…``, ``EPCI-…``, ``DEP-…``), ou le doute.

        Le code entre parenthèses l'emporte ; un nom est cherché parmi les intercommunalités puis
        les communes du département, puis partout.
        """
        texte = texte.strip()
        trouve = _CODE_ENTRE_PARENTHESES.search(texte)
        if trouve:
            return self._resoudre(trouve[1])
        cle = _cle(texte)
        if cle in ("departement", "tout le departement") and self.departement:
            return f"DEP-{self.departement}"
        locaux = self._intercommunalites.get(cle, [])
        if len(locaux) == 1:
            return locaux[0]
        ici = [c for c in self._par_nom.get(cle, []) if self._communes[c][1] == self.departement]
        if len(ici) == 1:
            return f"COM-{ici[0]}"
        return self._resoudre(texte)

    @cached_property
    def _intercommunalites(self) -> dict[str, list[str]]:
        index: dict[str, list[str]] = defaultdict(list)
        if self.departement:
            for code in self._referentiel.epci_du_departement(self.departement):
                index[_cle(self._referentiel.nom(f"EPCI-{code}"))].append(f"EPCI-{code}")
        return dict(index)

    def _resoudre(self, texte: str) -> str | Doute:
        try:
            return self._referentiel.resoudre(texte).id
        except TerritoireInconnu as erreur:
            motif = erreur.motif or "n'est pas un territoire"
            return Doute(motif=motif, proches=tuple(f"« {nom} »" for nom in erreur.proches[:3]))


def code_de_zone(identifiant: str) -> str:
    """Renvoie la zone d'éligibilité d'un territoire, dans le vocabulaire de data·inclusion.

    Examples
    --------
    >>> code_de_zone("EPCI-244000675"), code_de_zone("DEP-40"), code_de_zone("FR-FR")
    ('244000675', '40', 'france')
    """
    niveau, _, code = identifiant.partition("-")
    return "france" if niveau == Niveau.FRANCE.value else code


def _cle(nom: str) -> str:
    """Renvoie un nom de commune comparable : sans accents, article, « Cedex » ni abréviation."""
    mots = [_ABREGES.get(mot, mot) for mot in simplifier(nom).split()]
    return _ARTICLES.sub("", _CEDEX.sub("", " ".join(mots)).strip())


def _ressemblent(nom: str, autre: str) -> bool:
    return nom == autre or difflib.SequenceMatcher(None, nom, autre).ratio() >= 0.8
