"""L'export data·inclusion est vérifié octet par octet, et l'écart dit sa ligne."""

from __future__ import annotations

from typing import cast

import pytest

from solidiag.publication.matiere import Matiere
from solidiag.publication.verification.ouvertes import EXPORT, DonneesOuvertes

NOM = f"{EXPORT}/services.json"


@pytest.fixture
def ouvertes() -> DonneesOuvertes:
    lecture = DonneesOuvertes(cast("Matiere", None))
    lecture.__dict__["exportes"] = {NOM: b'[\n {"id": "a", "latitude": 43.7}\n]\n'}
    return lecture


def test_the_same_bytes_conform_and_their_numbers_are_counted(ouvertes: DonneesOuvertes) -> None:
    releve = ouvertes.verifier(NOM, ouvertes.exportes[NOM], fichier=NOM)
    assert not releve.ecarts
    assert releve.lus == 1


@pytest.mark.parametrize(
    ("octets", "lieu"),
    [
        (b'[\n {"id": "a", "latitude": 43.8}\n]\n', "ligne 2"),
        (b'[\n {"id": "a", "latitude": 43.7}\n]\n\n', "ligne 4"),
        (b"", "ligne 1"),
    ],
)
def test_a_changed_byte_is_a_difference_at_its_line(
    ouvertes: DonneesOuvertes, octets: bytes, lieu: str
) -> None:
    (ecart,) = ouvertes.verifier(NOM, octets, fichier=NOM).ecarts
    assert (ecart.genre, ecart.lieu) == ("difference", lieu)
