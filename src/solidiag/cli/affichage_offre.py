"""Ce que montre la commande ``offre`` : à portée, bilan d'un département, doublons."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

if TYPE_CHECKING:
    from solidiag.pipeline.alentour import BilanOffre, LigneDomaine, Reponse
    from solidiag.pipeline.doublons import PaireMontree
from solidiag.publication.remarques import dire_remarque

MONTRES = 30
"""Services montrés dans le terminal ; les fichiers les donnent tous."""

_AUTRES_MONTRES = 10
_FERMES_MONTRES = 5
_ZONES_MONTREES = 5
_ACCORDEES = ("places", "postes", "lits")
"""Unités qui perdent leur « s » au singulier."""

_MODES = {"voiture": "en voiture", "velo": "à vélo", "pied": "à pied"}
_SATURATIONS = {
    "sature": "saturé",
    "liste_attente": "liste d'attente",
    "disponible": "places disponibles",
}
_GENRES = {
    "itinerant": "Itinérants (desserte non connue)",
    "domicile": "Viennent dans leur zone, à domicile ou en tournée",
    "domicile_sans_zone": "À domicile, zone non précisée",
    "distance": "À distance",
}
NON_MESURE = "non mesuré"
"""État d'un domaine que rien ne mesure (`solidiag.offre.manques`)."""

_PRECISIONS = {
    "commune": "situé au point de la commune",
    "douteuse": "situé au point de la commune",
    "inconnue": "point de précision inconnue",
}


def _console() -> Console:
    return Console(highlight=False, markup=False)


def _retrait(texte: Text, signes: int) -> Padding:
    return Padding(texte, (0, 0, 0, signes), expand=False)


def afficher_reponse(reponse: Reponse) -> None:
    """Montre ce qui est à portée d'un lieu, du plus proche au plus lointain."""
    console = _console()
    lieu = f"{reponse.depart.nom} ({reponse.depart.code})"
    if reponse.point:
        latitude, longitude = reponse.point
        lieu = f"du point {latitude:g}, {longitude:g} ({lieu})".replace(".", ",")
    question = reponse.question
    console.print(
        Text(
            f"Offre à portée : {lieu}, {question.minutes:g} minutes au plus "
            f"{_MODES[question.mode]}",
            style="bold",
        )
    )
    for domaine in reponse.domaines:
        console.print(f"Domaine : {domaine.libelle}")
    if reponse.estime:
        console.print(
            f"Temps : {reponse.fournisseur}. C'est une convention, avec sa fourchette, et non un "
            "calcul sur les routes."
        )
    else:
        console.print(f"Temps : {reponse.fournisseur}.")
    for remarque in reponse.remarques:
        console.print(remarque)
    a_portee = reponse.alentour.a_portee.to_dicts()
    propres = [ligne for ligne in a_portee if ligne["portee"] == "propre"]
    autres = [ligne for ligne in a_portee if ligne["portee"] != "propre"]
    if reponse.domaines:
        _montrer(console, propres, reponse, titre="Services à portée")
    else:
        du_pacte = [ligne for ligne in propres if ligne["domaines"]]
        _montrer_par_domaine(console, du_pacte, reponse)
        utiles = [ligne for ligne in propres if not ligne["domaines"]]
        if utiles:
            titre = "Autres lieux utiles, hors de l'offre propre d'un domaine"
            montres = max(_AUTRES_MONTRES, MONTRES - len(du_pacte))
            _montrer(console, utiles, reponse, titre=titre, montres=montres)
    if autres:
        titre = "Aussi à portée, sans être l'offre propre du domaine"
        _montrer(console, autres, reponse, titre=titre, montres=_AUTRES_MONTRES)
    for genre, titre in _GENRES.items():
        siens = [v for v in reponse.alentour.viennent.to_dicts() if v["genre"] == genre]
        if siens:
            _montrer(console, siens, reponse, titre=titre)
    _montrer_le_reste(console, reponse)


def _montrer_par_domaine(console: Console, lignes: list[dict[str, Any]], reponse: Reponse) -> None:
    """Montre les services des domaines du Pacte, domaine par domaine, du plus proche au plus loin.

    Un service de plusieurs domaines est montré une fois, sous le premier. Les places sont données
    tour à tour à chaque domaine : aucun n'en chasse un autre.
    """
    par_domaine: dict[str, list[dict[str, Any]]] = {nom: [] for nom in reponse.libelles}
    for ligne in lignes:
        par_domaine[next(nom for nom in par_domaine if nom in ligne["domaines"])].append(ligne)
    tours = sorted(
        (rang, ligne["minutes"], nom)
        for nom, siennes in par_domaine.items()
        for rang, ligne in enumerate(siennes)
    )
    montres = Counter(nom for _, _, nom in tours[:MONTRES])
    console.print()
    titre = f"Services à portée, par domaine du Pacte : {len(lignes) or 'aucun connu'}"
    console.print(Text(titre, style="bold"))
    for nom, siennes in par_domaine.items():
        if siennes:
            _montrer(console, siennes, reponse, titre=reponse.libelles[nom], montres=montres[nom])


