"""Lecteurs de fichiers de producteurs : octets vers tables déclarées."""
