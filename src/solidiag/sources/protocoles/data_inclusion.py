"""API de data·inclusion v1 : services et structures, page par page, réunis en un seul fichier.

Les pages d'une liste qui change pendant qu'on la lit se recouvrent ou laissent des trous : un
enregistrement répété n'est gardé qu'une fois, une page qui manque est redemandée, et ce qui manque
encore est dit. Le jeton ne va qu'au serveur demandé, et n'est écrit nulle part.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from solidiag.errors import RecuperationImpossible
from solidiag.sources.protocoles.fichier import TAILLE_MAXIMALE, ecriture, empreinte_de
from solidiag.sources.protocoles.recu import Recuperation
from solidiag.sources.protocoles.session import Session, sans_parametres, trop_gros

JETON = "SOLIDIAG_JETON_DATA_INCLUSION"
"""Variable d'environnement qui porte le jeton."""

FICHIER_DU_JETON = "SOLIDIAG_JETON_DATA_INCLUSION_FICHIER"
"""Variable d'environnement qui nomme un fichier dont le seul contenu est le jeton."""

PAGE = 1000
"""Enregistrements demandés par page ; l'API en admet dix mille."""

PAGES_MAXIMUM = 1000
PASSES = 2
"""Lectures de la liste : la seconde ne sert que s'il manque des enregistrements."""

_RESSOURCES = ("structures", "services")
_FILTRES = ("code_departement", "code_commune", "code_region", "sources")
_PASSAGERES = ("panne", "delai", "tronque")
_PAGE_MAXIMALE = 256 << 20


def recuperer(session: Session, adresse: str, vers: Path) -> Recuperation:
    """Renvoie les services et structures que l'API donne, dans un JSON assemblé.

    Parameters
    ----------
    adresse
        Racine de l'API (``…/api/v1``), filtres après « ? » : ``code_departement``,
        ``code_commune``, ``code_region``, ``sources``.

    Raises
    ------
    RecuperationImpossible
        Jeton absent ou refusé, première page qui ne vient pas, réponse d'une autre forme.
    """
    entetes = {"Authorization": f"Bearer {_jeton(adresse)}"}
    racine, filtres = _separer(adresse)
    listes = {nom: _Liste(session, f"{racine}/{nom}", filtres, entetes) for nom in _RESSOURCES}
    remarques: list[str] = []
    for nom, liste in listes.items():
        liste.lire()
        remarques += [f"{nom} : {remarque}" for remarque in liste.remarques()]
    contenu = {nom: liste.enregistrements() for nom, liste in listes.items()}
    etendue = "-".join(valeur for _, valeur in filtres) or "france"
    nom = re.sub(r"[^A-Za-z0-9_-]", "_", f"data_inclusion_{etendue}")[:80] + ".json"
    with ecriture(adresse):
        vers.mkdir(parents=True, exist_ok=True)
        partiel = vers / f"{nom}.partiel"
        partiel.write_text(json.dumps(contenu, ensure_ascii=False), encoding="utf-8")
        empreinte, taille = empreinte_de(partiel)
        partiel.replace(vers / nom)
    return Recuperation(
        chemin=vers / nom,
        sha256=empreinte,
        taille=taille,
        adresse=sans_parametres(racine),
        obtenu_le=session.horloge.maintenant(),
        assemble=True,
        remarques=tuple(remarques),
    )


