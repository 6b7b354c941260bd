"""Fautes d'une déclaration, dites en français à qui l'a écrite."""

from __future__ import annotations

from typing import Any


def dire_faute(faute: Any) -> str:
    """Renvoie une faute de validation en français."""
    genre, contexte, donne = faute["type"], faute.get("ctx", {}), faute["input"]
    if genre == "missing" or donne in ("", None):
        return "à remplir"
    attendus = {
        "extra_forbidden": "champ inconnu",
        "string_type": f"texte attendu, trouvé {donne!r} : mettez-le entre guillemets",
        "string_pattern_mismatch": f"« {donne} » n'a pas la forme attendue "
        f"({contexte.get('pattern', '')})",
        "string_too_short": f"au moins {contexte.get('min_length')} signes",
        "literal_error": f"« {donne} » n'est pas admis ; choix : "
        + str(contexte.get("expected", "")).replace(" or ", " ou "),
        "greater_than_equal": f"{donne} est trop petit : au moins {contexte.get('ge')}",
        "less_than_equal": f"{donne} est trop grand : au plus {contexte.get('le')}",
        "bool_parsing": "true ou false attendu",
        "bool_type": "true ou false attendu",
        "value_error": str(contexte.get("error", faute["msg"])),
    }
    if genre in attendus:
        return attendus[genre]
    for debut, attendu in (
        ("int_", "nombre entier attendu"),
        ("float_", "nombre attendu"),
        ("date_", "date attendue, AAAA-MM-JJ"),
        ("tuple_", "liste attendue, [a, b]"),
        ("list_", "liste attendue, [a, b]"),
        ("dict_", "table attendue, {clé: valeur}"),
        ("model_", "champs attendus, un par ligne"),
    ):
        if genre.startswith(debut):
            return attendu
    return str(faute["msg"])
