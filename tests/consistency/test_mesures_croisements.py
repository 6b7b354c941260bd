"""Mesures et croisements ne promettent que ce que les fichiers permettent."""

import pytest

from solidiag.offre.mesures import categories_de, couvertures_par_categorie, en_indicateur
from solidiag.sources.grilles import entete
from solidiag.sources.options import options_de
from solidiag.storage.depot import Depot

VOLUME = {
    "petite-enfance",
    "acces-soins-pass-renoncement",
    "hebergement-logement-dabord",
    "inclusion-numerique",
}
PRESENCE = {
    "acces-aux-droits-non-recours",
    "premier-accueil-domiciliation-aller-vers",
    "isolement-seniors-precaires",
    "reseau-pour-l-emploi",
    "insertion-activite-economique",
    "jeunes-neet-insertion",
    "mobilite-solidaire",
}
RIEN = {
    "travailleurs-pauvres",
    "aide-alimentaire",
    "surendettement-microcredit-pcb",
    "gens-du-voyage-bidonvilles",
    "eau-tarification-sociale",
}


@pytest.fixture(scope="module")
def depot() -> Depot:
    return Depot()


def test_the_reach_of_each_domain_is_the_one_that_was_established(depot: Depot) -> None:
    portees = {d: c.portee for d, c in depot.croisements.items()}
    assert list(portees) == [d.id for d in depot.grille.domaines]
    assert {d for d, p in portees.items() if p == "volume"} == VOLUME
    assert {d for d, p in portees.items() if p == "presence"} == PRESENCE


def test_the_five_domains_without_any_offer_have_no_measure(depot: Depot) -> None:
    sans = {d for d, c in depot.croisements.items() if c.etat_offre == "aucune"}
    mesures = {d for m in depot.mesures.values() for d in m.domaines}
    assert sans == RIEN
    assert not RIEN & mesures


def test_each_crossing_resolves_and_says_who_holds_the_rest(depot: Depot) -> None:
    for domaine, croisement in depot.croisements.items():
        assert croisement.detenteur, domaine
        assert croisement.manque, domaine
        assert croisement.reserve, domaine
        for besoin in filter(None, (croisement.besoin, croisement.appui)):
            assert besoin in depot.indicateurs, (domaine, besoin)
        for offre in filter(None, (croisement.offre, croisement.offre_secours)):
            assert domaine in depot.mesures[offre].domaines, (domaine, offre)
        if croisement.portee == "aucune":
            assert not croisement.offre
        else:
            assert croisement.besoin
            assert croisement.offre


def test_a_volume_is_crossed_with_a_rate_and_a_need_that_points_somewhere(depot: Depot) -> None:
    for domaine in VOLUME:
        croisement = depot.croisements[domaine]
        assert depot.mesures[croisement.offre].nature == "volume"
        assert depot.mesures[croisement.offre].unite != "nombre"
        assert depot.indicateurs[croisement.besoin].sens != "contexte"


def test_an_offer_is_never_taken_for_a_need(depot: Depot) -> None:
    d_offre = set(depot.parametres("priorites")["indicateurs_d_offre"])
    besoins = {i for c in depot.croisements.values() for i in (c.besoin, c.appui) if i}
    assert not besoins & d_offre
    assert d_offre <= set(depot.grille.indicateurs)


def test_each_measure_can_be_computed(depot: Depot) -> None:
    connues = couvertures_par_categorie(depot.sources.values())
    domaines = {d.id for d in depot.grille.domaines}
    for mesure in depot.mesures.values():
        assert set(mesure.domaines) <= domaines
        assert mesure.id not in depot.indicateurs
        if mesure.origine == "table":
            assert en_indicateur(mesure).id == mesure.id
        else:
            assert set(categories_de(mesure)) <= set(connues), mesure.id


def test_each_column_of_a_table_measure_is_in_its_file(depot: Depot) -> None:
    for mesure in depot.mesures.values():
        for lecture in mesure.lectures:
            for terme in (lecture.valeur, lecture.numerateur, lecture.denominateur, lecture.poids):
                if terme is None:
                    continue
                source, fichier = depot.fichier(terme.fichier)
                colonnes = entete(
                    depot.octets(fichier.fichier),
                    source,
                    fichier,
                    options=options_de(source, fichier),
                )
                assert set(terme.variables) <= set(colonnes), (mesure.id, terme)


def test_a_list_limited_to_bodies_with_an_email_never_proves_an_absence(depot: Depot) -> None:
    couvertures = couvertures_par_categorie(depot.sources.values())
    for mesure in depot.mesures.values():
        if mesure.origine == "services" and mesure.zero_interpretable:
            sources = {s for c in categories_de(mesure) for s in couvertures[c]}
            assert "offre.annuaire_administration" not in sources, mesure.id
