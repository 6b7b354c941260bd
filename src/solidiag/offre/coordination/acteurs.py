"""Acteurs : ceux que l'inventaire nomme, et ceux que la grille prévoit."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from solidiag.catalogue.dispositif import Coordination, Institution
from solidiag.catalogue.grille import Grille
from solidiag.catalogue.service import CategorieService
from solidiag.model.coordination import ACTEURS
from solidiag.offre.coordination.registre import en_table, identifiant
from solidiag.offre.noms import simplifier

NON_NOMME = "non-nomme-"
"""Début d'identifiant d'un service dont la source ne nomme pas qui le rend."""

_LONGUEUR_SURE = 7
"""Un motif plus court (« ft », « ase ») ne désigne pas une institution dans un nom de service."""

_GENRE_SIREN = {
    "20": "bloc_communal",
    "21": "bloc_communal",
    "22": "departement",
    "23": "region",
    "24": "bloc_communal",
    "25": "bloc_communal",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Acteur:
    """Un acteur tel qu'une ligne de service le fait connaître."""

    id: str
    nom: str
    type: str
    remarque: str = ""

    @property
    def nomme(self) -> bool:
        """Dit si la source nomme l'organisme."""
        return not self.id.startswith(NON_NOMME)


def attribuer(
    services: pl.DataFrame,
    coordination: Coordination,
    categories: Mapping[str, CategorieService],
    epci: Mapping[str, str],
    *,
    departement: str = "",
    saisies: Collection[str] = (),
) -> dict[str, Acteur]:
    """Renvoie l'acteur de chaque ligne de service (``id`` → acteur) ; les autres n'en ont pas.

    L'acteur se lit, dans l'ordre : dans la catégorie (une agence France Travail), dans une
    institution que le nom désigne, dans le Siret de la ligne ou d'une ligne du même service, enfin
    dans le nom de la ligne gardée du service, suivi de la commune. Une source qui ne nomme personne
    donne « non nommé ».

    Parameters
    ----------
    services
        Table au schéma `SERVICES`, doublons réunis.
    epci
        Code Siren → nom des intercommunalités.
    departement
        Code du département étudié : une institution départementale d'une commune d'un autre
        département est un autre acteur. Vide : toutes sont confondues.
    saisies
        Sources saisies à la main : une ligne sans structure y donne le nom d'un service, qui ne
        nomme personne.
    """
    colonnes = (
        "id",
        "groupe",
        "categorie",
        "source",
        "nom",
        "structure",
        "siret",
        "commune",
        "code_insee",
    )
    lignes = list(services.select(colonnes).iter_rows(named=True))
    tetes = {ligne["id"]: ligne for ligne in lignes if ligne["id"] == ligne["groupe"]}
    sirets: dict[str, str] = {}
    for ligne in lignes:
        if ligne["siret"] and not coordination.acteur_de(ligne["categorie"]).institution:
            sirets.setdefault(ligne["groupe"] or ligne["id"], ligne["siret"])
    lieux_d_institution = {
        simplifier(ligne["nom"]): coordination.acteur_de(ligne["categorie"]).institution
        for ligne in lignes
        if ligne["nom"]
        and ligne["source"] not in coordination.sources_sans_nom
        and coordination.acteur_de(ligne["categorie"]).institution
    }
    acteurs: dict[str, Acteur] = {}
    for ligne in lignes:
        regle = coordination.acteur_de(ligne["categorie"])
        if regle.ignoree:
            continue
        nom = ligne["structure"] or ligne["nom"] or ""
        institution = coordination.par_id.get(regle.institution)
        if institution is None and not (regle.lieu and ligne["categorie"] == "france-services"):
            institution = _designee(nom, coordination, lieux_d_institution)
        siren = (ligne["siret"] or sirets.get(ligne["groupe"] or ligne["id"]) or "")[:9]
        if institution is None and siren:
            institution = coordination.du_siren(siren)
        if institution is not None and not institution.locale:
            acteurs[ligne["id"]] = _de_l_institution(institution, ligne["code_insee"], departement)
        elif siren in epci:
            acteurs[ligne["id"]] = Acteur(id=f"epci-{siren}", nom=epci[siren], type="bloc_communal")
        else:
            libelle = categories[ligne["categorie"]].libelle
            genre = institution.type if institution else _GENRE_SIREN.get(siren[:2], regle.type)
            tete = tetes.get(ligne["groupe"], ligne)
            muette = tete["source"] in saisies and not tete["structure"]
            if muette and (ligne["structure"] or ligne["source"] not in saisies):
                tete, muette = ligne, False
            acteurs[ligne["id"]] = (
                _par_nom(tete, siren, genre, regle.remarque)
                if siren
                or (nom and not muette and tete["source"] not in coordination.sources_sans_nom)
                else _non_nomme(ligne["categorie"], libelle)
            )
    return _un_nom_par_acteur(acteurs)


