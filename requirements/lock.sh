#!/bin/sh
# Writes the hash-locked files anew from the .in files. Takes nothing younger than the day given, which should be a week ago.
set -eu
cd "$(dirname "$0")"
day=${1:?usage: requirements/lock.sh YYYY-MM-DD (take nothing younger than that day)}
for name in runtime demo dev; do
  uv pip compile --quiet --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --no-annotate \
    --universal --python-version 3.11 --exclude-newer "$day" "$name.in" -o "$name.txt"
done
