#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# P5: a run may die anywhere. Killed at many moments, then run again: every certificate is there once, no serial repeats, the ledger holds.
# shellcheck source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"
make_ca --policies any # few records: the numbers below are theirs
count=60
run 0 request "${device[@]}" --list <(seq -f 'device-%03g' $count) --out requests

# killed_at RECORDS: one run, killed with -9 as soon as the ledger has so many lines (or done before that).
killed_at() {
    local pid lines=0
    setsid "$COLDCA" -C ca sign "${device[@]}" --pin-source file:pin --out issued requests >out 2>err </dev/null &
    pid=$!
    children+=("$pid")
    while kill -0 "$pid" 2>/dev/null && [ "$lines" -lt "$1" ]; do
        lines=$(wc -l <ca/ledger.jsonl)
    done
    kill -KILL "$pid" 2>/dev/null || true # too late is a case too, but not the rule: kills are counted
    wait "$pid" 2>/dev/null || [ $? != 137 ] || kills=$((kills + 1))
}
kills=0

step "kill -9 at many moments, the ledger sound each time"
for records in 6 7 12 30 60 61 62 90; do
    killed_at "$records"
    run 0 -C ca ledger verify
    while read -r pem; do openssl x509 -in "$pem" -noout 2>err || fail "half a certificate: $pem"; done < <(find issued -name '*.pem')
done
[ "$kills" -ge 4 ] || fail "only $kills of 8 runs were killed, the others had ended"

run 0 -C ca sign "${device[@]}" --pin-source file:pin --out issued requests

step "the same command once more finishes: each certificate once, valid, in the ledger"
equal "$(find issued -name 'device-*.pem' | wc -l)" "$count"
strict issued/device-*.pem
run 0 -C ca cert list --json --policy mqtt-device --status issued
json "length == $count"
equal "$(jq -r '.[].subject' out | sort -u | wc -l)" "$count" "subjects"
equal "$(jq -r 'select(.type == "cert.signing") | .serial' ca/ledger.jsonl | sort | uniq -d | wc -l)" 0 "repeated serials"
for file in issued/device-*.pem; do serial_of "$file"; done | sort >handed-out
run 0 -C ca cert list --json --policy mqtt-device --status issued
jq -r '.[].serial' out | sort >in-ledger
same handed-out in-ledger
sound_ledger

step "an unfinished certificate is closed as abandoned and its serial never used"
abandoned=$(records '.type == "cert.abandoned"')
cp -r ca ca-cut
keep_token before
# The ledger as a power cut between the two groups leaves it: signing records are there, the answers are not.
csr late/late.csr /CN=late
run 0 -C ca sign "${device[@]}" --pin-source file:pin --out late-issued late
burned=$(jq -r 'select(.type == "cert.signing") | .serial' ca/ledger.jsonl | tail -n 1)
signing=$(jq -c 'select(.type == "cert.signing") | .seq' ca/ledger.jsonl | tail -n 1)
head -n $((signing + 1)) ca/ledger.jsonl >ca-cut/ledger.jsonl
rm -rf ca late-issued
mv ca-cut ca
token_again before
run 0 -C ca sign "${device[@]}" --pin-source file:pin --out late-issued late
equal "$(records '.type == "cert.abandoned"')" $((abandoned + 1))
[ "$(serial_of late-issued/late.pem)" != "$burned" ] || fail "the burned serial was used again"
run 0 -C ca cert list --json --status abandoned
json "any(.[]; .serial == \"$burned\")"
sound_ledger

step "a line cut short is closed as void"
printf '{"half":' >>ca/ledger.jsonl
csr void/void.csr /CN=void
run 0 -C ca sign "${device[@]}" --pin-source file:pin --out void-issued void
run 0 -C ca ledger verify
says "1 void lines"

step "a signal ends a run at a safe place with exit code 6; the same command finishes it"
run 0 request "${device[@]}" --list <(seq -f 'more-%04g' 600) --out more
lines=$(wc -l <ca/ledger.jsonl)
"$COLDCA" -C ca sign "${device[@]}" --pin-source file:pin --out more-issued more >out 2>err </dev/null &
pid=$!
children+=("$pid")
while [ "$(wc -l <ca/ledger.jsonl)" = "$lines" ] && kill -0 "$pid" 2>/dev/null; do :; done
# Held while it is looked at: 600 certificates are 1,200 records and a few, and it must not have all of them yet.
kill -STOP "$pid"
[ "$(wc -l <ca/ledger.jsonl)" -lt $((lines + 1000)) ] || fail "the run was over before it could be stopped"
kill -TERM "$pid"
kill -CONT "$pid"
code=0
wait "$pid" || code=$?
equal "$code" 6 "the exit code after a signal"
sound_ledger
run 0 -C ca sign "${device[@]}" --pin-source file:pin --out more-issued more
equal "$(find more-issued -name 'more-*.pem' | wc -l)" 600
sound_ledger
