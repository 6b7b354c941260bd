"""Écriture du français : articles des territoires, nombres, listes, typographie.

Les articles viennent du code « type de nom en clair » (TNCC) du code officiel géographique ; ce que
ce code ne dit pas (genre d'un nom composé, « en » ou « dans la ») est un petit lexique d'usage.

References
----------
Insee, *Code officiel géographique*, type de nom en clair : 0 et 1 sans article (« de », « d' »),
2 « le », 3 « la », 4 « les », 5 « l' », 6 « aux », 7 « las », 8 « los ».
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal

from solidiag.model.observation import MARQUES, Precision
from solidiag.model.territoire import LIBELLES_NIVEAUX, Niveau, Territoire

INSECABLE = "\u00a0"
FINE = "\u202f"
MOINS = "\u2212"

_SANS_ARTICLE_ELIDE, _LE, _LA, _LES, _L = 1, 2, 3, 4, 5

_DANS_LA = frozenset(
    {
        "Creuse",
        "Drôme",
        "Loire",
        "Manche",
        "Marne",
        "Meuse",
        "Nièvre",
        "Sarthe",
        "Somme",
        "Vienne",
    }
)
"""Départements que l'usage fait précéder de « dans la » plutôt que d'« en »."""

_EN_MALGRE_LE = frozenset({"Centre-Val de Loire"})
_COMPOSES_MASCULINS = frozenset({"Maine-et-Loire"})
_ARTICLE_INITIAL = re.compile(r"^(Le |La |Les |L')(?=\S)")
_H_ASPIRE = re.compile(
    r"^H(?:aute?s?\b|aut-|avre|aye|ague|am\b|alluin|em\b|ouilles|onfleur|oudan|unaudaye)", re.I
)
_VOYELLES = "aeiouàâäéèêëîïôöùûüæœ"
_NATURES = {
    "CC": "communauté de communes",
    "CA": "communauté d'agglomération",
    "CU": "communauté urbaine",
}
_NATURE = re.compile(r"^(CC|CA|CU) +(?=\S)")
_LIAISON = re.compile(r"^(?:de la |de l'|du |des |de |d')")
_ARRONDISSEMENT = re.compile(r"^(?P<ville>.+?) (?P<rang>\d+)(?:er|e) [Aa]rrondissement$")
_AVEC_SON_NIVEAU = {
    Niveau.ARRONDISSEMENT: (_L, "arrondissement"),
    Niveau.BASSIN_DE_VIE: (_LE, "bassin de vie"),
    Niveau.ZONE_EMPLOI: (_LA, "zone d'emploi"),
}

UNITES: dict[str, str] = {
    "percent": "%",
    "euro": "€",
    "euro_m2": "€/m²",
    "euro_m3": "€/m³",
    "ratio": "rapport",
    "nombre": "nombre",
    "indice": "indice",
    "pour_1000": f"pour 1{FINE}000",
    "pour_10000": f"pour 10{FINE}000",
    "pour_100000": f"pour 100{FINE}000",
    "jours": "jours",
    "minutes": "minutes",
    "apl": "consultations par an et par habitant",
    "places_pour_100": f"places pour 100{INSECABLE}enfants",
    "lieux": "lieux",
}
"""Nom de chaque unité, pour un en-tête ou une légende."""

_SUFFIXES = {"percent": "%", "euro": "€", "euro_m2": "€", "euro_m3": "€"}
_NOMS_COMPTES = {"jours": "jour", "minutes": "minute", "apl": "consultation"}
_DECIMALES = {
    "percent": 1,
    "ratio": 2,
    "indice": 1,
    "pour_1000": 1,
    "pour_10000": 1,
    "pour_100000": 1,
    "apl": 1,
    "euro_m2": 1,
    "euro_m3": 2,
    "places_pour_100": 1,
    "lieux": 1,
}


def majuscule(texte: str) -> str:
    """Renvoie le texte avec une majuscule initiale.

    Examples
    --------
    >>> majuscule("à Paris")
    'À Paris'
    """
    return texte[:1].upper() + texte[1:]


def elider(nom: str) -> bool:
    """Dit si « de » s'élide devant un nom.

    Examples
    --------
    >>> elider("Orthe"), elider("Hauts-de-France"), elider("Yvetot"), elider("Yenne")
    (True, False, True, False)
    """
    if not nom:
        return False
    initiale, suite = nom[0].lower(), nom[1:2].lower()
    if initiale == "h":
        return _H_ASPIRE.match(nom) is None
    if initiale == "y":
        return suite not in _VOYELLES
    return initiale in _VOYELLES


def nom_long(territoire: Territoire) -> str:
    """Renvoie le nom à lire dans une phrase, sigles d'intercommunalité développés.

    Examples
    --------
    >>> nom_long(Territoire(niveau=Niveau.EPCI, code="244000659", nom="CC du Seignanx"))
    'communauté de communes du Seignanx'
    """
    nom = _soigner(territoire.nom)
    if territoire.niveau is Niveau.EPCI:
        return _NATURE.sub(lambda trouve: _NATURES[trouve[1]] + " ", nom)
    arrondissement = _arrondissement_municipal(territoire)
    return arrondissement or nom


def nom_court(territoire: Territoire) -> str:
    """Renvoie le nom à écrire sur une carte ou dans une colonne étroite, sans sa nature.

    Examples
    --------
    >>> nom_court(Territoire(niveau=Niveau.EPCI, code="244000659", nom="CC du Seignanx"))
    'Seignanx'
    """
    nom = _soigner(territoire.nom)
    if territoire.niveau is not Niveau.EPCI or not _NATURE.match(nom):
        return nom
    sans_sigle = re.sub(r" *\([^)]*\)$", "", _NATURE.sub("", nom))
    court = _LIAISON.sub("", sans_sigle)
    entre_guillemets = re.fullmatch(rf"«{INSECABLE}([^»]+){INSECABLE}»", court)
    return majuscule(entre_guillemets[1] if entre_guillemets else court)


def article(territoire: Territoire) -> str:
    """Renvoie le territoire en sujet d'une phrase : « les Landes », « Dax », « la zone d'emploi… ».

    Examples
    --------
    >>> article(Territoire(niveau=Niveau.DEPARTEMENT, code="32", nom="Gers", tncc=2))
    'le Gers'
    """
    if territoire.niveau is Niveau.COMMUNE:
        return territoire.nom
    genre, nom = _forme(territoire)
    return {_LE: "le ", _LA: "la ", _LES: "les ", _L: "l'"}.get(genre, "") + nom


def de(territoire: Territoire) -> str:
    """Renvoie le complément de nom : « des Landes », « de la Gironde », « d'Aire-sur-l'Adour ».

    Examples
    --------
    >>> de(Territoire(niveau=Niveau.DEPARTEMENT, code="40", nom="Landes", tncc=4))
    'des Landes'
    >>> de(Territoire(niveau=Niveau.COMMUNE, code="72181", nom="Le Mans", tncc=2))
    'du Mans'
    """
    if territoire.niveau is Niveau.FRANCE:
        return f"de {territoire.nom}"
    if territoire.niveau in (Niveau.DEPARTEMENT, Niveau.REGION) and territoire.tncc in (0, 1):
        elision = territoire.tncc == _SANS_ARTICLE_ELIDE
        return f"d'{territoire.nom}" if elision else f"de {territoire.nom}"
    genre, nom = _forme(territoire)
    if genre == _SANS_ARTICLE_ELIDE:
        return f"d'{nom}"
    return {_LE: "du ", _LA: "de la ", _LES: "des ", _L: "de l'"}.get(genre, "de ") + nom


def dans(territoire: Territoire) -> str:
    """Renvoie le complément de lieu : « dans les Landes », « en Gironde », « à Dax ».

    Examples
    --------
    >>> dans(Territoire(niveau=Niveau.DEPARTEMENT, code="33", nom="Gironde", tncc=3))
    'en Gironde'
    >>> dans(Territoire(niveau=Niveau.COMMUNE, code="97101", nom="Les Abymes", tncc=4))
    'aux Abymes'
    """
    if territoire.niveau is Niveau.FRANCE:
        return f"en {territoire.nom}"
    if territoire.niveau in (Niveau.DEPARTEMENT, Niveau.REGION):
        return _dans_departement_ou_region(territoire)
    genre, nom = _forme(territoire)
    if territoire.niveau is Niveau.COMMUNE:
        return {_LE: "au ", _LES: "aux "}.get(genre, "à ") + nom
    if genre in (0, _SANS_ARTICLE_ELIDE):
        return f"sur le territoire {de(territoire)}"
    return f"dans {article(territoire)}"


def avec_niveau(territoire: Territoire) -> str:
    """Renvoie le territoire précédé de son niveau : « le département des Landes ».

    Examples
    --------
    >>> avec_niveau(Territoire(niveau=Niveau.REGION, code="75", nom="Nouvelle-Aquitaine", tncc=3))
    'la région Nouvelle-Aquitaine'
    """
    match territoire.niveau:
        case Niveau.DEPARTEMENT:
            return f"le département {de(territoire)}"
        case Niveau.REGION:
            return f"la région {territoire.nom}"
        case Niveau.COMMUNE:
            return f"la commune {de(territoire)}"
        case _:
            return article(territoire)


def formater(
    valeur: float | None,
    unite: str,
    *,
    decimales: int | None = None,
    precision: str = Precision.EXACTE.value,
    statut: str = "L",
) -> str:
    r"""Renvoie un nombre écrit en français, avec son symbole d'unité s'il en a un.

    Les unités « pour 1 000 », l'indice, le rapport et le nombre s'écrivent sans suffixe : la phrase
    ou l'en-tête les dit (voir `UNITES`).

    Parameters
    ----------
    valeur
        Nombre, ou ``None`` : la marque d'absence du ``statut`` est alors renvoyée.
    unite
        Clé de `UNITES`.
    decimales
        Nombre de décimales ; par défaut celui de l'unité. L'arrondi va au plus proche, la moitié
        s'éloigne de zéro.
    precision
        ``floor`` s'écrit « ≤ », ``rounded_down`` « ≥ ».
    statut
        Statut de l'absence quand il n'y a pas de valeur.

    Raises
    ------
    KeyError
        Si l'unité n'est pas connue.

    Examples
    --------
    >>> formater(22030, "euro")
    '22\u202f030\xa0€'
    >>> formater(5, "percent", decimales=0, precision="floor")
    '≤\xa05\xa0%'
    >>> formater(None, "percent", statut="Q")
    'secret'
    """
    if unite not in UNITES:
        raise KeyError(unite)
    if valeur is None:
        return MARQUES[statut]
    if decimales is None:
        decimales = _DECIMALES.get(unite, 0)
    texte = nombre(valeur, decimales=decimales)
    if unite in _SUFFIXES:
        texte += INSECABLE + _SUFFIXES[unite]
    elif unite in _NOMS_COMPTES:
        texte += INSECABLE + _accord(_arrondir(valeur, decimales), _NOMS_COMPTES[unite])
    borne = {Precision.PLANCHER.value: "≤", Precision.ARRONDIE_BAS.value: "≥"}.get(precision, "")
    return f"{borne}{INSECABLE}{texte}" if borne else texte


def nombre(valeur: float, *, decimales: int = 0) -> str:
    r"""Renvoie un nombre avec virgule décimale et espaces fines entre milliers.

    Examples
    --------
    >>> nombre(433570), nombre(-0.04, decimales=1), nombre(2.675, decimales=2)
    ('433\u202f570', '0,0', '2,68')
    """
    arrondi = _arrondir(valeur, decimales)
    signe = MOINS if arrondi < 0 else ""
    entier, _, reste = f"{abs(arrondi):,.{decimales}f}".partition(".")
    entier = entier.replace(",", FINE)
    return f"{signe}{entier},{reste}" if reste else f"{signe}{entier}"


def compter(effectif: float, singulier: str, pluriel: str | None = None) -> str:
    r"""Renvoie un effectif et son nom accordé ; le pluriel commence à deux.

    Examples
    --------
    >>> compter(1, "commune"), compter(0, "commune"), compter(1200, "lieu", "lieux")
    ('1\xa0commune', '0\xa0commune', '1\u202f200\xa0lieux')
    """
    return nombre(effectif) + INSECABLE + _accord(Decimal(str(effectif)), singulier, pluriel)


def enumerer(elements: Iterable[str], *, liaison: str = "et") -> str:
    """Renvoie une liste écrite : « a, b et c ».

    Examples
    --------
    >>> enumerer(["Dax", "Tarnos", "Mimizan"]), enumerer(["Dax"]), enumerer([])
    ('Dax, Tarnos et Mimizan', 'Dax', '')
    """
    termes = list(elements)
    if len(termes) <= 1:
        return "".join(termes)
    return f"{', '.join(termes[:-1])} {liaison} {termes[-1]}"


def ordinal(rang: int, *, feminin: bool = False) -> str:
    """Renvoie un rang écrit : « 1er », « 1re », « 2e ».

    Examples
    --------
    >>> ordinal(1), ordinal(1, feminin=True), ordinal(12)
    ('1er', '1re', '12e')
    """
    if rang == 1:
        return "1re" if feminin else "1er"
    return f"{rang}e"


_ADRESSE = re.compile(r"(https?://\S+|\S+@\S+)")
_REGLES: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(rf"«[ {INSECABLE}]*"), f"«{INSECABLE}"),
    (re.compile(rf"[ {INSECABLE}]*»"), f"{INSECABLE}»"),
    (re.compile(rf"[ {INSECABLE}]+([:;?!])(?!\w)"), rf"{INSECABLE}\1"),
    (re.compile(r"(?<=[^\W\d_])([;?!])(?=\s|$)"), rf"{INSECABLE}\1"),
    (re.compile(r"(?<=[^\W\d_]):(?=\s)"), f"{INSECABLE}:"),
    (re.compile(rf"(?<=\d)[ {INSECABLE}]+(?=[%€‰])"), INSECABLE),
    (re.compile(rf"(?<=[≤≥])[ {INSECABLE}]+(?=\d)"), INSECABLE),
)


def typographier(texte: str) -> str:
    r"""Renvoie le texte avec les espaces insécables de la typographie française.

    Les adresses web et électroniques ne sont pas touchées ; deux passages donnent le même texte.

    Examples
    --------
    >>> typographier("Besoin : 16 % des « ménages » ?")
    'Besoin\xa0: 16\xa0% des «\xa0ménages\xa0»\xa0?'
    """
    morceaux = _ADRESSE.split(texte)
    for rang in range(0, len(morceaux), 2):
        for motif, remplacement in _REGLES:
            morceaux[rang] = motif.sub(remplacement, morceaux[rang])
    return "".join(morceaux)


def _arrondir(valeur: float, decimales: int) -> Decimal:
    pas = Decimal(1).scaleb(-decimales)
    return Decimal(str(valeur)).quantize(pas, rounding=ROUND_HALF_UP) + Decimal(0)


def _accord(effectif: Decimal, singulier: str, pluriel: str | None = None) -> str:
    if abs(effectif) < 2:
        return singulier
    return pluriel if pluriel is not None else f"{singulier}s"


def _soigner(nom: str) -> str:
    """Corrige la typographie d'un nom officiel sans le changer : œ, guillemets, espaces."""
    propre = re.sub(r"\bCoeur", "Cœur", nom)
    propre = re.sub(
        r"''(.+?)''|\"(.+?)\"", lambda t: f"«{INSECABLE}{t[1] or t[2]}{INSECABLE}»", propre
    )
    return " ".join(morceau for morceau in propre.split(" ") if morceau)


