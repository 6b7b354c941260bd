"""Dispositifs, actions et liens que les données publiques embarquées font connaître."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any

import polars as pl

from solidiag.catalogue.dispositif import Coordination, Periode, TypeDispositif
from solidiag.model.coordination import DISPOSITIFS, LIENS
from solidiag.offre.coordination.acteurs import Acteur, hors_du_departement
from solidiag.offre.coordination.registre import en_table, identifiant
from solidiag.offre.noms import simplifier

ETAT_FINANCEUR = "prefet"
"""Institution qui finance les postes du programme 147."""

CONTRAT_CITE = "contrat-de-ville-cv"
"""Début d'identifiant d'un contrat de ville dont la source ne donne que le code."""

_SIREN_COMMUNE = "21"
_CONTRAT = re.compile(r"contrat de ville (CV\d+)")
_ENTRE_PARENTHESES = re.compile(r"\s*\([^)]*\)\s*$")
_SOURCES_ZONAGES = {
    "frr": "territoires.frr/communes",
    "pvd": "territoires.pvd/communes",
    "acv": "territoires.acv/communes",
    "qpv": "territoires.qpv/communes",
    "industrie": "territoires.industrie/groupements",
    "villages_avenir": "offre.programmes_anct/programmes_2024_40",
}
"""Zonage → fichier qui le donne, quand la table n'a pas sa propre colonne ``origin``."""

GRAND_PARIS = "EPCI-200054781"
"""Métropole qui ne porte pas elle-même les contrats de ville de ses communes."""

_PORTEUR_INCONNU = (
    "plusieurs contrats, portés par des communes ou des établissements publics territoriaux ; le "
    "fichier ne dit pas lesquels"
)
_PROGRAMMES = {"pvd", "acv", "villages_avenir"}
"""Zonages dont la source ne donne que des communes retenues : un seul dispositif."""


def dispositifs_des_zonages(
    zonages: pl.DataFrame,
    types: Mapping[str, TypeDispositif],
    *,
    communes: Mapping[str, str],
    territoires: Mapping[str, str],
    nommer: Callable[[str], str],
    departement: str,
) -> pl.DataFrame:
    """Renvoie les dispositifs que les zonages embarqués donnent, au schéma `DISPOSITIFS`.

    Un contrat de ville par intercommunalité qui a des quartiers prioritaires, un territoire
    d'industrie par libellé, une ligne par programme de communes et par classement rural.

    Parameters
    ----------
    zonages
        ``commune, zonage, valeur, millesime`` dans le département : ceux du référentiel, et les
        programmes qu'un fichier ne donne que pour certains départements.
    communes
        Code de commune → nom.
    territoires
        Code de commune → territoire local (``EPCI-…``).
    nommer
        Donne le nom d'un territoire.
    departement
        Code du département, qui choisit les dates.
    """
    lignes: list[dict[str, Any]] = []
    for genre in types.values():
        table = zonages.filter(pl.col("zonage") == genre.zonage)
        if not genre.zonage or table.is_empty():
            continue
        periode = genre.periode_de(departement)
        origine = _SOURCES_ZONAGES.get(genre.zonage, f"zonage.{genre.zonage}")
        for nom, lieux, valeurs in _regrouper(genre, table, communes, territoires, nommer):
            lignes.append(
                {
                    "id": genre.id if nom == genre.nom else f"{genre.id}-{identifiant(nom)}",
                    "type": genre.id,
                    "nom": genre.titre if nom == genre.nom else f"{genre.titre} : {nom}",
                    "debut": periode.debut or None,
                    "fin": periode.fin or None,
                    "territoires": lieux,
                    "publics": list(genre.publics),
                    "domaines": list(genre.domaines),
                    "hors_champ": genre.hors_champ,
                    "financeurs": [],
                    "provenance": "public",
                    "date_source": str(table["millesime"][0]),
                    "source": origine.partition("/")[0],
                    "origin": origine,
                    "remarque": _remarque(genre, periode, valeurs),
                }
            )
    return en_table(lignes, DISPOSITIFS)


