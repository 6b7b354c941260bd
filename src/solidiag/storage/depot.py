"""Le dépôt : fichiers embarqués dont l'empreinte est vérifiée, et déclarations chargées."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import Any

from solidiag.catalogue.correspondance import garnir, garnir_source
from solidiag.catalogue.dispositif import TypeDispositif
from solidiag.catalogue.gabarit import Gabarit
from solidiag.catalogue.grille import Domaine, Grille
from solidiag.catalogue.indicateur import Croisement, Indicateur, Lecture, MesureOffre, Terme
from solidiag.catalogue.personnes import PersonnesDomaine
from solidiag.catalogue.service import lire_categories
from solidiag.catalogue.source import Couverture, Fichier, Source
from solidiag.catalogue.suivi_categories import Suite, suivre
from solidiag.errors import DeclarationInvalide, FichierAbsent, FichierAltere
from solidiag.model.origin import Retrieval
from solidiag.storage.ajouts import PREFIXE, Ajout, AjoutEnMemoire, Ajouts, dossier_des_donnees
from solidiag.storage.arbitrages import Arbitrages
from solidiag.storage.declarations import charger_dossier, lire_yaml, valider
from solidiag.storage.geocodages import Geocodages
from solidiag.storage.points import PointsFournis
from solidiag.storage.reglages import Reglages, noms_reglables
from solidiag.storage.reseaux import empreinte_des_trajets


def empreinte(octets: bytes) -> str:
    """Renvoie l'empreinte SHA-256 hexadécimale."""
    return hashlib.sha256(octets).hexdigest()


