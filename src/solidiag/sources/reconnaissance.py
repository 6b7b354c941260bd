"""Reconnaître un fichier officiel à sa forme : en-tête, feuilles, membres, premières valeurs.

Le nom du fichier ne compte pas ; il ne sert qu'à lire un millésime qui n'est écrit nulle part
ailleurs, et c'est alors dit.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import PurePath, PurePosixPath

import polars as pl

from solidiag.catalogue.gabarit import Gabarit
from solidiag.errors import FichierRefuse
from solidiag.sources.contenants import ouvrir
from solidiag.sources.controle import Partie, controler
from solidiag.sources.controle_services import controler_services
from solidiag.sources.formes import LIGNES_DE_TETE
from solidiag.sources.registre_services import LECTEURS_SERVICES
from solidiag.sources.reparations import Connus
from solidiag.sources.vues import Vue, vues_de

_RESSEMBLANCE = 0.5
"""Part des colonnes du gabarit à partir de laquelle un fichier lui ressemble."""

_VALEURS_VUES = 200

_PREMIERES = 3
"""Premières lignes d'un fichier sans en-tête, que son gabarit décrit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rapprochement:
    """Un tableau comparé à un gabarit.

    Parameters
    ----------
    rang
        Rang de la ligne d'en-tête dans la vue.
    manquantes
        Colonnes du gabarit que l'en-tête n'a pas.
    obstacles
        Autres raisons de ne pas reconnaître le gabarit, en français.
    """

    gabarit: Gabarit
    vue: Vue
    rang: int
    manquantes: tuple[str, ...] = ()
    obstacles: tuple[str, ...] = ()

    @property
    def reconnu(self) -> bool:
        """Dit si le tableau a toute la forme du gabarit."""
        return not self.manquantes and not self.obstacles

    @property
    def entete(self) -> tuple[str, ...]:
        """Noms des colonnes."""
        return self.vue.lignes[self.rang] if self.vue.lignes else ()

    @property
    def part(self) -> float:
        """Part des colonnes du gabarit qui sont là, de 0 à 1."""
        attendues = len(self.gabarit.signature.colonnes)
        return 1 - len(self.manquantes) / attendues if attendues else float(self.reconnu)

    @property
    def ressemble(self) -> bool:
        """Dit si assez de colonnes sont là pour parler d'un fichier voisin ou incomplet."""
        vues = len(self.gabarit.signature.colonnes) - len(self.manquantes)
        return self.part >= _RESSEMBLANCE and (vues >= 3 or not self.manquantes) and vues > 0

    @property
    def precision(self) -> int:
        """Nombre de traits vérifiés : de deux gabarits reconnus, le plus précis l'emporte."""
        s = self.gabarit.signature
        traits = (s.colonnes, s.valeurs, s.absentes, s.feuilles, (s.membre,) * bool(s.membre))
        return sum(len(trait) for trait in traits)


@dataclass(frozen=True, kw_only=True)
class Reconnaissance:
    """Ce qu'un fichier reçu contient.

    Parameters
    ----------
    parties
        Tableaux reconnus, lus et contrôlés.
    non_lus
        Tableaux du fichier que rien ne reconnaît (notices, autres niveaux).
    """

    nom: str
    octets: bytes
    parties: tuple[Partie, ...]
    non_lus: tuple[str, ...] = ()


