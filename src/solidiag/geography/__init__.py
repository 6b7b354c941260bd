"""Code officiel géographique, zonages, voisins, distances."""
