"""Verdicts d'une fiche, ceux du rapport ; et le chemin d'un chiffre au fichier."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from solidiag.besoins.regles import Regles
from solidiag.cli.application import executer
from solidiag.errors import TerritoireInconnu
from solidiag.geography.referentiel import Referentiel
from solidiag.geography.territoires_propres import depuis_codes
from solidiag.pipeline.calculs import charger_referentiel
from solidiag.pipeline.explication import expliquer
from solidiag.pipeline.profil import Profil, par_code, profiler
from solidiag.pipeline.profil_territoires import Sujet
from solidiag.publication.document import texte_brut
from solidiag.publication.profil.construire import ecart
from solidiag.statistics.tests import ajuster
from solidiag.storage.depot import Depot

pytestmark = pytest.mark.xdist_group("profil")

JOUR = date(2026, 11, 24)


@pytest.fixture(scope="module")
def depot() -> Depot:
    return Depot()


@pytest.fixture(scope="module")
def referentiel(depot: Depot) -> Referentiel:
    return charger_referentiel(depot)


@pytest.fixture(scope="module")
def dax(depot: Depot) -> Profil:
    return profiler([par_code("40088")], depot=depot, jour=JOUR)


def dits(profil: Profil) -> dict[str, str]:
    """Renvoie le verdict écrit de chaque indicateur."""
    return {i.id: ecart(profil.matiere, i) for i in profil.matiere.indicateurs}


def table(profil: Profil) -> pl.DataFrame:
    """Renvoie les comparaisons d'une fiche."""
    assert profil.matiere.comparaisons is not None
    return profil.matiere.comparaisons.frame


def test_each_line_says_its_verdict_with_the_direction_of_the_indicator(dax: Profil) -> None:
    mots = dits(dax)
    assert mots["ctx_pop"] == "effectif"
    assert mots["ctx_tx_pauvrete"] == "plus élevé, de façon nette (plus fragile)"
    assert mots["ctx_med_nv"] == "plus bas, de façon nette (plus fragile)"
    assert mots["part_65p"] == "plus élevé"
    assert mots["ips_ecoles"] == "proche"
    assert mots["apl_mg"] == "plus élevé (moins fragile)"
    assert mots["freins_mob"] == "non comparable"


def test_there_is_one_verdict_by_indicator_and_all_tests_are_adjusted_together(dax: Profil) -> None:
    lignes = table(dax)
    assert lignes["indicateur"].is_unique().all()
    testees = lignes.filter(pl.col("p_valeur").is_not_null())
    assert testees.height >= 3
    attendues = ajuster(testees["p_valeur"].to_numpy())
    assert testees["p_ajustee"].to_numpy() == pytest.approx(attendues, rel=1e-9, abs=1e-300)


def test_nothing_is_clear_without_a_test_or_a_margin(dax: Profil, depot: Depot) -> None:
    regles = Regles.lire(depot.parametres("comparaisons"))
    nettes = table(dax).filter("nette")
    assert nettes.height >= 3
    assert not nettes["methode"].is_in(["sans_intervalle", "petite_commune"]).any()
    testees = nettes.filter(pl.col("p_valeur").is_not_null())
    assert (testees["p_ajustee"] <= regles.alpha).all()
    autres = nettes.filter(pl.col("p_valeur").is_null())
    assert set(autres["indicateur"]) <= regles.arrondi_seul


def test_a_silenced_value_has_no_verdict(depot: Depot) -> None:
    village = profiler([par_code("40030")], depot=depot, jour=JOUR)
    mots = dits(village)
    assert {mots[i] for i in ("ctx_tx_pauvrete", "p75_seules", "rsa_pop", "dpe_fg")} == {""}
    assert set(table(village)["indicateur"]) <= {"apl_mg"}


def test_two_territories_give_opposite_verdicts_whatever_their_order(depot: Depot) -> None:
    un, autre = (
        dits(profiler([par_code(c) for c in codes], depot=depot, jour=JOUR))
        for codes in (("40088", "40192"), ("40192", "40088"))
    )
    inverses = {"plus élevé": "plus bas", "plus bas": "plus élevé"}
    assert "plus élevé, de façon nette" in un.values()
    for indicateur, mots in un.items():
        debut, _, suite = mots.partition(",")
        assert autre[indicateur] == inverses.get(debut, debut) + ("," if suite else "") + suite
        assert "fragile" not in mots


