"""Fiche d'un territoire : une page, ou deux territoires côte à côte."""
