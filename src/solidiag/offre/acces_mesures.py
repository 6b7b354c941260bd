"""De l'accès d'un domaine à ses observations, à leurs déclarations et à son résumé."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import polars as pl

from solidiag.catalogue.acces import NATURES
from solidiag.catalogue.indicateur import MesureOffre
from solidiag.catalogue.service import CategorieService
from solidiag.model.observation import OBSERVATIONS, ConfStatus, Precision, mettre_au_schema
from solidiag.model.origin import Derivation, Origin
from solidiag.offre.acces_groupes import LIGNES, Zone
from solidiag.offre.acces_modele import AccesDomaine, Mesure
from solidiag.offre.lieux import A_PART

VERSION = "1"
PREFIXE = "acces."

ZONAGES: dict[str, pl.DataType] = {
    "indicateur": pl.String(),
    "domaine": pl.String(),
    "zonage": pl.String(),
    "valeur": pl.String(),
    "libelle": pl.String(),
    "communes": pl.Int32(),
    "unite": pl.String(),
    **{nom: LIGNES[nom] for nom in ("value", "lower", "upper", "status", "method", "motif")},
    "origin": pl.String(),
}
"""Accès d'un zonage dans le département : ses communes entières, quartier ou non."""

RESUMES: dict[str, pl.DataType] = {
    "domaine": pl.String(),
    "etat": pl.String(),
    "seuil_min": pl.Int32(),
    "seuil_nature": pl.String(),
    "seuil_reference": pl.String(),
    "seuil_confiance": pl.String(),
    "decroissance": pl.String(),
    "public": pl.String(),
    "public_compte": pl.Boolean(),
    "part_repartie": pl.Float64(),
    "categories": pl.String(),
    "sans_source": pl.String(),
    "lieux": pl.Int32(),
    "itinerants": pl.Int32(),
    "domicile_sans_zone": pl.Int32(),
    "a_distance": pl.Int32(),
    "sans_point": pl.Int32(),
    "horaires_connus": pl.Int32(),
    "lieux_a_portee": pl.Int32(),
    "norme": pl.String(),
    "norme_reference": pl.String(),
    "reserve": pl.String(),
    "manque": pl.String(),
    "detenteur": pl.String(),
    "lieux_comptes": pl.String(),
    "annees": pl.String(),
    "liste_partielle": pl.String(),
    "samedi": pl.Int32(),
    "soir": pl.Int32(),
    "mis_en_avant": pl.Boolean(),
    "raison": pl.String(),
    "estime": pl.String(),
}
"""Ce que l'on sait de l'accès à chaque domaine.

``etat`` : ``mesure``, ``sans_lieu``, ou ``non_mesure`` (l'accès n'a pas de sens : ``raison``).
``lieux_comptes`` et ``annees`` : ce que l'on rejoint, et de quand. ``estime`` : indicateurs de
besoin que cet accès approche.
"""

CITEES = 3
"""Genres de lieux nommés dans une phrase ; les autres sont dits par « et d'autres lieux »."""

AUCUNE_NORME = "aucune norme publiée connue"

LIBELLES: dict[str, tuple[str, str, str, str]] = {
    "temps": (
        "Temps de trajet jusqu'au lieu le plus proche – {domaine}",
        "temps au plus proche, {domaine}",
        "La moitié du public est à {valeur} ou moins du lieu connu le plus proche "
        "{territoire_dans}.",
        "taux",
    ),
    "dans": (
        "Lieux à {seuil} minutes ou moins, en moyenne – {domaine}",
        "lieux à {seuil} minutes, {domaine}",
        "Une personne concernée a en moyenne {valeur} lieux connus à {seuil} minutes ou moins "
        "{territoire_dans}.",
        "taux",
    ),
    "part_hors": (
        "Public à plus de {seuil} minutes de tout lieu – {domaine}",
        "à plus de {seuil} minutes, {domaine}",
        "{valeur} du public est à plus de {seuil} minutes de tout lieu connu {territoire_dans}.",
        "non",
    ),
    "flottant": (
        "Lieux à portée rapportés au public qui s'y rend – {domaine}",
        "lieux à portée, {domaine}",
        "On compte {valeur} lieux à portée, rapportés à ceux qui peuvent s'y rendre "
        "{territoire_dans}.",
        "taux",
    ),
    "par_age": (
        "Lieux à portée par habitant, selon le besoin de son âge – {domaine}",
        "lieux à portée selon l'âge, {domaine}",
        "On compte {valeur} lieux à portée pour autant d'habitants de besoin moyen "
        "{territoire_dans}.",
        "taux",
    ),
    "samedi": (
        "Public qui a un lieu ouvert le samedi à {seuil} minutes – {domaine}",
        "ouvert le samedi, {domaine}",
        "{valeur} du public a, à {seuil} minutes ou moins, un lieu connu pour ouvrir le samedi "
        "{territoire_dans}.",
        "non",
    ),
    "soir": (
        "Public qui a un lieu ouvert après {soir} h à {seuil} minutes – {domaine}",
        "ouvert le soir, {domaine}",
        "{valeur} du public a, à {seuil} minutes ou moins, un lieu connu pour ouvrir après "
        "{soir} h un jour au moins {territoire_dans}.",
        "non",
    ),
    "capacite": (
        "Capacité à portée pour 1 000 personnes concernées ({capacite}) – {domaine}",
        "capacité à portée, {domaine}",
        "Pour 1 000 personnes concernées, {valeur} ({capacite}) sont à portée {territoire_dans}.",
        "taux",
    ),
    "satures": (
        "Services saturés parmi ceux qui disent leur état – {domaine}",
        "services saturés, {domaine}",
        "{valeur} des services qui disent leur état sont saturés {territoire_dans}.",
        "non",
    ),
    "delai": (
        "Attente médiane avant un premier rendez-vous – {domaine}",
        "attente, {domaine}",
        "L'attente médiane est de {valeur} {territoire_dans}.",
        "non",
    ),
}


