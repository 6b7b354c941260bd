"""Le rapport de diagnostic : de la matière calculée à un document."""
