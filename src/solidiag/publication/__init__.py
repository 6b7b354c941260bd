"""Un seul modèle de document, et ses rendus."""
