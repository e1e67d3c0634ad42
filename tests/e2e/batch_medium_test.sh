#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# coldca batch before and after the work: which medium, what lies on it where requests/ is not, and when it may be pulled.
# shellcheck source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"
make_ca

batch() {
    local wanted=$1
    shift
    run "$wanted" -C ca batch "${device[@]}" --pin-source file:pin "$@"
}
# fault WORDS MEDIUM: the medium is refused with these words; no record, no issued/
fault() {
    local size
    size=$(wc -c <ca/ledger.jsonl)
    batch 3 "$2"
    says "$1"
    absent "$2/issued"
    equal "$(wc -c <ca/ledger.jsonl)" "$size" "the ledger grew"
}
csr good.csr /CN=device-0001
rm good.key

step "requests/ in other letters"
mkdir -p letters/Requests
cp good.csr letters/Requests/
fault "there is letters/Requests/: rename it to requests" letters
mv letters/Requests letters/REQUESTS
fault "there is letters/REQUESTS/: rename it to requests" letters

step "requests beside it, in it, in another directory"
mkdir beside
cp good.csr beside/
fault "beside has no directory requests/: 1 request lies directly in beside: move it into beside/requests/" beside
cp good.csr beside/second.csr
fault "2 requests lie directly in beside: move them into beside/requests/" beside
mkdir -p other/csrs
cp good.csr other/csrs/
fault "1 request lies in other/csrs/: rename that to requests" other
mkdir -p whole/requests
cp good.csr whole/requests/
fault "name the medium, which is the one above" whole/requests
fault "name the medium, which is the one above" whole/requests/

step "directories that are not looked through are named, ten of them; what lies elsewhere is signed"
for i in {01..12}; do mkdir -p "deep/requests/$(printf 'd/%.0s' {1..32})/прилавок-$i"; done
cp good.csr deep/requests/
batch 0 deep
says "/прилавок-01 were not looked for: directories nested deeper than 32"
says "/прилавок-10 were not looked for"
says_not "прилавок-11"
says "nor in 2 more directories of requests that can't be looked through"
present deep/issued/*/good.pem

step "something else, nothing, a file of that name"
mkdir -p photos/DCIM empty file
echo x >photos/notes.txt
fault "is this the right medium?" photos
says "DCIM/"
says "notes.txt"
fault "empty has no directory requests/: it is empty: is it mounted?" empty
echo x >file/requests
fault "looking for the requests" file
mkdir empty/requests
batch 3 empty
says "no requests found below requests/"
cp good.csr empty/
batch 3 empty
says "1 request lies directly in empty: move it into empty/requests/"
echo x >empty/requests/readme.txt
batch 3 empty
says "(1 other file)"

step "names on a medium stay harmless, and a long list short"
mkdir -p "nasty/$(printf 'a\033[2Jb')" many
fault "is this the right medium?" nasty
! grep -q $'\033' err || fail "an escape sequence came through"
for i in $(seq 300); do echo x >"many/file-$i.txt"; done
fault ", ...:" many

step "a batch that could not begin leaves the medium as it was"
echo 000000 >wrong-pin
chmod 600 wrong-pin
run 4 -C ca batch "${device[@]}" --pin-source file:wrong-pin whole
equal "$(find whole | sort | tr '\n' ' ')" "whole whole/requests whole/requests/good.csr "

step "after a batch: safe to remove, also where nothing was to be done, not where it failed"
batch 0 whole
says "safe to remove: everything on whole is written"
batch 0 whole
says "nothing to do"
says "safe to remove"
batch 0 --json whole
json .safe_to_remove
run 4 -C ca batch "${device[@]}" whole
says_not "safe to remove"

unshare -m true 2>/dev/null || skip "mounts of one's own need root"

# media WANTED ARGUMENTS...: coldca batch where the only removable media are those that sys/ says
media() {
    local wanted=$1 code=0
    shift
    setsid --wait unshare -m sh -c 'mount --bind sys /sys && shift && exec "$@"' sh sh "$COLDCA" -C ca batch "$@" >out 2>err </dev/null || code=$?
    equal "$code" "$wanted" "exit code of coldca batch $*"
}

step "no medium at all: exit code 3, in words and in JSON"
mkdir -p sys/dev/block stick
media 3
says "no removable medium is mounted: plug it in"
media 3 --json
json '.media | length' 0

step "a medium that is mounted: listed, and without a terminal it has to be named"
mount -t tmpfs stick stick
mounts+=("$work/stick")
number=$((0x$(stat -c %D stick)))
entry=sys/dev/block/$((number >> 8 & 0xfff)):$((number & 0xff | number >> 12 & 0xfff00))
mkdir -p "$entry"
echo 1 >"$entry/removable"
mkdir stick/requests
cp good.csr stick/requests/
media 2
says "$work/stick"
says "say which medium: coldca batch DIRECTORY"
media 0 --json
json '.media | length' 1
json '.media[0].requests'

step "a medium of its own file system is synced at the end"
batch 0 stick
says "safe to remove: everything on stick is written"
