"""Référentiel embarqué : effectifs publiés et cas connus du code officiel géographique."""

from __future__ import annotations

import polars as pl
import pytest

from solidiag.errors import TerritoireInconnu
from solidiag.geography.assemblage import LIBELLES_ZONAGES
from solidiag.geography.contours import Contours, fond, projection_legale
from solidiag.geography.referentiel import Referentiel
from solidiag.model.territoire import Niveau
from solidiag.sources.territoires import CONTOURS, FICHIERS, charger_contours, charger_referentiel
from solidiag.storage.depot import Depot


@pytest.fixture(scope="module")
def referentiel() -> Referentiel:
    return charger_referentiel(Depot().octets)


@pytest.fixture(scope="module")
def contours() -> Contours:
    return charger_contours(Depot().octets)


def test_every_file_that_is_read_is_declared() -> None:
    declares = {
        (source.id, fichier.fichier)
        for source in Depot().sources.values()
        if source.id.startswith("territoires.")
        for fichier in source.fichiers
    }
    lus = {(source, chemin) for source, chemin, _ in FICHIERS.values()} | {CONTOURS}
    assert lus == declares


@pytest.mark.parametrize(
    ("niveau", "effectif"),
    [("COM", 34875), ("EPCI", 1255), ("DEP", 101), ("REG", 18), ("ARR", 333), ("ARM", 45),
     ("BV", 1707), ("ZE", 306), ("FR", 1)],
)  # fmt: skip
def test_number_of_territories(referentiel: Referentiel, niveau: str, effectif: int) -> None:
    assert referentiel.territoires.filter(pl.col("niveau") == niveau).height == effectif


# Insee, « Code officiel géographique » : nombre de communes au 1er janvier (France entière,
# Mayotte comprise à partir de 2012). 2014 n'y est pas : deux rétablissements y ont été enregistrés
# après coup dans le fichier des événements.
@pytest.mark.parametrize(
    ("cog", "effectif"),
    [
        (2012, 36700),
        (2013, 36681),
        (2015, 36658),
        (2016, 35885),
        (2017, 35416),
        (2018, 35357),
        (2019, 34970),
        (2020, 34968),
        (2021, 34965),
        (2022, 34955),
        (2023, 34945),
        (2024, 34935),
        (2025, 34875),
    ],
)
def test_number_of_communes_of_past_years(
    referentiel: Referentiel, cog: int, effectif: int
) -> None:
    assert len(referentiel.passages.communes_au(cog)) == effectif


@pytest.mark.parametrize("cog", [2012, 2014, 2016, 2018, 2020, 2022, 2024, 2025])
def test_every_commune_comes_from_somewhere(referentiel: Referentiel, cog: int) -> None:
    passages = referentiel.passages.entre(cog, 2026).filter(
        pl.col("relation").is_in(["unchanged", "merged", "split"])
    )
    assert set(passages["nouveau"]) == set(referentiel.communes["code"])
    assert set(passages["ancien"]) == referentiel.passages.communes_au(cog)


def test_known_mergers(referentiel: Referentiel) -> None:
    passages = referentiel.passages.entre(2012, 2026)
    origines = {
        code: sorted(passages.filter(pl.col("nouveau") == code)["ancien"])
        for code in ("40192", "40197")
    }
    assert origines == {"40192": ["40192"], "40197": ["40009", "40107", "40197", "40302"]}


def test_a_code_change_of_the_day_is_followed(referentiel: Referentiel) -> None:
    # Freigné (49144) passe en Loire-Atlantique et fusionne dans Vallons-de-l'Erdre le 01/01/2018.
    passages = referentiel.passages.entre(2017, 2026)
    assert "49144" in passages.filter(pl.col("nouveau") == "44180")["ancien"].to_list()


def test_restored_communes_are_splits(referentiel: Referentiel) -> None:
    table = referentiel.passages.entre(2018, 2026).filter(pl.col("relation") == "split")
    assert set(table["nouveau"]) == {
        "14666", "14712", "15031", "15035", "15047", "15141", "15171", "85084", "85165", "85212",
    }  # fmt: skip
    # Avant leur fusion, elles existaient : leur valeur de 2014 leur revient.
    anciennes = referentiel.passages.entre(2014, 2026).filter(pl.col("nouveau") == "85165")
    assert anciennes["relation"].to_list() == ["unchanged"]


def test_the_landes(referentiel: Referentiel) -> None:
    assert len(referentiel.communes_du_departement("40")) == 327
    assert len(referentiel.epci_du_departement("40")) == 18
    partages = referentiel.intercommunalites.filter(
        pl.col("code").is_in(referentiel.epci_du_departement("40")),
        pl.col("departements").list.len() > 1,
    )
    assert partages["code"].to_list() == ["200030435"]
    assert referentiel.populations["DEP-40"] == 433_570
    assert referentiel.region_du_departement("40") == "75"
    assert referentiel.limitrophes("40") == ["32", "33", "47", "64"]
    assert len(referentiel.territoires_du_departement("40", "ARR")) == 2
    mont_de_marsan = referentiel.communes.filter(pl.col("code") == "40192").row(0, named=True)
    assert mont_de_marsan["epci"] == "244000808"
    assert mont_de_marsan["densite_niveau"] == 2