class Depot:
    """Fichiers embarqués et déclarations d'une installation de Solidiag.

    Parameters
    ----------
    racine
        Dossier qui contient ``donnees/`` et ``declarations/`` ; par défaut celui du paquet, ou
        celui que nomme la variable d'environnement ``SOLIDIAG_RACINE``.
    ajouts
        Dossier de données de la personne ; à défaut le sien, ou aucun si ``racine`` est donnée.
    """

    def __init__(self, racine: Path | None = None, *, ajouts: Path | None = None) -> None:
        if ajouts is None and racine is None:
            ajouts = dossier_des_donnees()
        self.ajouts = Ajouts(ajouts) if ajouts else None
        if racine is None:
            declaree = os.environ.get("SOLIDIAG_RACINE")
            racine = Path(declaree) if declaree else Path(str(resources.files("solidiag")))
        self.racine = racine
        self.donnees = racine / "donnees"
        self.declarations = racine / "declarations"
        self.reglages = Reglages(ajouts, self.declarations) if ajouts else None
        self.arbitrages = Arbitrages(ajouts) if ajouts else None
        self.geocodages = Geocodages(ajouts) if ajouts else None

    @classmethod
    def embarque(cls) -> Depot:
        """Renvoie le dépôt des seuls fichiers embarqués, sans ce que la personne a ajouté."""
        depot = cls()
        depot.ajouts = None
        depot.reglages = None
        depot.arbitrages = None
        depot.geocodages = None
        return depot

    def passager(self, ajout: Ajout, fichiers: Mapping[str, bytes]) -> Depot:
        """Renvoie un dépôt dont le seul ajout est celui-ci, en mémoire : rien n'est écrit."""
        autre = Depot(self.racine)
        autre.ajouts = AjoutEnMemoire(ajout, fichiers)
        autre.reglages = self.reglages
        autre.arbitrages = self.arbitrages
        autre.geocodages = self.geocodages
        autre.__dict__["_embarquees"] = self._embarquees
        autre.__dict__["declares"] = self.declares
        return autre

    @cached_property
    def _embarquees(self) -> dict[str, Source]:
        return {s.id: s for s in charger_dossier(self.declarations / "sources", Source)}

    @cached_property
    def sources(self) -> dict[str, Source]:
        """Sources déclarées, puis ajoutées, par identifiant."""
        toutes = {**self._embarquees, **{a.source.id: a.source for a in self._ajouts[0]}}
        return {nom: garnir_source(s, self.declaration) for nom, s in toutes.items()}

    @cached_property
    def gabarits(self) -> dict[str, Gabarit]:
        """Gabarits des fichiers officiels, par identifiant."""
        lus = charger_dossier(self.declarations / "gabarits", Gabarit)
        return {
            g.id: g.model_copy(update={"options": garnir(g.options, self.declaration)}) for g in lus
        }

    @property
    def fautes(self) -> tuple[str, ...]:
        """Une phrase par ajout ignoré."""
        return self._ajouts[1]

    @cached_property
    def _ajouts(self) -> tuple[tuple[Ajout, ...], tuple[str, ...]]:
        """Ajouts retenus, et pourquoi les autres ne le sont pas."""
        if self.ajouts is None:
            return (), ()
        retenus: list[Ajout] = []
        fautes = list(self.ajouts.fautes)
        connues = {f"{s.id}/{f.id}" for s in self._embarquees.values() for f in s.fichiers}
        for ajout in self.ajouts.lus:
            nom = ajout.source.id
            siens = {f"{nom}/{fichier.id}" for fichier in ajout.source.fichiers}
            lus = {terme.fichier for terme in _termes(ajout)}
            etrangers = sorted(lus - connues - siens)
            if nom in self._embarquees:
                fautes.append(f"L'ajout « {nom} » est ignoré : une source embarquée a ce nom.")
            elif etrangers:
                fautes.append(
                    f"L'ajout « {nom} » est ignoré : il lit « {etrangers[0]} », qui n'est plus "
                    "déclaré. Importez à nouveau le fichier."
                )
            else:
                retenus.append(ajout)
        return tuple(retenus), tuple(fautes)

    @cached_property
    def declares(self) -> dict[str, Indicateur]:
        """Indicateurs de besoin embarqués, sans ce que la personne a ajouté, par identifiant."""
        return {i.id: i for i in charger_dossier(self.declarations / "indicateurs", Indicateur)}

    @cached_property
    def catalogue(self) -> dict[str, Indicateur]:
        """Tous les indicateurs de besoin déclarés, documentés ou à demander, par identifiant."""
        declares = dict(self.declares)
        for ajout in self._ajouts[0]:
            propre = ajout.indicateur
            if propre is None:
                continue
            embarque = declares.get(propre.id)
            if embarque is None:
                declares[propre.id] = propre
            elif propre.id in self.declares and not embarque.lectures:
                declares[propre.id] = _rempli(embarque, propre)
        exactes = {
            i.id: i for i in charger_dossier(self.declarations / "definitions_exactes", Indicateur)
        }
        for ajout in self._ajouts[0]:
            for nom, lectures in ajout.remplit.items():
                if nom in exactes:
                    # La définition de la grille remplace l'approchée : jamais mêlées.
                    declares[nom] = exactes.pop(nom)
                if nom in declares:
                    toutes = placer(declares[nom].lectures, lectures)
                    declares[nom] = declares[nom].model_copy(update={"lectures": toutes})
        return declares

    @cached_property
    def indicateurs(self) -> dict[str, Indicateur]:
        """Indicateurs du catalogue qu'un fichier au moins documente, par identifiant."""
        return {nom: i for nom, i in self.catalogue.items() if i.lectures}

    @cached_property
    def mesures_declarees(self) -> dict[str, MesureOffre]:
        """Mesures d'offre telles que déclarées, par identifiant."""
        dossier = self.declarations / "mesures"
        return {m.id: m for m in charger_dossier(dossier, MesureOffre, lire=self._lire)}

    @cached_property
    def croisements_declares(self) -> dict[str, Croisement]:
        """Croisements besoin × offre tels que déclarés, par domaine."""
        dossier = self.declarations / "croisements"
        lus = charger_dossier(dossier, Croisement, lire=self._lire)
        return {c.domaine: c for c in lus}

    @property
    def mesures(self) -> dict[str, MesureOffre]:
        """Mesures d'offre en vigueur, par identifiant : elles suivent les catégories réglées."""
        return dict(self.suite.mesures)

    @property
    def croisements(self) -> dict[str, Croisement]:
        """Croisements besoin × offre en vigueur, par domaine."""
        return dict(self.suite.croisements)

    @cached_property
    def suite(self) -> Suite:
        """Mesures et croisements que laisse le réglage des catégories de services."""
        mesures, croisements = self.mesures_declarees, self.croisements_declares
        livre = self.declarations / "services" / "categories.yaml"
        if self.reglages is None or livre not in self.reglages.remplaces:
            return Suite(mesures=mesures, croisements=croisements)
        return suivre(
            mesures,
            croisements,
            livrees=lire_categories(lire_yaml(livre)),
            reglees=lire_categories(self._lire(livre)),
        )

    @cached_property
    def dispositifs(self) -> tuple[TypeDispositif, ...]:
        """Types de dispositifs déclarés."""
        dossier = self.declarations / "dispositifs"
        return tuple(charger_dossier(dossier, TypeDispositif, lire=self._lire))

    @cached_property
    def bases(self) -> dict[str, Indicateur]:
        """Populations qui servent à compter des personnes, par identifiant."""
        return {b.id: b for b in charger_dossier(self.declarations / "bases", Indicateur)}

    @cached_property
    def personnes(self) -> dict[str, PersonnesDomaine]:
        """Ce que l'on compte pour chaque domaine, par domaine."""
        dossier = self.declarations / "personnes"
        return {p.domaine: p for p in charger_dossier(dossier, PersonnesDomaine)}

    @cached_property
    def grille(self) -> Grille:
        """La grille de référence."""
        dossier = self.declarations / "grille"
        contenu = dict(lire_yaml(dossier / "axes.yaml"))
        ordre = contenu.pop("domaines")
        domaines = {d.id: d for d in charger_dossier(dossier / "domaines", Domaine)}
        if set(ordre) != set(domaines):
            ecart = sorted(set(ordre) ^ set(domaines))
            raise DeclarationInvalide("axes.yaml", [f"domaines sans déclaration : {ecart}"])
        for ajout in self._ajouts[0]:
            propre = ajout.indicateur
            voulu = str(propre.parametres.get("domaine", "")) if propre else ""
            if propre and voulu in domaines and propre.id not in domaines[voulu].indicateurs_besoin:
                cites = domaines[voulu].indicateurs_complementaires
                complets = tuple(dict.fromkeys((*cites, propre.id)))
                domaines[voulu] = domaines[voulu].model_copy(
                    update={"indicateurs_complementaires": complets}
                )
        contenu["domaines"] = [domaines[identifiant] for identifiant in ordre]
        contenu["indicateurs"] = [
            i.id for i in self.catalogue.values() if i.correspondance != "hors_grille"
        ]
        return valider(Grille, contenu, nom="axes.yaml")

    def parametres(self, nom: str) -> dict[str, Any]:
        """Renvoie le contenu de ``declarations/parametres/<nom>.yaml``."""
        return dict(self.declaration(f"parametres/{nom}.yaml"))

    def declaration(self, chemin: str) -> Any:
        """Renvoie le contenu d'un fichier YAML sous ``declarations/``."""
        return self._lire(self.declarations / chemin)

    def reglables(self) -> dict[str, Any]:
        """Renvoie le contenu de chaque fichier réglable, réglages compris, par nom."""
        return {nom: self.declaration(f"{nom}.yaml") for nom in noms_reglables(self.declarations)}

    def regles(self) -> tuple[tuple[str, str, str], ...]:
        """Renvoie les réglages de la personne : place, valeur livrée, valeur en vigueur."""
        if self.reglages is None:
            return ()
        return tuple(
            (f"{d.fichier}:{d.cle}", d.livre, d.regle) for d in self.reglages.differences()
        )

    def _lire(self, livre: Path) -> Any:
        """Renvoie le contenu d'une déclaration, réglages de la personne compris."""
        return self.reglages.lire(livre) if self.reglages is not None else lire_yaml(livre)

    @cached_property
    def verrous(self) -> dict[str, dict[str, Any]]:
        """Verrous par chemin de fichier, embarqué ou ajouté."""
        lus: dict[str, dict[str, Any]] = {}
        for chemin in sorted((self.donnees / "verrous").glob("*.json")):
            try:
                contenu = json.loads(chemin.read_text(encoding="utf-8"))
                for fichier in contenu["fichiers"].values():
                    lus[fichier["chemin"]] = fichier
            except (OSError, ValueError, LookupError, TypeError, AttributeError) as erreur:
                raise DeclarationInvalide(
                    f"verrous/{chemin.name}", ["verrou illisible ; réinstallez Solidiag"]
                ) from erreur
        for ajout in self._ajouts[0]:
            lus.update(ajout.verrous)
        return lus

    def octets(self, chemin: str) -> bytes:
        """Renvoie les octets d'un fichier embarqué ou ajouté, après contrôle de son empreinte.

        Raises
        ------
        FichierAbsent
            Si le fichier ou son verrou manque.
        FichierAltere
            Si les octets ne sont pas ceux du verrou.
        """
        verrou = self.verrous.get(chemin)
        if verrou is None:
            raise FichierAbsent(chemin)
        if self.ajouts is not None and chemin.startswith(PREFIXE):
            octets = self.ajouts.octets(chemin)
        else:
            try:
                octets = (self.donnees / chemin).read_bytes()
            except OSError as erreur:
                raise FichierAbsent(chemin) from erreur
        trouve = empreinte(octets)
        if trouve != verrou["sha256"]:
            raise FichierAltere(chemin, attendu=verrou["sha256"], trouve=trouve)
        return octets

    def controler(self) -> int:
        """Contrôle l'empreinte de chaque fichier embarqué ; renvoie leur nombre.

        Raises
        ------
        FichierAbsent, FichierAltere
            Au premier fichier qui n'est pas celui de son verrou.
        """
        for chemin in self.verrous:
            self.octets(chemin)
        return len(self.verrous)

    def fichier(self, reference: str) -> tuple[Source, Fichier]:
        """Renvoie la source et le fichier d'une référence ``source/fichier``.

        Raises
        ------
        DeclarationInvalide
            Si la référence n'est pas déclarée.
        """
        source_id, _, fichier_id = reference.partition("/")
        source = self.sources.get(source_id)
        if source is not None:
            for fichier in source.fichiers:
                if fichier.id == fichier_id:
                    return source, fichier
        raise DeclarationInvalide(reference, ["fichier de source non déclaré"])

    def couverture(self, reference: str) -> Couverture:
        """Renvoie les territoires couverts par un fichier (à défaut, ceux de sa source)."""
        source, fichier = self.fichier(reference)
        return fichier.couverture or source.couverture

    def retrieval(self, reference: str) -> Retrieval:
        """Renvoie la provenance d'un fichier embarqué, d'après sa déclaration et son verrou."""
        source, fichier = self.fichier(reference)
        verrou = self.verrous.get(fichier.fichier)
        if verrou is None:
            raise FichierAbsent(fichier.fichier)
        return Retrieval(
            source=source.id,
            fichier=fichier.fichier,
            millesime=fichier.millesime,
            licence=source.licence.id,
            url=fichier.url or source.page,
            retrieved_at=str(verrou["obtenu_le"]),
            sha256=str(verrou["sha256"]),
            size=int(verrou["taille"]),
            copie=fichier.copie,
            copie_note=fichier.copie_note,
        )

    @cached_property
    def empreinte_de_lecture(self) -> str:
        """Empreinte du code qui lit et aligne : elle périme les tables gardées en cache."""
        condense = hashlib.sha256()
        for salle in ("sources", "geography", "model"):
            for chemin in sorted((_paquet() / salle).rglob("*.py")):
                condense.update(chemin.read_bytes())
        for chemin_donnee, verrou in sorted(self.verrous.items()):
            if chemin_donnee.startswith("territoires/"):
                condense.update(verrou["sha256"].encode())
        return condense.hexdigest()

    @cached_property
    def empreinte(self) -> str:
        """Empreinte des données, des déclarations et du code : ce dont dépend un résultat."""
        condense = hashlib.sha256()
        for chemin, verrou in sorted(self.verrous.items()):
            condense.update(f"{chemin} {verrou['sha256']}\n".encode())
        for dossier, motif in ((self.declarations, "*.yaml"), (_paquet(), "*.py")):
            for chemin_fichier in sorted(dossier.rglob(motif)):
                condense.update(chemin_fichier.relative_to(dossier).as_posix().encode())
                condense.update(chemin_fichier.read_bytes())
        publies = (_paquet() / "publication", self.donnees / "modeles", self.donnees / "polices")
        for dossier in publies:
            for chemin_fichier in sorted(dossier.rglob("*")):
                if chemin_fichier.is_file() and chemin_fichier.suffix not in {".py", ".pyc"}:
                    condense.update(chemin_fichier.read_bytes())
        if self.ajouts is not None:
            condense.update(self.ajouts.empreinte().encode())
            condense.update(empreinte_des_trajets(self.ajouts.racine).encode())
            condense.update(PointsFournis(self.ajouts.racine).empreinte().encode())
        if self.reglages is not None:
            condense.update(self.reglages.empreinte().encode())
        if self.arbitrages is not None:
            condense.update(self.arbitrages.empreinte().encode())
        if self.geocodages is not None:
            condense.update(self.geocodages.empreinte().encode())
        return condense.hexdigest()


