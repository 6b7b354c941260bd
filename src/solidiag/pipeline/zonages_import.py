"""Ajouter la liste des communes d'un contrat, donnée par une personne."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl

from solidiag.catalogue.dispositif import TypeDispositif
from solidiag.catalogue.source import Couverture, Fichier, Licence, Source
from solidiag.errors import ClasseurFautif, FichierRefuse, FormatInattendu
from solidiag.geography.recherche import simplifier
from solidiag.geography.referentiel import Referentiel
from solidiag.pipeline.importation import Resultat, deposer, lire_fichier
from solidiag.pipeline.zonages import EMBARQUES, Lieu, situer_les_territoires, type_de_zonage
from solidiag.sources.contenants import ouvrir
from solidiag.sources.controle import chemin_du_fichier, nom_de_source
from solidiag.sources.formes import LIGNES_DE_TETE
from solidiag.sources.vues import Vue, vues_de
from solidiag.sources.zonages_fournis import LECTEUR_ZONAGE, OptionsZonage, lire_zonage
from solidiag.storage.ajouts import Ajouts, dossier_des_donnees
from solidiag.storage.depot import Depot

_TERRITOIRES = (
    "codgeo", "insee_com", "code_insee", "code_commune", "code_insee_commune", "depcom", "insee",
    "siren_epci", "siren_groupement", "code_epci", "epci", "siren", "code", "territoire",
    "commune", "intercommunalite",
)  # fmt: skip
"""Noms, simplifiés, d'une colonne de territoires, les codes d'abord."""

_NOMS = ("nom_du_contrat", "nom_contrat", "contrat", "lib_contrat", "nom", "libelle", "intitule")
_DATES = ("date_signature", "date_de_signature", "signature", "debut")
_CITES = 6
_PERSONNE = re.compile(r"[\w.+-]+@[\w-]+\.\w|(?<!\d)0[1-9]([ ./-]?\d{2}){4}(?!\d)")


@dataclass(frozen=True, kw_only=True)
class ExamenZonage:
    """Une liste comprise et prête à ajouter.

    Parameters
    ----------
    contrats
        Noms des contrats.
    communes
        Nombre de communes du COG courant.
    lignes, ecartees
        Nombre de lignes retenues, et écartées parce que fautives.
    """

    nom: str
    octets: bytes
    genre: TypeDispositif
    source: Source
    contrats: tuple[str, ...]
    communes: int
    lignes: int
    ecartees: tuple[str, ...]
    remplace: bool
    remarques: tuple[str, ...]


def examiner_zonage(
    chemin: Path,
    *,
    depot: Depot,
    referentiel: Referentiel,
    zonage: str,
    jour: date,
    colonne_nom: str = "",
    colonne_territoire: str = "",
    millesime: str = "",
    malgre_les_fautes: bool = False,
) -> ExamenZonage:
    """Renvoie une liste comprise, sans rien ajouter.

    Parameters
    ----------
    zonage
        Type de dispositif : identifiant, sigle ou nom.
    colonne_nom, colonne_territoire
        Colonnes, si leur nom ne les fait pas reconnaître.
    millesime
        Année de la liste ; à défaut celle de ``jour``.
    malgre_les_fautes
        Vrai : les lignes fautives sont écartées, et dites ; faux : elles arrêtent tout.

    Raises
    ------
    FichierRefuse
        Si le fichier ne s'ouvre pas, si le type est inconnu, ou si une colonne manque.
    ClasseurFautif
        Avec toutes les lignes fautives.
    """
    types = {genre.id: genre for genre in depot.dispositifs}
    genre = type_de_zonage(zonage, types)
    if genre is None:
        connus = ", ".join(t.sigle or t.id for t in types.values() if t.zonage not in EMBARQUES)
        raise FichierRefuse(
            chemin.name, f"« {zonage} » n'est pas un type de dispositif", f"choix : {connus}"
        )
    if genre.zonage in EMBARQUES:
        raise FichierRefuse(
            chemin.name,
            f"« {genre.nom} » est déjà donné par un fichier embarqué",
            "il n'a pas à être fourni ; choisissez un autre type",
        )
    if millesime and not re.fullmatch(r"(19|20)\d{2}", millesime):
        raise FichierRefuse(
            chemin.name, f"« {millesime} » n'est pas une année", "donnez --millesime AAAA"
        )
    octets = lire_fichier(chemin)
    vue, rang, colonnes = _colonnes(
        octets, chemin.name, genre, nom=colonne_nom, territoire=colonne_territoire
    )
    source = _source(
        octets, vue, rang, colonnes, genre=genre, millesime=millesime or str(jour.year),
        cog=referentiel.cog, nom=chemin.name,
    )  # fmt: skip
    try:
        lues = lire_zonage(octets, source, source.fichiers[0])
    except FormatInattendu as erreur:
        raise FichierRefuse(
            chemin.name,
            f"attendu {erreur.attendu}, trouvé {erreur.trouve}",
            "donnez une liste remplie, un en-tête puis une ligne par territoire",
        ) from erreur
    lieux = situer_les_territoires(lues["territoire"], referentiel)
    fautes = list(_fautes(lues, lieux, colonnes))
    fautives = {rang for rang, _ in fautes}
    bonnes = lues.filter(~pl.col("ligne").is_in(sorted(fautives)))
    if fautes and not (malgre_les_fautes and not bonnes.is_empty()):
        raise ClasseurFautif(
            chemin.name,
            [faute for _, faute in fautes],
            bonnes=bonnes["ligne"].n_unique(),
            fautives=len(fautives),
        )
    if bonnes.is_empty():
        raise FichierRefuse(chemin.name, "il n'a aucune ligne", "donnez une liste remplie")
    communes = {c for texte in bonnes["territoire"] for c in lieux[texte].communes}
    source = _finir(source, communes, genre, referentiel, sorted(fautives))
    ajouts = depot.ajouts or Ajouts(dossier_des_donnees())
    remarques = [*_reports(bonnes["territoire"], lieux)]
    if not millesime:
        remarques.append(
            f"Aucune année donnée : {jour.year}, celle de l'ajout (--millesime pour une autre)."
        )
    return ExamenZonage(
        nom=chemin.name,
        octets=octets,
        genre=genre,
        source=source,
        contrats=tuple(sorted(bonnes["valeur"].unique())),
        communes=len(communes),
        lignes=bonnes["ligne"].n_unique(),
        ecartees=tuple(faute for _, faute in fautes),
        remplace=source.id in ajouts.noms(),
        remarques=tuple(remarques),
    )


def ajouter_zonage(examen: ExamenZonage, *, depot: Depot, jour: date) -> Resultat:
    """Ajoute une liste examinée ; la précédente de même nom est gardée dans ``anciens/``.

    Raises
    ------
    SortieImpossible
        Si le dossier de données ne s'écrit pas ; les ajouts déjà là sont intacts.
    """
    return deposer(
        examen.source,
        examen.octets,
        comment=f"liste de territoires donnée sous le nom « {examen.nom} »",
        remplace=examen.remplace,
        depot=depot,
        jour=jour,
    )


def _colonnes(
    octets: bytes, nom_du_fichier: str, genre: TypeDispositif, *, nom: str, territoire: str
) -> tuple[Vue, int, dict[str, str]]:
    """Trouve le tableau, la ligne de son en-tête, et les colonnes ; la première qui convient."""
    sigle = _simple(genre.sigle.partition(" ")[0] or genre.id)
    noms = (f"lib_{sigle}", f"nom_{sigle}", f"nom_du_{sigle}", sigle, *_NOMS)
    meilleur: tuple[int, list[str]] = (-1, [])
    for contenu in ouvrir(octets, nom_du_fichier):
        for facons in vues_de(contenu, nom_du_fichier):
            for vue in facons:
                for rang, ligne in enumerate(vue.lignes[:LIGNES_DE_TETE]):
                    presentes = [cellule.strip() for cellule in ligne if cellule.strip()]
                    trouvees = {
                        "territoire": _trouver(presentes, territoire, _TERRITOIRES),
                        "nom": _trouver(presentes, nom, noms),
                    }
                    if all(trouvees.values()) and len(set(trouvees.values())) == len(trouvees):
                        trouvees["debut"] = _trouver(presentes, "", _DATES)
                        return vue, rang, trouvees
                    note = sum(bool(v) for v in trouvees.values()) * 100 + len(presentes)
                    if rang == 0 and note > meilleur[0]:
                        meilleur = note, presentes
    vues = ", ".join(f"« {colonne[:40]} »" for colonne in meilleur[1][:_CITES]) or "aucune"
    manque = [
        texte
        for voulu, connus, texte in (
            (territoire, _TERRITOIRES, "des territoires (code de commune ou Siren d'EPCI)"),
            (nom, noms, "du nom du contrat"),
        )
        if not _trouver(meilleur[1], voulu, connus)
    ]
    raison = " ni ".join(manque) or "des territoires, distincte de celle du nom du contrat,"
    raise FichierRefuse(
        nom_du_fichier,
        f"on n'y trouve pas la colonne {raison} ; colonnes trouvées : {vues}",
        "nommez-les avec --colonne-territoire et --colonne-nom",
    )


def _trouver(presentes: Sequence[str], voulue: str, connus: Iterable[str]) -> str:
    par_nom = {_simple(colonne): colonne for colonne in reversed(presentes)}
    if voulue:
        return voulue if voulue in presentes else par_nom.get(_simple(voulue), "")
    return next((par_nom[connu] for connu in connus if connu in par_nom), "")


def _simple(texte: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", simplifier(texte)).strip("_")


def _source(
    octets: bytes,
    vue: Vue,
    rang: int,
    colonnes: dict[str, str],
    *,
    genre: TypeDispositif,
    millesime: str,
    cog: int,
    nom: str,
) -> Source:
    lecture: dict[str, object] = {"sauter": rang, "colonne_code": colonnes["territoire"]}
    lecture["lignes"] = "plusieurs"
    if vue.contenu.membre:
        lecture["membre"] = vue.contenu.membre
    if vue.feuille:
        lecture["feuille"] = vue.feuille
    if vue.contenu.genre == "texte":
        lecture |= {"separateur": vue.separateur, "encodage": vue.encodage}
    options = OptionsZonage.model_validate({"zonage": genre.id, "lecture": lecture, **colonnes})
    identifiant = nom_de_source(f"zonage.{genre.id}", "france")
    return Source(
        id=identifiant,
        titre=f"{genre.titre} : liste de territoires",
        producteur="Personne qui a donné la liste",
        licence=Licence(id="saisie-locale"),
        champ=f"territoires des contrats de « {nom} »",
        limites=("Liste donnée par une personne : un territoire absent peut avoir un contrat.",),
        fichiers=(
            Fichier(
                id="fichier",
                fichier=chemin_du_fichier(identifiant, octets, vue.contenu.extension),
                millesime=millesime,
                cog=cog,
                niveau="mixte",
                lecteur=LECTEUR_ZONAGE,
                options=options.model_dump(mode="json", exclude_defaults=True),
            ),
        ),
    )


def _finir(
    source: Source,
    communes: set[str],
    genre: TypeDispositif,
    referentiel: Referentiel,
    ecartees: Sequence[int],
) -> Source:
    """Nomme la source d'après son département : deux départements ont chacun la leur."""
    comptes = Counter(
        referentiel.communes.filter(pl.col("code").is_in(sorted(communes)))["departement"]
    )
    principal, nombre = comptes.most_common(1)[0]
    local = 2 * nombre > len(communes)
    identifiant = nom_de_source(f"zonage.{genre.id}", principal if local else "france")
    (fichier,) = source.fichiers
    s = "s" if len(ecartees) > 1 else ""
    dites = (
        f"{len(ecartees)} ligne{s} fautive{s} écartée{s} à l'import "
        f"(ligne{s} {', '.join(str(rang) for rang in ecartees)}).",
    )
    options = {**fichier.options, **({"ecartees": list(ecartees)} if ecartees else {})}
    return source.model_copy(
        update={
            "id": identifiant,
            "couverture": Couverture(departements=tuple(sorted(comptes)) if local else ()),
            "limites": (*source.limites, *(dites if ecartees else ())),
            "fichiers": (
                fichier.model_copy(
                    update={
                        "fichier": fichier.fichier.replace(source.id, identifiant),
                        "options": options,
                    }
                ),
            ),
        }
    )


