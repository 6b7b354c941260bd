"""Ce qu'un classeur contient : sa marque, ses feuilles, leurs en-têtes et leurs lignes brutes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from solidiag.catalogue.classeur import Classeur, Feuille
from solidiag.errors import FichierRefuse
from solidiag.geography.recherche import simplifier
from solidiag.sources.contenants import genre_de

FEUILLE_DE_MARQUE = "solidiag"
"""Feuille masquée qui dit de quel classeur il s'agit."""

LIGNES_MAXIMALES = 20_000
_LIGNES_D_ENTETE = 15
_ROUVRIR = "ouvrez-le dans un tableur et enregistrez-le en XLSX ou en ODS, sans mot de passe"

Lignes = tuple[tuple[str, ...], ...]


@dataclass(frozen=True, kw_only=True)
class Marque:
    """Ce que la feuille masquée dit du classeur.

    Parameters
    ----------
    organisme
        Qui le remplit ; vide si rien n'a été dit.
    lue
        Faux si la feuille manquait et que le classeur s'est reconnu à ses colonnes.
    """

    classeur: str
    version: int
    departement: str = ""
    organisme: str = ""
    lue: bool = True


@dataclass(frozen=True, kw_only=True)
class Contenant:
    """Feuilles d'un classeur, par nom simplifié."""

    nom: str
    titres: Mapping[str, str]
    feuilles: Mapping[str, Lignes]

    def lignes(self, titre: str) -> Lignes | None:
        """Renvoie les lignes d'une feuille, casse et accents libres ; rien si elle manque."""
        return self.feuilles.get(simplifier(titre))


def ouvrir_classeur(octets: bytes, nom: str) -> Contenant | None:
    """Renvoie les feuilles d'un XLSX, XLS ou ODS ; rien si ce n'est pas un classeur.

    Raises
    ------
    FichierRefuse
        Si le classeur ne s'ouvre pas, ou dépasse ce que l'on lit.
    """
    if not octets.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        return None
    genre, _ = genre_de(octets, nom)
    if genre != "classeur":
        return None
    import fastexcel

    titres: dict[str, str] = {}
    feuilles: dict[str, Lignes] = {}
    try:
        classeur = fastexcel.read_excel(octets)
        for titre in classeur.sheet_names:
            brut = classeur.load_sheet(
                titre,
                header_row=None,
                skip_rows=0,
                n_rows=LIGNES_MAXIMALES + 1,
                dtypes="string",
            ).to_polars()
            if brut.height > LIGNES_MAXIMALES and not _vide(brut.row(-1)):
                raise FichierRefuse(
                    nom,
                    f"la feuille « {titre} » a plus de {LIGNES_MAXIMALES} lignes",
                    "partagez-la entre plusieurs classeurs",
                )
            titres[simplifier(titre)] = titre
            feuilles[simplifier(titre)] = tuple(
                tuple("" if cellule is None else str(cellule) for cellule in ligne)
                for ligne in brut.iter_rows()
            )
    except fastexcel.FastExcelError as erreur:
        raise FichierRefuse(nom, "le classeur est tronqué, protégé ou abîmé", _ROUVRIR) from erreur
    return Contenant(nom=nom, titres=titres, feuilles=feuilles)


def _vide(ligne: Sequence[object]) -> bool:
    return not any(str(cellule or "").strip() for cellule in ligne)


def reconnaitre_classeur(
    contenant: Contenant, classeurs: Iterable[Classeur]
) -> tuple[Classeur, Marque] | None:
    """Renvoie la déclaration d'un classeur et sa marque ; rien s'il n'est pas des nôtres.

    La marque l'emporte. Sans elle (feuille effacée), le classeur se reconnaît à une de ses feuilles
    obligatoires, ou à deux de ses feuilles, avec leurs colonnes obligatoires.

    Raises
    ------
    FichierRefuse
        Si le classeur vient d'une version plus récente.
    """
    declares = {c.id: c for c in classeurs}
    marque = _marque(contenant)
    if marque is not None and marque.classeur in declares:
        classeur = declares[marque.classeur]
        if marque.version > classeur.version:
            raise FichierRefuse(
                contenant.nom,
                f"c'est la version {marque.version} de ce classeur, et Solidiag en connaît la "
                f"{classeur.version}",
                "mettez Solidiag à jour",
            )
        return classeur, marque
    for classeur in declares.values():
        vues = [feuille for feuille in classeur.feuilles if _a_ses_colonnes(contenant, feuille)]
        if any(feuille.requise for feuille in vues) or len(vues) > 1:
            return classeur, Marque(classeur=classeur.id, version=classeur.version, lue=False)
    return None


def _marque(contenant: Contenant) -> Marque | None:
    lignes = contenant.lignes(FEUILLE_DE_MARQUE)
    if lignes is None:
        return None
    lus = {ligne[0].strip(): ligne[1].strip() for ligne in lignes if len(ligne) > 1}
    version = lus.get("version", "").partition(".")[0]
    if not lus.get("classeur") or not version.isdigit():
        return None
    return Marque(
        classeur=lus["classeur"],
        version=int(version),
        departement=_departement(lus.get("departement", "")),
        organisme=lus.get("organisme", ""),
    )


def _departement(lu: str) -> str:
    """Renvoie un code de département dont un tableur a pu ôter le zéro."""
    return lu.zfill(2) if lu.isdigit() else lu.upper()


def _a_ses_colonnes(contenant: Contenant, feuille: Feuille) -> bool:
    lignes = contenant.lignes(feuille.titre)
    return lignes is not None and not manquantes(feuille, trouver_entete(lignes, feuille)[1])


def trouver_entete(lignes: Lignes, feuille: Feuille) -> tuple[int, dict[str, int]]:
    """Renvoie le rang de la ligne d'en-tête, et la place de chaque colonne connue, par champ.

    L'en-tête est, parmi les premières lignes, celle qui nomme le plus de colonnes.
    """
    par_titre = {simplifier(colonne.titre): colonne.champ for colonne in feuille.colonnes}
    meilleur: tuple[int, dict[str, int]] = (0, {})
    for rang, ligne in enumerate(lignes[:_LIGNES_D_ENTETE]):
        places: dict[str, int] = {}
        for place, cellule in enumerate(ligne):
            champ = par_titre.get(simplifier(cellule))
            if champ is not None:
                places.setdefault(champ, place)
        if len(places) > len(meilleur[1]):
            meilleur = (rang, places)
    return meilleur


def manquantes(feuille: Feuille, places: Mapping[str, int]) -> list[str]:
    """Renvoie les titres des colonnes obligatoires absentes."""
    return [c.titre for c in feuille.colonnes if c.requise and c.champ not in places]


def en_trop(ligne: Sequence[str], feuille: Feuille) -> list[str]:
    """Renvoie les en-têtes que le classeur ne connaît pas."""
    connus = {simplifier(colonne.titre) for colonne in feuille.colonnes}
    return [texte.strip() for texte in ligne if texte.strip() and simplifier(texte) not in connus]


def repetees(ligne: Sequence[str], feuille: Feuille) -> list[str]:
    """Renvoie les titres connus écrits deux fois."""
    vus = [simplifier(texte) for texte in ligne]
    return [c.titre for c in feuille.colonnes if vus.count(simplifier(c.titre)) > 1]
