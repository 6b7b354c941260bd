"""Articles des 101 départements et des 18 régions : table relue à la main, ligne par ligne."""

from __future__ import annotations

import pytest

from solidiag.geography.referentiel import Referentiel
from solidiag.publication.francais import article, avec_niveau, dans, de, nom_court
from solidiag.sources.territoires import charger_referentiel
from solidiag.storage.depot import Depot

DEPARTEMENTS = """
01|l'Ain|de l'Ain|dans l'Ain
02|l'Aisne|de l'Aisne|dans l'Aisne
03|l'Allier|de l'Allier|dans l'Allier
04|les Alpes-de-Haute-Provence|des Alpes-de-Haute-Provence|dans les Alpes-de-Haute-Provence
05|les Hautes-Alpes|des Hautes-Alpes|dans les Hautes-Alpes
06|les Alpes-Maritimes|des Alpes-Maritimes|dans les Alpes-Maritimes
07|l'Ardèche|de l'Ardèche|dans l'Ardèche
08|les Ardennes|des Ardennes|dans les Ardennes
09|l'Ariège|de l'Ariège|dans l'Ariège
10|l'Aube|de l'Aube|dans l'Aube
11|l'Aude|de l'Aude|dans l'Aude
12|l'Aveyron|de l'Aveyron|dans l'Aveyron
13|les Bouches-du-Rhône|des Bouches-du-Rhône|dans les Bouches-du-Rhône
14|le Calvados|du Calvados|dans le Calvados
15|le Cantal|du Cantal|dans le Cantal
16|la Charente|de la Charente|en Charente
17|la Charente-Maritime|de la Charente-Maritime|en Charente-Maritime
18|le Cher|du Cher|dans le Cher
19|la Corrèze|de la Corrèze|en Corrèze
21|la Côte-d'Or|de la Côte-d'Or|en Côte-d'Or
22|les Côtes-d'Armor|des Côtes-d'Armor|dans les Côtes-d'Armor
23|la Creuse|de la Creuse|dans la Creuse
24|la Dordogne|de la Dordogne|en Dordogne
25|le Doubs|du Doubs|dans le Doubs
26|la Drôme|de la Drôme|dans la Drôme
27|l'Eure|de l'Eure|dans l'Eure
28|l'Eure-et-Loir|d'Eure-et-Loir|en Eure-et-Loir
29|le Finistère|du Finistère|dans le Finistère
2A|la Corse-du-Sud|de la Corse-du-Sud|en Corse-du-Sud
2B|la Haute-Corse|de la Haute-Corse|en Haute-Corse
30|le Gard|du Gard|dans le Gard
31|la Haute-Garonne|de la Haute-Garonne|en Haute-Garonne
32|le Gers|du Gers|dans le Gers
33|la Gironde|de la Gironde|en Gironde
34|l'Hérault|de l'Hérault|dans l'Hérault
35|l'Ille-et-Vilaine|d'Ille-et-Vilaine|en Ille-et-Vilaine
36|l'Indre|de l'Indre|dans l'Indre
37|l'Indre-et-Loire|d'Indre-et-Loire|en Indre-et-Loire
38|l'Isère|de l'Isère|dans l'Isère
39|le Jura|du Jura|dans le Jura
40|les Landes|des Landes|dans les Landes
41|le Loir-et-Cher|du Loir-et-Cher|dans le Loir-et-Cher
42|la Loire|de la Loire|dans la Loire
43|la Haute-Loire|de la Haute-Loire|en Haute-Loire
44|la Loire-Atlantique|de la Loire-Atlantique|en Loire-Atlantique
45|le Loiret|du Loiret|dans le Loiret
46|le Lot|du Lot|dans le Lot
47|le Lot-et-Garonne|du Lot-et-Garonne|dans le Lot-et-Garonne
48|la Lozère|de la Lozère|en Lozère
49|le Maine-et-Loire|de Maine-et-Loire|en Maine-et-Loire
50|la Manche|de la Manche|dans la Manche
51|la Marne|de la Marne|dans la Marne
52|la Haute-Marne|de la Haute-Marne|en Haute-Marne
53|la Mayenne|de la Mayenne|en Mayenne
54|la Meurthe-et-Moselle|de Meurthe-et-Moselle|en Meurthe-et-Moselle
55|la Meuse|de la Meuse|dans la Meuse
56|le Morbihan|du Morbihan|dans le Morbihan
57|la Moselle|de la Moselle|en Moselle
58|la Nièvre|de la Nièvre|dans la Nièvre
59|le Nord|du Nord|dans le Nord
60|l'Oise|de l'Oise|dans l'Oise
61|l'Orne|de l'Orne|dans l'Orne
62|le Pas-de-Calais|du Pas-de-Calais|dans le Pas-de-Calais
63|le Puy-de-Dôme|du Puy-de-Dôme|dans le Puy-de-Dôme
64|les Pyrénées-Atlantiques|des Pyrénées-Atlantiques|dans les Pyrénées-Atlantiques
65|les Hautes-Pyrénées|des Hautes-Pyrénées|dans les Hautes-Pyrénées
66|les Pyrénées-Orientales|des Pyrénées-Orientales|dans les Pyrénées-Orientales
67|le Bas-Rhin|du Bas-Rhin|dans le Bas-Rhin
68|le Haut-Rhin|du Haut-Rhin|dans le Haut-Rhin
69|le Rhône|du Rhône|dans le Rhône
70|la Haute-Saône|de la Haute-Saône|en Haute-Saône
71|la Saône-et-Loire|de Saône-et-Loire|en Saône-et-Loire
72|la Sarthe|de la Sarthe|dans la Sarthe
73|la Savoie|de la Savoie|en Savoie
74|la Haute-Savoie|de la Haute-Savoie|en Haute-Savoie
75|Paris|de Paris|à Paris
76|la Seine-Maritime|de la Seine-Maritime|en Seine-Maritime
77|la Seine-et-Marne|de Seine-et-Marne|en Seine-et-Marne
78|les Yvelines|des Yvelines|dans les Yvelines
79|les Deux-Sèvres|des Deux-Sèvres|dans les Deux-Sèvres
80|la Somme|de la Somme|dans la Somme
81|le Tarn|du Tarn|dans le Tarn
82|le Tarn-et-Garonne|du Tarn-et-Garonne|dans le Tarn-et-Garonne
83|le Var|du Var|dans le Var
84|le Vaucluse|du Vaucluse|dans le Vaucluse
85|la Vendée|de la Vendée|en Vendée
86|la Vienne|de la Vienne|dans la Vienne
87|la Haute-Vienne|de la Haute-Vienne|en Haute-Vienne
88|les Vosges|des Vosges|dans les Vosges
89|l'Yonne|de l'Yonne|dans l'Yonne
90|le Territoire de Belfort|du Territoire de Belfort|dans le Territoire de Belfort
91|l'Essonne|de l'Essonne|dans l'Essonne
92|les Hauts-de-Seine|des Hauts-de-Seine|dans les Hauts-de-Seine
93|la Seine-Saint-Denis|de la Seine-Saint-Denis|en Seine-Saint-Denis
94|le Val-de-Marne|du Val-de-Marne|dans le Val-de-Marne
95|le Val-d'Oise|du Val-d'Oise|dans le Val-d'Oise
971|la Guadeloupe|de la Guadeloupe|en Guadeloupe
972|la Martinique|de la Martinique|en Martinique
973|la Guyane|de la Guyane|en Guyane
974|La Réunion|de La Réunion|à La Réunion
976|Mayotte|de Mayotte|à Mayotte
"""

