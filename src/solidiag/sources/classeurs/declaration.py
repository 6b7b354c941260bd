"""D'un classeur lu à la déclaration d'un ajout, et retour : ce que l'import a compris y est écrit.

La déclaration porte le classeur (titres, listes), ce que l'import a compris de chaque texte et les
lignes qu'il a écartées : le fichier se relit à l'identique, sans référentiel ni réglage.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from solidiag.catalogue.classeur import Classeur
from solidiag.catalogue.source import Fichier, Source
from solidiag.errors import DeclarationInvalide, FichierRefuse, FormatInattendu
from solidiag.sources.classeurs.feuilles import ouvrir_classeur
from solidiag.sources.classeurs.lecture import ClasseurLu, lire_classeur
from solidiag.sources.classeurs.lexique import LexiqueFige


class OptionsClasseur(BaseModel):
    """Options du fichier d'un classeur rempli.

    Parameters
    ----------
    classeur
        Déclaration du classeur, telle qu'à l'import.
    compris
        Liste, ``communes`` ou ``territoires`` → texte lu → valeur.
    ecartees
        Feuille → lignes fautives, écartées à l'import parce que la personne l'a voulu.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    classeur: Classeur
    compris: dict[str, dict[str, str]] = {}
    ecartees: dict[str, tuple[int, ...]] = {}

    def en_options(self) -> dict[str, Any]:
        """Renvoie ce que l'on écrit dans la déclaration."""
        return self.model_dump(mode="json", exclude_defaults=True)


def relire(octets: bytes, source: Source, fichier: Fichier) -> ClasseurLu:
    """Renvoie un classeur importé, relu tel qu'il a été compris.

    Raises
    ------
    DeclarationInvalide
        Si les options ne sont pas celles d'un classeur.
    FormatInattendu
        Si le fichier n'est plus celui qui a été importé.
    """
    nom = f"{source.id}/{fichier.id}"
    try:
        options = OptionsClasseur.model_validate(fichier.options)
    except ValidationError as erreur:
        fautes = [".".join(str(partie) for partie in f["loc"]) for f in erreur.errors()]
        raise DeclarationInvalide(nom, fautes) from erreur
    try:
        contenant = ouvrir_classeur(octets, fichier.fichier)
        if contenant is None:
            raise _autre(source, fichier, "un autre fichier")
        lu = lire_classeur(
            contenant,
            options.classeur,
            LexiqueFige(compris=options.compris),
            ecartees={nom: set(lignes) for nom, lignes in options.ecartees.items()},
        )
    except FichierRefuse as erreur:
        raise _autre(source, fichier, erreur.raison) from erreur
    if lu.fautes:
        raise _autre(source, fichier, str(lu.fautes[0]))
    return lu


def _autre(source: Source, fichier: Fichier, trouve: str) -> FormatInattendu:
    return FormatInattendu(
        source.id, fichier.fichier, attendu="le classeur tel qu'importé", trouve=trouve
    )


def dates(lu: ClasseurLu) -> Mapping[str, str]:
    """Renvoie la plus ancienne et la plus récente date d'information (``debut``, ``fin``)."""
    vues = [
        str(ligne.valeurs["date_source"])
        for lignes in lu.lignes.values()
        for ligne in lignes
        if ligne.valeurs.get("date_source")
    ]
    return {"debut": min(vues, default=""), "fin": max(vues, default="")}
