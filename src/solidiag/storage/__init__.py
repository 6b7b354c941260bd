"""Fichiers embarqués, verrous, déclarations, cache et sorties, écrits sans rien perdre."""
