"""Un document d'exemple, fictif, qui passe par tous les blocs du modèle."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from solidiag.publication.charte import ABSENCES, ACCENT, POLICE, SEQUENTIEL
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

COMMUNES = (
    "Saint-Étienne-d'Orthe",
    "Œuilly-sur-Adour",
    "Labastide-Chalosse",
    "Bénesse-lès-Dax",
    "Sainte-Colombe-en-Bruilhois",
)
EPCI = (
    "Communauté d'agglomération du Grand Exemple",
    "Communauté de communes Cœur d'Exemple Océan",
    "Communauté de communes du Pays d'Exemple en Haute Vallée",
)


def nombre(texte: str) -> Nombre:
    return Nombre(texte, Cle(indicateur="exemple", territoire="COM-00000"))


def carte_svg(classes: int = 40, titre: str = "Taux, en %") -> str:
    """Renvoie une carte fictive : un damier de classes, une légende, du texte."""
    carres = []
    for rang in range(classes):
        x, y = 20 + (rang % 8) * 56, 20 + (rang // 8) * 56
        fond = "url(#hachures)" if rang % 11 == 3 else SEQUENTIEL[rang % 5]
        carres.append(
            f'<rect x="{x}" y="{y}" width="56" height="56" fill="{fond}" stroke="#ffffff"/>'
        )
    legende = [
        f'<rect x="500" y="{60 + 24 * i}" width="20" height="14" fill="{couleur}"/>'
        f'<text x="528" y="{72 + 24 * i}" font-size="12">{i * 5},0 à {i * 5 + 5},0</text>'
        for i, couleur in enumerate(SEQUENTIEL)
    ]
    secret = ABSENCES["Q"]
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 640 320" '
        f'font-family="{POLICE}" fill="#1b2733"><defs><pattern id="hachures" width="4" height="4" '
        'patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
        f'<rect width="4" height="4" fill="{secret.fond}"/>'
        f'<path d="M0 0V4" stroke="{secret.trait}" stroke-width="1"/></pattern></defs>'
        + "".join(carres)
        + f'<text x="500" y="46" font-size="13" font-weight="700">{titre}</text>'
        + "".join(legende)
        + '<rect x="500" y="190" width="20" height="14" fill="url(#hachures)" stroke="#6b7783"/>'
        + '<text x="528" y="202" font-size="12">secret (3 communes)</text>'
        + f'<circle cx="240" cy="160" r="9" fill="{ACCENT}" fill-opacity="0.7"/>'
        + '<text x="254" y="164" font-size="12">Bénesse-lès-Dax</text></svg>'
    )


def figure(identifiant: str, *, alt: str = "", svg: str = "") -> Figure:
    return Figure(
        id=identifiant,
        legende=lignes("La pauvreté se concentre dans les deux villes et le long de la côte"),
        sous_titre=lignes(
            "Taux de pauvreté, en %, ",
            Mention("2021", "millesime"),
            ", par commune ; ",
            nombre("38"),
            " communes diffusées sur ",
            nombre("327"),
        ),
        svg=svg or carte_svg(),
        alt=alt or "Carte : le taux est plus élevé dans deux villes, moins de dix ailleurs.",
        source=(Mention("Source : Insee, Filosofi 2021. Calculs Solidiag.", "reference"),),
        tableau="tableau-communes",
    )


def tableau_communes(nombre_lignes: int = 45) -> Tableau:
    def rangee(rang: int) -> tuple[Cellule, ...]:
        absences = {3: "Q", 5: "O", 8: "L", 12: "M"}
        taux: tuple[Ligne, ...] = (nombre(f"{7 + rang % 9},{rang % 10}\u00a0%"),)
        if rang in absences:
            taux = (Absence(absences[rang]),)
        return (
            Cellule(contenu=lignes(COMMUNES[rang % len(COMMUNES)])),
            Cellule(contenu=(nombre(f"{1 + rang % 9}\u202f{100 + rang * 7 % 900:03d}"),)),
            Cellule(contenu=taux),
            Cellule(contenu=(nombre(f"22\u202f{rang % 1000:03d}\u00a0€"),)),
        )

    return Tableau(
        id="tableau-communes",
        legende=lignes("Deux communes sur trois n'ont pas de taux publié"),
        colonnes=(
            Colonne(entete="Commune", largeur=3),
            Colonne(entete="Population municipale (2023)", alignement="droite", largeur=1.5),
            Colonne(entete="Taux de pauvreté (2021)", alignement="droite", largeur=1.5),
            Colonne(entete="Niveau de vie médian (2021)", alignement="droite", largeur=1.5),
        ),
        references=(
            (
                Cellule(contenu=lignes("France métropolitaine"), classe="reference"),
                Cellule(contenu=(nombre("65\u202f925\u202f961"),), classe="reference"),
                Cellule(contenu=(nombre("14,9\u00a0%"),), classe="reference"),
                Cellule(contenu=(nombre("23\u202f080\u00a0€"),), classe="reference"),
            ),
        ),
        lignes=tuple(rangee(rang) for rang in range(nombre_lignes)),
        notes=(lignes("« secret » : moins de ", Mention("11", "parametre"), " ménages."),),
        source=(Mention("Source : Insee, Filosofi 2021. Calculs Solidiag.", "reference"),),
    )


def matrice() -> Tableau:
    domaines = (
        "Prévention des expulsions locatives",
        "Accueil du jeune enfant",
        "Insertion par l'activité économique",
        "Accès aux droits et aux démarches",
        "Mobilité solidaire",
        "Aide alimentaire",
        "Domiciliation",
    )
    classes = (
        ("tension", "Tension"),
        ("couvert", "Couvert"),
        ("a_redeployer", "À redéployer"),
        ("non_mesure", "Non mesuré"),
        ("presence", "Présence seulement"),
    )
    return Tableau(
        id="matrice",
        legende=lignes("La tension se lit d'abord dans l'agglomération"),
        colonnes=(
            Colonne(entete="Intercommunalité", largeur=3),
            *(Colonne(entete=d, alignement="centre", largeur=1.7) for d in domaines),
        ),
        lignes=tuple(
            (
                Cellule(contenu=lignes(nom)),
                *(
                    Cellule(contenu=lignes(classes[(i + j) % 5][1]), classe=classes[(i + j) % 5][0])
                    for j in range(len(domaines))
                ),
            )
            for i, nom in enumerate(EPCI * 4)
        ),
        source=lignes("Source : croisement calculé par Solidiag."),
        paysage=True,
    )


def construire() -> Document:
    corps = (
        "Dans ce département, les ménages à bas revenus vivent plus souvent dans les villes "
        "moyennes et sur le littoral ; ailleurs, l'éloignement des services pèse davantage. "
    )
    return Document(
        titre="Diagnostic territorial des solidarités : besoins, offre et écarts",
        sous_titre="Rapport complet, tiré des fichiers publics",
        territoire="Département d'Exemple",
        date="12 juin 2026",
        mention="Brouillon calculé : à relire et à valider par une personne",
        couverture=(
            lignes("Données disponibles au ", Mention("1er juin 2026", "date"), "."),
            lignes("Géographie : communes au ", Mention("1er janvier 2026", "date"), "."),
        ),
        blocs=(
            Titre(
                niveau=1,
                id="resume",
                surtitre="Résumé opérationnel",
                contenu=lignes("Cinq minutes pour comprendre où sont les besoins"),
            ),
            Paragraphe(
                style="chapeau", contenu=lignes("Ce que les fichiers publics disent, et taisent.")
            ),
            Paragraphe(
                style="brouillon",
                contenu=lignes(
                    "Le taux de pauvreté est de ",
                    nombre("11,7\u00a0%"),
                    ", contre ",
                    nombre("14,9\u00a0%"),
                    " en France : voir ",
                    Lien(lignes("la carte"), "#carte-un"),
                    ", ",
                    Lien(lignes("le tableau"), "#tableau-communes"),
                    " et ",
                    Lien(lignes("une table du site"), "#absente-ici"),
                    ".",
                ),
            ),
            Paragraphe(
                contenu=lignes(
                    corps,
                    Fort(lignes("Rien n'est inventé")),
                    ' : "guillemets", \\antislash\\, #hash, $math$, _souligné_, *étoile*, <balise> '
                    "& esperluette, @ref, [crochets], `code`, ~tilde, 100 000 fois. ",
                    Lien(lignes("Le site du producteur"), "https://www.insee.fr/?a=1&b=2"),
                    ".",
                )
            ),
            Liste(
                elements=(
                    lignes("Un point de constat avec ", nombre("1\u202f234"), " ménages ;"),
                    lignes(corps * 2),
                    lignes("une dernière remarque."),
                )
            ),
            Liste(
                ordonnee=True,
                elements=(lignes("Vérifier la source."), lignes("Relire la phrase calculée.")),
            ),
            Encadre(
                titre="À retenir",
                blocs=(
                    Paragraphe(contenu=lignes(corps)),
                    Liste(elements=(lignes("Une première idée."), lignes("Une seconde idée."))),
                ),
            ),
            Encadre(
                titre="Ce qui reste à documenter",
                genre="inconnu",
                blocs=(Paragraphe(contenu=lignes("Les listes d'attente ne sont pas publiées.")),),
            ),
            Encadre(
                titre="Rupture de série",
                genre="avertissement",
                blocs=(Paragraphe(contenu=lignes("Deux millésimes ne se comparent pas.")),),
            ),
            Titre(
                niveau=1,
                id="axe-1",
                surtitre="Axe 1",
                contenu=lignes(
                    "Prévenir la pauvreté et lutter contre les inégalités dès l'enfance"
                ),
            ),
            Titre(
                niveau=2,
                id="domaine-un",
                surtitre="Accueil du jeune enfant",
                contenu=lignes("L'accueil du jeune enfant manque dans la moitié des communes"),
            ),
            Paragraphe(style="cle", contenu=lignes("Chaque enfant a-t-il une place d'accueil ?")),
            Paragraphe(contenu=lignes(corps * 3)),
            figure("carte-un"),
            Paragraphe(
                style="lecture", contenu=lignes("Lecture : une commune foncée a un taux élevé.")
            ),
            Titre(niveau=4, id="offre", contenu=lignes("L'offre")),
            Paragraphe(contenu=lignes(corps * 2)),
            tableau_communes(),
            Paragraphe(style="note", contenu=lignes("Cette note est écrite en plus petit.")),
            matrice(),
            Titre(
                niveau=1,
                id="sources",
                surtitre="Sources",
                contenu=lignes("Tout se vérifie, jusqu'à la ligne du fichier"),
            ),
            Paragraphe(contenu=lignes(corps)),
            SautDePage(),
            Titre(niveau=2, id="limites", contenu=(Texte("Limites"),)),
            Paragraphe(contenu=lignes(corps)),
            Paragraphe(style="source", contenu=lignes("Source : fichiers publics.")),
        ),
    )


@pytest.fixture(scope="session")
def exemple() -> Document:
    return construire()


@pytest.fixture(scope="session")
def nouvelle_figure() -> Callable[..., Figure]:
    return figure


@pytest.fixture(scope="session")
def nouveau_tableau() -> Callable[..., Tableau]:
    return tableau_communes
