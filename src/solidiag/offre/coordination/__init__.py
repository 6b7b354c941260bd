"""Coordination : qui fait quoi où, avec quels dispositifs et quels liens."""
