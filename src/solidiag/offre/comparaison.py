"""Comparaison de deux lignes : même service, même lieu, ou services différents, et pourquoi.

Une décision n'est jamais prise sur la seule distance. Des règles disent d'abord ce qui ne peut
pas être le même service (communes, catégories, établissements, guichets différents) ; une note
pèse ensuite le nom, l'adresse et le point. La note minimale a été choisie sur la moitié des
paires étiquetées et mesurée sur l'autre (docs/methode/doublons.md).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Literal

from rapidfuzz import fuzz

from solidiag.catalogue.service import CategorieService
from solidiag.offre.cadre import grand_cercle_km
from solidiag.offre.noms import Adresse, lire_adresse, mots_propres, simplifier
from solidiag.offre.structures import PREFIXE_STRUCTURE

Verdict = Literal["meme", "meme_lieu", "different"]

PRECIS = frozenset({"point", "rue"})
"""Précisions qui permettent de mesurer une distance entre deux services."""

_D_ORGANISME = ("siret:", PREFIXE_STRUCTURE)
"""Débuts des identifiants d'un organisme : ils ne disent pas lequel de ses services c'est."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seuils:
    """Réglages de la comparaison.

    Parameters
    ----------
    note
        Note à partir de laquelle deux lignes décrivent le même service (0 à 1).
    nom_minimal, nom_sans_adresse, nom_seul
        Ressemblance des noms propres exigée à la même adresse, sans adresse commune, et quand une
        commune est inconnue (0 à 1).
    meme_point_m, portee_m
        Distance sous laquelle deux points sont le même, et au-delà de laquelle la proximité ne
        compte plus, en mètres.
    """

    note: float = 0.60
    nom_minimal: float = 0.50
    nom_sans_adresse: float = 0.75
    nom_seul: float = 0.90
    meme_point_m: float = 30.0
    portee_m: float = 500.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Fiche:
    """Ce que la comparaison regarde d'une ligne de service."""

    id: str
    source: str
    categorie: str
    nom: str
    reduit: str
    mots: tuple[str, ...]
    adresse: Adresse
    code_insee: str | None = None
    siret: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    marques: frozenset[str] = frozenset()
    identifiants: frozenset[str] = frozenset()
    thematiques: frozenset[str] = frozenset()

    @property
    def numero(self) -> str:
        """Identifiant dans le fichier, sans préfixe de source ni de programme."""
        return self.id.rsplit(":", 1)[-1].rsplit("--", 1)[-1].split("#", 1)[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Verdict sur une paire, note de 0 à 1 et raison lisible."""

    verdict: Verdict
    note: float
    motif: str


@dataclass(frozen=True, kw_only=True)
class Comparateur:
    """Compare des lignes de services.

    Parameters
    ----------
    categories
        Catégories déclarées.
    sirets_partages
        Numéros Siret portés par plusieurs lieux : ils n'identifient pas un site.
    """

    categories: Mapping[str, CategorieService]
    seuils: Seuils = Seuils()
    sirets_partages: Collection[str] = frozenset()
    _communs: dict[str, frozenset[str]] = field(default_factory=dict, repr=False)

    def communs(self, categorie: str) -> frozenset[str]:
        """Renvoie les mots d'une catégorie qui n'identifient aucun service."""
        if categorie not in self._communs:
            declaree = self.categories[categorie]
            textes = " ".join([declaree.libelle, declaree.libelle_pluriel, *declaree.mots_communs])
            self._communs[categorie] = frozenset(simplifier(textes).split())
        return self._communs[categorie]

    def fiche(
        self,
        *,
        id: str,
        source: str,
        categorie: str,
        nom: str | None,
        adresse: str | None,
        commune: str | None,
        code_insee: str | None = None,
        siret: str | None = None,
        latitude: float | None = None,
        longitude: float | None = None,
        precision_geo: str | None = "point",
        identifiants: Collection[str] | None = None,
        thematiques: Collection[str] | None = None,
    ) -> Fiche:
        """Renvoie la fiche comparable d'une ligne de service."""
        texte = nom or ""
        marqueurs = self.categories[categorie].marqueurs
        marques = {marqueurs[mot] for mot in simplifier(texte).split() if mot in marqueurs}
        precis = precision_geo in PRECIS
        return Fiche(
            id=id,
            source=source,
            categorie=categorie,
            nom=texte,
            reduit=" ".join(mots_propres(texte, communs=(), commune=commune or "")),
            mots=mots_propres(texte, communs=self.communs(categorie), commune=commune or ""),
            adresse=lire_adresse(adresse or ""),
            code_insee=code_insee,
            siret=siret,
            latitude=latitude if precis else None,
            longitude=longitude if precis else None,
            marques=frozenset(marques),
            identifiants=frozenset(x for x in identifiants or () if not x.startswith(_D_ORGANISME)),
            thematiques=frozenset(thematiques or ()),
        )

    def comparables(self, categorie_a: str, categorie_b: str) -> bool:
        """Dit si deux catégories peuvent décrire le même service."""
        return categorie_a == categorie_b or categorie_b in self.categories[categorie_a].compatibles

    def comparer(self, a: Fiche, b: Fiche, *, distance_m: float | None = None) -> Decision:
        """Renvoie le verdict sur deux lignes.

        Parameters
        ----------
        distance_m
            Distance entre les deux points ; calculée si les deux lignes ont un point précis.
        """
        if distance_m is None:
            distance_m = _distance_m(a, b)
        for regle in (
            *(self._communes, self._categories, self._sujets),
            *(self._registres, self._guichets),
        ):
            refus = regle(a, b)
            if refus:
                return self._refuser(a, b, refus, distance_m)
        if a.source == b.source and a.categorie == b.categorie:
            return self._meme_liste(a, b, distance_m)
        preuve = self._identifiants(a, b, distance_m)
        if preuve:
            return Decision(verdict="meme", note=0.95, motif=preuve)
        note, motif = self._noter(a, b, distance_m)
        if note >= self.seuils.note:
            return Decision(verdict="meme", note=note, motif=motif)
        decision = self._refuser(a, b, motif, distance_m)
        return Decision(verdict=decision.verdict, note=note, motif=decision.motif)

    def _communes(self, a: Fiche, b: Fiche) -> str:
        if a.code_insee and b.code_insee and a.code_insee != b.code_insee:
            return "communes différentes"
        return ""

    def _categories(self, a: Fiche, b: Fiche) -> str:
        if self.comparables(a.categorie, b.categorie):
            return ""
        libelles = sorted(self.categories[c].libelle for c in (a.categorie, b.categorie))
        return f"services de nature différente ({libelles[0]} ; {libelles[1]})"

    def _sujets(self, a: Fiche, b: Fiche) -> str:
        """Refuse deux services que disent leurs seules thématiques, sans une en commun.

        Un organisme rend à la même adresse plusieurs services aux noms voisins.
        """
        if a.categorie != b.categorie or not self.categories[a.categorie].generique:
            return ""
        if not a.thematiques or not b.thematiques or a.thematiques & b.thematiques:
            return ""
        return "aucune thématique commune"

    def _registres(self, a: Fiche, b: Fiche) -> str:
        if a.siret and b.siret and a.siret[:9] != b.siret[:9]:
            return "numéros Siren différents : deux organismes"
        if a.categorie != b.categorie:
            return ""
        if a.siret and b.siret and a.siret != b.siret:
            return "numéros Siret différents"
        registres_a, registres_b = _registres(a), _registres(b)
        for registre in sorted(registres_a.keys() & registres_b.keys()):
            if not registres_a[registre] & registres_b[registre]:
                return f"identifiants {registre} différents"
        return ""

    def _guichets(self, a: Fiche, b: Fiche) -> str:
        if a.marques and b.marques and not a.marques & b.marques:
            types = " et ".join(sorted(a.marques | b.marques))
            return f"guichets de types différents ({types})"
        return ""

    def _identifiants(self, a: Fiche, b: Fiche, distance_m: float | None) -> str:
        meme_commune = a.code_insee is not None and a.code_insee == b.code_insee
        meme_nature = a.categorie == b.categorie
        meme_numero = a.source != b.source and a.numero == b.numero and not a.numero.isalpha()
        long_ici = meme_commune and len(a.numero) >= 6
        confirme = meme_nature and (long_ici or _noms_proches(a, b))
        if meme_numero and (len(a.numero) >= 9 or confirme):
            return f"même identifiant ({a.numero}) dans les deux fichiers"
        communs = sorted(a.identifiants & b.identifiants)
        if communs:
            return f"même identifiant ({communs[0]}) dans les deux fichiers"
        if a.siret and a.siret == b.siret:
            ailleurs = autre_site(a, b, distance_m, meme_point_m=self.seuils.meme_point_m)
            if a.siret not in self.sirets_partages and not ailleurs:
                return f"même numéro Siret ({a.siret})"
            if (
                meme_commune
                and a.reduit == b.reduit
                and a.adresse.connue
                and a.adresse == b.adresse
            ):
                return f"même numéro Siret ({a.siret}), même nom et même adresse"
        return ""

    def _meme_liste(self, a: Fiche, b: Fiche, distance_m: float | None) -> Decision:
        """Deux lignes d'une même liste sont deux services, sauf si l'une répète l'autre."""
        memes_noms = a.reduit == b.reduit or "" in (a.reduit, b.reduit)
        meme_adresse = (_adresses(a.adresse, b.adresse) or 0.0) >= 0.95
        meme_point = distance_m is not None and distance_m <= self.seuils.meme_point_m
        meme_texte = a.adresse == b.adresse and not a.adresse.numero
        repetee = a.nom == b.nom and meme_texte and meme_point
        if memes_noms and (meme_adresse or repetee):
            motif = "ligne répétée : même nom, ou nom absent, et même adresse"
            return Decision(verdict="meme", note=0.9, motif=motif)
        return self._refuser(a, b, "deux lignes distinctes d'une même liste", distance_m)

    def _noter(self, a: Fiche, b: Fiche, distance_m: float | None) -> tuple[float, str]:
        nom, adresse = _noms(a, b), _adresses(a.adresse, b.adresse)
        commune_connue = bool(a.code_insee and b.code_insee)
        if not commune_connue:
            note = nom if nom is not None and nom >= self.seuils.nom_seul else 0.0
            return note, f"même nom à {_pour_cent(nom)} (commune inconnue)" if note else (
                "commune inconnue et noms trop différents"
            )
        point = self._proximite(distance_m)
        termes: list[tuple[float, float]] = []
        raisons = ["même commune"]
        if nom is not None:
            termes.append((0.6, nom))
            raisons.append(f"noms propres semblables à {_pour_cent(nom)}")
        else:
            raisons.append("nom générique")
            if a.categorie == b.categorie:
                raisons.append("même nature d'après chaque source")
        if adresse is not None:
            termes.append((0.3, adresse))
            raisons.append(_dire_adresse(adresse))
        if point is not None:
            if nom is not None or adresse is not None:
                termes.append((0.1, point))
            raisons.append(f"points à {_metres(distance_m)}")
        meme_voie = adresse is not None and adresse >= 0.8
        exige = self.seuils.nom_minimal if meme_voie else self.seuils.nom_sans_adresse
        if nom is not None and nom < exige:
            return 0.0, " ; ".join([*raisons, "noms trop différents"])
        un_seul_nom = bool(a.mots) != bool(b.mots)
        if un_seul_nom and a.categorie != b.categorie:
            return 0.0, " ; ".join([*raisons, "un seul des deux porte un nom propre"])
        if termes:
            note = sum(poids * valeur for poids, valeur in termes) / sum(p for p, _ in termes)
            return (note if nom is not None else 0.9 * note), " ; ".join(raisons)
        return self._generique(a, b, distance_m), " ; ".join(raisons)

    def _generique(self, a: Fiche, b: Fiche, distance_m: float | None) -> float:
        """Note quand ni nom propre ni adresse ne départagent : catégorie, commune et point.

        Il faut la même catégorie et, soit exactement le même point, soit des noms complets
        presque égaux à courte distance.
        """
        if a.categorie != b.categorie or distance_m is None:
            return 0.0
        if distance_m <= self.seuils.meme_point_m:
            return 0.65
        entiers = fuzz.token_sort_ratio(simplifier(a.nom), simplifier(b.nom)) / 100
        generiques = not a.mots and not b.mots
        return 0.62 if generiques and entiers >= 0.75 and distance_m <= 300 else 0.0

    def _proximite(self, distance_m: float | None) -> float | None:
        if distance_m is None:
            return None
        debut, fin = self.seuils.meme_point_m, self.seuils.portee_m
        return min(1.0, max(0.0, (fin - distance_m) / (fin - debut)))

    def _refuser(self, a: Fiche, b: Fiche, motif: str, distance_m: float | None) -> Decision:
        adresse = _adresses(a.adresse, b.adresse)
        meme_commune = not (a.code_insee and b.code_insee) or a.code_insee == b.code_insee
        numeros = bool(a.adresse.numero and b.adresse.numero)
        ici = distance_m is not None and distance_m <= self.seuils.meme_point_m
        if meme_commune and ((adresse or 0.0) >= 0.7 or (ici and not (numeros and adresse == 0.0))):
            return Decision(verdict="meme_lieu", note=0.0, motif=f"même lieu ; {motif}")
        return Decision(verdict="different", note=0.0, motif=motif)


def autre_site(
    a: Fiche, b: Fiche, distance_m: float | None = None, *, meme_point_m: float = 30.0
) -> bool:
    """Dit si deux lignes de même Siret écrivent deux adresses, et ne sont pas au même point.

    Parameters
    ----------
    distance_m
        Distance entre les deux points ; calculée si les deux lignes ont un point précis.
    """
    if not a.siret or a.siret != b.siret or _adresses(a.adresse, b.adresse) != 0.0:
        return False
    if distance_m is None:
        distance_m = _distance_m(a, b)
    return distance_m is None or distance_m > meme_point_m


def _registres(fiche: Fiche) -> dict[str, set[str]]:
    """Renvoie les identifiants d'une ligne, par registre (``finess``, ``soliguide``...)."""
    par_registre: dict[str, set[str]] = {}
    for identifiant in fiche.identifiants:
        registre, _, numero = identifiant.partition(":")
        par_registre.setdefault(registre, set()).add(numero)
    return par_registre


def _distance_m(a: Fiche, b: Fiche) -> float | None:
    if a.latitude is None or a.longitude is None or b.latitude is None or b.longitude is None:
        return None
    return 1000 * grand_cercle_km(a.latitude, a.longitude, b.latitude, b.longitude)


def _noms(a: Fiche, b: Fiche) -> float | None:
    """Ressemblance des noms propres, ou rien si l'un des deux noms est générique."""
    if not a.mots or not b.mots:
        return None
    gauche, droite = " ".join(a.mots), " ".join(b.mots)
    notes: list[Callable[[str, str], float]] = [fuzz.token_sort_ratio, fuzz.token_set_ratio]
    return sum(note(gauche, droite) for note in notes) / 200


def _noms_proches(a: Fiche, b: Fiche) -> bool:
    return fuzz.token_set_ratio(simplifier(a.nom), simplifier(b.nom)) >= 90


def _adresses(a: Adresse, b: Adresse) -> float | None:
    """Ressemblance des adresses (0 à 1), ou rien si l'une ne dit pas sa voie.

    Deux numéros différents dans la même voie valent 0 ; un numéro manquant, 0,8.
    """
    if not a.connue or not b.connue:
        return None
    voie = max(
        fuzz.token_sort_ratio(" ".join(a.mots), " ".join(b.mots)),
        fuzz.token_set_ratio(" ".join(a.mots), " ".join(b.mots)),
    )
    if voie < 85:
        return 0.0
    type_de_voie = 1.0 if a.voie == b.voie else 0.8
    if a.numero and b.numero:
        return type_de_voie if a.numero == b.numero else 0.0
    return 0.8 * type_de_voie


def _dire_adresse(adresse: float) -> str:
    if adresse >= 0.95:
        return "même adresse"
    return "même voie" if adresse > 0 else "adresses différentes"


def _pour_cent(part: float | None) -> str:
    return f"{round(100 * (part or 0.0))}\u00a0%"


def _metres(distance_m: float | None) -> str:
    metres = round(distance_m or 0.0)
    return f"{metres}\u00a0m" if metres < 1000 else f"{metres / 1000:.1f}\u00a0km".replace(".", ",")
