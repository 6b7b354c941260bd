"""D'une liste de services reconnue à une source prête à ajouter : lecture entière et contrôles.

La liste est lue par le lecteur qui servira ensuite à l'inventaire ; elle ne remplit aucun
indicateur. Ce qui surprend est dit, et n'arrête l'ajout que si le fichier n'est pas celui attendu.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable

import polars as pl

from solidiag.catalogue.gabarit import Gabarit
from solidiag.catalogue.source import Couverture, Source
from solidiag.errors import DonneesError, FichierRefuse
from solidiag.offre.structures import PREFIXE_SERVICE, PREFIXE_STRUCTURE
from solidiag.sources.controle import (
    PART_CONNUE,
    PARTIE_DE_FRANCE,
    Partie,
    cause,
    chemin_du_fichier,
    forme_de,
    nom_de_source,
    source_de,
)
from solidiag.sources.data_inclusion import CODE_ILLISIBLE, DATE_ILLISIBLE, REPETE, SANS_NOM
from solidiag.sources.registre_services import lire_offre
from solidiag.sources.reparations import Connus
from solidiag.sources.vues import Vue

VOCABULAIRES = {
    "thematiques": "thematiques",
    "publics": "publics",
    "reseaux": "reseaux",
    "types": "type_service",
    "frais": "frais",
    "modes_accueil": "modes_accueil",
    "modes_mobilisation": "modes_mobilisation",
    "personnes_mobilisatrices": "mobilisable_par",
}
"""Vocabulaire déclaré (``services/vocabulaire.yaml``) → colonne d'un service."""

_DEPARTEMENTS_NOMMES = 4
"""Départements que le nom d'une source cite ; au-delà, leur nombre."""

PART_D_UN_DEPARTEMENT_COUVERT = 0.05
"""Part des services du département le plus fourni au-dessus de laquelle un autre est couvert."""


def controler_services(
    octets: bytes,
    nom: str,
    *,
    gabarit: Gabarit,
    vue: Vue,
    rang: int,
    millesime: str,
    connus: Connus,
    remarques: Iterable[str] = (),
) -> Partie:
    """Renvoie la liste de services lue et contrôlée selon son gabarit.

    Parameters
    ----------
    rang
        Rang de la ligne d'en-tête.
    connus
        Vrais codes des territoires.

    Raises
    ------
    FichierRefuse
        Si la liste ne se lit pas, est vide, ou si ses codes ne sont pas ceux de communes.
    """
    if not re.fullmatch(r"(19|20)\d{2}(-.{1,6})?", millesime):
        raise FichierRefuse(
            nom, f"« {millesime} » n'est pas un millésime", "donnez-le avec --millesime AAAA"
        )
    cog = min(int(millesime[:4]) + gabarit.cog_decalage, connus.cog)
    source = source_de(gabarit, octets, vue, rang=rang, millesime=millesime, cog=cog)
    (fichier,) = source.fichiers
    try:
        services = lire_offre(octets, source, fichier)
    except FichierRefuse:
        raise
    except DonneesError as erreur:
        raise FichierRefuse(
            nom, cause(erreur), "reprenez le fichier du producteur, non retouché"
        ) from erreur
    if services.is_empty():
        raise FichierRefuse(nom, "aucun service n'y a de nom", "vérifiez que c'est bien ce fichier")
    dites = [*remarques, *_dire(services, gabarit)]
    codes = services["code_insee"].drop_nulls().unique().sort().to_list()
    vrais = [code for code in codes if connus.connait("COM", code)]
    dites += _codes_inconnus(nom, services, codes, set(vrais))
    departements, isoles = _departements(services, connus)
    if isoles:
        dites.append(
            f"Quelques services sont dans {len(isoles)} autre{'s' * (len(isoles) > 1)} "
            f"département{'s' * (len(isoles) > 1)} ({', '.join(isoles[:5])}"
            f"{'…' if len(isoles) > 5 else ''}) : ils sont gardés, mais le fichier n'est pas tenu "
            "pour y être complet."
        )
    source = _borner(source, departements, gabarit.couverture)
    return Partie(
        gabarit=gabarit,
        source=_nommer(source, gabarit, octets, extension=vue.contenu.extension),
        place=vue.place,
        remplit={},
        lignes=services.height,
        territoires=len(codes),
        connus=len(vrais),
        niveaux=("COM",) if codes else (),
        departements=tuple(departements),
        forme=tuple(forme_de(vue, rang, gabarit)),
        remarques=tuple(dites),
        mots={
            vocabulaire: _mots(services, colonne) for vocabulaire, colonne in VOCABULAIRES.items()
        },
    )


def _mots(services: pl.DataFrame, colonne: str) -> frozenset[str]:
    valeurs = services[colonne]
    if valeurs.dtype == pl.List(pl.String):
        valeurs = valeurs.explode()
    return frozenset(valeurs.drop_nulls().unique())