def hors_du_departement(code_insee: str | None, departement: str) -> str:
    """Renvoie le département d'une commune si ce n'est pas celui-ci, vide sinon ou si inconnu.

    Examples
    --------
    >>> [hors_du_departement(c, "2A") for c in ("2A004", "2B033", "97411", None)]
    ['', '2B', '974', '']
    """
    code = code_insee or ""
    sien = code[:3] if code.startswith("97") else code[:2]
    return sien if departement and sien != departement else ""


def _de_l_institution(institution: Institution, code_insee: str | None, departement: str) -> Acteur:
    ailleurs = hors_du_departement(code_insee, departement)
    if not (institution.departementale and ailleurs):
        return Acteur(id=institution.id, nom=institution.nom, type=institution.type)
    return Acteur(
        id=f"{institution.id}-{ailleurs.lower()}",
        nom=f"{institution.nom} (département {ailleurs})",
        type=institution.type,
    )


def _designee(nom: str, coordination: Coordination, lieux: Mapping[str, str]) -> Institution | None:
    """Institution qu'un nom désigne : un de ses lieux connus, ou un motif assez long."""
    simple = simplifier(nom)
    morceaux = simple.split(" de ")
    for nombre in range(len(morceaux), 0, -1):
        cle = lieux.get(" de ".join(morceaux[:nombre]))
        if cle is not None:
            return coordination.par_id[cle]
    for institution in coordination.institutions:
        if not institution.locale and institution.nommee_par(simple, au_moins=_LONGUEUR_SURE):
            return institution
    return None


def _par_nom(ligne: Mapping[str, Any], siren: str, genre: str, remarque: str) -> Acteur:
    nom = ligne["structure"] or ligne["nom"] or ""
    if siren:
        return Acteur(id=f"siren-{siren}", nom=nom or siren, type=genre, remarque=remarque)
    commune = ligne["commune"] or ""
    dite = not commune or simplifier(commune) in simplifier(nom)
    complet = nom if dite else f"{nom} ({commune})"
    return Acteur(id=identifiant(complet), nom=complet, type=genre, remarque=remarque)


def _non_nomme(categorie: str, libelle: str) -> Acteur:
    return Acteur(
        id=f"{NON_NOMME}{categorie}",
        nom=f"{libelle} : organisme non nommé par la source",
        type="autre",
    )


def _un_nom_par_acteur(acteurs: Mapping[str, Acteur]) -> dict[str, Acteur]:
    """Donne à chaque identifiant un seul nom : le plus fréquent, puis le premier dans l'ordre."""
    noms: dict[str, Counter[str]] = defaultdict(Counter)
    for acteur in acteurs.values():
        noms[acteur.id][acteur.nom] += 1
    garde = {
        cle: min(c.items(), key=lambda paire: (-paire[1], paire[0]))[0] for cle, c in noms.items()
    }
    genres: dict[str, str] = {}
    for acteur in acteurs.values():
        genres[acteur.id] = min(genres.get(acteur.id, acteur.type), acteur.type)
    return {
        ligne: Acteur(
            id=acteur.id, nom=garde[acteur.id], type=genres[acteur.id], remarque=acteur.remarque
        )
        for ligne, acteur in acteurs.items()
    }


