"""Cartes et graphiques du rapport, chacun une seule fois, avec sa table et son alternative."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property

import polars as pl

from solidiag.catalogue.indicateur import Indicateur, MesureOffre
from solidiag.publication.cartes import (
    EchelleCercles,
    FondSvg,
    PointCarte,
    alt_carte,
    carte_cercles,
    carte_choroplethe,
    carte_classes,
    carte_points,
    carte_vierge,
    echelle_commune,
    preparer_fond,
)
from solidiag.publication.document import (
    Figure,
    Ligne,
    Mention,
    Nombre,
    Texte,
    texte_brut,
)
from solidiag.publication.francais import UNITES, dans, nom_court
from solidiag.publication.matiere import Matiere, Observe
from solidiag.publication.rapport.gabarits import Plume, masque_de
from solidiag.publication.rapport.lissages import TAUX_LISSE, mention_lissee
from solidiag.publication.rapport.offre_faits import lire_acces
from solidiag.publication.rapport.phrases import (
    etendue,
    lisibles,
    majuscule,
    message_carte,
    part_lue,
    sujet,
)
from solidiag.publication.rapport.tableaux import CLASSES, classe_affichee, nombre_de, source_de
from solidiag.publication.site.modele import Fond as FondDeSite
from solidiag.statistics.classes import classer

PART_DE_COMMUNES = 0.6
"""Part de communes lisibles sous laquelle une carte passe à l'intercommunalité."""

PART_D_EPCI = 0.5
PART_PLANCHER = 0.3
"""Parts sous lesquelles une carte serait presque vide : le tableau suffit."""

TEMPS_CARTOGRAPHIABLE_MIN = 30.0
"""Temps médian au-delà duquel l'estimation est trop grossière pour une carte."""

_LIEUX_D_UNE_CARTE = 10
"""Nombre de lieux sous lequel une carte qu'aucun domaine n'a montrée ne s'ajoute pas."""

_NIVEAUX = {
    "COM": ("la commune", "communes", "communes diffusées"),
    "EPCI": ("l'intercommunalité", "intercommunalités", "intercommunalités lues"),
}