REGIONS = """
01|de la Guadeloupe|en Guadeloupe
02|de la Martinique|en Martinique
03|de la Guyane|en Guyane
04|de La Réunion|à La Réunion
06|de Mayotte|à Mayotte
11|d'Île-de-France|en Île-de-France
24|du Centre-Val de Loire|en Centre-Val de Loire
27|de Bourgogne-Franche-Comté|en Bourgogne-Franche-Comté
28|de Normandie|en Normandie
32|des Hauts-de-France|dans les Hauts-de-France
44|du Grand Est|dans le Grand Est
52|des Pays de la Loire|dans les Pays de la Loire
53|de Bretagne|en Bretagne
75|de la Nouvelle-Aquitaine|en Nouvelle-Aquitaine
76|d'Occitanie|en Occitanie
84|d'Auvergne-Rhône-Alpes|en Auvergne-Rhône-Alpes
93|de Provence-Alpes-Côte d'Azur|en Provence-Alpes-Côte d'Azur
94|de Corse|en Corse
"""

COMMUNES = """
40088|Dax|de Dax|à Dax
40001|Aire-sur-l'Adour|d'Aire-sur-l'Adour|à Aire-sur-l'Adour
40192|Mont-de-Marsan|de Mont-de-Marsan|à Mont-de-Marsan
40119|Hagetmau|d'Hagetmau|à Hagetmau
72181|Le Mans|du Mans|au Mans
76351|Le Havre|du Havre|au Havre
97101|Les Abymes|des Abymes|aux Abymes
94038|L'Haÿ-les-Roses|de L'Haÿ-les-Roses|à L'Haÿ-les-Roses
17300|La Rochelle|de La Rochelle|à La Rochelle
67180|Haguenau|de Haguenau|à Haguenau
75056|Paris|de Paris|à Paris
60703|Aux Marais|d'Aux Marais|à Aux Marais
2A004|Ajaccio|d'Ajaccio|à Ajaccio
"""


