"""Intervalles, classes, méthodes statistiques."""
