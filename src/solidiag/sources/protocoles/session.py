"""Requêtes polies et patientes : cadence, nouvelles tentatives, mandataire, certificats.

Mandataire (« proxy ») : ``HTTPS_PROXY``, ``HTTP_PROXY`` et ``NO_PROXY`` sont suivis. Certificats :
ceux du système, plus le fichier que nomme ``SSL_CERT_FILE`` ou ``REQUESTS_CA_BUNDLE`` (le
certificat de l'organisation, au format PEM). La vérification ne se débranche pas.
"""

from __future__ import annotations

import os
import ssl
from collections import defaultdict, deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit, urlunsplit

import httpx

from solidiag.errors import RecuperationImpossible
from solidiag.sources.protocoles.horloge import Horloge

AGENT = "Solidiag (diagnostic territorial des solidarites)"

ESSAIS = 5
"""Tentatives de suite sans aucun progrès avant de renoncer."""

ATTENTE_MAXIMALE_S = 300.0
"""Au-delà, on ne fait pas patienter une personne : on lui dit quand revenir."""

REDIRECTIONS = 5

DELAIS = httpx.Timeout(60.0, connect=20.0)

CADENCES: dict[str, tuple[int, float]] = {
    "api.insee.fr": (30, 60.0),
    "emplois.inclusion.beta.gouv.fr": (12, 60.0),
}
"""Requêtes permises par durée en secondes, par serveur.

Melodi sans jeton : 30 par minute ; emplois de l'inclusion : 12, d'après des codes qui l'appellent.
"""

CADENCE_ORDINAIRE = (60, 60.0)

_A_REFAIRE = frozenset({429, 500, 502, 503, 504})
_RESEAU = "Vérifiez la connexion, ou récupérez le fichier vous-même et importez-le"


def sans_parametres(adresse: str) -> str:
    """Renvoie l'adresse sans ce qui suit « ? » : elle peut porter un jeton.

    Examples
    --------
    >>> sans_parametres("https://data.caf.fr/export/csv?apikey=1")
    'https://data.caf.fr/export/csv'
    """
    parties = urlsplit(adresse)
    hote = parties.netloc.rpartition("@")[2]
    return urlunsplit((parties.scheme, hote, parties.path, "", ""))


class ARefaire(Exception):
    """Échec passager : la même requête peut réussir plus tard."""

    def __init__(self, echec: RecuperationImpossible, *, apres: float | None = None) -> None:
        super().__init__(str(echec))
        self.echec, self.apres = echec, apres