def _montrer(
    console: Console,
    lignes: list[dict[str, Any]],
    reponse: Reponse,
    *,
    titre: str,
    montres: int = MONTRES,
) -> None:
    console.print()
    console.print(Text(f"{titre} : {len(lignes) or 'aucun connu'}", style="bold"))
    for ligne in lignes[:montres]:
        console.print(_retrait(Text(_titre(ligne), style="bold"), 1))
        for texte in _precisions(ligne, reponse):
            console.print(_retrait(Text(texte), 4))
    reste = len(lignes) - montres
    if reste > 0:
        console.print(f"  … et {reste} de plus, dans les fichiers : --formats csv,json")


def _titre(ligne: dict[str, Any]) -> str:
    nom = ligne["nom"] or "Service sans nom"
    if ligne["minutes"] is None:
        return f"{nom}"
    return (
        f"{ligne['minutes']:.0f} min ({ligne['minutes_bas']:.0f} à "
        f"{ligne['minutes_haut']:.0f}) · {nom}"
    )


def _precisions(ligne: dict[str, Any], reponse: Reponse) -> Iterator[str]:
    categorie = reponse.categories.get(ligne["categorie"] or "", "")
    lieu = f"{ligne['commune']} ({ligne['code_insee']})" if ligne["code_insee"] else ""
    situe = _PRECISIONS.get(ligne["precision_geo"] or "", "")
    yield _joindre(categorie, ligne["structure"], lieu, situe)
    if not reponse.domaines and ligne["domaines"]:
        libelles = [reponse.libelles.get(d, d) for d in ligne["domaines"]]
        yield f"Domaine{'s' * (len(libelles) > 1)} : {' ; '.join(libelles)}"
    if ligne["minutes"] is None and ligne["zone_eligibilite"]:
        yield f"Dessert {_zones(ligne['zone_eligibilite'], reponse)}"
    yield from _moyens(ligne)
    sources = [reponse.titres.get(source, source) for source in ligne["sources"]]
    yield f"Information : {_fraicheur(ligne)} · {' ; '.join(sources)}"
    if ligne["remarque"]:
        yield f"À savoir : {dire_remarque(ligne['remarque'])}"


def _zones(codes: list[str], reponse: Reponse) -> str:
    noms = [reponse.zones.get(code, code) for code in codes]
    reste = len(noms) - _ZONES_MONTREES
    suite = f" et {reste} autre{'s' * (reste > 1)}" if reste > 0 else ""
    return ", ".join(noms[:_ZONES_MONTREES]) + suite


def _moyens(ligne: dict[str, Any]) -> Iterator[str]:
    """Horaires, capacité, saturation, délai ; ce qu'aucune source ne dit est dit en une fois."""
    connus = []
    if ligne["capacite"] is not None:
        unite = ligne["capacite_unite"] or "(unité non dite)"
        if ligne["capacite"] < 2 and unite in _ACCORDEES:
            unite = unite[:-1]
        connus.append(f"capacité : {_nombre(ligne['capacite'])} {unite}")
    if ligne["saturation"]:
        connus.append(_SATURATIONS.get(ligne["saturation"], ligne["saturation"]))
    if ligne["delai_jours"] is not None:
        connus.append(f"premier rendez-vous sous {_nombre(ligne['delai_jours'])} jours")
    if ligne["horaires"]:
        yield f"Horaires : {ligne['horaires']}"
    if connus:
        texte = " · ".join(connus)
        yield f"{texte[:1].upper()}{texte[1:]}"
    muets = {
        "horaires": ligne["horaires"],
        "capacité": ligne["capacite"],
        "saturation": ligne["saturation"],
    }
    absents = [nom for nom, valeur in muets.items() if valeur is None]
    if absents:
        yield f"Non documenté : {', '.join(absents)}"


def _fraicheur(ligne: dict[str, Any]) -> str:
    if ligne["age_mois"] is None:
        return "date inconnue"
    mois = ligne["age_mois"]
    annees = mois // 12
    age = f"{mois} mois" if mois < 12 else f"{annees} an{'s' if annees > 1 else ''}"
    return f"{ligne['date_source']} ({age}{', ancienne' if ligne['ancien'] else ''})"


def _joindre(*morceaux: str | None) -> str:
    return " · ".join(morceau for morceau in morceaux if morceau)


def _nombre(valeur: float) -> str:
    return f"{valeur:g}".replace(".", ",")


