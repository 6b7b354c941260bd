"""Tables de l'explorateur du site, tirées de la matière : chaque valeur déjà imprimée."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from solidiag.catalogue.indicateur import Indicateur, MesureOffre
from solidiag.model.territoire import Niveau
from solidiag.publication.document import Nombre, texte_brut
from solidiag.publication.francais import UNITES, majuscule
from solidiag.publication.matiere import Matiere, Observe
from solidiag.publication.rapport.lissages import EXPLICATION, TAUX_LISSE
from solidiag.publication.rapport.tableaux import NATURES, source_de
from solidiag.publication.site.modele import SiteLigne, SiteTable, SiteTerritoire
from solidiag.publication.typographie import soigner

_NIVEAUX = ("COM", "ARM", "EPCI", "ARR", "BV", "ZE", "DEP", "REG", "FR")


def territoires_du_site(matiere: Matiere) -> tuple[SiteTerritoire, ...]:
    """Renvoie les territoires que le site sait nommer, avec leurs comparateurs."""
    comparateurs = (matiere.departement.id, matiere.region.id, "FR-FR")
    epci_de = dict(matiere.referentiel.communes.select("code", "epci").iter_rows())
    territoires = []
    for identifiant in territoires_observes(matiere):
        niveau, _, code = identifiant.partition("-")
        parents: tuple[str, ...] = comparateurs
        if niveau == Niveau.COMMUNE.value and epci_de.get(code):
            parents = (f"EPCI-{epci_de[code]}", *comparateurs)
        elif niveau == Niveau.REGION.value:
            parents = ("FR-FR",)
        elif niveau == Niveau.FRANCE.value:
            parents = ()
        elif niveau == Niveau.DEPARTEMENT.value:
            parents = comparateurs[1:]
        territoires.append(
            SiteTerritoire(id=identifiant, nom=matiere.nom(identifiant), parents=parents)
        )
    return tuple(territoires)


def territoires_observes(matiere: Matiere) -> list[str]:
    """Renvoie les identifiants des territoires du diagnostic, par niveau puis par nom."""
    presents = matiere.observations.frame["territoire"].unique().to_list()
    return sorted(presents, key=lambda t: (_NIVEAUX.index(t.partition("-")[0]), matiere.nom(t), t))


def tables_du_site(matiere: Matiere) -> dict[str, SiteTable]:
    """Renvoie une table par indicateur et par mesure, à sa période la plus récente."""
    tables = {}
    observes = territoires_observes(matiere)
    groupes = _groupes(matiere)
    ordre = {identifiant: rang for rang, identifiant in enumerate(groupes)}
    declarations: list[Indicateur | MesureOffre] = sorted(
        (*matiere.indicateurs.values(), *matiere.mesures.values()),
        key=lambda d: (ordre.get(d.id, len(ordre)), d.id),
    )
    for declaration in declarations:
        periode = matiere.periode_de_reference(declaration.id, observes)
        if not periode:
            continue
        lignes = tuple(
            _ligne(matiere, observe)
            for territoire in observes
            if (observe := matiere.derniere(declaration.id, territoire, periode)) is not None
        )
        besoin = isinstance(declaration, Indicateur)
        tables[declaration.id] = SiteTable(
            id=declaration.id,
            indicateur=declaration.id,
            periode=periode,
            libelle=soigner(declaration.libelle),
            unite=UNITES[declaration.unite],
            definition=soigner(_definition(declaration)),
            source=soigner(texte_brut(source_de(matiere, [declaration.id], periode=periode))),
            millesime=periode,
            lignes=lignes,
            genre=_genre(declaration),
            theme="besoin" if besoin else "offre",
            groupe=soigner(groupes.get(declaration.id, "Autres mesures")),
            champ=soigner(declaration.champ) if isinstance(declaration, Indicateur) else "",
            limites=tuple(soigner(limite) for limite in _limites(declaration)),
            fichier="observations.csv",
            lissage=soigner(_lissage(matiere, declaration.id, periode)),
        )
    return tables


def _lissage(matiere: Matiere, indicateur: str, periode: str) -> str:
    if not matiere.lisses(indicateur, periode):
        return ""
    return f"{majuscule(TAUX_LISSE)}. {EXPLICATION}"


def _definition(declaration: Indicateur | MesureOffre) -> str:
    if isinstance(declaration, Indicateur):
        return declaration.definition
    return f"{declaration.libelle}. {NATURES[declaration.nature].capitalize()}."


def _limites(declaration: Indicateur | MesureOffre) -> tuple[str, ...]:
    if isinstance(declaration, Indicateur):
        return declaration.limites
    return (declaration.reserve,) if declaration.reserve else ()


def _genre(declaration: Indicateur | MesureOffre) -> Literal["taux", "effectif", "aucun"]:
    if declaration.carte in ("taux", "effectif"):
        return "taux" if declaration.carte == "taux" else "effectif"
    return "aucun"


def _groupes(matiere: Matiere) -> dict[str, str]:
    groupes = dict.fromkeys(matiere.grille.socle_contexte, "Socle de contexte")
    for axe in matiere.grille.axes:
        for domaine in matiere.domaines(axe.id):
            titre = f"Axe {axe.numero} – {domaine.libelle}"
            mesures: Sequence[str] = [m.id for m in matiere.mesures_de(domaine)]
            complements = domaine.indicateurs_complementaires
            for identifiant in (*domaine.indicateurs_besoin, *complements, *mesures):
                groupes.setdefault(identifiant, titre)
    titres = {
        domaine.id: f"Axe {axe.numero} – {domaine.libelle}"
        for axe in matiere.grille.axes
        for domaine in matiere.domaines(axe.id)
    }
    for mesure in matiere.mesures.values():
        for identifiant in mesure.domaines[:1]:
            groupes.setdefault(mesure.id, titres[identifiant])
    return groupes


def _ligne(matiere: Matiere, observe: Observe) -> SiteLigne:
    imprime = matiere.imprimer(observe)
    lisible = isinstance(imprime, Nombre)
    lisse = matiere.lisses(observe.indicateur, observe.periode).get(observe.territoire)
    lisse_imprime = matiere.imprimer(lisse, table="lissages")
    return SiteLigne(
        territoire=observe.territoire,
        texte=imprime.texte if isinstance(imprime, Nombre) else "",
        valeur=observe.value if lisible else None,
        statut=observe.status,
        intervalle=_intervalle(matiere, observe) if lisible else "",
        motif=soigner(observe.motif or ""),
        lisse=lisse_imprime.texte if isinstance(lisse_imprime, Nombre) else "",
        valeur_lissee=lisse.value if lisse and isinstance(lisse_imprime, Nombre) else None,
    )


def _intervalle(matiere: Matiere, observe: Observe) -> str:
    bornes = matiere.bornes(observe)
    return " à ".join(bornes) if bornes else ""
