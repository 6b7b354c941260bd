"""Accès par domaine : propriétés sur des services fictifs, et cas faits à la main."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solidiag.catalogue.acces import ReglagesAcces
from solidiag.catalogue.source import Couverture
from solidiag.geography.distances import Bande, ParametresTrajet
from solidiag.geography.estimation import ItinerairesEstimes
from solidiag.model.observation import mettre_au_schema
from solidiag.model.personnes import PERSONNES
from solidiag.model.service import SERVICES
from solidiag.offre.acces_domaines import Etude
from solidiag.offre.acces_groupes import appartenance, zones_du_departement
from solidiag.offre.acces_modele import AccesDomaine
from solidiag.offre.cadre import Cadre
from solidiag.offre.doublons import PAIRES
from solidiag.offre.inventaire import Inventaire
from solidiag.offre.points import FINS, Nature, affiner, points_des_communes

UNE_VITESSE = Bande(central=60, bas=60, haut=60)
DROITS = "droits"
# Un degré d'équateur vaut 111,1951 km : à 60 km/h et sans détour, un rien moins de minutes.
MINUTES = 111.196


def _conventions(ecart: float = 0.0) -> ParametresTrajet:
    detour = Bande(central=1, bas=1 - ecart, haut=1 + ecart)
    return ParametresTrajet(
        detour=detour, vitesses={}, vitesse_sans_densite=UNE_VITESSE, plafond_minutes=180,
        portee_locale_km=20, vitesse_longue=UNE_VITESSE,
    )  # fmt: skip


def _reglages(**domaine: object) -> ReglagesAcces:
    base: dict[str, object] = {
        "seuil": {"minutes": 30, "nature": "convention"}, "decroissance": "d",
        "pourquoi": "essai", "manque": "essai", "detenteur": "essai",
    }  # fmt: skip
    return ReglagesAcces.model_validate(
        {
            "titre": "essai",
            "statut": "essai",
            "signes_itinerants": ["Bus"],
            "soir": 18,
            "permanence": {"heures_reference": 24, "reference": "essai", "confiance": "lu"},
            "part_connue": 0.9,
            "decroissances": {
                "d": {
                    "libelle": "d",
                    "courbe": {"forme": "paliers", "paliers": {10: 1, 20: 0.68, 30: 0.22}},
                    "reference": "essai",
                    "pourquoi": "essai",
                }
            },
            "domaines": {DROITS: {**base, **domaine}},
        }
    )


def _communes(
    positions: Sequence[float], gens: Sequence[float], epci: Sequence[str]
) -> pl.DataFrame:
    """Communes fictives sur l'équateur, à tant de minutes de l'origine."""
    n = len(positions)
    return pl.DataFrame(
        {
            "code": [f"01{rang:03d}" for rang in range(n)],
            "nom": [f"commune {rang}" for rang in range(n)],
            "departement": ["01"] * n,
            "epci": list(epci),
            "population": list(gens),
            "latitude": [0.0] * n,
            "longitude": [minute / MINUTES for minute in positions],
            "superficie_km2": [0.0] * n,
            "densite_niveau": [None] * n,
        },
        schema_overrides={"densite_niveau": pl.Int64},
    )


def _services(lignes: Sequence[dict[str, object]]) -> pl.DataFrame:
    pleines = [
        {
            "id": f"s{rang}", "source": "s", "nom": f"service {rang}", "categorie": "lieu",
            "latitude": 0.0, "date_source": "2024", "groupe": f"s{rang}", **ligne,
        }
        for rang, ligne in enumerate(lignes)
    ]  # fmt: skip
    noms = {nom: SERVICES[nom] for ligne in pleines for nom in ligne}
    return mettre_au_schema(pl.DataFrame(pleines, schema=noms), SERVICES)


def _lieu(minute: float, **champs: object) -> dict[str, object]:
    return {"longitude": minute / MINUTES, "code_insee": "01000", **champs}


def _etude(
    communes: pl.DataFrame,
    services: Sequence[dict[str, object]],
    *,
    reglages: ReglagesAcces | None = None,
    ecart: float = 0.0,
    personnes: pl.DataFrame | None = None,
    couverture: Couverture | None = None,
    zonages: pl.DataFrame | None = None,
) -> Etude:
    vide = pl.DataFrame(schema=SERVICES)
    zones = zones_du_departement(
        pl.DataFrame(schema={"commune": pl.String, "zonage": pl.String, "valeur": pl.String})
        if zonages is None
        else zonages,
        communes["code"],
    )
    return Etude(
        reglages=reglages or _reglages(),
        inventaire=Inventaire(
            departement="01", limitrophes=("02",), services=_services(services), alentour=vide,
            ecartes=vide, paires=pl.DataFrame(schema=PAIRES),
        ),
        cadre=Cadre(
            cog=2026, communes=communes, anciens={},
            codes_postaux=pl.DataFrame(schema={"code_postal": pl.String, "code": pl.String}),
        ),
        points=points_des_communes(communes),
        itineraires={"voiture": ItinerairesEstimes(parametres=_conventions(ecart))},
        propres={DROITS: ["lieu"]},
        partout=frozenset(),
        couvertures={"lieu": {"s": couverture or Couverture()}},
        personnes=pl.DataFrame(schema=PERSONNES) if personnes is None else personnes,
        publics={DROITS: "public fictif"},
        appartenance=appartenance(communes, departement="01", zones=zones),
        plafond=180,
    )  # fmt: skip


def _calculer(*arguments: Any, **nommes: Any) -> AccesDomaine:
    (acces,) = _etude(*arguments, **nommes).calculer()
    return acces


def _ligne(acces: AccesDomaine, suffixe: str, territoire: str = "DEP-01") -> dict[str, Any]:
    (mesure,) = [m for m in acces.mesures if m.suffixe == suffixe]
    return mesure.lignes.filter(pl.col("territoire") == territoire).row(0, named=True)


def _communales(acces: AccesDomaine, suffixe: str) -> list[float]:
    (mesure,) = [m for m in acces.mesures if m.suffixe == suffixe]
    lignes = mesure.lignes.filter(pl.col("territoire").str.starts_with("COM-"))
    return lignes.sort("territoire")["value"].to_list()


TROIS = _communes([0, 20, 50], [1000.0, 3000.0, 500.0], ["E1", "E1", "E2"])

territoires = st.lists(st.tuples(st.integers(0, 120), st.integers(1, 5000)), min_size=2, max_size=8)
lieux = st.lists(st.integers(0, 120), min_size=1, max_size=6)


@settings(max_examples=12)
@given(territoires, lieux, st.integers(1, 7))
def test_deplacer_une_limite_ne_change_l_acces_de_personne(
    places: list[tuple[int, int]], services: list[int], coupe: int
) -> None:
    positions, gens = zip(*places, strict=True)
    offre = [_lieu(minute) for minute in services]
    un = _calculer(_communes(positions, gens, ["E1"] * len(places)), offre)
    bords = ["E1" if rang < coupe else "E2" for rang in range(len(places))]
    deux = _calculer(_communes(positions, gens, bords), offre)
    for suffixe in ("temps", "dans_30", "e2sfca"):
        assert _communales(un, suffixe) == _communales(deux, suffixe)
        assert _ligne(un, suffixe) == _ligne(deux, suffixe)


@settings(max_examples=12)
@given(territoires, lieux, st.integers(0, 120))
def test_un_lieu_de_plus_n_eloigne_ni_ne_retire_rien(
    places: list[tuple[int, int]], services: list[int], nouveau: int
) -> None:
    positions, gens = zip(*places, strict=True)
    communes = _communes(positions, gens, ["E1"] * len(places))
    avant = _calculer(communes, [_lieu(m) for m in services])
    apres = _calculer(communes, [_lieu(m) for m in (*services, nouveau)])
    for un, deux in zip(_communales(avant, "temps"), _communales(apres, "temps"), strict=True):
        assert deux <= un
    for un, deux in zip(_communales(avant, "dans_30"), _communales(apres, "dans_30"), strict=True):
        assert deux >= un
    assert _ligne(apres, "part_hors_30")["value"] <= _ligne(avant, "part_hors_30")["value"]
    for un, deux in zip(_communales(avant, "e2sfca"), _communales(apres, "e2sfca"), strict=True):
        assert deux >= un - 1e-9


@settings(max_examples=12)
@given(territoires, lieux)
def test_la_somme_des_acces_est_l_offre_atteinte(
    places: list[tuple[int, int]], services: list[int]
) -> None:
    positions, gens = zip(*places, strict=True)
    acces = _calculer(
        _communes(positions, gens, ["E1"] * len(places)), [_lieu(m) for m in services]
    )
    atteints = sum(
        any(abs(position - minute) <= 30 - 1e-6 for position in positions) for minute in services
    )
    bord = sum(any(abs(abs(p - m) - 30) < 1e-3 for p in positions) for m in services)
    ligne = _ligne(acces, "e2sfca")
    total = ligne["value"] * sum(gens) / 100_000
    # La valeur est publiée à trois décimales ; un lieu à 30 minutes juste peut être d'un côté.
    marge = 0.0006 * sum(gens) / 100_000 + 1e-6
    assert atteints - marge <= total <= atteints + bord + marge


@settings(max_examples=10)
@given(territoires, lieux, st.floats(0.02, 0.2), st.floats(0.0, 0.2))
def test_une_bande_plus_large_donne_un_intervalle_plus_large(
    places: list[tuple[int, int]], services: list[int], ecart: float, plus: float
) -> None:
    positions, gens = zip(*places, strict=True)
    communes = _communes(positions, gens, ["E1"] * len(places))
    offre = [_lieu(minute) for minute in services]
    etroit = _calculer(communes, offre, ecart=ecart)
    large = _calculer(communes, offre, ecart=ecart + plus)
    for suffixe in ("temps", "dans_30", "part_hors_30"):
        un, deux = _ligne(etroit, suffixe), _ligne(large, suffixe)
        assert deux["lower"] <= un["lower"] <= un["value"] <= un["upper"] <= deux["upper"]
    un = _ligne(etroit, "e2sfca")
    assert un["lower"] <= un["value"] <= un["upper"]


def test_trois_communes_et_un_lieu_a_la_main() -> None:
    """Lieu à l'origine : 0, 20 et 50 minutes ; 1 000, 3 000 et 500 habitants.

    Demande du lieu : 1 000 × 1 + 3 000 × 0,68 = 3 040 ; accès de A 1/3 040, de B 0,68/3 040.
    """
    acces = _calculer(TROIS, [_lieu(0)])
    assert _communales(acces, "temps") == [0.0, 20.0, 50.0]
    assert _ligne(acces, "temps")["value"] == 20.0
    assert _ligne(acces, "part_hors_30")["value"] == pytest.approx(100 * 500 / 4500, abs=0.005)
    assert _ligne(acces, "dans_30")["value"] == pytest.approx(4000 / 4500, abs=0.005)
    assert _communales(acces, "e2sfca") == pytest.approx(
        [100_000 / 3040, 68_000 / 3040, 0.0], abs=0.0006
    )


def _personnes(lignes: dict[str, float], **bornes: float) -> pl.DataFrame:
    return mettre_au_schema(
        pl.DataFrame(
            [
                {
                    "genre": "domaine", "domaine": DROITS, "territoire": nom, "unite": "personnes",
                    "value": valeur, "status": "A", "lower": bornes.get("lower"),
                    "upper": bornes.get("upper"),
                }
                for nom, valeur in lignes.items()
            ],
            schema_overrides={"lower": pl.Float64, "upper": pl.Float64},
        ),
        PERSONNES,
    )  # fmt: skip


def test_le_public_compte_prend_la_place_des_habitants() -> None:
    """E1 compte 200 personnes, dont 50 à A : B en a 150 ; E2 en compte 300, toutes à C."""
    personnes = _personnes({"DEP-01": 500.0, "EPCI-E1": 200.0, "EPCI-E2": 300.0, "COM-01000": 50.0})
    acces = _calculer(TROIS, [_lieu(0)], personnes=personnes)
    assert acces.public.compte
    assert acces.public.effectifs.tolist() == [50.0, 150.0, 300.0]
    assert acces.public.part_repartie == pytest.approx(450 / 500)
    assert _ligne(acces, "part_hors_30")["value"] == 60.0
    assert _ligne(acces, "temps")["value"] == 50.0
    assert next(m.unite for m in acces.mesures if m.suffixe == "e2sfca") == "pour_10000"


def test_un_public_trop_peu_connu_laisse_les_habitants() -> None:
    acces = _calculer(TROIS, [_lieu(0)], personnes=_personnes({"DEP-01": 500.0, "COM-01000": 50.0}))
    assert not acces.public.compte
    assert acces.public.nom == "habitants"


def test_le_domicile_est_a_zero_minute_dans_sa_zone_et_nulle_part_ailleurs() -> None:
    zone: dict[str, object] = {"aller_vers": "domicile", "zone_eligibilite": ["01002"]}
    acces = _calculer(TROIS, [_lieu(0), _lieu(0, **zone)])
    assert _communales(acces, "temps") == [0.0, 20.0, 0.0]
    assert _communales(acces, "dans_30") == [1.0, 1.0, 1.0]
    par_epci = _calculer(TROIS, [_lieu(0), _lieu(0, **{**zone, "zone_eligibilite": ["E2"]})])
    assert _communales(par_epci, "temps") == [0.0, 20.0, 0.0]


def test_un_lieu_reserve_a_une_zone_n_est_a_portee_que_d_elle() -> None:
    acces = _calculer(TROIS, [_lieu(0, zone_eligibilite=["01001"])])
    temps = acces.mesures[0].lignes.filter(pl.col("territoire").str.starts_with("COM-"))
    assert temps.sort("territoire")["value"].to_list() == [None, 20.0, None]
    partout = _calculer(TROIS, [_lieu(0, zone_eligibilite=["france"])])
    assert _communales(partout, "temps") == [0.0, 20.0, 50.0]


def test_les_arrets_d_une_tournee_rapprochent_sans_compter_double() -> None:
    arrets = [
        _lieu(minute, aller_vers="itinerant", nom="bus", structure="bus") for minute in (0, 10, 50)
    ]
    acces = _calculer(TROIS, arrets)
    assert _communales(acces, "temps") == [0.0, 10.0, 0.0]
    assert _communales(acces, "dans_30") == [1.0, 1.0, 1.0]
    assert not acces.itinerants


def test_un_bus_sans_desserte_ne_donne_ni_temps_faux_ni_absence() -> None:
    acces = _calculer(TROIS, [_lieu(0), _lieu(20, remarque="Bus", code_insee="01001")])
    assert acces.itinerants == {"E1": 1}
    ligne = _ligne(acces, "temps", "COM-01001")
    assert (ligne["lower"], ligne["value"]) == (0.0, 20.0)
    assert "itinérant" in ligne["motif"]
    loin = _ligne(acces, "temps", "COM-01002")
    assert loin["motif"] is None
    assert loin["lower"] == 50.0
    nombre = _ligne(acces, "dans_30", "COM-01001")
    assert (nombre["value"], nombre["upper"]) == (1.0, 2.0)


def test_une_source_qui_s_arrete_a_la_limite_rend_le_temps_au_plus() -> None:
    voisine = _communes([35], [100.0], ["E9"]).with_columns(
        code=pl.lit("02001"), departement=pl.lit("02")
    )
    communes = pl.concat([TROIS, voisine])
    acces = _calculer(communes, [_lieu(0)], couverture=Couverture(departements=("01",)))
    ligne = _ligne(acces, "temps", "COM-01002")
    assert ligne["motif"] == "au plus : au-delà de la limite couverte, l'offre n'est pas documentée"
    assert ligne["lower"] == 15.0
    assert _ligne(acces, "temps", "COM-01000")["motif"] is None
    assert _ligne(acces, "dans_30", "COM-01002")["motif"].startswith("au moins")


def test_samedi_ne_compte_que_les_lieux_connus_pour_ouvrir() -> None:
    """A a un lieu ouvert le samedi ; à C, un lieu aux horaires inconnus n'est pas compté."""
    acces = _calculer(TROIS, [_lieu(0, horaires="samedi 9h-12h"), _lieu(50)])
    ligne = _ligne(acces, "samedi")
    assert ligne["value"] == pytest.approx(100 * 4000 / 4500, abs=0.005)
    assert ligne["lower"] == ligne["value"]
    assert ligne["upper"] == ligne["value"]
    assert ligne["motif"] == "au moins : horaires connus pour 1 lieux sur 2, voisins compris"


