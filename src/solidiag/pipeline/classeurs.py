"""Classeurs remplis à la main : en écrire un vierge, examiner un classeur rempli, l'ajouter."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from solidiag.catalogue.classeur import Classeur
from solidiag.catalogue.service import lire_categories
from solidiag.catalogue.source import Couverture, Fichier, Licence, Source
from solidiag.errors import ClasseurFautif, FichierRefuse, TerritoireInconnu
from solidiag.geography.lieux import Lieux
from solidiag.geography.recherche import simplifier
from solidiag.geography.referentiel import Referentiel
from solidiag.model.territoire import Niveau
from solidiag.pipeline.importation import Resultat, deposer, lire_fichier
from solidiag.publication.francais import dans
from solidiag.sources.classeurs.coordination import (
    LECTEUR_COORDINATION,
    controler_dates,
    controler_dispositif,
    controler_lien,
)
from solidiag.sources.classeurs.declaration import OptionsClasseur, dates
from solidiag.sources.classeurs.ecriture import Vierge, ecrire_classeur
from solidiag.sources.classeurs.feuilles import Marque, ouvrir_classeur, reconnaitre_classeur
from solidiag.sources.classeurs.lecture import ClasseurLu, Controle, lire_classeur
from solidiag.sources.classeurs.lexique import LexiqueVivant
from solidiag.sources.classeurs.offre import (
    FEUILLE,
    LECTEUR_OFFRE,
    SANS_CATEGORIE,
    controler_service,
)
from solidiag.sources.contenants import genre_de
from solidiag.sources.controle import chemin_du_fichier, nom_de_source
from solidiag.storage.ajouts import Ajouts, dossier_des_donnees
from solidiag.storage.declarations import charger_dossier, lire_yaml
from solidiag.storage.depot import Depot
from solidiag.storage.sorties import raison_de

LECTEURS = {"offre": LECTEUR_OFFRE, "coordination": LECTEUR_COORDINATION}
"""Classeur → lecteur de son fichier."""

CONTROLES: dict[str, Controle] = {
    "services": controler_service,
    "dispositifs": controler_dispositif,
    "actions": controler_dates,
    "liens": controler_lien,
}
"""Feuille → règle sur une ligne entière."""

HORS_CHAMP = "hors-champ"


@dataclass(frozen=True, kw_only=True)
class ExamenClasseur:
    """Un classeur rempli, compris et prêt à ajouter.

    Parameters
    ----------
    lu
        Lignes sans faute, fautes et remarques.
    source
        Déclaration de l'ajout ; elle ne lit que les lignes sans faute.
    remplace
        Un ajout de même nom sera rangé dans ``anciens/``.
    domaines, communes
        Noms des domaines que disent ses services, et de leurs communes.
    """

    nom: str
    octets: bytes
    marque: Marque
    lu: ClasseurLu
    source: Source
    remplace: bool
    remarques: tuple[str, ...]
    domaines: tuple[str, ...] = ()
    communes: tuple[str, ...] = ()

    @property
    def fautives(self) -> int:
        """Nombre de lignes écartées."""
        return sum(len(lignes) for lignes in self.lu.fautives.values())


def classeurs_declares(depot: Depot) -> dict[str, Classeur]:
    """Renvoie les classeurs à remplir, par identifiant."""
    return {c.id: c for c in charger_dossier(depot.declarations / "classeurs", Classeur)}


def ecrire_vierge(
    nom: str,
    *,
    departement: str,
    vers: Path | None,
    depot: Depot,
    referentiel: Referentiel,
    jour: date,
    organisme: str = "",
) -> Path:
    """Écrit un classeur à remplir ; renvoie son chemin.

    Parameters
    ----------
    nom
        ``offre`` ou ``coordination``.
    departement
        Code ou nom : ses communes et ses intercommunalités font les listes déroulantes.
    vers
        Fichier à écrire ; ``offre-40.xlsx`` par défaut.
    organisme
        Qui remplira le classeur : deux organismes ont ainsi chacun le leur.

    Raises
    ------
    FichierRefuse
        Si le classeur n'existe pas, ou si le fichier existe ou ne s'écrit pas.
    TerritoireInconnu
        Si ce n'est pas un département.
    """
    declares = classeurs_declares(depot)
    if nom not in declares:
        raise FichierRefuse(nom, "ce n'est pas un classeur", f"choix : {', '.join(declares)}")
    code = referentiel.resoudre_departement(departement)
    territoire = referentiel.territoire(f"DEP-{code}")
    listes = listes_du_depot(depot, referentiel, departement=code)
    communes = listes["communes"]
    epci = [libelle for ident, libelle in listes["territoires"].items() if "EPCI-" in ident]
    exemple = next(iter(communes.values()))
    vierge = Vierge(
        listes={**listes, **declares[nom].listes},
        departement=code,
        nom_du_departement=f"{territoire.nom} ({code})",
        organisme=organisme,
        jour=jour,
        exemples={
            "commune": exemple,
            "territoire": epci[0] if epci else exemple,
            "reference": "Association Exemple",
        },
    )
    chemin = vers or Path(f"{nom}-{code}.xlsx")
    try:
        with chemin.open("xb") as flux:
            flux.write(ecrire_classeur(declares[nom], vierge))
    except FileExistsError as erreur:
        raise FichierRefuse(
            str(chemin), "il existe déjà", "choisissez un autre nom avec --vers"
        ) from erreur
    except OSError as erreur:
        raise FichierRefuse(
            str(chemin), f"il ne s'écrit pas ({raison_de(erreur)})", "choisissez un autre dossier"
        ) from erreur
    return chemin


def listes_du_depot(
    depot: Depot, referentiel: Referentiel, *, departement: str
) -> dict[str, dict[str, str]]:
    """Renvoie les listes que le programme remplit : valeur stable → libellé.

    Sans département, les communes et les territoires sont vides : ils se cherchent en France.
    """
    categories = lire_categories(depot.declaration("services/categories.yaml"))
    domaines = {d.id: d.libelle for d in depot.grille.domaines}
    return {
        "categories": {
            nom: c.libelle
            for nom, c in sorted(categories.items(), key=lambda n: simplifier(n[1].libelle))
            if c.recense and nom not in _sans_saisie(categories)
        },
        "domaines": domaines,
        "domaines_ou_hors_champ": {**domaines, HORS_CHAMP: "hors champ"},
        "publics": dict(depot.declaration("services/publics.yaml")),
        "types_dispositif": _dispositifs(depot),
        **_lieux_du_departement(referentiel, departement),
    }


def _sans_saisie(categories: Mapping[str, object]) -> set[str]:
    """Catégories qui disent d'où vient la ligne, et que l'on ne saisit pas."""
    return {SANS_CATEGORIE, *(nom for nom in categories if nom.endswith("-data-inclusion"))}


def _dispositifs(depot: Depot) -> dict[str, str]:
    """Renvoie les types de dispositif déclarés : identifiant → nom, sigle entre parenthèses."""
    types: dict[str, str] = {}
    for chemin in sorted((depot.declarations / "dispositifs").glob("*.yaml")):
        contenu = lire_yaml(chemin)
        for element in contenu if isinstance(contenu, list) else ():
            sigle = element.get("sigle", "")
            types[element["id"]] = element["nom"] + (f" ({sigle})" if sigle else "")
    return {**dict(sorted(types.items(), key=lambda t: simplifier(t[1]))), "autre": "autre"}


def _lieux_du_departement(referentiel: Referentiel, departement: str) -> dict[str, dict[str, str]]:
    if not departement:
        return {"communes": {}, "territoires": {}}
    communes = {
        code: f"{referentiel.nom(f'COM-{code}')} ({code})"
        for code in referentiel.communes_du_departement(departement)
    }
    communes = dict(sorted(communes.items(), key=lambda c: simplifier(c[1])))
    territoires = {f"DEP-{departement}": f"{referentiel.nom(f'DEP-{departement}')} ({departement})"}
    for code in referentiel.epci_du_departement(departement):
        territoires[f"EPCI-{code}"] = f"{referentiel.nom(f'EPCI-{code}')} ({code})"
    territoires |= {f"COM-{code}": libelle for code, libelle in communes.items()}
    return {"communes": communes, "territoires": territoires}


def est_un_classeur(chemin: Path, depot: Depot) -> bool:
    """Dit si un fichier est un de nos classeurs, à sa marque ou à ses colonnes ; jamais à son nom.

    Un fichier qui ne se lit pas n'en est pas un : l'import habituel dira pourquoi.
    """
    try:
        contenant = ouvrir_classeur(lire_fichier(chemin), chemin.name)
        declares = classeurs_declares(depot).values()
        return contenant is not None and reconnaitre_classeur(contenant, declares) is not None
    except FichierRefuse as erreur:
        return "version" in erreur.raison


def examiner_classeur(
    chemin: Path,
    *,
    depot: Depot,
    referentiel: Referentiel,
    jour: date,
    malgre_les_fautes: bool = False,
) -> ExamenClasseur:
    """Renvoie un classeur rempli, compris, sans rien ajouter.

    Parameters
    ----------
    malgre_les_fautes
        Vrai : les lignes fautives sont écartées, et dites ; faux : elles arrêtent tout.

    Raises
    ------
    FichierRefuse
        Si le classeur ne s'ouvre pas, n'est pas des nôtres, ou n'a pas ses colonnes obligatoires.
    ClasseurFautif
        Avec toutes les fautes, s'il y en a et qu'on ne les tolère pas, ou si rien n'est juste.
    """
    octets = lire_fichier(chemin)
    contenant = ouvrir_classeur(octets, chemin.name)
    declares = classeurs_declares(depot)
    reconnu = reconnaitre_classeur(contenant, declares.values()) if contenant else None
    if contenant is None or reconnu is None:
        raise FichierRefuse(
            chemin.name,
            "ce n'est pas un classeur de Solidiag",
            "partez d'un classeur vierge : « solidiag sources classeur offre »",
        )
    classeur, marque = reconnu
    departement = _departement(marque, referentiel)
    lieux = Lieux(referentiel, departement=departement)
    listes = listes_du_depot(depot, referentiel, departement=departement)
    lexique = LexiqueVivant(
        listes={**listes, **classeur.listes},
        chercher_commune=functools.cache(lieux.commune),
        chercher_territoire=functools.cache(lieux.territoire),
    )
    lu = lire_classeur(contenant, classeur, lexique, jour=jour, controles=CONTROLES)
    if lu.fautes and not (malgre_les_fautes and lu.bonnes):
        raise ClasseurFautif(
            chemin.name,
            [str(faute) for faute in lu.fautes],
            bonnes=lu.bonnes,
            fautives=sum(len(lignes) for lignes in lu.fautives.values()),
            remarques=lu.remarques,
        )
    source = _source(chemin.name, octets, classeur, marque, lu, lexique, referentiel)
    remarques = list(lu.remarques)
    if not marque.lue:
        remarques.insert(0, "La marque du classeur manque : il est reconnu à ses colonnes.")
    ajouts = depot.ajouts or Ajouts(dossier_des_donnees())
    return ExamenClasseur(
        nom=chemin.name,
        octets=octets,
        marque=marque,
        lu=lu,
        source=source,
        remplace=source.id in ajouts.noms(),
        remarques=tuple(remarques),
        domaines=_domaines_dits(lu, depot),
        communes=tuple(
            sorted(
                {referentiel.nom(f"COM-{code}") for code in _valeurs(lu, "commune")}, key=simplifier
            )
        ),
    )


def _valeurs(lu: ClasseurLu, champ: str) -> Iterator[str]:
    """Parcourt les valeurs d'un champ des services, listes dépliées."""
    for ligne in lu.lignes.get(FEUILLE, ()):
        valeur = ligne.valeurs.get(champ)
        yield from valeur if isinstance(valeur, list) else [valeur] if valeur else []


