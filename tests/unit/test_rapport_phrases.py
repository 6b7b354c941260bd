"""Phrases par règle : verdict, sens, accords, et jamais six fois la même."""

import datetime

import pytest

from solidiag.catalogue.indicateur import Indicateur
from solidiag.publication.document import Texte, texte_brut
from solidiag.publication.matiere import Observe
from solidiag.publication.rapport.accords import Accord, accord_commun, accord_de, que
from solidiag.publication.rapport.expressions import a_la_date, entre_dates
from solidiag.publication.rapport.faits import Fait, Repere, grouper
from solidiag.publication.rapport.formes import formes_autres, formes_situation, formes_tendance
from solidiag.publication.rapport.gabarits import MAXIMUM, Masque, Plume, phrases_de

FRANCE = Repere("qu'en France", "de la France", "la France", "en France")


def declarer(identifiant, sujet, **changes):
    return Indicateur.model_validate(
        {
            "id": identifiant, "libelle": sujet, "libelle_court": sujet, "definition": "e",
            "unite": "percent", "sens": "plus_haut_est_plus_fragile", "lecture": "e",
            "sujet": sujet,
            "lectures": [{"niveaux": ["DEP"], "formule": "publie", "periode": "2021",
                          "valeur": {"fichier": "s/f", "variables": ["v"]}}],
        } | changes
    )  # fmt: skip


def fait(sujet="le taux", *, verdict="plus_haut", nette=True, lecture="plus_fragile", **changes):
    indicateur = declarer(sujet, sujet, **changes.pop("indicateur", {}))
    observe = Observe(
        sujet, "DEP-1", changes.pop("periode", "2021"), indicateur.unite, 12.0, None, None, None,
        None, "A", "exact", None, None, None, None,
    )  # fmt: skip
    ligne = {"verdict": verdict, "nette": nette, "lecture": lecture}
    return Fait(
        indicateur=indicateur,
        observe=observe,
        valeur=Texte("12,0 %"),
        comparaisons={"FR": ligne},
        reference_valeurs={"FR": Texte("10,0 %")},
        **changes,
    )


def dire(*faits, reference="FR"):
    formes = formes_situation(faits, reference, lieu="dans les Landes", dit=FRANCE)
    return [texte_brut(f) for f in formes]


def test_a_clear_gap_says_so_in_every_form_and_gives_both_values():
    for phrase in dire(fait()):
        assert "de façon nette" in phrase
        assert "12,0 %" in phrase
        assert "10,0 %" in phrase
        assert "plus" in phrase


def test_a_gap_without_margin_is_never_said_clear():
    for phrase in dire(fait(nette=False)):
        assert "nette" not in phrase


@pytest.mark.parametrize("verdict", ["proche", "non_concluant"])
def test_a_close_or_inconclusive_value_is_said_neither_higher_nor_lower(verdict):
    phrases = dire(fait(verdict=verdict, nette=False, lecture="neutre"))
    assert phrases
    for phrase in phrases:
        assert "plus élevé" not in phrase
        assert "plus bas" not in phrase
        assert "fragil" not in phrase


def test_the_reading_of_a_lower_value_follows_the_direction_of_the_indicator():
    revenu = fait(verdict="plus_bas", lecture="plus_fragile")
    assert "signe de fragilité" in dire(revenu)[0]
    neutre = fait(verdict="plus_bas", lecture="neutre")
    assert not any("fragil" in phrase for phrase in dire(neutre))


def test_agreement_of_one_and_several_subjects():
    assert "plus élevée" in dire(fait("la part"))[0]
    ensemble = dire(fait("la part"), fait("l'accessibilité"))
    assert "sont plus élevées" in ensemble[0]
    assert "sont plus élevés" in dire(fait("la part"), fait("le taux"))[0]
    assert accord_commun([Accord(feminin=True), Accord()]) == Accord(pluriel=True)
    assert not accord_de("l’indice moyen").feminin


def test_facts_of_different_verdicts_are_not_in_one_sentence():
    groupes = grouper(
        [fait("le taux"), fait("la part", verdict="plus_bas"), fait("l'indice")], ("FR",)
    )
    assert [[f.indicateur.id for f in membres] for _, membres in groupes] == [
        ["le taux", "l'indice"],
        ["la part"],
    ]


def test_without_a_comparable_reference_none_is_invented():
    seul = fait(verdict="non_comparable", nette=False, lecture="neutre")
    assert seul.principale(("FR",)) == ""
    for phrase in dire(seul, reference=""):
        assert "10,0 %" not in phrase


