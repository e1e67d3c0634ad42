#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A poisoned index gets no second revocation into the ledger, and no foreign one of a certificate that was issued here; not in a ledger so long
# either that it is not read at every opening.
# shellcheck source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"

make_ca
for name in a b c d e; do ask $name; done
sign 0 --out issued requests
a=$(serial_of issued/a.pem) b=$(serial_of issued/b.pem) c=$(serial_of issued/c.pem) d=$(serial_of issued/d.pem) e=$(serial_of issued/e.pem)
revoke() {
    local wanted=$1
    shift
    run "$wanted" -C ca revoke --pin-source file:pin --yes "$@"
}
revoke 0 --serial "$a" --reason superseded
revoke 0 --serial "$c" --hold
revoke 0 --serial "$c" --release

# poisoned WHAT: the index is made wrong by one statement; nothing of a, b or c may come into the ledger but what is said
poisoned() {
    sqlite3 ca/index.sqlite "$1"
    lines=$(wc -l <ca/ledger.jsonl)
}
unchanged() {
    equal "$(wc -l <ca/ledger.jsonl)" "$lines" "nothing is in the ledger"
}

step "a certificate that the index forgot is not foreign"
poisoned "DELETE FROM certificates WHERE serial = x'$b'"
revoke 5 --serial "$b" --foreign
says "it was signed here"
says "coldca ledger index --rebuild"
unchanged
printf 'serial\n77\n%s\n' "$b" >list.csv
revoke 5 --list list.csv --foreign --expect-count 2
says "it was signed here"
unchanged
revoke 0 --serial 78 --foreign
run 0 -C ca ledger index --rebuild

step "a ledger of more than 64 MiB: what the index takes for issued is looked for from its cert.signing on"
python3 - ca/ledger.jsonl <<'PYTHON'
import json, sys
with open(sys.argv[1], encoding="ascii") as file:
    lines = file.readlines()
time = json.loads(lines[-1])["time"]
with open(sys.argv[1], "a", encoding="ascii") as file:
    for seq in range(len(lines), len(lines) + 20000):
        file.write(f'{{"operator":"test","padding":"{"x" * 3500}","seq":{seq},"time":"{time}","type":"test.padding"}}\n')
PYTHON
[ "$(stat -c %s ca/ledger.jsonl)" -gt $((64 << 20)) ] || fail "it is not that long"
run 0 -C ca cert list
poisoned "UPDATE certificates SET status = 1"
revoke 5 --serial "$a" --reason keyCompromise
says "is revoked, on hold or abandoned"
says "coldca ledger index --rebuild"
unchanged
run 5 -C ca revoke --pin-source file:pin --where policy=mqtt-device --expect-count 5
says "is revoked, on hold or abandoned"
unchanged

step "what is not revoked is, also if it was on hold for a while"
revoke 0 --serial "$b" --reason superseded
revoke 0 --serial "$c" --reason superseded
run 0 -C ca ledger index --rebuild
revoke 0 --serial "$a" --reason keyCompromise
says "already revoked"
for serial in "$a" "$b"; do
    equal "$(records '.type == "cert.revoked" and .serial == "'"$serial"'"')" 1 "$serial"
done

step "a CRL that has none of them spares reading what was before it, and one that has it does not"
revoke 0 --serial "$d" --reason superseded
run 0 -C ca crl --pin-source file:pin --json
json .entries 5
poisoned "UPDATE certificates SET status = 1"
revoke 5 --serial "$d" --reason keyCompromise
says "is revoked, on hold or abandoned"
unchanged
revoke 0 --serial "$e" --reason superseded
sqlite3 ca/index.sqlite "UPDATE certificates SET status = 1"
lines=$(wc -l <ca/ledger.jsonl)
revoke 5 --serial "$e" --reason superseded
says "is revoked, on hold or abandoned"
unchanged
