"""Solidiag : du fichier public au diagnostic territorial des solidarités, vérifiable."""

__version__ = "0.1.0"
