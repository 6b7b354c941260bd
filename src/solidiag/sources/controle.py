"""D'un tableau reconnu à une source prête à ajouter : options de lecture, contrôles, remarques.

Le tableau est lu en entier par le lecteur qui servira ensuite : ce qui est ajouté se lira.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from solidiag.catalogue.gabarit import Gabarit, remplacer
from solidiag.catalogue.indicateur import Lecture
from solidiag.catalogue.source import Couverture, Fichier, Source
from solidiag.errors import DonneesError, FichierRefuse
from solidiag.sources.decoupage import reconnaitre_cog
from solidiag.sources.formes import NOMS_D_ENCODAGE, fins_de_ligne
from solidiag.sources.grilles import LIGNE, lire_grille
from solidiag.sources.lecteurs import code_net
from solidiag.sources.registre import LECTEURS, lire
from solidiag.sources.reparations import Connus, Essai, reparer_codes, reparer_nombres
from solidiag.sources.vues import Vue

PART_CONNUE = 0.5
"""Part des codes qui doivent être de vrais territoires ; en dessous, ce n'est pas ce fichier."""

_SEPARATEURS = {";": "point-virgule", ",": "virgule", "\t": "tabulation", "|": "barre verticale"}
PARTIE_DE_FRANCE = 60
"""Au-delà de ce nombre de départements, un fichier est tenu pour national."""


@dataclass(frozen=True, kw_only=True)
class Partie:
    """Un tableau reconnu, lu en entier et prêt à ajouter.

    Parameters
    ----------
    source
        Déclaration, d'un seul fichier.
    remplit
        Lectures par indicateur.
    forme
        Comment le tableau se lit (séparateur, en-tête…).
    remarques
        Ce qui surprend ou a été réparé.
    mots
        D'une liste de services : mots de chaque vocabulaire que l'on y trouve.
    """

    gabarit: Gabarit
    source: Source
    place: str
    remplit: Mapping[str, tuple[Lecture, ...]]
    lignes: int
    territoires: int
    connus: int
    niveaux: tuple[str, ...]
    departements: tuple[str, ...]
    forme: tuple[str, ...]
    remarques: tuple[str, ...]
    mots: Mapping[str, frozenset[str]] = field(default_factory=dict)

    @property
    def fichier(self) -> Fichier:
        """Le fichier déclaré."""
        return self.source.fichiers[0]


def controler(
    octets: bytes,
    nom: str,
    *,
    gabarit: Gabarit,
    vue: Vue,
    rang: int,
    millesime: str,
    connus: Connus,
    remarques: Iterable[str] = (),
) -> Partie:
    """Renvoie le tableau lu et contrôlé selon son gabarit.

    Raises
    ------
    FichierRefuse
        Si le tableau ne se lit pas, ou si ses codes ne sont pas des territoires.
    """
    if not re.fullmatch(r"(19|20)\d{2}(-.{1,6})?", millesime):
        raise FichierRefuse(
            nom, f"« {millesime} » n'est pas un millésime", "donnez-le avec --millesime AAAA"
        )
    dites = list(remarques)
    if gabarit.format in ("décrit", "supposé"):
        dites.append(
            f"La forme de ce fichier est « {gabarit.format} » : aucun vrai fichier n'a été lu "
            "avant le vôtre. Relisez quelques chiffres."
        )
    cog = int(millesime[:4]) + gabarit.cog_decalage
    essai = Essai(
        octets=octets,
        nom=nom,
        source=source_de(
            gabarit, octets, vue, rang=rang, millesime=millesime, cog=min(cog, connus.cog)
        ),
    )
    remplit = {
        r.indicateur: r.pour(f"{essai.source.id}/fichier", millesime) for r in gabarit.remplit
    }
    variables = variables_de(essai.source.id, remplit)
    _refuser_doubles(essai, gabarit, variables, vue.lignes[rang] if vue.lignes else ())
    forme = forme_de(vue, rang, gabarit)
    if gabarit.lecteur in LECTEURS:
        essai, dites_codes = reparer_codes(essai, connus, motif=_motif_du_code(gabarit, essai))
        essai, formes = reparer_nombres(essai, variables)
        dites += dites_codes
        forme += formes
    table, remplit, absents = _lire_ce_qui_se_lit(essai, remplit)
    dites += absents
    return _bilan(essai, gabarit, vue, table, remplit, connus=connus, forme=forme, dites=dites)


