"""Un module par façon de donner un fichier : adresse simple, Melodi, Opendatasoft, data.gouv.fr."""
