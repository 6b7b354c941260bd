"""Lecteurs des annuaires de services : octets d'un fichier → table au schéma `SERVICES`."""
