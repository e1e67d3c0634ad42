#!/bin/bash
# Exports ledgers of several sizes and has Go's own packages read them; then plants a fault that they must find.
set -euo pipefail
command -v go >/dev/null || { echo "SKIPPED: Go is not installed (Debian: golang-go golang-golang-x-mod-dev)"; exit 77; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cp "$SOURCE"/tests/interop/go/* "$folder"
export GOFLAGS=-mod=mod GOTOOLCHAIN=local GOCACHE=${GOCACHE:-$folder/cache}
if [ -d /usr/share/gocode/src/golang.org/x/mod/sumdb/tlog ]; then
    (cd "$folder" && GO111MODULE=off GOFLAGS='' GOPATH=/usr/share/gocode go build -o readlog main.go)
else
    (cd "$folder" && go build -o readlog .)
fi
tool=$BUILD/tests/ledger_tool
for count in 1 2 255 256 257 70000; do
    mkdir "$folder/home" "$folder/log"
    "$tool" make "$folder/home" "$count"
    "$tool" export "$folder/home" "$folder/log" >/dev/null
    "$folder/readlog" "$folder/log" "$(cat "$folder/home/vkey")"
    if [ "$count" = 257 ]; then
        # A second export continues the first: same result as one made in one go.
        "$tool" append "$folder/home"
        "$tool" checkpoint "$folder/home"
        "$tool" export "$folder/home" "$folder/log" >/dev/null
        mkdir "$folder/again"
        "$tool" export "$folder/home" "$folder/again" >/dev/null
        "$folder/readlog" "$folder/again" "$(cat "$folder/home/vkey")"
        diff -r "$folder/again/tile/entries/000" "$folder/log/tile/entries/000"
        diff "$folder/again/checkpoint" "$folder/log/checkpoint"
        sed -i 's/ca.created/ca.createD/' "$folder/again/tile/entries/000"
        if "$folder/readlog" "$folder/again" "$(cat "$folder/home/vkey")" 2>/dev/null; then
            echo "a changed record was not found"
            exit 1
        fi
    fi
    rm -r "${folder:?}/home" "${folder:?}/log"
done