def nom_de_source(base: str, millesime: str) -> str:
    """Renvoie le nom d'une source ajoutée.

    Examples
    --------
    >>> nom_de_source("insee.filosofi1.communes", "2021")
    'ajout.insee.filosofi1.communes.2021'
    """
    return re.sub(r"[^a-z0-9._-]", "-", f"ajout.{base}.{millesime}".lower())


def chemin_du_fichier(source: str, octets: bytes, extension: str) -> str:
    """Renvoie le chemin d'un fichier ajouté, que son empreinte nomme."""
    return f"ajouts/{source}/octets/{hashlib.sha256(octets).hexdigest()}{extension}"


def variables_de(source: str, remplit: Mapping[str, tuple[Lecture, ...]]) -> set[str]:
    """Renvoie les variables que ces lectures demandent au fichier ajouté."""
    termes = (
        terme
        for lectures in remplit.values()
        for lecture in lectures
        for terme in (lecture.valeur, lecture.numerateur, lecture.denominateur, lecture.poids)
        if terme is not None and terme.fichier.partition("/")[0] == source
    )
    return {variable for terme in termes for variable in (*terme.variables, *terme.moins)}


def source_de(
    gabarit: Gabarit, octets: bytes, vue: Vue, *, rang: int, millesime: str, cog: int
) -> Source:
    """Renvoie la source d'un seul fichier que fait un tableau reconnu."""
    options: dict[str, Any] = remplacer(gabarit.options, millesime=millesime)
    if not gabarit.signature.sans_entete:
        options["sauter"] = rang
    if vue.contenu.membre:
        options["membre"] = vue.contenu.membre
    if vue.feuille:
        options["feuille"] = vue.feuille
    if vue.contenu.genre == "texte":
        options |= {"separateur": vue.separateur, "encodage": vue.encodage}
    identifiant = nom_de_source(gabarit.id, millesime)
    fichier = Fichier(
        id="fichier",
        fichier=chemin_du_fichier(identifiant, octets, vue.contenu.extension),
        millesime=millesime,
        cog=cog,
        niveau=gabarit.niveau,
        lecteur=gabarit.lecteur,
        options=options,
        remarque="Fichier ajouté.",
    )
    return Source(
        id=identifiant,
        titre=gabarit.titre,
        producteur=gabarit.producteur,
        licence=gabarit.licence,
        page=gabarit.page,
        champ=gabarit.champ,
        format=gabarit.format,
        couverture=gabarit.couverture,
        marques=gabarit.marques,
        limites=gabarit.limites,
        fichiers=(fichier,),
    )


def _refuser_doubles(
    essai: Essai, gabarit: Gabarit, variables: set[str], entete: tuple[str, ...]
) -> None:
    noms = [cellule.strip() for cellule in entete]
    voulues = {*variables, essai.options.colonne_code, *essai.options.cles}
    motifs = [*gabarit.signature.colonnes, *essai.options.noms.values()]
    for nom in dict.fromkeys(noms):
        if not nom or noms.count(nom) == 1:
            continue
        if nom in voulues or any(re.fullmatch(motif, nom) for motif in motifs):
            raise FichierRefuse(
                essai.nom,
                f"la colonne « {nom} » y est {noms.count(nom)} fois",
                "gardez la bonne et retirez l'autre, ou reprenez le fichier du producteur",
            )


def _motif_du_code(gabarit: Gabarit, essai: Essai) -> str:
    return gabarit.signature.valeurs.get(essai.options.colonne_code, "")


def forme_de(vue: Vue, rang: int, gabarit: Gabarit) -> list[str]:
    """Renvoie comment le tableau se lit, en français."""
    forme = []
    if vue.contenu.genre == "texte":
        forme.append(f"séparateur {_SEPARATEURS.get(vue.separateur, vue.separateur)}")
        forme.append(f"texte en {NOMS_D_ENCODAGE[vue.encodage]}")
        fins = fins_de_ligne(vue.contenu.octets, vue.encodage)
        if fins != "LF":
            forme.append("lignes finies par " + ("CR LF" if fins == "CRLF" else "CR"))
    if rang and not gabarit.signature.sans_entete:
        forme.append(f"en-tête à la ligne {rang + 1}")
    return forme


