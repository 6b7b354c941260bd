import polars as pl
import pytest

from solidiag.besoins.termes import Referentiel
from solidiag.besoins.tracer import lectures_possibles, tracer
from solidiag.catalogue.indicateur import Indicateur
from solidiag.errors import IndicateurInconnu
from solidiag.model.observation import TABLE_SOURCE, mettre_au_schema
from solidiag.model.origin import Retrieval

REFERENTIEL = Referentiel(
    communes=pl.DataFrame(
        {"code": ["01001", "01002"], "departement": ["01", "01"], "population": [10, 20]}
    ),
    appartenance=pl.DataFrame({"commune": ["01001", "01002"], "territoire": ["DEP-01", "DEP-01"]}),
)
BRUTE = mettre_au_schema(
    pl.DataFrame(
        [
            ("COM", "01001", "n", "2021", 4.0, "A", "exact", 2),
            ("COM", "01003", "n", "2021", None, "Q", "exact", 3),
            ("COM", "01002", "n", "2021", 6.0, "A", "exact", 4),
            ("COM", "02001", "n", "2021", 9.0, "A", "exact", 5),
            ("DEP", "01", "n", "2021", 11.0, "A", "exact", 6),
        ],
        schema=list(TABLE_SOURCE),
        orient="row",
    ),
    TABLE_SOURCE,
)
PASSAGE = pl.DataFrame(
    {
        "ancien": ["01001", "01002", "01003", "02001"],
        "nouveau": ["01001", "01002", "01002", "02001"],
        "relation": ["unchanged", "merged", "merged", "unchanged"],
    }
)


def declaration(echelle="communes"):
    valeur = {"fichier": "s/f", "variables": ["n"], "echelle": echelle}
    lectures = [
        {"niveaux": ["COM", "DEP"], "formule": "somme", "periode": periode, "valeur": valeur}
        for periode in ("2021", "2019")
    ]
    return Indicateur.model_validate(
        {
            "id": "essai", "libelle": "Essai", "libelle_court": "E", "definition": "d",
            "unite": "nombre", "sens": "contexte", "lecture": "l", "lectures": lectures,
        }
    )  # fmt: skip


def chaine(indicateur, territoire, **options):
    return tracer(
        indicateur,
        indicateur.lectures[0],
        territoire,
        brutes={"s/f": BRUTE},
        passages={"s/f": PASSAGE},
        referentiel=REFERENTIEL,
        retrievals={
            "s/f": Retrieval(
                source="s", fichier="d/f.csv", millesime="2021", licence="etalab-2.0", url="",
                retrieved_at="", sha256="0", size=1, copie="retravaillee",
                copie_note="par un tiers",
            )
        },
        **options,
    )  # fmt: skip


def test_the_chain_of_a_sum_lists_each_cell_with_its_line_and_old_code():
    terme = chaine(declaration(), "DEP-01").termes[0]
    assert [(c.ligne, c.code, c.code_courant, c.texte) for c in terme.cellules] == [
        (2, "01001", "01001", "4"),
        (3, "01003", "01002", "secret"),
        (4, "01002", "01002", "6"),
    ]
    assert terme.cellules[1].statut_cog == "merged"
    assert terme.cellules[0].fichier == "d/f.csv"


def test_the_chain_of_a_published_row_stops_at_that_row():
    terme = chaine(declaration("auto"), "DEP-01").termes[0]
    assert [(c.ligne, c.valeur) for c in terme.cellules] == [(6, 11.0)]


def test_long_lists_are_cut_and_counted():
    terme = chaine(declaration(), "DEP-01", limite=1).termes[0]
    assert (len(terme.cellules), terme.total_cellules) == (1, 3)


def test_the_latest_period_is_the_default_and_an_unknown_one_is_named():
    assert lectures_possibles(declaration(), "DEP-01")[0].periode == "2021"
    assert lectures_possibles(declaration(), "DEP-01", "2019")[0].periode == "2019"
    assert lectures_possibles(declaration(), "REG-84") == ()
    with pytest.raises(IndicateurInconnu, match="2021"):
        lectures_possibles(declaration(), "DEP-01", "1999")