class Session:
    """Client d'un ou plusieurs serveurs, fermé en sortie de bloc ``with``.

    Parameters
    ----------
    transport
        Ce qui porte les requêtes ; le réseau si ``None``.
    """

    def __init__(self, *, transport: httpx.BaseTransport | None, horloge: Horloge) -> None:
        self.horloge = horloge
        self._passages: defaultdict[str, deque[float]] = defaultdict(deque)
        self._client = httpx.Client(
            transport=transport,
            verify=True if transport else _certificats(),
            timeout=DELAIS,
            follow_redirects=False,
            headers={"User-Agent": AGENT},
        )

    def __enter__(self) -> Self:
        """Renvoie la session."""
        return self

    def __exit__(
        self,
        genre: type[BaseException] | None,
        erreur: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Ferme les connexions."""
        self._client.close()

    @contextmanager
    def ouvrir(
        self, adresse: str, *, entetes: Mapping[str, str] | None = None, corps: bytes | None = None
    ) -> Iterator[httpx.Response]:
        """Donne la réponse d'une adresse, redirections suivies, son corps à lire.

        Parameters
        ----------
        corps
            Demande à poster ; une simple lecture si ``None``.

        Raises
        ------
        ARefaire
            Échec passager, ici ou pendant la lecture du corps.
        RecuperationImpossible
            Échec qui ne passera pas tout seul.
        """
        with _erreurs(adresse):
            suivante = adresse
            for _ in range(REDIRECTIONS + 1):
                self._cadencer(suivante)
                requete = self._client.build_request(
                    "GET" if corps is None else "POST",
                    suivante,
                    headers=_pour(suivante, adresse, entetes or {}),
                    content=corps,
                )
                reponse = self._client.send(requete, stream=True)
                try:
                    if not reponse.has_redirect_location:
                        self._controler(reponse, adresse)
                        yield reponse
                        return
                    suivante = _redirection(adresse, suivante, reponse)
                finally:
                    reponse.close()
        raise _impossible(
            adresse,
            "reponse",
            "le serveur renvoie d'adresse en adresse sans fin",
            "Cherchez la nouvelle adresse sur la page du producteur",
        )

    def lire(
        self,
        adresse: str,
        *,
        limite: int,
        entetes: Mapping[str, str] | None = None,
        corps: bytes | None = None,
    ) -> bytes:
        """Renvoie un petit corps entier (une page d'API), avec de nouvelles tentatives."""
        demandes = {"Accept": "application/json", **(entetes or {})}
        essai = 0
        while True:
            try:
                with self.ouvrir(adresse, entetes=demandes, corps=corps) as reponse:
                    recu = bytearray()
                    for morceau in reponse.iter_bytes():
                        recu += morceau
                        if len(recu) > limite:
                            raise trop_gros(adresse, limite)
                    return bytes(recu)
            except ARefaire as echec:
                essai += 1
                self.patienter(echec, essai)

    def envoyer(
        self,
        adresse: str,
        *,
        champs: Mapping[str, str | list[str]],
        fichier: tuple[str, bytes, str],
        limite: int,
    ) -> bytes:
        """Envoie un fichier (champ ``data``) et renvoie la réponse entière, avec reprises.

        Une redirection est refusée : ce qui est envoyé ne va pas ailleurs que prévu.

        Parameters
        ----------
        champs
            Autres champs du formulaire ; une liste se répète.
        fichier
            Nom, octets, type.
        limite
            Octets de la réponse, au plus.
        """
        essai = 0
        while True:
            try:
                with _erreurs(adresse):
                    self._cadencer(adresse)
                    requete = self._client.build_request(
                        "POST", adresse, data=dict(champs), files={"data": fichier}
                    )
                    reponse = self._client.send(requete, stream=True)
                    try:
                        self._controler(reponse, adresse)
                        corps = bytearray()
                        for morceau in reponse.iter_bytes():
                            corps += morceau
                            if len(corps) > limite:
                                raise trop_gros(adresse, limite)
                        return bytes(corps)
                    finally:
                        reponse.close()
            except ARefaire as echec:
                essai += 1
                self.patienter(echec, essai)

    def patienter(self, echec: ARefaire, essai: int) -> None:
        """Attend avant la tentative suivante, ou renonce.

        Raises
        ------
        RecuperationImpossible
            Après `ESSAIS` tentatives, ou si le serveur demande d'attendre trop longtemps.
        """
        attente = 2.0 ** (essai - 1) if echec.apres is None else max(echec.apres, 0.0)
        if essai >= ESSAIS:
            raise echec.echec from echec
        if attente > ATTENTE_MAXIMALE_S:
            minutes = round(attente / 60)
            raise _impossible(
                echec.echec.adresse,
                echec.echec.cause,
                echec.echec.raison,
                f"Le serveur demande d'attendre {minutes} minutes : recommencez après",
            ) from echec
        self.horloge.attendre(attente)

    def _cadencer(self, adresse: str) -> None:
        serveur = urlsplit(adresse).hostname or ""
        nombre, duree = CADENCES.get(serveur, CADENCE_ORDINAIRE)
        passages = self._passages[serveur]
        while passages and passages[0] <= self.horloge.instant() - duree:
            passages.popleft()
        if len(passages) >= nombre:
            self.horloge.attendre(max(0.0, passages[0] + duree - self.horloge.instant()))
            passages.popleft()
        passages.append(self.horloge.instant())

    def _controler(self, reponse: httpx.Response, adresse: str) -> None:
        code = reponse.status_code
        if code in (200, 201, 206, 416):
            return
        if code == 404 or code == 410:
            raise _impossible(
                adresse,
                "introuvable",
                f"il n'y a pas de fichier à cette adresse (erreur {code})",
                "Le producteur l'a déplacé ou ce millésime n'existe pas : cherchez-le sur sa page, "
                "puis importez-le",
            )
        if code == 407:
            raise _mandataire(adresse)
        if code in (401, 403):
            raise _impossible(
                adresse,
                "refus",
                f"le serveur refuse l'accès (erreur {code})",
                "Récupérez le fichier vous-même, avec vos droits, et importez-le",
            )
        if code in _A_REFAIRE:
            trop = code == 429
            echec = _impossible(
                adresse,
                "trop_de_requetes" if trop else "panne",
                "le serveur a reçu trop de requêtes (erreur 429)"
                if trop
                else f"le serveur est en panne (erreur {code})",
                "Recommencez dans quelques minutes",
            )
            raise ARefaire(echec, apres=self._apres(reponse))
        raise _impossible(
            adresse, "reponse", f"le serveur répond par l'erreur {code}", "Vérifiez l'adresse"
        )

    def _apres(self, reponse: httpx.Response) -> float | None:
        """Secondes à attendre selon ``Retry-After`` : un nombre, ou une date."""
        texte = reponse.headers.get("retry-after", "").strip()
        if texte.isdigit():
            return float(texte)
        date = _date(texte)
        return None if date is None else (date - self.horloge.maintenant()).total_seconds()

    def date(self, reponse: httpx.Response) -> datetime:
        """Renvoie la date que dit le serveur, sinon celle de l'horloge."""
        return _date(reponse.headers.get("date", "")) or self.horloge.maintenant()


def _pour(suivante: str, adresse: str, entetes: Mapping[str, str]) -> dict[str, str]:
    """Renvoie les en-têtes d'une requête ; un jeton ne suit pas vers un autre serveur."""
    if urlsplit(suivante)[:2] == urlsplit(adresse)[:2]:
        return dict(entetes)
    return {nom: valeur for nom, valeur in entetes.items() if nom.lower() != "authorization"}


def trop_gros(adresse: str, limite: int) -> RecuperationImpossible:
    """Renvoie l'erreur d'un fichier qui dépasse la taille admise."""
    return _impossible(
        adresse,
        "taille",
        f"le fichier dépasse {limite >> 20} Mio",
        "Récupérez-le vous-même, réduit aux territoires utiles, et importez-le",
    )


def tronque(adresse: str, *, recus: int, attendus: int) -> RecuperationImpossible:
    """Renvoie l'erreur d'un fichier dont la taille n'est pas celle annoncée."""
    return _impossible(
        adresse,
        "tronque",
        f"{recus} octets reçus pour {attendus} annoncés",
        "Recommencez : la récupération reprendra où elle en est",
    )


def _impossible(adresse: str, cause: str, raison: str, conseil: str) -> RecuperationImpossible:
    return RecuperationImpossible(
        sans_parametres(adresse), cause=cause, raison=raison, conseil=conseil
    )


def _mandataire(adresse: str) -> RecuperationImpossible:
    return _impossible(
        adresse,
        "mandataire",
        "le mandataire (proxy) demande un nom et un mot de passe (erreur 407)",
        "Donnez-les dans HTTPS_PROXY, sous la forme http://nom:mot_de_passe@serveur:port",
    )


def _redirection(adresse: str, courante: str, reponse: httpx.Response) -> str:
    cible = str(httpx.URL(courante).join(reponse.headers["location"]))
    if courante.startswith("https://") and not cible.startswith("https://"):
        raise _impossible(
            adresse,
            "refus",
            "le serveur renvoie vers une adresse sans chiffrement",
            "Récupérez le fichier vous-même et importez-le",
        )
    return cible


@contextmanager
def _erreurs(adresse: str) -> Iterator[None]:
    """Dit en français ce que le réseau refuse, pendant la requête ou la lecture du corps."""
    try:
        yield
    except httpx.ProxyError as erreur:
        if "407" in str(erreur):
            raise _mandataire(adresse) from erreur
        raise _impossible(
            adresse,
            "mandataire",
            "le mandataire (proxy) ne laisse pas passer",
            "Vérifiez HTTPS_PROXY et NO_PROXY avec votre service informatique",
        ) from erreur
    except httpx.TimeoutException as erreur:
        echec = _impossible(adresse, "delai", "le serveur ne répond pas à temps", _RESEAU)
        raise ARefaire(echec) from erreur
    except httpx.ConnectError as erreur:
        if _est_un_certificat(erreur):
            raise _impossible(
                adresse,
                "certificat",
                "le certificat du serveur n'est pas reconnu",
                "Derrière un filtre d'entreprise, donnez son certificat (PEM) dans SSL_CERT_FILE",
            ) from erreur
        raise ARefaire(
            _impossible(adresse, "reseau", "le réseau ou le serveur ne répond pas", _RESEAU)
        ) from erreur
    except (httpx.RemoteProtocolError, httpx.NetworkError, httpx.DecodingError) as erreur:
        echec = _impossible(
            adresse, "tronque", "la connexion a été coupée avant la fin du fichier", _RESEAU
        )
        raise ARefaire(echec) from erreur
    except (httpx.InvalidURL, httpx.UnsupportedProtocol) as erreur:
        raise _impossible(
            adresse, "reponse", "l'adresse n'est pas valable", "Corrigez-la"
        ) from erreur


def _est_un_certificat(erreur: BaseException) -> bool:
    suite: BaseException | None = erreur
    while suite is not None:
        if isinstance(suite, ssl.SSLCertVerificationError) or "CERTIFICATE_VERIFY" in str(suite):
            return True
        suite = suite.__cause__ or suite.__context__
    return False


def _certificats() -> ssl.SSLContext:
    """Renvoie ce qui vérifie les serveurs : système, autorités publiques, organisation."""
    noms = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")
    return _contexte(tuple((nom, os.environ[nom]) for nom in noms if os.environ.get(nom)))


@cache
def _contexte(organisation: tuple[tuple[str, str], ...]) -> ssl.SSLContext:
    contexte = ssl.create_default_context()
    with suppress(ImportError, OSError):
        import certifi

        contexte.load_verify_locations(certifi.where())
    for nom, chemin in organisation:
        try:
            if Path(chemin).is_dir():
                contexte.load_verify_locations(capath=chemin)
            else:
                contexte.load_verify_locations(cafile=chemin)
        except (OSError, ssl.SSLError) as erreur:
            raise _impossible(
                nom,
                "certificat",
                f"{nom} nomme un fichier de certificats illisible",
                f"Corrigez {nom}, ou ôtez-le",
            ) from erreur
    return contexte


def _date(texte: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(texte)
    except (ValueError, TypeError, IndexError):
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)