def _regrouper(
    genre: TypeDispositif,
    table: pl.DataFrame,
    communes: Mapping[str, str],
    territoires: Mapping[str, str],
    nommer: Callable[[str], str],
) -> Iterator[tuple[str, list[str], str]]:
    """Parcourt (nom, territoires, précision) de chaque dispositif d'un zonage."""
    lots: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for commune, valeur in table.select("commune", "valeur").sort("commune").iter_rows():
        cle = valeur
        if genre.zonage == "qpv":
            cle = territoires.get(commune, f"COM-{commune}")
        elif genre.zonage in _PROGRAMMES:
            cle = genre.nom
        lots[cle].append((commune, valeur))
    for cle, lot in sorted(lots.items()):
        codes = [commune for commune, _ in lot]
        lieux = [f"COM-{commune}" for commune in codes]
        if genre.zonage == "qpv":
            quartiers = " ; ".join(f"{communes[c]} : {valeur}" for c, valeur in lot)
            autre = f" ; {_PORTEUR_INCONNU}" if cle == GRAND_PARIS else ""
            yield nommer(cle), lieux, f"quartiers prioritaires de 2024 : {quartiers}{autre}"
        elif genre.zonage == "industrie":
            groupes = sorted({territoires.get(c, f"COM-{c}") for c in codes})
            yield cle, groupes, "intercommunalités du territoire qui touchent le département"
        else:
            pluriel = "s" if len(lieux) > 1 else ""
            yield cle, lieux, f"{len(lieux)} commune{pluriel} de la liste"


def _remarque(genre: TypeDispositif, periode: Periode, precision: str) -> str | None:
    dates = f"dates d'après : {periode.d_apres}" if periode.debut or periode.fin else ""
    morceaux = (precision, dates, genre.remarque.rstrip("."))
    return " ; ".join(morceau for morceau in morceaux if morceau) or None


def dispositifs_des_services(
    services: pl.DataFrame,
    types: Mapping[str, TypeDispositif],
    *,
    territoires: Mapping[str, str],
    departement: str,
) -> pl.DataFrame:
    """Renvoie les labels et postes dont l'inventaire donne les lieux, un par type.

    Les postes de la politique de la ville y ajoutent le contrat de ville que la source cite par son
    code, sans territoire ni date. Voir `rattacher_contrats` pour celui qui a déjà un nom.
    """
    lignes: list[dict[str, Any]] = []
    for genre in types.values():
        lot = services.filter(pl.col("categorie").is_in(list(genre.categories)))
        if not genre.categories or lot.is_empty():
            continue
        lieux = sorted({territoires.get(c, departement) for c in lot["code_insee"].drop_nulls()})
        lignes.append(
            {
                "id": genre.id,
                "type": genre.id,
                "nom": genre.nom,
                "territoires": lieux or [departement],
                "publics": list(genre.publics),
                "domaines": list(genre.domaines),
                "hors_champ": genre.hors_champ,
                "financeurs": [],
                "remarque": _compte(lot),
                **_d_ou(lot),
            }
        )
    for code, lot in _par_contrat(services):
        lignes.append(
            {
                "id": f"{CONTRAT_CITE}{code.removeprefix('CV')}",
                "type": "contrat-de-ville",
                "nom": f"Contrat de ville {code} (code de la source)",
                "territoires": [departement],
                "domaines": list(types["contrat-de-ville"].domaines),
                "publics": list(types["contrat-de-ville"].publics),
                "hors_champ": False,
                "financeurs": [ETAT_FINANCEUR],
                "remarque": (
                    "cité par la source des postes ; ni territoire ni dates ; contrat de la "
                    f"génération en cours l'année de la source ; {_compte(lot)}"
                ),
                **_d_ou(lot),
            }
        )
    return en_table(lignes, DISPOSITIFS)


