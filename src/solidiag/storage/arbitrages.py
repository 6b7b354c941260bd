"""Arbitrages d'une personne sur les doublons, gardés dans son dossier de données.

``decisions/doublons.csv`` (UTF-8, point-virgule) porte une ligne par arbitrage : ``id_a``,
``id_b``, ``verdict`` (``meme`` ou ``different``), ``motif``, ``auteur`` (une fonction), ``date``.
Un arbitrage annulé est rangé dans ``decisions/doublons_annules.csv`` avec la date de l'annulation :
rien n'est perdu. Chaque fichier est écrit à côté puis renommé d'un coup.
"""

from __future__ import annotations

import csv
import hashlib
import io
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, cast

from solidiag.errors import ArbitrageImpossible, DeclarationInvalide, SortieImpossible
from solidiag.offre.arbitrages import Arbitrage, verifier
from solidiag.storage.exclusivite import exclusivite
from solidiag.storage.sorties import raison_de

COLONNES = ("id_a", "id_b", "verdict", "motif", "auteur", "date")
"""Colonnes de ``doublons.csv``."""

_NOM = "decisions/doublons.csv"
_NOM_ANNULES = "decisions/doublons_annules.csv"


class Arbitrages:
    """Les arbitrages d'une personne.

    Parameters
    ----------
    racine
        Dossier de données de la personne ; il peut ne pas exister.
    """

    def __init__(self, racine: Path) -> None:
        self.dossier = racine / "decisions"
        self.fichier = self.dossier / "doublons.csv"
        self.annules = self.dossier / "doublons_annules.csv"

    def lire(self) -> tuple[Arbitrage, ...]:
        """Renvoie les arbitrages en vigueur, par paire ; aucun si le fichier n'existe pas.

        Raises
        ------
        DeclarationInvalide
            Avec toutes les fautes du fichier, chacune avec sa ligne.
        ArbitrageImpossible
            Si deux arbitrages se contredisent.
        """
        lus: list[Arbitrage] = []
        fautes: list[str] = []
        for rang, ligne in enumerate(_lignes(self.fichier, COLONNES, _NOM), start=2):
            try:
                lus.append(_arbitrage(ligne))
            except ArbitrageImpossible as erreur:
                fautes.append(f"ligne {rang} : {erreur.raison}")
        if fautes:
            raise DeclarationInvalide(_NOM, fautes)
        return verifier(lus)

    def ajouter(self, arbitrage: Arbitrage) -> None:
        """Garde un arbitrage de plus.

        Raises
        ------
        ArbitrageImpossible
            Si cette paire est déjà tranchée, ou si l'arbitrage en contredit un autre.
        DeclarationInvalide
            Si le fichier porte des fautes ; il n'est pas touché.
        SortieImpossible
            S'il ne peut pas être écrit ; le précédent est intact.
        """
        with self._ecriture():
            en_vigueur = self.lire()
            for deja in en_vigueur:
                if deja.paire == arbitrage.paire and deja.verdict == arbitrage.verdict:
                    raise ArbitrageImpossible(
                        f"c'est déjà tranché, {deja.nom}",
                        conseil="Annulez cet arbitrage pour le rendre autrement.",
                    )
            self._ecrire(verifier([*en_vigueur, arbitrage]))

    def annuler(self, id_a: str, id_b: str, *, jour: str) -> Arbitrage:
        """Renvoie l'arbitrage annulé, rangé avec la date de son annulation.

        Raises
        ------
        ArbitrageImpossible
            Si cette paire n'est pas tranchée.
        SortieImpossible
            Si les fichiers ne peuvent pas être écrits.
        """
        paire = (min(id_a, id_b), max(id_a, id_b))
        with self._ecriture():
            en_vigueur = self.lire()
            retire = next((a for a in en_vigueur if a.paire == paire), None)
            if retire is None:
                raise ArbitrageImpossible(
                    f"aucun arbitrage sur « {id_a} » et « {id_b} »",
                    conseil="Les paires tranchées sont dans decisions/doublons.csv.",
                )
            colonnes = (*COLONNES, "annule_le")
            ranges = [*_lignes(self.annules, colonnes, _NOM_ANNULES)]
            ranges.append({**_ligne(retire), "annule_le": jour})
            _remplacer(self.annules, colonnes, ranges)
            self._ecrire([a for a in en_vigueur if a.paire != paire])
        return retire

    def empreinte(self) -> str:
        """Renvoie l'empreinte des arbitrages en vigueur, vide s'il n'y en a pas."""
        try:
            octets = self.fichier.read_bytes()
        except OSError:
            return ""
        vide = octets.count(b"\n") < 2  # l'en-tête seul
        return "" if vide else hashlib.sha256(octets).hexdigest()

    def _ecrire(self, arbitrages: Iterable[Arbitrage]) -> None:
        _remplacer(self.fichier, COLONNES, [_ligne(arbitrage) for arbitrage in arbitrages])

    @contextmanager
    def _ecriture(self) -> Iterator[None]:
        try:
            self.dossier.mkdir(parents=True, exist_ok=True, mode=0o700)
            with exclusivite(self.dossier):
                yield
        except OSError as erreur:
            raise SortieImpossible(str(self.fichier), raison_de(erreur)) from erreur


