"""Vérifier un diagnostic : relire chaque fichier, tout recalculer sans cache, comparer."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from solidiag.comites.changements import CLES_CHANGEMENTS
from solidiag.errors import VerificationImpossible
from solidiag.pipeline import site
from solidiag.pipeline.calculs import preparer
from solidiag.pipeline.etat import (
    CHANGEMENTS_ECRITS,
    ETAT_ECRIT,
    etat_de,
    lire_changements,
    lire_etat,
)
from solidiag.pipeline.suivi import Muet, Suivi, etape
from solidiag.pipeline.synthese_offre import nom_synthese
from solidiag.publication.document import Document
from solidiag.publication.francais import de, formater
from solidiag.publication.matiere import Matiere
from solidiag.publication.rapport.construire import construire_rapport
from solidiag.publication.rapport.synthese_offre import construire_synthese_offre
from solidiag.publication.rendus.images import convertir, figures
from solidiag.publication.verification.attendus import jetons_attendus, textes_sans_cle
from solidiag.publication.verification.comparaison import Ecart, Releve, orphelins
from solidiag.publication.verification.impressions import Impressions
from solidiag.publication.verification.ouvertes import DonneesOuvertes
from solidiag.publication.verification.pages import verifier_site
from solidiag.publication.verification.papier import verifier_docx, verifier_odt, verifier_pdf
from solidiag.storage.cache import Cache
from solidiag.storage.depot import Depot, empreinte
from solidiag.storage.sorties import MANIFESTE

_DOCUMENT = "document"
_SYNTHESE = "synthèse de l'offre"


@dataclass(frozen=True, kw_only=True)
class Verification:
    """Résultat d'une vérification.

    Parameters
    ----------
    territoire
        Territoire du diagnostic, avec son article (« des Landes »).
    releves
        Un relevé par fichier relu.
    ecarts
        Ce qui n'est pas conforme hors des fichiers : orphelins du document, inventaire.
    """

    dossier: Path
    territoire: str
    releves: tuple[Releve, ...]
    ecarts: tuple[Ecart, ...] = ()

    @property
    def tous_les_ecarts(self) -> tuple[Ecart, ...]:
        """Tout ce qui n'est pas conforme."""
        return (*self.ecarts, *(e for releve in self.releves for e in releve.ecarts))

    @property
    def conforme(self) -> bool:
        """Dit s'il n'y a ni orphelin, ni différence, ni fichier en trop ou manquant."""
        return not self.tous_les_ecarts

    def lignes(self) -> list[str]:
        """Renvoie le compte rendu, une phrase par ligne."""
        lignes = [f"Diagnostic {self.territoire} ({self.dossier})", ""]
        lignes += [
            f"  {nom} : {_nombre(lus)} nombres relus" for nom, lus in self._lus().items() if lus
        ]
        ecarts = self.tous_les_ecarts
        if ecarts:
            lignes += ["", *(ecart.phrase() for ecart in ecarts)]
        return [*lignes, "", self._conclusion()]

    def _lus(self) -> dict[str, int]:
        lus: dict[str, int] = {}
        for releve in self.releves:
            nom = "site" if releve.fichier.startswith("site/") else releve.fichier
            lus[nom] = lus.get(nom, 0) + releve.lus
        return lus

    def _conclusion(self) -> str:
        genres = [ecart.genre for ecart in self.tous_les_ecarts]
        sans_origine = sum(genre in {"orphelin", "en_trop"} for genre in genres)
        differences = sum(genre in {"difference", "absent"} for genre in genres)
        autres = len(genres) - sans_origine - differences
        total = _nombre(sum(releve.lus for releve in self.releves))
        comptes = (
            f"{_nombre(sans_origine)} {_accorder('orphelin', sans_origine)}, "
            f"{_nombre(differences)} {_accorder('différence', differences)}"
        )
        if autres:
            comptes += f", {_nombre(autres)} {_accorder('défaut', autres)} de fichier"
        verdict = "Conforme" if self.conforme else "Non conforme"
        return (
            f"{verdict} : {total} nombres relus dans {len(self.releves)} fichiers, "
            f"recalculés depuis les fichiers embarqués ; {comptes}."
        )


def _nombre(valeur: int) -> str:
    return formater(valeur, "nombre", decimales=0)


def _accorder(mot: str, nombre: int) -> str:
    return f"{mot}s" if nombre > 1 else mot


