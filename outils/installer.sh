#!/usr/bin/env bash
# Prépare .venv : Python 3.11 ou plus, uv dedans, puis les paquets du fichier de verrou.
set -euo pipefail
py="${1:-python3}"
if ! "$py" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
  echo "Solidiag demande Python 3.11 ou plus récent. Installez-le (Debian : apt install python3 python3-venv), puis relancez." >&2
  exit 1
fi
if [ ! -x .venv/bin/python ]; then
  "$py" -m venv .venv || {
    echo "Impossible de créer .venv. Sur Debian : apt install python3-venv, puis relancez." >&2; exit 1; }
fi
[ -x .venv/bin/uv ] || .venv/bin/python -m pip install --quiet 'uv>=0.7'
UV_PROJECT_ENVIRONMENT="$PWD/.venv" .venv/bin/uv sync --frozen --inexact --quiet --python .venv/bin/python
