"""La consultation : registre, complétude, notes. Vide à ce jour : voir la feuille de route."""
