"""Importer un fichier : ce qui est dit, ajouté, refusé ; le diagnostic emploie l'ajout."""

from __future__ import annotations

import gzip
import io
import stat
import sys
import zipfile
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest
import yaml

from solidiag.catalogue.gabarit import Telechargement
from solidiag.cli import main
from solidiag.errors import (
    DeclarationInvalide,
    FichierRefuse,
    PublicationInterdite,
    RecuperationImpossible,
)
from solidiag.geography.referentiel import Referentiel
from solidiag.pipeline.actualisation import mettre_a_jour
from solidiag.pipeline.calculs import (
    calculer_indicateurs,
    charger_referentiel,
    territoires_du_diagnostic,
)
from solidiag.pipeline.explication import expliquer
from solidiag.pipeline.importation import ajouter, controler_fichiers, examiner, territoires_connus
from solidiag.pipeline.partenaires import parents_des_communes, publier_observations
from solidiag.pipeline.tables_personnelles import (
    ajouter_table,
    ecrire_modele,
    examiner_table,
    lire_declaration,
)
from solidiag.sources.contenants import ouvrir
from solidiag.sources.grilles import lire_grille
from solidiag.sources.options import Options
from solidiag.sources.protocoles.recu import Recuperation
from solidiag.sources.reparations import Connus
from solidiag.storage.cache import Cache
from solidiag.storage.depot import Depot, empreinte

Partenaire = tuple[Depot, pl.DataFrame, Referentiel]

JOUR = date(2026, 11, 24)
ENTETE = "CODGEO;NBMENFISC22;NBPERSMENFISC22;MED22;TP6022;PPMINI22;D122;D922"
LIGNES = "40192;14000;30000;21500;16,5;2,1;11000;38000\n40088;9000;20000;22100;s;1,9;11500;39000"
FILOSOFI = f"{ENTETE}\n{LIGNES}\n".encode()


@pytest.fixture(scope="module")
def connus() -> Connus:
    return territoires_connus(charger_referentiel(Depot.embarque()))


def importer(tmp_path: Path, octets: bytes, connus: Connus, *, nom: str = "x.csv") -> Depot:
    chemin = tmp_path / nom
    chemin.write_bytes(octets)
    depot = Depot(ajouts=tmp_path / "donnees")
    ajouter(examiner(chemin, depot=depot, connus=connus), depot=depot, jour=JOUR)
    return Depot(ajouts=tmp_path / "donnees")


def test_an_official_file_is_used_down_to_the_right_cell(tmp_path: Path, connus: Connus) -> None:
    depot = importer(tmp_path, ("Titre\n\n" + FILOSOFI.decode()).encode("cp1252"), connus)
    texte = str(expliquer("ctx_tx_pauvrete", "40192", depot=depot, cache=Cache(None)).contenu)
    assert "Valeur (2022)" in texte
    assert "ligne 4, colonne TP6022, code 40192 : « 16,5 »" in texte
    secret = str(expliquer("ctx_tx_pauvrete", "40088", depot=depot, cache=Cache(None)).contenu)
    assert "secret" in secret


def test_the_archive_as_received_is_kept_and_read(tmp_path: Path, connus: Connus) -> None:
    tampon = io.BytesIO()
    with zipfile.ZipFile(tampon, "w") as sortie:
        sortie.writestr("notice.txt", "Lisez-moi")
        sortie.writestr("d/cc_filosofi.csv", FILOSOFI)
    depot = importer(tmp_path, tampon.getvalue(), connus, nom="x.zip")
    source = depot.sources["ajout.insee.filosofi1.communes.2022"]
    assert depot.octets(source.fichiers[0].fichier) == tampon.getvalue()
    texte = str(expliquer("ctx_med_nv", "40192", depot=depot, cache=Cache(None)).contenu)
    assert "ligne 2, colonne MED22" in texte


def test_the_same_file_twice_changes_nothing(tmp_path: Path, connus: Connus) -> None:
    depot = importer(tmp_path, FILOSOFI, connus)
    examen = examiner(tmp_path / "x.csv", depot=depot, connus=connus)
    (resultat,) = ajouter(examen, depot=depot, jour=JOUR)
    assert resultat.deja
    assert not (tmp_path / "donnees" / "anciens").exists()


