#!/usr/bin/env bash
# Optional parts from Debian, for the tests that use other people's programs and data:
# STILTS (validators and a client), a second PostgreSQL, real VLT frames, a browser, the pipelines that Debian has
# (their classification rules, and recipes to make products with), and what runs their recipes.
set -euo pipefail
export DEBIAN_FRONTEND=noninteractive
packages=(stilts postgresql eso-midas-testdata chromium esorex)
for pipeline in amber giraf hawki muse naco uves vimos visir; do
    packages+=("cpl-plugin-$pipeline")
done
missing=()
for package in "${packages[@]}"; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
done
if [ "${#missing[@]}" -gt 0 ]; then
    apt-get update -qq
    apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi
