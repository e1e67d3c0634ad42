#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# tests/README.md: each promise has tests, each test it names exists.
set -euo pipefail
page=$SOURCE/tests/README.md
there=$(ctest --test-dir "$BUILD" -N | sed -nE 's/^ *Test +#[0-9]+: //p')
# What a build with a sanitizer leaves out is in every other one.
grep -qE '^COLDCA_SANITIZE(_THREADS)?:BOOL=ON' "$BUILD/CMakeCache.txt" && there+=$'\n'e2e.clock$'\n'e2e.demo
for promise in P1 P2 P3 P4 P5 P6 P7 P8 P9; do
    row=$(grep -F "| **$promise** " "$page") || { echo "readme: no row for $promise" >&2; exit 1; }
    names=$(grep -oE '(unit|integration|e2e|interop|fault|fuzz)\.[a-z0-9_]+(\.[a-z0-9_]+)*' <<<"$row" || true)
    [ -n "$names" ] || { echo "readme: no test for $promise" >&2; exit 1; }
    for name in $names; do
        grep -qxF "$name" <<<"$there" || { echo "readme: there is no test $name ($promise)" >&2; exit 1; }
    done
done
