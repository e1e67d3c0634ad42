#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Exports ledgers of several sizes and has two programs in Go read them: readlog, on the packages of Go's own checksum database, and tlogclient,
# on Tessera's client and fsck (scripts/setup tlogclient makes it). Then plants faults that both must find.
set -euo pipefail
# shellcheck source=tests/flip_byte.sh
source "$SOURCE/tests/flip_byte.sh"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cp "$SOURCE/tests/interop/go/main.go" "$folder"
# Debian's own Go and its own package of golang.org/x/mod: nothing is fetched.
(cd "$folder" && GO111MODULE=off GOFLAGS='' GOTOOLCHAIN=local GOPATH=/usr/share/gocode GOCACHE=$SOURCE/build/go-cache go build -o readlog main.go)
tool=$BUILD/tests/ledger_tool
tlogclient=$SOURCE/build/tlogclient

make() {
    rm -rf "${folder:?}"/{home,log,again}
    mkdir "$folder/home" "$folder/log" "$folder/again"
    "$tool" make "$folder/home" "$1"
    "$tool" export "$folder/home" "$folder/log" >/dev/null
}
tessera() {
    "$tlogclient" "$1" "$folder/home/vkey" "${@:2}" 2>"$folder/words" || { cat "$folder/words"; return 1; }
}
# accepted EXPORT [OLDER-CHECKPOINT]: by both
accepted() {
    "$folder/readlog" "$1" "$(cat "$folder/home/vkey")"
    tessera "$@"
}
# refused EXPORT WHAT: by both
refused() {
    if "$folder/readlog" "$1" "$(cat "$folder/home/vkey")" 2>/dev/null; then
        echo "readlog did not find $2"
        exit 1
    fi
    if "$tlogclient" "$1" "$folder/home/vkey" 2>/dev/null; then
        echo "tlogclient did not find $2"
        exit 1
    fi
}

for count in ${COUNTS:-1 2 255 256 257 70000}; do
    make "$count"
    accepted "$folder/log"
done

# A second export continues the first: the same files as one made in one go.
for count in 1 255 256 257 1000; do
    make "$count"
    cp "$folder/log/checkpoint" "$folder/older"
    "$tool" append "$folder/home"
    "$tool" checkpoint "$folder/home"
    "$tool" export "$folder/home" "$folder/log" >/dev/null
    "$tool" export "$folder/home" "$folder/again" >/dev/null
    accepted "$folder/again" "$folder/older"
    tessera "$folder/log" "$folder/older" # readlog wants no tile more than there must be: partial ones of the older tree are here too
    (cd "$folder/again" && find . -type f -print0 | xargs -0 -I{} cmp {} ../log/{})
done

# plant WHAT FILE COMMAND...: a fault in a copy of the export of 1,000 records
plant() {
    rm -rf "$folder/planted"
    cp -r "$folder/log" "$folder/planted"
    "${@:3}" "$folder/planted/$2"
    ! cmp -s "$folder/planted/$2" "$folder/log/$2" || { echo "not planted: $1"; exit 1; }
    refused "$folder/planted" "$1"
}
flip() { flip_byte "$1" 70; }
plant "a changed record" tile/entries/002 sed -i '0,/cert.issued/s//cert.issueD/'
plant "a changed leaf hash" tile/0/001 flip
plant "a changed node" tile/1/000.p/3 flip
plant "a bundle that is gone" tile/entries/000 rm
plant "a tile that is gone" tile/0/000 rm
plant "a bundle cut short" tile/entries/001 truncate -s -5
plant "another checkpoint's root" checkpoint sed -i '3s/^...../AAAAA/'
plant "another size" checkpoint sed -i 2s/.*/999/
echo "8 planted faults found by readlog and tlogclient"
