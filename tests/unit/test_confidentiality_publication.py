"""Rien d'interdit ne passe la porte : chaque test est une attaque."""

import copy
import dataclasses
import pickle
from typing import Any

import polars as pl
import pytest

from solidiag.confidentiality.publication import PublishedTable, publier, rouvrir
from solidiag.errors import PublicationInterdite
from solidiag.model.observation import OBSERVATIONS, mettre_au_schema
from solidiag.model.service import ECARTS, PRIORITES, SERVICES


def observation(**plus: Any) -> dict[str, Any]:
    return {
        "indicateur": "x",
        "territoire": "COM-40192",
        "periode": "2021",
        "unite": "percent",
        "value": 16.0,
        "status": "A",
        "precision": "rounded",
        "confidentiality": "F",
    } | plus


def table(*lignes: dict[str, Any]) -> pl.DataFrame:
    brute = pl.DataFrame([ligne or {} for ligne in lignes], infer_schema_length=None)
    return mettre_au_schema(brute, OBSERVATIONS)


def test_a_clean_table_passes_and_keeps_its_content() -> None:
    frame = table(observation(), observation(territoire="COM-40088", value=None, status="Q"))
    publiee = publier(frame, "observations")
    assert publiee.frame.equals(frame)
    assert len(publiee) == 2
    assert publiee.intacte()


@pytest.mark.parametrize("statut", ["Q", "O", "L", "M"])
@pytest.mark.parametrize("colonne", ["value", "lower", "upper", "numerateur", "denominateur"])
def test_no_figure_hides_behind_an_absence(statut: str, colonne: str) -> None:
    ligne = observation(value=None, status=statut) | {colonne: 4.0}
    with pytest.raises(PublicationInterdite, match="le statut dit qu'il manque"):
        publier(table(ligne), "observations")


@pytest.mark.parametrize("statut", ["A", "B", "E", "P"])
def test_a_status_that_promises_a_value_has_one(statut: str) -> None:
    with pytest.raises(PublicationInterdite, match="sans sa valeur"):
        publier(table(observation(value=None, status=statut)), "observations")


@pytest.mark.parametrize("statut", ["", "Z", "q", None])
def test_an_unknown_status_is_refused(statut: str | None) -> None:
    with pytest.raises(PublicationInterdite, match="statut inconnu"):
        publier(table(observation(status=statut)), "observations")


@pytest.mark.parametrize("confidentialite", ["C", "D", "", None])
@pytest.mark.parametrize("colonne", ["value", "numerateur"])
def test_a_confidential_figure_is_refused(confidentialite: str | None, colonne: str) -> None:
    ligne = observation(confidentiality=confidentialite) | {colonne: 3.0}
    with pytest.raises(PublicationInterdite, match="confidentiel"):
        publier(table(ligne), "observations")


def test_a_hidden_value_may_say_that_it_is_confidential() -> None:
    publier(table(observation(value=None, status="Q", confidentiality="C")), "observations")


@pytest.mark.parametrize("bornes", [{"lower": 5.0, "upper": 5.0}, {"lower": 5.0}])
def test_a_floor_is_not_shown_as_exact(bornes: dict[str, float]) -> None:
    ligne = observation(value=5.0, precision="floor") | bornes
    with pytest.raises(PublicationInterdite, match="plancher"):
        publier(table(ligne), "observations")


def test_a_floor_with_its_true_bounds_passes() -> None:
    publier(table(observation(value=5.0, precision="floor", lower=0.0, upper=5.5)), "observations")


def test_a_floor_that_lost_its_mark_is_found() -> None:
    with pytest.raises(PublicationInterdite, match="sous le plancher"):
        publier(table(observation(value=5.0)), "observations", planchers={"x": 5.0})
    publier(table(observation(value=5.0)), "observations", planchers={"y": 5.0})


def test_a_value_outside_its_interval_is_refused() -> None:
    with pytest.raises(PublicationInterdite, match="hors de son intervalle"):
        publier(table(observation(lower=17.0, upper=18.0)), "observations")


@pytest.mark.parametrize("valeur", [float("nan"), float("inf"), float("-inf")])
def test_what_is_not_a_number_is_refused(valeur: float) -> None:
    with pytest.raises(PublicationInterdite, match="n'est pas un nombre"):
        publier(table(observation(value=valeur)), "observations")


def test_a_key_appears_once() -> None:
    with pytest.raises(PublicationInterdite, match="clé se répète"):
        publier(table(observation(), observation(value=17.0)), "observations")


def test_a_row_without_key_is_refused() -> None:
    with pytest.raises(PublicationInterdite, match="n'a pas de clé"):
        publier(table(observation(territoire=None)), "observations")


def test_another_schema_is_refused() -> None:
    frame = table(observation())
    for autre in (
        frame.drop("motif"),
        frame.with_columns(secret=pl.lit(1)),
        frame.with_columns(pl.col("value").cast(pl.Float32)),
        frame.select(sorted(frame.columns)),
    ):
        with pytest.raises(PublicationInterdite, match="schéma"):
            publier(autre, "observations")


