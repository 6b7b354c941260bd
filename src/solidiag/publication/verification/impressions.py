"""Ce que chaque clé imprime, d'après le document et les tables recalculés."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection

from solidiag.publication.document import Cle, Document, Nombre
from solidiag.publication.matiere import Matiere
from solidiag.publication.verification.attendus import unites
from solidiag.publication.verification.jetons import morceaux


class Impressions:
    """Textes qu'une clé peut imprimer.

    Parameters
    ----------
    matiere
        Tables recalculées : toute observation s'y retrouve, même absente du document.
    document
        Document recalculé : les dénombrements et les rangs y sont imprimés avec leur clé.
    """

    def __init__(self, matiere: Matiere, document: Document) -> None:
        self._matiere = matiere
        self._du_document: dict[Cle, set[str]] = defaultdict(set)
        for unite in unites(document):
            for morceau in morceaux(unite.contenu):
                if morceau.cle is not None:
                    self._du_document[morceau.cle].add(morceau.texte.strip())

    def __call__(self, cle: Cle) -> Collection[str]:
        """Renvoie les textes connus de cette clé, ou rien."""
        connus = set(self._du_document.get(cle, ()))
        if cle.table == "observations":
            connus |= self._d_une_observation(cle)
        elif cle.table == "lissages":
            connus |= self._d_un_taux_lisse(cle)
        return connus

    def _d_un_taux_lisse(self, cle: Cle) -> set[str]:
        lisse = self._matiere.lisses(cle.indicateur, cle.periode).get(cle.territoire)
        ligne = self._matiere.imprimer(lisse, table="lissages")
        return {ligne.texte.strip()} if isinstance(ligne, Nombre) else set()

    def _d_une_observation(self, cle: Cle) -> set[str]:
        observe = self._matiere.derniere(cle.indicateur, cle.territoire, cle.periode)
        if observe is None or not observe.lisible:
            return set()
        if cle.champ == "value":
            ligne = self._matiere.imprimer(observe)
            return {ligne.texte.strip()} if isinstance(ligne, Nombre) else set()
        bornes = self._matiere.bornes(observe)
        if bornes is None or cle.champ not in ("lower", "upper"):
            return set()
        return {bornes[0 if cle.champ == "lower" else 1].strip()}