def _domaines_dits(lu: ClasseurLu, depot: Depot) -> tuple[str, ...]:
    """Libellés des domaines que les services disent, ou que dit leur catégorie."""
    categories = lire_categories(depot.declaration("services/categories.yaml"))
    dits: set[str] = set()
    for ligne in lu.lignes.get(FEUILLE, ()):
        categorie = categories.get(ligne.valeurs.get("categorie") or "")
        dits.update(ligne.valeurs.get("domaines") or (categorie.domaines if categorie else ()))
    return tuple(d.libelle for d in depot.grille.domaines if d.id in dits)


def _departement(marque: Marque, referentiel: Referentiel) -> str:
    try:
        return referentiel.resoudre_departement(marque.departement) if marque.departement else ""
    except TerritoireInconnu:
        return ""


def _source(
    nom: str,
    octets: bytes,
    classeur: Classeur,
    marque: Marque,
    lu: ClasseurLu,
    lexique: LexiqueVivant,
    referentiel: Referentiel,
) -> Source:
    departement = _departement(marque, referentiel)
    organisme = re.sub(r"\W+", "-", simplifier(marque.organisme)).strip("-")[:40]
    base = ".".join(mot for mot in (f"{classeur.id}-saisie", organisme) if mot)
    identifiant = nom_de_source(base, departement or "france")
    _, extension = genre_de(octets, nom)
    options = OptionsClasseur(
        classeur=classeur,
        compris=lexique.compris,
        ecartees={feuille: tuple(lignes) for feuille, lignes in lu.fautives.items()},
    )
    territoire = referentiel.territoire(f"DEP-{departement}") if departement else None
    etendue = dates(lu)
    return Source(
        id=identifiant,
        titre=f"{classeur.titre}{f' ({marque.organisme})' if marque.organisme else ''}",
        producteur=marque.organisme or "Personne qui a rempli le classeur",
        licence=Licence(id="saisie-locale"),
        champ="ce que connaît la personne qui a rempli le classeur"
        + (f", {dans(territoire)}" if territoire else ""),
        couverture=Couverture(departements=(departement,) if departement else ()),
        limites=(
            "Saisie à la main : une ligne absente ne veut pas dire qu'il n'y a rien.",
            *([_dire_ecartees(lu)] if lu.fautes else []),
        ),
        fichiers=(
            Fichier(
                id="fichier",
                fichier=chemin_du_fichier(identifiant, octets, extension),
                millesime=etendue["fin"] or "inconnu",
                cog=referentiel.cog,
                niveau=Niveau.COMMUNE.value,
                lecteur=LECTEURS[classeur.id],
                options=options.en_options(),
            ),
        ),
    )


def _dire_ecartees(lu: ClasseurLu) -> str:
    nombre = sum(len(lignes) for lignes in lu.fautives.values())
    s = "s" if nombre > 1 else ""
    return f"{nombre} ligne{s} fautive{s} écartée{s} à l'import."


def ajouter_classeur(examen: ExamenClasseur, *, depot: Depot, jour: date) -> Resultat:
    """Ajoute un classeur examiné ; le précédent de même nom est gardé dans ``anciens/``.

    Raises
    ------
    SortieImpossible
        Si le dossier de données ne s'écrit pas ; les ajouts déjà là sont intacts.
    """
    return deposer(
        examen.source,
        examen.octets,
        comment=f"classeur rempli à la main, donné sous le nom « {examen.nom} »",
        remplace=examen.remplace,
        depot=depot,
        jour=jour,
    )
