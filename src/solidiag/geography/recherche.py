"""Ce qu'une personne a écrit → un identifiant de territoire, ou des propositions proches."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections import defaultdict
from collections.abc import Sequence
from functools import cached_property

import polars as pl

from solidiag.errors import TerritoireInconnu
from solidiag.model.territoire import LIBELLES_NIVEAUX, Niveau

_SOSIES = str.maketrans({"O": "0", "Q": "0", "I": "1", "L": "1", "Z": "2", "S": "5", "G": "6"})
_ORDRE_DES_NOMS = (Niveau.DEPARTEMENT, Niveau.REGION, Niveau.COMMUNE, Niveau.EPCI)
_ARTICLES = re.compile(r"^(les|le|la|l) (?=\w)")
_SIREN = 9


def simplifier(texte: str) -> str:
    """Renvoie un texte sans accent, ni casse, ni ponctuation, pour comparer des noms."""
    decompose = unicodedata.normalize("NFKD", texte.replace("œ", "oe").replace("Œ", "Oe"))
    sans_accent = "".join(lettre for lettre in decompose if not unicodedata.combining(lettre))
    return " ".join(re.sub(r"[^a-z0-9]+", " ", sans_accent.casefold()).split())


class Recherche:
    """Recherche par code et par nom dans une table de territoires.

    Parameters
    ----------
    cog
        Année du COG, dite dans les erreurs.
    territoires
        ``id, niveau, code, nom`` de tous les niveaux.
    outre_mer
        Communes des collectivités d'outre-mer.
    """

    def __init__(self, cog: int, territoires: pl.DataFrame, outre_mer: pl.DataFrame) -> None:
        self._cog = cog
        self._ids = set(territoires["id"])
        self._noms: dict[str, str] = dict(territoires.select("id", "nom").iter_rows())
        self._territoires = territoires
        self._collectivites: dict[str, str] = dict(
            outre_mer.select("collectivite", "nom_collectivite").unique().iter_rows()
        )
        self._outre_mer = set(outre_mer["code"])

    @cached_property
    def _par_nom(self) -> dict[str, dict[str, list[str]]]:
        """Identifiants par nom simplifié ; un code se résout sans eux."""
        index: dict[str, dict[str, list[str]]] = {}
        for niveau in _ORDRE_DES_NOMS:
            noms: dict[str, list[str]] = defaultdict(list)
            lignes = self._territoires.filter(pl.col("niveau") == niveau.value).select("id", "nom")
            for identifiant, nom in lignes.iter_rows():
                noms[_sans_article(nom)].append(identifiant)
            index[niveau.value] = dict(noms)
        return index

    def departement(self, texte: str) -> str:
        """Renvoie le code d'un département."""
        code = _code(texte).removeprefix("DEP-")
        if f"DEP-{code}" in self._ids:
            return code
        self._refuser_collectivite(texte, code)
        trouves = self._par_nom[Niveau.DEPARTEMENT.value].get(_sans_article(texte), [])
        if len(trouves) == 1:
            return trouves[0].removeprefix("DEP-")
        autre = next((i for i in (code, *_candidats(code)) if i in self._ids), None)
        if autre is not None:
            libelle = LIBELLES_NIVEAUX[Niveau(autre.partition("-")[0])][0]
            raise TerritoireInconnu(
                texte.strip(),
                cog=self._cog,
                motif=f"n'est pas un département ({libelle} : {self._noms[autre]})",
            )
        raise TerritoireInconnu(texte.strip(), cog=self._cog, proches=self._proches_dep(texte))

    def identifiant(self, texte: str) -> str:
        """Renvoie l'identifiant d'un territoire de n'importe quel niveau."""
        code = _code(texte)
        if code in self._ids:
            return code
        for candidat in _candidats(code):
            if candidat in self._ids:
                return candidat
        self._refuser_collectivite(texte, code)
        nom = _sans_article(texte)
        if nom == "france":
            return "FR-FR"
        for niveau in _ORDRE_DES_NOMS:
            trouves = self._par_nom[niveau.value].get(nom, [])
            if len(trouves) == 1:
                return trouves[0]
            if trouves:
                raise TerritoireInconnu(
                    texte.strip(),
                    cog=self._cog,
                    proches=[self._situer(identifiant) for identifiant in trouves],
                    motif=f"désigne {len(trouves)} territoires",
                )
        raise TerritoireInconnu(texte.strip(), cog=self._cog, proches=self._proches(texte))

    def _refuser_collectivite(self, texte: str, code: str) -> None:
        collectivite = code if code in self._collectivites else code[:3]
        if code in self._outre_mer or code in self._collectivites:
            nom = self._collectivites[collectivite]
            raise TerritoireInconnu(
                texte.strip(),
                cog=self._cog,
                motif=(
                    f"relève de la collectivité d'outre-mer « {nom} », qui n'est pas un "
                    "département : les sources embarquées ne la couvrent pas"
                ),
            )

    def _situer(self, identifiant: str) -> str:
        """Présente un territoire avec son département, quand son nom ne suffit pas."""
        niveau, _, code = identifiant.partition("-")
        departement = code[: 3 if code.startswith(("97", "98")) else 2]
        nom = self._noms.get(f"DEP-{departement}", "")
        if niveau != Niveau.COMMUNE.value or not nom:
            return self._presenter(identifiant)
        return f"{code} ({self._noms[identifiant]}, {nom})"

    def _presenter(self, identifiant: str) -> str:
        return f"{identifiant.partition('-')[2]} ({self._noms[identifiant]})"

    def _proches_dep(self, texte: str) -> list[str]:
        code = _code(texte)
        if not code:
            return []
        codes = sorted(i.removeprefix("DEP-") for i in self._ids if i.startswith("DEP-"))
        proches = [c for c in (code.translate(_SOSIES), code.zfill(2)) if c in codes and c != code]
        if not proches and any(lettre.isdigit() for lettre in code):
            semblables = [c for c in codes if len(c) == len(code)]
            proches = sorted(semblables, key=lambda c: _ecart(c, code))[:3]
        propositions = [f"DEP-{c}" for c in proches]
        propositions += self._noms_proches(texte, (Niveau.DEPARTEMENT,), seuil=0.7)
        return [self._presenter(identifiant) for identifiant in dict.fromkeys(propositions)]

    def _proches(self, texte: str) -> list[str]:
        code = _code(texte)
        sosie = code.translate(_SOSIES)
        propositions = [c for c in _candidats(sosie) if sosie != code and c in self._ids]
        propositions += self._noms_proches(texte, _ORDRE_DES_NOMS, seuil=0.75)
        proches = [self._presenter(identifiant) for identifiant in dict.fromkeys(propositions)]
        return proches or self._proches_dep(texte)

    def _noms_proches(self, texte: str, niveaux: Sequence[Niveau], *, seuil: float) -> list[str]:
        cherche = _sans_article(texte)
        notes = []
        for niveau in niveaux:
            noms = self._par_nom[niveau.value]
            for nom in difflib.get_close_matches(cherche, list(noms), n=3, cutoff=seuil):
                note = difflib.SequenceMatcher(None, nom, cherche).ratio()
                notes += [(-note, identifiant) for identifiant in noms[nom][:2]]
        return [identifiant for _, identifiant in sorted(notes)[:4]]


def _ecart(code: str, autre: str) -> list[int]:
    return [abs(ord(a) - ord(b)) for a, b in zip(code, autre, strict=True)]


def _candidats(code: str) -> list[str]:
    return [f"{prefixe}-{code}" for prefixe in _prefixes(code)]


def _code(texte: str) -> str:
    return texte.strip().upper()


def _sans_article(texte: str) -> str:
    return _ARTICLES.sub("", simplifier(texte))


def _prefixes(code: str) -> tuple[str, ...]:
    if len(code) == _SIREN:
        return (Niveau.EPCI.value,)
    if len(code) == len("40192"):
        return (Niveau.COMMUNE.value, Niveau.ARRONDISSEMENT_MUNICIPAL.value)
    if len(code) <= len("971"):
        return (Niveau.DEPARTEMENT.value,)
    return ()
