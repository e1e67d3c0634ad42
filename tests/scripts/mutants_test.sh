#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# scripts/mutants: the same seed plants the same faults, each of them changes its line, and the list of faults that change nothing fits the source.
set -euo pipefail
: "${SOURCE:?the source folder}"
cd "$SOURCE"
work=$(mktemp -d "${TMPDIR:-/tmp}/coldca-mutants-test-XXXXXX")
trap 'rm -rf "$work"' EXIT
fail() {
    echo "FAILED: $*" >&2
    exit 1
}

scripts/mutants records 400 --seed 7 --show >"$work/one"
scripts/mutants records 400 --seed 7 --show >"$work/two"
cmp "$work/one" "$work/two" || fail "the same seed, other faults"
[ "$(wc -l <"$work/one")" = 401 ] || fail "400 faults were wanted"
for kind in negated "check dropped" "off by one" constant "statement left out" "early true" "&& for ||" "answer ignored" "another name" "another word" "arguments swapped" \
    "other sign"; do
    grep -qF -- ": $kind: " "$work/one" || fail "no fault of the kind: $kind"
done
scripts/mutants ledger 9000 --seed 7 --show >"$work/ledger"
grep -qF ": sync or lock dropped: " "$work/ledger" || fail "no fsync is dropped"
scripts/mutants issue 50 --in logged.c --seed 7 --show | sed 1d >"$work/one"
[ -s "$work/one" ] || fail "no fault fits src/issue/logged.c"
! grep -v '^src/issue/logged.c:' "$work/one" || fail "a fault of another file than --in names"
# Of another run's survivors, wherever their lines are now, and nothing else.
sed -n '2s/^/killed      /p; 5s/^/survived    /p; 9s/^/survived    /p' "$work/two" | sed 's/:[0-9]*: /:1: /' >"$work/output"
scripts/mutants records 400 --again "$work/output" --show | sed '1d; s/:[0-9]*: /:1: /' | sort -u >"$work/one"
sed -n 's/^survived    //p' "$work/output" | sort >"$work/ledger"
cmp "$work/one" "$work/ledger" || fail "other faults than those that survived"
! scripts/mutants nowhere 1 --show >"$work/one" 2>"$work/err" || fail "a room that is not there"
grep -q "there is no src/nowhere" "$work/err" || fail "nothing says that there is no such room"

while IFS=$'\t' read -r path before after reason; do
    case $path in
        '' | '#'*) ;;
        tests) [ -d "src/$before" ] || fail "tests/mutants.txt names tests for src/$before, which is not there" ;;
        pattern) [ -n "${after:+$reason}" ] || fail "tests/mutants.txt: an expression and a reason are due: $before" ;;
        *)
            grep -qF -- "$before" "$path" || fail "tests/mutants.txt: $path has no line: $before"
            [ -n "${after:+$reason}" ] || fail "tests/mutants.txt: a fault and a reason are due: $path $before"
            ;;
    esac
done <tests/mutants.txt
