"""Carreaux de 200 mètres de l'Insee : lignes fictives dans la forme décrite, fautes dites."""

from __future__ import annotations

import io
import zipfile

import pytest

from solidiag.errors import FormatInattendu
from solidiag.offre.points import FINS
from solidiag.sources.carreaux import CARREAUX, lire_carreaux

ENTETE = "idcar_200m,idcar_1km,idcar_nat,i_est_200,i_est_1km,lcog_geo,ind,men,men_pauv,ind_snv"
# Exemple fictif : identifiants de carreaux en forme, habitants inventés.
# L'origine de la projection 3035 est (4 321 000, 3 210 000), soit 52° N et 10° E.
LIGNES = [
    "CRS3035RES200mN3209900E4320900,x,x,0,0,40192,12.5,5,1,250000",
    "CRS3035RES200mN2029800E4252400,x,x,1,0,4019240046,10,4,1,200000",
    "CRS3035RES200mN2030000E4252400,x,x,0,0,2A041,8,4,1,200000",
]


def _csv(lignes: list[str], *, entete: str = ENTETE) -> bytes:
    return ("\n".join([entete, *lignes]) + "\n").encode()


def test_le_centre_d_un_carreau_est_dans_la_projection_de_son_identifiant() -> None:
    table = lire_carreaux(_csv(LIGNES[:1]), communes={"40192"})
    assert dict(table.schema) == CARREAUX == FINS
    ligne = table.row(0, named=True)
    assert (ligne["latitude"], ligne["longitude"]) == pytest.approx((52.0, 10.0), abs=1e-9)
    assert (ligne["population"], ligne["superficie_km2"]) == (12.5, pytest.approx(0.04))


def test_un_carreau_a_cheval_se_partage_et_un_carreau_impute_le_dit() -> None:
    table = lire_carreaux(_csv(LIGNES), communes={"40192", "40046"})
    partage = table.filter(table["population"] == 5.0)
    assert sorted(partage["code"]) == ["40046", "40192"]
    assert partage["impute"].to_list() == [True, True]
    assert "2A041" not in set(table["code"])


def test_un_code_de_corse_se_lit() -> None:
    ligne = lire_carreaux(_csv(LIGNES), communes={"2A041"}).row(0, named=True)
    # N2030000 E4252400 : le sud de la Corse.
    assert 41.3 < ligne["latitude"] < 41.5
    assert 9.0 < ligne["longitude"] < 9.3


@pytest.mark.parametrize("majuscules", [False, True])
def test_l_archive_et_les_deux_casses_se_lisent(majuscules: bool) -> None:
    entete = ENTETE.replace("idcar", "Idcar").replace("i_est", "I_est") if majuscules else ENTETE
    tampon = io.BytesIO()
    with zipfile.ZipFile(tampon, "w") as archive:
        archive.writestr("carreaux_200m_mart.csv", _csv([], entete=entete))
        archive.writestr("carreaux_200m_met.csv", _csv(LIGNES, entete=entete))
    assert lire_carreaux(tampon.getvalue(), communes={"40192"}).height == 2


def test_aucune_commune_voulue_donne_une_table_vide() -> None:
    assert lire_carreaux(_csv(LIGNES), communes={"75056"}).is_empty()


@pytest.mark.parametrize(
    ("octets", "texte"),
    [
        (_csv(LIGNES, entete=ENTETE.replace("lcog_geo", "depcom")), "lcog_geo"),
        (_csv(["200mN1E1,x,x,0,0,40192,1,1,0,1"]), "CRS3035RES200mN2029800E4252400"),
        (_csv([LIGNES[0].replace("12.5", "douze")]), "des nombres"),
        (b"\xff\xfe\x00", "idcar_200m"),
        (b"PK\x03\x04abimee", "carreaux_200m_met.csv dedans"),
        (b"", "idcar_200m"),
    ],
)
def test_un_mauvais_fichier_est_refuse_en_francais(octets: bytes, texte: str) -> None:
    with pytest.raises(FormatInattendu) as leve:
        lire_carreaux(octets, communes={"40192"})
    assert texte in str(leve.value)
