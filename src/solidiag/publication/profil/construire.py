"""Assemblage d'une fiche : un territoire et ses comparateurs, ou deux territoires côte à côte."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from solidiag.besoins.comparaison import Lecture, dire
from solidiag.catalogue.indicateur import Indicateur, MesureOffre
from solidiag.model.territoire import Niveau, Territoire
from solidiag.publication.document import (
    Bloc,
    Cellule,
    Colonne,
    Document,
    Fort,
    Ligne,
    Mention,
    Nombre,
    Paragraphe,
    Tableau,
    Texte,
    Titre,
)
from solidiag.publication.francais import UNITES, de, enumerer, nom_court, nom_long, nombre
from solidiag.publication.matiere import Observe
from solidiag.publication.profil.manques import blocs_des_manques
from solidiag.publication.profil.matiere import Fiche, MatiereProfil, cle_de
from solidiag.publication.profil.sources import blocs_des_sources
from solidiag.publication.rapport.phrases import millesime
from solidiag.publication.typographie import soigner_document

MENTION = "Brouillon calculé à partir de fichiers publics, à valider"

_LECTURES = {
    Lecture.PLUS_FRAGILE.value: " (plus fragile)",
    Lecture.MOINS_FRAGILE.value: " (moins fragile)",
}
_REGLE = (
    "« De façon nette » : l'écart au reste de la référence dépasse l'incertitude connue et le "
    "seuil sous lequel deux valeurs sont proches, tous les tests de la fiche ajustés ensemble. "
    "Sans effectifs ni marge connus, il n'est jamais dit net."
)
_COMPARATEURS_LARGES = 3
"""Nombre de références au-delà duquel leurs colonnes se resserrent."""

_REGLE_DOUBLE = _REGLE.replace("l'écart au reste de la référence", "l'écart")


def construire_profil(matiere: MatiereProfil) -> Document:
    """Renvoie la fiche d'un territoire, ou de deux côte à côte."""
    fiches = matiere.fiches
    premiere = fiches[0]
    if len(fiches) == 1:
        titre = f"Profil{_complement(premiere.territoire)}"
        entete = premiere.nature
        sous_titre = " · ".join(nom for _, nom in premiere.appartenances)
    else:
        noms = enumerer(nom_long(f.territoire) for f in fiches)
        titre = f"Profils : {noms}"
        entete = "Deux territoires côte à côte"
        sous_titre = "Sans classement : chaque écart est dit avec ce que les chiffres permettent"
    return soigner_document(
        Document(
            titre=titre,
            sous_titre=sous_titre,
            territoire=entete,
            date=matiere.date.isoformat(),
            mention=MENTION,
            couverture=tuple(ligne for fiche in fiches for ligne in _presentation(matiere, fiche)),
            blocs=tuple(_blocs(matiere)),
            genre="fiche",
        )
    )


def _complement(territoire: Territoire) -> str:
    if territoire.niveau is Niveau.LIBRE:
        return f" : {territoire.nom}"
    return f" {de(territoire)}"


def _blocs(matiere: MatiereProfil) -> Iterator[Bloc]:
    yield Titre(niveau=1, id="chiffres", contenu=(Texte("Les chiffres qui comptent"),))
    yield _tableau_seul(matiere) if len(matiere.fiches) == 1 else _tableau_double(matiere)
    yield Titre(niveau=1, id="services", contenu=(Texte("Les services présents"),))
    yield from _services(matiere)
    yield Titre(niveau=1, id="manques", contenu=(Texte("Ce qui manque, et pourquoi"),))
    yield from blocs_des_manques(matiere)
    yield from blocs_des_sources(matiere)


def _presentation(matiere: MatiereProfil, fiche: Fiche) -> Iterator[tuple[Ligne, ...]]:
    seule = len(matiere.fiches) == 1
    contenu: list[Ligne] = []
    if not seule:
        contenu += [Fort((Mention(nom_court(fiche.territoire), "nom"),)), Texte(", ")]
        contenu.append(Mention(f"{fiche.nature[:1].lower()}{fiche.nature[1:]} ; ", "code"))
        contenu.append(Mention(" ; ".join(nom for _, nom in fiche.appartenances), "nom"))
        contenu.append(Texte(". "))
    observe = matiere.observe("ctx_pop", fiche.id, matiere.periode("ctx_pop"))
    if observe is not None and observe.lisible:
        contenu += [matiere.imprimer(observe), Texte(" habitants en ")]
        contenu.append(Mention(observe.periode, "millesime"))
        contenu.append(Texte(". "))
    if fiche.zonages:
        contenu.append(Texte("Zonages : "))
        for rang, (zonage, detail, annee) in enumerate(fiche.zonages):
            contenu.append(Texte(" ; " if rang else ""))
            precision = f" ({detail}, {annee})" if detail else f" ({annee})"
            contenu.append(Mention(f"{zonage}{precision}", "millesime"))
        contenu.append(Texte("."))
    elif fiche.territoire.niveau is Niveau.COMMUNE:
        contenu.append(Texte("Aucun des zonages suivis."))
    if contenu:
        yield tuple(contenu)
    for remarque in fiche.remarques:
        yield (Mention(remarque, "definition"),)


