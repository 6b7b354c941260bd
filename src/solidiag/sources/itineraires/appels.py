"""Requêtes à un serveur d'itinéraires : délais, nouvelles tentatives, réponses contrôlées."""

from __future__ import annotations

import json
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import httpx

from solidiag.errors import RecuperationImpossible
from solidiag.sources.itineraires.reglage import Reglage, est_local
from solidiag.sources.protocoles.horloge import Horloge
from solidiag.sources.protocoles.session import AGENT, sans_parametres

REPONSE_MAXIMALE = 64 << 20
"""Octets d'une réponse au-delà desquels on ne la lit pas."""

ATTENTE_MAXIMALE_S = 60.0

_A_REFAIRE = frozenset({429, 500, 502, 503, 504})
_ECART_IGN_S = 0.25
"""L'IGN limite son service à cinq requêtes par seconde (sa documentation)."""

_VERIFIER = "Vérifiez qu'il est lancé et que le réglage « itineraires » donne son adresse"


class TropGrand(Exception):
    """Le serveur refuse une requête de cette taille : la même, plus petite, peut réussir."""


class SansTrajet(Exception):
    """Le serveur répond qu'il n'y a pas de trajet pour cette requête entière."""


class Appels:
    """Client d'un serveur d'itinéraires, fermé en sortie de bloc ``with``."""

    def __init__(
        self, reglage: Reglage, *, horloge: Horloge, transport: httpx.BaseTransport | None = None
    ) -> None:
        self._reglage, self._horloge = reglage, horloge
        self._dernier = float("-inf")
        hote = urlsplit(reglage.base).hostname or ""
        self._client = httpx.Client(
            transport=transport,
            timeout=httpx.Timeout(reglage.delai_s),
            follow_redirects=False,
            trust_env=not est_local(hote),
            headers={"User-Agent": AGENT, "Accept": "application/json"},
        )

    def __enter__(self) -> Self:
        """Renvoie le client."""
        return self

    def __exit__(
        self,
        genre: type[BaseException] | None,
        erreur: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Ferme les connexions."""
        self._client.close()

    def obtenir(self, chemin: str, *, corps: dict[str, Any] | None = None) -> dict[str, Any]:
        """Renvoie l'objet JSON que le serveur rend à un chemin.

        Parameters
        ----------
        chemin
            Ce qui suit l'adresse de base.
        corps
            Objet à envoyer par POST ; GET s'il n'y en a pas.

        Raises
        ------
        TropGrand
            Le serveur refuse cette taille de requête.
        SansTrajet
            Le serveur dit qu'il n'y a aucun trajet.
        RecuperationImpossible
            Échec qui dure après toutes les tentatives.
        """
        adresse = f"{self._reglage.base}/{chemin}"
        for essai in range(1, self._reglage.essais + 1):
            try:
                return self._une_fois(adresse, corps)
            except _Passager as passager:
                if essai == self._reglage.essais:
                    raise passager.echec from passager
                attente = passager.apres if passager.apres is not None else 2.0 ** (essai - 1)
                if attente > ATTENTE_MAXIMALE_S:
                    raise passager.echec from passager
                self._horloge.attendre(attente)
        raise AssertionError  # pragma: no cover

    def _une_fois(self, adresse: str, corps: dict[str, Any] | None) -> dict[str, Any]:
        if self._reglage.type == "ign":
            self._horloge.attendre(max(0.0, self._dernier + _ECART_IGN_S - self._horloge.instant()))
            self._dernier = self._horloge.instant()
        methode = "GET" if corps is None else "POST"
        try:
            with self._client.stream(methode, adresse, json=corps) as reponse:
                recu = bytearray()
                for morceau in reponse.iter_bytes():
                    recu += morceau
                    if len(recu) > REPONSE_MAXIMALE:
                        raise TropGrand
        except httpx.TimeoutException as erreur:
            raise _Passager(_echec(adresse, "delai", "il ne répond pas à temps")) from erreur
        except httpx.ConnectError as erreur:
            raise _Passager(_echec(adresse, "reseau", "il n'est pas joignable")) from erreur
        except httpx.HTTPError as erreur:
            raise _Passager(
                _echec(adresse, "tronque", "la réponse a été coupée avant la fin")
            ) from erreur
        except httpx.InvalidURL as erreur:
            raise TropGrand from erreur
        return self._interpreter(adresse, reponse, bytes(recu))

    def _interpreter(self, adresse: str, reponse: httpx.Response, recu: bytes) -> dict[str, Any]:
        code = reponse.status_code
        if code in (413, 414, 431):
            raise TropGrand
        if code in _A_REFAIRE:
            texte = reponse.headers.get("retry-after", "").strip()
            trop = code == 429
            raise _Passager(
                _echec(
                    adresse,
                    "trop_de_requetes" if trop else "panne",
                    "il a reçu trop de requêtes (erreur 429)"
                    if trop
                    else f"il est en panne (erreur {code})",
                ),
                apres=float(texte) if texte.isdecimal() else None,
            )
        try:
            lu = json.loads(recu)
        except (ValueError, RecursionError) as erreur:
            raise _echec(
                adresse, "reponse", f"sa réponse n'est pas du JSON (code {code})"
            ) from erreur
        if not isinstance(lu, dict):
            raise _echec(adresse, "reponse", "sa réponse n'est pas un objet JSON")
        if code == 200:
            return lu
        motif = f"{lu.get('code', '')} {lu.get('error_code', '')} {lu.get('message', '')} "
        motif = " ".join(f"{motif}{lu.get('error', '')}".split())[:120]
        if _dit_trop_grand(motif):
            raise TropGrand
        if _dit_sans_trajet(motif):
            raise SansTrajet
        raise _echec(adresse, "reponse", f"il refuse la requête (code {code} : {motif or 'muet'})")


class _Passager(Exception):
    """Échec qui peut passer : la même requête peut réussir plus tard."""

    def __init__(self, echec: RecuperationImpossible, *, apres: float | None = None) -> None:
        super().__init__(str(echec))
        self.echec, self.apres = echec, apres


def _dit_trop_grand(motif: str) -> bool:
    """OSRM : « TooBig » ; Valhalla : 150 (trop de points, non vérifié), 154 (distance dépassée)."""
    return motif.startswith(("TooBig", "150 ", "154 "))


def _dit_sans_trajet(motif: str) -> bool:
    """OSRM : « NoTable », « NoSegment » ; Valhalla : 170, 171, 442 (numéros non vérifiés)."""
    return motif.startswith(("NoTable", "NoSegment", "NoRoute", "170 ", "171 ", "442 "))


def _echec(adresse: str, cause: str, raison: str) -> RecuperationImpossible:
    court = sans_parametres(adresse)
    if len(court) > 80:
        court = f"{court[:80]}…"
    return RecuperationImpossible(
        court, cause=cause, raison=f"serveur d'itinéraires : {raison}", conseil=_VERIFIER
    )