@dataclass(eq=False)
class _Liste:
    """Une liste paginée, lue autant de fois qu'il faut."""

    session: Session
    adresse: str
    filtres: list[tuple[str, str]]
    entetes: dict[str, str]
    lus: dict[str, dict[str, Any]] = field(default_factory=dict)
    totaux: list[int] = field(default_factory=list)
    repetes: int = 0
    sans_identifiant: int = 0
    pages_manquantes: set[int] = field(default_factory=set)
    octets: int = 0

    def lire(self) -> None:
        """Lit la liste, une seconde fois s'il y manque des enregistrements."""
        for passe in range(PASSES):
            self.pages_manquantes.clear()
            for enregistrements in self._pages():
                self._garder(enregistrements, compter=passe == 0)
            if len(self.lus) + self.sans_identifiant >= self.totaux[-1]:
                return

    def enregistrements(self) -> list[dict[str, Any]]:
        """Renvoie les enregistrements, par identifiant : l'ordre des pages ne dit rien."""
        return [self.lus[identifiant] for identifiant in sorted(self.lus)]

    def remarques(self) -> Iterator[str]:
        """Dit ce que la pagination a eu d'anormal."""
        if len(set(self.totaux)) > 1:
            yield (
                f"le total annoncé a changé pendant la lecture (de {self.totaux[0]} à "
                f"{self.totaux[-1]})"
            )
        if self.repetes:
            yield f"{self.repetes} enregistrements répétés d'une page à l'autre, gardés une fois"
        if self.sans_identifiant:
            yield f"{self.sans_identifiant} enregistrements sans identifiant, laissés de côté"
        if self.pages_manquantes:
            pages = ", ".join(str(rang) for rang in sorted(self.pages_manquantes)[:5])
            yield f"pages que le serveur n'a pas données : {pages}"
        manque = self.totaux[-1] - len(self.lus) - self.sans_identifiant
        if manque > 0:
            yield f"il manque {manque} enregistrements sur {self.totaux[-1]} annoncés"

    def _pages(self) -> Iterator[list[Any]]:
        rang = 0
        dernieres = 1
        while rang < dernieres:
            rang += 1
            if rang > PAGES_MAXIMUM:
                raise _reponse(self.adresse, f"la réponse dépasse {PAGES_MAXIMUM} pages")
            contenu = self._page(rang)
            if contenu is None:
                self.pages_manquantes.add(rang)
                continue
            self.totaux.append(int(contenu["total"]))
            dernieres = int(contenu["pages"])
            if not contenu["items"]:
                return
            yield contenu["items"]

    def _page(self, rang: int) -> dict[str, Any] | None:
        """Renvoie une page, ou rien si le serveur ne la donne pas alors qu'il en a donné."""
        demande = urlencode([*self.filtres, ("page", str(rang)), ("size", str(PAGE))])
        try:
            octets = self.session.lire(
                f"{self.adresse}?{demande}", limite=_PAGE_MAXIMALE, entetes=self.entetes
            )
        except RecuperationImpossible as erreur:
            if rang > 1 and erreur.cause in _PASSAGERES:
                return None
            raise _refus(self.adresse) if erreur.cause == "refus" else erreur from erreur
        self.octets += len(octets)
        if self.octets > TAILLE_MAXIMALE:
            raise trop_gros(self.adresse, TAILLE_MAXIMALE)
        try:
            contenu = json.loads(octets)
            int(contenu["total"]), int(contenu["pages"]), list(contenu["items"])
        except (ValueError, LookupError, TypeError) as erreur:
            raise _reponse(
                self.adresse, "une page n'a pas « items », « total » et « pages »"
            ) from erreur
        return dict(contenu)

    def _garder(self, enregistrements: list[Any], *, compter: bool) -> None:
        for enregistrement in enregistrements:
            identifiant = enregistrement.get("id") if isinstance(enregistrement, dict) else None
            if not identifiant:
                self.sans_identifiant += compter
                continue
            self.repetes += compter and str(identifiant) in self.lus
            self.lus[str(identifiant)] = enregistrement


def _separer(adresse: str) -> tuple[str, list[tuple[str, str]]]:
    """Renvoie la racine de l'API et ses filtres.

    Raises
    ------
    RecuperationImpossible
        Si un filtre n'est pas un de ceux que l'on sait poser.
    """
    parties = urlsplit(adresse)
    filtres = parse_qsl(parties.query)
    inconnus = [nom for nom, _ in filtres if nom not in _FILTRES]
    if inconnus:
        raise _reponse(adresse, f"« {inconnus[0]} » n'est pas un filtre de l'API")
    return urlunsplit((parties.scheme, parties.netloc, parties.path.rstrip("/"), "", "")), filtres


def _jeton(adresse: str) -> str:
    """Renvoie le jeton de la personne.

    Raises
    ------
    RecuperationImpossible
        S'il n'y en a pas, ou s'il ne peut pas en être un.
    """
    jeton = os.environ.get(JETON, "")
    chemin = os.environ.get(FICHIER_DU_JETON, "")
    if not jeton and chemin:
        try:
            jeton = Path(chemin).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as erreur:
            raison = f"le fichier que nomme {FICHIER_DU_JETON} ne se lit pas"
            raise _sans_jeton(adresse, raison) from erreur
    jeton = jeton.strip()
    if not jeton:
        raise _sans_jeton(adresse, "l'API demande un jeton, et aucun n'est donné")
    if not re.fullmatch(r"[\x21-\x7e]+", jeton):
        raise _sans_jeton(adresse, "le jeton donné a des espaces ou des accents")
    return jeton


def _sans_jeton(adresse: str, raison: str) -> RecuperationImpossible:
    return RecuperationImpossible(
        sans_parametres(adresse),
        cause="refus",
        raison=raison,
        conseil=f"Demandez un jeton à data·inclusion et donnez-le dans {JETON}, ou nommez dans "
        f"{FICHIER_DU_JETON} le fichier qui le porte ; l'extrait ouvert s'importe sans jeton",
    )


def _refus(adresse: str) -> RecuperationImpossible:
    return _sans_jeton(adresse, "le serveur refuse le jeton donné")


def _reponse(adresse: str, raison: str) -> RecuperationImpossible:
    return RecuperationImpossible(
        sans_parametres(adresse),
        cause="reponse",
        raison=raison,
        conseil="Téléchargez l'extrait ouvert de data·inclusion sur data.gouv.fr et importez-le",
    )