def test_trop_peu_d_horaires_connus_ne_donnent_aucune_part() -> None:
    lieux = [_lieu(0, horaires="samedi 9h-12h"), _lieu(50), _lieu(51)]
    ligne = _ligne(_calculer(TROIS, lieux), "samedi")
    assert ligne["value"] is None
    assert ligne["motif"] == (
        "horaires connus pour 1 lieux sur 3, voisins compris : trop peu pour une part"
    )


def test_des_lits_ne_s_ajoutent_pas_a_des_places() -> None:
    seule = _communes([0], [1000.0], ["E1"])
    lieux = [
        _lieu(0, capacite=20.0, capacite_unite="places"),
        _lieu(1, capacite=300.0, capacite_unite="lits"),
    ]
    personnes = _personnes({"DEP-01": 100.0, "EPCI-E1": 100.0})
    acces = _calculer(
        seule, lieux, reglages=_reglages(unite_capacite="places"), personnes=personnes
    )
    ligne = _ligne(acces, "capacite")
    assert ligne["value"] == 200.0
    assert ligne["motif"] == "au moins : capacité connue pour 1 lieux sur 2, voisins compris"


def test_la_capacite_reunit_public_trajets_et_sources() -> None:
    """20 places en 2020, 26 en 2022 ; public de 90 à 110 : 26/100, de 20/110 à 26/90."""
    personnes = _personnes({"DEP-01": 100.0, "EPCI-E1": 100.0}, lower=90.0, upper=110.0)
    seule = _communes([0], [1000.0], ["E1"])
    acces = _calculer(
        seule,
        [
            _lieu(0, capacite=26.0, capacite_unite="places", date_source="2022", groupe="s0"),
            _lieu(0, capacite=20.0, capacite_unite="places", date_source="2020", groupe="s0"),
        ],
        reglages=_reglages(unite_capacite="places"),
        personnes=personnes,
    )
    ligne = _ligne(acces, "capacite")
    assert ligne["value"] == 260.0
    assert ligne["lower"] == pytest.approx(1000 * 20 / 110, abs=0.01)
    assert ligne["upper"] == pytest.approx(1000 * 26 / 90, abs=0.01)
    assert ligne["motif"].startswith("au moins : capacité connue pour 1 lieux sur 1")