def _lire_ce_qui_se_lit(
    essai: Essai, remplit: Mapping[str, tuple[Lecture, ...]]
) -> tuple[pl.DataFrame, dict[str, tuple[Lecture, ...]], list[str]]:
    """Renvoie la table lue, les indicateurs qu'elle remplit, et pourquoi pas les autres.

    Raises
    ------
    FichierRefuse
        Si aucun indicateur ne se lit.
    """

    def table_de(lectures: Mapping[str, tuple[Lecture, ...]]) -> pl.DataFrame:
        variables = variables_de(essai.source.id, lectures) if lectures else None
        return lire(essai.octets, essai.source, essai.fichier, variables=variables or None)

    if not remplit:
        if essai.fichier.lecteur not in LECTEURS:
            return _sans_variable(essai), {}, []
        return _sans_variable(essai), {}, ["Ce fichier ne remplit encore aucun indicateur."]
    try:
        return table_de(remplit), dict(remplit), []
    except DonneesError as premiere:
        gardes: dict[str, tuple[Lecture, ...]] = {}
        dites = []
        for indicateur, lectures in remplit.items():
            try:
                table_de({indicateur: lectures})
            except DonneesError as erreur:
                dites.append(f"{indicateur} ne sera pas rempli : {cause(erreur)}.")
            else:
                gardes[indicateur] = lectures
        if not gardes:
            raise FichierRefuse(
                essai.nom, cause(premiere), "reprenez le fichier du producteur, non retouché"
            ) from premiere
        return table_de(gardes), gardes, dites


def cause(erreur: DonneesError) -> str:
    """Renvoie ce qu'une erreur de lecture reproche au fichier."""
    attendu, trouve = getattr(erreur, "attendu", ""), getattr(erreur, "trouve", "")
    if attendu:
        return f"attendu {attendu} ; trouvé {trouve}"
    marques = getattr(erreur, "marques", ())
    if marques:
        colonne = getattr(erreur, "colonne", "")
        return f"la colonne « {colonne} » porte « {marques[0][:40]} », ni nombre ni marque connue"
    return str(erreur).rstrip(".")


def _sans_variable(essai: Essai) -> pl.DataFrame:
    """Codes du fichier, quand on n'en lit aucune variable."""
    options = essai.options
    colonne = options.colonne_code
    grille = lire_grille(
        essai.octets, essai.source, essai.fichier, options=options, colonnes=[colonne]
    )
    code = code_net(pl.col(colonne), options)
    if options.forme_code:
        grille = grille.filter(code.str.contains(options.forme_code))
    if options.extrait:
        code = code.str.extract(options.extrait)
    if options.largeur and essai.fichier.niveau in ("COM", "DEP", "REG"):
        code = code.str.zfill(options.largeur)
    return grille.select(
        pl.lit(essai.fichier.niveau).alias("niveau"),
        code.fill_null("").alias("code"),
        pl.col(LIGNE).alias("ligne"),
    ).filter(pl.col("code") != "")


