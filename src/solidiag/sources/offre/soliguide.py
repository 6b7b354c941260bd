"""Soliguide (Solinum) : lieux et services de la solidarité, réponses de l'API ou export JSON.

Un lieu porte des services ; chaque service fait une ligne. Un parcours mobile fait une ligne par
service et par arrêt. Courriels et téléphones ne sont jamais gardés.
"""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl

from solidiag.catalogue.correspondance import Regle
from solidiag.catalogue.source import Fichier, Source
from solidiag.sources.offre.horaires import A_VERIFIER, Plage, en_osm, en_texte, plage
from solidiag.sources.offre.lignes import (
    Contexte,
    elements,
    joindre,
    jour_de,
    nombre,
    objet,
    sans_contact,
)

LECTEUR = "soliguide"

NON_CLASSE = "non-classe"
"""Catégorie d'un service dont le code n'est pas dans la table : il est gardé, et dit."""

_JOURS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_PARCOURS = "PARCOURS_MOBILE"
_FERME = "PERMANENTLY_CLOSED"
_HORS_LIGNE = frozenset({"OFFLINE", "DRAFT"})
_INCONDITIONNEL = 0


def lire_soliguide(octets: bytes, source: Source, fichier: Fichier) -> pl.DataFrame:
    """Renvoie les services d'un fichier Soliguide, une ligne par service (et par arrêt).

    Les lieux hors ligne, en brouillon ou réservés aux professionnels sont laissés de côté.

    Returns
    -------
    polars.DataFrame
        Au schéma `SERVICES`. ``ligne`` est le rang du lieu dans le fichier plus un.

    Raises
    ------
    FormatInattendu
        JSON abîmé, sans lieux, ou lieu sans identifiant.
    DeclarationInvalide
        Options fautives.

    Notes
    -----
    ``close`` ou une fermeture du lieu sans date de fin ferment le service ; avec une date de fin,
    la fermeture est temporaire et dite en remarque. ``saturated`` : seul ``HIGH`` dit quelque
    chose, ``LOW`` étant la valeur par défaut de la source.
    """
    contexte = Contexte.de(source, fichier)
    lieux = contexte.json(octets, cles=("places", "data", "results"))
    return contexte.services(
        ligne
        for rang, lieu in enumerate(lieux)
        for ligne in _services_du_lieu(lieu, rang=rang, contexte=contexte)
    )


def _services_du_lieu(
    lieu: Mapping[str, Any], *, rang: int, contexte: Contexte
) -> Iterator[dict[str, Any]]:
    numero = lieu.get("lieu_id")
    if numero is None or not lieu.get("name"):
        raise contexte.faute(
            "des lieux qui ont « lieu_id » et « name »",
            f"un objet sans l'un ou l'autre, au rang {rang + 1}",
        )
    statut = lieu.get("status") or lieu.get("statut")
    if statut in _HORS_LIGNE or lieu.get("visibility", "ALL") != "ALL":
        return
    definitif = "lieu fermé définitivement" if statut == _FERME else None
    arrets = _arrets(lieu)
    services = [s for s in elements(lieu.get("services_all")) if isinstance(s, dict)]
    for numero_service, service in enumerate(services):
        code = str(service.get("category") or service.get("categorie") or "")
        regle = contexte.options.correspondance.codes.get(code)
        if regle is not None and not regle.categorie:
            continue
        if service.get("isActive") is False:
            continue
        base = _ligne(lieu, service, code=code, regle=regle, contexte=contexte)
        base["fermeture"] = definitif or base["fermeture"]
        base["ligne"] = rang + 2
        propre = service.get("serviceObjectId") or f"{numero}-{numero_service}"
        for suffixe, arret in arrets:
            yield {**base, "id": f"{propre}{suffixe}", **_place(arret)}