def reconnaitre(
    octets: bytes,
    nom: str,
    gabarits: Iterable[Gabarit],
    *,
    connus: Connus,
    millesime: str = "",
    seul: str = "",
) -> Reconnaissance:
    """Renvoie ce qu'un fichier contient, contrôlé et prêt à ajouter.

    Parameters
    ----------
    octets, nom
        Fichier tel que reçu ; le nom ne sert qu'aux messages et, à défaut, au millésime.
    connus
        Vrais codes des territoires.
    millesime
        Millésime donné par la personne, s'il ne se lit pas dans le fichier.
    seul
        Identifiant du gabarit voulu par la personne.

    Raises
    ------
    FichierRefuse
        Fichier illisible, que rien ne reconnaît, ambigu, ou fautif : la phrase dit que faire.
    """
    declares = [g for g in gabarits if not seul or g.id == seul]
    if not declares:
        raise FichierRefuse(nom, f"aucun gabarit « {seul} »", "voyez « solidiag sources gabarits »")
    meilleurs: list[Rapprochement] = []
    proches: list[Rapprochement] = []
    non_lus: list[str] = []
    for contenu in ouvrir(octets, nom):
        for facons in vues_de(contenu, nom):
            essais = [rapprocher(vue, g) for vue in facons for g in declares]
            reconnus = [essai for essai in essais if essai.reconnu]
            if reconnus:
                meilleurs.append(_meilleur(reconnus, nom))
            else:
                proches += [e for e in essais if e.ressemble]
                non_lus.append(facons[0].place or nom)
    if not meilleurs:
        raise _non_reconnu(nom, proches, declares)
    ensemble = {choisi.gabarit.id for choisi in meilleurs}
    meilleurs = [m for m in meilleurs if m.gabarit.lu_avec not in ensemble]
    parties: dict[str, Partie] = {}
    refus: list[FichierRefuse] = []
    for choisi in meilleurs:
        de_services = choisi.gabarit.lecteur in LECTEURS_SERVICES
        try:
            partie = (controler_services if de_services else controler)(
                octets,
                nom,
                gabarit=choisi.gabarit,
                vue=choisi.vue,
                rang=choisi.rang,
                millesime=millesime or millesime_de(choisi, nom),
                connus=connus,
                remarques=_millesime_dit(choisi, donne=millesime),
            )
        except FichierRefuse as erreur:
            refus.append(erreur)
            continue
        deja = parties.get(partie.source.id)
        if deja is None or partie.connus > deja.connus:
            parties[partie.source.id] = partie
        if deja is not None:
            moindre = min(partie, deja, key=lambda p: p.connus)
            non_lus.append(f"{moindre.place} (un autre tableau du fichier dit la même chose)")
    if not parties:
        raise refus[0]
    non_lus += [str(erreur) for erreur in refus]
    return Reconnaissance(
        nom=nom, octets=octets, parties=tuple(parties.values()), non_lus=tuple(non_lus)
    )


def rapprocher(vue: Vue, gabarit: Gabarit) -> Rapprochement:
    """Renvoie la comparaison d'un tableau et d'un gabarit, à la meilleure ligne d'en-tête."""
    signature = gabarit.signature
    obstacles = []
    if vue.contenu.membre and signature.membre:
        base = PurePosixPath(vue.contenu.membre).name
        if not re.search(signature.membre, base):
            obstacles.append(f"le fichier « {base} » de l'archive n'est pas celui attendu")
    if (
        vue.feuille
        and signature.feuilles
        and not any(re.fullmatch(motif, vue.feuille.strip()) for motif in signature.feuilles)
    ):
        obstacles.append(f"la feuille « {vue.feuille} » n'est pas celle attendue")
    if signature.sans_entete:
        premiere = "\n".join(vue.separateur.join(ligne) for ligne in vue.lignes[:_PREMIERES])
        if not signature.premiere_ligne or not re.match(signature.premiere_ligne, premiere):
            obstacles.append("la première ligne n'a pas la forme attendue")
        return Rapprochement(gabarit=gabarit, vue=vue, rang=0, obstacles=tuple(obstacles))
    rang, manquantes = _entete(vue.lignes, signature.colonnes)
    entete = vue.lignes[rang] if vue.lignes else ()
    texte = _en_lignes(entete)
    presentes = [motif for motif in signature.absentes if _colonne(motif, texte)]
    obstacles += [
        f"la colonne « {en_clair(motif)} » est celle d'un autre fichier" for motif in presentes
    ]
    if not manquantes:
        obstacles += _valeurs_etrangeres(vue.lignes[rang + 1 :], entete, signature.valeurs)
    return Rapprochement(
        gabarit=gabarit,
        vue=vue,
        rang=rang,
        manquantes=manquantes,
        obstacles=tuple(obstacles),
    )


def millesime_de(choisi: Rapprochement, nom: str) -> str:
    """Renvoie le millésime lu dans le fichier, ou dans son nom en dernier recours.

    Raises
    ------
    FichierRefuse
        S'il ne se lit nulle part.
    """
    lecture = choisi.gabarit.millesime
    lus: list[str] = []
    if lecture.colonnes:
        motif = re.compile(lecture.colonnes)
        lus = [m.group(1) for c in choisi.entete if (m := motif.fullmatch(c.strip()))]
    if not lus and lecture.premiere_ligne and choisi.vue.lignes:
        premiere = choisi.vue.separateur.join(choisi.vue.lignes[0])
        lus = re.findall(lecture.premiere_ligne, premiere)
    if not lus and lecture.colonne:
        lus = _periodes(choisi, lecture.colonne)
    if not lus and lecture.feuille:
        lus = re.findall(lecture.feuille, choisi.vue.feuille)
    if not lus and lecture.nom:
        lus = _dans_le_nom(choisi, nom)
    if not lus and lecture.fixe:
        lus = [lecture.fixe]
    sous_l_entete = choisi.vue.lignes[choisi.rang + 1 :]
    if not lus and not any(cellule.strip() for ligne in sous_l_entete for cellule in ligne):
        raise FichierRefuse(
            nom,
            f"on y reconnaît « {choisi.gabarit.titre} », mais il est vide sous son en-tête",
            "demandez-le ou téléchargez-le à nouveau",
        )
    if not lus:
        raise FichierRefuse(
            nom,
            f"on y reconnaît « {choisi.gabarit.titre} », mais son millésime n'y est pas écrit",
            "donnez-le avec --millesime, par exemple --millesime 2022",
        )
    return max(_annee_en_tete(lu) for lu in lus)