def rattacher_contrats(
    dispositifs: pl.DataFrame, services: pl.DataFrame, *, territoires: Mapping[str, str]
) -> pl.DataFrame:
    """Renvoie les dispositifs, un contrat de ville cité par son code réuni à celui qui a un nom.

    Le code ne dit pas son territoire ; ses employeurs publics (commune, intercommunalité, par leur
    Siren) le disent quand ils sont tous d'une seule agglomération, qu'un contrat nommé y existe et
    qu'aucun autre code ne la désigne. Le contrat nommé gagne alors une remarque, sans plus : le
    financement des postes reste un lien entre l'État et leurs employeurs.
    Sinon la ligne reste, et son identifiant commence par `CONTRAT_CITE`.
    """
    nommes: dict[str, list[str]] = defaultdict(list)
    contrats = dispositifs.filter(
        pl.col("type") == "contrat-de-ville", ~pl.col("id").str.starts_with(CONTRAT_CITE)
    )
    for cle, lieux in contrats.select("id", "territoires").iter_rows():
        for lieu in {territoires.get(t.removeprefix("COM-"), t) for t in lieux or ()}:
            nommes[lieu].append(cle)
    designes: dict[str, list[str]] = defaultdict(list)
    for code, lot in _par_contrat(services):
        lieux = {
            lieu
            for siret, commune in lot.select("siret", "code_insee").iter_rows()
            for lieu in [_agglomeration(siret or "", commune or "", territoires)]
            if lieu
        }
        if len(lieux) == 1 and len(nommes[lieu := lieux.pop()]) == 1:
            designes[nommes[lieu][0]].append(code)
    lignes = dispositifs.to_dicts()
    par_id = {ligne["id"]: ligne for ligne in lignes}
    retires = set()
    for cle, codes in designes.items():
        cite = par_id.get(f"{CONTRAT_CITE}{codes[0].removeprefix('CV')}")
        if len(codes) > 1 or cite is None:
            continue
        retires.add(cite["id"])
        nomme = par_id[cle]
        precision = (
            f"sans doute le contrat {codes[0]} de la source des postes, d'après ses employeurs "
            f"publics ({cite['origin']})"
        )
        nomme["remarque"] = f"{nomme['remarque']} ; {precision}" if nomme["remarque"] else precision
    return en_table([ligne for ligne in lignes if ligne["id"] not in retires], DISPOSITIFS)


def _agglomeration(siret: str, commune: str, territoires: Mapping[str, str]) -> str:
    """Renvoie le territoire d'un employeur public, vide pour un autre."""
    if siret.startswith(_SIREN_COMMUNE):
        return territoires.get(commune, "")
    epci = f"EPCI-{siret[:9]}"
    return epci if epci in set(territoires.values()) else ""


def _compte(lot: pl.DataFrame) -> str:
    """Dit combien de lieux et de postes ; un employeur de deux listes ne compte qu'une fois."""
    par_groupe = lot.group_by(pl.col("groupe").fill_null(pl.col("id"))).agg(
        pl.col("capacite").filter(pl.col("capacite_unite") == "postes").max()
    )
    nombre, postes = par_groupe.height, par_groupe["capacite"].sum()
    texte = f"{nombre} lieu ou employeur" if nombre == 1 else f"{nombre} lieux ou employeurs"
    if not postes:
        return texte
    return f"{texte} ; {postes:.0f} poste" + ("s" if postes > 1 else "")


def _d_ou(lot: pl.DataFrame) -> dict[str, Any]:
    return {
        "provenance": "public",
        "date_source": max(lot["date_source"].drop_nulls(), default=None),
        "source": " ; ".join(sorted(lot["source"].unique())),
        "origin": " ; ".join(sorted(lot["origin"].drop_nulls().unique())),
    }