def test_an_unknown_table_must_give_its_keys() -> None:
    frame = pl.DataFrame({"a": [1, 2], "status": ["Q", "A"], "value": [None, 1.0]})
    with pytest.raises(PublicationInterdite, match="aucune clé"):
        publier(frame, "comptes")
    with pytest.raises(PublicationInterdite, match="manque"):
        publier(frame, "comptes", cles=["b"])
    assert publier(frame, "comptes", cles=["a"]).nom == "comptes"
    with pytest.raises(PublicationInterdite, match="manque"):
        publier(frame.with_columns(value=pl.lit(1.0)), "comptes", cles=["a"])


def test_no_other_door_makes_a_published_table() -> None:
    publiee = publier(table(observation()), "observations")
    with pytest.raises(PublicationInterdite):
        PublishedTable(nom="x", digest="", _contenu=table(observation()), sceau=object())
    with pytest.raises(ValueError, match="sceau"):
        dataclasses.replace(publiee, _contenu=table(observation(value=None, status="Q")))
    with pytest.raises(dataclasses.FrozenInstanceError):
        publiee.nom = "autre"  # type: ignore[misc]


def test_changing_what_was_given_changes_nothing() -> None:
    publiee = publier(table(observation()), "observations")
    empruntee = publiee.frame
    empruntee.insert_column(0, pl.Series("secret", [4]))
    empruntee.replace_column(1, pl.Series("indicateur", ["autre"]))
    assert publiee.frame.columns == list(OBSERVATIONS)
    assert publiee.frame["indicateur"][0] == "x"
    assert publiee.intacte()


def test_changing_the_source_afterwards_changes_nothing() -> None:
    frame = table(observation())
    publiee = publier(frame, "observations")
    frame[0, "value"] = 99.0
    assert publiee.frame["value"][0] == 16.0
    assert publiee.intacte()


def test_a_forced_content_is_seen_by_its_digest() -> None:
    publiee = publier(table(observation()), "observations")
    object.__setattr__(publiee, "_contenu", table(observation(value=17.0)))
    assert not publiee.intacte()


def test_a_copy_is_the_same_table() -> None:
    publiee = publier(table(observation()), "observations")
    for jumelle in (copy.deepcopy(publiee), pickle.loads(pickle.dumps(publiee))):  # noqa: S301
        assert jumelle.digest == publiee.digest
        assert jumelle.intacte()


def test_reopening_checks_the_digest_and_the_rules() -> None:
    frame = table(observation())
    publiee = publier(frame, "observations")
    assert rouvrir(frame, "observations", digest=publiee.digest).digest == publiee.digest
    with pytest.raises(PublicationInterdite, match="n'est plus celui"):
        rouvrir(table(observation(value=17.0)), "observations", digest=publiee.digest)
    with pytest.raises(PublicationInterdite, match="manque"):
        rouvrir(table(observation(status="Q")), "observations", digest=publiee.digest)


def test_the_digest_tells_apart_name_order_and_type() -> None:
    frame = pl.DataFrame({"a": [1, 2]})
    digests = {
        publier(frame, "x", cles=["a"]).digest,
        publier(frame, "y", cles=["a"]).digest,
        publier(frame.reverse(), "x", cles=["a"]).digest,
        publier(frame.cast(pl.Float64), "x", cles=["a"]).digest,
        publier(frame.rename({"a": "b"}), "x", cles=["b"]).digest,
    }
    assert len(digests) == 5


def ecart(**plus: Any) -> pl.DataFrame:
    ligne = {
        "domaine": "d",
        "territoire": "EPCI-1",
        "classe": "tension",
        "confiance": "moyenne",
        "besoin_valeur": 1.0,
        "besoin_reference": 1.0,
        "offre_valeur": 1.0,
        "offre_reference": 1.0,
        "motif": "m.",
    } | plus
    return mettre_au_schema(pl.DataFrame([ligne]), ECARTS)


def test_a_class_rests_on_its_four_values() -> None:
    publier(ecart(), "ecarts")
    with pytest.raises(PublicationInterdite, match="qui la fondent"):
        publier(ecart(offre_valeur=None), "ecarts")


@pytest.mark.parametrize(("classe", "confiance"), [("non_mesure", "forte"), ("tension", "aucune")])
def test_class_and_confidence_agree(classe: str, confiance: str) -> None:
    with pytest.raises(PublicationInterdite, match="se contredisent"):
        publier(ecart(classe=classe, confiance=confiance), "ecarts")


@pytest.mark.parametrize(
    ("colonne", "texte"),
    [
        ("nom", "Maison, contact@exemple.fr"),
        ("adresse", "1 rue X 05 58 00 00 00"),
        ("horaires", "lundi 0558000000"),
        ("fermeture", "écrire à a.b@c-d.org"),
    ],
)
def test_a_service_carries_no_personal_contact(colonne: str, texte: str) -> None:
    frame = mettre_au_schema(pl.DataFrame([{"id": "1", "source": "x", colonne: texte}]), SERVICES)
    with pytest.raises(PublicationInterdite, match="coordonnée personnelle"):
        publier(frame, "services")


def test_a_business_number_is_not_a_telephone() -> None:
    ligne = {"id": "0612345678", "source": "x", "siret": "01234567890123", "nom": "Lieu 40 000"}
    publier(mettre_au_schema(pl.DataFrame([ligne]), SERVICES), "services")


def test_an_empty_table_can_be_published() -> None:
    assert len(publier(pl.DataFrame(schema=PRIORITES), "priorites")) == 0
