"""Cache : une entrée illisible est refaite, jamais crue ; un cache impossible n'empêche rien."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from solidiag.storage.cache import Cache, CacheOctets, dossier_de_cache

TABLE = pl.DataFrame({"code": ["40192", "40088"], "valeur": [16.0, None]})


def test_a_kept_table_comes_back_the_same(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    cache.garder("cle", TABLE)
    lue = cache.lire("cle")
    assert lue is not None
    assert lue.equals(TABLE)
    assert [chemin.name for chemin in tmp_path.iterdir()] == ["cle.arrow"]


def test_an_unknown_key_gives_nothing(tmp_path: Path) -> None:
    assert Cache(tmp_path).lire("cle") is None
    assert Cache(tmp_path / "absent").lire("cle") is None


@pytest.mark.parametrize("abime", ["tronque", "vide", "bruit", "retourne"])
def test_a_damaged_entry_is_forgotten(tmp_path: Path, abime: str) -> None:
    cache = Cache(tmp_path)
    cache.garder("cle", TABLE)
    chemin = tmp_path / "cle.arrow"
    octets = chemin.read_bytes()
    milieu = len(octets) // 2
    chemin.write_bytes(
        {
            "tronque": octets[:milieu],
            "vide": b"",
            "bruit": b"\x00" * len(octets),
            "retourne": octets[::-1],
        }[abime]
    )
    assert cache.lire("cle") is None
    cache.garder("cle", TABLE)
    assert cache.lire("cle") is not None


def test_a_cache_that_keeps_nothing_writes_nothing(tmp_path: Path) -> None:
    cache = Cache(None)
    cache.garder("cle", TABLE)
    assert cache.lire("cle") is None
    assert list(tmp_path.iterdir()) == []


def test_a_file_in_place_of_the_cache_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("fichier")
    cache = Cache(tmp_path / "cache")
    cache.garder("cle", TABLE)
    assert cache.lire("cle") is None
    octets = CacheOctets(cache)
    octets["image"] = b"png"
    assert octets["image"] == b"png"


def test_kept_bytes_come_back_and_a_damaged_entry_is_forgotten(tmp_path: Path) -> None:
    CacheOctets(Cache(tmp_path))["image"] = b"octets d'image"
    assert CacheOctets(Cache(tmp_path))["image"] == b"octets d'image"
    chemin = tmp_path / "image.octets"
    chemin.write_bytes(chemin.read_bytes().replace(b"octets", b"actets"))
    assert "image" not in CacheOctets(Cache(tmp_path))


def test_the_cache_folder_follows_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOLIDIAG_CACHE", str(tmp_path / "ici"))
    assert dossier_de_cache() == tmp_path / "ici"
    monkeypatch.delenv("SOLIDIAG_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert dossier_de_cache() == tmp_path / "xdg" / "solidiag"
