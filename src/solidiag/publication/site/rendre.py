"""Rendu du site : pages, styles, scripts et données dans un dossier."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from solidiag.publication.document import (
    LIBELLES_ABSENCE,
    Bloc,
    Document,
    Figure,
    Tableau,
    parcourir,
    texte_brut,
)
from solidiag.publication.site.accueil import Accueil, composer_accueil
from solidiag.publication.site.donnees_js import donnees, ecrire_script, repertoire
from solidiag.publication.site.lignes_html import ecrire_mention
from solidiag.publication.site.modele import Fond, SiteTable, SiteTerritoire
from solidiag.publication.site.plan import PlanSite, figures_de, planifier
from solidiag.publication.site.style import feuille_de_style, lire_statique
from solidiag.publication.site.svg import integrer, partager_traces
from solidiag.publication.site.vues import Atelier, VueFigure, VueTableau, ranger_par_nom

SCRIPTS = ("site.js", "cartes.js", "chiffres.js", "territoire.js")
_ECHELLES = {
    "COM": "Communes",
    "ARM": "Arrondissements municipaux",
    "EPCI": "Intercommunalités",
    "BV": "Bassins de vie",
    "ZE": "Zones d'emploi",
    "ARR": "Arrondissements",
}


@dataclass(frozen=True, slots=True)
class EntreeMenu:
    """Lien du menu."""

    etiquette: str
    adresse: str
    axe: int = 0


def rendre_site(
    document: Document,
    dossier: Path,
    *,
    donnees: Mapping[str, SiteTable],
    territoires: Sequence[SiteTerritoire] = (),
    fonds: Sequence[Fond] = (),
    annexes: Mapping[str, Tableau] | None = None,
    dossier_donnees: str = "",
) -> list[Path]:
    """Écrit le site d'un document et renvoie les fichiers écrits, par ordre alphabétique.

    Parameters
    ----------
    donnees
        Tables d'indicateurs de l'explorateur, par identifiant.
    territoires
        Territoires que le site nomme ; ceux de l'explorateur et de « Mon territoire ».
    fonds
        Fonds de carte de l'explorateur, au plus un par niveau.
    annexes
        Tableaux de figures absents du document, par identifiant (``Figure.tableau``).
    dossier_donnees
        Adresse du dossier des données ouvertes vue du site (``../donnees/``), ou rien.

    Raises
    ------
    RenduImpossible
        Si le document ne peut pas être montré à tous (figure sans texte de remplacement...).
    """
    atelier = _Site(
        plan=planifier(document),
        tables=donnees,
        territoires=tuple(territoires),
        fonds=tuple(fonds),
        annexes=annexes or {},
        dossier_donnees=dossier_donnees,
    )
    ecrits = []
    for nom, octets in atelier.fichiers().items():
        chemin = dossier / nom
        chemin.parent.mkdir(parents=True, exist_ok=True)
        chemin.write_bytes(octets)
        ecrits.append(chemin)
    return sorted(ecrits)


@dataclass(frozen=True, kw_only=True)
class _Site:
    plan: PlanSite
    tables: Mapping[str, SiteTable]
    territoires: tuple[SiteTerritoire, ...]
    fonds: tuple[Fond, ...]
    annexes: Mapping[str, Tableau]
    dossier_donnees: str

    @cached_property
    def noms(self) -> dict[str, str]:
        return {territoire.id: territoire.nom for territoire in self.territoires}

    @cached_property
    def ids_par_nom(self) -> dict[str, list[str]]:
        return ranger_par_nom(self.territoires)

    @cached_property
    def gabarits(self) -> Environment:
        environnement = Environment(
            loader=PackageLoader("solidiag.publication.site", "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        environnement.filters["genre"] = lambda bloc: type(bloc).__name__
        environnement.filters["ligne_brute"] = texte_brut
        environnement.filters["dater"] = dater
        environnement.globals["mention"] = ecrire_mention
        return environnement

    def fichiers(self) -> dict[str, bytes]:
        """Renvoie les octets de chaque fichier du site, par chemin relatif."""
        rendus: dict[str, bytes] = {"assets/site.css": feuille_de_style().encode()}
        for nom in SCRIPTS:
            rendus[f"assets/{nom}"] = lire_statique(nom).encode()
        tables = list(self.tables.values())
        rendus["assets/donnees.js"] = ecrire_script("SOLIDIAG", donnees(tables, self.territoires))
        rendus["assets/plan.js"] = ecrire_script(
            "SOLIDIAG_PLAN", repertoire(self.plan, tables, self.territoires)
        )
        rendus["index.html"] = self._accueil()
        for chapitre in self.plan.chapitres:
            rendus[chapitre.fichier] = self._page(
                "chapitre.html.j2",
                fichier=chapitre.fichier,
                blocs=chapitre.blocs,
                titre_page=chapitre.etiquette,
                chapitre=chapitre,
                voisins=self._voisins(chapitre.fichier),
            )
        rendus["chiffres.html"] = self._chiffres()
        rendus["mon-territoire.html"] = self._page(
            "mon-territoire.html.j2",
            fichier="mon-territoire.html",
            titre_page="Mon territoire",
            groupes=self._groupes(),
        )
        rendus["sources-et-methode.html"] = self._page(
            "sources-et-methode.html.j2",
            fichier="sources-et-methode.html",
            titre_page="Sources et méthode",
            groupes=self._groupes(),
            lies=[c for c in self.plan.chapitres if c.titre.id in _CHAPITRES_DE_METHODE],
        )
        rendus["plan-du-site.html"] = self._page(
            "plan-du-site.html.j2",
            fichier="plan-du-site.html",
            titre_page="Plan du site",
            chapitres=self.plan.chapitres,
            groupes=self._groupes(),
        )
        for table in tables:
            rendus[f"chiffres/{table.id}.html"] = self._page_table(table)
        return rendus

    def _menu(self) -> list[tuple[str, list[EntreeMenu]]]:
        chapitres = [EntreeMenu(c.etiquette, c.fichier, c.axe) for c in self.plan.chapitres]
        outils = [
            EntreeMenu("Chiffres et cartes", "chiffres.html"),
            EntreeMenu("Mon territoire", "mon-territoire.html"),
            EntreeMenu("Sources et méthode", "sources-et-methode.html"),
            EntreeMenu("Plan du site", "plan-du-site.html"),
        ]
        return [
            ("", [EntreeMenu("Accueil", "index.html")]),
            ("Le diagnostic", chapitres),
            ("Explorer", outils),
        ]

    def _voisins(self, fichier: str) -> tuple[EntreeMenu | None, EntreeMenu | None]:
        suite = [EntreeMenu(c.etiquette, c.fichier) for c in self.plan.chapitres]
        rang = next(i for i, entree in enumerate(suite) if entree.adresse == fichier)
        precedent = suite[rang - 1] if rang else None
        return precedent, suite[rang + 1] if rang + 1 < len(suite) else None

    def _groupes(self) -> list[tuple[str, list[SiteTable]]]:
        groupes: dict[str, list[SiteTable]] = {}
        for table in self.tables.values():
            groupes.setdefault(table.groupe, []).append(table)
        return list(groupes.items())

    def _page(
        self,
        gabarit: str,
        *,
        fichier: str,
        titre_page: str,
        blocs: Sequence[Bloc] = (),
        figures: Sequence[Figure] = (),
        racine: str = "",
        **variables: Any,
    ) -> bytes:
        vues = self._atelier(fichier, blocs)
        dessins, reserve = self._dessins(vues, [*figures_de(tuple(blocs)), *figures])
        html = self.gabarits.get_template(gabarit).render(
            document=self.plan.document,
            fichier=fichier,
            racine=racine,
            menu=self._menu(),
            titre_page=titre_page,
            titre_site=f"{self.plan.document.titre} : {self.plan.document.territoire}",
            blocs=blocs,
            vues=vues,
            dessins=dessins,
            reserve=reserve,
            absences=LIBELLES_ABSENCE,
            **variables,
        )
        return _nettoyer(html).encode()

    def _atelier(self, fichier: str, blocs: Sequence[Bloc]) -> Atelier:
        ici = {b.id for b in parcourir(blocs) if isinstance(b, Tableau)}
        return Atelier(
            resoudre=self.plan.resolution(fichier),
            noms=self.noms,
            tables=self.tables,
            annexes=self._annexes,
            ici=ici,
            dossier_donnees=self.dossier_donnees,
            ids_par_nom=self.ids_par_nom,
        )

    @cached_property
    def _annexes(self) -> dict[str, Tableau]:
        du_document = {
            b.id: b for b in parcourir(self.plan.document.blocs) if isinstance(b, Tableau)
        }
        return {**du_document, **self.annexes}

    def _dessins(
        self, vues: Atelier, figures: Sequence[Figure]
    ) -> tuple[dict[str, tuple[VueFigure, Markup]], Markup]:
        prets = [vues.figure(figure) for figure in figures]
        reserve, svgs = partager_traces([vue.svg for vue in prets])
        dessins = {
            vue.id: (vue, svg + Markup(vue.legende_svg))  # noqa: S704
            for vue, svg in zip(prets, svgs, strict=True)
        }
        return dessins, reserve

    def _accueil(self) -> bytes:
        accueil = composer_accueil(self.plan)
        return self._page(
            "accueil.html.j2",
            fichier="index.html",
            titre_page="Accueil",
            blocs=accueil.bref,
            figures=[axe.carte for axe in accueil.axes if axe.carte],
            accueil=accueil,
            matrice=self._matrice(accueil),
            ouverture=self.plan.ouverture,
        )

    def _matrice(self, accueil: Accueil) -> VueTableau | None:
        if accueil.matrice is None:
            return None
        vue = self._atelier("index.html", ()).tableau(accueil.matrice.tableau)
        titres = {c.axe: c.titre.surtitre for c in self.plan.chapitres if c.axe}
        bandes = tuple((titres[axe], n, axe) for axe, n in accueil.matrice.bandes if axe in titres)
        return replace(vue, bandes=bandes, classe="matrice", triable=False)

    def _chiffres(self) -> bytes:
        niveaux = {n for table in self.tables.values() for n in table.niveaux()}
        fonds = [
            (
                fond,
                Markup(  # noqa: S704
                    integrer(
                        fond.svg,
                        prefixe=f"fond-{fond.niveau.lower()}",
                        alt=fond.description or "Carte de l'indicateur choisi",
                        classe="fond",
                    )
                ),
            )
            for fond in self.fonds
        ]
        return self._page(
            "chiffres.html.j2",
            fichier="chiffres.html",
            titre_page="Chiffres et cartes",
            groupes=self._groupes(),
            echelles=[(n, nom) for n, nom in _ECHELLES.items() if n in niveaux],
            fonds=fonds,
        )

    def _page_table(self, table: SiteTable) -> bytes:
        fichier = f"chiffres/{table.id}.html"
        vues = self._atelier(fichier, ())
        tableaux = [
            (nom, vues.table(table, identifiant=f"valeurs-{niveau.lower()}", niveaux=[niveau]))
            for niveau, nom in _ECHELLES.items()
            if any(ligne.lisible for ligne in table.de_niveau(niveau))
        ]
        muettes = [
            (nom, tuple(dict.fromkeys(ligne.statut for ligne in table.de_niveau(niveau))))
            for niveau, nom in _ECHELLES.items()
            if niveau in table.niveaux()
            and not any(ligne.lisible for ligne in table.de_niveau(niveau))
        ]
        return self._page(
            "table.html.j2",
            fichier=fichier,
            titre_page=table.libelle,
            racine="../",
            table=table,
            tableaux=tableaux,
            muettes=muettes,
            seule=None if tableaux else vues.table(table, identifiant="valeurs", niveaux=[]),
        )


_CHAPITRES_DE_METHODE = frozenset({"methode", "sources", "glossaire", "manques"})
_LIGNES_VIDES = re.compile(r"\n\s*\n+")


def _nettoyer(html: str) -> str:
    return _LIGNES_VIDES.sub("\n", html).strip() + "\n"


def dater(iso: str) -> Markup:
    """Renvoie une date ISO comme on l'écrit en France, marquée comme date.

    Examples
    --------
    >>> str(dater("2026-11-24"))
    '<time datetime="2026-11-24" data-nature="date">24/11/2026</time>'
    """
    jour = date.fromisoformat(iso)
    return Markup('<time datetime="{}" data-nature="date">{}</time>').format(
        iso, f"{jour:%d/%m/%Y}"
    )