class Cartotheque:
    """Donne chaque figure une fois, et se souvient des indicateurs déjà commentés."""

    def __init__(self, matiere: Matiere) -> None:
        self._matiere = matiere
        self._dits: set[str] = set()
        self._traces: set[str] = set()
        self._titres: set[str] = set()
        self.plume = Plume(masque_de(matiere))

    def renouveler(self) -> Cartotheque:
        """Renvoie une cartothèque neuve, qui réemploie le fond de carte déjà préparé."""
        neuve = Cartotheque(self._matiere)
        neuve.__dict__["fond"] = self.fond
        return neuve

    def deja_dit(self, indicateur: str) -> bool:
        """Dit si un indicateur a déjà été commenté."""
        return indicateur in self._dits

    def dire(self, indicateur: str) -> None:
        """Note qu'un indicateur est commenté."""
        self._dits.add(indicateur)

    def deja_en_titre(self, indicateur: str) -> bool:
        """Dit si un indicateur a déjà fait le titre d'un domaine."""
        return indicateur in self._titres

    def mettre_en_titre(self, indicateur: str) -> None:
        """Note qu'un indicateur a fait un titre."""
        self._titres.add(indicateur)

    @cached_property
    def fond(self) -> FondSvg:
        """Fond de carte du département, préparé une fois."""
        return fond_de(self._matiere)

    @cached_property
    def _echelle(self) -> EchelleCercles:
        matiere = self._matiere
        declarations: list[Indicateur | MesureOffre] = [
            *matiere.indicateurs.values(),
            *matiere.mesures.values(),
        ]
        return echelle_commune(
            [o.value for o in lisibles(matiere, d.id, matiere.communes)]
            for d in declarations
            if d.carte == "effectif" and d.id != "ctx_pop"
        )

    def carte(self, indicateur: Indicateur) -> Figure | None:
        """Renvoie la carte d'un indicateur, ou rien s'il n'y a rien à montrer de nouveau."""
        if indicateur.carte == "non":
            return None
        return self._carte(indicateur, theme="besoin", niveau_voulu=indicateur.niveau_carte)

    def carte_par_id(self, indicateur: str) -> Figure | None:
        """Renvoie la carte d'un indicateur nommé, s'il est documenté."""
        declaration = self._matiere.indicateurs.get(indicateur)
        return self.carte(declaration) if declaration else None

    def carte_offre(self, mesure: MesureOffre) -> Figure | None:
        """Renvoie la carte d'une mesure d'offre : points, cercles ou classes."""
        if mesure.carte == "non":
            return None
        if mesure.carte == "points":
            return self._points(mesure)
        return self._carte(mesure, theme="offre", niveau_voulu="COM")

    def carte_temps(self, mesure: MesureOffre | None) -> Figure | None:
        """Renvoie la carte du temps jusqu'au lieu le plus proche d'un domaine, par commune.

        Rien si le temps n'est pas connu, ou si l'estimation est trop grossière pour une carte.
        """
        if mesure is None:
            return None
        observe = self._matiere.derniere(mesure.id, self._matiere.departement.id)
        if observe is None or observe.value is None:
            return None
        if observe.value > TEMPS_CARTOGRAPHIABLE_MIN:
            return None
        return self.carte_offre(mesure)

    def carte_capacite(self, mesure: MesureOffre) -> Figure | None:
        """Renvoie la carte de la capacité à portée, par intercommunalité."""
        return self._carte(mesure, theme="offre", niveau_voulu="EPCI")

    def _carte(
        self, declaration: Indicateur | MesureOffre, *, theme: str, niveau_voulu: str
    ) -> Figure | None:
        matiere = self._matiere
        signature = _signature(declaration)
        if signature in self._traces or not self.fond.cartographiable:
            return None
        niveau, observes = self._niveau(declaration.id, niveau_voulu)
        if len({o.value for o in observes}) < 2:
            return None
        self._traces.add(signature)
        ids = matiere.communes if niveau == "COM" else matiere.epci
        periode = matiere.periode_de_reference(declaration.id, ids)
        tous = {t: matiere.derniere(declaration.id, t, periode) for t in ids}
        valeurs = {t: o.value if o and o.lisible else None for t, o in tous.items()}
        statuts = {t: o.status if o else "L" for t, o in tous.items()}
        unite = UNITES.get(declaration.unite, declaration.unite)
        decimales = matiere.decimales(declaration.id, periode, niveau) or 0
        identifiant = f"carte-{declaration.id}".replace(".", "-")
        titre_legende = _legende(declaration, unite)
        lue = sujet(declaration)
        lisses = matiere.lisses(declaration.id, periode) if niveau == "COM" else {}
        if lisses:
            valeurs = {t: o.value if (o := lisses.get(t)) and o.lisible else None for t in ids}
            titre_legende = f"{titre_legende}, {TAUX_LISSE}"
            lue = f"{lue}, {TAUX_LISSE}"
        plancher = any(o.precision == "floor" for o in observes)
        if declaration.carte == "effectif":
            svg = carte_cercles(
                self.fond,
                valeurs,
                echelle=self._echelle_de(declaration, observes),
                legende=titre_legende,
                prefixe=identifiant,
                statuts=statuts,
                niveau=niveau,
            )
            alt = self._alt_effectif(declaration, observes, niveau)
        else:
            classes = classer([v for v in valeurs.values() if v is not None], decimales=decimales)
            svg = carte_choroplethe(
                self.fond,
                valeurs,
                classes=classes,
                legende=titre_legende,
                prefixe=identifiant,
                statuts=statuts,
                niveau=niveau,
                unite=declaration.unite,
                plancher=plancher,
                reperes=self._reperes(declaration.id, periode),
            )
            alt = alt_carte(
                self.fond,
                valeurs,
                classes=classes,
                sujet=lue,
                indicateur=declaration.id,
                periode=periode,
                noms={e: nom_court(matiere.territoire(e)) for e in matiere.epci},
                statuts=statuts,
                niveau=niveau,
                unite=declaration.unite,
                plancher=plancher,
            ).texte
        _, mot, mot_lu = _NIVEAUX[niveau]
        return Figure(
            id=identifiant,
            legende=self._message(declaration, observes, niveau),
            sous_titre=(
                Mention(
                    f"{_libelle(declaration, observes)}, {periode}, "
                    f"découpage de {matiere.referentiel.cog} ; ",
                    "nom",
                ),
                *part_lue(
                    matiere,
                    declaration.id,
                    len(observes),
                    len(ids),
                    mot,
                    dit=f"{mot} mesurées" if isinstance(declaration, MesureOffre) else mot_lu,
                ),
                Texte("."),
                *(mention_lissee() if lisses else ()),
            ),
            svg=svg,
            alt=alt,
            source=source_de(matiere, [declaration.id], periode=periode),
            tableau=f"table:{declaration.id}:{niveau}:{periode}",
            donnees="lissages.csv" if lisses else "observations.csv",
            theme="besoin" if theme == "besoin" else "offre",
        )

    def _message(
        self, declaration: Indicateur | MesureOffre, observes: Sequence[Observe], niveau: str
    ) -> tuple[Ligne, ...]:
        """Dit l'étendue de ce que la carte montre ; d'un indicateur, celle des intercommunalités.

        Les taux extrêmes d'un indicateur sont ceux de très petites communes : une carte de
        communes dit donc l'étendue des intercommunalités, et qu'elle détaille les communes.
        """
        matiere = self._matiere
        if declaration.id.startswith("acces.") and declaration.id.endswith(".temps"):
            return _message_temps(matiere, declaration, observes, _NIVEAUX[niveau][0])
        if isinstance(declaration, MesureOffre):
            nomme = declaration
            if declaration.id.startswith("acces."):
                court = declaration.libelle.partition(" – ")[0]
                nomme = declaration.model_copy(update={"libelle_court": court})
            return message_carte(matiere, nomme, observes, _NIVEAUX[niveau][0])
        epci = lisibles(matiere, declaration.id, matiere.epci)
        mot = _NIVEAUX[niveau][0]
        if niveau == "COM" and len(epci) > 1 and epci[0].periode == observes[0].periode:
            observes, mot = epci, f"{_NIVEAUX['EPCI'][0]} (carte par commune)"
        return message_carte(matiere, declaration, observes, mot)

    def _niveau(self, identifiant: str, voulu: str) -> tuple[str, list[Observe]]:
        matiere = self._matiere
        communes = lisibles(matiere, identifiant, matiere.communes)
        if voulu == "COM" and len(communes) >= PART_DE_COMMUNES * len(matiere.communes):
            return "COM", communes
        epci = lisibles(matiere, identifiant, matiere.epci)
        if len(epci) >= PART_D_EPCI * len(matiere.epci):
            return "EPCI", epci
        if len(communes) >= PART_PLANCHER * len(matiere.communes):
            return "COM", communes
        return "EPCI", []

    def _echelle_de(
        self, declaration: Indicateur | MesureOffre, observes: Sequence[Observe]
    ) -> EchelleCercles:
        if declaration.id == "ctx_pop":
            return echelle_commune([[o.value for o in observes]])
        return self._echelle

    def _alt_effectif(
        self, declaration: Indicateur | MesureOffre, observes: Sequence[Observe], niveau: str
    ) -> str:
        message = texte_brut(self._message(declaration, observes, niveau))
        return f"Carte en cercles : {message}."

    def _reperes(self, identifiant: str, periode: str) -> list[tuple[str, str]]:
        matiere = self._matiere
        reperes = []
        for territoire in (matiere.departement.id, matiere.region.id, "FR-FR"):
            observe = matiere.derniere(identifiant, territoire, periode)
            imprime = matiere.imprimer(observe)
            if isinstance(imprime, Nombre):
                reperes.append((matiere.nom(territoire), imprime.texte))
        return reperes

    def _points(self, mesure: MesureOffre, *, minimum: int = 1) -> Figure | None:
        matiere = self._matiere
        if mesure.id in self._traces or not self.fond.cartographiable:
            return None
        categories = tuple(mesure.selection.get("categories", ()))
        services = matiere.services.frame.filter(
            pl.col("categorie").is_in(categories),
            pl.col("latitude").is_not_null(),
            pl.col("longitude").is_not_null(),
        ).unique("groupe", keep="first", maintain_order=True)
        if services.height < minimum:
            return None
        self._traces.add(mesure.id)
        identifiant = f"points-{mesure.id}".replace(".", "-")
        dates = sorted({str(d)[:4] for d in services["date_source"].drop_nulls()})
        periode = dates[0] if len(dates) == 1 else f"{dates[0]} à {dates[-1]}"
        communes = services["code_insee"].drop_nulls().n_unique()
        svg = carte_points(
            self.fond,
            [
                PointCarte(
                    id=ligne["id"],
                    categorie=ligne["categorie"],
                    longitude=ligne["longitude"],
                    latitude=ligne["latitude"],
                    incertain=ligne["precision_geo"] not in ("point", "rue"),
                )
                for ligne in services.iter_rows(named=True)
            ],
            categories={c: matiere.libelle_categorie(c) for c in categories},
            legende=mesure.libelle,
            prefixe=identifiant,
            date=f"situation de {periode}",
        )
        compte = nombre_de(matiere, services.height, f"points:{mesure.id}")
        lieux = nombre_de(matiere, communes, f"communes:{mesure.id}")
        return Figure(
            id=identifiant,
            legende=(
                Texte(f"{majuscule(mesure.libelle_court)} : "),
                compte,
                Texte(" lieux situés, dans " if services.height > 1 else " lieu situé, dans "),
                lieux,
                Texte(" communes" if communes > 1 else " commune"),
            ),
            sous_titre=(
                Mention(f"{mesure.libelle}, situation de {periode}. {mesure.reserve}", "nom"),
            ),
            svg=svg,
            alt=(
                f"Carte de points {dans(matiere.departement)} : {mesure.libelle}, "
                f"{compte.texte} lieux dans {lieux.texte} communes. "
                "Le tableau des services donne chaque lieu et sa date."
            ),
            source=source_de(matiere, [mesure.id]),
            tableau=f"services:{mesure.id}",
            donnees="services.csv",
            theme="offre",
        )

    def carte_ecart(self, domaine: str, libelle: str) -> Figure | None:
        """Renvoie la carte des classes d'un domaine, ou rien s'il n'en a pas deux à montrer."""
        matiere = self._matiere
        table = matiere.ecarts.frame.filter(domaine=domaine)
        classes = {
            case["territoire"]: classe_affichee(case) for case in table.iter_rows(named=True)
        }
        mesurees = [c for c in classes.values() if c != "non_mesure"]
        if len(set(mesurees)) < 2 or not self.fond.cartographiable:
            return None
        identifiant = f"ecart-{domaine}"
        morceaux: list[Ligne] = []
        for classe, mot in CLASSES.items():
            nombre = mesurees.count(classe)
            if nombre:
                morceaux.append(Texte(f"{', ' if morceaux else ''}{mot} ("))
                morceaux += [nombre_de(matiere, nombre, f"{domaine}:{classe}"), Texte(")")]
        return Figure(
            id=identifiant,
            legende=(Texte("Intercommunalités : "), *morceaux),
            sous_titre=(Mention(f"{libelle} : besoin et offre comparés au département.", "nom"),),
            svg=carte_classes(
                self.fond, classes, legende="Besoin et offre comparés", prefixe=identifiant
            ),
            alt=(
                f"Carte des intercommunalités {dans(matiere.departement)} par classe d'écart, "
                f"{libelle} : {texte_brut(morceaux)}."
            ),
            source=(Mention("Source : croisement calculé par Solidiag.", "reference"),),
            tableau=f"ecart:{domaine}",
            donnees="matrice.csv",
            theme="ecart",
        )

    def cartes_de_points(self) -> Iterator[Figure]:
        """Parcourt les cartes de services qu'aucun domaine n'a montrées.

        Quelques lieux se lisent mieux dans la table des services que sur une carte à part.
        """
        for mesure in self._matiere.mesures.values():
            if mesure.carte == "points":
                figure = self._points(mesure, minimum=_LIEUX_D_UNE_CARTE)
                if figure is not None:
                    yield figure