def _par_contrat(services: pl.DataFrame) -> list[tuple[str, pl.DataFrame]]:
    """Renvoie les postes de la politique de la ville, par code de contrat de ville."""
    lots: dict[str, list[str]] = defaultdict(list)
    for ligne, remarque in services.select("id", "remarque").iter_rows():
        trouve = _CONTRAT.search(remarque or "")
        if trouve:
            lots[trouve.group(1)].append(ligne)
    return [(code, services.filter(pl.col("id").is_in(ids))) for code, ids in sorted(lots.items())]


def liens_de_cofinancement(services: pl.DataFrame, acteurs: Mapping[str, Acteur]) -> pl.DataFrame:
    """Renvoie les liens de la politique de la ville, au schéma `LIENS`.

    Chaque employeur est lié à l'État qui finance ses postes, et à ceux du même contrat de ville :
    ce second lien (``meme_dispositif``) ne dit pas qu'ils se parlent.
    """
    lignes: list[dict[str, Any]] = []
    for code, lot in _par_contrat(services):
        employeurs: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for ligne in lot.iter_rows(named=True):
            if ligne["id"] in acteurs:
                employeurs[acteurs[ligne["id"]].id].append(ligne)
        for employeur, postes in sorted(employeurs.items()):
            total = sum(poste["capacite"] or 0 for poste in postes)
            lignes.append(
                {
                    "acteur_a": ETAT_FINANCEUR,
                    "acteur_b": employeur,
                    "type": "cofinancement",
                    "objet": f"{total:.0f} poste{'s' if total > 1 else ''} de la politique de la "
                    f"ville, contrat {code}",
                    "ligne": postes[0]["ligne"] if len(postes) == 1 else None,
                    **_d_ou(lot.filter(pl.col("id").is_in([p["id"] for p in postes]))),
                }
            )
        for a, b in combinations(sorted(employeurs), 2):
            lignes.append(
                {
                    "acteur_a": a,
                    "acteur_b": b,
                    "type": "meme_dispositif",
                    "objet": f"postes du contrat de ville {code}",
                    "remarque": "même financement ; aucun échange n'est constaté",
                    **_d_ou(lot),
                    "provenance": "deduit",
                }
            )
    return en_table(lignes, LIENS)


def liens_de_lieu(
    services: pl.DataFrame,
    paires: pl.DataFrame,
    acteurs: Mapping[str, Acteur],
    *,
    territoires: Mapping[str, str],
) -> pl.DataFrame:
    """Renvoie les lieux partagés, au schéma `LIENS` : deux acteurs à la même adresse ou point.

    Une paire de services distincts d'un même lieu (`solidiag.offre.doublons.PAIRES`) relie leurs
    acteurs, s'ils sont deux (`meme_organisme`) et si les sources les nomment. Un lien par couple
    d'acteurs et commune.

    Parameters
    ----------
    paires
        Paires comparées par la recherche de doublons.
    """
    par_id = {ligne["id"]: ligne for ligne in services.iter_rows(named=True)}
    lots: dict[tuple[str, str, str], list[tuple[dict[str, Any], dict[str, Any], str]]] = {}
    memes = paires.filter((pl.col("verdict") == "meme_lieu") & ~pl.col("reunies"))
    for un, deux, motif in memes.select("id_a", "id_b", "motif").iter_rows():
        if not {un, deux} <= set(acteurs) or not {un, deux} <= set(par_id):
            continue
        a, b = sorted((acteurs[un], acteurs[deux]), key=lambda acteur: acteur.id)
        if a.id == b.id or not (a.nomme and b.nomme):
            continue
        if meme_organisme((a.nom, b.nom), (par_id[un]["siret"], par_id[deux]["siret"])):
            continue
        commune = par_id[un]["code_insee"] or par_id[deux]["code_insee"] or ""
        lots.setdefault((a.id, b.id, commune), []).append((par_id[un], par_id[deux], motif or ""))
    lignes = []
    for (a_id, b_id, commune), lot in sorted(lots.items()):
        services_du_lieu = [ligne for un, deux, _ in lot for ligne in (un, deux)]
        dates = sorted({ligne["date_source"] for ligne in services_du_lieu if ligne["date_source"]})
        lieu = services_du_lieu[0]["commune"] or services_du_lieu[1]["commune"] or ""
        lignes.append(
            {
                "acteur_a": a_id,
                "acteur_b": b_id,
                "type": "lieu_partage",
                "territoire": territoires.get(commune, f"COM-{commune}" if commune else None),
                "objet": f"même lieu à {lieu}" if lieu else "même lieu",
                "provenance": "deduit",
                "date_source": dates[0] if dates else None,
                "source": " ; ".join(sorted({ligne["source"] for ligne in services_du_lieu})),
                "origin": " ; ".join(
                    sorted({ligne["origin"] for ligne in services_du_lieu if ligne["origin"]})
                ),
                "remarque": lot[0][2] or None,
            }
        )
    return en_table(lignes, LIENS)