def _arrondissement_municipal(territoire: Territoire) -> str:
    if territoire.niveau is not Niveau.ARRONDISSEMENT_MUNICIPAL:
        return ""
    trouve = _ARRONDISSEMENT.match(territoire.nom)
    if trouve is None:
        return ""
    ville = trouve["ville"]
    liaison = "d'" if elider(ville) else "de "
    return f"{ordinal(int(trouve['rang']))} arrondissement {liaison}{ville}"


def _forme(territoire: Territoire) -> tuple[int, str]:
    """Renvoie le type d'article (TNCC) et le nom qui le suit."""
    nom = nom_long(territoire)
    match territoire.niveau:
        case Niveau.DEPARTEMENT | Niveau.REGION:
            return _forme_departement_ou_region(territoire)
        case Niveau.COMMUNE:
            return _forme_commune(territoire)
        case Niveau.EPCI:
            return _forme_epci(territoire, nom)
        case Niveau.ARRONDISSEMENT_MUNICIPAL if nom != territoire.nom:
            return _LE, nom
        case Niveau.FRANCE:
            return _LA, nom
        case Niveau.QPV | Niveau.IRIS:
            libelle = LIBELLES_NIVEAUX[territoire.niveau][0]
            return (_L if elider(libelle) else _LE), f"{libelle} «{INSECABLE}{nom}{INSECABLE}»"
    if territoire.niveau in _AVEC_SON_NIVEAU:
        genre, libelle = _AVEC_SON_NIVEAU[territoire.niveau]
        return genre, f"{libelle} {_de_nom(nom, territoire.tncc)}"
    return (_SANS_ARTICLE_ELIDE if elider(nom) else 0), nom