def _libelle(indicateur: Indicateur | MesureOffre, periode: str) -> tuple[Ligne, ...]:
    nom = indicateur.libelle_court
    unite = UNITES.get(indicateur.unite, "")
    if indicateur.unite in ("places_pour_100", "pour_1000", "pour_10000", "pour_100000"):
        nom = f"{nom}, {unite}"
    elif indicateur.unite == "apl":
        nom = f"{nom}, consultations par an"
    contenu: list[Ligne] = [Mention(nom, "definition")]
    if periode:
        contenu += [Texte(" ("), millesime(periode), Texte(")")]
    return tuple(contenu)


def fourchette(matiere: MatiereProfil, observe: Observe | None) -> tuple[Ligne, ...]:
    """Renvoie l'intervalle ou l'arrondi d'une valeur, ou ce qui en tient lieu."""
    if observe is None or not observe.lisible:
        return ()
    if observe.status == "E":
        return (Texte("estimation"),)
    bornes = matiere.bornes(observe)
    if bornes is None and (observe.n_publies or 0) < (observe.n_total or 0):
        return (
            Nombre(nombre(observe.n_publies or 0), cle_de(observe, "n_publies")),
            Texte(" communes lues sur "),
            Nombre(nombre(observe.n_total or 0), cle_de(observe, "n_total")),
        )
    if bornes is None:
        return (Texte("sans"),)
    genre = "arrondi" if observe.method == "arrondi" else "intervalle"
    return (bornes[0], Texte(" à "), bornes[1], Texte(f" ({genre})"))


def _tableau_seul(matiere: MatiereProfil) -> Tableau:
    fiche = matiere.fiches[0]
    large = len(fiche.comparateurs) <= _COMPARATEURS_LARGES
    colonnes = [
        Colonne(entete="Indicateur", largeur=30),
        Colonne(entete=_entete(fiche.territoire), alignement="droite", largeur=17 if large else 14),
        Colonne(entete="Fourchette", largeur=17),
    ]
    if matiere.reference is not None:
        colonnes.append(Colonne(entete=f"Au regard {de(matiere.reference)}", largeur=23))
    colonnes += [
        Colonne(entete=_entete(t), alignement="droite", largeur=18 if large else 16)
        for t in fiche.comparateurs
    ]
    lignes = []
    for indicateur in matiere.indicateurs:
        periode = matiere.periode(indicateur.id)
        observe = matiere.observe(indicateur.id, fiche.id, periode)
        lignes.append(
            (
                Cellule(contenu=_libelle(indicateur, periode)),
                _valeur(matiere, observe),
                Cellule(contenu=fourchette(matiere, observe)),
                *((_verdict(matiere, indicateur),) if matiere.reference is not None else ()),
                *(
                    Cellule(
                        contenu=(matiere.imprimer(matiere.observe(indicateur.id, t.id, periode)),)
                    )
                    for t in fiche.comparateurs
                ),
            )
        )
    return Tableau(
        id="tab-chiffres",
        legende=(Texte("Chaque comparaison est à la même période"),),
        colonnes=tuple(colonnes),
        lignes=tuple(lignes),
        notes=_notes(matiere),
    )


def _valeur(matiere: MatiereProfil, observe: Observe | None) -> Cellule:
    imprimee = matiere.imprimer(observe)
    lisible = observe is not None and observe.lisible
    return Cellule(contenu=(Fort((imprimee,)),) if lisible else (imprimee,))


def _verdict(matiere: MatiereProfil, indicateur: Indicateur) -> Cellule:
    mots = ecart(matiere, indicateur)
    return Cellule(contenu=(Mention(mots, "nom"),) if mots else ())


