#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# tests/README.md: each promise has tests, each test it names exists. README.md: so has each line of what can be relied on.
set -euo pipefail
page=$SOURCE/tests/README.md
# Listed from a folder of its own: in BUILD it would cut off the log of the ctest that runs this.
listing=$(mktemp -d)
trap 'rm -rf "$listing"' EXIT
printf 'subdirs("%s")\n' "$BUILD" >"$listing/CTestTestfile.cmake"
there=$(ctest --test-dir "$listing" -N | sed -nE 's/^ *Test +#[0-9]+: //p')
# exist NAMES WHERE: they are single tests, by their whole names
exist() {
    local name
    [ -n "$1" ] || { echo "readme: no test for: $2" >&2; exit 1; }
    for name in $1; do
        grep -qxF "$name" <<<"$there" || { echo "readme: there is no test $name ($2)" >&2; exit 1; }
    done
}
kinds='(unit|integration|e2e|interop|fault|fuzz)'
# What a build with a sanitizer leaves out is in every other one.
grep -qE '^COLDCA_SANITIZE(_THREADS)?:BOOL=ON' "$BUILD/CMakeCache.txt" && there+=$'\n'e2e.clock$'\n'e2e.demo
for promise in P1 P2 P3 P4 P5 P6 P7 P8 P9; do
    row=$(grep -F "| **$promise** " "$page") || { echo "readme: no row for $promise" >&2; exit 1; }
    exist "$(grep -oE "$kinds\.[a-z0-9_]+(\.[a-z0-9_]+)*" <<<"$row" || true)" "$promise"
done
# What can be relied on: a list, whose lines go on with two blanks.
lines=$(sed -n '/^## What you can rely on/,/^## /p' "$SOURCE/README.md" | sed -n '/^- /,$p' | sed '/^## /d' | sed -e ':a' -e '$!N' -e 's/\n  / /' -e 'ta' -e 'P' -e 'D')
[ "$(grep -c '^- ' <<<"$lines")" -ge 9 ] || { echo "readme: what can be relied on is no list any more" >&2; exit 1; }
while IFS= read -r line; do
    [ -n "$line" ] || continue
    exist "$(grep -oE "\`$kinds\.[a-z0-9_.]+\`" <<<"$line" | tr -d '\`' || true)" "README.md: ${line:0:60}"
done <<<"$lines"