def _forme_departement_ou_region(territoire: Territoire) -> tuple[int, str]:
    nom, tncc = territoire.nom, territoire.tncc
    if tncc not in (0, _SANS_ARTICLE_ELIDE):
        return tncc, nom
    if "-et-" in nom:
        if nom in _COMPOSES_MASCULINS:
            return _LE, nom
        return (_L if tncc == _SANS_ARTICLE_ELIDE else _LA), nom
    if territoire.niveau is Niveau.REGION and not _est_une_ile(territoire):
        return _LA, f"région {nom}"
    return 0, nom


def _forme_commune(territoire: Territoire) -> tuple[int, str]:
    nom, tncc = territoire.nom, territoire.tncc
    trouve = _ARTICLE_INITIAL.match(nom)
    if trouve and tncc in (_LE, _LES):
        return tncc, nom[trouve.end() :]
    if tncc == _SANS_ARTICLE_ELIDE:
        return _SANS_ARTICLE_ELIDE, nom
    if tncc == 0 or trouve:
        return 0, nom
    return (_SANS_ARTICLE_ELIDE if elider(nom) else 0), nom


def _forme_epci(territoire: Territoire, nom: str) -> tuple[int, str]:
    if _NATURE.match(_soigner(territoire.nom)) or nom.startswith("Métropole "):
        return _LA, nom
    if nom.startswith("Eurométropole "):
        return _L, nom
    return (_SANS_ARTICLE_ELIDE if elider(nom) else 0), nom


