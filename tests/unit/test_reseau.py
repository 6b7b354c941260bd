"""Récupération : un serveur local coupe, ralentit, remplace ; l'horloge est fausse."""

from __future__ import annotations

import hashlib
import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

from solidiag.catalogue.gabarit import Telechargement
from solidiag.errors import RecuperationImpossible
from solidiag.sources.protocoles import fichier as protocole_fichier
from solidiag.sources.protocoles import session as protocole_session
from solidiag.sources.reseau import Recuperation, recuperer

CORPS = bytes(range(256)) * 4096
"""Un mébioctet."""

_DATE = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


class HorlogeFausse:
    """Heure qui n'avance que quand on attend."""

    def __init__(self) -> None:
        self.secondes = 0.0
        self.attentes: list[float] = []

    def instant(self) -> float:
        return self.secondes

    def maintenant(self) -> datetime:
        return _DATE + timedelta(seconds=self.secondes)

    def attendre(self, secondes: float) -> None:
        self.attentes.append(secondes)
        self.secondes += secondes


Reponse = Callable[[BaseHTTPRequestHandler, int], None]


@contextmanager
def serveur(repondre: Reponse) -> Iterator[str]:
    """Donne l'adresse d'un serveur local ; ``repondre`` reçoit la requête et son rang."""
    rangs = iter(range(1_000_000))

    class Poignee(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            repondre(self, next(rangs))

        def do_POST(self) -> None:
            repondre(self, next(rangs))

        def log_message(self, *_: object) -> None:
            return

    ecoute = ThreadingHTTPServer(("127.0.0.1", 0), Poignee)
    ecoute.daemon_threads = True
    fil = threading.Thread(target=ecoute.serve_forever, kwargs={"poll_interval": 0.01})
    fil.start()
    try:
        yield f"http://127.0.0.1:{ecoute.server_address[1]}"
    finally:
        ecoute.shutdown()
        ecoute.server_close()
        fil.join()


def rendre(
    requete: BaseHTTPRequestHandler,
    corps: bytes,
    *,
    code: int = 200,
    longueur: int | None = None,
    couper: bool = False,
    **entetes: str,
) -> None:
    """Envoie une réponse, dont la longueur annoncée peut être fausse."""
    requete.send_response(code)
    requete.send_header("Content-Length", str(len(corps) if longueur is None else longueur))
    for nom, valeur in entetes.items():
        requete.send_header(nom.replace("_", "-"), valeur)
    requete.end_headers()
    requete.wfile.write(corps)
    if couper:
        requete.wfile.flush()
        requete.close_connection = True
        requete.connection.shutdown(2)


def plage(requete: BaseHTTPRequestHandler, corps: bytes, etag: str) -> None:
    """Sert un fichier comme le ferait un vrai serveur, plages et ``If-Range`` compris."""
    demande = requete.headers.get("Range")
    if demande and requete.headers.get("If-Range") == etag:
        debut = int(demande.removeprefix("bytes=").rstrip("-"))
        if debut >= len(corps):
            rendre(requete, b"", code=416, Content_Range=f"bytes */{len(corps)}", ETag=etag)
            return
        etendue = f"bytes {debut}-{len(corps) - 1}/{len(corps)}"
        rendre(requete, corps[debut:], code=206, Content_Range=etendue, ETag=etag)
        return
    rendre(requete, corps, ETag=etag)


def prendre(
    adresse: str,
    vers: Path,
    *,
    protocole: str = "fichier",
    ressource: str = "",
    horloge: HorlogeFausse | None = None,
    transport: httpx.BaseTransport | None = None,
) -> Recuperation:
    telechargement = Telechargement.model_validate(
        {"protocole": protocole, "adresse": adresse, "ressource": ressource}
    )
    return recuperer(
        telechargement,
        millesime="2023",
        departement="40",
        vers=vers,
        horloge=horloge or HorlogeFausse(),
        transport=transport,
    )


def test_un_fichier_arrive_entier_avec_son_empreinte_et_sa_date(tmp_path: Path) -> None:
    with serveur(lambda requete, _: rendre(requete, CORPS)) as hote:
        recu = prendre(f"{hote}/base_{{aaaa}}_{{departement}}.zip?jeton=secret", tmp_path)
    assert recu.chemin == tmp_path / "base_2023_40.zip"
    assert recu.chemin.read_bytes() == CORPS
    assert recu.sha256 == hashlib.sha256(CORPS).hexdigest()
    assert (recu.taille, recu.assemble) == (len(CORPS), False)
    assert "secret" not in recu.adresse
    assert recu.obtenu_le.tzinfo is not None
    assert [p.name for p in tmp_path.iterdir()] == ["base_2023_40.zip"]


def test_une_coupure_reprend_ou_elle_en_est(tmp_path: Path) -> None:
    demandes: list[str | None] = []

    def repondre(requete: BaseHTTPRequestHandler, rang: int) -> None:
        demandes.append(requete.headers.get("Range"))
        if rang == 0:
            moitie = CORPS[: len(CORPS) // 2]
            rendre(requete, moitie, longueur=len(CORPS), couper=True, ETag='"a"')
        else:
            plage(requete, CORPS, '"a"')

    horloge = HorlogeFausse()
    with serveur(repondre) as hote:
        recu = prendre(f"{hote}/f.csv", tmp_path, horloge=horloge)
    assert recu.chemin.read_bytes() == CORPS
    assert demandes[0] is None
    assert demandes[1] is not None
    assert 0 < int(demandes[1].removeprefix("bytes=").rstrip("-")) <= len(CORPS) // 2
    assert horloge.attentes == [1.0]


def test_un_arret_laisse_de_quoi_reprendre_au_lancement_suivant(tmp_path: Path) -> None:
    def coupe(requete: BaseHTTPRequestHandler, _: int) -> None:
        if requete.headers.get("Range"):
            rendre(requete, b"", code=403)
        else:
            rendre(requete, CORPS[:5000], longueur=len(CORPS), couper=True, ETag='"a"')

    octets_envoyes: list[int] = []

    def entier(requete: BaseHTTPRequestHandler, _: int) -> None:
        demande = requete.headers.get("Range", "bytes=0-")
        octets_envoyes.append(len(CORPS) - int(demande.removeprefix("bytes=").rstrip("-")))
        plage(requete, CORPS, '"a"')

    with serveur(coupe) as hote:
        port = hote.rpartition(":")[2]
        with pytest.raises(RecuperationImpossible) as faute:
            prendre(f"{hote}/f.csv", tmp_path)
    assert faute.value.cause == "refus"
    note = tmp_path / "f.csv.partiel.json"
    assert (tmp_path / "f.csv.partiel").stat().st_size == 5000
    assert not (tmp_path / "f.csv").exists()
    with serveur(entier) as hote:
        note.write_text(note.read_text().replace(port, hote.rpartition(":")[2]))
        recu = prendre(f"{hote}/f.csv", tmp_path)
    assert recu.chemin.read_bytes() == CORPS
    assert octets_envoyes == [len(CORPS) - 5000]


def test_un_fichier_remplace_pendant_la_reprise_est_repris_du_debut(tmp_path: Path) -> None:
    nouveau = b"nouvelle version\n" * 1000

    def repondre(requete: BaseHTTPRequestHandler, rang: int) -> None:
        if rang == 0:
            rendre(requete, CORPS[:7000], longueur=len(CORPS), couper=True, ETag='"a"')
        else:
            plage(requete, nouveau, '"b"')

    with serveur(repondre) as hote:
        recu = prendre(f"{hote}/f.csv", tmp_path)
    assert recu.chemin.read_bytes() == nouveau


def test_un_serveur_qui_ignore_if_range_ne_melange_pas_deux_versions(tmp_path: Path) -> None:
    nouveau = b"n" * len(CORPS)

    def repondre(requete: BaseHTTPRequestHandler, rang: int) -> None:
        demande = requete.headers.get("Range")
        if rang == 0:
            rendre(requete, CORPS[:7000], longueur=len(CORPS), couper=True, ETag='"a"')
        elif demande:
            debut = int(demande.removeprefix("bytes=").rstrip("-"))
            etendue = f"bytes {debut}-{len(nouveau) - 1}/{len(nouveau)}"
            rendre(requete, nouveau[debut:], code=206, Content_Range=etendue, ETag='"b"')
        else:
            rendre(requete, nouveau, ETag='"b"')

    with serveur(repondre) as hote:
        recu = prendre(f"{hote}/f.csv", tmp_path)
    assert recu.chemin.read_bytes() == nouveau


def test_sans_marque_de_version_rien_n_est_recolle(tmp_path: Path) -> None:
    demandes: list[str | None] = []

    def repondre(requete: BaseHTTPRequestHandler, rang: int) -> None:
        demandes.append(requete.headers.get("Range"))
        if rang == 0:
            rendre(requete, CORPS[:7000], longueur=len(CORPS), couper=True)
        else:
            rendre(requete, CORPS)

    with serveur(repondre) as hote:
        recu = prendre(f"{hote}/f.csv", tmp_path)
    assert recu.chemin.read_bytes() == CORPS
    assert demandes == [None, None]


def test_des_octets_deja_tous_la_se_finissent_sans_rien_reprendre(tmp_path: Path) -> None:
    with serveur(lambda requete, _: plage(requete, CORPS, '"a"')) as hote:
        (tmp_path / "f.csv.partiel").write_bytes(CORPS)
        version = protocole_fichier.Version(adresse=f"{hote}/f.csv", etag='"a"', total=len(CORPS))
        protocole_fichier._noter(tmp_path / "f.csv.partiel.json", version)
        recu = prendre(f"{hote}/f.csv", tmp_path)
    assert recu.sha256 == hashlib.sha256(CORPS).hexdigest()


def test_trop_de_requetes_puis_succes_attend_ce_que_le_serveur_demande(tmp_path: Path) -> None:
    def repondre(requete: BaseHTTPRequestHandler, rang: int) -> None:
        if rang == 0:
            rendre(requete, b"", code=429, Retry_After="17")
        elif rang == 1:
            rendre(requete, b"", code=429, Retry_After="Tue, 24 Nov 2026 09:01:00 GMT")
        else:
            rendre(requete, b"a;b\n1;2\n")

    horloge = HorlogeFausse()
    with serveur(repondre) as hote:
        prendre(f"{hote}/f.csv", tmp_path, horloge=horloge)
    assert horloge.attentes == [17.0, 43.0]


def test_une_attente_trop_longue_est_dite_et_non_subie(tmp_path: Path) -> None:
    horloge = HorlogeFausse()
    with (
        serveur(lambda requete, _: rendre(requete, b"", code=429, Retry_After="3600")) as hote,
        pytest.raises(RecuperationImpossible, match="60 minutes") as faute,
    ):
        prendre(f"{hote}/f.csv", tmp_path, horloge=horloge)
    assert faute.value.cause == "trop_de_requetes"
    assert horloge.attentes == []


def test_une_panne_qui_dure_s_arrete_apres_des_attentes_qui_doublent(tmp_path: Path) -> None:
    horloge = HorlogeFausse()
    with (
        serveur(lambda requete, _: rendre(requete, b"", code=503)) as hote,
        pytest.raises(RecuperationImpossible, match="503") as faute,
    ):
        prendre(f"{hote}/f.csv", tmp_path, horloge=horloge)
    assert faute.value.cause == "panne"
    assert horloge.attentes == [1.0, 2.0, 4.0, 8.0]


def test_un_corps_toujours_plus_court_que_sa_longueur_est_dit_tronque(tmp_path: Path) -> None:
    def repondre(requete: BaseHTTPRequestHandler, _: int) -> None:
        rendre(requete, b"x" * 100, longueur=200, couper=True)

    with serveur(repondre) as hote, pytest.raises(RecuperationImpossible) as faute:
        prendre(f"{hote}/f.csv", tmp_path)
    assert faute.value.cause == "tronque"
    assert not (tmp_path / "f.csv").exists()


def test_une_redirection_est_suivie_et_l_adresse_finale_gardee(tmp_path: Path) -> None:
    def repondre(requete: BaseHTTPRequestHandler, _: int) -> None:
        if requete.path == "/r/abc":
            rendre(requete, b"", code=302, Location="/fichiers/lovac.csv")
        else:
            rendre(requete, b"ok")

    with serveur(repondre) as hote:
        recu = prendre(f"{hote}/r/abc", tmp_path, protocole="datagouv")
    assert recu.adresse == f"{hote}/fichiers/lovac.csv"
    assert recu.chemin.read_bytes() == b"ok"


def test_des_redirections_sans_fin_s_arretent(tmp_path: Path) -> None:
    def repondre(requete: BaseHTTPRequestHandler, _: int) -> None:
        rendre(requete, b"", code=302, Location="/encore")

    with (
        serveur(repondre) as hote,
        pytest.raises(RecuperationImpossible, match="sans fin"),
    ):
        prendre(f"{hote}/f.csv", tmp_path)


def test_un_fichier_trop_gros_est_refuse_avant_d_etre_lu(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(protocole_fichier.telecharger.__kwdefaults__, "limite", 1 << 16)
    with (
        serveur(lambda requete, _: rendre(requete, CORPS)) as hote,
        pytest.raises(RecuperationImpossible) as faute,
    ):
        prendre(f"{hote}/f.csv", tmp_path)
    assert faute.value.cause == "taille"
    assert not list(tmp_path.glob("*.partiel"))


@pytest.mark.parametrize(
    ("code", "cause", "mot"),
    [
        (404, "introuvable", "404"),
        (410, "introuvable", "410"),
        (403, "refus", "403"),
        (407, "mandataire", "HTTPS_PROXY"),
        (418, "reponse", "418"),
    ],
)
def test_un_refus_definitif_ne_se_retente_pas(
    tmp_path: Path, code: int, cause: str, mot: str
) -> None:
    rangs: list[int] = []

    def repondre(requete: BaseHTTPRequestHandler, rang: int) -> None:
        rangs.append(rang)
        rendre(requete, b"", code=code)

    with serveur(repondre) as hote, pytest.raises(RecuperationImpossible, match=mot) as faute:
        prendre(f"{hote}/f.csv", tmp_path)
    assert faute.value.cause == cause
    assert rangs == [0]


class Panne(httpx.BaseTransport):
    """Transport qui échoue toujours de la même façon."""

    def __init__(self, erreur: Exception) -> None:
        self.erreur = erreur

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        del request
        raise self.erreur


def _certificat() -> httpx.ConnectError:
    erreur = httpx.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED] self-signed certificate")
    erreur.__cause__ = ssl.SSLCertVerificationError()
    return erreur


@pytest.mark.parametrize(
    ("erreur", "cause", "mot", "attentes"),
    [
        (httpx.ConnectError("Name or service not known"), "reseau", "connexion", 4),
        (_certificat(), "certificat", "SSL_CERT_FILE", 0),
        (httpx.ProxyError("407 Proxy Authentication Required"), "mandataire", "HTTPS_PROXY", 0),
        (httpx.ProxyError("502 Bad Gateway"), "mandataire", "NO_PROXY", 0),
        (httpx.ReadTimeout("lent"), "delai", "à temps", 4),
    ],
)
def test_ce_que_le_reseau_refuse_est_dit_en_francais(
    tmp_path: Path, erreur: Exception, cause: str, mot: str, attentes: int
) -> None:
    horloge = HorlogeFausse()
    with pytest.raises(RecuperationImpossible, match=mot) as faute:
        prendre("https://exemple.fr/f.csv", tmp_path, horloge=horloge, transport=Panne(erreur))
    assert faute.value.cause == cause
    assert len(horloge.attentes) == attentes


def test_une_adresse_sans_chiffrement_est_refusee(tmp_path: Path) -> None:
    with pytest.raises(RecuperationImpossible, match="https"):
        prendre("http://exemple.fr/f.csv", tmp_path)


def test_un_renvoi_vers_une_adresse_sans_chiffrement_est_refuse(tmp_path: Path) -> None:
    transport = httpx.MockTransport(
        lambda _: httpx.Response(302, headers={"Location": "http://exemple.fr/f.csv"})
    )
    with pytest.raises(RecuperationImpossible, match="sans chiffrement"):
        prendre("https://exemple.fr/f.csv", tmp_path, transport=transport)


def test_un_certificat_d_organisation_illisible_est_dit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    faux = tmp_path / "ca.pem"
    faux.write_text("ceci n'est pas un certificat")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(faux))
    with pytest.raises(RecuperationImpossible, match="REQUESTS_CA_BUNDLE") as faute:
        prendre("https://exemple.fr/f.csv", tmp_path)
    assert faute.value.cause == "certificat"


def _pages(nombre: int) -> Callable[[httpx.Request], httpx.Response]:
    def repondre(requete: httpx.Request) -> httpx.Response:
        page = int(requete.url.params.get("page", "1"))
        suite = f"https://api.insee.fr/melodi/data/DS_X?page={page + 1}"
        corps = {
            "identifier": "DS_X",
            "observations": [{"dimensions": {"GEO": f"2025-COM-{page:05d}"}}],
            "paging": {"next": suite if page < nombre else None, "isLast": page == nombre},
        }
        return httpx.Response(200, json=corps)

    return repondre


def test_les_pages_de_melodi_sont_reunies_a_la_cadence_permise(tmp_path: Path) -> None:
    horloge = HorlogeFausse()
    recu = prendre(
        "https://api.insee.fr/melodi/data/DS_X?TIME_PERIOD={aaaa}",
        tmp_path,
        protocole="melodi",
        horloge=horloge,
        transport=httpx.MockTransport(_pages(65)),
    )
    lu = json.loads(recu.chemin.read_text(encoding="utf-8"))
    assert [o["dimensions"]["GEO"] for o in lu["observations"]] == [
        f"2025-COM-{page:05d}" for page in range(1, 66)
    ]
    assert (lu["identifier"], "paging" in lu, recu.assemble) == ("DS_X", False, True)
    assert horloge.secondes == pytest.approx(120.0)
    assert [p.name for p in tmp_path.iterdir()] == ["DS_X.json"]


def test_une_interruption_de_melodi_reprend_a_la_page_manquante(tmp_path: Path) -> None:
    demandees: list[str] = []
    bon = _pages(4)

    def coupe(requete: httpx.Request) -> httpx.Response:
        demandees.append(requete.url.params.get("page", "1"))
        return httpx.Response(403) if demandees[-1] == "3" else bon(requete)

    def entier(requete: httpx.Request) -> httpx.Response:
        demandees.append(requete.url.params.get("page", "1"))
        return bon(requete)

    adresse = "https://api.insee.fr/melodi/data/DS_X"
    with pytest.raises(RecuperationImpossible):
        prendre(adresse, tmp_path, protocole="melodi", transport=httpx.MockTransport(coupe))
    recu = prendre(adresse, tmp_path, protocole="melodi", transport=httpx.MockTransport(entier))
    assert demandees == ["1", "2", "3", "3", "4"]
    assert len(json.loads(recu.chemin.read_text())["observations"]) == 4


@pytest.mark.parametrize(
    ("corps", "mot"),
    [
        (b"<html>", "JSON"),
        (b"{}", "observations"),
        (b'{"observations": [], "paging": {"next": "https://ailleurs.fr/x"}}', "autre serveur"),
        (
            b'{"observations": [], "paging": {"next": "https://api.insee.fr/melodi/data/DS_X"}}',
            "même page",
        ),
    ],
)
def test_une_page_de_melodi_qui_n_en_est_pas_est_refusee(
    tmp_path: Path, corps: bytes, mot: str
) -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(200, content=corps))
    with pytest.raises(RecuperationImpossible, match=mot):
        prendre(
            "https://api.insee.fr/melodi/data/DS_X",
            tmp_path,
            protocole="melodi",
            transport=transport,
        )