def _tableau_double(matiere: MatiereProfil) -> Tableau:
    gauche, droite = matiere.fiches
    commun = _comparateur_commun(gauche, droite)
    colonnes = [Colonne(entete="Indicateur", largeur=28)]
    for fiche in matiere.fiches:
        nom = _entete(fiche.territoire)
        colonnes.append(Colonne(entete=nom, alignement="droite", largeur=12))
        colonnes.append(Colonne(entete=f"Fourchette ({nom})", largeur=18))
    colonnes.append(Colonne(entete=_face_a_face(gauche, droite), largeur=17))
    if commun is not None:
        colonnes.append(Colonne(entete=_entete(commun), alignement="droite", largeur=11))
    lignes = []
    for indicateur in matiere.indicateurs:
        periode = matiere.periode(indicateur.id)
        observes = [matiere.observe(indicateur.id, f.id, periode) for f in matiere.fiches]
        cellules = [Cellule(contenu=_libelle(indicateur, periode))]
        for observe in observes:
            cellules.append(_valeur(matiere, observe))
            cellules.append(Cellule(contenu=fourchette(matiere, observe)))
        cellules.append(_verdict(matiere, indicateur))
        if commun is not None:
            reference = matiere.observe(indicateur.id, commun.id, periode)
            cellules.append(Cellule(contenu=(matiere.imprimer(reference),)))
        lignes.append(tuple(cellules))
    return Tableau(
        id="tab-chiffres",
        legende=(Texte("Les deux territoires à la même période"),),
        colonnes=tuple(colonnes),
        lignes=tuple(lignes),
        notes=_notes(matiere),
    )


def _face_a_face(gauche: Fiche, droite: Fiche) -> str:
    noms = [_entete(fiche.territoire) for fiche in (gauche, droite)]
    if Niveau.LIBRE in (gauche.territoire.niveau, droite.territoire.niveau) or noms[0] == noms[1]:
        return "Le premier au regard du second"
    return f"{noms[0]} au regard {de(droite.territoire)}"


def ecart(matiere: MatiereProfil, indicateur: Indicateur) -> str:
    """Renvoie le verdict d'un indicateur, dans les mots et selon les règles du rapport.

    Face à une référence, il dit aussi de quel côté est la fragilité ; entre deux territoires, non.
    """
    periode = matiere.periode(indicateur.id)
    observes = [matiere.observe(indicateur.id, f.id, periode) for f in matiere.fiches]
    if any(o is None or not o.lisible for o in observes):
        return ""
    if indicateur.unite == "nombre":
        return "effectif"
    ligne = matiere.comparaison(indicateur.id)
    if ligne is None:
        return "non comparable"
    mots = dire(ligne["verdict"], nette=ligne["nette"])
    if len(matiere.fiches) > 1:
        return mots
    mots += _LECTURES.get(ligne["lecture"], "")
    cible = ligne["reference_territoire"]
    principale = matiere.reference
    if ligne["verdict"] != "non_comparable" and principale and cible != principale.id:
        autre = next(t for t in matiere.fiches[0].comparateurs if t.id == cible)
        mots += f", au regard {de(autre)}"
    return mots


def _comparateur_commun(gauche: Fiche, droite: Fiche) -> Territoire | None:
    ids = {t.id for t in droite.comparateurs} - {gauche.id, droite.id}
    return next((t for t in gauche.comparateurs if t.id in ids), None)


def _entete(territoire: Territoire) -> str:
    if territoire.niveau is Niveau.LIBRE and len(territoire.nom) > 24:
        return "Territoire"
    return nom_court(territoire)


def _notes(matiere: MatiereProfil) -> tuple[tuple[Ligne, ...], ...]:
    """Dit ce qu'est un écart net, et pourquoi certaines valeurs n'ont pas de fourchette."""
    raisons: dict[str, list[str]] = {}
    estime = False
    for indicateur in matiere.indicateurs:
        periode = matiere.periode(indicateur.id)
        for fiche in matiere.fiches:
            observe = matiere.observe(indicateur.id, fiche.id, periode)
            if observe is None or not observe.lisible:
                continue
            estime = estime or observe.status == "E"
            if observe.status != "E" and matiere.bornes(observe) is None and observe.motif:
                noms = raisons.setdefault(observe.motif, [])
                if indicateur.libelle_court not in noms:
                    noms.append(indicateur.libelle_court)
    notes: list[tuple[Ligne, ...]] = []
    if matiere.reference is not None:
        notes.append((Texte(_REGLE if len(matiere.fiches) == 1 else _REGLE_DOUBLE),))
    if raisons:
        phrases = [f"{motif} ({', '.join(noms)})" for motif, noms in raisons.items()]
        notes.append(
            (Texte("Sans fourchette : "), Mention(" ; ".join(phrases) + ".", "definition"))
        )
    if estime:
        notes.append((Texte("Estimation : une commune coupée y compte pour sa part."),))
    return tuple(notes)