def test_populations_add_up_at_every_level(referentiel: Referentiel) -> None:
    france = referentiel.populations["FR-FR"]
    for niveau in ("DEP", "REG", "COM", "BV", "ZE"):
        table = referentiel.territoires.filter(pl.col("niveau") == niveau)
        assert table["population"].sum() == france
    paris = referentiel.arrondissements_municipaux.filter(pl.col("commune") == "75056")
    assert paris["population"].sum() == referentiel.populations["COM-75056"]
    assert paris.height == 20


def test_the_four_islands_without_epci(referentiel: Referentiel) -> None:
    sans = referentiel.communes.filter(pl.col("epci").is_null())["code"].to_list()
    assert sans == ["22016", "29083", "29155", "85113"]
    assert referentiel.appartenance("EPCI").height == 34875 - 4


def test_changed_perimeters_are_known(referentiel: Referentiel) -> None:
    codes = set(referentiel.intercommunalites["code"])
    assert referentiel.epci_modifies < codes
    # Aucune des intercommunalités des Landes n'a changé de communes entre 2024 et 2026.
    assert not referentiel.epci_modifies & set(referentiel.epci_du_departement("40"))
    # Léojac a quitté « Quercy Vert-Aveyron » pour le Grand Montauban.
    assert {"200066884", "248200099"} <= referentiel.epci_modifies


def test_mayotte_has_no_arrondissement(referentiel: Referentiel) -> None:
    assert referentiel.territoires_du_departement("976", Niveau.ARRONDISSEMENT) == []
    assert len(referentiel.communes_du_departement("976")) == 17


def test_parts_of_communes_are_not_a_membership(referentiel: Referentiel) -> None:
    with pytest.raises(ValueError, match="communes entières"):
        referentiel.appartenance(Niveau.ARRONDISSEMENT_MUNICIPAL)
    assert referentiel.communes_de("ARM-13201") == ["13055"]


@pytest.mark.parametrize(
    ("texte", "code"),
    [("40", "40"), ("2a", "2A"), ("Landes", "40"), (" les landes ", "40"), ("LA RÉUNION", "974"),
     ("reunion", "974"), ("Côte d'Or", "21"), ("cote-d-or", "21"), ("DEP-75", "75"),
     ("971", "971"), ("Val d’Oise", "95")],
)  # fmt: skip
def test_a_department_is_found(referentiel: Referentiel, texte: str, code: str) -> None:
    assert referentiel.resoudre_departement(texte) == code


@pytest.mark.parametrize(
    ("texte", "proche"),
    [("4O", "40 (Landes)"), ("Lande", "40 (Landes)"), ("1", "01 (Ain)"), ("999", "976 (Mayotte)"),
     ("2C", "2B (Haute-Corse)"), ("Girond", "33 (Gironde)")],
)  # fmt: skip
def test_a_near_department_is_offered(referentiel: Referentiel, texte: str, proche: str) -> None:
    with pytest.raises(TerritoireInconnu) as info:
        referentiel.resoudre_departement(texte)
    assert proche in info.value.proches
    assert proche in str(info.value)


@pytest.mark.parametrize("texte", ["975", "977", "97502", "98818", "978"])
def test_an_overseas_collectivity_is_explained(referentiel: Referentiel, texte: str) -> None:
    with pytest.raises(TerritoireInconnu, match="collectivité d'outre-mer"):
        referentiel.resoudre_departement(texte)
    with pytest.raises(TerritoireInconnu, match="collectivité d'outre-mer"):
        referentiel.resoudre(texte)


def test_a_commune_is_not_a_department(referentiel: Referentiel) -> None:
    with pytest.raises(TerritoireInconnu, match="n'est pas un département") as info:
        referentiel.resoudre_departement("40192")
    assert "Mont-de-Marsan" in str(info.value)


@pytest.mark.parametrize(
    ("texte", "identifiant"),
    [("40192", "COM-40192"), ("244000808", "EPCI-244000808"), ("DEP-75", "DEP-75"),
     ("75", "DEP-75"), ("REG-75", "REG-75"), ("971", "DEP-971"), ("75101", "ARM-75101"),
     ("2a004", "COM-2A004"), ("Bretagne", "REG-53"), ("dax", "COM-40088"), ("France", "FR-FR"),
     ("CA du Grand Dax", "EPCI-244000675"), ("bv-40192", "BV-40192")],
)  # fmt: skip
def test_any_territory_is_found(referentiel: Referentiel, texte: str, identifiant: str) -> None:
    assert referentiel.resoudre(texte).id == identifiant


def test_an_ambiguous_name_lists_its_territories(referentiel: Referentiel) -> None:
    with pytest.raises(TerritoireInconnu, match="désigne 4 territoires") as info:
        referentiel.resoudre("Saint-Denis")
    assert "97411 (Saint-Denis, La Réunion)" in info.value.proches