def verifier(
    dossier: Path, *, suivi: Suivi | None = None, depot: Depot | None = None
) -> Verification:
    """Relit chaque fichier d'un diagnostic et le compare à un recalcul sans aucun cache.

    Les empreintes du manifeste ne suffisent pas : on peut les réécrire. Ici chaque nombre est
    recalculé depuis les fichiers embarqués, dont l'empreinte est contrôlée d'abord.

    Raises
    ------
    VerificationImpossible
        Si le dossier n'est pas un diagnostic.
    DonneesError
        Si un fichier embarqué manque ou a été modifié.
    """
    suivi, depot = suivi or Muet(), depot or Depot()
    manifeste = lire_manifeste(dossier)
    with etape(suivi, "Contrôle des fichiers embarqués") as en_cours:
        en_cours.detail = f"{depot.controler()} fichiers conformes à leur verrou"
    with etape(suivi, "Recalcul sans cache"):
        matiere = preparer(
            manifeste.departement,
            depot=depot,
            cache=Cache(None),
            suivi=Muet(),
            jour=manifeste.jour,
        )
        matiere = replace(matiere, changements=lire_changements(dossier))
        document = construire_rapport(matiere)
    lecture = _Lecture(dossier, manifeste, matiere, document)
    with etape(suivi, "Relecture des fichiers") as en_cours:
        releves = tuple(lecture.releves())
        en_cours.detail = f"{len(releves)} fichiers"
    return Verification(
        dossier=dossier,
        territoire=de(matiere.departement),
        releves=releves,
        ecarts=(
            *_orphelins(document),
            *_orphelins(lecture.synthese, nom=_SYNTHESE),
            *_etat_faux(dossier, etat_de(matiere, depot), matiere),
            *lecture.inventaire(releves),
        ),
    )


@dataclass(frozen=True, kw_only=True)
class Manifeste:
    """Ce que le dossier dit de lui-même."""

    departement: str
    jour: date
    formats: tuple[str, ...]
    fichiers: dict[str, dict[str, Any]]
    comptes: dict[str, int]


def lire_manifeste(dossier: Path) -> Manifeste:
    """Renvoie le manifeste d'un diagnostic.

    Raises
    ------
    VerificationImpossible
        Si le dossier ou son manifeste manque, ou n'est pas lisible.
    """
    if not dossier.is_dir():
        raise VerificationImpossible(str(dossier), "ce dossier n'existe pas")
    chemin = dossier / MANIFESTE
    if not chemin.is_file():
        raise VerificationImpossible(str(dossier), f"il n'y a pas de {MANIFESTE} dedans")
    try:
        lu = json.loads(chemin.read_text(encoding="utf-8"))
        return Manifeste(
            departement=str(lu["departement"]),
            jour=date.fromisoformat(lu["date"]),
            formats=tuple(map(str, lu["formats"])),
            fichiers={str(nom): dict(connu) for nom, connu in lu["fichiers"].items()},
            comptes=dict(lu["comptes"]),
        )
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as erreur:
        raise VerificationImpossible(str(dossier), f"{MANIFESTE} n'est pas lisible") from erreur


def _orphelins(document: Document, *, nom: str = _DOCUMENT) -> Iterator[Ecart]:
    yield from orphelins(jetons_attendus(document), fichier=nom)
    for figure, nombre in textes_sans_cle(document):
        lieu = f"texte de remplacement de la figure « {figure} »"
        yield Ecart(genre="orphelin", fichier=nom, lieu=lieu, attendu=nombre)


def _etat_faux(dossier: Path, attendu: pl.DataFrame, matiere: Matiere) -> Iterator[Ecart]:
    """Compare l'état gardé au recalcul, et le côté « après » des changements à cet état.

    Le côté « avant » vient d'un résultat qui n'est plus là : il ne se recalcule pas.
    """
    if (dossier / ETAT_ECRIT).exists():
        garde = lire_etat(dossier)
        if garde is None or not garde.equals(attendu):
            trouve = "il n'est pas l'état recalculé"
            yield Ecart(genre="fichier", fichier=ETAT_ECRIT, trouve=trouve)
    if matiere.changements is None:
        return
    cles = list(CLES_CHANGEMENTS)
    faux = matiere.changements.frame.join(
        attendu, on=cles, how="left", suffix="_b", nulls_equal=True
    ).filter(
        pl.col("apres").ne_missing(pl.col("texte"))
        | pl.col("valeur_apres").ne_missing(pl.col("valeur"))
    )
    for ligne in faux.iter_rows(named=True):
        yield Ecart(
            genre="difference",
            fichier=CHANGEMENTS_ECRITS,
            lieu=" ".join(str(ligne[cle]) for cle in cles if ligne[cle]),
            attendu=str(ligne["texte"] or ligne["valeur"]),
            trouve=str(ligne["apres"] or ligne["valeur_apres"]),
        )


