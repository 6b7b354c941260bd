"""Ligne de commande : arguments et codes de sortie, rien d'autre.

Codes de sortie : 0 tout va bien ; 1 une faute est trouvée (données, écriture, vérification) ;
2 la commande est mal écrite ; 130 interruption au clavier.
"""

from __future__ import annotations

import gettext
import io
import os
import sys
from pathlib import Path


def main() -> None:
    """Point d'entrée de la commande ``solidiag``."""
    os.environ["LANGUAGE"] = "fr"
    for flux in (sys.stdout, sys.stderr):
        if isinstance(flux, io.TextIOWrapper):
            flux.reconfigure(errors="replace")
    gettext.bindtextdomain("messages", str(Path(__file__).parent / "langue"))
    from solidiag.cli.application import executer
    from solidiag.errors import SolidiagError

    try:
        code = executer()
    except (KeyboardInterrupt, EOFError):
        sys.stderr.write("\nInterrompu. Le résultat précédent, s'il existe, est intact.\n")
        code = 130
    except SolidiagError as erreur:
        if "--debug" in sys.argv:
            raise
        sys.stderr.write(f"Erreur : {erreur}\n")
        code = 1
    raise SystemExit(code)