def _fautes(
    lues: pl.DataFrame, lieux: dict[str, Lieu], colonnes: dict[str, str]
) -> Iterator[tuple[int, str]]:
    """Parcourt les fautes, une phrase chacune, dans l'ordre du fichier."""
    for ligne in lues.iter_rows(named=True):
        rang, texte, valeur = ligne["ligne"], ligne["territoire"], ligne["valeur"]
        debut = f"ligne {rang}, colonne"
        if motif := lieux[texte].motif:
            dit = motif if not texte else f"« {texte} » {motif}"
            yield rang, f"{debut} « {colonnes['territoire']} » : {dit}"
        if not valeur:
            yield rang, f"{debut} « {colonnes['nom']} » : le nom du contrat est vide"
        elif _PERSONNE.search(valeur):
            yield (
                rang,
                f"{debut} « {colonnes['nom']} » : une adresse électronique ou un téléphone y est "
                "écrit",
            )


def _reports(textes: Iterable[str], lieux: dict[str, Lieu]) -> Iterator[str]:
    """Dit les anciens codes ramenés au découpage courant, tous."""
    reports = [r for t in dict.fromkeys(textes) if (r := lieux[t].report) is not None]
    if not reports:
        return
    suites = ", ".join(f"{r.donne} → {' et '.join(r.communes)}" for r in reports)
    s = "s" if len(reports) > 1 else ""
    yield f"Code{s} ramené{s} au découpage d'aujourd'hui : {suites}."