def registre_des_acteurs(
    services: pl.DataFrame,
    acteurs: Mapping[str, Acteur],
    *,
    categories: Mapping[str, CategorieService],
    territoires: Mapping[str, str],
    departement: str,
) -> pl.DataFrame:
    """Renvoie les acteurs constatés dans l'inventaire, au schéma `ACTEURS`.

    Parameters
    ----------
    territoires
        Code de commune → territoire local (``EPCI-…``).
    departement
        Territoire des services sans commune connue (``DEP-40``).
    """
    lots: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for ligne in services.iter_rows(named=True):
        if ligne["id"] in acteurs:
            lots[acteurs[ligne["id"]].id].append(ligne)
    lignes = []
    for cle, lot in sorted(lots.items()):
        acteur = acteurs[lot[0]["id"]]
        sources = sorted({ligne["source"] for ligne in lot})
        lieux = {territoires.get(ligne["code_insee"] or "", departement) for ligne in lot}
        lignes.append(
            {
                "id": cle,
                "nom": acteur.nom,
                "type": acteur.type,
                "competences": sorted({d for ligne in lot for d in ligne["domaines"] or ()}),
                "territoires": sorted(lieux),
                "role": " ; ".join(
                    sorted({categories[ligne["categorie"]].libelle for ligne in lot})
                ),
                "provenance": "public",
                "date_source": max(ligne["date_source"] or "" for ligne in lot) or None,
                "source": " ; ".join(sources),
                "origin": " ; ".join(sorted({ligne["origin"] for ligne in lot if ligne["origin"]})),
                "ligne": lot[0]["ligne"] if len(lot) == 1 else None,
                "remarque": acteur.remarque or None,
            }
        )
    return en_table(lignes, ACTEURS)


def acteurs_prevus(
    grille: Grille, coordination: Coordination, *, departement: str
) -> tuple[pl.DataFrame, list[dict[str, Any]]]:
    """Renvoie les acteurs que la grille prévoit, et leurs rôles prévus.

    Ils ne constatent rien : ``provenance`` vaut ``texte``. Un texte de la grille qui ne désigne
    aucune institution déclarée reste un acteur, sous le nom que la grille lui donne.

    Returns
    -------
    Table au schéma `ACTEURS`, et lignes ``domaine, acteur, role`` (``pilote`` ou ``partenaire``).
    """
    vus: dict[str, tuple[str, str]] = {}
    competences: dict[str, set[str]] = defaultdict(set)
    roles: dict[tuple[str, str], str] = {}
    for domaine in grille.domaines:
        for role, textes in (("pilote", (domaine.pilote,)), ("partenaire", domaine.acteurs)):
            for texte in textes:
                for cle, nom, genre in _nommes(texte, coordination, role=role):
                    vus[cle] = (nom, genre)
                    competences[cle].add(domaine.id)
                    roles.setdefault((domaine.id, cle), role)
    lignes = [
        {
            "id": cle,
            "nom": nom,
            "type": genre,
            "competences": sorted(competences[cle]),
            "territoires": [departement],
            "role": "rôle prévu par la grille, non constaté",
            "provenance": "texte",
            "source": "grille",
        }
        for cle, (nom, genre) in sorted(vus.items())
    ]
    prevus = [
        {"domaine": domaine, "acteur": cle, "role": role}
        for (domaine, cle), role in sorted(roles.items())
    ]
    return en_table(lignes, ACTEURS), prevus


def _nommes(texte: str, coordination: Coordination, *, role: str) -> Iterable[tuple[str, str, str]]:
    institutions = coordination.nommees(simplifier(texte))
    for institution in institutions:
        yield institution.id, institution.nom, institution.type
    nom = re.sub(r"\s*\([^)]*\)", "", texte).strip()
    if not institutions and nom and role == "partenaire":
        yield f"prevu-{identifiant(nom)}", nom[:1].upper() + nom[1:], "autre"
