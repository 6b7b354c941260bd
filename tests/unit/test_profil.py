"""Fiche d'un territoire : rien de faux, rien de secret, ce qui manque est dit, une page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import polars as pl
import pypdfium2
import pytest

from solidiag.cli.application import executer
from solidiag.errors import TerritoireInconnu
from solidiag.geography.referentiel import Referentiel
from solidiag.geography.territoires_propres import depuis_codes
from solidiag.model.observation import AVEC_VALEUR
from solidiag.pipeline.calculs import charger_referentiel
from solidiag.pipeline.profil import Profil, calculer, par_code, profiler
from solidiag.pipeline.profil_territoires import resoudre
from solidiag.publication.document import Fort, Lien, Ligne, Nombre, contenus, parcourir, texte_brut
from solidiag.publication.francais import nombre
from solidiag.publication.profil.html import composer as composer_html
from solidiag.publication.rendus.docx import composer as composer_docx
from solidiag.publication.rendus.pdf import composer as composer_pdf
from solidiag.publication.site.lignes_html import lire_cle
from solidiag.publication.verification.attendus import jetons_attendus
from solidiag.publication.verification.jetons import ORPHELIN
from solidiag.publication.verification.papier import verifier_docx, verifier_pdf
from solidiag.storage.cache import Cache, dossier_de_cache
from solidiag.storage.depot import Depot

pytestmark = pytest.mark.xdist_group("profil")

JOUR = date(2026, 11, 24)
CAS = ("40030", "75056", "97611", "40088 40192", "PVD-40")


@pytest.fixture(scope="module")
def depot() -> Depot:
    return Depot()


@pytest.fixture(scope="module")
def referentiel(depot: Depot) -> Referentiel:
    return charger_referentiel(depot)


@pytest.fixture(scope="module")
def profils(depot: Depot) -> dict[str, Profil]:
    return {
        cas: profiler([par_code(code) for code in cas.split()], depot=depot, jour=JOUR)
        for cas in CAS
    }


def nombres(contenu: tuple[Ligne, ...]) -> Iterator[Nombre]:
    """Parcourt les nombres d'un contenu."""
    for ligne in contenu:
        if isinstance(ligne, Nombre):
            yield ligne
        elif isinstance(ligne, Fort | Lien):
            yield from nombres(ligne.contenu)


def imprimes(profil: Profil) -> list[Nombre]:
    """Renvoie tous les nombres imprimés d'une fiche."""
    blocs = [c for bloc in parcourir(profil.document.blocs) for c in contenus(bloc)]
    return [n for c in (*profil.document.couverture, *blocs) for n in nombres(c)]


def texte(profil: Profil) -> str:
    """Renvoie le texte d'une fiche."""
    blocs = [c for bloc in parcourir(profil.document.blocs) for c in contenus(bloc)]
    return "\n".join(texte_brut(c) for c in (*profil.document.couverture, *blocs))


def valeur_ecrite(ecrit: str) -> float:
    """Renvoie le nombre qu'un texte français écrit."""
    trouve = re.search(r"[−-]?\d[\d\u202f]*(?:,\d+)?", ecrit)
    assert trouve is not None, ecrit
    return float(trouve[0].replace("\u202f", "").replace(",", ".").replace("−", "-"))


@pytest.mark.parametrize("cas", CAS)
def test_each_printed_number_is_in_the_computed_table(cas: str, profils: dict[str, Profil]) -> None:
    profil = profils[cas]
    table = profil.matiere.observations.frame
    vus = imprimes(profil)
    assert len(vus) > 20
    for imprime in vus:
        cle = imprime.cle
        lignes = table.filter(
            (pl.col("indicateur") == cle.indicateur)
            & (pl.col("territoire") == cle.territoire)
            & (pl.col("periode") == cle.periode)
        )
        assert lignes.height == 1, cle
        assert lignes["status"][0] in AVEC_VALEUR
        decimales = len(imprime.texte.partition(",")[2].rstrip("\u00a0%€ minutes"))
        ecart = abs(valeur_ecrite(imprime.texte) - float(lignes[cle.champ][0]))
        assert ecart <= 0.5 * 10**-decimales + 1e-9, (imprime, lignes[cle.champ][0])