def _annee_en_tete(lu: str) -> str:
    """Renvoie un millésime qui commence par son année : ``21``, ``202112``, ``31/12/2021``.

    Examples
    --------
    >>> _annee_en_tete("09/08/2023 13:30:19"), _annee_en_tete("2026-05-12T03:39:00Z")
    ('2023-08', '2026-05-12')
    """
    if re.fullmatch(r"\d{2}", lu):
        return f"20{lu}"
    if re.fullmatch(r"(19|20)\d{4}", lu):
        return f"{lu[:4]}-{lu[4:]}"
    if re.match(r"(19|20)\d{2}-\d{2}-\d{2}[T ]", lu):
        return lu[:10]
    if re.fullmatch(r"\d{12,13}", lu):
        return datetime.fromtimestamp(int(lu) / 1000, UTC).date().isoformat()
    jour = re.fullmatch(r"(\d{2})/(\d{2})/(\d{4})( [\d:]+)?", lu)
    return f"{jour.group(3)}-{jour.group(2)}" if jour else lu


def _periodes(choisi: Rapprochement, motif: str) -> list[str]:
    """Renvoie les millésimes d'une colonne, lue jusqu'au bout : il y en a souvent dix."""
    vues = _colonne_de(choisi.vue.lignes[choisi.rang + 1 :], choisi.entete, motif)
    contenu = choisi.vue.contenu
    if not vues or contenu.genre != "texte":
        return vues
    noms = [nom.strip() for nom in choisi.entete]
    rang = next(r for r, n in enumerate(noms) if n == motif or re.fullmatch(motif, n))
    octets = contenu.octets
    if choisi.vue.encodage != "utf-8":
        octets = octets.decode(choisi.vue.encodage, errors="replace").encode()
    try:
        colonne = pl.read_csv(
            octets,
            separator=choisi.vue.separateur,
            skip_lines=choisi.rang,
            columns=[rang],
            infer_schema=False,
            truncate_ragged_lines=True,
        ).to_series()
    except pl.exceptions.PolarsError:
        return vues
    toutes = colonne.drop_nulls().unique().str.strip_chars().str.replace(r"\.0$", "")
    return toutes.filter(toutes.str.contains(r"^(19|20)\d{2}")).to_list() or vues


def _dans_le_nom(choisi: Rapprochement, nom: str) -> list[str]:
    for texte in (PurePosixPath(choisi.vue.contenu.membre).name, PurePath(nom).name):
        trouve = re.search(choisi.gabarit.millesime.nom, texte)
        if trouve:
            return [trouve.group(1)]
    return []


def _millesime_dit(choisi: Rapprochement, *, donne: str) -> tuple[str, ...]:
    """Dit d'où vient un millésime qui n'est pas écrit dans le fichier."""
    if donne:
        return (f"Millésime {donne} donné par vous.",)
    lecture = choisi.gabarit.millesime
    ailleurs = (
        lecture.colonnes
        or lecture.colonne
        or lecture.feuille
        or lecture.fixe
        or lecture.premiere_ligne
    )
    if ailleurs or not lecture.nom:
        return ()
    return ("Le millésime n'est écrit que dans le nom du fichier : vérifiez-le.",)


def en_clair(motif: str) -> str:
    r"""Renvoie une expression telle qu'une personne la lit.

    Examples
    --------
    >>> en_clair(r"TP60(\d{2})")
    'TP60aa'
    """
    texte = re.sub(r"\(\?[:i)]*", "", motif)
    texte = texte.replace(r"\d{4}", "aaaa").replace(r"\d{2}", "aa").replace(r"\d", "n")
    return re.sub(r"[()^$\\?+*]", "", texte)


@cache
def _motif(expression: str) -> re.Pattern[str]:
    return re.compile(rf"^(?:{expression})$", re.MULTILINE)


def _en_lignes(cellules: Sequence[str]) -> str:
    return "\n".join(c.strip().replace("\n", " ").replace("\r", " ") for c in cellules)


def _colonne(motif: str, texte: str) -> bool:
    return _motif(motif).search(texte) is not None


def _entete(
    lignes: Sequence[Sequence[str]], colonnes: Sequence[str]
) -> tuple[int, tuple[str, ...]]:
    """Renvoie la ligne qui a le plus de colonnes du gabarit, et celles qui lui manquent."""
    meilleure: tuple[int, tuple[str, ...]] = (0, tuple(colonnes))
    for rang, ligne in enumerate(lignes[:LIGNES_DE_TETE]):
        texte = _en_lignes(ligne)
        manquantes = tuple(motif for motif in colonnes if not _colonne(motif, texte))
        if len(manquantes) < len(meilleure[1]):
            meilleure = rang, manquantes
        if not manquantes:
            break
    return meilleure