def _de_nom(nom: str, tncc: int) -> str:
    """Renvoie le nom d'une ville précédé de « de », contracté avec l'article qu'il porte."""
    trouve = _ARTICLE_INITIAL.match(nom)
    if trouve and trouve[1] in ("Le ", "Les "):
        return ("du " if trouve[1] == "Le " else "des ") + nom[trouve.end() :]
    if not trouve and (tncc == _SANS_ARTICLE_ELIDE or elider(nom)):
        return f"d'{nom}"
    return f"de {nom}"


def _dans_departement_ou_region(territoire: Territoire) -> str:
    nom, tncc = territoire.nom, territoire.tncc
    if tncc == _LES:
        return f"dans les {nom}"
    if tncc == _L:
        return f"dans l'{nom}"
    if tncc == _LE:
        return f"en {nom}" if nom in _EN_MALGRE_LE else f"dans le {nom}"
    if tncc == _LA:
        departement = territoire.niveau is Niveau.DEPARTEMENT
        return f"dans la {nom}" if departement and nom in _DANS_LA else f"en {nom}"
    if "-et-" in nom or (territoire.niveau is Niveau.REGION and not _est_une_ile(territoire)):
        return f"en {nom}"
    return f"à {nom}"


def _est_une_ile(territoire: Territoire) -> bool:
    """Dit si une région sans article est une île d'outre-mer (« à Mayotte », « à La Réunion »).

    Leur code de région commence par 0, celui des régions de l'Hexagone et de la Corse, non.
    """
    return territoire.code.startswith("0")
