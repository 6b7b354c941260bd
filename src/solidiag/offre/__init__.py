"""Étape 2 : inventaire, doublons, accès, couverture."""
