"""Cas d'usage que la ligne de commande et l'espace de travail appellent."""
