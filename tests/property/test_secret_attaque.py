"""L'attaquant ne retrouve rien : tables tirées au hasard, zonages emboîtés et croisés, versions."""

from collections.abc import Mapping

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from solidiag.confidentiality.attaque import attaquer, cumuler, retrouvees
from solidiag.confidentiality.protection import TableBrute, TableProtegee, proteger
from solidiag.confidentiality.secret import Marque, Regles
from solidiag.confidentiality.structure import (
    Cellule,
    Structure,
    croiser,
    intersections,
    modalites_et_total,
    territoires_emboites,
)
from solidiag.errors import PublicationInterdite

Table = tuple[Structure, dict[Cellule, float]]

R = Regles()
EFFECTIFS = st.one_of(st.integers(0, 14), st.integers(0, 200))


@st.composite
def tables(tirer: st.DrawFn, *, croises: bool = False) -> Table:
    """Communes × modalités, avec EPCI, département, et des cantons qui coupent les EPCI."""
    communes = tirer(st.integers(2, 7))
    modalites = ["a", "b", "c"][: tirer(st.integers(2, 3))]
    parents: dict[str, list[str]] = {}
    for i in range(communes):
        zones = [f"EPCI-{tirer(st.integers(0, 1))}", "DEP-9"]
        if croises:
            zones.append(f"CAN-{tirer(st.integers(0, 2))}")
        parents[f"COM-{i}"] = zones
    structure = croiser(territoires_emboites(parents), modalites_et_total("T", modalites))
    valeurs = dict.fromkeys(structure.cellules, 0.0)
    for commune, zones in parents.items():
        for modalite in modalites:
            n = float(tirer(EFFECTIFS))
            for territoire in (commune, *zones):
                valeurs[territoire, modalite] += n
                valeurs[territoire, "T"] += n
    return structure, valeurs


def rien_ne_fuit(
    protegee: TableProtegee, vraies: Mapping[Cellule, float], *, entiers: bool = False
) -> None:
    """Attaque avec les seules cases montrées, et compare aux vraies valeurs."""
    confondu = protegee.marques_confondues
    for d in protegee.attaquer(entiers=entiers):
        assert d.bas <= vraies[d.cellule] + 1e-6
        assert d.haut >= vraies[d.cellule] - 1e-6
        assert not d.exacte, d
        if protegee.marques.get(d.cellule) is Marque.PRIMAIRE:
            assert d.possibles >= R.valeurs_possibles, d
            if confondu:
                assert d.haut >= vraies[d.cellule] + R.seuil - 1e-4


@given(tables())
@settings(max_examples=12)
def test_nothing_is_recovered_in_nested_zonings(table: Table) -> None:
    structure, valeurs = table
    protegee = proteger(TableBrute(nom="t", valeurs=valeurs), structure, R)
    rien_ne_fuit(protegee, valeurs)
    assert all(not 0 < v < R.seuil for v in protegee.valeurs.values())


@given(tables(croises=True))
@settings(max_examples=12)
def test_nothing_is_recovered_in_crossing_zonings(table: Table) -> None:
    structure, valeurs = table
    protegee = proteger(TableBrute(nom="t", valeurs=valeurs), structure, R)
    rien_ne_fuit(protegee, valeurs)


@given(tables(croises=True))
@settings(max_examples=8)
def test_an_attacker_who_counts_whole_persons_recovers_nothing(table: Table) -> None:
    structure, valeurs = table
    protegee = proteger(TableBrute(nom="t", valeurs=valeurs), structure, R)
    rien_ne_fuit(protegee, valeurs, entiers=True)


@given(tables())
@settings(max_examples=60)
def test_without_secondary_suppression_the_attacker_often_wins(table: Table) -> None:
    # L'attaque sait gagner : dès qu'une somme n'a qu'une case cachée, elle la rend.
    structure, valeurs = table
    montrees = {c: v for c, v in valeurs.items() if not 0 < v < R.seuil}
    seules = [
        caches[0]
        for e in structure.equations
        if len(caches := [c for c in (e.total, *e.parties) if c not in montrees]) == 1
    ]
    assume(seules)
    trouvees = {d.cellule: d for d in attaquer(structure, montrees) if d.exacte}
    assert set(seules) <= set(trouvees)
    assert all(abs(d.bas - valeurs[c]) < 1e-4 for c, d in trouvees.items())


