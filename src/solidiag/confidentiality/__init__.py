"""Secret statistique : la seule porte vers une table publiée."""