@pytest.mark.parametrize("texte", ["", "   ", "???", "200000"])
def test_nonsense_is_refused(referentiel: Referentiel, texte: str) -> None:
    with pytest.raises(TerritoireInconnu):
        referentiel.resoudre(texte)


def test_policy_zones(referentiel: Referentiel) -> None:
    zonages = referentiel.zonages
    assert set(zonages["zonage"]) == set(LIBELLES_ZONAGES)
    landes = zonages.join(
        referentiel.communes.filter(pl.col("departement") == "40"),
        left_on="commune", right_on="code", how="semi",
    )  # fmt: skip
    effectifs = dict(landes.group_by("zonage").len().iter_rows())
    assert effectifs["qpv"] == 3
    assert effectifs["acv"] == 2
    assert effectifs["pvd"] == 14
    assert effectifs["frr"] == 207 + 68
    dax = zonages.filter((pl.col("commune") == "40088") & (pl.col("zonage") == "qpv"))
    assert dax["valeur"].to_list() == ["Le Sablar, Cuyès, Le Gond"]
    assert zonages.select("commune", "zonage").is_duplicated().sum() == 0


def test_attributes_are_known_almost_everywhere(referentiel: Referentiel) -> None:
    manques = referentiel.communes.null_count().row(0, named=True)
    assert manques["bassin_de_vie"] == manques["zone_emploi"] == manques["densite"] == 0
    assert manques["population"] == 0
    assert manques["latitude"] == 4
    paris = referentiel.communes.filter(pl.col("code") == "75056").row(0, named=True)
    assert paris["latitude"] == pytest.approx(48.86, abs=0.03)
    assert paris["superficie_km2"] == pytest.approx(105.4, abs=1)


@pytest.mark.parametrize(
    ("departement", "epsg"),
    [("40", 2154), ("2B", 2154), ("971", 5490), ("972", 5490), ("973", 2972), ("974", 2975),
     ("976", 4471)],
)  # fmt: skip
def test_legal_projection(departement: str, epsg: int) -> None:
    assert projection_legale(departement) == epsg


# Superficies cadastrales ou géographiques usuelles des départements, en km² (Insee, IGN) ; le fond
# est simplifié, la tolérance est de 3 %.
@pytest.mark.parametrize(
    ("departement", "superficie", "communes"),
    [("40", 9243, 327), ("33", 10000, 534), ("2A", 4014, 124), ("75", 105.4, 1), ("13", 5087, 119),
     ("974", 2504, 24), ("971", 1628, 32), ("973", 83534, 22), ("976", 374, 17)],
)  # fmt: skip
def test_map_of_a_department(
    referentiel: Referentiel,
    contours: Contours,
    departement: str,
    superficie: float,
    communes: int,
) -> None:
    carte = fond(referentiel, contours, departement)
    tolerance = 0.06 if departement in {"976", "33"} else 0.03
    assert carte.contour.area / 1e6 == pytest.approx(superficie, rel=tolerance)
    assert len(carte.communes) == communes
    assert all(surface.is_valid for surface in carte.communes.values())
    somme = sum(surface.area for surface in carte.communes.values())
    assert somme == pytest.approx(carte.contour.area, rel=1e-9)
    assert set(carte.voisins) == set(referentiel.limitrophes(departement))
    assert set(carte.epci) == {f"EPCI-{c}" for c in referentiel.epci_du_departement(departement)}


def test_map_names_eight_to_twelve_places(referentiel: Referentiel, contours: Contours) -> None:
    carte = fond(referentiel, contours, "40")
    noms = [lieu.nom for lieu in carte.lieux]
    assert 8 <= len(noms) <= 12
    assert {"Mont-de-Marsan", "Dax"} <= set(noms)
    assert carte.sans_contour == ()
    for code, surface in carte.communes.items():
        x, y = carte.centres[code]
        xmin, ymin, xmax, ymax = surface.bounds
        assert xmin <= x <= xmax
        assert ymin <= y <= ymax


def test_an_epci_is_drawn_whole(referentiel: Referentiel, contours: Contours) -> None:
    carte = fond(referentiel, contours, "40")
    parties = referentiel.communes_de("EPCI-200030435")
    dehors = [code for code in parties if code not in carte.communes]
    assert dehors
    assert set(dehors) <= set(carte.communes_epci)
    toutes = {**carte.communes, **carte.communes_epci}
    somme = sum(toutes[code].area for code in parties)
    assert carte.epci["EPCI-200030435"].area == pytest.approx(somme, rel=1e-9)


@pytest.mark.parametrize(("departement", "nombre"), [("75", 20), ("69", 9), ("13", 16), ("85", 2)])
def test_missing_shapes_are_listed(
    referentiel: Referentiel, contours: Contours, departement: str, nombre: int
) -> None:
    assert len(fond(referentiel, contours, departement).sans_contour) == nombre