def test_an_altered_addition_is_said_then_repaired_by_a_new_import(
    tmp_path: Path, connus: Connus
) -> None:
    depot = importer(tmp_path, FILOSOFI, connus)
    chemin = depot.sources["ajout.insee.filosofi1.communes.2022"].fichiers[0].fichier
    (tmp_path / "donnees" / chemin).write_bytes(FILOSOFI.replace(b"16,5", b"61,5"))
    (faute,) = controler_fichiers(Depot(ajouts=tmp_path / "donnees")).fautes
    assert "solidiag sources importer" in faute
    assert controler_fichiers(importer(tmp_path, FILOSOFI, connus)).fautes == ()


@pytest.mark.parametrize(
    ("octets", "attendu"),
    [
        (b"", "vide"),
        (b"%PDF-1.7", "PDF"),
        (b"<html></html>", "page web"),
        (gzip.compress(FILOSOFI)[:-9], "tronqué"),
        (gzip.compress(b"0" * (100 << 20)), "piégée"),
        (FILOSOFI.replace(b"TP6022;", b"").replace(b"16,5;", b""), "TP60aa"),
        (FILOSOFI.replace(b"40192", b"1,001E+04"), "tableur"),
        (b"a;b\n1;2\n", "--indicateur"),
        (bytes(range(256)) * 40, "ni un tableau"),
    ],
)
def test_a_refusal_says_what_to_do_and_changes_nothing(
    tmp_path: Path, octets: bytes, attendu: str, connus: Connus
) -> None:
    with pytest.raises(FichierRefuse, match=attendu):
        importer(tmp_path, octets, connus)
    assert not (tmp_path / "donnees").exists()


@pytest.mark.parametrize("nom", ["../x.csv", "/etc/x.csv", "C:/x.csv", "a/../../x.csv"])
def test_a_member_that_leaves_the_archive_is_refused(nom: str) -> None:
    tampon = io.BytesIO()
    with zipfile.ZipFile(tampon, "w") as sortie:
        sortie.writestr(nom, FILOSOFI)
    with pytest.raises(FichierRefuse, match="en sort"):
        ouvrir(tampon.getvalue(), "x.zip")


def test_a_word_document_is_said_such() -> None:
    tampon = io.BytesIO()
    with zipfile.ZipFile(tampon, "w") as sortie:
        sortie.writestr("[Content_Types].xml", "<x/>")
        sortie.writestr("word/document.xml", "<x/>")
    with pytest.raises(FichierRefuse, match="document Word"):
        ouvrir(tampon.getvalue(), "x.docx")


def test_an_older_vintage_than_the_embedded_one_is_said(tmp_path: Path, connus: Connus) -> None:
    ancien = FILOSOFI.replace(b"22;", b"15;").replace(b"D922", b"D915")
    (tmp_path / "x.csv").write_bytes(ancien)
    (tmp_path / "y.csv").write_bytes(FILOSOFI.replace(b"22;", b"25;").replace(b"D922", b"D925"))
    depot = Depot.embarque()
    (vieux,) = examiner(tmp_path / "x.csv", depot=depot, connus=connus).parties
    (neuf,) = examiner(tmp_path / "y.csv", depot=depot, connus=connus).parties
    assert "ne servira qu'aux séries" in " ".join(vieux.remarques)
    assert "ne servira qu'aux séries" not in " ".join(neuf.remarques)