@pytest.mark.parametrize("cas", CAS)
def test_the_files_carry_the_same_numbers(cas: str, profils: dict[str, Profil]) -> None:
    document = profils[cas].document
    docx = verifier_docx(
        composer_docx(document, images={}), document, images={}, fichier="fiche.docx"
    )
    pdf = verifier_pdf(composer_pdf(document), document, fichier="fiche.pdf")
    assert docx.ecarts == ()
    assert pdf.ecarts == ()
    assert docx.lus > 50
    assert [j for j in jetons_attendus(document) if j.nature == ORPHELIN] == []


@pytest.mark.parametrize("cas", CAS)
def test_the_page_carries_each_number_with_its_key(cas: str, profils: dict[str, Profil]) -> None:
    page = composer_html(profils[cas].document).decode()
    trouves = re.findall(r'<span class="n" data-cle="([^"]+)">([^<]+)</span>', page)
    attendus = [(n.cle, n.texte) for n in imprimes(profils[cas])]
    assert [(lire_cle(cle), ecrit) for cle, ecrit in trouves] == attendus
    assert "http://" not in page.split("</style>")[1]
    assert "<script" not in page


def test_a_changed_number_is_seen(profils: dict[str, Profil]) -> None:
    document = profils["40030"].document
    octets = composer_pdf(profils["97611"].document)
    assert verifier_pdf(octets, document, fichier="fiche.pdf").ecarts


@pytest.mark.parametrize("cas", CAS)
def test_it_fits_on_one_page(cas: str, profils: dict[str, Profil]) -> None:
    assert len(pypdfium2.PdfDocument(composer_pdf(profils[cas].document))) == 1


def test_a_village_shows_nothing_secret_and_says_why(profils: dict[str, Profil]) -> None:
    profil = profils["40030"]
    table = profil.matiere.observations.frame
    secretes = table.filter((pl.col("territoire") == "COM-40030") & (pl.col("status") == "Q"))
    assert "ctx_tx_pauvrete" in secretes["indicateur"].to_list()
    assert secretes["value"].null_count() == secretes.height
    cles = {(n.cle.indicateur, n.cle.territoire, n.cle.periode) for n in imprimes(profil)}
    for ligne in secretes.iter_rows(named=True):
        assert (ligne["indicateur"], ligne["territoire"], ligne["periode"]) not in cles
    assert "permettrait de reconnaître quelqu’un" in texte(profil)


def test_a_village_does_not_show_a_share_of_three_persons(profils: dict[str, Profil]) -> None:
    locaux = {n.cle.indicateur for n in imprimes(profils["40030"]) if "COM-" in n.cle.territoire}
    assert locaux.isdisjoint({"p75_seules", "fam_mono", "part_65p", "dpe_fg", "defm_abc"})
    assert "Non montré sous 200 habitants" in texte(profils["40030"])


def test_paris_is_not_said_merged(profils: dict[str, Profil]) -> None:
    assert "fusionnée" not in texte(profils["75056"])
    assert "arrondissement municipal seulement" in texte(profils["75056"])


def test_mayotte_says_what_is_out_of_scope_and_never_zero(profils: dict[str, Profil]) -> None:
    dit = texte(profils["97611"])
    assert "Territoire hors du champ de la source" in dit
    cles = [n for n in imprimes(profils["97611"]) if n.cle.territoire == "COM-97611"]
    assert not [n for n in cles if n.cle.indicateur == "ctx_tx_pauvrete"]


def test_two_territories_are_never_ranked(profils: dict[str, Profil]) -> None:
    dit = texte(profils["40088 40192"]).lower()
    for mot in ("meilleur", "pire", "rang", "premier", "dernier"):
        assert re.search(rf"\b{mot}\b", dit) is None
    periodes = [n for n in imprimes(profils["40088 40192"]) if n.cle.indicateur == "ctx_pop"]
    assert len({n.cle.periode for n in periodes}) == 1


def test_a_median_of_a_zonage_is_not_averaged(profils: dict[str, Profil]) -> None:
    table = profils["PVD-40"].matiere.observations.frame
    lignes = table.filter(
        (pl.col("territoire") == "LIB-PVD-40")
        & pl.col("indicateur").is_in(["ctx_med_nv", "ctx_tx_pauvrete"])
    )
    assert lignes["value"].null_count() == lignes.height > 0
    assert lignes["motif"].str.starts_with("non agrégeable").all()


