"""Cartes en SVG : taux, effectifs, services, écarts ; et leur texte de remplacement."""

from solidiag.publication.cartes.alternatif import (
    AltCarte,
    alt_carte,
    alt_cercles,
    alt_classes,
    alt_points,
)
from solidiag.publication.cartes.categories import (
    STYLES_REGROUPEMENTS,
    STYLES_TYPES,
    carte_categories,
)
from solidiag.publication.cartes.cercles import EchelleCercles, carte_cercles, echelle_commune
from solidiag.publication.cartes.choroplethe import carte_choroplethe, teintes
from solidiag.publication.cartes.ecarts import carte_classes
from solidiag.publication.cartes.fond_svg import FondSvg, preparer_fond
from solidiag.publication.cartes.legende import explication, libelle_classe
from solidiag.publication.cartes.points import PointCarte, carte_points
from solidiag.publication.cartes.vierge import carte_vierge

__all__ = [
    "STYLES_REGROUPEMENTS",
    "STYLES_TYPES",
    "AltCarte",
    "EchelleCercles",
    "FondSvg",
    "PointCarte",
    "alt_carte",
    "alt_cercles",
    "alt_classes",
    "alt_points",
    "carte_categories",
    "carte_cercles",
    "carte_choroplethe",
    "carte_classes",
    "carte_points",
    "carte_vierge",
    "echelle_commune",
    "explication",
    "libelle_classe",
    "preparer_fond",
    "teintes",
]