class _Lecture:
    """Relit les fichiers d'un dossier et les compare au recalcul."""

    def __init__(
        self, dossier: Path, manifeste: Manifeste, matiere: Matiere, document: Document
    ) -> None:
        self.dossier, self.manifeste = dossier, manifeste
        self.matiere, self.document = matiere, document
        self.synthese = construire_synthese_offre(matiere)
        self.presents = {
            chemin.relative_to(dossier).as_posix()
            for chemin in dossier.rglob("*")
            if chemin.is_file()
        } - {MANIFESTE}
        self.absents: list[str] = []
        self.connus: set[str] = {ETAT_ECRIT, CHANGEMENTS_ECRITS}

    def releves(self) -> Iterator[Releve]:
        """Relit tout fichier qu'un format produit, déclaré ou non par le manifeste."""
        yield from self._rapport()
        yield from self._synthese()
        yield from self._site()
        yield from self._donnees()

    def _lire(self, format_: str, nom: str) -> bytes | None:
        """Renvoie les octets d'un fichier attendu, ou rien, en notant qu'il manque."""
        self.connus.add(nom)
        if nom in self.presents:
            return (self.dossier / nom).read_bytes()
        if format_ in self.manifeste.formats:
            self.absents.append(nom)
        return None

    def _rapport(self) -> Iterator[Releve]:
        lus = {
            suffixe: (nom, octets)
            for suffixe in ("docx", "odt", "pdf")
            if (octets := self._lire(suffixe, nom := self._nom_rapport(suffixe))) is not None
        }
        images = convertir(figures(self.document)) if {"docx", "odt"} & set(lus) else {}
        for suffixe, (nom, octets) in lus.items():
            if suffixe == "pdf":
                yield verifier_pdf(octets, self.document, fichier=nom)
            else:
                lecture = verifier_docx if suffixe == "docx" else verifier_odt
                yield lecture(octets, self.document, images=images, fichier=nom)

    def _synthese(self) -> Iterator[Releve]:
        """Relit la synthèse de l'offre, que le format Word produit avec le rapport."""
        nom = nom_synthese(self.matiere)
        octets = self._lire("docx", nom)
        if octets is None:
            return
        images = convertir(figures(self.synthese))
        yield verifier_docx(octets, self.synthese, images=images, fichier=nom)

    def _nom_rapport(self, suffixe: str) -> str:
        return f"rapport/diagnostic-{self.matiere.departement.code}.{suffixe}"

    def _site(self) -> Iterator[Releve]:
        du_site = {nom for nom in self.presents if nom.startswith("site/")}
        if "site" not in self.manifeste.formats and not du_site:
            return
        imprimes = Impressions(self.matiere, self.document)
        with tempfile.TemporaryDirectory(prefix="solidiag-") as temporaire:
            racine = Path(temporaire) / "site"
            site.rendre(self.matiere, self.document, racine)
            for chemin in sorted(racine.rglob("*")):
                if not chemin.is_file():
                    continue
                nom = f"site/{chemin.relative_to(racine).as_posix()}"
                octets = self._lire("site", nom)
                if octets is not None:
                    yield verifier_site(octets, chemin.read_bytes(), imprimes=imprimes, fichier=nom)

    def _donnees(self) -> Iterator[Releve]:
        ouvertes = DonneesOuvertes(self.matiere)
        for nom in ouvertes.noms():
            octets = self._lire("donnees", f"donnees/{nom}")
            if octets is not None:
                yield ouvertes.verifier(nom, octets, fichier=f"donnees/{nom}")

    def inventaire(self, releves: Iterable[Releve]) -> Iterator[Ecart]:
        """Parcourt les fichiers manquants, inconnus ou modifiés, et le manifeste lui-même."""
        deja = {ecart.fichier for releve in releves for ecart in releve.ecarts}
        declares = self.manifeste.fichiers
        for nom in sorted({*self.absents, *(declares.keys() - self.presents)}):
            yield Ecart(genre="fichier", fichier=nom, trouve="ce fichier manque")
        for nom in sorted(self.presents):
            if nom not in self.connus:
                yield Ecart(genre="fichier", fichier=nom, trouve="aucun calcul ne le produit")
            elif nom not in declares:
                yield Ecart(genre="fichier", fichier=nom, trouve="le manifeste ne le connaît pas")
            elif nom not in deja and not self._empreinte_juste(nom):
                trouve = "il a été modifié depuis sa production (empreinte du manifeste)"
                yield Ecart(genre="fichier", fichier=nom, trouve=trouve)
        voulus = {nom: int(valeur) for nom, valeur in self.matiere.comptes.items()}
        for nom in sorted(voulus.keys() | self.manifeste.comptes.keys()):
            voulu, vu = voulus.get(nom), self.manifeste.comptes.get(nom)
            if voulu != vu:
                yield Ecart(
                    genre="difference",
                    fichier=MANIFESTE,
                    lieu=f"compte « {nom} »",
                    attendu=str(voulu),
                    trouve=str(vu),
                )

    def _empreinte_juste(self, nom: str) -> bool:
        octets = (self.dossier / nom).read_bytes()
        return self.manifeste.fichiers[nom].get("sha256") == empreinte(octets)