def _arrets(lieu: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    if lieu.get("placeType") == _PARCOURS:
        arrets = [
            arret["position"]
            for arret in elements(lieu.get("parcours"))
            if isinstance(arret, dict) and isinstance(arret.get("position"), dict)
        ]
        if arrets:
            return [(f"@{rang}", arret) for rang, arret in enumerate(arrets)]
    return [("", objet(lieu.get("position")))]


def _place(position: Mapping[str, Any]) -> dict[str, Any]:
    """Renvoie l'adresse et le point d'une position.

    ``cityCode`` répète parfois le code postal : il n'est alors pas un code de commune.
    """
    code_postal = str(position.get("postalCode") or position.get("codePostal") or "")
    commune = str(position.get("cityCode") or "")
    lues = elements(objet(position.get("location")).get("coordinates"))
    longitude, latitude = lues[:2] if len(lues) > 1 else (None, None)
    return {
        "adresse": position.get("address") or position.get("adresse"),
        "code_postal": code_postal,
        "commune": position.get("city") or position.get("ville"),
        "code_insee": commune if commune != code_postal and len(commune) == 5 else None,
        "longitude": nombre(longitude),
        "latitude": nombre(latitude),
    }


def _ligne(
    lieu: Mapping[str, Any],
    service: Mapping[str, Any],
    *,
    code: str,
    regle: Regle | None,
    contexte: Contexte,
) -> dict[str, Any]:
    semaine, commentaire = _semaine(
        service.get("hours") if service.get("differentHours") else lieu.get("newhours")
    )
    modalites = service.get("modalities") if service.get("differentModalities") else None
    modalites = objet(modalites or lieu.get("modalities"))
    publics = service.get("publics") if service.get("differentPublics") else None
    fermeture, remarques = _fermeture(lieu, service)
    saturation, dite = _saturation(service)
    if regle is None:
        remarques.append(f"catégorie Soliguide « {code or 'absente'} » qui n'est pas dans la table")
    libelle = regle.libelle if regle else ""
    texte = joindre([libelle, service.get("description")], " : ")
    return {
        "nom": _texte(lieu["name"]),
        "structure": _texte(lieu["name"]),
        "categorie": regle.categorie if regle else NON_CLASSE,
        "thematiques": list(regle.thematiques) if regle else [],
        "type_service": regle.type_service or None if regle else None,
        "publics": _publics(objet(publics or lieu.get("publics")), contexte),
        "description": sans_contact(_texte(texte)) if texte else None,
        "horaires": joindre([en_texte(semaine), sans_contact(_texte(commentaire))], " ; "),
        "horaires_osm": None if commentaire else en_osm(semaine),
        "frais": _frais(modalites),
        "modes_mobilisation": ["se-presenter"] if modalites.get("inconditionnel") else [],
        "modes_accueil": ["en-presentiel"],
        "aller_vers": "itinerant" if lieu.get("placeType") == _PARCOURS else None,
        "saturation": saturation,
        "fermeture": fermeture,
        "date_source": jour_de(lieu.get("updatedByUserAt")) or jour_de(lieu.get("updatedAt")),
        "lien": f"https://soliguide.fr/fr/fiche/{lieu['seo_url']}" if lieu.get("seo_url") else None,
        "identifiants": [f"soliguide:{lieu['lieu_id']}"],
        "remarque": joindre([*remarques, dite], " ; "),
    }


def _fermeture(lieu: Mapping[str, Any], service: Mapping[str, Any]) -> tuple[str | None, list[str]]:
    """Renvoie ce qui ferme le service, et les fermetures temporaires à dire."""
    temporaires = objet(lieu.get("tempInfos"))
    fermetures: list[str] = []
    remarques: list[str] = []
    for quoi, etat in (("service", service.get("close")), ("lieu", temporaires.get("closure"))):
        if not isinstance(etat, dict):
            continue
        debut, fin = jour_de(etat.get("dateDebut")), jour_de(etat.get("dateFin"))
        annoncee = etat.get("actif") is True or (quoi == "lieu" and debut and "actif" not in etat)
        if not annoncee:
            continue
        depuis = f" à partir du {debut}" if debut else ""
        if fin:
            remarques.append(f"{quoi} fermé{depuis} jusqu'au {fin}")
        else:
            fermetures.append(f"{quoi} dit fermé{depuis}")
    return "; ".join(fermetures) or None, remarques


def _saturation(service: Mapping[str, Any]) -> tuple[str | None, str | None]:
    etat = objet(service.get("saturated"))
    niveau = etat.get("status") or etat.get("statut")
    precision = sans_contact(_texte(etat.get("precision") or ""))
    if niveau == "HIGH":
        return "sature", f"saturation : {precision}" if precision else None
    if niveau == "MODERATE":
        return None, joindre(["saturation moyenne", precision], " : ")
    return None, None


def _frais(modalites: Mapping[str, Any]) -> str | None:
    prix = objet(modalites.get("price"))
    if prix.get("checked"):
        return "payant"
    return "gratuit" if "gratuit" in str(prix.get("precisions") or "").lower() else None


def _publics(publics: Mapping[str, Any], contexte: Contexte) -> list[str]:
    if publics.get("accueil") == _INCONDITIONNEL:
        return ["tous-publics"]
    table = contexte.options.correspondance.publics
    lus = [
        valeur
        for champ in ("administrative", "familialle", "other")
        for valeur in elements(publics.get(champ))
    ]
    if publics.get("gender") == ["women"]:
        lus.append("women")
    age = objet(publics.get("age"))
    if (nombre(age.get("max")) or 99) <= 25:
        lus.append("jeunes")
    if (nombre(age.get("min")) or 0) >= 60:
        lus.append("seniors")
    return sorted({public for valeur in lus for public in table.get(str(valeur), ())})


def _semaine(horaires: Any) -> tuple[dict[int, list[Plage]], str]:
    """Renvoie les plages par jour, et le commentaire qui les nuance."""
    if not isinstance(horaires, dict):
        return {}, ""
    semaine: dict[int, list[Plage]] = {}
    commentaire = str(horaires.get("description") or "")
    for rang, jour in enumerate(_JOURS):
        etat = objet(horaires.get(jour))
        creneaux = elements(etat.get("timeslot")) if etat.get("open") else []
        lues = [
            plage(_heure(objet(creneau).get("start")), _heure(objet(creneau).get("end")))
            for creneau in creneaux
        ]
        semaine[rang] = [lue for lue in lues if lue]
        if None in lues:
            commentaire = commentaire or A_VERIFIER
    return semaine, commentaire


def _heure(valeur: Any) -> str:
    """Renvoie une heure que la source écrit en nombre (930 : 9 h 30) ; vide vaut minuit."""
    ecrite = str(valeur or 0).strip()
    return ecrite.zfill(4) if ecrite.isdigit() else ecrite


def _texte(valeur: Any) -> str:
    """Renvoie un texte sans entités HTML, que la source emploie dans ses descriptions."""
    return html.unescape(str(valeur or ""))
