"""Site hors ligne : des pages qui s'ouvrent depuis une adresse ``file://``, sans réseau."""

from solidiag.publication.site.extraction_html import TexteHtml, donnees_site, textes_html
from solidiag.publication.site.modele import Fond, SiteLigne, SiteTable, SiteTerritoire
from solidiag.publication.site.rendre import rendre_site

__all__ = [
    "Fond",
    "SiteLigne",
    "SiteTable",
    "SiteTerritoire",
    "TexteHtml",
    "donnees_site",
    "rendre_site",
    "textes_html",
]
