"""Ce que le rapport dit de l'offre : saturés comptés, services saisis, codes en mots, choix."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import polars as pl
import pytest

from solidiag.catalogue.acces import DomaineAcces
from solidiag.errors import ChoixInconnu
from solidiag.model.territoire import Niveau, Territoire
from solidiag.offre.reglages_acces import lire_reglages_acces
from solidiag.pipeline.synthese_offre import choisir_domaine
from solidiag.publication.document import Cellule, Ligne, Tableau, texte_brut
from solidiag.publication.matiere import Matiere, Observe
from solidiag.publication.rapport.offre_domaine import manque_d_offre, tableau_acces
from solidiag.publication.rapport.offre_faits import AccesLu, dates_en_clair
from solidiag.publication.rapport.offre_services import MONTRES, liste_des_services
from solidiag.publication.remarques import dire_remarque
from solidiag.storage.depot import Depot

DEPOT = Depot()
LANDES = Territoire(niveau=Niveau.DEPARTEMENT, code="40", nom="Landes", tncc=4)
AIDE = DEPOT.grille.domaine("aide-alimentaire")


def _texte(contenu: tuple[Ligne, ...]) -> str:
    return texte_brut(contenu).replace("\u00a0", " ")


def _observe(**champs: Any) -> Observe:
    base = {
        "indicateur": "acces.essai.satures", "territoire": "DEP-40", "periode": "2024",
        "unite": "percent", "value": 100.0, "lower": None, "upper": None, "method": None,
        "motif": None, "status": "A", "precision": "exact", "numerateur": None,
        "n_publies": 1, "n_total": 3, "origin": None,
    }  # fmt: skip
    return Observe(**(base | champs))


class _Matiere(SimpleNamespace):
    departement = LANDES
    epci = ()
    mesures: dict[str, Any] = {}  # noqa: RUF012
    indicateurs: dict[str, Any] = {}  # noqa: RUF012
    imprimer = Matiere.imprimer

    def decimales(self, *_: Any) -> None:
        return None

    def periode_de_reference(self, *_: Any) -> str:
        return "2024"


def _acces(genre: str, **resume: Any) -> AccesLu:
    mesure: Any = SimpleNamespace(id=f"acces.essai.{genre}", unite="percent")
    defauts = {
        "etat": "mesure", "seuil_min": 20, "reserve": "", "public": "habitants", "lieux": 3,
        "sans_source": "", "manque": "", "detenteur": "", "lieux_comptes": "gares",
        "annees": "2019 à 2025",
    }  # fmt: skip
    return AccesLu(
        domaine="essai", resume=defauts | resume, mesures={genre: mesure}, public="habitants"
    )


@pytest.mark.parametrize(
    ("champs", "attendu"),
    [
        ({}, "1 sur 1 ; 2 ne disent rien"),
        ({"value": 50.0, "n_publies": 4, "n_total": 5}, "2 sur 4 ; 1 ne dit rien"),
        ({"value": 0.0, "n_publies": 3, "n_total": 3}, "0 sur 3"),
        ({"value": 40.0, "n_publies": 5, "n_total": 9}, "40,0 %"),
    ],
)
def test_no_share_of_saturated_services_under_five_that_say_their_state(
    champs: dict[str, Any], attendu: str
) -> None:
    matiere: Any = _Matiere(derniere=lambda *_: _observe(**champs))
    table = tableau_acces(matiere, _acces("satures"), identifiant="t")
    (rangee,) = table.lignes
    assert _texte(rangee[1].contenu) == attendu


def test_an_opening_known_for_one_service_is_not_undocumented() -> None:
    muet: Any = _Matiere(derniere=lambda *_: None)
    notes = [_texte(n) for n in tableau_acces(muet, _acces("x", samedi=1), identifiant="t").notes]
    assert "Connus pour ouvrir le samedi : 1 service sur 3." in notes
    (silence,) = [n for n in notes if n.startswith("Non documenté")]
    assert "samedi" not in silence
    assert "l'ouverture le soir" in silence


def test_a_domain_not_measured_says_why() -> None:
    lu = _acces("x", etat="non_mesure", raison="une raison inventée")
    (bloc,) = list(manque_d_offre(lu))
    dit = _texte(bloc.contenu)  # type: ignore[union-attr]
    assert dit.startswith("L'accès n'est pas mesuré : une raison inventée.")


def _services(n: int, **champs: Any) -> Any:
    lignes = [
        {
            "id": f"s{i}", "groupe": f"s{i}", "source": "ajout.classeur", "nom": f"Relais {i:02}",
            "domaines": ["aide-alimentaire"], "commune": "Dax", "capacite": None,
            "capacite_unite": None, "horaires": None, "horaires_osm": None,
            "date_source": "2026-03-02",
        }
        | champs
        for i in range(n)
    ]  # fmt: skip
    schema = {"capacite": pl.Float64, "capacite_unite": pl.String, "horaires": pl.String}
    table = pl.DataFrame(
        lignes, schema_overrides=schema | {"horaires_osm": pl.String}, infer_schema_length=None
    )
    return _Matiere(services=SimpleNamespace(frame=table))


def _table(matiere: Any) -> Tableau:
    (table,) = liste_des_services(matiere, AIDE)
    assert isinstance(table, Tableau)
    return table


def _cellules(rangee: tuple[Cellule, ...]) -> list[str]:
    return [_texte(cellule.contenu) for cellule in rangee]


def test_entered_services_are_listed_with_what_is_known() -> None:
    table = _table(
        _services(1, horaires_osm="Tu 09:00-12:00", capacite=40.0, capacite_unite="colis")
    )
    assert _cellules(table.lignes[0]) == ["Relais 00", "Dax", "mar.", "40 colis", "2026-03"]
    muette = _table(_services(1, commune=None))
    assert _cellules(muette.lignes[0])[1:4] == ["non documenté"] * 3


def test_the_list_is_short_and_says_how_many_remain() -> None:
    table = _table(_services(MONTRES + 3))
    assert len(table.lignes) == MONTRES
    assert _texte(table.notes[0]).startswith("Et 3 autres dans services.csv.")
    assert "autres dans" not in _texte(_table(_services(MONTRES)).notes[0])


def test_public_lists_and_other_domains_are_not_in_it() -> None:
    assert list(liste_des_services(_services(2, source="offre.gares"), AIDE)) == []
    assert list(liste_des_services(_services(2, domaines=["mobilite-solidaire"]), AIDE)) == []


def test_dates_are_said_in_plain_words() -> None:
    matiere: Any = _services(1)
    ligne = {"date_mediane": "2020-05-01", "date_la_plus_ancienne": "2019-01-01"}
    dit = _texte(dates_en_clair(matiere, ligne))
    assert dit == "La moitié des informations date de 2020 ou avant, la plus récente de 2026"


@pytest.mark.parametrize(
    ("code", "clair"),
    [
        ("Bus_équivalent", "bus ou équivalent"),
        ("type aci", "ateliers et chantiers d'insertion"),
        ("type ai", "association intermédiaire"),
        ("type etti", "entreprise de travail temporaire d'insertion"),
        ("un type aimable", "un type aimable"),
    ],
)
def test_no_code_to_decipher_is_left_in_a_remark(code: str, clair: str) -> None:
    assert dire_remarque(code) == clair


def test_a_domain_is_chosen_by_its_label_or_its_identifier() -> None:
    libelles = {d.id: d.libelle for d in DEPOT.grille.domaines}
    assert choisir_domaine("aide-alimentaire", libelles) == "aide-alimentaire"
    assert choisir_domaine("Aide et précarité alimentaires", libelles) == "aide-alimentaire"
    with pytest.raises(ChoixInconnu, match="aide-alimentaire"):
        choisir_domaine("aide-alimentair", libelles)


def test_a_proxy_is_never_a_headline_and_the_reason_is_declared() -> None:
    reglages = lire_reglages_acces(
        DEPOT.parametres("acces"),
        domaines=[d.id for d in DEPOT.grille.domaines],
        categories=DEPOT.declaration("services/categories.yaml"),
    )
    tus = {n for n, d in reglages.domaines.items() if not d.mis_en_avant}
    assert tus == {"mobilite-solidaire"}
    assert {n for n, d in reglages.domaines.items() if not d.mesurer} == {"protection-enfance-ase"}
    estimes = {i for d in reglages.domaines.values() for i in d.estime}
    assert estimes == {"ft_acces_30", "fs_acces_20", "prem_accueil_30"}
    assert estimes <= set(DEPOT.catalogue)


def test_what_is_not_measured_or_not_put_forward_demands_a_reason() -> None:
    base = {
        "seuil": {"minutes": 20, "nature": "convention"}, "decroissance": "x",
        "pourquoi": "essai", "manque": "essai", "detenteur": "essai",
    }  # fmt: skip
    with pytest.raises(ValueError, match="raison"):
        DomaineAcces.model_validate(base | {"mesurer": False})
    assert not DomaineAcces.model_validate(base | {"mesurer": False, "raison": "r"}).mesurer
