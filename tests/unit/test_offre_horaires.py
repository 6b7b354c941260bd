"""Horaires : textes de France services, sous-ensemble d'OpenStreetMap, textes illisibles."""

from __future__ import annotations

import csv
import gzip
import io
from importlib import resources

import pytest

from solidiag.offre.horaires import Semaine, lire_horaires

# Textes de la liste France services d'août 2024 (Landes), tels que le lecteur les assemble.
TYROSSE = (
    "jeudi 10:00 - 12:15 / 13:30 - 16:15 ; lundi 10:00 - 12:15 / 13:30 - 16:15 ; "
    "mardi 10:00 - 12:15 / 13:30 - 16:15 ; mercredi 10:00 - 12:15 / 14:45 - 17:30 ; "
    "vendredi 10:00 - 12:15 / 13:30 - 16:15"
)
GEAUNE = (
    "jeudi 09:00 - 12:00 / 14:00 - 17:15 ; mardi 09:30 - 12:00 / 13:30 - 17:15 ; "
    "mercredi 09:00 - 12:00 / 14:00 - 17:15 ; samedi 09:00 - 12:00 ; "
    "vendredi 09:00 - 12:00 / 14:00 - 17:15"
)
BUS_MORCENAIS = (
    "jeudi 09:30 - 12:30 / 15:00 - 18:30 ; mardi 10:30 - 12:30 / 15:00 - 18:30 ; "
    "mercredi 09:00 - 12:30 / 15:00 - 18:30 ; samedi 09:00 - 12:00 ; "
    "vendredi 09:30 - 12:30 / 15:00 - 18:30"
)
SOIR = 18 * 60


@pytest.mark.parametrize(
    ("texte", "heures", "samedi", "soir"),
    [
        (TYROSSE, 25.0, False, False),
        (GEAUNE, 28.0, True, False),
        (BUS_MORCENAIS, 28.5, True, True),
        ("Mo-Fr 09:00-12:00,14:00-17:00; Sa 09:00-12:00", 33.0, True, False),
        ("Mo,We 08:30-12:00; PH off", 7.0, False, False),
        ("Mo-Sa 09:00-19:00; Su off", 60.0, True, True),
        ("Sa-Mo 10:00-12:00", 6.0, True, False),
        ("Mo-Fr 09:00-18:00; We off", 36.0, False, False),
        ('Mo-Fr 09:00-12:00 "sur rendez-vous"', 15.0, False, False),
        ("lundi 9h-12h", 3.0, False, False),
        ("lundi au vendredi 9h-12h et 14h-17h30", 32.5, False, False),
        ("lundi, mardi et jeudi : de 9h à 12h", 9.0, False, False),
        ("mardi : fermé ; jeudi 14 h - 16 h", 2.0, False, False),
        ("24/7", 168.0, True, True),
        ("Fr 22:00-02:00", 4.0, False, True),
        ("vendredi 22h-2h", 4.0, False, True),
        ("lundi 9h-12h ; lundi 14h-17h", 6.0, False, False),
        ("lundi au vendredi 9h-12h ; mercredi 14h-17h", 18.0, False, False),
        ("lundi au vendredi 9h-17h ; mercredi 9h-12h", 35.0, False, False),
        ("lundi au samedi 9h-12h ; samedi fermé", 15.0, False, False),
        ("lundi 9h-9h / 14h-17h", 3.0, False, False),
    ],
)
def test_un_texte_d_horaires_se_lit(texte: str, heures: float, samedi: bool, soir: bool) -> None:
    semaine = lire_horaires(texte)
    assert semaine is not None
    assert (semaine.heures, semaine.samedi, semaine.apres(SOIR)) == (heures, samedi, soir)


@pytest.mark.parametrize(
    "texte",
    [
        None, "", "   ", "sur rendez-vous", "Mo-Fr", "samedi matin", "fermé", "Mo 25:00-26:00",
        "Jan-Mar Mo-Fr 10:00-12:00", "week 1-10 Mo 10:00-12:00", "Mo[1] 10:00-12:00",
        "lundi : fermé", "lundi 13h30 - 12h", "mardi 14h-9h", "1er et 3e samedi 9h-12h",
        "lundi 9h-12h (semaines paires)",
    ],
)  # fmt: skip
def test_un_texte_illisible_est_inconnu_et_non_ferme(texte: str | None) -> None:
    assert lire_horaires(texte) is None


def test_la_derniere_regle_d_openstreetmap_l_emporte() -> None:
    semaine = lire_horaires("Mo-Fr 9:00-12:00; We 14:00-18:00")
    assert semaine is not None
    assert semaine.jours[2] == ((840, 1080),)
    assert semaine.jours[3] == ((540, 720),)


def test_une_case_de_minuit_a_minuit_ne_dit_rien() -> None:
    vide = lire_horaires("mercredi 00:00 - 00:00 / 09:00 - 12:00 ; vendredi 00:00 - 00:00")
    assert vide is not None
    assert vide.heures == 3.0
    assert lire_horaires("lundi 00:00 - 00:00") is None


def test_des_plages_qui_se_recouvrent_ne_comptent_qu_une_fois() -> None:
    semaine = lire_horaires("mardi 09:00 - 12:00 / 09:00 - 16:30 / 14:00 - 16:30")
    assert semaine is not None
    assert semaine.jours[1] == ((540, 990),)


def test_une_semaine_a_sept_jours() -> None:
    with pytest.raises(ValueError, match="sept jours"):
        Semaine(jours=((),))


def test_tous_les_horaires_de_france_services_se_lisent() -> None:
    """Les 2 797 lignes qui donnent des heures ; les plages disjointes donnent la somme exacte."""
    chemin = resources.files("solidiag") / "donnees" / "offre" / "france_services_2024.csv.gz"
    texte = gzip.decompress(chemin.read_bytes()).decode()
    jours = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi")
    lus = samedis = 0
    for ligne in csv.DictReader(io.StringIO(texte)):
        cases = {jour: ligne[f"h_{jour}"].replace("00:00 - 00:00", "") for jour in jours}
        if not any(case.strip(" /") for case in cases.values()):
            continue
        horaires = " ; ".join(f"{j} {ligne[f'h_{j}']}" for j in jours if ligne[f"h_{j}"])
        semaine = lire_horaires(horaires)
        assert semaine is not None, horaires
        lus += 1
        samedis += semaine.samedi
        assert semaine.samedi == bool(cases["samedi"].strip(" /"))
    assert lus == 2797
    assert samedis == 602