def test_un_export_opendatasoft_demande_point_virgule_et_noms_techniques(tmp_path: Path) -> None:
    demandes: list[httpx.QueryParams] = []

    def repondre(requete: httpx.Request) -> httpx.Response:
        demandes.append(requete.url.params)
        return httpx.Response(200, content=b"a;b\n1;2\n")

    base = "https://data.caf.fr/api/explore/v2.1/catalog/datasets/s_ben_com_f/exports/csv"
    transport = httpx.MockTransport(repondre)
    recu = prendre(base, tmp_path, protocole="opendatasoft", transport=transport)
    prendre(f"{base}?use_labels=true", tmp_path, protocole="opendatasoft", transport=transport)
    assert recu.chemin.name == "s_ben_com_f.csv"
    assert dict(demandes[0]) == {"delimiter": ";", "use_labels": "false"}
    assert demandes[1]["use_labels"] == "true"
    with pytest.raises(RecuperationImpossible, match="export Opendatasoft"):
        prendre("https://data.caf.fr/explore", tmp_path, protocole="opendatasoft")


def _jeu(empreinte: str) -> Callable[[httpx.Request], httpx.Response]:
    def repondre(requete: httpx.Request) -> httpx.Response:
        if requete.url.path.startswith("/api/"):
            ressources = [
                {"title": "Notice", "url": "https://static.data.gouv.fr/n.pdf"},
                {
                    "title": "LOVAC communes",
                    "url": "https://static.data.gouv.fr/lovac.csv",
                    "checksum": {"type": "sha1", "value": empreinte},
                },
            ]
            return httpx.Response(200, json={"resources": ressources})
        return httpx.Response(200, content=b"CODGEO_26;pp\n")

    return repondre


