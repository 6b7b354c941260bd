"""Valeurs gelées que tout le monde partage ; ni fichier, ni horloge, ni réseau."""