def suffixe_de_base(suffixe: str) -> str:
    """Renvoie le genre d'une mesure : ``dans_30`` est un ``dans``, ``e2sfca`` un ``flottant``."""
    if suffixe.endswith("sfca"):
        return "flottant"
    base, _, fin = suffixe.rpartition("_")
    return base if base and fin.isdigit() else suffixe


def declarer(
    acces: AccesDomaine,
    *,
    libelle: str,
    soir: int,
    categories: Mapping[str, CategorieService],
    points: str,
) -> dict[str, MesureOffre]:
    """Renvoie la déclaration de chaque mesure d'un domaine, par identifiant.

    Parameters
    ----------
    libelle
        Libellé du domaine.
    soir
        Heure du soir.
    points
        D'où l'on part (« point de la commune »...).
    """
    reserve = reserves(acces, categories, points=points)
    muettes = _sans_lieu(acces)
    if muettes:
        # Le rapport le dit à part : la phrase est pour la mesure lue seule.
        noms = ", ".join(categories[nom].libelle_pluriel for nom in muettes)
        reserve += f" Non compté, faute de liste ici : {noms}."
    declarees = {}
    for mesure in acces.mesures:
        genre = suffixe_de_base(mesure.suffixe)
        titre, court, lecture, carte = LIBELLES[genre]
        trous = {
            "domaine": libelle,
            "seuil": acces.reglage.seuil.minutes,
            "soir": soir,
            "capacite": acces.reglage.unite_capacite,
            "valeur": "{valeur}",
            "territoire_dans": "{territoire_dans}",
        }
        identifiant = f"{PREFIXE}{acces.domaine}.{mesure.suffixe}"
        declarees[identifiant] = MesureOffre(
            id=identifiant,
            libelle=titre.format(**trous),
            libelle_court=court.format(**trous),
            domaines=(acces.domaine,),
            nature="volume" if genre == "capacite" else "presence",
            origine="services",
            unite=mesure.unite,
            selection={"categories": list(acces.categories)},
            public=acces.public.nom,
            lecture=lecture.format(**trous),
            reserve=reserve,
            carte=carte,  # type: ignore[arg-type]
        )
    return declarees


def reserves(
    acces: AccesDomaine, categories: Mapping[str, CategorieService], *, points: str
) -> str:
    """Renvoie ce que le lecteur doit savoir des mesures d'un domaine."""
    public = acces.public
    seuil = acces.reglage.seuil
    phrases = [f"Public : {public.nom}."]
    if public.part_repartie >= 0.01:
        phrases.append(
            f"{round(100 * public.part_repartie)} % de ce public est réparti selon la population, "
            "faute de chiffre communal."
        )
    reference = f", {seuil.reference}" if seuil.reference else ""
    verifier = ", à vérifier" if seuil.confiance == "a_verifier" else ""
    phrases.append(f"Seuil de {seuil.minutes} minutes : {seuil.nature}{reference}{verifier}.")
    if acces.categories:
        phrases.append(f"Compté : {_dater(acces, categories)}.")
    phrases.append(f"Départ : {points}.")
    phrases += [
        f"{_compter(n)} {A_PART[genre]} : {'non comptés' if n > 1 else 'non compté'}."
        for genre, n in acces.a_part.items()
    ]
    if acces.sans_point:
        n = acces.sans_point
        phrases.append(f"{_compter(n)} sans position : {'non comptés' if n > 1 else 'non compté'}.")
    if acces.partout:
        noms = ", ".join(categories[nom].libelle_pluriel for nom in acces.partout)
        phrases.append(f"La distance au site mesure mal l'accès ({noms}).")
    if not acces.categories:
        phrases.append("Aucune liste complète de ces lieux n'est connue : un annuaire en montre.")
    phrases.append(
        "Seuls les lieux connus des sources comptent : d'autres peuvent exister, certains ont pu "
        "fermer."
    )
    return " ".join(phrases)


