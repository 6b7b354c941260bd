"""Les sources embarquées : millésimes, âge, territoires couverts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from solidiag.catalogue.source import Couverture, Source
from solidiag.publication.matiere import age_en_mois
from solidiag.storage.depot import Depot

AGE_SIGNALE_MOIS = 24


@dataclass(frozen=True, kw_only=True)
class FicheSource:
    """Une source, telle que ``solidiag sources`` la montre.

    ``id`` est ce que ``sources maj`` et ``sources retirer`` attendent.
    """

    id: str
    titre: str
    producteur: str
    millesimes: str
    age: str
    couverture: str
    copie: str
    ancienne: bool
    ajoutee: bool = False


def inventorier(depot: Depot | None = None, *, jour: date | None = None) -> list[FicheSource]:
    """Renvoie les sources embarquées, par producteur.

    Parameters
    ----------
    jour
        Date dont l'âge se compte ; aujourd'hui par défaut.
    """
    depot = depot or Depot()
    aujourd_hui = jour or date.today()  # noqa: DTZ011
    ajoutees = set(depot.ajouts.noms()) if depot.ajouts else set()
    fiches = [
        _fiche(source, aujourd_hui, ajoutee=source.id in ajoutees)
        for source in depot.sources.values()
    ]
    return sorted(fiches, key=lambda fiche: (fiche.producteur, fiche.titre))


def _fiche(source: Source, jour: date, *, ajoutee: bool) -> FicheSource:
    millesimes = sorted({fichier.millesime for fichier in source.fichiers})
    mois = age_en_mois(millesimes[-1], jour)
    ancienne = mois > AGE_SIGNALE_MOIS
    copies = {fichier.copie for fichier in source.fichiers}
    copie = "retravaillée" if "retravaillee" in copies else "du producteur"
    if source.seuil_secret:
        copie = "protégée"
    return FicheSource(
        id=source.id,
        titre=source.titre,
        producteur=source.producteur,
        millesimes=millesimes[0] if len(millesimes) == 1 else f"{millesimes[0]} à {millesimes[-1]}",
        age=f"{_age(mois)}{' !' if ancienne else ''}",
        couverture=_couverture([f.couverture or source.couverture for f in source.fichiers]),
        copie=copie,
        ancienne=ancienne,
        ajoutee=ajoutee,
    )


def _age(mois: int) -> str:
    if mois < 12:
        return f"{max(mois, 0)} mois"
    annees = mois // 12
    return f"{annees} an{'s' if annees > 1 else ''}"


def _couverture(couvertures: list[Couverture]) -> str:
    if any(not couverture.departements for couverture in couvertures):
        sauf = set.intersection(*(set(c.sauf) for c in couvertures if not c.departements))
        return f"France sauf {', '.join(sorted(sauf))}" if sauf else "France"
    codes = sorted({code for couverture in couvertures for code in couverture.departements})
    if len(codes) > 6:
        return f"{len(codes)} départements"
    return f"département{'s' if len(codes) > 1 else ''} {', '.join(codes)}"