def test_saturation_et_attente_ne_disent_que_ce_qui_est_fourni() -> None:
    acces = _calculer(
        TROIS,
        [
            _lieu(0, saturation="sature", delai_jours=10.0),
            _lieu(0, saturation="disponible", delai_jours=30.0),
            _lieu(0),
        ],
    )
    satures, delai = _ligne(acces, "satures"), _ligne(acces, "delai")
    assert (satures["value"], satures["motif"]) == (50.0, "dit par 2 services sur 3")
    assert delai["value"] == 20.0
    ailleurs = _ligne(acces, "satures", "EPCI-E2")
    assert (ailleurs["status"], ailleurs["value"]) == ("L", None)


def test_le_besoin_selon_l_age_augmente_la_demande_des_plus_ages() -> None:
    """A 500 âgés sur 1 000 (poids 3), B aucun : besoins 2 et 1, moyens (2 × 1 000 + 3 000) / 4 000.

    Demande du lieu : 1 000 × 1,6 × 1 + 3 000 × 0,8 × 0,68 = 3 232.
    """
    reglages = _reglages(
        besoin_par_age={"tranches": {"ages": 3.0}, "autres": 1.0, "reference": "exemple fictif"}
    )
    communes = TROIS.head(2)
    etude = _etude(communes, [_lieu(0)], reglages=reglages)
    (sans,) = etude.calculer()
    assert "par_age" not in {mesure.suffixe for mesure in sans.mesures}
    (acces,) = replace(etude, effectifs={"ages": {"01000": 500.0, "01001": 0.0}}).calculer()
    assert _communales(acces, "par_age") == pytest.approx(
        [100_000 / 3232, 68_000 / 3232], abs=0.0006
    )