def _sans_lieu(acces: AccesDomaine) -> tuple[str, ...]:
    """Catégories sans liste, dont aucun annuaire ni aucune saisie ne montre de lieu."""
    return tuple(nom for nom in acces.sans_source if nom not in acces.partielles)


def lieux_comptes(acces: AccesDomaine, categories: Mapping[str, CategorieService]) -> str:
    """Renvoie ce que l'on rejoint : « espaces France services et agences France Travail »."""
    presentes = set(acces.lieux["categorie"])
    ordre = dict.fromkeys((*acces.categories, *acces.partielles, *sorted(presentes)))
    noms = [
        categories[nom].libelle_pluriel for nom in ordre if nom in presentes and nom in categories
    ]
    if len(noms) > CITEES:
        noms = [*noms[:CITEES], "autres lieux"]
    return f"{', '.join(noms[:-1])} et {noms[-1]}" if len(noms) > 1 else "".join(noms)


def _annees(lieux: pl.DataFrame) -> str:
    """Années des listes lues : « 2019 », « 2019 à 2025 »."""
    recentes = lieux.group_by("source").agg(pl.col("date_source").max())["date_source"]
    annees = sorted({str(date)[:4] for date in recentes.drop_nulls()})
    return " à ".join(dict.fromkeys((annees[0], annees[-1]))) if annees else ""


def _dater(acces: AccesDomaine, categories: Mapping[str, CategorieService]) -> str:
    """Catégories comptées, chacune avec l'année de ses listes."""
    dits = []
    for nom in acces.categories:
        siens = acces.lieux.filter(pl.col("categorie") == nom)
        annees = sorted(
            {
                str(date)[:4]
                for date in siens.group_by("source")
                .agg(pl.col("date_source").max())["date_source"]
                .drop_nulls()
            }
        )
        quand = " à ".join(dict.fromkeys((annees[0], annees[-1]))) if annees else ""
        dits.append(categories[nom].libelle_pluriel + (f" ({quand})" if quand else ""))
    return ", ".join(dits)


def _compter(n: int) -> str:
    return f"{n} services" if n > 1 else "1 service"


def observations(
    acces: AccesDomaine,
    *,
    departement: str,
    cog: int,
    decroissance: str,
    trajets: str,
    points: str,
    origines: Mapping[str, Sequence[Origin]],
    du_public: Sequence[Origin],
    des_points: Sequence[Origin] = (),
) -> tuple[pl.DataFrame, dict[str, Origin]]:
    """Renvoie les observations d'un domaine (schéma `OBSERVATIONS`), zones comprises.

    Les lignes des zones portent l'identifiant de `Zone`, à retirer avant publication.

    Parameters
    ----------
    decroissance
        Courbe, en mots.
    trajets
        Nom du fournisseur de temps de trajet.
    points
        D'où l'on part.
    origines
        Source → provenances des fichiers de services.
    du_public, des_points
        Provenances de la population concernée, et des points plus fins que la commune.
    """
    sources = sorted(set(acces.lieux["source"].drop_nulls()))
    entrees = tuple(o for source in sources for o in origines.get(source, ()))
    periode = _periode(acces.lieux)
    lots, trouvees = [], dict[str, Origin]()
    for mesure in acces.mesures:
        genre = suffixe_de_base(mesure.suffixe)
        situee = genre not in ("satures", "delai")
        autres = (*(du_public if acces.public.compte else ()), *des_points) if situee else ()
        origine = Derivation(
            operation=f"acces.{genre}",
            version=VERSION,
            parameters=_parametres(
                acces,
                mesure,
                cog=str(cog),
                departement=departement,
                decroissance=decroissance,
                trajets=trajets,
                points=points,
            ),
            inputs=(*entrees, *autres),
        )
        trouvees[origine.id] = origine
        lots.append(
            mettre_au_schema(
                mesure.lignes.with_columns(
                    indicateur=pl.lit(f"{PREFIXE}{acces.domaine}.{mesure.suffixe}"),
                    cog=pl.lit(cog, dtype=pl.Int32),
                    periode=pl.lit(periode),
                    unite=pl.lit(mesure.unite),
                    precision=pl.when(pl.col("value").is_not_null()).then(
                        pl.lit(Precision.EXACTE.value)
                    ),
                    confidentiality=pl.lit(ConfStatus.LIBRE.value),
                    origin=pl.lit(origine.id),
                ),
                OBSERVATIONS,
            )
        )
    return pl.concat(lots) if lots else pl.DataFrame(schema=OBSERVATIONS), trouvees


