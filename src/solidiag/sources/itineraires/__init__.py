"""Temps de trajet demandés à un serveur d'itinéraires : OSRM, Valhalla ou IGN."""
