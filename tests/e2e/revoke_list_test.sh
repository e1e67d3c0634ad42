#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Many at once: a list of 100,000 lines with ten bad ones; a count that is typed, or said.
# shellcheck source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"
make_ca
for name in a b; do ask $name; done
sign 0 --out issued requests
revoke() {
    local wanted=$1
    shift
    run "$wanted" -C ca revoke --pin-source file:pin "$@"
}

step "a list of 100,000 lines, ten of them bad, far apart: all ten are named, none is revoked"
python3 - "$(serial_of issued/a.pem)" "$(serial_of ca/ca.pem)" <<'PYTHON' >list.csv
import sys
print("serial,reason,invalidity_date")
known, root = sys.argv[1:]
bad = {2: "zz,,", 10000: "00,superseded,2999-01-01", 20001: ",superseded,", 30002: f"{known},,", 40003: f"{root},,", 50004: "010000000000000003,,",
       60005: "02,removeFromCRL,", 70006: "03,7,", 80007: "04,,yesterday", 100001: "0102030405060708090a0b0c0d0e0f1011121314151617,,"}
for line in range(2, 100002):
    print(bad.get(line, f"01{line:016x},superseded,"))
PYTHON
equal "$(wc -l <list.csv)" 100001
before=$(wc -l <ca/ledger.jsonl)
revoke 3 --list list.csv --foreign --expect-count 99990
for line in 2 10000 20001 30002 40003 50004 60005 70006 80007 100001; do says "list.csv:$line:"; done
equal "$(grep -c '^list.csv:' err)" 10
says "10 lines of the list"
equal "$(wc -l <ca/ledger.jsonl)" "$before" "nothing is in the ledger"
revoke 1 --list list.csv --foreign --expect-count 99990 --dry-run
says "99990 would be revoked"
equal "$(wc -l <ca/ledger.jsonl)" "$before" "nothing is in the ledger"

step "with --skip-bad only for the count that is said; then all others, each once, and on the CRL"
revoke 3 --list list.csv --foreign --expect-count 100000 --skip-bad
says "99990 certificates would be changed"
equal "$(wc -l <ca/ledger.jsonl)" "$before" "nothing is in the ledger"
revoke 1 --list list.csv --foreign --expect-count 99990 --skip-bad
says "99990 revoked"
equal "$(grep -c '"type":"cert.revoked"' ca/ledger.jsonl)" 99990
equal "$(jq -c 'select(.type == "revocation.set") | [.count, .skipped]' ca/ledger.jsonl)" "[99990,10]"
revoke 1 --list list.csv --foreign --expect-count 99990 --skip-bad
says "0 revoked, 99990 were already"
run 0 -C ca crl --pin-source file:pin --json
json .entries 99990
run 0 -C ca crl verify ca/crl/crl-1.der
sound_ledger

step "on a terminal the count is typed: another number is a no, the number is a yes"
# types ANSWER CODE: the answer at the question of how many
types() {
    expect -f - "$COLDCA" "$1" "$2" <<'EXPECT' >seen 2>err || { cat seen >&2; fail "typing $1"; }
lassign $argv coldca answer code
set timeout 60
spawn $coldca -C ca revoke --where policy=mqtt-device --reason superseded --pin-source file:pin
expect {
    "type how many certificates are to be changed" { send "$answer\r" }
    timeout { exit 3 }
    eof { exit 4 }
}
expect eof
exit [expr {[lindex [wait] 3] != $code}]
EXPECT
}
before=$(wc -l <ca/ledger.jsonl)
for answer in 1 3 yes y "" 02 " 2"; do
    types "$answer" 6
    grep -q "that is not the number; nothing was done" seen || fail "not said after: $answer"
    equal "$(wc -l <ca/ledger.jsonl)" "$before" "nothing is in the ledger after: $answer"
done
types 2 0
equal "$(jq -r 'select(.type == "cert.revoked" and .foreign == false) | .subject' ca/ledger.jsonl | sort | tr '\n' ' ')" "CN=a CN=b "
sound_ledger
