"""Besoins et offre comparés, par domaine et par territoire."""
