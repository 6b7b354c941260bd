"""Lecture des fichiers de territoires : ce qui n'a pas la forme déclarée est refusé et dit."""

from __future__ import annotations

import gzip

import pytest

from solidiag.errors import FormatInattendu
from solidiag.sources.territoires import (
    CONTOURS,
    FICHIERS,
    charger_contours,
    charger_referentiel,
    lire_table,
)
from solidiag.storage.depot import Depot


def lire(contenu: bytes, nom: str = "regions") -> object:
    return lire_table(contenu, "territoires.cog", "essai.csv.gz", nom=nom, separateur=",")


def test_codes_stay_text_and_blanks_are_empty() -> None:
    octets = gzip.compress(b"REG,TNCC,LIBELLE\n01,3,Guadeloupe \n,,\n")
    table = lire(octets)
    assert table.rows() == [("01", "3", "Guadeloupe"), ("", "", "")]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("octets", "trouve"),
    [
        (b"REG,TNCC,LIBELLE\n", "gzip"),
        (gzip.compress(b"REG,TNCC,LIBELLE\n01,3,G\n")[:-6], "gzip"),
        (gzip.compress(b"REG,NOM\n01,G\n"), "TNCC"),
        (gzip.compress(b""), "CSV"),
        (gzip.compress("REG,TNCC,LIBELLE\n04,0,Réunion\n".encode("latin-1")), "UTF-8"),
    ],
    ids=["non compressé", "tronqué", "colonne absente", "vide", "latin-1"],
)
def test_a_wrong_file_is_refused(octets: bytes, trouve: str) -> None:
    with pytest.raises(FormatInattendu, match=trouve) as info:
        lire(octets)
    assert "essai.csv.gz" in str(info.value)


@pytest.mark.parametrize(
    "octets", [b"{}", gzip.compress(b"{}"), gzip.compress(b"[1")], ids=["brut", "objet", "tronqué"]
)
def test_a_wrong_topology_is_refused(octets: bytes) -> None:
    with pytest.raises(FormatInattendu, match="topojson"):
        charger_contours(lambda _: octets)


def test_every_embedded_file_is_asked_once() -> None:
    depot, demandes = Depot(), []

    def octets(chemin: str) -> bytes:
        demandes.append(chemin)
        return depot.octets(chemin)

    charger_referentiel(octets)
    assert sorted(demandes) == sorted(chemin for _, chemin, _ in FICHIERS.values())
    assert CONTOURS[1] not in demandes
