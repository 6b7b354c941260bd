"""Accès par domaine sur les vraies lignes des Landes : à la main, et contre une matrice."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import polars as pl
import pytest

from solidiag.catalogue.service import CategorieService, lire_categories
from solidiag.geography.distances import ParametresTrajet
from solidiag.geography.referentiel import Referentiel
from solidiag.model.personnes import PERSONNES
from solidiag.offre.cadre import Cadre
from solidiag.offre.inventaire import Inventaire
from solidiag.offre.trajets import TrajetEstime
from solidiag.pipeline.acces_domaines import AccesParDomaine, calculer_acces_par_domaine
from solidiag.pipeline.offre import charger_cadre, inventorier
from solidiag.pipeline.services_lus import couvertures_des_listes
from solidiag.sources.territoires import charger_referentiel
from solidiag.storage.depot import Depot

ACCUEIL = "premier-accueil-domiciliation-aller-vers"
SANS_PERSONNES = pl.DataFrame(schema=PERSONNES)


class _DepotRegle(Depot):
    """Les déclarations livrées, l'accès aux droits réduit aux espaces France services."""

    def parametres(self, nom: str) -> dict[str, Any]:
        contenu = super().parametres(nom)
        if nom == "acces":
            droits = contenu["domaines"]["acces-aux-droits-non-recours"]
            droits["categories"] = ["france-services"]
        return contenu


@dataclass(frozen=True, kw_only=True, eq=False)
class Landes:
    """De quoi mesurer et vérifier."""

    depot: Depot
    referentiel: Referentiel
    cadre: Cadre
    categories: dict[str, CategorieService]
    inventaire: Inventaire
    acces: AccesParDomaine

    def valeur(self, indicateur: str, territoire: str = "DEP-40") -> dict[str, Any]:
        return self.acces.observations.filter(
            (pl.col("indicateur") == indicateur) & (pl.col("territoire") == territoire)
        ).row(0, named=True)


@cache
def _landes() -> Landes:
    depot = _DepotRegle()
    depot.ajouts = None
    referentiel = charger_referentiel(depot.octets)
    categories = lire_categories(depot.declaration("services/categories.yaml"))
    inventaire, provenances = inventorier(
        depot, referentiel, departement="40", categories=categories
    )
    cadre = charger_cadre(depot, referentiel)
    codes = referentiel.communes_du_departement("40")
    epci = referentiel.epci_du_departement("40")
    acces = calculer_acces_par_domaine(
        depot,
        referentiel,
        departement="40",
        territoires=[*(f"COM-{c}" for c in codes), *(f"EPCI-{e}" for e in epci), "DEP-40"],
        inventaire=inventaire,
        cadre=cadre,
        categories=categories,
        couvertures=couvertures_des_listes(depot, inventaire),
        personnes=SANS_PERSONNES,
        provenances=provenances,
        origines={},
    )
    return Landes(
        depot=depot, referentiel=referentiel, cadre=cadre, categories=categories,
        inventaire=inventaire, acces=acces,
    )  # fmt: skip