def _montrer_le_reste(console: Console, reponse: Reponse) -> None:
    """Montre ce qui est écarté, et ce qui n'est pas documenté."""
    comptes, fermes = reponse.alentour.comptes, reponse.alentour.fermes.to_dicts()
    dites = {
        "hors_zone": "réservés aux habitants d'autres territoires",
        "sans_lieu": "sans lieu connu",
        "itinerants_ailleurs": "itinérants ou à domicile, basés hors du département",
        "horaires_inconnus": "à portée, mais sans horaires connus",
    }
    ecartes = [f"{comptes[nom]} {texte}" for nom, texte in dites.items() if comptes.get(nom)]
    console.print()
    if ecartes:
        console.print(f"Non montrés : {' ; '.join(ecartes)}.")
    if fermes:
        console.print(f"Fermés, écartés : {len(fermes)}.")
        for ferme in fermes[:_FERMES_MONTRES]:
            texte = f"{ferme['nom']} ({ferme['commune']}) : {ferme['fermeture']}"
            console.print(_retrait(Text(texte), 2))
    for domaine in reponse.domaines:
        demandes = reponse.demandes[domaine.id]
        if demandes:
            console.print(Text("Ce qui manque, et à qui le demander", style="bold"))
        for demande in demandes:
            texte = f"• {demande.fichier} : {demande.detenteur}"
            console.print(_retrait(Text(texte), 2))
    console.print("Un service absent de la liste n'est pas connu ; il peut exister.")


def afficher_bilan_offre(bilan: BilanOffre) -> None:
    """Montre l'offre connue d'un département, par domaine et par source."""
    console = _console()
    console.print(
        Text(f"Offre connue : {bilan.departement.nom} ({bilan.departement.code})", style="bold")
    )
    console.print(
        f"{bilan.services} services distincts, décrits par {bilan.lignes} lignes ; "
        f"{bilan.fermes} fermés, écartés ; {bilan.a_distance} à distance."
    )
    connus = [ligne for ligne in bilan.domaines if ligne.services]
    console.print()
    console.print(Text("Domaines qui ont une offre connue (date médiane)", style="bold"))
    for ligne in connus:
        s = "s" if ligne.services > 1 else ""
        communes = f"{ligne.communes} commune{'s' if ligne.communes > 1 else ''}"
        texte = (
            f"{ligne.domaine.libelle} : {ligne.services} service{s}, {communes}, "
            f"{ligne.date or 'sans date'}"
        )
        console.print(_retrait(Text(texte), 2))
    indirects = [d for d in bilan.domaines if not d.services and d.etat != NON_MESURE]
    titre = "Domaines qu'une offre voisine éclaire, sans offre propre connue"
    _montrer_demandes(console, indirects, titre=titre)
    non_mesures = [d for d in bilan.domaines if not d.services and d.etat == NON_MESURE]
    titre = "Domaines non documentés, et qui détient le fichier"
    _montrer_demandes(console, non_mesures, titre=titre)
    console.print()
    console.print(Text("Sources", style="bold"))
    for source in bilan.sources:
        marque = " !" if source.ancienne else ""
        s = "s" if source.lignes > 1 else ""
        texte = f"{source.titre} : {source.lignes} ligne{s}, {source.date}{marque}"
        console.print(_retrait(Text(texte), 2))
    if any(source.ancienne for source in bilan.sources):
        console.print("« ! » : information de plus de 24 mois.")


def _montrer_demandes(console: Console, domaines: list[LigneDomaine], *, titre: str) -> None:
    if not domaines:
        return
    console.print()
    console.print(Text(f"{titre} : {len(domaines)}", style="bold"))
    for ligne in domaines:
        console.print(_retrait(Text(ligne.domaine.libelle), 2))
        for demande in ligne.demandes:
            texte = f"• {demande.fichier} : {demande.detenteur}"
            console.print(_retrait(Text(texte), 4))
        if not ligne.demandes:
            console.print(_retrait(Text("• détenteur à rechercher"), 4))


def afficher_doublons(paires: list[PaireMontree], *, reunies: int, distincts: int) -> None:
    """Montre les paires réunies, leur raison, et celles qu'une personne a tranchées."""
    console = _console()
    console.print(Text(f"Lignes réunies en un même service : {reunies} paires", style="bold"))
    autres = len(paires) - reunies
    if autres > 0:
        s = "s" if autres > 1 else ""
        console.print(
            f"La liste en montre {autres} autre{s}, que le rapport ne compte pas : service fermé, "
            "ou paire non réunie."
        )
    for paire in paires:
        titre = f"{paire.nom_a} / {paire.nom_b}"
        console.print(_retrait(Text(titre, style="bold"), 1))
        for texte in (
            _joindre(paire.commune, paire.verdict, paire.motif),
            f"{paire.id_a} ({paire.source_a})",
            f"{paire.id_b} ({paire.source_b})",
        ):
            console.print(_retrait(Text(texte), 4))
    console.print(
        f"{distincts} autres paires d'un même lieu sont tenues pour des services distincts."
    )
    console.print("Pour trancher : solidiag offre CODE --trancher ID_A ID_B different --motif …")