def _dire(services: pl.DataFrame, gabarit: Gabarit) -> list[str]:
    """Renvoie ce qui est à savoir de la liste : forme supposée, lieux et dates qui manquent."""
    dites = []
    if gabarit.format in ("décrit", "supposé"):
        dites.append(
            f"La forme de ce fichier est « {gabarit.format} » : aucun vrai fichier n'a été lu "
            "avant le vôtre. Relisez quelques lignes."
        )
    sans_lieu = services.filter(pl.col("code_insee").is_null() & pl.col("code_postal").is_null())
    a_distance = sans_lieu.filter(
        (pl.col("aller_vers") == "distance")
        | (pl.col("zone_eligibilite").list.len().fill_null(0) > 0)
    ).height
    a_porter = sans_lieu.filter(
        pl.col("categorie").is_null() & pl.col("capacite").is_not_null()
    ).height
    perdus = sans_lieu.height - a_distance - a_porter
    if a_porter:
        dites.append(
            f"{a_porter} capacité{'s' * (a_porter > 1)} sans lieu, à porter sur les établissements "
            "de même numéro : importez aussi leur liste."
        )
    if a_distance:
        dites.append(
            f"{a_distance} service{'s' * (a_distance > 1)} à distance ou sans lieu : "
            "ils sont présentés à part, sans temps de trajet."
        )
    if perdus:
        dites.append(
            f"{perdus} ligne{'s' * (perdus > 1)} sans code de commune ni code postal : "
            "elles ne peuvent pas être situées."
        )
    return dites + _dire_data_inclusion(services)


def _dire_data_inclusion(services: pl.DataFrame) -> list[str]:
    """Dit les structures qui manquent, et ce que la lecture a dû laisser de côté."""
    dites = []
    est_une_structure = pl.col("id").str.starts_with(PREFIXE_STRUCTURE)
    structures = services.filter(est_une_structure).height
    siens = services.filter(pl.col("id").str.starts_with(PREFIXE_SERVICE))
    if siens.height:
        orphelins = siens.filter(pl.col("structure").is_null()).height
        if not structures:
            dites.append(
                "Le fichier n'a pas de structures : ni organisme, ni réseau porteur ne sont "
                "connus tant que celui des structures n'est pas importé."
            )
        elif orphelins:
            dites.append(f"{orphelins} services dont la structure n'est pas dans le fichier.")
    elif structures:
        dites.append(
            "Le fichier n'a que des structures : seules celles d'un réseau porteur connu seront "
            "des lieux de l'inventaire ; leurs services sont dans un autre fichier."
        )
    for phrase in (REPETE, SANS_NOM, DATE_ILLISIBLE, CODE_ILLISIBLE):
        nombre = services.filter(
            pl.col("remarque").fill_null("").str.contains(phrase, literal=True)
        ).height
        if nombre:
            dites.append(f"{nombre} ligne{'s' * (nombre > 1)} : {phrase}.")
    return dites


def _codes_inconnus(
    nom: str, services: pl.DataFrame, codes: list[str], vrais: set[str]
) -> list[str]:
    """Renvoie la remarque sur les codes inconnus.

    Raises
    ------
    FichierRefuse
        Si moins de la moitié des codes sont ceux de communes.
    """
    if not codes:
        return []
    inconnus = [code for code in codes if code not in vrais]
    if len(vrais) < PART_CONNUE * len(codes):
        raise FichierRefuse(
            nom,
            f"{len(vrais)} de ses {len(codes)} codes seulement sont ceux de communes "
            f"(« {inconnus[0]} »)",
            "vérifiez la colonne des codes de commune",
        )
    if not inconnus:
        return []
    lignes = services.filter(pl.col("code_insee").is_in(inconnus)).height
    return [
        f"{len(inconnus)} code{'s' * (len(inconnus) > 1)} de commune "
        f"inconnu{'s' * (len(inconnus) > 1)} (« {inconnus[0]} ») : "
        f"{lignes} service{'s' * (lignes > 1)} à situer par le nom et le code postal."
    ]


def _departements(services: pl.DataFrame, connus: Connus) -> tuple[list[str], list[str]]:
    """Renvoie les départements que la liste couvre, et ceux où elle n'a que des lignes isolées."""
    comptes: Counter[str] = Counter()
    for code, nombre in services.group_by("code_insee").len().iter_rows():
        if code and connus.connait("COM", code):
            comptes[connus.departement("COM", code)] += nombre
    if not comptes:
        postaux = services["code_postal"].drop_nulls()
        debuts = [cp[:3] if cp.startswith("97") else cp[:2] for cp in postaux if cp[:2] != "20"]
        comptes = Counter(d for d in debuts if connus.connait("DEP", d))
    plancher = PART_D_UN_DEPARTEMENT_COUVERT * max(comptes.values(), default=0)
    couverts = sorted(d for d, nombre in comptes.items() if nombre >= plancher)
    return couverts, sorted(set(comptes) - set(couverts))


def _nommer(source: Source, gabarit: Gabarit, octets: bytes, *, extension: str) -> Source:
    """Renvoie la source nommée par ce qu'elle couvre, non par sa date.

    Une liste plus récente des mêmes territoires prend ainsi la place de la précédente, au lieu de
    compter ses services une seconde fois.
    """
    codes = source.couverture.departements
    if not codes:
        etendue = "france"
    elif len(codes) <= _DEPARTEMENTS_NOMMES:
        etendue = "-".join(codes)
    else:
        condense = hashlib.sha256(" ".join(codes).encode()).hexdigest()[:6]
        etendue = f"{len(codes)}-departements-{condense}"
    nom = nom_de_source(gabarit.id, etendue)
    (fichier,) = source.fichiers
    range_ = fichier.model_copy(update={"fichier": chemin_du_fichier(nom, octets, extension)})
    return source.model_copy(update={"id": nom, "fichiers": (range_,)})


def _borner(source: Source, departements: list[str], declaree: Couverture) -> Source:
    """Renvoie la source limitée aux départements couverts, si la liste est locale."""
    if not 0 < len(departements) <= PARTIE_DE_FRANCE:
        return source
    couverture = Couverture(departements=tuple(departements), sauf=declaree.sauf)
    return source.model_copy(update={"couverture": couverture})
