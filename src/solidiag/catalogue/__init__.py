"""Déclarations typées : grille, sources, indicateurs, mesures d'offre."""