@given(tables(), st.randoms(use_true_random=False))
@settings(max_examples=12)
def test_successive_publications_leak_nothing_together(table: Table, hasard) -> None:  # type: ignore[no-untyped-def]
    """D'abord les totaux et une partie des communes, puis la table entière."""
    structure, valeurs = table
    noms = sorted({c[0] for c in valeurs if c[0].startswith("COM")})
    gardees = set(hasard.sample(noms, k=len(noms) // 2)) | {"EPCI-0", "EPCI-1", "DEP-9"}
    partielle = {c: v for c, v in valeurs.items() if c[0] in gardees}
    une = proteger(TableBrute(nom="1", valeurs=partielle), structure, R)
    try:
        deux = proteger(TableBrute(nom="2", valeurs=valeurs), structure, R, deja_publie=une.valeurs)
    except PublicationInterdite as erreur:
        # Refuser est permis ; se taire ne l'est pas.
        if "déjà" not in str(erreur):
            raise
        return
    rien_ne_fuit(deux, valeurs)
    ensemble = attaquer(deux.structure, cumuler(une.valeurs, deux.valeurs), a_priori=deux.a_priori)
    assert not [
        d for d in retrouvees(ensemble, R) if deux.marques.get(d.cellule) is Marque.PRIMAIRE
    ]


@given(
    st.lists(
        st.tuples(st.sampled_from("AB"), st.sampled_from("XYZ"), EFFECTIFS), min_size=2, max_size=8
    )
)
@settings(max_examples=12)
def test_pieces_of_two_zonings_are_not_recovered(
    communes: list[tuple[str, str, int]],
) -> None:
    # Les communes ne sont pas publiées ; seuls le sont deux zonages qui se croisent.
    axe = intersections({str(i): (e, k) for i, (e, k, _) in enumerate(communes)})
    valeurs = {(m,): 0.0 for m in axe.modalites}
    for e, k, n in communes:
        for zone in (e, k, "∩".join(sorted((e, k)))):
            valeurs[zone,] += n
    morceaux = frozenset(c for c in valeurs if "∩" in c[0])
    protegee = proteger(
        TableBrute(nom="z", valeurs=valeurs, jamais_publiees=morceaux), croiser(axe), R
    )
    for d in protegee.attaquer():
        if 0 < valeurs[d.cellule] < R.seuil:
            assert d.possibles >= R.valeurs_possibles


def test_a_cell_that_one_sum_gives_away_is_shown() -> None:
    """Une intercommunalité d'une seule commune : taire l'une quand l'autre se lit ne cache rien."""
    zones = {0: (1, 0), 1: (0, 0), 2: (0, 2), 3: (0, 0), 4: (0, 1), 5: (0, 0)}
    effectifs = {"a": (6, 0, 9, 12, 26, 0), "b": (12, 0, 3, 5, 3, 12)}
    parents = {f"COM-{i}": [f"EPCI-{e}", "DEP-9", f"CAN-{c}"] for i, (e, c) in zones.items()}
    structure = croiser(territoires_emboites(parents), modalites_et_total("T", ["a", "b"]))
    valeurs = dict.fromkeys(structure.cellules, 0.0)
    for rang, (commune, siens) in enumerate(parents.items()):
        for modalite, nombres in effectifs.items():
            for territoire in (commune, *siens):
                valeurs[territoire, modalite] += nombres[rang]
                valeurs[territoire, "T"] += nombres[rang]
    protegee = proteger(TableBrute(nom="t", valeurs=valeurs), structure, R)
    rien_ne_fuit(protegee, valeurs)
    for modalite in ("a", "b", "T"):
        vues = [(t, modalite) in protegee.valeurs for t in ("COM-0", "EPCI-1")]
        assert vues[0] == vues[1]