def test_an_archive_in_an_archive_or_with_a_password_is_refused() -> None:
    dedans = io.BytesIO()
    with zipfile.ZipFile(dedans, "w") as sortie:
        sortie.writestr("x.csv", FILOSOFI)
    dehors = io.BytesIO()
    with zipfile.ZipFile(dehors, "w") as sortie:
        sortie.writestr("x.bin", dedans.getvalue())
    with pytest.raises(FichierRefuse, match="en contient une autre"):
        ouvrir(dehors.getvalue(), "x.zip")
    chiffre = bytearray(dedans.getvalue())
    chiffre[chiffre.find(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(FichierRefuse, match="mot de passe"):
        ouvrir(bytes(chiffre), "x.zip")


def test_a_small_parquet_of_sixty_million_rows_is_refused_unread(
    tmp_path: Path, connus: Connus, monkeypatch: pytest.MonkeyPatch
) -> None:
    tampon = io.BytesIO()
    constante = pl.repeat(value=True, n=60_000_000, dtype=pl.Boolean, eager=True)
    pl.DataFrame({"CODGEO": constante}).write_parquet(
        tampon, row_group_size=60_000_000, statistics=False
    )
    octets = tampon.getvalue()
    assert len(octets) < 10_000

    def lue(*_: object, **__: object) -> pl.DataFrame:
        raise AssertionError("une valeur a été lue")

    monkeypatch.setattr(pl, "read_parquet", lue)
    with pytest.raises(FichierRefuse, match="60000000 lignes"):
        importer(tmp_path, octets, connus, nom="x.parquet")
    source = Depot.embarque().sources["cnaf.compilation"]
    fichier = source.fichiers[0].model_copy(update={"fichier": "x/bombe.parquet"})
    with pytest.raises(FichierRefuse, match="60000000 lignes"):
        lire_grille(octets, source, fichier, options=Options(), colonnes=["CODGEO"])


def recuperateur(octets: bytes, adresses: list[str]) -> Callable[..., Recuperation]:
    def recuperer(
        telechargement: Telechargement, *, millesime: str, departement: str, vers: Path
    ) -> Recuperation:
        del departement
        adresses.append(telechargement.adresse)
        if millesime > "2022":
            raise RecuperationImpossible(
                "https://x", cause="introuvable", raison="absent", conseil="attendez"
            )
        vers.mkdir(parents=True)
        chemin = vers / "recu.csv"
        chemin.write_bytes(octets)
        return Recuperation(
            chemin=chemin,
            sha256=empreinte(octets),
            taille=len(octets),
            adresse="https://x/recu.csv",
            obtenu_le=datetime(2026, 11, 24, tzinfo=UTC),
        )

    return recuperer


def test_an_update_adds_the_latest_published_vintage(tmp_path: Path) -> None:
    depot = Depot(ajouts=tmp_path)
    avec = next(g.id for g in depot.gabarits.values() if "{aaaa}" in str(g.telechargements))
    (fait, *_) = mettre_a_jour(
        [avec], depot=depot, departement="40", jour=JOUR, recuperer=recuperateur(FILOSOFI, [])
    )
    assert fait.resultats[0].source == "ajout.insee.filosofi1.communes.2022"
    verrou = next(iter(Depot(ajouts=tmp_path).ajouts.lus)).verrous  # type: ignore[union-attr]
    assert "https://x/recu.csv" in str(verrou)
    assert not list(tmp_path.glob("en-attente/*/*"))


def test_an_update_without_network_changes_nothing(tmp_path: Path) -> None:
    def sans_reseau(*_: object, **__: object) -> Recuperation:
        raise RecuperationImpossible(
            "https://x", cause="reseau", raison="le réseau ne répond pas", conseil="Réessayez"
        )

    depot = Depot(ajouts=tmp_path / "rien")
    faits = list(mettre_a_jour([], depot=depot, departement="40", jour=JOUR, recuperer=sans_reseau))
    (fait,) = faits
    assert "le réseau ne répond pas" in fait.echec
    assert "autres fichiers n'ont pas été demandés" in fait.echec
    assert not (tmp_path / "rien").exists()


DECLARATION = {
    "id": "aide_locale",
    "titre": "Bénéficiaires d'une aide locale",
    "producteur": "Essai",
    "licence": "convention",
    "periode": "2025",
    "niveau": "COM",
    "colonne_code": "Insee",
    "nature": "rapport",
    "numerateur": "Bénéficiaires",
    "denominateur": "Foyers",
    "unite": "percent",
    "sens": "contexte",
}
DROIT = {"texte": "Convention d'essai", "accorde_par": "Essai", "date": "2025-01-01"}


def table(connus: Connus, *, departement: str = "40") -> bytes:
    codes = sorted(c for c, d in connus.actuels["COM"].items() if d == departement)
    lignes = [f"{code};{rang % 40};{200 + rang}" for rang, code in enumerate(codes)]
    return ("Insee;Bénéficiaires;Foyers\r\n" + "\r\n".join(lignes) + "\r\n").encode("cp1252")


def ajouter_la_table(tmp_path: Path, connus: Connus, **changes: object) -> Depot:
    (tmp_path / "t.csv").write_bytes(table(connus))
    (tmp_path / "t.yaml").write_text(yaml.safe_dump({**DECLARATION, **changes}), encoding="utf-8")
    depot = Depot(ajouts=tmp_path / "donnees")
    declaree = lire_declaration(tmp_path / "t.yaml", depot=depot)
    examen = examiner_table(tmp_path / "t.csv", declaree, depot=depot, connus=connus)
    ajouter_table(examen, declaree, depot=depot, jour=JOUR)
    return Depot(ajouts=tmp_path / "donnees")


def test_a_table_becomes_an_indicator(tmp_path: Path, connus: Connus) -> None:
    depot = ajouter_la_table(tmp_path, connus)
    texte = str(expliquer("aide_locale", "40192", depot=depot, cache=Cache(None)).contenu)
    assert "colonne Bénéficiaires, code 40192" in texte
    departement = str(expliquer("aide_locale", "40", depot=depot, cache=Cache(None)).contenu)
    assert "Communes lues" in departement


def test_a_table_is_shown_in_the_domain_it_names(tmp_path: Path, connus: Connus) -> None:
    depot = ajouter_la_table(tmp_path, connus, domaine="aide-alimentaire")
    assert "aide_locale" in depot.grille.domaine("aide-alimentaire").indicateurs_complementaires
    assert depot.grille.indicateurs == Depot.embarque().grille.indicateurs
    with pytest.raises(FichierRefuse, match="aide-alimentaire"):
        ajouter_la_table(tmp_path, connus, domaine="aide-alimentair")


def test_a_second_period_joins_the_same_indicator(tmp_path: Path, connus: Connus) -> None:
    ajouter_la_table(tmp_path, connus, periode="2024")
    depot = ajouter_la_table(tmp_path, connus)
    assert [x.periode for x in depot.catalogue["aide_locale"].lectures] == ["2025", "2024"]


def test_partner_data_is_protected_before_it_can_be_read(tmp_path: Path, connus: Connus) -> None:
    depot = ajouter_la_table(tmp_path, connus, partenaire=True, droit_d_usage=DROIT)
    recus = table(connus)
    (source,) = (s for s in depot.sources.values() if s.id.startswith("ajout.table"))
    assert "Convention d'essai" in " ".join(source.limites)
    for chemin in depot.verrous:
        if chemin.startswith("ajouts/"):
            assert depot.octets(chemin) != recus
    lue = pl.read_csv(depot.octets(source.fichiers[0].fichier), separator=";", infer_schema=False)
    communes = lue.filter(pl.col("niveau") == "COM")["numerateur"].to_list()
    attendues = [rang % 40 for rang in range(len(communes))]
    for valeur, effectif in zip(communes, attendues, strict=True):
        if 0 < effectif < 11:
            assert valeur == "Q"
    gardes = list((tmp_path / "donnees" / "ajouts" / source.id / "recu").iterdir())
    assert recus in [garde.read_bytes() for garde in gardes]
    assert {stat.S_IMODE(garde.stat().st_mode) for garde in gardes} == {0o600}


@pytest.fixture(scope="module")
def partenaire(tmp_path_factory: pytest.TempPathFactory, connus: Connus) -> Partenaire:
    """Table fictive d'un partenaire, ajoutée, et ses observations pour un département."""
    tmp_path = tmp_path_factory.mktemp("partenaire")
    depot = ajouter_la_table(tmp_path, connus, partenaire=True, droit_d_usage=DROIT)
    referentiel = charger_referentiel(depot)
    observations, _ = calculer_indicateurs(
        [depot.indicateurs["aide_locale"]],
        depot,
        referentiel,
        territoires=territoires_du_diagnostic(referentiel, "40"),
        cache=Cache(None),
    )
    return depot, observations, referentiel


def test_partner_rows_pass_the_attack_before_publication(partenaire: Partenaire) -> None:
    depot, observations, referentiel = partenaire
    publiee = publier_observations(observations, depot=depot, referentiel=referentiel).frame
    communes = publiee.filter(pl.col("territoire").str.starts_with("COM-"))
    montrees = communes.filter(pl.col("value").is_not_null())
    assert 0 < montrees.height < communes.height
    assert not montrees.filter(pl.col("numerateur").is_between(1, 10)).height
    assert communes.filter(pl.col("status") == "Q").height > 80
    departement = publiee.filter(pl.col("territoire") == "DEP-40")["numerateur"].item()
    assert departement == sum(rang % 40 for rang in range(communes.height))


def test_a_partner_row_deduced_from_its_sum_is_refused(
    tmp_path: Path, connus: Connus, partenaire: Partenaire
) -> None:
    depot, _, referentiel = partenaire
    ouvert = ajouter_la_table(tmp_path, connus)
    observations, _ = calculer_indicateurs(
        [ouvert.indicateurs["aide_locale"]],
        ouvert,
        referentiel,
        territoires=territoires_du_diagnostic(referentiel, "40"),
        cache=Cache(None),
    )
    ids = pl.col("territoire")
    petite = pl.col("numerateur").is_between(1, 10)
    seule = observations.filter(ids.str.starts_with("COM-") & petite)["territoire"].sort()[0]
    # Toutes les autres communes montrent au moins 11 : une seule est cachée, et sa
    # communauté la dit par différence.
    grossies = observations.filter(ids.str.contains("^(COM|EPCI|DEP)-")).with_columns(
        pl.when(ids.str.starts_with("COM-") & (ids != seule) & petite)
        .then(pl.lit(11.0))
        .otherwise("numerateur")
        .alias("numerateur")
    )
    parents = parents_des_communes(grossies["territoire"].to_list(), referentiel)
    nombres = dict(grossies.select("territoire", "numerateur").iter_rows())
    sommes: dict[str, float] = {}
    for commune, zones in parents.items():
        for zone in zones:
            sommes[zone] = sommes.get(zone, 0.0) + nombres[commune]
    cachee = ids == seule
    lignes = grossies.with_columns(
        pl.coalesce(ids.replace_strict(sommes, default=None), "numerateur").alias("numerateur"),
        pl.when(cachee).then(pl.lit("Q")).otherwise("status").alias("status"),
    ).with_columns(
        pl.when(~cachee).then(nom).alias(nom) for nom in ("value", "numerateur", "denominateur")
    )
    with pytest.raises(PublicationInterdite, match=seule):
        publier_observations(lignes, depot=depot, referentiel=referentiel)


@pytest.mark.parametrize(
    ("changes", "attendu"),
    [
        ({"partenaire": True}, "droit_d_usage"),
        ({"partenaire": True, "droit_d_usage": DROIT, "liste_complete": True}, "liste_complete"),
        ({"nature": "valeur"}, "valeur"),
        ({"denominateur": ""}, "denominateur"),
        ({"periode": "l'an dernier"}, "periode"),
        ({"unite": "pommes"}, "unite"),
        ({"inconnu": 1}, "inconnu"),
    ],
)
def test_a_faulty_declaration_is_refused(
    tmp_path: Path, changes: dict[str, object], attendu: str, connus: Connus
) -> None:
    with pytest.raises(DeclarationInvalide, match=attendu):
        ajouter_la_table(tmp_path, connus, **changes)
    assert not (tmp_path / "donnees").exists()


def test_an_indicator_of_the_catalogue_is_not_overwritten(tmp_path: Path, connus: Connus) -> None:
    with pytest.raises(FichierRefuse, match="déjà un indicateur"):
        ajouter_la_table(tmp_path, connus, id="ctx_tx_pauvrete")


def test_the_model_is_filled_with_what_is_found_and_never_overwrites(
    tmp_path: Path, connus: Connus
) -> None:
    (tmp_path / "t.csv").write_bytes(table(connus))
    modele = tmp_path / "m.yaml"
    ecrire_modele(tmp_path / "t.csv", modele, connus=connus, jour=JOUR)
    lu = yaml.safe_load(modele.read_text(encoding="utf-8"))
    assert (lu["colonne_code"], lu["niveau"]) == ("Insee", "COM")
    with pytest.raises(FichierRefuse, match="existe déjà"):
        ecrire_modele(tmp_path / "t.csv", modele, connus=connus, jour=JOUR)


def test_the_command_adds_with_yes_and_ends_1_on_a_refusal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SOLIDIAG_DONNEES", str(tmp_path / "donnees"))
    (tmp_path / "bon.csv").write_bytes(FILOSOFI)
    (tmp_path / "mauvais.csv").write_bytes(b"a;b\n1;2\n")

    def lancer(*arguments: str) -> int:
        monkeypatch.setattr(sys, "argv", ["solidiag", "sources", *arguments])
        with pytest.raises(SystemExit) as fin:
            main()
        return int(fin.value.code or 0)

    bon, mauvais = str(tmp_path / "bon.csv"), str(tmp_path / "mauvais.csv")
    assert lancer("importer", bon) == 1
    assert "--oui" in capsys.readouterr().out
    assert not (tmp_path / "donnees").exists()
    assert lancer("importer", bon, mauvais, "--oui") == 1
    lu = capsys.readouterr()
    assert "Ajouté : ajout.insee.filosofi1.communes.2022" in lu.out
    assert "mauvais.csv » n'est pas ajouté" in lu.err
    assert lancer("verifier") == 0
    assert lancer("retirer", "ajout.insee.filosofi1.communes.2022") == 0
    assert "--detruire" in capsys.readouterr().out
    assert (tmp_path / "donnees" / "anciens" / "ajout.insee.filosofi1.communes.2022.1").is_dir()
    assert lancer("retirer", "--detruire", "ajout.insee.filosofi1.communes.2022") == 0
    assert not list((tmp_path / "donnees" / "anciens").iterdir())
    assert lancer("retirer", "--detruire", "ajout.insee.filosofi1.communes.2022") == 1
    assert lancer("retirer", "ajout.insee.filosofi1.communes.2022") == 1
