"""Le fournisseur de temps de trajet d'un département, et pourquoi c'est celui-là.

L'ordre : le serveur d'itinéraires réglé par la personne, sinon le réseau routier importé s'il
couvre le département, sinon l'estimation. Le choix est une remarque, que le rapport imprime.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import polars as pl

from solidiag.errors import DeclarationInvalide, DonneesError, RecuperationImpossible
from solidiag.geography.conventions_routes import MODES
from solidiag.geography.couples import Couples, Itineraires
from solidiag.geography.distances import ParametresTrajet
from solidiag.geography.estimation import ItinerairesEstimes
from solidiag.geography.reseau_routier import ReseauRoutier
from solidiag.pipeline.reseaux import PART_COUVERTE, conventions_routes, reseaux_de
from solidiag.storage.declarations import lire_yaml, valider
from solidiag.storage.depot import Depot
from solidiag.storage.reseaux import FICHIER_SERVEUR, MENTION_ODBL, VARIABLE_SERVEUR

if TYPE_CHECKING:
    from solidiag.sources.itineraires.reglage import Reglage
    from solidiag.sources.protocoles.horloge import Horloge


class TrajetsChoisis:
    """Le fournisseur retenu, les raisons de ce choix, et son secours s'il y en a un.

    Parameters
    ----------
    choix
        Une phrase : quel fournisseur, et pourquoi.
    secours
        Ce qui le remplace s'il ne répond pas du tout.
    """

    def __init__(
        self,
        fournisseur: Itineraires,
        *,
        choix: str,
        autres: tuple[str, ...] = (),
        secours: Itineraires | None = None,
    ) -> None:
        self._fournisseur, self._secours = fournisseur, secours
        self.choix, self._autres = choix, autres
        self._panne = ""
        self._a_servi = False

    @property
    def fournisseur(self) -> Itineraires:
        """Celui qui répond : le secours après une panne."""
        return self._fournisseur

    @property
    def nom(self) -> str:
        """Nom imprimé du fournisseur."""
        return self._fournisseur.nom

    @property
    def mode(self) -> str:
        """``voiture``, ``velo`` ou ``pied``."""
        return self._fournisseur.mode

    @property
    def estime(self) -> bool:
        """Vrai si le temps est une convention ; le devient si le secours est une estimation."""
        return self._fournisseur.estime

    @property
    def remarques(self) -> tuple[str, ...]:
        """Le choix, ce qui l'a fait écarter d'autres, puis ce qui a manqué."""
        dites = (self.choix, *self._autres, self._panne, *self._fournisseur.remarques)
        return tuple(dict.fromkeys(filter(None, dites)))

    def limite_de_bande(self, limite: float) -> float:
        """Renvoie la limite qui donne tous les couples dont la borne basse est sous ``limite``."""
        elargir = getattr(self._fournisseur, "limite_de_bande", float)
        return float(elargir(limite))

    def couples(self, departs: pl.DataFrame, arrivees: pl.DataFrame, *, limite: float) -> Couples:
        """Renvoie les couples à portée (voir `Itineraires`).

        Raises
        ------
        RecuperationImpossible
            Si le serveur ne répond à rien et que la personne n'a pas permis de secours, ou s'il a
            déjà servi : des temps calculés et des temps estimés ne se mêlent pas.
        """
        try:
            trouves = self._fournisseur.couples(departs, arrivees, limite=limite)
        except RecuperationImpossible as erreur:
            if self._secours is None or self._a_servi:
                raise
            self._panne = (
                f"Le {self._fournisseur.nom} n'a pas répondu ({erreur.raison}) : les temps sont "
                "estimés, comme le réglage le permet."
            )
            self._fournisseur, self._secours = self._secours, None
            return self._fournisseur.couples(departs, arrivees, limite=limite)
        self._a_servi = self._a_servi or bool(len(trouves.temps))
        return trouves


def fournisseur_de_trajets(
    depot: Depot,
    *,
    mode: str = "voiture",
    communes: pl.DataFrame | None = None,
    horloge: Horloge | None = None,
    environnement: Mapping[str, str] | None = None,
) -> TrajetsChoisis:
    """Renvoie le fournisseur de temps de trajet à prendre (contrat `Itineraires`).

    Parameters
    ----------
    mode
        ``voiture``, ``velo`` ou ``pied``.
    communes
        Points à desservir (``latitude``, ``longitude``), ceux des communes du département : un
        réseau importé ne sert que s'il en dessert presque tous. Sans eux, aucun réseau ne sert.
    horloge
        Pour un serveur : ce qui attend ; l'horloge du système si ``None``.
    environnement
        Variables d'environnement ; celles du processus si ``None``.

    Raises
    ------
    ValueError
        Si le mode est inconnu.
    DeclarationInvalide
        Si le réglage du serveur ou la déclaration ``routes`` est fautif.
    """
    if mode not in MODES:
        msg = f"mode inconnu : {mode}"
        raise ValueError(msg)
    estimation = ItinerairesEstimes(
        parametres=ParametresTrajet.depuis(depot.parametres("temps_de_trajet"), mode=mode),
        mode=mode,
    )
    ecartes: tuple[str, ...] = ()
    reglage = reglage_du_serveur(depot, environnement)
    if reglage is not None:
        if reglage.profil(mode):
            return _serveur(reglage, depot, mode=mode, estimation=estimation, horloge=horloge)
        ecartes = (f"Le serveur d'itinéraires réglé ({reglage.type}) n'a pas de mode « {mode} ».",)
    if communes is not None:
        choisi, raisons = _reseau(depot, communes, mode=mode)
        ecartes += raisons
        if choisi is not None:
            return TrajetsChoisis(
                choisi,
                choix=f"Temps calculés sur un {choisi.nom}. {MENTION_ODBL}",
                autres=ecartes,
            )
    return TrajetsChoisis(
        estimation,
        choix="Temps estimés à vol d'oiseau : ni serveur d'itinéraires réglé, ni réseau routier "
        "importé qui couvre le département.",
        autres=ecartes,
    )


def reglage_du_serveur(
    depot: Depot, environnement: Mapping[str, str] | None = None
) -> Reglage | None:
    """Renvoie le serveur réglé : la variable d'environnement, sinon le fichier, sinon rien.

    Raises
    ------
    DeclarationInvalide
        Si le réglage est fautif ; toutes les fautes sont dites.
    """
    if depot.ajouts is None and environnement is None:
        return None
    variables = os.environ if environnement is None else environnement
    texte = variables.get(VARIABLE_SERVEUR, "").strip()
    chemin = depot.ajouts.racine / FICHIER_SERVEUR if depot.ajouts is not None else None
    if not texte and (chemin is None or not chemin.is_file()):
        return None
    from solidiag.sources.itineraires.reglage import Reglage, depuis_texte

    contenu: Any = lire_yaml(chemin) if chemin is not None and chemin.is_file() else {}
    if not isinstance(contenu, dict):
        raise DeclarationInvalide(
            FICHIER_SERVEUR, ["le fichier n'est pas une suite de « clé: valeur »"]
        )
    if texte:
        contenu = {**contenu, **depuis_texte(texte)}
    return valider(Reglage, contenu, nom=VARIABLE_SERVEUR if texte else FICHIER_SERVEUR)


def _serveur(
    reglage: Reglage,
    depot: Depot,
    *,
    mode: str,
    estimation: Itineraires,
    horloge: Horloge | None,
) -> TrajetsChoisis:
    from solidiag.sources.itineraires.serveur import ItinerairesServeur

    conventions = conventions_routes(depot)
    serveur = ItinerairesServeur(
        reglage,
        mode=mode,
        interne_km_h=float(conventions["trajet_interne_vitesse_km_h"][mode]),
        horloge=horloge,
    )
    return TrajetsChoisis(
        serveur,
        choix=f"Temps demandés à un {serveur.nom}, qu'un réglage nomme.",
        secours=estimation if reglage.secours == "estimation" else None,
    )


def _reseau(
    depot: Depot, communes: pl.DataFrame, *, mode: str
) -> tuple[Itineraires | None, tuple[str, ...]]:
    """Renvoie le réseau qui dessert le mieux les communes, et pourquoi d'autres ne servent pas."""
    # Le dépôt des seuls fichiers embarqués n'a pas de réseau : celui de la personne n'y est pas.
    if depot.ajouts is None:
        return None, ()
    reseaux = reseaux_de(depot)
    noms = reseaux.noms()
    if not noms:
        return None, ()
    conventions = conventions_routes(depot)
    raisons = []
    candidats = []
    for nom in noms:
        try:
            garde = reseaux.lire(nom)
        except DonneesError as erreur:
            raisons.append(f"Le réseau {nom} est ignoré : {erreur}")
            continue
        routier = ReseauRoutier(
            garde.reseau,
            nom=f"{garde.verrou['origine']['fichier']}, importé le {garde.verrou['obtenu_le']}",
            conventions=conventions,
            remarques=tuple(garde.verrou.get("remarques", ())),
        ).itineraires(mode)
        part = routier.part_pres(communes)
        if part >= PART_COUVERTE:
            candidats.append((-part, len(garde.reseau.de), nom, routier))
        else:
            pour_cent = f"{int(part * 100)}\u202f%"
            raisons.append(
                f"Le réseau {nom} ne dessert que {pour_cent} des communes : il ne sert pas."
            )
    if not candidats:
        return None, tuple(raisons)
    return min(candidats, key=lambda c: c[:3])[3], tuple(raisons)