def placer(lectures: tuple[Lecture, ...], ajoutees: tuple[Lecture, ...]) -> tuple[Lecture, ...]:
    """Renvoie les lectures, celles qu'on ajoute devant celles de période égale ou plus ancienne.

    Les lectures embarquées sont toutes gardées : elles servent là où le fichier ajouté est muet.
    """
    placees = list(lectures)
    for ajoutee in reversed(ajoutees):
        rang = next(
            (r for r, lue in enumerate(placees) if lue.periode <= ajoutee.periode), len(placees)
        )
        placees.insert(rang, ajoutee)
    return tuple(placees)


def _rempli(embarque: Indicateur, table: Indicateur) -> Indicateur:
    """Renvoie un indicateur à demander qu'une table remplit ; la définition reste la sienne."""
    change: dict[str, Any] = {"limites": tuple(dict.fromkeys((*embarque.limites, *table.limites)))}
    if table.difference:
        change |= {"correspondance": "proche", "difference": table.difference}
    if table.niveau_carte != "COM":
        change["niveau_carte"] = table.niveau_carte
    return embarque.model_copy(update=change)


def _termes(ajout: Ajout) -> list[Terme]:
    lectures = list(ajout.indicateur.lectures if ajout.indicateur else ())
    lectures += [lecture for lot in ajout.remplit.values() for lecture in lot]
    possibles = ((x.valeur, x.numerateur, x.denominateur, x.poids) for x in lectures)
    return [terme for lot in possibles for terme in lot if terme is not None]


def _paquet() -> Path:
    return Path(str(resources.files("solidiag")))
