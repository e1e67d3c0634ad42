#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# scripts/demo, as a stranger runs it, twice: what it leaves, and that what it says is so.
# shellcheck source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"
demo() {
    env -u COLDCA_DATA "$SOURCE/scripts/demo" "$@" "$work/demo folder" >out 2>err </dev/null || fail "the demo ended with $?"
}

step "the first time"
rm -f "$SOURCE/build/demo-program/coldca"
demo
says "building, about a minute on one core"
cd "demo folder"
for name in device-0001 device-0002 device-0003 device-0004 broker.example; do
    openssl verify -x509_strict -CAfile ca/ca.pem "media/issued/$name.pem" >/dev/null || fail "$name"
done
absent media/issued/printer.pem media/issued/garbage.pem
[ "$(find media -name '*.csr' | wc -l)" -ge 6 ] || fail "fewer than six requests"
[ -z "$(find media -name '*.key')" ] || fail "a private key is on the stick"
cd ..
says '"printer 7" does not match'
says "6 requests: 4 allowed, 2 refused"
says "all of it holds"
says "device-0001: HTTP/1.0 200 ok"
says "device-0009: alert certificate revoked"
cp out shown

step "what it says to try next works, on a copy where it tampers: the copy is found out, the CA goes on"
sed -n '/^Try next:/,$p' shown | grep '^  ' | grep -v ' review ' >hints # review wants a terminal
[ "$(wc -l <hints)" -ge 4 ] || fail "no hints"
grep -q '# tampering shows$' hints || fail "no hint at tampering"
code=0
env COLDCA_DATA="$SOURCE" bash -c "set -e; $(grep -v '# tampering' hints)" >out 2>err </dev/null || fail "the hints ended with $?"
env COLDCA_DATA="$SOURCE" bash -c "$(grep '^  export' hints); $(grep '# tampering' hints)" >out 2>err </dev/null || code=$?
[ "$code" = 5 ] || fail "the tampered copy verified: $code"
grep -q device-9999 "demo folder/tampered/ledger.jsonl" || fail "nothing was tampered with"
! grep -q device-9999 "demo folder/ca/ledger.jsonl" || fail "the hint spoils the CA itself"
run 0 -C "demo folder/ca" ledger verify
cp shown out
records=$(wc -l <"demo folder/ca/ledger.jsonl")
cp -r "demo folder/media/issued" first

step "again: the same certificates; nothing to build, and nothing may be installed"
demo --no-install
says_not "building"
says "all of it holds"
says "device-0001: HTTP/1.0 200 ok"
says "device-0009: alert certificate revoked"
for file in first/*.pem; do same "$file" "demo folder/media/issued/$(basename "$file")"; done
equal "$(jq -s '[.[] | select(.type == "cert.issued")] | length' "demo folder/ca/ledger.jsonl")" 7
[ "$(wc -l <"demo folder/ca/ledger.jsonl")" -ge "$records" ] || fail "the ledger got shorter"
