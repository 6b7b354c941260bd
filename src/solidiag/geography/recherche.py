"""Ce qu'une personne a écrit → un identifiant de territoire, ou des propositions proches."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections import defaultdict

import polars as pl

from solidiag.errors import TerritoireInconnu
from solidiag.model.territoire import Niveau

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
        self._par_nom: dict[str, dict[str, list[str]]] = {}
        for niveau in _ORDRE_DES_NOMS:
            index: dict[str, list[str]] = defaultdict(list)
            lignes = territoires.filter(pl.col("niveau") == niveau.value).select("id", "nom")
            for identifiant, nom in lignes.iter_rows():
                index[_sans_article(nom)].append(identifiant)
            self._par_nom[niveau.value] = dict(index)
        self._collectivites: dict[str, str] = dict(
            outre_mer.select("collectivite", "nom_collectivite").unique().iter_rows()
        )
        self._outre_mer = set(outre_mer["code"])

    def departement(self, texte: str) -> str:
        """Renvoie le code d'un département."""
        code = _code(texte).removeprefix("DEP-")
        if f"DEP-{code}" in self._ids:
            return code
        self._refuser_collectivite(texte, code)
        trouves = self._par_nom[Niveau.DEPARTEMENT.value].get(_sans_article(texte), [])
        if len(trouves) == 1:
            return trouves[0].removeprefix("DEP-")
        raise TerritoireInconnu(texte.strip(), cog=self._cog, proches=self._proches_dep(texte))

    def identifiant(self, texte: str) -> str:
        """Renvoie l'identifiant d'un territoire de n'importe quel niveau."""
        code = _code(texte)
        if code in self._ids:
            return code
        for prefixe in _prefixes(code):
            if f"{prefixe}-{code}" in self._ids:
                return f"{prefixe}-{code}"
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
                    proches=[self._presenter(identifiant) for identifiant in trouves],
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

    def _presenter(self, identifiant: str) -> str:
        return f"{identifiant.partition('-')[2]} ({self._noms[identifiant]})"

    def _proches_dep(self, texte: str) -> list[str]:
        code = _code(texte)
        codes = [identifiant[4:] for identifiant in self._ids if identifiant.startswith("DEP-")]
        sosies = [c for c in (code.translate(_SOSIES), code.zfill(2)) if c in codes and c != code]
        if not sosies and len(code) <= len("971"):
            sosies = difflib.get_close_matches(code, sorted(codes), n=3, cutoff=0.4)
        noms = self._par_nom[Niveau.DEPARTEMENT.value]
        voisins = difflib.get_close_matches(_sans_article(texte), list(noms), n=3, cutoff=0.6)
        propositions = [f"DEP-{c}" for c in sosies] + [noms[nom][0] for nom in voisins]
        return [self._presenter(identifiant) for identifiant in dict.fromkeys(propositions)]

    def _proches(self, texte: str) -> list[str]:
        code = _code(texte)
        propositions = self._proches_dep(texte)
        sosie = code.translate(_SOSIES)
        propositions += [
            self._presenter(f"{prefixe}-{sosie}")
            for prefixe in _prefixes(sosie)
            if sosie != code and f"{prefixe}-{sosie}" in self._ids
        ]
        for niveau in (Niveau.REGION, Niveau.COMMUNE, Niveau.EPCI):
            noms = self._par_nom[niveau.value]
            voisins = difflib.get_close_matches(_sans_article(texte), list(noms), n=2, cutoff=0.8)
            propositions += [self._presenter(noms[nom][0]) for nom in voisins]
        return list(dict.fromkeys(propositions))


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
