"""Documents, entretiens, questionnaires. Vide à ce jour : voir la feuille de route."""
