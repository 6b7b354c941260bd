"""Étape 3 : mettre les domaines en ordre, avec l'étendue des rangs."""