def _bilan(
    essai: Essai,
    gabarit: Gabarit,
    vue: Vue,
    table: pl.DataFrame,
    remplit: Mapping[str, tuple[Lecture, ...]],
    *,
    connus: Connus,
    forme: list[str],
    dites: list[str],
) -> Partie:
    codes = table.select("niveau", "code").unique().sort("niveau", "code").rows()
    vrais = [(niveau, code) for niveau, code in codes if connus.connait(niveau, code)]
    inconnus = [code for niveau, code in codes if not connus.connait(niveau, code)]
    plausibles = sum(connus.plausible(niveau, code) for niveau, code in codes)
    if plausibles < PART_CONNUE * max(len(codes), 1) or not codes:
        exemple = f" (« {inconnus[0]} »)" if inconnus else ""
        raise FichierRefuse(
            essai.nom,
            f"{len(vrais)} de ses {len(codes)} codes seulement sont des territoires{exemple}",
            "vérifiez la colonne des codes et le niveau du fichier",
        )
    if inconnus:
        s = "s" if len(inconnus) > 1 else ""
        dites.append(
            f"{len(inconnus)} code{s} inconnu{s} du code officiel géographique "
            f"(« {inconnus[0]} ») : "
            f"{'ces lignes ne serviront' if s else 'cette ligne ne servira'} pas."
        )
    epci = [code for niveau, code in codes if niveau == "EPCI"]
    sans = sum(not connus.connait("EPCI", code) for code in epci)
    if sans > 0.05 * len(epci):
        dites.append(
            f"{sans} des {len(epci)} intercommunalités n'existent plus sous ce code : le fichier "
            f"est d'un autre périmètre que celui de {connus.cog}, et elles resteront sans valeur."
        )
    departements = sorted({d for n, c in vrais if (d := connus.departement(n, c))})
    niveaux = tuple(sorted({niveau for niveau, _ in vrais}))
    source, dites_cog = _decouper(essai.source, vrais, connus)
    forme = [*forme, *dites_cog]
    source = _borner(source, niveaux, departements, gabarit.couverture)
    dites += _absents(vrais, niveaux, departements, connus)
    dites += _valeurs_etranges(table, remplit)
    return Partie(
        gabarit=gabarit,
        source=source,
        place=vue.place,
        remplit=remplit,
        lignes=table["ligne"].n_unique(),
        territoires=len(codes),
        connus=len(vrais),
        niveaux=niveaux,
        departements=tuple(departements),
        forme=tuple(forme),
        remarques=tuple(dites),
    )


def _decouper(
    source: Source, vrais: list[tuple[str, str]], connus: Connus
) -> tuple[Source, list[str]]:
    """Renvoie la source au découpage communal que ses codes montrent, et ce qu'on en dit."""
    communes = [code for niveau, code in vrais if niveau == "COM"]
    if not communes or connus.communes_au is None:
        return source, []
    (fichier,) = source.fichiers
    cog = reconnaitre_cog(
        communes, declare=fichier.cog, dernier=connus.cog, communes_au=connus.communes_au
    )
    if cog == fichier.cog:
        return source, [f"communes de {cog}"]
    change = fichier.model_copy(update={"cog": cog})
    return source.model_copy(update={"fichiers": (change,)}), [
        f"communes de {cog}, d'après leurs codes (et non de {fichier.cog}, que le millésime "
        "faisait attendre)"
    ]


def _borner(
    source: Source, niveaux: tuple[str, ...], departements: list[str], declaree: Couverture
) -> Source:
    """Renvoie la source limitée aux départements que le fichier couvre, s'il est local."""
    local = {"COM", "ARM", "IRIS", "EPCI", "DEP"} & set(niveaux)
    if not local or not 0 < len(departements) <= PARTIE_DE_FRANCE:
        return source
    couverture = Couverture(departements=tuple(departements), sauf=declaree.sauf)
    return source.model_copy(update={"couverture": couverture})


def _absents(
    vrais: list[tuple[str, str]],
    niveaux: tuple[str, ...],
    departements: list[str],
    connus: Connus,
) -> list[str]:
    """Dit combien de communes des départements couverts le fichier ne cite pas."""
    if "COM" not in niveaux:
        return []
    cites = {code for niveau, code in vrais if niveau == "COM"}
    attendues = [c for c, d in connus.actuels.get("COM", {}).items() if d in set(departements)]
    absentes = sum(code not in cites for code in attendues)
    if not attendues or absentes <= 0.05 * len(attendues):
        return []
    return [
        f"{absentes} des {len(attendues)} communes actuelles de ces départements n'y sont pas : "
        "elles resteront comme avant."
    ]


def _valeurs_etranges(table: pl.DataFrame, remplit: Mapping[str, tuple[Lecture, ...]]) -> list[str]:
    """Dit les indicateurs sans aucune valeur dans ce fichier."""
    if "valeur" not in table.columns:
        return []
    pleines = set(table.filter(pl.col("valeur").is_not_null())["variable"].unique())
    dites = []
    for indicateur, lectures in remplit.items():
        source = next(
            (t.fichier.partition("/")[0] for x in lectures if (t := x.valeur or x.numerateur)), ""
        )
        variables = variables_de(source, {indicateur: lectures})
        if variables and not variables & pleines:
            dites.append(
                f"{indicateur} : aucune valeur dans ce fichier, que des marques d'absence."
            )
    return dites