def _signature(declaration: Indicateur | MesureOffre) -> str:
    """Renvoie ce que lit une déclaration : deux qui lisent la même chose ont la même carte."""
    if not declaration.lectures:
        return declaration.id
    lecture = declaration.lectures[0]
    termes = (lecture.valeur, lecture.numerateur, lecture.denominateur)
    return " ".join(
        [
            lecture.formule,
            *(f"{t.fichier}:{'+'.join(t.variables)}" for t in termes if t is not None),
        ]
    )


def fond_de(matiere: Matiere, *, largeur: float | None = None) -> FondSvg:
    """Renvoie le fond de carte préparé du département."""
    options = {} if largeur is None else {"largeur": largeur}
    return preparer_fond(
        matiere.fond,
        populations=matiere.referentiel.populations,
        noms_epci={e: nom_court(matiere.territoire(e)) for e in matiere.epci},
        **options,
    )


def _libelle(declaration: Indicateur | MesureOffre, observes: Sequence[Observe]) -> str:
    """Renvoie le libellé, avec la méthode d'un temps d'accès (« estimation de trajet »)."""
    methode = observes[0].method if declaration.id.startswith("acces.") else None
    return f"{declaration.libelle} ({methode})" if methode else declaration.libelle


def _message_temps(
    matiere: Matiere, mesure: Indicateur | MesureOffre, observes: Sequence[Observe], mot: str
) -> tuple[Ligne, ...]:
    """Renvoie « Gares (2019) : de 4 à 70 minutes jusqu'à la plus proche, selon la commune »."""
    bornes = etendue(observes)
    acces = lire_acces(matiere, mesure.id.split(".")[1])
    lieux = acces.resume.get("lieux_comptes") if acces else ""
    annees = acces.resume.get("annees") if acces else ""
    nom: tuple[Ligne, ...] = (Mention(majuscule(str(lieux or "lieux connus")), "nom"),)
    if annees:
        nom = (*nom, Texte(", lieux de "), Mention(str(annees), "millesime"))
    if bornes is None:
        return (*nom, Texte(" : temps jusqu'au lieu connu le plus proche"))
    return (
        *nom,
        Texte(" : de "),
        matiere.imprimer(bornes[0]),
        Texte(" à "),
        matiere.imprimer(bornes[1]),
        Texte(f" jusqu'au lieu connu le plus proche, selon {mot}"),
    )


def _legende(declaration: Indicateur | MesureOffre, unite: str) -> str:
    court = majuscule(declaration.libelle_court)
    if declaration.id.startswith("acces."):
        court = court.partition(", ")[0]
    if declaration.unite in ("nombre", "ratio", "indice") or " pour " in court:
        return court
    if unite.startswith(("pour ", "places ")):
        return f"{court}, {unite}"
    return f"{court}, en {unite}"


def fonds_de_site(matiere: Matiere) -> tuple[FondDeSite, ...]:
    """Renvoie les fonds de carte de l'explorateur : communes, intercommunalités."""
    fond = fond_de(matiere)
    if not fond.cartographiable:
        return ()
    return tuple(
        FondDeSite(
            niveau=niveau,
            svg=carte_vierge(fond, prefixe=f"fond-{niveau.lower()}", niveau=niveau),
            description=f"Carte par {_NIVEAUX[niveau][1][:-1]} {dans(matiere.departement)}",
        )
        for niveau in ("COM", "EPCI")
    )
