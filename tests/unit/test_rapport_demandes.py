"""Ce qu'un domaine dit de ce qui lui manque : le fichier, qui le détient, comment l'obtenir."""

from types import SimpleNamespace
from typing import Any

import polars as pl
import pytest

from solidiag.publication.document import Absence, Fort, Lien, Mention, Nombre, Texte
from solidiag.publication.rapport.demandes import (
    COMMANDE,
    a_demander,
    documente,
    section_a_documenter,
)
from solidiag.storage.depot import Depot

DEPOT = Depot()
DOMAINE = DEPOT.grille.domaine("eau-tarification-sociale")


def matiere(**changements: Any) -> Any:
    """Matière réduite à ce que la section lit, sans aucune valeur observée."""
    defauts: dict[str, Any] = {
        "catalogue": DEPOT.catalogue,
        "grille": DEPOT.grille,
        "indicateurs": DEPOT.indicateurs,
        "mesures": DEPOT.mesures,
        "croisements": {},
        "departement": SimpleNamespace(id="DEP-90"),
        "epci": ("EPCI-1",),
        "communes": ("COM-90010",),
        "serie": lambda _indicateur, _territoire: [],
        "domaines": lambda axe: DEPOT.grille.domaines_de(axe),
        "acces_domaines": None,
    }
    return SimpleNamespace(**(defauts | changements))


def texte(lignes: tuple[Any, ...]) -> str:
    return "".join(
        ligne.texte if isinstance(ligne, Texte | Nombre | Mention | Fort | Lien) else "–"
        for ligne in lignes
        if not isinstance(ligne, Absence)
    )


def table(blocs: list[Any]) -> Any:
    return next(bloc for bloc in blocs if type(bloc).__name__ == "Tableau")


def test_an_indicator_without_a_value_here_names_its_file_and_its_holder() -> None:
    rangees = table(list(section_a_documenter(matiere(), DOMAINE))).lignes
    dites = {texte(r[0].contenu): [texte(c.contenu) for c in r[1:]] for r in rangees}
    prix = dites["Prix du service de l'eau et de l'assainissement"]
    assert "services d'eau" in prix[0]
    assert prix[1] == "Office français de la biodiversité (SISPEA)"
    assert prix[2] == "données ouvertes"
    assert dites["Services d'eau à tarification sociale"][2] == "à recueillir sur place"


def test_an_indicator_read_elsewhere_but_not_here_is_asked_for_too() -> None:
    assert "rsa_pop" in DEPOT.indicateurs
    assert not documente(matiere(), "rsa_pop")
    lu = SimpleNamespace(lisible=True)
    connue = matiere(serie=lambda i, t: [lu] if (i, t) == ("rsa_pop", "COM-90010") else [])
    assert documente(connue, "rsa_pop")
    domaine = DEPOT.grille.domaine("accompagnement-rsa")
    assert "rsa_pop" in {i.id for i in a_demander(matiere(), domaine)}
    assert "rsa_pop" not in {i.id for i in a_demander(connue, domaine)}


@pytest.mark.parametrize("domaine", DEPOT.grille.domaines, ids=lambda d: d.id)
def test_every_domain_shows_a_value_or_the_file_to_provide(domaine: Any) -> None:
    sans_valeur = {i.id for i in a_demander(matiere(), domaine)}
    assert sans_valeur == set(domaine.indicateurs_besoin)


def test_the_command_is_said_once_per_report() -> None:
    dites = [
        texte(bloc.contenu)
        for axe in DEPOT.grille.axes
        for domaine in DEPOT.grille.domaines_de(axe.id)
        for bloc in section_a_documenter(matiere(), domaine)
        if type(bloc).__name__ == "Paragraphe"
    ]
    assert sum(COMMANDE in dite for dite in dites) == 1


def test_an_offer_measure_that_stands_in_is_pointed_at() -> None:
    domaine = DEPOT.grille.domaine("inclusion-numerique")
    rangees = table(list(section_a_documenter(matiere(), domaine))).lignes
    cellules = {texte(r[0].contenu): texte(r[1].contenu) for r in rangees}
    assert "voir l'offre" in cellules["Conseillers numériques pour 10 000 habitants"]


def test_an_access_that_approaches_an_indicator_is_pointed_at_only_when_measured() -> None:
    domaine = DEPOT.grille.domaine("reseau-pour-l-emploi")
    lignes = {"domaine": [domaine.id], "estime": ["ft_acces_30"]}
    for etat, attendu in (("mesure", True), ("sans_lieu", False)):
        acces = SimpleNamespace(frame=pl.DataFrame({**lignes, "etat": [etat]}))
        rangees = table(list(section_a_documenter(matiere(acces_domaines=acces), domaine))).lignes
        (eloignes,) = [
            texte(r[1].contenu) for r in rangees if "30 minutes en voiture" in texte(r[0].contenu)
        ]
        assert ("Une estimation existe déjà" in eloignes) is attendu
        assert (domaine.libelle in eloignes) is attendu
