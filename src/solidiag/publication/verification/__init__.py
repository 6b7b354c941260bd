"""Vérification : les nombres tirés des fichiers finals, comparés à ceux que l'on recalcule."""
