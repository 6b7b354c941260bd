"""Classeurs remplis à la main : les écrire vierges, les lire ligne à ligne."""
