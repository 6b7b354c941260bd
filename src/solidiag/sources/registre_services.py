"""Registre fermé des lecteurs de services : d'un fichier déclaré à la table `SERVICES`.

Ce registre est à part de celui des tables de chiffres (`solidiag.sources.registre`) : un fichier de
services ne remplit aucun indicateur, il entre dans l'inventaire de l'offre.
"""

from __future__ import annotations

from typing import Protocol

import polars as pl

from solidiag.catalogue.source import Fichier, Source
from solidiag.errors import DeclarationInvalide
from solidiag.sources import data_inclusion
from solidiag.sources.classeurs.offre import LECTEUR_OFFRE, lire_offre_saisie
from solidiag.sources.offre import annuaire, finess, mednum, sae, siae, soliguide
from solidiag.sources.offre.lignes import sans_contacts
from solidiag.sources.services import LECTEUR, lire_services


class LecteurServices(Protocol):
    """Transforme des octets en services."""

    def __call__(self, octets: bytes, source: Source, fichier: Fichier) -> pl.DataFrame:
        """Renvoie une table au schéma `solidiag.model.service.SERVICES`."""


LECTEURS_SERVICES: dict[str, LecteurServices] = {
    LECTEUR: lire_services,
    data_inclusion.LECTEUR: data_inclusion.lire_data_inclusion,
    soliguide.LECTEUR: soliguide.lire_soliguide,
    finess.LECTEUR_ETABLISSEMENTS: finess.lire_finess,
    finess.LECTEUR_EQUIPEMENTS: finess.lire_equipements_finess,
    annuaire.LECTEUR: annuaire.lire_annuaire,
    mednum.LECTEUR: mednum.lire_mediation_numerique,
    siae.LECTEUR: siae.lire_siae,
    sae.LECTEUR: sae.lire_sae,
    LECTEUR_OFFRE: lire_offre_saisie,
}
"""Lecteurs de services connus, par le nom que les déclarations emploient."""

REPERTOIRES = frozenset(
    {
        finess.LECTEUR_ETABLISSEMENTS,
        finess.LECTEUR_EQUIPEMENTS,
        annuaire.LECTEUR,
        sae.LECTEUR,
        siae.LECTEUR,
    }
)
"""Lecteurs de répertoires officiels, qui donnent la liste entière de leurs catégories."""


def est_un_fichier_de_services(fichier: Fichier) -> bool:
    """Dit si ce fichier se lit comme une liste de services."""
    return fichier.lecteur in LECTEURS_SERVICES


def lire_offre(octets: bytes, source: Source, fichier: Fichier) -> pl.DataFrame:
    """Renvoie les services d'un fichier, par le lecteur que sa déclaration nomme.

    Returns
    -------
    polars.DataFrame
        Au schéma `SERVICES`, codes encore ceux du fichier ; sans courriel ni téléphone, où qu'un
        producteur en ait mis.

    Raises
    ------
    DeclarationInvalide
        Si le lecteur n'est pas un lecteur de services, ou si ses options sont fautives.
    FormatInattendu
        Si le fichier n'a pas la forme déclarée.
    """
    lecteur = LECTEURS_SERVICES.get(fichier.lecteur)
    if lecteur is None:
        connus = ", ".join(sorted(LECTEURS_SERVICES))
        faute = f"lecteur de services « {fichier.lecteur} » inconnu ; lecteurs connus : {connus}"
        raise DeclarationInvalide(f"{source.id}/{fichier.id}", [faute])
    return sans_contacts(lecteur(octets, source, fichier))
