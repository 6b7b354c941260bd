"""Étape 1 : indicateurs, comparaisons, profils."""