def _colonne_de(lignes: Sequence[Sequence[str]], entete: Sequence[str], motif: str) -> list[str]:
    """Renvoie les premières valeurs non vides d'une colonne, sans « .0 » final."""
    for rang, nom in enumerate(entete):
        if re.fullmatch(motif, nom.strip()) or nom.strip() == motif:
            valeurs = (ligne[rang].strip() for ligne in lignes if len(ligne) > rang)
            return [re.sub(r"\.0$", "", v) for v in valeurs if v][:_VALEURS_VUES]
    return []


def _valeurs_etrangeres(
    lignes: Sequence[Sequence[str]], entete: Sequence[str], attendues: Mapping[str, str]
) -> list[str]:
    """Dit quelles colonnes n'ont pas les valeurs attendues ; un zéro de tête perdu est admis."""
    fautes = []
    for colonne, motif in attendues.items():
        valeurs = _colonne_de(lignes, entete, colonne)
        if not valeurs:
            fautes.append(f"la colonne « {en_clair(colonne)} » est vide")
            continue
        etrangeres = [
            v for v in valeurs if not re.fullmatch(motif, v) and not re.fullmatch(motif, f"0{v}")
        ]
        abimees = [v for v in etrangeres if re.fullmatch(r"\d([.,]\d+)?[Ee]\+\d+", v)]
        if abimees:
            fautes.append(f"les codes ont été changés en nombres par un tableur (« {abimees[0]} »)")
        elif _trop(len(etrangeres), len(valeurs)):
            fautes.append(
                f"la colonne « {en_clair(colonne)} » porte « {etrangeres[0][:30]} », "
                "qui n'est pas un code de ce fichier"
            )
    return fautes


def _trop(etrangeres: int, valeurs: int) -> bool:
    """Dit si les valeurs étrangères sont plus que quelques notes en marge du tableau."""
    if etrangeres <= 2:
        return 2 * etrangeres >= valeurs
    return etrangeres > _NOTES_ADMISES * valeurs


_NOTES_ADMISES = 0.1
"""Part des premières valeurs qui peuvent être des notes, des unités ou des totaux."""


def _meilleur(reconnus: Sequence[Rapprochement], nom: str) -> Rapprochement:
    ordonnes = sorted(reconnus, key=lambda r: r.precision, reverse=True)
    premier = ordonnes[0]
    autres = {r.gabarit.id: r for r in ordonnes if r.precision == premier.precision}
    if len(autres) > 1:
        raise FichierRefuse(
            nom,
            "il a la forme de " + " et de ".join(f"« {r.gabarit.titre} »" for r in autres.values()),
            "dites lequel avec --gabarit " + " ou --gabarit ".join(autres),
        )
    return premier


def _non_reconnu(
    nom: str, proches: Sequence[Rapprochement], gabarits: Sequence[Gabarit]
) -> FichierRefuse:
    """Renvoie le refus qui aide le plus : ce qui manque au gabarit le plus proche."""
    if not proches:
        return FichierRefuse(
            nom,
            f"il n'a la forme d'aucun des {len(gabarits)} fichiers officiels connus",
            "si c'est votre propre table, ajoutez-la avec --indicateur",
        )
    proche = max(proches, key=lambda r: (r.part, -len(r.obstacles), r.precision))
    titre = proche.gabarit.titre
    if proche.manquantes:
        noms = [en_clair(motif) for motif in proche.manquantes]
        pluriel = "les colonnes" if len(noms) > 1 else "la colonne"
        liste = ", ".join(f"« {n} »" for n in noms[:3])
        suite = f" et {len(noms) - 3} autres" if len(noms) > 3 else ""
        entete = [c.strip() for c in proche.entete if c.strip()]
        voisines = difflib.get_close_matches(noms[0], entete, n=1, cutoff=0.75)
        voisine = f" (la plus proche est « {voisines[0]} »)" if voisines else ""
        return FichierRefuse(
            nom,
            f"il ressemble à « {titre} », mais il y manque {pluriel} {liste}{suite}{voisine}",
            "vérifiez que c'est le fichier entier du producteur, non retouché",
        )
    obstacle = proche.obstacles[0]
    conseil = "vérifiez que c'est bien ce fichier, ou donnez-en un autre"
    if "tableur" in obstacle:
        conseil = "reprenez le fichier du producteur, ou enregistrez la colonne des codes en texte"
    return FichierRefuse(nom, f"il ressemble à « {titre} », mais {obstacle}", conseil)