def _services(matiere: MatiereProfil) -> Iterator[Bloc]:
    comptes = [
        (mesure, [_compte(matiere, mesure, fiche) for fiche in matiere.fiches])
        for mesure in matiere.mesures
    ]
    dits = [(m, o) for m, o in comptes if any(_a_dire(*couple) for couple in o)]
    muettes = [m for m, o in comptes if not any(_a_dire(*couple) for couple in o)]
    if dits:
        yield _tableau_services(matiere, dits)
    raisons = list(dict.fromkeys(f.sans_services for f in matiere.fiches if f.sans_services))
    for raison in raisons:
        yield Paragraphe(style="note", contenu=(Texte(raison),))
    if muettes and not raisons:
        noms = enumerer(m.libelle_court for m in muettes)
        yield Paragraphe(
            style="note",
            contenu=(
                Texte("Aucun lieu connu, ou aucune liste qui couvre ce territoire : "),
                Mention(noms, "definition"),
                Texte(". Ce silence n'est pas une absence de service."),
            ),
        )


def _compte(
    matiere: MatiereProfil, mesure: MesureOffre, fiche: Fiche
) -> tuple[Observe | None, Observe | None]:
    nombres = matiere.serie(mesure.id, fiche.id)
    temps = matiere.serie(f"offre.{mesure.id}.temps", fiche.id)
    return (nombres[0] if nombres else None, temps[0] if temps else None)


def _a_dire(compte: Observe | None, temps: Observe | None) -> bool:
    return any(o is not None and o.lisible for o in (compte, temps))


def _tableau_services(
    matiere: MatiereProfil,
    dits: Sequence[tuple[MesureOffre, Sequence[tuple[Observe | None, Observe | None]]]],
) -> Tableau:
    double = len(matiere.fiches) > 1
    mesures = [
        fiche.territoire.niveau is Niveau.COMMUNE or any(couples[rang][1] for _, couples in dits)
        for rang, fiche in enumerate(matiere.fiches)
    ]
    colonnes = [Colonne(entete="Service", largeur=30)]
    for fiche, mesure_ici in zip(matiere.fiches, mesures, strict=True):
        suffixe = f" ({_entete(fiche.territoire)})" if double else ""
        colonnes.append(Colonne(entete=f"Nombre{suffixe}", alignement="droite", largeur=10))
        if mesure_ici:
            colonnes.append(Colonne(entete=f"Au plus proche{suffixe}", largeur=34))
    lignes = []
    for mesure, couples in dits:
        periodes = [n.periode for n, _ in couples if n is not None and n.periode]
        cellules = [Cellule(contenu=_libelle(mesure, max(periodes, default="")))]
        for fiche, mesure_ici, (compte, temps) in zip(
            matiere.fiches, mesures, couples, strict=True
        ):
            cellules.append(Cellule(contenu=(matiere.imprimer(compte),)))
            if not mesure_ici:
                continue
            sur_place = compte is not None and bool(compte.value)
            if sur_place and fiche.territoire.niveau is Niveau.COMMUNE:
                cellules.append(Cellule(contenu=(Texte("dans la commune"),)))
            else:
                cellules.append(Cellule(contenu=_proche(matiere, mesure, fiche, temps)))
        lignes.append(tuple(cellules))
    notes = ["Nombre de lieux connus, doublons réunis."]
    if any(mesures):
        notes[0] += (
            " Temps en voiture estimés depuis le centre de la commune, avec leur fourchette ; "
            "au-delà d'une commune, médiane des habitants. Seuls les lieux connus comptent : "
            "d'autres peuvent exister, certains ont pu fermer."
        )
    if not all(mesures):
        notes[0] += " Le temps d'accès n'est pas calculé pour un territoire propre."
    if any(o is not None and o.status == "L" for _, c in dits for o, _ in c):
        notes.append("Non documenté : aucun lieu connu, par une liste qui n'est pas complète.")
    return Tableau(
        id="tab-services",
        legende=(Texte("Lieux connus et accès estimé, avec la date de la liste"),),
        colonnes=tuple(colonnes),
        lignes=tuple(lignes),
        notes=tuple((Texte(note),) for note in notes),
    )


def _proche(
    matiere: MatiereProfil, mesure: MesureOffre, fiche: Fiche, temps: Observe | None
) -> tuple[Ligne, ...]:
    if temps is None:
        return (Texte("non calculé"),)
    if not temps.lisible:
        return (matiere.imprimer(temps),)
    contenu: list[Ligne] = [matiere.imprimer(temps)]
    bornes = matiere.bornes(temps)
    if bornes is not None:
        contenu += [Texte(" ("), bornes[0], Texte(" à "), bornes[1], Texte(")")]
    commune = matiere.plus_proches.get((mesure.id, fiche.id))
    if commune:
        contenu += [Texte(", "), Mention(commune, "nom")]
    return tuple(contenu)