def _parametres(acces: AccesDomaine, mesure: Mesure, **communs: str) -> tuple[tuple[str, str], ...]:
    reglage = acces.reglage
    return tuple(
        sorted(
            {
                "categories": " ".join(acces.categories),
                "domaine": acces.domaine,
                "mesure": mesure.suffixe,
                "methode": reglage.methode,
                "mode": reglage.mode,
                "public": acces.public.nom,
                "seuil_min": str(reglage.seuil.minutes),
                **communs,
            }.items()
        )
    )


def table_des_zonages(observees: pl.DataFrame, zones: Iterable[Zone]) -> pl.DataFrame:
    """Renvoie l'accès de chaque zone (schéma `ZONAGES`).

    Parameters
    ----------
    observees
        Observations dont le territoire est celui d'une zone.
    """
    table = pl.DataFrame(
        [
            {
                "territoire": zone.id,
                "zonage": zone.zonage,
                "valeur": zone.valeur,
                "libelle": zone.libelle,
                "communes": len(zone.communes),
            }
            for zone in zones
        ],
        schema={
            "territoire": pl.String,
            "zonage": pl.String,
            "valeur": pl.String,
            "libelle": pl.String,
            "communes": pl.Int32,
        },
    )
    jointe = observees.join(table, on="territoire", how="inner", maintain_order="left")
    return jointe.with_columns(
        domaine=pl.col("indicateur").str.extract(r"^acces\.(.+)\.[^.]+$")
    ).select(*ZONAGES)


def resumer(
    acces: Iterable[AccesDomaine],
    categories: Mapping[str, CategorieService],
    *,
    decroissances: Mapping[str, str],
    points: Mapping[str, str],
) -> pl.DataFrame:
    """Renvoie le résumé de chaque domaine (schéma `RESUMES`).

    Parameters
    ----------
    decroissances
        Libellé de chaque décroissance.
    points
        Mode → d'où l'on part, et comment.
    """

    def noms(codes: Iterable[str]) -> str:
        return ", ".join(categories[code].libelle_pluriel for code in codes)

    lignes = []
    for domaine in acces:
        reglage = domaine.reglage
        norme = reglage.norme
        lignes.append(
            {
                "domaine": domaine.domaine,
                "etat": _etat(domaine),
                "seuil_min": reglage.seuil.minutes,
                "seuil_nature": NATURES[reglage.seuil.nature],
                "seuil_reference": reglage.seuil.reference,
                "seuil_confiance": reglage.seuil.confiance,
                "decroissance": decroissances[reglage.decroissance],
                "public": domaine.public.nom,
                "public_compte": domaine.public.compte,
                "part_repartie": round(domaine.public.part_repartie, 4),
                "categories": noms(domaine.categories),
                "sans_source": noms(_sans_lieu(domaine)),
                "lieux": domaine.locaux,
                "itinerants": domaine.a_part.get("itinerant", 0),
                "domicile_sans_zone": domaine.a_part.get("domicile_sans_zone", 0),
                "a_distance": domaine.a_part.get("distance", 0),
                "sans_point": domaine.sans_point,
                "horaires_connus": domaine.horaires_connus,
                "lieux_a_portee": domaine.a_portee,
                "norme": norme.enonce if norme else AUCUNE_NORME,
                "norme_reference": norme.reference if norme else "",
                "reserve": reserves(domaine, categories, points=points[reglage.mode])
                if domaine.mesures
                else _sans_mesure(domaine),
                "manque": reglage.manque,
                "detenteur": reglage.detenteur,
                "lieux_comptes": lieux_comptes(domaine, categories),
                "annees": _annees(domaine.lieux),
                "liste_partielle": noms(domaine.partielles),
                "samedi": domaine.samedi,
                "soir": domaine.soir,
                "mis_en_avant": reglage.mis_en_avant,
                "raison": reglage.raison,
                "estime": " ".join(reglage.estime),
            }
        )
    return pl.DataFrame(lignes, schema=RESUMES)


def _etat(acces: AccesDomaine) -> str:
    if not acces.reglage.mesurer:
        return "non_mesure"
    return "mesure" if acces.mesures else "sans_lieu"


def _sans_mesure(acces: AccesDomaine) -> str:
    if not acces.reglage.mesurer:
        return f"L'accès n'est pas mesuré : {acces.reglage.raison}."
    return "Aucun lieu connu des sources, ce qui n'est pas une absence prouvée."


def _periode(lieux: pl.DataFrame) -> str:
    """Année la plus ancienne des listes lues : celle d'où date l'ensemble."""
    recentes = lieux.group_by("source").agg(pl.col("date_source").max())["date_source"]
    return min((str(date)[:4] for date in recentes.drop_nulls()), default="")
