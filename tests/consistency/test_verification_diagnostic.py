"""Un diagnostic entier se vérifie ; un chiffre changé où que ce soit est trouvé."""

from __future__ import annotations

import gzip
import io
import json
import re
import shutil
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from solidiag.errors import DeclarationInvalide, FichierAbsent, FichierAltere
from solidiag.pipeline import verification
from solidiag.pipeline.verification import Verification, verifier
from solidiag.publication.verification.comparaison import Ecart
from solidiag.storage.cache import Cache
from solidiag.storage.depot import Depot, empreinte

pytestmark = pytest.mark.xdist_group("diagnostic")


def augmenter(chiffre: str) -> str:
    """Renvoie un autre chiffre."""
    return str((int(chiffre) + 1) % 10)


def changer_un_chiffre(texte: str, motif: str) -> str:
    """Change le chiffre que capture ``motif``, au milieu de ses occurrences."""
    places = [trouve.start(1) for trouve in re.finditer(motif, texte)]
    assert places, motif
    place = places[len(places) // 2]
    return texte[:place] + augmenter(texte[place]) + texte[place + 1 :]


def changer_archive(chemin: Path, partie: str, motif: str) -> None:
    sortie = io.BytesIO()
    with zipfile.ZipFile(chemin) as lue, zipfile.ZipFile(sortie, "w") as ecrite:
        for nom in lue.namelist():
            contenu = lue.read(nom)
            if nom == partie:
                contenu = changer_un_chiffre(contenu.decode(), motif).encode()
            ecrite.writestr(nom, contenu)
    chemin.write_bytes(sortie.getvalue())


def changer_texte(chemin: Path, motif: str) -> None:
    texte = chemin.read_bytes().decode("utf-8")
    chemin.write_bytes(changer_un_chiffre(texte, motif).encode("utf-8"))


FALSIFICATIONS: dict[str, Callable[[Path], None]] = {
    "rapport/diagnostic-90.docx": lambda c: changer_archive(
        c, "word/document.xml", r'"Cellule"/>(?:(?!</w:p>).)*?>\d+,(\d)\u00a0%<'
    ),
    "rapport/synthese-offre-90.docx": lambda c: changer_archive(
        c, "word/document.xml", r">\d*(\d)\u00a0minutes<"
    ),
    "rapport/diagnostic-90.odt": lambda c: changer_archive(
        c, "content.xml", r"table-cell[^>]*><text:p[^>]*>\d+,(\d)\u00a0%"
    ),
    "site/portrait.html": lambda c: changer_texte(c, r'data-cle="observations[^>]*>\d+,(\d)'),
    "site/axe1.html": lambda c: changer_texte(c, r"<text[^>]*>[^<]*?(\d)[^<]*</text>"),
    "site/chiffres/ctx_tx_pauvrete.html": lambda c: changer_texte(c, r"data-champ=[^>]*>\d*(\d)"),
    "site/assets/donnees.js": lambda c: changer_texte(c, r'\[\d+,"\d+,(\d)\u00a0%"'),
    "donnees/observations.csv": lambda c: changer_texte(
        c, r"ctx_tx_pauvrete;EPCI-[^;]*;[^;]*;\d+;\d+;\d*(\d)[,;]"
    ),
    "donnees/services.csv": lambda c: changer_texte(c, r";47,\d*(\d);"),
    "donnees/matrice.csv": lambda c: changer_texte(c, r",\d*(\d);"),
    "donnees/donnees.xlsx": lambda c: changer_archive(
        c, "xl/worksheets/sheet2.xml", r"<v>\d+\.\d*(\d)</v>"
    ),
}
"""Un chiffre changé dans chaque fichier, par la manière de l'y changer."""


def copier(diagnostic: Path, vers: Path) -> Path:
    shutil.copytree(diagnostic, vers)
    return vers


def reecrire_le_manifeste(dossier: Path) -> None:
    """Fait ce que ferait un faussaire : des empreintes justes pour des fichiers faux."""
    chemin = dossier / "manifeste.json"
    contenu = json.loads(chemin.read_text(encoding="utf-8"))
    for fichier in dossier.rglob("*"):
        if fichier.is_file() and fichier != chemin:
            nom = fichier.relative_to(dossier).as_posix()
            octets = fichier.read_bytes()
            contenu["fichiers"][nom] = {"sha256": empreinte(octets), "taille": len(octets)}
    chemin.write_text(json.dumps(contenu, ensure_ascii=False), encoding="utf-8")


@pytest.fixture(scope="module")
def caches(monkeypatch_module: pytest.MonkeyPatch) -> list[Path | None]:
    """Note le dossier de cache de chaque recalcul."""
    vus: list[Path | None] = []

    class Note(Cache):
        def __init__(self, dossier: Path | None) -> None:
            vus.append(dossier)
            super().__init__(dossier)

    monkeypatch_module.setattr(verification, "Cache", Note)
    return vus


@pytest.fixture(scope="module")
def monkeypatch_module() -> Iterator[pytest.MonkeyPatch]:
    with pytest.MonkeyPatch.context() as contexte:
        yield contexte


@pytest.fixture(scope="module")
def intact(diagnostic: Path, caches: list[Path | None]) -> Verification:
    return verifier(diagnostic)


@pytest.fixture(scope="module")
def falsifie(diagnostic: Path, tmp_path_factory: pytest.TempPathFactory) -> Verification:
    dossier = copier(diagnostic, tmp_path_factory.mktemp("faux") / "diagnostic")
    for nom, falsifier in FALSIFICATIONS.items():
        falsifier(dossier / nom)
    (dossier / "site" / "intrus.html").write_text("<p>Le taux est de 12 %.</p>", encoding="utf-8")
    (dossier / "donnees" / "ordre.csv").unlink()
    reecrire_le_manifeste(dossier)
    return verifier(dossier)


def test_an_untouched_diagnosis_has_no_orphan_and_no_difference(intact: Verification) -> None:
    assert [ecart.phrase() for ecart in intact.tous_les_ecarts] == []
    assert intact.conforme
    assert intact.lignes()[-1].startswith("Conforme : ")
    assert "0 orphelin, 0 différence" in intact.lignes()[-1]


def test_numbers_are_really_read_in_every_file(intact: Verification) -> None:
    lus = {releve.fichier: releve.lus for releve in intact.releves}
    for nom in ("docx", "odt", "pdf"):
        assert lus[f"rapport/diagnostic-90.{nom}"] > 1000
    assert lus["site/assets/donnees.js"] > 1000
    assert lus["donnees/observations.csv"] > 10_000
    assert lus["donnees/donnees.xlsx"] > 1000


def test_the_check_uses_no_cache(intact: Verification, caches: list[Path | None]) -> None:
    assert intact.conforme
    assert caches
    assert set(caches) == {None}


def ecarts_de(verification: Verification, nom: str) -> list[Ecart]:
    return [ecart for ecart in verification.tous_les_ecarts if ecart.fichier == nom]


@pytest.mark.parametrize("nom", FALSIFICATIONS)
def test_one_changed_digit_is_found_although_the_manifest_was_rewritten(
    falsifie: Verification, nom: str
) -> None:
    ecarts = ecarts_de(falsifie, nom)
    assert [ecart.genre for ecart in ecarts] == ["difference"], [e.phrase() for e in ecarts]
    (ecart,) = ecarts
    assert ecart.attendu != ecart.trouve
    assert ecart.attendu in ecart.phrase()
    assert ecart.trouve in ecart.phrase()
    assert ecart.lieu


@pytest.mark.parametrize(
    "nom",
    [
        "rapport/diagnostic-90.docx",
        "site/portrait.html",
        "site/assets/donnees.js",
        "donnees/observations.csv",
    ],
)
def test_a_difference_says_how_to_explain_the_figure(falsifie: Verification, nom: str) -> None:
    assert "solidiag expliquer " in ecarts_de(falsifie, nom)[0].phrase()


def test_an_added_page_and_a_missing_file_are_said(falsifie: Verification) -> None:
    (intrus,) = ecarts_de(falsifie, "site/intrus.html")
    assert intrus.trouve == "aucun calcul ne le produit"
    (absent,) = ecarts_de(falsifie, "donnees/ordre.csv")
    assert absent.trouve == "ce fichier manque"


def test_nothing_else_is_reported(falsifie: Verification) -> None:
    attendus = {*FALSIFICATIONS, "site/intrus.html", "donnees/ordre.csv"}
    assert {ecart.fichier for ecart in falsifie.tous_les_ecarts} == attendus
    assert not falsifie.conforme
    assert falsifie.lignes()[-1].startswith("Non conforme : ")


def racine_modifiable(vers: Path) -> Path:
    """Renvoie une copie de l'installation dont les données se changent, sans copier le reste."""
    depot = Depot()
    (vers / "donnees").mkdir(parents=True)
    (vers / "declarations").symlink_to(depot.declarations)
    for chemin in depot.donnees.iterdir():
        if chemin.name != "verrous":
            (vers / "donnees" / chemin.name).symlink_to(chemin)
    shutil.copytree(depot.donnees / "verrous", vers / "donnees" / "verrous")
    return vers


def fichier_a_soi(racine: Path, chemin: str) -> Path:
    """Remplace le lien vers un fichier embarqué par une copie que l'on peut changer."""
    parties = Path(chemin).parts
    for rang in range(1, len(parties)):
        dossier = racine / "donnees" / Path(*parties[:rang])
        if dossier.is_symlink():
            vrai = dossier.resolve()
            dossier.unlink()
            dossier.mkdir()
            for fils in vrai.iterdir():
                (dossier / fils.name).symlink_to(fils)
    fichier = racine / "donnees" / chemin
    octets = fichier.read_bytes()
    fichier.unlink()
    fichier.write_bytes(octets)
    return fichier


def taux_de_belfort(depot: Depot) -> tuple[str, str]:
    """Renvoie le fichier et la colonne d'où vient le taux de pauvreté publié des communes."""
    for lecture in depot.indicateurs["ctx_tx_pauvrete"].lectures:
        if "COM" in lecture.niveaux and lecture.valeur is not None:
            fichier = depot.fichier(lecture.valeur.fichier)[1].fichier
            return fichier, lecture.valeur.variables[0]
    pytest.fail("aucune lecture du taux à la commune")


def test_an_altered_missing_or_truncated_embedded_file_stops_the_check(
    diagnostic: Path, tmp_path: Path
) -> None:
    racine = racine_modifiable(tmp_path / "racine")
    chemin, _ = taux_de_belfort(Depot())
    fichier = fichier_a_soi(racine, chemin)
    octets = fichier.read_bytes()
    fichier.write_bytes(octets[:-1] + bytes([octets[-1] ^ 1]))
    with pytest.raises(FichierAltere, match=re.escape(chemin)):
        verifier(diagnostic, depot=Depot(racine))
    fichier.write_bytes(octets[: len(octets) // 2])
    with pytest.raises(FichierAltere, match=re.escape(chemin)):
        verifier(diagnostic, depot=Depot(racine))
    fichier.unlink()
    with pytest.raises(FichierAbsent, match=re.escape(chemin)):
        verifier(diagnostic, depot=Depot(racine))
    next((racine / "donnees" / "verrous").glob("*.json")).write_text("{", encoding="utf-8")
    with pytest.raises(DeclarationInvalide, match="verrou illisible"):
        verifier(diagnostic, depot=Depot(racine))


def test_one_digit_of_an_embedded_file_is_found_although_its_lock_was_rewritten(
    diagnostic: Path, tmp_path: Path
) -> None:
    racine = racine_modifiable(tmp_path / "racine")
    chemin, colonne = taux_de_belfort(Depot())
    fichier = fichier_a_soi(racine, chemin)
    texte = gzip.decompress(fichier.read_bytes()).decode("utf-8")
    rang = texte.splitlines()[0].split(";").index(colonne)
    change = changer_un_chiffre(texte, rf"(?m)^90010(?:;[^;\n]*){{{rang - 1}}};\d*(\d)")
    assert sum(a != b for a, b in zip(texte, change, strict=True)) == 1
    fichier.write_bytes(gzip.compress(change.encode("utf-8")))
    for verrou in (racine / "donnees" / "verrous").glob("*.json"):
        contenu = json.loads(verrou.read_text(encoding="utf-8"))
        for connu in contenu["fichiers"].values():
            if connu["chemin"] == chemin:
                connu["sha256"] = empreinte(fichier.read_bytes())
        verrou.write_text(json.dumps(contenu), encoding="utf-8")
    constat = verifier(diagnostic, depot=Depot(racine))
    assert not constat.conforme
    cles = {ecart.cle for ecart in constat.tous_les_ecarts if ecart.cle is not None}
    trouvees = {cle.indicateur for cle in cles if cle.territoire == "COM-90010"}
    assert "ctx_tx_pauvrete" in trouvees
