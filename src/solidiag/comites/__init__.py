"""Les comités de suivi. Vide à ce jour : voir la feuille de route."""
