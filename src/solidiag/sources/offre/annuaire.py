"""Annuaire de l'administration (DILA, service-public.fr) : guichets locaux et leurs horaires.

Les champs qui portent du JSON en texte (``adresse``, ``pivot``, ``plage_ouverture``...) se lisent
de même quand ils sont déjà des listes. Noms de personnes, courriels et téléphones sont laissés.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl

from solidiag.catalogue.source import Fichier, Source
from solidiag.sources.grilles import LIGNE, lire_grille
from solidiag.sources.offre.horaires import A_VERIFIER, Plage, en_osm, en_texte, jours_entre, plage
from solidiag.sources.offre.lignes import Contexte, joindre, jour_de, nombre, sans_contact

LECTEUR = "annuaire_dila"

_COLONNES = [
    *("id", "nom", "pivot", "adresse", "plage_ouverture", "siret", "code_insee_commune"),
    *("date_modification", "url_service_public"),
]


def lire_annuaire(octets: bytes, source: Source, fichier: Fichier) -> pl.DataFrame:
    """Renvoie les guichets dont le type est retenu, une ligne par guichet et par type.

    Raises
    ------
    FormatInattendu
        Colonne absente, JSON abîmé, ou champ qui n'est pas le JSON attendu.
    DeclarationInvalide
        Options fautives.
    """
    contexte = Contexte.de(source, fichier)
    return contexte.services(
        ligne
        for rang, fiche in _fiches(contexte, octets)
        for ligne in _guichets(fiche, rang=rang, contexte=contexte)
    )


def _fiches(contexte: Contexte, octets: bytes) -> Iterator[tuple[int, Mapping[str, Any]]]:
    dedans = contexte.octets(octets)
    if dedans.lstrip(b"\xef\xbb\xbf \r\n\t")[:1] in (b"{", b"["):
        objets = contexte.json(octets, cles=("service", "results", "records"))
        for rang, objet in enumerate(objets):
            if "nom" not in objet or "pivot" not in objet:
                raise contexte.faute(
                    "des fiches qui ont « nom » et « pivot »", f"une fiche sans, rang {rang + 1}"
                )
            yield rang + 2, objet
        return
    grille = lire_grille(
        octets,
        contexte.source,
        contexte.fichier,
        options=contexte.options.forme,
        colonnes=_COLONNES,
    )
    for fiche in grille.iter_rows(named=True):
        yield int(fiche[LIGNE]), fiche


def _guichets(
    fiche: Mapping[str, Any], *, rang: int, contexte: Contexte
) -> Iterator[dict[str, Any]]:
    retenus = contexte.options.correspondance.retenus(contexte.annee)
    types = [
        str(pivot.get("type_service_local") or "")
        for pivot in _liste(fiche.get("pivot"), contexte, champ="pivot", rang=rang)
    ]
    voulus = [code for code in dict.fromkeys(types) if code in retenus]
    if not voulus:
        return
    adresse = _adresse(_liste(fiche.get("adresse"), contexte, champ="adresse", rang=rang))
    plages = _liste(fiche.get("plage_ouverture"), contexte, champ="plage_ouverture", rang=rang)
    semaine, nuances = _semaine(plages)
    for numero, code in enumerate(voulus):
        regle = retenus[code]
        yield {
            "id": f"{fiche.get('id') or rang}{f'#{code}' if numero else ''}",
            "nom": fiche.get("nom"),
            "categorie": regle.categorie,
            "thematiques": list(regle.thematiques),
            "siret": fiche.get("siret"),
            "code_insee": fiche.get("code_insee_commune"),
            **adresse,
            "horaires": joindre([en_texte(semaine), *nuances], " ; "),
            "horaires_osm": None if nuances else en_osm(semaine),
            "date_source": jour_de(fiche.get("date_modification")),
            "lien": fiche.get("url_service_public"),
            "identifiants": [f"dila:{fiche['id']}"] if fiche.get("id") else [],
            "ligne": rang,
            "remarque": regle.remarque or None,
        }


def _liste(valeur: Any, contexte: Contexte, *, champ: str, rang: int) -> list[dict[str, Any]]:
    """Renvoie les objets d'un champ, qu'il soit du JSON en texte ou déjà une liste.

    Raises
    ------
    FormatInattendu
        Si le texte n'est pas du JSON.
    """
    if isinstance(valeur, str) and valeur.strip():
        try:
            valeur = json.loads(valeur)
        except (ValueError, RecursionError) as erreur:
            raise contexte.faute(
                f"du JSON dans « {champ} »", f"« {valeur[:40]} » à la ligne {rang}"
            ) from erreur
    if isinstance(valeur, dict):
        valeur = [valeur]
    return [o for o in valeur if isinstance(o, dict)] if isinstance(valeur, list) else []


def _adresse(adresses: list[dict[str, Any]]) -> dict[str, Any]:
    """Renvoie l'adresse du guichet : celle dite « Adresse », sinon la première."""
    choisie = next((a for a in adresses if a.get("type_adresse") == "Adresse"), None)
    choisie = choisie or (adresses[0] if adresses else {})
    return {
        "adresse": joindre([choisie.get("complement1"), choisie.get("numero_voie")]),
        "code_postal": choisie.get("code_postal"),
        "commune": choisie.get("nom_commune"),
        "latitude": nombre(choisie.get("latitude")),
        "longitude": nombre(choisie.get("longitude")),
    }


def _semaine(plages: list[dict[str, Any]]) -> tuple[dict[int, list[Plage]], list[str]]:
    """Renvoie les plages par jour, et les commentaires qui les nuancent."""
    semaine: dict[int, list[Plage]] = {}
    nuances: list[str] = []
    for ligne in plages:
        jours = jours_entre(
            str(ligne.get("nom_jour_debut") or ""), str(ligne.get("nom_jour_fin") or "")
        )
        for tour in ("1", "2"):
            debut = str(ligne.get(f"valeur_heure_debut_{tour}") or "")
            fin = str(ligne.get(f"valeur_heure_fin_{tour}") or "")
            if not debut and not fin:
                continue
            lue = plage(debut, fin)
            if lue is None or not jours:
                nuances.append(A_VERIFIER)
                continue
            for jour in jours:
                semaine.setdefault(jour, []).append(lue)
        commentaire = sans_contact(str(ligne.get("commentaire") or ""))
        if commentaire:
            nuances.append(commentaire)
    return {jour: sorted(set(lues)) for jour, lues in semaine.items()}, list(dict.fromkeys(nuances))