def test_un_zonage_fourni_se_mesure_comme_les_autres() -> None:
    zonages = pl.DataFrame(
        {"commune": ["01000", "01002"], "zonage": ["crte"] * 2, "valeur": ["exemple fictif"] * 2}
    )
    acces = _calculer(TROIS, [_lieu(0)], zonages=zonages)
    ligne = _ligne(acces, "part_hors_30", "ZON-crte-exemple fictif")
    assert ligne["value"] == pytest.approx(100 * 500 / 1500, abs=0.005)


def test_des_points_fins_affinent_une_commune_et_gardent_ses_habitants() -> None:
    """B a deux carreaux, à 10 et 40 minutes, de 30 et 10 personnes : 2 250 et 750 habitants."""
    etude = _etude(TROIS, [_lieu(0)])
    fins = pl.DataFrame(
        {
            "code": ["01001", "01001"],
            "latitude": [0.0, 0.0],
            "longitude": [10 / MINUTES, 40 / MINUTES],
            "population": [30.0, 10.0],
            "superficie_km2": [0.04, 0.04],
            "impute": [False, False],
        },
        schema=FINS,
    )
    points = affiner(etude.points, fins, nature=Nature.CARREAU)
    assert points["population"].to_list() == [1000.0, 2250.0, 750.0, 500.0]
    (acces,) = replace(etude, points=points).calculer()
    assert _ligne(acces, "part_hors_30", "COM-01001")["value"] == 25.0
    assert _ligne(acces, "part_hors_30")["value"] == pytest.approx(100 * 1250 / 4500, abs=0.005)
    with pytest.raises(ValueError, match="sans position"):
        affiner(
            etude.points,
            fins.with_columns(latitude=pl.lit(None, dtype=pl.Float64)),
            nature=Nature.IRIS,
        )