def test_la_ressource_de_data_gouv_est_choisie_a_son_titre_et_son_empreinte_controlee(
    tmp_path: Path,
) -> None:
    adresse = "https://www.data.gouv.fr/api/1/datasets/61816c6e23197bb34835228e/"
    bonne = hashlib.sha1(b"CODGEO_26;pp\n", usedforsecurity=False).hexdigest()
    recu = prendre(
        adresse,
        tmp_path,
        protocole="datagouv",
        ressource="lovac",
        transport=httpx.MockTransport(_jeu(bonne)),
    )
    assert recu.chemin.name == "lovac.csv"
    with pytest.raises(RecuperationImpossible, match="empreinte"):
        prendre(
            adresse,
            tmp_path,
            protocole="datagouv",
            ressource="lovac",
            transport=httpx.MockTransport(_jeu("0" * 40)),
        )
    assert not recu.chemin.exists()
    with pytest.raises(RecuperationImpossible, match="Notice"):
        prendre(
            adresse,
            tmp_path,
            protocole="datagouv",
            ressource="iris",
            transport=httpx.MockTransport(_jeu(bonne)),
        )


def test_un_dossier_ou_l_on_ne_peut_pas_ecrire_est_dit(tmp_path: Path) -> None:
    occupe = tmp_path / "occupe"
    occupe.write_text("un fichier, non un dossier")
    transport = httpx.MockTransport(lambda _: httpx.Response(200, content=b"x"))
    with pytest.raises(RecuperationImpossible) as faute:
        prendre("https://exemple.fr/f.csv", occupe, transport=transport)
    assert faute.value.cause == "disque"


def test_la_cadence_ordinaire_ne_fait_pas_attendre_une_seule_requete() -> None:
    nombre, duree = protocole_session.CADENCES["api.insee.fr"]
    assert (nombre, duree) == (30, 60.0)
