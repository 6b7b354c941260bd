"""Classeur à remplir à la main : feuilles, colonnes, listes fermées, telles qu'on les déclare."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Genre = Literal[
    "texte",
    "nombre",
    "date",
    "oui_non",
    "liste",
    "plusieurs",
    "textes",
    "commune",
    "territoire",
    "territoires",
    "reference",
    "references",
]
"""``plusieurs``, ``textes``, ``territoires``, ``references`` : valeurs séparées par « ; »."""

MULTIPLES: frozenset[str] = frozenset({"plusieurs", "textes", "territoires", "references"})

LISTES_DU_DEPOT = (
    "categories",
    "domaines",
    "domaines_ou_hors_champ",
    "publics",
    "types_dispositif",
    "communes",
    "territoires",
)
"""Listes que le programme remplit ; un classeur déclare les autres."""

MENTION_EXEMPLE = "EXEMPLE FICTIF – à effacer"
"""Début de la première cellule d'une ligne d'exemple : la lecture l'ignore."""


class _Gele(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Colonne(_Gele):
    """Une colonne d'une feuille.

    Parameters
    ----------
    champ
        Nom du champ dans la table produite.
    titre
        En-tête imprimé ; c'est à lui que la lecture reconnaît la colonne, où qu'elle soit.
    aide
        Ce qu'il faut y écrire.
    liste
        Liste fermée, pour ``liste`` et ``plusieurs``.
    feuille
        Feuille désignée, pour ``reference`` et ``references``.
    mini, maxi
        Bornes d'un nombre.
    passee
        Une date qui ne peut pas être après le jour de la lecture.
    exemple
        Valeur de la ligne d'exemple, fictive.
    largeur
        Largeur de la colonne, en signes.
    """

    champ: str = Field(pattern=r"^[a-z][a-z_]*$")
    titre: str = Field(min_length=2)
    aide: str = Field(min_length=3)
    genre: Genre = "texte"
    requise: bool = False
    liste: str = ""
    feuille: str = ""
    mini: float | None = None
    maxi: float | None = None
    passee: bool = False
    exemple: str = ""
    largeur: int = Field(default=18, ge=8, le=60)

    @property
    def entete(self) -> str:
        """En-tête écrit dans la feuille : une étoile dit que la colonne est obligatoire."""
        return f"{self.titre} *" if self.requise else self.titre

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if (self.genre in ("liste", "plusieurs")) != bool(self.liste):
            raise ValueError(f"{self.champ} : une liste pour « liste » et « plusieurs », sinon non")
        if (self.genre in ("reference", "references")) != bool(self.feuille):
            raise ValueError(f"{self.champ} : une feuille pour une référence, sinon non")
        return self


class Feuille(_Gele):
    """Une feuille du classeur, une ligne par objet.

    Parameters
    ----------
    id
        Nom de la table produite.
    titre
        Nom de l'onglet.
    au_moins_une
        Groupes de colonnes dont une au moins est remplie.
    cle
        Colonnes qui, ensemble, ne se répètent pas d'une ligne à l'autre.
    requise
        Faux : la feuille peut manquer ou rester vide.
    """

    id: str
    titre: str = Field(min_length=2, max_length=31)
    aide: str
    colonnes: tuple[Colonne, ...] = Field(min_length=1)
    au_moins_une: tuple[tuple[str, ...], ...] = ()
    cle: tuple[str, ...] = ()
    requise: bool = False

    def colonne(self, champ: str) -> Colonne:
        """Renvoie la colonne de ce champ (``StopIteration`` sinon)."""
        return next(c for c in self.colonnes if c.champ == champ)

    @model_validator(mode="after")
    def _coherente(self) -> Self:
        champs = [c.champ for c in self.colonnes]
        titres = [c.titre.casefold() for c in self.colonnes]
        if len(set(champs)) < len(champs) or len(set(titres)) < len(titres):
            raise ValueError(f"{self.id} : deux colonnes ont le même champ ou le même titre")
        cites = {champ for groupe in self.au_moins_une for champ in groupe} | set(self.cle)
        if cites - set(champs):
            raise ValueError(f"{self.id} : champs sans colonne, {sorted(cites - set(champs))}")
        if self.colonnes[0].genre != "texte":
            raise ValueError(f"{self.id} : la première colonne est un texte (elle dit l'exemple)")
        return self


class Classeur(_Gele):
    """Un classeur à remplir.

    Parameters
    ----------
    id
        Nom écrit dans la marque du classeur : c'est à elle qu'on le reconnaît.
    version
        Augmente quand une colonne change de sens ; un classeur plus récent est refusé.
    mode_emploi
        Une phrase par ligne de la feuille « Mode d'emploi ».
    listes
        Nom de liste → valeur stable → libellé montré.
    """

    id: str = Field(pattern=r"^[a-z]+$")
    version: int = Field(ge=1)
    titre: str
    mode_emploi: tuple[str, ...]
    feuilles: tuple[Feuille, ...] = Field(min_length=1)
    listes: dict[str, dict[str, str]] = {}

    def feuille(self, identifiant: str) -> Feuille:
        """Renvoie la feuille de cet identifiant (``StopIteration`` sinon)."""
        return next(f for f in self.feuilles if f.id == identifiant)

    @model_validator(mode="after")
    def _renvois(self) -> Self:
        feuilles = {f.id for f in self.feuilles}
        connues = set(self.listes) | set(LISTES_DU_DEPOT)
        colonnes = [c for f in self.feuilles for c in f.colonnes]
        fautes = [c.champ for c in colonnes if c.liste and c.liste not in connues]
        fautes += [c.champ for c in colonnes if c.feuille and c.feuille not in feuilles]
        if fautes:
            raise ValueError(f"liste ou feuille absente : {', '.join(fautes)}")
        if set(self.listes) & set(LISTES_DU_DEPOT):
            raise ValueError(f"listes que le programme remplit : {', '.join(LISTES_DU_DEPOT)}")
        return self
