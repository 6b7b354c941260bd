#!/usr/bin/env bash
# Chromium sert aux essais du site (accessibilité, clavier, 360 px), jamais au diagnostic.
set -euo pipefail
if command -v chromium >/dev/null 2>&1; then exit 0; fi
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium >/dev/null
  exit 0
fi
echo "Les essais du site demandent Chromium. Faites-le installer : apt install chromium, puis relancez make test." >&2
exit 1
