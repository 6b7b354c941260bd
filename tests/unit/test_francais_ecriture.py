"""Nombres, listes et typographie du français."""

from __future__ import annotations

from typing import get_args

import pytest

from solidiag.catalogue.indicateur import Indicateur
from solidiag.model.territoire import Niveau, Territoire
from solidiag.publication.francais import (
    UNITES,
    compter,
    dans,
    de,
    elider,
    enumerer,
    formater,
    nom_court,
    nom_long,
    nombre,
    ordinal,
    typographier,
)


@pytest.mark.parametrize(
    ("valeur", "unite", "options", "attendu"),
    [
        (16.0, "percent", {"decimales": 0}, "16\u00a0%"),
        (11.7, "percent", {}, "11,7\u00a0%"),
        (5.0, "percent", {"decimales": 0, "precision": "floor"}, "≤\u00a05\u00a0%"),
        (10.0, "nombre", {"precision": "rounded_down"}, "≥\u00a010"),
        (22030.0, "euro", {}, "22\u202f030\u00a0€"),
        (1234567.0, "nombre", {}, "1\u202f234\u202f567"),
        (0.0, "nombre", {}, "0"),
        (-1.25, "percent", {}, "\u22121,3\u00a0%"),
        (3.456, "ratio", {}, "3,46"),
        (12.34, "pour_1000", {}, "12,3"),
        (45.0, "jours", {}, "45\u00a0jours"),
        (1.0, "jours", {}, "1\u00a0jour"),
        (1.94, "apl", {}, "1,9\u00a0consultation"),
        (1.96, "apl", {}, "2,0\u00a0consultations"),
        (8.12, "euro_m2", {}, "8,1\u00a0€"),
    ],
)
def test_a_number_is_written_in_french(
    valeur: float, unite: str, options: dict[str, object], attendu: str
) -> None:
    assert formater(valeur, unite, **options) == attendu  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("statut", "attendu"),
    [("Q", "secret"), ("O", "non publié"), ("L", "non documenté"), ("M", "sans objet")],
)
def test_an_absence_is_never_zero(statut: str, attendu: str) -> None:
    assert formater(None, "percent", statut=statut) == attendu


def test_every_declared_unit_has_a_name() -> None:
    assert set(get_args(Indicateur.model_fields["unite"].annotation)) == set(UNITES)


def test_an_unknown_unit_is_refused() -> None:
    with pytest.raises(KeyError):
        formater(1.0, "furlong")


def test_half_goes_away_from_zero() -> None:
    assert [nombre(v, decimales=0) for v in (0.5, 1.5, 2.5, -0.5)] == ["1", "2", "3", "\u22121"]


@pytest.mark.parametrize(
    ("rang", "feminin", "attendu"),
    [(1, False, "1er"), (1, True, "1re"), (2, False, "2e"), (21, True, "21e")],
)
def test_ordinals(rang: int, feminin: bool, attendu: str) -> None:
    assert ordinal(rang, feminin=feminin) == attendu


def test_agreement_starts_at_two() -> None:
    assert compter(1.5, "point") == "2\u00a0point"
    assert compter(2, "lieu", "lieux") == "2\u00a0lieux"
    assert enumerer(["a", "b"], liaison="ou") == "a ou b"


@pytest.mark.parametrize(
    ("texte", "attendu"),
    [
        ("Quoi ?", "Quoi\u00a0?"),
        ("Quoi?", "Quoi\u00a0?"),
        ("Besoin : oui ; offre : non !", "Besoin\u00a0: oui\u00a0; offre\u00a0: non\u00a0!"),
        ("Besoin: oui", "Besoin\u00a0: oui"),
        ("« oui »", "«\u00a0oui\u00a0»"),
        ("«oui»", "«\u00a0oui\u00a0»"),
        ("16 % des 300 €", "16\u00a0% des 300\u00a0€"),
        ("voir https://exemple.fr/a?b=c ; 10:30", "voir https://exemple.fr/a?b=c\u00a0; 10:30"),
        ("≤ 5 %", "≤\u00a05\u00a0%"),
        ("", ""),
    ],
)
def test_typography(texte: str, attendu: str) -> None:
    assert typographier(texte) == attendu
    assert typographier(attendu) == attendu


@pytest.mark.parametrize(
    ("nom", "elide"),
    [("Orthe", True), ("Étampes", True), ("Œuilly", True), ("Yvetot", True), ("Yenne", False),
     ("Hirson", True), ("Haute-Marne", False), ("Havre", False), ("Dax", False), ("", False)],
)  # fmt: skip
def test_elision(nom: str, elide: bool) -> None:
    assert elider(nom) is elide


def epci(nom: str) -> Territoire:
    return Territoire(niveau=Niveau.EPCI, code="200000000", nom=nom)


@pytest.mark.parametrize(
    ("nom", "long", "court"),
    [
        ("CC d'Aire-sur-l'Adour", "communauté de communes d'Aire-sur-l'Adour", "Aire-sur-l'Adour"),
        ("CC Coeur Haute Lande", "communauté de communes Cœur Haute Lande", "Cœur Haute Lande"),
        ("CC de l'Oriente", "communauté de communes de l'Oriente", "Oriente"),
        ("CU d'Arras", "communauté urbaine d'Arras", "Arras"),
        ("CA du Grand Avignon (COGA)", "communauté d'agglomération du Grand Avignon (COGA)",
         "Grand Avignon"),
        ("CA de Blois ''Agglopolys''",
         "communauté d'agglomération de Blois «\u00a0Agglopolys\u00a0»",
         "Blois «\u00a0Agglopolys\u00a0»"),
        ("Métropole de Lyon", "Métropole de Lyon", "Métropole de Lyon"),
    ],
)  # fmt: skip
def test_epci_names(nom: str, long: str, court: str) -> None:
    assert nom_long(epci(nom)) == long
    assert nom_court(epci(nom)) == court


def test_a_metropole_without_article() -> None:
    assert de(epci("Orléans Métropole")) == "d'Orléans Métropole"
    assert dans(epci("Orléans Métropole")) == "sur le territoire d'Orléans Métropole"
    assert dans(epci("CC du Seignanx")) == "dans la communauté de communes du Seignanx"


def test_a_priority_neighbourhood_and_an_iris() -> None:
    quartier = Territoire(niveau=Niveau.QPV, code="QN04002I", nom="Cuyès")
    iris = Territoire(niveau=Niveau.IRIS, code="401920101", nom="Centre")
    assert de(quartier) == "du quartier prioritaire «\u00a0Cuyès\u00a0»"
    assert dans(iris) == "dans l'Iris «\u00a0Centre\u00a0»"