def test_les_seuls_lieux_d_un_voisin_ne_disent_rien_d_un_departement_sans_liste() -> None:
    voisine = _communes([10], [100.0], ["E9"]).with_columns(
        code=pl.lit("02001"), departement=pl.lit("02")
    )
    etude = _etude(
        pl.concat([TROIS, voisine]),
        [],
        couverture=Couverture(departements=("02",)),
    )
    autour = _services([_lieu(10, code_insee="02001")])
    inventaire = replace(etude.inventaire, alentour=autour)
    (acces,) = replace(etude, inventaire=inventaire).calculer()
    assert acces.mesures == ()
    assert acces.sans_source == ("lieu",)
    # Une liste qui couvre aussi le département, elle, dit qu'il n'y a rien plus près.
    partout = {"lieu": {"s": Couverture()}}
    (couvert,) = replace(etude, inventaire=inventaire, couvertures=partout).calculer()
    assert _communales(couvert, "temps") == [10.0, 10.0, 40.0]


def test_sans_liste_complete_les_valeurs_sont_au_plus() -> None:
    """Un annuaire montre un lieu du domaine, d'une catégorie dont aucune liste n'existe."""
    acces = _calculer(TROIS, [_lieu(0, categorie="autre", domaines=[DROITS])])
    assert acces.categories == ("lieu",)
    etude = replace(
        _etude(TROIS, [_lieu(0, categorie="autre", domaines=[DROITS])]),
        couvertures={},
    )
    (seul,) = etude.calculer()
    assert seul.categories == ()
    assert seul.sans_source == ("lieu",)
    assert "annuaire" in _ligne(seul, "temps")["motif"]
    assert np.isclose(_ligne(seul, "temps")["value"], 20.0)