def test_other_references_are_said_without_numbers():
    formes = formes_autres([fait(), fait("la part", verdict="proche")], "FR", dit=FRANCE)
    for forme in formes:
        assert "%" not in texte_brut(forme)
    assert texte_brut(formes[0]) == (
        "Par rapport à la France, le taux est plus élevé, de façon nette ; la part diffère peu."
    )


def test_a_short_series_says_nothing_and_a_nominal_rise_says_current_euros():
    courte = {"verdict": "serie_courte", "debut": "2019", "fin": "2021"}
    assert formes_tendance(fait(tendance=courte), lieu="à Dax") == ()
    hausse = {"verdict": "hausse", "debut": "2014", "fin": "2021"}
    euros = fait(tendance=hausse, indicateur={"unite": "euro"})
    for forme in formes_tendance(euros, lieu="à Dax"):
        assert "euros courants" in texte_brut(forme)


def test_dates_are_written_as_one_says_them():
    assert texte_brut(a_la_date("2024-T4", initiale=True)) == "Au 4e trimestre 2024"
    assert texte_brut(a_la_date("2021")) == "en 2021"
    assert texte_brut(entre_dates("2009-T4", "2024-T4")) == (
        "entre le 4e trimestre 2009 et le 4e trimestre 2024"
    )


@pytest.mark.parametrize(
    ("lieu", "attendu"),
    [("à La Réunion", "qu'à La Réunion"), ("dans le Grand Est", "que dans le Grand Est")],
)
def test_que_is_elided(lieu, attendu):
    assert que(lieu) == attendu


def test_the_mask_folds_numbers_names_and_agreement():
    masque = Masque(["le taux", "la part", "Dax"])
    un = masque.gabarit("Le taux (12,0 %) et la part (1 200) sont plus élevés à Dax qu’en 2019.")
    assert un == masque.gabarit("La part (3,5 %) est plus élevée à Dax qu'en 2021.").replace(
        "X (#) est", "X est"
    )


def test_the_pen_varies_and_stops_at_the_maximum():
    plume = Plume(Masque(["A", "Bé"]))
    formes = [(Texte("Bé monte."),), (Texte("On voit monter Bé."),)]
    ecrites = [plume.ecrire(*formes) for _ in range(2 * MAXIMUM)]
    assert all(e is not None for e in ecrites)
    assert len({texte_brut(e) for e in ecrites[:2] if e}) == 2
    assert plume.ecrire(*formes) is None


def test_sentences_are_cut_at_full_stops_only():
    texte = "Un taux de 3,5 % (2021). Il est bas ; c'est un fait. « Secret » : protégé."
    assert len(phrases_de(texte)) == 3


@pytest.fixture(scope="module")
def rapport_90(cache_a_part):
    return _rapport("90", cache_a_part)


def _rapport(code, cache):
    from solidiag.pipeline.calculs import preparer
    from solidiag.pipeline.suivi import Muet
    from solidiag.publication.rapport.construire import construire_rapport
    from solidiag.storage.cache import Cache
    from solidiag.storage.depot import Depot

    matiere = preparer(
        code,
        depot=Depot.embarque(),
        cache=Cache(cache),
        suivi=Muet(),
        jour=datetime.date(2026, 11, 24),
    )
    return matiere, construire_rapport(matiere)


def _controler(matiere, document):
    """Phrases des paragraphes (normal, brouillon, chapeau), encadrés compris.

    Ni titres, ni notes, ni listes, ni cellules, ni légendes, ni sources.
    """
    from solidiag.publication.rapport.gabarits import compter_gabarits, masque_de

    comptes = compter_gabarits(document, masque_de(matiere))
    assert sum(comptes.values()) > 100
    trop = {gabarit: n for gabarit, n in comptes.items() if n > MAXIMUM}
    assert trop == {}


@pytest.mark.xdist_group("diagnostic")
def test_no_sentence_template_appears_more_than_five_times(rapport_90):
    _controler(*rapport_90)


@pytest.mark.xdist_group("diagnostic")
def test_every_comparison_of_the_report_has_its_reason_or_its_reference(rapport_90):
    matiere, _ = rapport_90
    for ligne in matiere.comparaisons.frame.iter_rows(named=True):
        if ligne["verdict"] == "non_comparable":
            assert ligne["motif"], ligne
            assert ligne["reference_valeur"] is None
        else:
            assert ligne["reference_valeur"] is not None, ligne
        if ligne["nette"]:
            assert ligne["verdict"] in ("plus_haut", "plus_bas")
        if ligne["p_ajustee"] is not None:
            assert ligne["p_ajustee"] >= ligne["p_valeur"] - 1e-12


@pytest.mark.epreuve
@pytest.mark.parametrize("code", ["40", "974"])
def test_no_sentence_template_appears_more_than_five_times_elsewhere(code, cache_a_part):
    _controler(*_rapport(code, cache_a_part))