@pytest.fixture(scope="module")
def referentiel() -> Referentiel:
    return charger_referentiel(Depot().octets)


def lignes(table: str) -> list[list[str]]:
    return [ligne.split("|") for ligne in table.strip().splitlines()]


def test_the_table_has_every_department(referentiel: Referentiel) -> None:
    assert [ligne[0] for ligne in lignes(DEPARTEMENTS)] == list(referentiel.departements)


@pytest.mark.parametrize("ligne", lignes(DEPARTEMENTS), ids=lambda ligne: ligne[0])
def test_department_articles(referentiel: Referentiel, ligne: list[str]) -> None:
    territoire = referentiel.territoire(f"DEP-{ligne[0]}")
    assert [article(territoire), de(territoire), dans(territoire)] == ligne[1:]
    assert avec_niveau(territoire) == f"le département {ligne[2]}"


@pytest.mark.parametrize("ligne", lignes(REGIONS), ids=lambda ligne: ligne[0])
def test_region_articles(referentiel: Referentiel, ligne: list[str]) -> None:
    territoire = referentiel.territoire(f"REG-{ligne[0]}")
    assert [de(territoire), dans(territoire)] == ligne[1:]


@pytest.mark.parametrize("ligne", lignes(COMMUNES), ids=lambda ligne: ligne[0])
def test_commune_articles(referentiel: Referentiel, ligne: list[str]) -> None:
    territoire = referentiel.territoire(f"COM-{ligne[0]}")
    assert [article(territoire), de(territoire), dans(territoire)] == ligne[1:]


@pytest.mark.parametrize(
    ("identifiant", "attendu"),
    [
        ("ARM-75101", "du 1er arrondissement de Paris"),
        ("ARM-13216", "du 16e arrondissement de Marseille"),
        ("ARR-402", "de l'arrondissement de Mont-de-Marsan"),
        ("ARR-762", "de l'arrondissement du Havre"),
        ("BV-40192", "du bassin de vie de Mont-de-Marsan"),
        ("ZE-5212", "de la zone d'emploi du Mans"),
        ("ZE-0051", "de la zone d'emploi d'Alençon"),
        ("FR-FR", "de France"),
        ("EPCI-244000659", "de la communauté de communes du Seignanx"),
        ("EPCI-244000808", "de la communauté d'agglomération Mont de Marsan Agglomération"),
        ("EPCI-243300316", "de Bordeaux Métropole"),
        ("EPCI-200054781", "de la Métropole du Grand Paris"),
        ("EPCI-246700488", "de l'Eurométropole de Strasbourg"),
    ],
)
def test_other_levels(referentiel: Referentiel, identifiant: str, attendu: str) -> None:
    assert de(referentiel.territoire(identifiant)) == attendu


def test_every_epci_is_written_without_its_acronym(referentiel: Referentiel) -> None:
    for identifiant in referentiel.territoires.filter(niveau="EPCI")["id"]:
        territoire = referentiel.territoire(identifiant)
        ecrit = de(territoire)
        assert ecrit.startswith(("de ", "d'"))
        assert not ecrit.startswith(("de CC ", "de CA ", "de la CC ", "de la CA ", "de la CU "))
        assert "''" not in ecrit
        assert nom_court(territoire)
