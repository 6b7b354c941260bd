"""Personnes concernées : la forme de la table."""

from __future__ import annotations

import polars as pl

PERSONNES: dict[str, pl.DataType] = {
    "genre": pl.String(),
    "domaine": pl.String(),
    "territoire": pl.String(),
    "unite": pl.String(),
    "periode": pl.String(),
    "value": pl.Float64(),
    "lower": pl.Float64(),
    "upper": pl.Float64(),
    "method": pl.String(),
    "motif": pl.String(),
    "hypothese": pl.String(),
    "status": pl.String(),
    "precision": pl.String(),
    "n_domaines": pl.Int32(),
    "indicateurs": pl.String(),
    "origin": pl.String(),
}
"""Table des personnes concernées, une ligne par (domaine, territoire, unite).

``genre`` : ``domaine``, ou ``axe`` (``domaine`` est alors l'identifiant de l'axe). ``unite`` :
``personnes``, ``foyers``, ``ménages``, ``enfants``, ``élèves`` ; elles ne s'additionnent pas entre
elles. ``method`` : ``wilson``, ``byar``, ``arrondi``, ou ``recouvrement`` (axe : de l'un au moins à
la somme). ``motif`` dit pourquoi il n'y a pas de valeur, à défaut pas d'intervalle.
``n_domaines`` : domaines lus dans une ligne d'axe. ``indicateurs`` et ``origin`` : identifiants,
séparés d'une espace.
"""

CLES_PERSONNES = ("domaine", "territoire", "unite")
"""Colonnes qui identifient une ligne."""
