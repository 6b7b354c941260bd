"""Un document d'exemple, entièrement fictif, et un navigateur pour lire son site."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from solidiag.publication.charte import SEQUENTIEL
from solidiag.publication.document import (
    Absence,
    Cellule,
    Cle,
    Colonne,
    Document,
    Encadre,
    Figure,
    Fort,
    Lien,
    Ligne,
    Liste,
    Mention,
    Nombre,
    Paragraphe,
    SautDePage,
    Tableau,
    Texte,
    Titre,
    lignes,
)
from solidiag.publication.site import (
    Fond,
    SiteLigne,
    SiteTable,
    SiteTerritoire,
    rendre_site,
)

COLONNES, RANGS = 7, 6
EPCI = {
    "EPCI-900000001": "CC de la Rive-Haute (exemple)",
    "EPCI-900000002": "CC du Plateau et des Étangs (exemple)",
    "EPCI-900000003": "CA du Confluent (exemple)",
    "EPCI-900000004": "CC des Trois-Vallons (exemple)",
}
DEBUTS = ("Saint-Aubin", "Montfort", "L'Étang", "Vieux-Port", "Chêneval", "Bourgneuf", "Aigues")
FINS = ("le-Haut", "le-Bas", "sur-Rive", "des-Bois", "la-Forêt", "les-Pins")
REFERENCES = (
    SiteTerritoire(id="DEP-99", nom="Département d'exemple", parents=("REG-98", "FR-FR")),
    SiteTerritoire(id="REG-98", nom="Région d'exemple", parents=("FR-FR",)),
    SiteTerritoire(id="FR-FR", nom="France"),
)


def nombre(texte: str, indicateur: str, territoire: str, periode: str = "2021") -> Nombre:
    """Renvoie un chiffre avec sa clé."""
    return Nombre(texte, Cle(indicateur=indicateur, territoire=territoire, periode=periode))


def chapitre(identifiant: str, surtitre: str, *morceaux: str | Ligne) -> Titre:
    """Renvoie un titre de chapitre."""
    return Titre(niveau=1, id=identifiant, surtitre=surtitre, contenu=lignes(*morceaux))


def cellule(*morceaux: str | Ligne, classe: str = "") -> Cellule:
    """Renvoie une cellule."""
    return Cellule(contenu=lignes(*morceaux), classe=classe)


def communes() -> list[SiteTerritoire]:
    """Renvoie les communes d'exemple, en damier."""
    rangs = [(r, c) for r in range(RANGS) for c in range(COLONNES)]
    noms = sorted(f"{debut}-{fin}" for debut in DEBUTS for fin in FINS)
    ids = list(EPCI)
    return [
        SiteTerritoire(
            id=f"COM-99{1 + r * COLONNES + c:03d}",
            nom=noms[r * COLONNES + c],
            parents=(
                ids[2 * (r >= RANGS // 2) + (c >= COLONNES // 2)],
                "DEP-99",
                "REG-98",
                "FR-FR",
            ),
        )
        for r, c in rangs
    ]


def territoires() -> tuple[SiteTerritoire, ...]:
    """Renvoie tous les territoires d'exemple."""
    epci = [
        SiteTerritoire(id=i, nom=n, parents=("DEP-99", "REG-98", "FR-FR")) for i, n in EPCI.items()
    ]
    return (*communes(), *epci, *REFERENCES)


def _sommet(r: int, c: int) -> tuple[float, float]:
    return 12 + 54 * c + 9 * ((r * 7 + c * 3) % 4 - 1.5), 12 + 50 * r + 8 * ((r * 5 + c) % 3 - 1)


def _contour(r: int, c: int) -> str:
    points = [_sommet(r, c), _sommet(r, c + 1), _sommet(r + 1, c + 1), _sommet(r + 1, c)]
    milieux = []
    for (x1, y1), (x2, y2) in zip(points, [*points[1:], points[0]], strict=True):
        milieux += [(x1 + (x2 - x1) * k / 3, y1 + (y2 - y1) * k / 3) for k in range(3)]
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in milieux) + "Z"


def carte(couleurs: Callable[[int], str], legende: str) -> str:
    """Renvoie une carte en damier, chaque commune portant ``data-t``."""
    formes = "".join(
        f'<path data-t="{t.id}" d="{_contour(*divmod(rang, COLONNES))}" '
        f'fill="{couleurs(rang)}" stroke="#9aa5b1" stroke-width=".6"/>'
        for rang, t in enumerate(communes())
    )
    motif = (
        '<defs><pattern id="secret" width="4" height="4" patternUnits="userSpaceOnUse">'
        '<rect width="4" height="4" fill="#fff"/><path d="M0 4L4 0" stroke="#6b7783"/>'
        "</pattern></defs>"
    )
    return (
        '<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" width="160mm" '
        f'height="130mm" viewBox="0 0 420 350">{motif}<g>{formes}</g>'
        f'<text x="12" y="340" font-size="12">{legende}</text></svg>'
    )


def fonds() -> tuple[Fond, ...]:
    """Renvoie le fond de l'explorateur, pour les communes seulement."""
    return (Fond(niveau="COM", svg=carte(lambda _: "#fff", ""), description="Carte d'exemple"),)


def table_taux() -> SiteTable:
    """Renvoie un taux : secret, plancher, non publié, zéro et valeurs ordinaires."""
    rangees = []
    for rang, t in enumerate(communes()):
        if rang % 6 == 5:
            rangees.append(
                SiteLigne(territoire=t.id, statut="Q", motif="moins de cent ménages fiscaux")
            )
        elif rang % 11 == 7:
            rangees.append(SiteLigne(territoire=t.id, statut="O"))
        elif rang == 0:
            rangees.append(SiteLigne(territoire=t.id, texte="≤\u00a05\u00a0%", valeur=5.0))
        elif rang == 1:
            rangees.append(SiteLigne(territoire=t.id, texte="0\u00a0%", valeur=0.0))
        else:
            v = 6 + (rang * 5) % 17
            rangees.append(
                SiteLigne(
                    territoire=t.id,
                    texte=f"{v}\u00a0%",
                    valeur=float(v),
                    intervalle=f"{v - 1}\u00a0% à {v + 1}\u00a0%",
                )
            )
    autres = [(i, v) for v, i in enumerate(EPCI, start=9)]
    autres += [("DEP-99", 12), ("REG-98", 13), ("FR-FR", 15)]
    rangees += [SiteLigne(territoire=i, texte=f"{v}\u00a0%", valeur=float(v)) for i, v in autres]
    return SiteTable(
        id="ctx_tx_pauvrete",
        indicateur="ctx_tx_pauvrete",
        periode="2021",
        libelle="Taux de pauvreté (exemple fictif)",
        unite="% des habitants",
        definition="Part des personnes sous le seuil de 60 % du niveau de vie médian.",
        source="Producteur d'exemple, fichier fictif 2021",
        millesime="2021",
        lignes=tuple(rangees),
        groupe="Socle de contexte",
        limites=("exemple fictif",),
    )


def table_effectif() -> SiteTable:
    """Renvoie un effectif, avec un territoire sans objet et un non documenté."""
    rangees = []
    for rang, t in enumerate(communes()):
        if rang == 3:
            rangees.append(SiteLigne(territoire=t.id, statut="M"))
        elif rang != 4:
            v = 100 + (rang * rang * 37) % 9000
            texte = f"{v // 1000} {v % 1000:03d}" if v >= 1000 else str(v)
            rangees.append(SiteLigne(territoire=t.id, texte=texte, valeur=float(v)))
    return SiteTable(
        id="ctx_pop",
        indicateur="ctx_pop",
        periode="2023",
        libelle="Population municipale (exemple fictif)",
        unite="habitants",
        definition="Nombre d'habitants.",
        source="Producteur d'exemple, fichier fictif 2023",
        millesime="2023",
        lignes=tuple(rangees),
        genre="effectif",
        groupe="Socle de contexte",
    )


def figure(identifiant: str, message: tuple[Ligne, ...], *, axe: str = "") -> Figure:
    """Renvoie une carte du taux d'exemple."""
    lignes_par_commune = [x for x in table_taux().lignes if x.territoire.startswith("COM-")]

    def couleur(rang: int) -> str:
        ligne = lignes_par_commune[rang]
        if ligne.valeur is None:
            return "url(#secret)" if ligne.statut == "Q" else "#d5d8db"
        return SEQUENTIEL[min(int(ligne.valeur // 5), 4)]

    return Figure(
        id=identifiant,
        legende=message,
        sous_titre=lignes("Taux d'exemple, ", Mention("2021", "millesime"), ", par commune"),
        svg=carte(couleur, "Légende d'exemple"),
        alt="Les taux les plus hauts sont au centre du territoire d'exemple.",
        source=lignes("Source : producteur d'exemple."),
        tableau="ctx_tx_pauvrete",
        donnees="observations.csv",
        axe=axe,
    )


def matrice(axe: int, domaines: tuple[str, ...]) -> Tableau:
    """Renvoie une matrice d'écarts d'exemple."""
    classes = (("tension", "tension"), ("couvert", "couvert"), ("non mesuré", "non_mesure"))
    return Tableau(
        id=f"matrice-axe{axe}",
        legende=lignes("Besoin et offre comparés (exemple fictif)"),
        colonnes=(
            Colonne(entete="Intercommunalité"),
            *(Colonne(entete=d, alignement="centre") for d in domaines),
        ),
        lignes=tuple(
            (
                cellule(nom),
                *(
                    Cellule(
                        contenu=lignes(classes[(i + j + axe) % 3][0]),
                        classe=classes[(i + j + axe) % 3][1],
                    )
                    for j in range(len(domaines))
                ),
            )
            for i, nom in enumerate(EPCI.values())
        ),
    )


def _axe(numero: int, titre: str, domaines: tuple[str, ...], *, avec_carte: bool) -> list[Any]:
    blocs: list[Any] = [
        chapitre(f"axe{numero}", f"Axe {numero}", titre),
        Paragraphe(
            style="chapeau",
            contenu=lignes("Quel besoin, quelle offre, quel écart, avec quelle confiance."),
        ),
        matrice(numero, domaines),
    ]
    for rang, domaine in enumerate(domaines):
        cle = f"axe{numero}-d{rang}"
        blocs += [
            SautDePage(),
            Titre(
                niveau=2,
                id=cle,
                surtitre=domaine,
                contenu=(
                    Texte("Le taux d'exemple est de "),
                    nombre("12 %", "ctx_tx_pauvrete", "DEP-99"),
                    Texte(", contre "),
                    nombre("15 %", "ctx_tx_pauvrete", "FR-FR"),
                    Texte(" en France"),
                ),
            ),
            Paragraphe(
                style="cle", contenu=lignes("Combien de personnes, où, et avec quelle aide ?")
            ),
            Titre(niveau=4, id=f"{cle}-besoin", contenu=lignes("Le besoin")),
            Paragraphe(
                style="brouillon",
                contenu=(
                    Texte("Dans l'exemple, le taux va de "),
                    nombre("9 %", "ctx_tx_pauvrete", "EPCI-900000001"),
                    Texte(" à "),
                    nombre("12 %", "ctx_tx_pauvrete", "EPCI-900000004"),
                    Texte("."),
                ),
            ),
            Encadre(
                titre="Ce qui reste à documenter",
                genre="inconnu",
                blocs=(
                    Liste(elements=(lignes("Les capacités d'accueil, à demander au producteur."),)),
                ),
            ),
        ]
        if avec_carte and rang == 0:
            blocs.append(
                figure(f"carte-{cle}", lignes(f"Carte d'exemple : {domaine}"), axe=f"axe{numero}")
            )
            blocs.append(figure(f"carte-{cle}-bis", lignes("La même carte, une seconde fois")))
    return blocs


def document() -> Document:
    """Renvoie le document d'exemple."""
    epci = [x for x in table_taux().lignes if x.territoire.startswith("EPCI-")]
    return Document(
        titre="Diagnostic territorial des solidarités",
        sous_titre="Besoins, offre, écarts et premier ordre des domaines (exemple fictif)",
        territoire="Département d'exemple",
        date="2026-11-24",
        mention="Exemple fictif, brouillon calculé, à valider",
        couverture=(lignes("Version de travail du ", Mention("24/11/2026", "date"), "."),),
        blocs=(
            Titre(
                niveau=1,
                id="resume",
                surtitre="Résumé opérationnel",
                contenu=(
                    Texte("Le taux de pauvreté d'exemple est de "),
                    nombre("12 %", "ctx_tx_pauvrete", "DEP-99"),
                    Texte(", contre "),
                    nombre("15 %", "ctx_tx_pauvrete", "FR-FR"),
                    Texte(" en France"),
                ),
            ),
            Paragraphe(
                style="chapeau",
                contenu=lignes("Ce document est un exemple : ses chiffres sont fictifs."),
            ),
            Liste(
                elements=(
                    lignes("Les besoins sont plus forts au centre."),
                    lignes("Quatre domaines se comparent en volume."),
                )
            ),
            chapitre("portrait", "Portrait social", "Des intercommunalités aux situations proches"),
            Tableau(
                id="tab-epci",
                legende=lignes("Les intercommunalités d'exemple"),
                colonnes=(
                    Colonne(entete="Intercommunalité"),
                    Colonne(entete="Taux de pauvreté (2021)", alignement="droite"),
                    Colonne(entete="Autre taux (2021)", alignement="droite"),
                ),
                references=(
                    (
                        cellule("France"),
                        cellule(nombre("15 %", "ctx_tx_pauvrete", "FR-FR")),
                        cellule(Absence("L")),
                    ),
                ),
                lignes=tuple(
                    (
                        cellule(EPCI[x.territoire]),
                        cellule(nombre(x.texte, "ctx_tx_pauvrete", x.territoire)),
                        cellule(Absence(statut)),
                    )
                    for x, statut in zip(epci, "QOLM", strict=True)
                ),
                notes=(lignes("Arrondi du producteur."),),
                source=lignes(
                    "Source : ", Lien(lignes("producteur d'exemple"), "https://example.org/")
                ),
            ),
            Paragraphe(
                contenu=lignes(
                    "Voir ",
                    Lien(lignes("le détail de l'axe ", Mention("1", "numero")), "#axe1"),
                    ", ",
                    Fort(lignes("avec prudence")),
                    " ",
                    Lien(lignes("nulle part"), "#absent"),
                    ".",
                )
            ),
            *_axe(
                1,
                "L'investissement social pour prévenir la pauvreté",
                ("Petite enfance", "Protection de l'enfance", "Réussite scolaire"),
                avec_carte=True,
            ),
            *_axe(
                2,
                "La sortie de la pauvreté par le travail",
                ("Accompagnement", "Levée des freins"),
                avec_carte=True,
            ),
            *_axe(
                3,
                "La lutte contre la grande pauvreté",
                ("Accès aux droits", "Aide alimentaire"),
                avec_carte=True,
            ),
            *_axe(
                4, "Le volet solidaire de la transition", ("Mobilité solidaire",), avec_carte=False
            ),
            chapitre("priorites", "Premier ordre des domaines", "Un ordre provisoire, à discuter"),
            Tableau(
                id="tab-priorites",
                legende=lignes("Domaines mesurés"),
                colonnes=(
                    Colonne(entete="Domaine"),
                    Colonne(entete="Rang", alignement="droite"),
                    Colonne(entete="Ce qui compte"),
                ),
                lignes=tuple(
                    (
                        cellule(nom),
                        cellule(
                            Nombre(str(rang), Cle(indicateur=nom, champ="rang", table="priorites"))
                        ),
                        cellule("besoin, offre"),
                    )
                    for rang, nom in enumerate(
                        ("Accompagnement", "Petite enfance", "Accès aux droits", "Mobilité"), 1
                    )
                ),
            ),
            chapitre("methode", "Mandat et méthode", "Des fichiers publics"),
            chapitre("sources", "Sources", "D'où viennent les chiffres"),
            Paragraphe(contenu=lignes("Tous les chiffres de cet exemple sont fictifs.")),
        ),
    )


def ecrire(dossier: Path, **changements: Any) -> list[Path]:
    """Écrit le site d'exemple."""
    arguments: dict[str, Any] = {
        "donnees": {t.id: t for t in (table_taux(), table_effectif())},
        "territoires": territoires(),
        "fonds": fonds(),
        "dossier_donnees": "../donnees/",
    }
    demande = changements.pop("document", document())
    return rendre_site(demande, dossier, **(arguments | changements))


@pytest.fixture(scope="session")
def ecrire_site() -> Callable[..., list[Path]]:
    return ecrire


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    dossier = tmp_path_factory.mktemp("site")
    ecrire(dossier)
    return dossier


@pytest.fixture(scope="session")
def navigateur() -> Iterator[Browser]:
    chemin = shutil.which("chromium") or shutil.which("chromium-browser")
    if chemin is None:
        pytest.fail("Chromium manque : lancez « bash outils/navigateur.sh ».")
    with sync_playwright() as playwright:
        lance = playwright.chromium.launch(
            executable_path=chemin,
            headless=True,
            args=[
                "--no-sandbox",
                "--disable-gpu",
                "--disable-background-networking",
                "--no-first-run",
                "--disable-dev-shm-usage",
            ],
        )
        yield lance
        lance.close()


@pytest.fixture
def contexte(navigateur: Browser) -> Iterator[BrowserContext]:
    contexte = navigateur.new_context(
        viewport={"width": 1280, "height": 900}, locale="fr-FR", offline=True
    )
    contexte.set_default_timeout(8000)
    yield contexte
    contexte.close()


@pytest.fixture
def page(contexte: BrowserContext) -> Iterator[Page]:
    fautes: list[str] = []
    page = contexte.new_page()
    page.on("pageerror", lambda erreur: fautes.append(str(erreur)))
    page.on("console", lambda m: fautes.append(m.text) if m.type == "error" else None)
    yield page
    assert fautes == []