@cache
def _matrices() -> tuple[pl.DataFrame, pl.DataFrame, np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Communes, lieux de premier accueil, temps en matrice, horaires du samedi : sans couples."""
    landes = _landes()
    communes = landes.cadre.communes.filter(
        pl.col("departement").is_in(["40", *landes.inventaire.limitrophes])
    ).sort("code")
    services = pl.concat([landes.inventaire.services, landes.inventaire.alentour]).filter(
        pl.col("categorie").is_in(["france-services", "maison-des-solidarites"]),
        ~pl.col("remarque").fill_null("").str.contains("Bus_équivalent|Itinérante"),
        pl.col("id") == pl.col("groupe"),
    )
    lieux = services.join(
        communes.select("code", "densite_niveau", "superficie_km2"),
        left_on="code_insee", right_on="code", how="left", maintain_order="left",
    ).rename({"code_insee": "code"})  # fmt: skip
    conventions = ParametresTrajet.depuis(landes.depot.parametres("temps_de_trajet"))
    temps = TrajetEstime(parametres=conventions)(communes, lieux).central
    samedi = lieux["horaires"].fill_null("").str.contains(r"samedi \d").to_numpy()
    return communes, lieux, temps, samedi


def test_le_temps_de_luxey_se_retrouve_a_la_main() -> None:
    """Luxey (654 habitants, densité 6) : l'espace de Sabres (6) à 21,0996 km à vol d'oiseau.

    Route 21,0996 × 1,3 = 27,4295 km : 20 à 55 km/h (21,82 min), 7,4295 à 70 km/h (6,37 min), soit
    28,2 minutes. Captieux (Gironde, densité 5) est plus près à vol d'oiseau (20,3931 km), mais à
    20 × (60/55 + 60/50) / 2 + 6,511 × 60/70 = 28,5 minutes.
    """
    ligne = _landes().valeur("acces.acces-aux-droits-non-recours.temps", "COM-40167")
    assert ligne["value"] == 28.2
    assert ligne["status"] == "E"
    assert ligne["lower"] < 28.2 < ligne["upper"]


def test_parentis_a_son_espace_dans_la_commune() -> None:
    """Point à 1,5513 km du centre ; le trajet intérieur type vaut √111,55 / 2 = 5,2808 km.

    5,2808 × 1,3 = 6,865 km à 40 km/h : 10,3 minutes.
    """
    assert (
        _landes().valeur("acces.acces-aux-droits-non-recours.temps", "COM-40217")["value"] == 10.3
    )


def test_dax_n_a_de_france_services_qu_un_bus_et_c_est_dit() -> None:
    """Dax (densité 2) : le bus écarté, l'espace le plus proche est à Peyrehorade, 17,098 km.

    22,2274 km de route : 20 × (60/35 + 60/50) / 2 = 29,14 min, puis 2,2274 à 70 km/h, 1,91 min.
    """
    ligne = _landes().valeur("acces.acces-aux-droits-non-recours.temps", "COM-40088")
    assert ligne["value"] == 31.1
    assert ligne["lower"] == 0
    assert (
        ligne["motif"]
        == "au plus : un service itinérant, à la desserte non connue, n'est pas compté"
    )
    hors = _landes().valeur("acces.acces-aux-droits-non-recours.part_hors_30")
    assert hors["lower"] < hors["value"] < hors["upper"]


def test_les_communes_a_plus_de_trente_minutes_d_un_espace_france_services() -> None:
    landes = _landes()
    temps = landes.acces.observations.filter(
        (pl.col("indicateur") == "acces.acces-aux-droits-non-recours.temps")
        & pl.col("territoire").str.starts_with("COM-")
    )
    loin = temps.filter(pl.col("value") > 30)["territoire"].str.slice(4)
    communes = landes.cadre.communes.filter(pl.col("departement") == "40")
    gens = float(communes.filter(pl.col("code").is_in(loin.implode()))["population"].sum())
    hors = landes.valeur("acces.acces-aux-droits-non-recours.part_hors_30")
    assert hors["value"] == pytest.approx(100 * gens / communes["population"].sum(), abs=0.01)


def test_temps_nombre_et_part_sont_ceux_du_calcul_en_matrice() -> None:
    landes = _landes()
    communes, lieux, temps, samedi = _matrices()
    assert lieux.height == 165
    ici = (communes["departement"] == "40").to_numpy()
    gens = communes["population"].cast(pl.Float64).to_numpy()[ici]
    proche = np.nanmin(temps[ici], axis=1)
    observees = landes.acces.observations.filter(
        (pl.col("indicateur") == f"acces.{ACCUEIL}.temps")
        & pl.col("territoire").str.starts_with("COM-")
    ).sort("territoire")
    assert observees["value"].to_list() == pytest.approx(proche.round(1).tolist(), abs=0.051)
    dans = (temps[ici] <= 30).sum(axis=1)
    assert landes.valeur(f"acces.{ACCUEIL}.dans_30")["value"] == pytest.approx(
        float(dans @ gens / gens.sum()), abs=0.005
    )
    hors = landes.valeur(f"acces.{ACCUEIL}.part_hors_30")["value"]
    assert hors == pytest.approx(100 * float(gens[proche > 30].sum() / gens.sum()), abs=0.005)
    ouvert = ((temps[ici] <= 30) & samedi).any(axis=1)
    assert landes.valeur(f"acces.{ACCUEIL}.samedi")["value"] == pytest.approx(
        100 * float(gens[ouvert].sum() / gens.sum()), abs=0.005
    )


def test_l_acces_flottant_est_celui_du_calcul_en_matrice() -> None:
    """E2SFCA par paliers 10, 20, 30 minutes, les habitants des voisins partageant l'offre."""
    communes, _, temps, _ = _matrices()
    gens = communes["population"].cast(pl.Float64).fill_null(0.0).to_numpy()
    poids = np.select([temps <= 10, temps <= 20, temps <= 30], [1.0, 0.68, 0.22], default=0.0)
    demande = poids.T @ gens
    acces = poids @ np.divide(1.0, demande, out=np.zeros_like(demande), where=demande > 0)
    ici = (communes["departement"] == "40").to_numpy()
    attendu = 100_000 * float(acces[ici] @ gens[ici] / gens[ici].sum())
    ligne = _landes().valeur(f"acces.{ACCUEIL}.e2sfca")
    assert ligne["unite"] == "pour_100000"
    assert ligne["value"] == pytest.approx(attendu, abs=0.0005)


def test_les_trois_bus_sont_dits_sans_desserte() -> None:
    resume = _landes().acces.resumes.filter(pl.col("domaine") == ACCUEIL).row(0, named=True)
    assert (resume["itinerants"], resume["lieux"]) == (3, 39)
    assert "3 services itinérants à la desserte non connue : non comptés." in resume["reserve"]


def test_un_domaine_sans_lieu_dit_ce_qui_manque_et_a_qui_le_demander() -> None:
    resume = _landes().acces.resumes.filter(pl.col("domaine") == "aide-alimentaire")
    ligne = resume.row(0, named=True)
    assert ligne["etat"] == "sans_lieu"
    assert "points de distribution" in ligne["manque"]
    assert "DDETSPP" in ligne["detenteur"]
    assert not any(nom.startswith("acces.aide-alimentaire.") for nom in _landes().acces.mesures)


def test_les_zonages_sont_des_communes_entieres() -> None:
    zonages = _landes().acces.zonages
    temps = zonages.filter(pl.col("indicateur") == f"acces.{ACCUEIL}.temps")
    lues = {ligne["zonage"]: ligne for ligne in temps.iter_rows(named=True)}
    assert {"qpv", "frr", "pvd", "acv", "industrie"} == set(lues)
    assert lues["qpv"]["libelle"] == "Communes qui ont un quartier prioritaire"
    assert lues["qpv"]["communes"] == 3
    assert lues["frr"]["communes"] == 275
    # Dans les villes, on est plus près.
    assert lues["qpv"]["value"] < lues["frr"]["value"]


def test_ce_qui_est_compte_est_dit_et_date_et_ce_qui_ne_l_est_pas_nomme() -> None:
    """Deux CIDFF de 2019 ne sont pas tous les lieux ouverts aux femmes victimes de violences."""
    mesures = _landes().acces.mesures
    femmes = mesures["acces.femmes-violences-prostitution.temps"].reserve
    compte = "Compté : centres d'information sur les droits des femmes et des familles (2019)."
    assert compte in femmes
    assert femmes.endswith(
        "Non compté, faute de liste ici : services d'accompagnement de victimes de violences."
    )
    abri = mesures["acces.hebergement-logement-dabord.temps"].reserve
    assert "hébergements d'urgence" in abri.partition("Non compté, faute de liste ici : ")[2]
    resumes = _landes().acces.resumes
    dit = resumes.filter(pl.col("domaine") == "femmes-violences-prostitution")["reserve"][0]
    assert compte in dit
    assert "Non compté" not in dit


def test_les_horaires_inconnus_ne_sont_pas_des_fermetures() -> None:
    ligne = _landes().valeur("acces.insertion-activite-economique.samedi")
    assert ligne["status"] == "L"
    assert ligne["value"] is None
    assert ligne["motif"].startswith("aucun horaire connu")


def test_le_seuil_de_capacite_et_d_attente_n_invente_rien() -> None:
    for mesure in ("satures", "delai"):
        ligne = _landes().valeur(f"acces.{ACCUEIL}.{mesure}")
        assert (ligne["status"], ligne["value"]) == ("L", None)
    capacite = _landes().valeur("acces.sante-mentale-addictions.capacite")
    assert capacite["lower"] <= capacite["value"] <= capacite["upper"]
    assert capacite["motif"].startswith("au moins : capacité connue pour 7 lieux sur 7")
