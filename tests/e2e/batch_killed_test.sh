#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# coldca batch with many requests: killed, stopped by Ctrl-C, with more folders than a program may have open, it ends well.
# shellcheck source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"
# shellcheck source=tests/e2e/stick.sh
source "$(dirname "$0")/stick.sh"
make_ca

step "each request in a folder of its own: no more of them are open than a program may have"
fill deep 1200 deep
(cd deep/requests && for file in *.csr; do mkdir "${file%.csr}" && mv "$file" "${file%.csr}/"; done)
(ulimit -Sn 256 && batch 0 --json "${device[@]}" deep && json '.issued == 1200')
equal "$(find "$(answers deep)" -name 'deep-????.pem' | wc -l)" 1200

step "killed at many moments, then run to the end: every certificate once, and one folder of answers"
fill killed 600 killed
kills=0
for records in 30 300 520 800 1000; do
    setsid "$COLDCA" -C ca --pin-source file:pin batch "${device[@]}" killed >out 2>err </dev/null &
    pid=$!
    children+=("$pid")
    start=$(wc -l <ca/ledger.jsonl)
    while kill -0 "$pid" 2>/dev/null && [ $(($(wc -l <ca/ledger.jsonl) - start)) -lt "$records" ]; do :; done
    kill -KILL "$pid" 2>/dev/null || true # too late is a case too, but not the rule: kills are counted
    wait "$pid" 2>/dev/null || [ $? != 137 ] || kills=$((kills + 1))
    sound_ledger
done
[ "$kills" -ge 3 ] || fail "only $kills of 5 runs were killed, the others had ended"
batch 0 --json "${device[@]}" killed
json '.issued + .repeated + .present == 600'
equal "$(find killed/issued -mindepth 1 -maxdepth 1 | wc -l)" 1 "folders of answers"
equal "$(find killed/issued -name '.coldca*' | wc -l)" 0 "leftovers"
folder=$(answers killed)
(cd "$folder" && sha256sum --quiet --strict -c SHA256SUMS) || fail "the sums don't fit"
equal "$(wc -l <"$folder/SHA256SUMS")" "$(($(find "$folder" -type f | wc -l) - 1))"
equal "$(jq '.requests | length' "$folder/report.json")" 600
strict "$folder"/killed-*[0-9].pem
run 0 -C ca cert list --json --policy mqtt-device --status issued
json '[.[] | select(.subject | startswith("CN=killed-"))] | length == 600'
json '[.[].serial] | length == (unique | length)'
sound_ledger

step "Ctrl-C: the group in flight is finished, exit code 6, and the same command goes on"
fill long 1200 long
setsid "$COLDCA" -C ca --pin-source file:pin batch "${device[@]}" long >out 2>err </dev/null &
pid=$!
children+=("$pid")
start=$(wc -l <ca/ledger.jsonl)
while kill -0 "$pid" && [ $(($(wc -l <ca/ledger.jsonl) - start)) -lt 300 ]; do :; done
kill -INT "$pid"
code=0
wait "$pid" || code=$?
equal "$code" 6
says "run the same command again"
batch 0 --json "${device[@]}" long
json '.resumed and .issued + .repeated == 1200'
says "resuming batch"
sound_ledger