@pytest.mark.parametrize("epci", ["244000675", "200035541"])
def test_all_the_communes_of_an_epci_make_the_epci(
    epci: str, depot: Depot, referentiel: Referentiel
) -> None:
    propre = depuis_codes(referentiel.communes_de(f"EPCI-{epci}"), referentiel)
    indicateurs = [depot.indicateurs[i] for i in ("ctx_pop", "part_65p", "fam_mono", "apl_mg")]
    observations, _ = calculer(
        indicateurs,
        depot,
        referentiel,
        territoires=[f"EPCI-{epci}", propre.id],
        propres=[propre],
        cache=Cache(dossier_de_cache()),
    )
    pivot = observations.pivot(
        on="territoire", index=["indicateur", "periode"], values=["value", "numerateur"]
    )
    connus = pivot.filter(pl.col(f"value_EPCI-{epci}").is_not_null())
    assert connus.height >= 4
    for nom in ("value", "numerateur"):
        ici, la = connus[f"{nom}_EPCI-{epci}"], connus[f"{nom}_{propre.id}"]
        assert ici.is_null().to_list() == la.is_null().to_list()
        assert ((ici - la).abs().fill_null(0) < 1e-9 * (1 + ici.abs().fill_null(0))).all()


def test_a_half_commune_counts_for_half(depot: Depot, referentiel: Referentiel) -> None:
    from dataclasses import replace

    entier = depuis_codes(["40088"], referentiel, code="entier")
    moitie = replace(entier, code="moitie", parts={"40088": 0.5})
    observations, _ = calculer(
        [depot.indicateurs["ctx_pop"], depot.indicateurs["part_65p"]],
        depot,
        referentiel,
        territoires=[entier.id, moitie.id],
        propres=[entier, moitie],
        cache=Cache(dossier_de_cache()),
    )
    lues = {
        (i, t): (v, s)
        for i, t, v, s in observations.filter(pl.col("periode").is_in(["2023", "2022"]))
        .filter((pl.col("indicateur") != "ctx_pop") | (pl.col("periode") == "2023"))
        .select("indicateur", "territoire", "value", "status")
        .iter_rows()
    }
    assert lues["ctx_pop", "LIB-moitie"] == (lues["ctx_pop", "LIB-entier"][0] / 2, "E")
    taux = lues["part_65p", "LIB-moitie"]
    assert taux[0] == pytest.approx(lues["part_65p", "LIB-entier"][0])
    assert taux[1] == "E"


@pytest.mark.parametrize(
    ("ecrit", "identifiant", "communes"),
    [
        ("Dax", "COM-40088", 1),
        ("40009", "COM-40197", 1),
        ("2A004", "COM-2A004", 1),
        ("CAN-4001", "LIB-CAN-4001", 35),
        ("PVD-40", "LIB-PVD-40", 14),
        ("fr", "FR-FR", 34875),
    ],
)
def test_what_a_person_writes_is_understood(
    ecrit: str, identifiant: str, communes: int, depot: Depot, referentiel: Referentiel
) -> None:
    sujet = resoudre(ecrit, referentiel, depot.octets)
    assert sujet.id == identifiant
    assert len(sujet.parts) == communes


@pytest.mark.parametrize("ecrit", ["CAN-9999", "00000", "PVD-75056", "rien du tout"])
def test_an_unknown_territory_is_refused(
    ecrit: str, depot: Depot, referentiel: Referentiel
) -> None:
    with pytest.raises(TerritoireInconnu):
        resoudre(ecrit, referentiel, depot.octets)


def test_the_command_prints_and_writes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    dossier = tmp_path / "fiche"
    arguments = ["profil", "40030", "--vers", str(dossier), "--formats", "texte,html"]
    assert executer(arguments) == 0
    sortie = capsys.readouterr().out
    assert "Profil de Baudignan" in sortie
    assert nombre(433570) in sortie
    assert (dossier / "profil-40030.html").is_file()
    assert executer(["profil"]) == 2


def test_the_parameters_only_name_what_is_declared(depot: Depot) -> None:
    parametres = depot.parametres("profil")
    ids = [choix["id"] for choix in parametres["indicateurs"]]
    assert 12 <= len(ids) <= 16
    assert {choix["groupe"] for choix in parametres["indicateurs"]} == {"socle", "1", "2", "3", "4"}
    assert set(ids) <= set(depot.indicateurs)
    assert set(parametres["montres_toujours"]) <= set(ids)
    assert set(parametres["services"]) <= set(depot.mesures)
    assert set(parametres["secret"]) <= set(depot.sources)
    assert set(parametres["explications"]) == {"Q", "O", "L", "M"}
    for domaine in parametres["a_demander"]:
        assert depot.grille.domaine(domaine)