def test_a_cut_commune_never_makes_a_clear_difference(
    depot: Depot, referentiel: Referentiel
) -> None:
    entier = depuis_codes(["40088"], referentiel, code="entier")
    moitie = replace(entier, code="moitie", parts={"40088": 0.5})
    fiches = {
        p.code: profiler(
            [lambda _r, _d, p=p: Sujet(territoire=p.territoire, parts=dict(p.parts), propre=p)],
            depot=depot,
            jour=JOUR,
        )
        for p in (entier, moitie)
    }
    assert table(fiches["entier"])["nette"].any()
    assert not table(fiches["moitie"])["nette"].any()
    assert dits(fiches["moitie"])["rsa_pop"] == "plus élevé (plus fragile)"


def test_the_sheet_says_how_to_go_back_to_the_files(dax: Profil) -> None:
    pied = texte_brut(dax.document.blocs[-1].contenu)  # type: ignore[union-attr]
    assert 'solidiag expliquer "Population" 40088' in pied
    assert "ctx_pop" in pied


def test_the_name_of_a_line_is_enough_to_explain_it(depot: Depot) -> None:
    par_nom = expliquer("taux de pauvrete", "40088", depot=depot)
    assert par_nom == expliquer("ctx_tx_pauvrete", "40088", depot=depot)
    assert any("Valeur (2021) : 20" in ligne for _, ligne in par_nom.lignes())


def test_the_figure_of_an_own_territory_opens_on_its_communes(depot: Depot) -> None:
    lignes = [ligne for _, ligne in expliquer("part_65p", "PVD-40", depot=depot).lignes()]
    assert sum(ligne.endswith(" : entière") for ligne in lignes) == 14
    assert any("aucun fichier ne porte ce chiffre" in ligne for ligne in lignes)
    medianes = [ligne for _, ligne in expliquer("ctx_med_nv", "PVD-40", depot=depot).lignes()]
    assert any("n'y a pas de valeur" in ligne for ligne in medianes)
    with pytest.raises(TerritoireInconnu, match="composition n'est gardée nulle part"):
        expliquer("part_65p", "LIB-inconnu", depot=depot)


def test_the_command_explains_a_list_of_communes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    liste = tmp_path / "liste.csv"
    liste.write_text("code\n40088\n40192\n", encoding="utf-8")
    assert executer(["expliquer", "part_65p", "--communes", str(liste)]) == 0
    assert "40192 Mont-de-Marsan : entière" in capsys.readouterr().out
    assert executer(["expliquer", "part_65p"]) == 2
    assert executer(["expliquer", "part_65p", "40088", "--communes", str(liste)]) == 2


@pytest.mark.epreuve
@pytest.mark.parametrize("code", ["40088", "244000675", "40", "97611"])
def test_each_figure_of_a_sheet_is_explained(code: str, depot: Depot) -> None:
    matiere = profiler([par_code(code)], depot=depot, jour=JOUR).matiere
    fiche = matiere.fiches[0]
    vus = 0
    for indicateur in matiere.indicateurs:
        periode = matiere.periode(indicateur.id)
        observe = matiere.observe(indicateur.id, fiche.id, periode)
        if observe is None or not observe.lisible:
            continue
        vus += 1
        explication = expliquer(
            indicateur.libelle_court, fiche.commande, periode=periode, depot=depot
        )
        imprime = texte_brut((matiere.imprimer(observe),))
        assert any(
            ligne.startswith(f"Valeur ({periode}) : {imprime}") for _, ligne in explication.lignes()
        ), (indicateur.id, imprime, [x for _, x in explication.lignes()][:4])
    assert vus >= 3
    for mesure in matiere.mesures:
        serie = matiere.serie(mesure.id, fiche.id)
        if serie and serie[0].lisible:
            lignes = [x for _, x in expliquer(mesure.libelle_court, fiche.commande).lignes()]
            assert f"Services comptés : {serie[0].value:.0f}" in lignes