def _lignes(chemin: Path, colonnes: Sequence[str], nom: str) -> list[dict[str, str]]:
    if not chemin.is_file():
        return []
    try:
        texte = chemin.read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as erreur:
        raise DeclarationInvalide(
            nom, ["fichier illisible ; attendu : du texte UTF-8, enregistré en « CSV UTF-8 »"]
        ) from erreur
    lecteur = csv.DictReader(io.StringIO(texte, newline=""), delimiter=";", strict=True)
    try:
        lues = list(lecteur)
    except csv.Error as erreur:
        raise DeclarationInvalide(nom, ["guillemets ou point-virgule mal placés"]) from erreur
    trouvees = list(lecteur.fieldnames or ())
    if trouvees != list(colonnes):
        raise DeclarationInvalide(
            nom, [f"colonnes attendues : {' ; '.join(colonnes)} ; trouvées : {trouvees}"]
        )
    fautes = [
        f"ligne {rang} : {len(colonnes)} champs attendus"
        for rang, ligne in enumerate(lues, start=2)
        if None in ligne or None in ligne.values()
    ]
    if fautes:
        raise DeclarationInvalide(nom, fautes)
    return lues


def _arbitrage(ligne: Mapping[str, str]) -> Arbitrage:
    champs = {champ: valeur.strip() for champ, valeur in ligne.items()}
    return Arbitrage(
        id_a=champs["id_a"],
        id_b=champs["id_b"],
        verdict=cast("Literal['meme', 'different']", champs["verdict"]),
        motif=champs["motif"],
        auteur=champs["auteur"],
        jour=champs["date"],
    )


def _ligne(arbitrage: Arbitrage) -> dict[str, str]:
    id_a, id_b = arbitrage.paire
    return {
        "id_a": id_a,
        "id_b": id_b,
        "verdict": arbitrage.verdict,
        "motif": arbitrage.motif,
        "auteur": arbitrage.auteur,
        "date": arbitrage.jour,
    }


def _remplacer(chemin: Path, colonnes: Sequence[str], lignes: Sequence[Mapping[str, str]]) -> None:
    tampon = io.StringIO(newline="")
    ecrivain = csv.DictWriter(tampon, colonnes, delimiter=";", lineterminator="\r\n")
    ecrivain.writeheader()
    ecrivain.writerows(lignes)
    brouillon = chemin.with_name(f".{chemin.name}.en-cours")
    with brouillon.open("wb") as flux:
        flux.write(tampon.getvalue().encode("utf-8-sig"))
        flux.flush()
        os.fsync(flux.fileno())
    brouillon.replace(chemin)
