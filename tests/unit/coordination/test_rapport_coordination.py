"""Le chapitre de la coordination : il accorde ses phrases et ne dit pas plus qu'il ne sait."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import polars as pl
import pytest

from solidiag.model.coordination import TABLES_COORDINATION
from solidiag.model.territoire import Niveau, Territoire
from solidiag.offre.coordination.registre import en_table
from solidiag.publication.document import Cellule, Nombre, Tableau, Texte
from solidiag.publication.rapport.coordination import acteurs_constates, chapitre_coordination

MARSAN, DAX, LANDES = "EPCI-244000808", "EPCI-244000675", "DEP-40"
PUBLIC = {"provenance": "public", "source": "essai"}


def matiere(**tables: list[dict[str, Any]]) -> Any:
    """Matière réduite à ce que le chapitre lit."""
    domaines = [
        SimpleNamespace(id="petite-enfance", libelle="Petite enfance", pilote="Caf"),
        SimpleNamespace(id="eau", libelle="Eau", pilote=""),
    ]
    departement = Territoire(niveau=Niveau.DEPARTEMENT, code="40", nom="Landes", tncc=4)
    return SimpleNamespace(
        departement=departement,
        epci=(MARSAN, DAX),
        grille=SimpleNamespace(domaines=domaines),
        types_de_dispositifs={},
        nom=lambda identifiant: f"nom de {identifiant}",
        coordination={
            nom: SimpleNamespace(frame=en_table(tables.get(nom, []), schema))
            for nom, schema in TABLES_COORDINATION.items()
        },
    )


def texte(lignes: Any) -> str:
    return "".join(ligne.texte for ligne in lignes).replace("\u00a0", " ")


def cellules(tableau: Tableau) -> list[list[str]]:
    def contenu(cellule: Cellule) -> str:
        return texte(cellule.contenu)

    return [[contenu(cellule) for cellule in rangee] for rangee in tableau.lignes]


def blocs(**tables: list[dict[str, Any]]) -> list[Any]:
    return list(chapitre_coordination(matiere(**tables)))


def tableau(lus: list[Any], identifiant: str) -> Tableau:
    return next(b for b in lus if isinstance(b, Tableau) and b.id == identifiant)


def phrases(lus: list[Any]) -> str:
    return " ".join(texte(b.contenu) for b in lus if hasattr(b, "contenu"))


def dispositif(cle: str, **champs: Any) -> dict[str, Any]:
    return {"id": cle, "type": "autre", "nom": cle, "hors_champ": False, **PUBLIC, **champs}


def sommet(acteur: str, **champs: Any) -> dict[str, Any]:
    return {
        "acteur": acteur,
        "liens": 1,
        "domaines": 0,
        "intermediarite": 0.0,
        "seul_pont": False,
        "separes": [],
        **champs,
    }


@pytest.mark.parametrize("nombre", [0, 1, 2])
def test_les_phrases_s_accordent_avec_leurs_nombres(nombre: int) -> None:
    dits = phrases(
        blocs(
            dispositifs=[dispositif(f"d{i}", domaines=["eau"]) for i in range(nombre)],
            reseau=[sommet(f"a{i}", seul_pont=True, separes=["z"]) for i in range(nombre)],
            constats=[
                {"genre": "trou", "domaine": "eau", "territoire": t} for t in (MARSAN, DAX)[:nombre]
            ],
        )
    )
    portent = "s portent" if nombre > 1 else " porte"
    assert f"{nombre} dispositif{portent} un domaine de la grille et {nombre} acteur" in dits
    if nombre == 1:
        assert "1 acteur en a au moins un ; 1 est, d'après ces seuls liens, le seul pont" in dits
        assert "Dans 1 couple d'un domaine" in dits
    if nombre == 2:
        assert "2 acteurs en ont au moins un ; 2 sont, d'après ces seuls liens" in dits
        assert "Dans 2 couples d'un domaine" in dits


def test_un_dispositif_saisi_sans_territoire_ni_domaine_se_lit() -> None:
    lus = blocs(dispositifs=[dispositif("pacte", territoires=None, domaines=None)], roles=ROLES)
    assert "dont le domaine n'est pas dit, non comptés : pacte." in phrases(lus)
    assert cellules(tableau(lus, "tab-roles"))[1][4] == "inconnus"


ROLES = [
    {
        "domaine": "petite-enfance",
        "territoire": MARSAN,
        "acteur": "caf",
        "role": "accueille",
        "nombre": 1,
        "provenance": "public",
    }
]


def test_le_departement_n_est_pas_une_intercommunalite_de_plus() -> None:
    constats = [{"genre": "trou", "domaine": "eau", "territoire": t} for t in (MARSAN, DAX, LANDES)]
    assert "Dans 2 couples d'un domaine et d'une intercommunalité" in phrases(
        blocs(constats=constats)
    )


def etape(domaine: str, dit: str, etat: str) -> dict[str, Any]:
    return {"territoire": MARSAN, "domaine": domaine, "etape": dit, "etat": etat}


def test_les_etapes_du_parcours_s_accordent_avec_le_premier_maillon() -> None:
    presence = {
        "territoire": MARSAN,
        "agences": 1,
        "liens": 0,
        "maillon": "orientation",
        "maillon_etat": "absent",
    }
    lus = blocs(
        france_travail=[presence],
        parcours=[
            etape("eau", "orientation", "etabli"),
            etape("petite-enfance", "orientation", "absent"),
        ],
    )
    rangee = cellules(tableau(lus, "tab-france-travail"))[0]
    assert rangee[3:] == ["non", "?", "?", "?", "orientation (absent)"]


def test_un_maillon_que_personne_ne_decrit_n_est_pas_dit_manquant() -> None:
    presence = {
        "territoire": MARSAN,
        "agences": 1,
        "liens": 0,
        "maillon": "diagnostic",
        "maillon_etat": "inconnu",
    }
    lus = blocs(france_travail=[presence], parcours=[etape("eau", "orientation", "etabli")])
    table = tableau(lus, "tab-france-travail")
    assert cellules(table)[0][-1] == "diagnostic (inconnu)"
    assert "manquant" not in table.colonnes[-1].entete


def test_les_fins_gardent_l_ordre_du_calcul_et_se_lisent_en_francais() -> None:
    fins = ["2026-03-31", "2026-10", "2026"]
    lus = blocs(
        constats=[
            {"genre": "echeance", "objet": f"fin {f}", "date": f, "confiance": "etabli"}
            for f in fins
        ]
    )
    dates = [rangee[0] for rangee in cellules(tableau(lus, "tab-echeances"))]
    assert dates == ["31/03/2026", "10/2026", "2026"]


def test_tout_nombre_du_chapitre_porte_une_cle_de_ses_tables() -> None:
    lus = blocs(
        dispositifs=[dispositif("a", territoires=[MARSAN], domaines=["eau"])],
        reseau=[sommet("x", liens=2), sommet("y", seul_pont=True, separes=["x"])],
        france_travail=[{"territoire": LANDES, "agences": 0, "liens": 0}],
        roles=ROLES,
    )
    lignes = [x for b in lus for x in getattr(b, "contenu", ())]
    lignes += [
        x for b in lus if isinstance(b, Tableau) for r in b.lignes for c in r for x in c.contenu
    ]
    nombres = [x for x in lignes if isinstance(x, Nombre)]
    assert len(nombres) >= 8
    assert {n.cle.table for n in nombres} == {"coordination"}
    nus = [x.texte for x in lignes if isinstance(x, Texte) and any(map(str.isdigit, x.texte))]
    assert nus == []


def test_une_table_absente_est_vide() -> None:
    sans = matiere()
    vide = pl.DataFrame(schema={"genre": pl.String})
    sans.coordination = {"constats": SimpleNamespace(frame=vide)}
    assert "0 dispositif porte un domaine de la grille et 0 acteur" in phrases(
        list(chapitre_coordination(sans))
    )


def test_la_liste_des_agences_est_datee_si_sa_date_est_connue() -> None:
    ligne = {"territoire": LANDES, "agences": 4, "liens": 0}
    sans = tableau(blocs(france_travail=[ligne]), "tab-france-travail").notes
    datee = [{**ligne, "date_source": "2019-06"}]
    avec = tableau(blocs(france_travail=datee), "tab-france-travail").notes
    assert [texte(note) for note in avec] == [
        "Agences : la source la plus récente est datée de 06/2019.",
        *(texte(note) for note in sans),
    ]


def test_on_ne_parle_d_intercommunalites_absentes_que_s_il_y_en_a() -> None:
    lignes = [{"territoire": t, "agences": 1, "liens": 0} for t in (LANDES, MARSAN, DAX)]
    dites = [texte(n) for n in tableau(blocs(france_travail=lignes), "tab-france-travail").notes]
    assert len(dites) == 1
    assert dites[0].startswith("Orientation, diagnostic")
    lignes[2]["agences"] = 0
    dites = [texte(n) for n in tableau(blocs(france_travail=lignes), "tab-france-travail").notes]
    assert dites[0].startswith("Les intercommunalités absentes du tableau")


def test_la_periode_d_un_dispositif_public_n_est_pas_celle_du_contrat_signe() -> None:
    ici = {"territoires": [MARSAN], "domaines": ["eau"]}
    lus = blocs(dispositifs=[dispositif("a", **ici, debut="2024", fin="2030")])
    note = texte(tableau(lus, "tab-dispositifs").notes[0])
    assert note == (
        "Un fichier public dit où un dispositif s'applique. Sa période est alors celle d'un texte "
        "national, à vérifier pour ce qui est signé ici."
    )


GABARIT = {"provenance": "gabarit", "source": "classeur", "date_source": "2026-10"}


def test_ce_que_le_classeur_dit_est_imprime_et_dit_d_ou_il_vient() -> None:
    action = {"id": "a1", "nom": "Prêt de scooters", "domaine": "eau", "acteur": "asso",
              "publics": ["jeunes"], "territoires": [MARSAN], "debut": "2025", "fin": "2027-12-31",
              "budget": 12500.0, **GABARIT}  # fmt: skip
    lien = {"acteur_a": "asso", "acteur_b": "ft", "type": "orientation", "mode": "telephone",
            "domaine": "eau", **GABARIT}  # fmt: skip
    contrat = {"id": "ctg", "type": "autre", "nom": "CTG", "hors_champ": False, "pilote": "asso",
               "budget": 9000.0, "domaines": ["eau"], **GABARIT}  # fmt: skip
    lus = blocs(
        acteurs=[{"id": "asso", "nom": "Association fictive"}, {"id": "ft", "nom": "Agence"}],
        actions=[{**action, "id": f"a{i}"} for i in range(22)],
        liens=[lien],
        dispositifs=[contrat],
    )
    source = "d'après le classeur rempli (10/2026)"
    actions = tableau(lus, "tab-actions")
    assert len(actions.lignes) == 20
    assert cellules(actions)[0] == [
        "Prêt de scooters", "Eau", "Association fictive", f"jeunes ; nom de {MARSAN}", "2025-2027",
        "12\u202f500 €", source,
    ]  # fmt: skip
    assert texte(actions.notes[1]) == "2 autres lignes sont dans coordination_actions.csv."
    assert cellules(tableau(lus, "tab-orientations"))[0] == [
        "Association fictive", "Agence", "orientation", "téléphone", "Eau", source,
    ]  # fmt: skip
    assert cellules(tableau(lus, "tab-dispositifs"))[0][3:] == [
        "Association fictive", "9\u202f000 €", source,
    ]  # fmt: skip


def test_un_contrat_decrit_deux_fois_ou_cite_par_son_code_ne_compte_qu_une_fois() -> None:
    eau = {"domaines": ["eau"]}
    lus = blocs(
        dispositifs=[
            dispositif("cv", **eau, remarque="décrit aussi dans le classeur"),
            {**dispositif("cv-saisi", **eau), **GABARIT},
            dispositif("contrat-de-ville-cv132", **eau),
        ]
    )
    assert "1 dispositif porte" in phrases(lus)
    assert [rangee[0] for rangee in cellules(tableau(lus, "tab-dispositifs"))] == ["cv-saisi"]
    assert "sans doute les mêmes" in phrases(lus)


def test_des_lieux_partages_ne_font_ni_pont_ni_part_des_chemins() -> None:
    muets = {"intermediarite": None, "seul_pont": None, "separes": None}
    lus = blocs(reseau=[sommet("x", **muets), sommet("y", **muets)])
    assert "Lieux partagés et cofinancements" in phrases(lus)
    assert len(tableau(lus, "tab-reseau").colonnes) == 3
    assert "pont" not in phrases(lus)
    assert "2 acteurs partagent un lieu ou un financement" in phrases(lus)


def test_les_acteurs_constates_ne_sont_pas_ceux_que_les_textes_prevoient() -> None:
    prevu = {**ROLES[0], "acteur": "departement", "provenance": "texte"}
    assert acteurs_constates(matiere(roles=[*ROLES, prevu])) == {"petite-enfance": {"caf"}}


def test_une_institution_garde_son_nom_quand_le_classeur_la_nomme_autrement() -> None:
    acteurs = [
        {"id": "ft", "nom": "France Travail", **PUBLIC},
        {"id": "ft", "nom": "FT", **GABARIT},
    ]
    lien = {"acteur_a": "ft", "acteur_b": "x", "type": "orientation", **GABARIT}
    lus = blocs(acteurs=acteurs, liens=[lien])
    assert cellules(tableau(lus, "tab-orientations"))[0][0] == "France Travail"