def meme_organisme(noms: tuple[str, str], sirets: tuple[str | None, str | None] = ("", "")) -> bool:
    """Dit si deux acteurs paraissent un seul : même Siren, ou un nom qui contient l'autre.

    Examples
    --------
    >>> meme_organisme(("Centre hospitalier de Dax", "EHPAD Centre hospitalier de Dax (Dax)"))
    True
    >>> meme_organisme(("Mission locale", "Association Passerelle"))
    False
    """
    sirens = [(siret or "")[:9] for siret in sirets]
    if sirens[0] and sirens[0] == sirens[1]:
        return True
    un, deux = sorted((simplifier(_ENTRE_PARENTHESES.sub("", nom)) for nom in noms), key=len)
    return bool(un) and f" {un} " in f" {deux} "


def liens_de_label(
    services: pl.DataFrame,
    acteurs: Mapping[str, Acteur],
    coordination: Coordination,
    *,
    territoires: Mapping[str, str],
    departement: str = "",
) -> pl.DataFrame:
    """Renvoie les liens des lieux France services, au schéma `LIENS`.

    ``label`` (provenance ``texte``) : l'opérateur national que la charte prévoit dans le lieu ; sa
    présence n'est pas constatée. ``pilotage`` (provenance ``deduit``) : la structure porteuse,
    quand le nom du lieu la nomme (« France services La Poste de… ») ; pas celle d'un autre
    département que ``departement``, si elle en a une.
    """
    label = coordination.label_france_services
    lignes: list[dict[str, Any]] = []
    lieux: dict[str, dict[str, Any]] = {}
    for ligne in services.filter(pl.col("categorie") == "france-services").iter_rows(named=True):
        if ligne["id"] in acteurs:
            lieux.setdefault(acteurs[ligne["id"]].id, ligne)
    for lieu, ligne in sorted(lieux.items()):
        territoire = territoires.get(ligne["code_insee"] or "")
        origine = {
            "territoire": territoire,
            "date_source": ligne["date_source"],
            "source": ligne["source"],
            "origin": ligne["origin"],
            "ligne": ligne["ligne"],
        }
        lignes += [
            {
                "acteur_a": institution,
                "acteur_b": lieu,
                "type": "label",
                "objet": "opérateur national prévu par le label",
                "provenance": "texte",
                "remarque": label.texte,
                **origine,
            }
            for institution in label.institutions
        ]
        lignes += [
            {
                "acteur_a": porteur,
                "acteur_b": lieu,
                "type": "pilotage",
                "objet": "structure porteuse que le nom du lieu désigne",
                "provenance": "deduit",
                "remarque": ligne["nom"],
                **origine,
            }
            for porteur in _porteurs(ligne["nom"] or "", coordination)
            if not (
                coordination.par_id[porteur].departementale
                and hors_du_departement(ligne["code_insee"], departement)
            )
        ]
    return en_table(lignes, LIENS)


def _porteurs(nom: str, coordination: Coordination) -> Sequence[str]:
    nommees = [i.id for i in coordination.nommees(simplifier(nom)) if not i.locale]
    return [cle for cle in nommees if cle in coordination.label_france_services.porteuses]
