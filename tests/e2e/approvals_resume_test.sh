#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A run of an approved plan is killed while the token signs: the same plan signs what was logged, the same bytes under the same records, whichever of sign,
# batch and review takes it up, and nothing is burned. Another command in between burns it, and the plan says so.
# shellcheck source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"
make_token
printf 'name: gated\ntitle: SoftHSM with a gate\ntested: false\nmodules: [%s]\nalways_authenticate: true\ned25519_params: printable\ntimeout_seconds: 300\nkeys: [%s]\n' \
    "$BUILD/token_fault.so" "ec-p256, ed25519" >gated.yaml
controls two.yaml 2 "policies: approved"
sed -i 's/crl: 2/crl: 0/' two.yaml
make_ca --model "$PWD/gated.yaml" --key ec-p256 --controls two.yaml
mkfifo gate
export COLDCA

# planned NAME: NAME.plan of three requests on the medium NAME, approved by two
planned() {
    local id
    for id in 1 2; do csr "$1/requests/$1-$id.csr" "/CN=$1-$id"; done
    # Its primes are compared with those of the ledger.
    openssl req -new -noenc -newkey rsa:2048 -keyout rsa.key -subj "/CN=$1-3" -out "$1/requests/$1-3.csr" 2>err || fail "no request"
    run 0 -C ca plan "${device[@]}" -o "$1.plan" "$1"
    approve_plan "$1.plan" ann bob
}
# killed NAME COMMAND...: a run of NAME.plan, killed with -9 while the token signs the first of them (at login both keys sign once, to be proved)
killed() {
    local plan=$1.plan pid
    shift
    : >log
    TOKEN_FAULT="call=C_Sign at=3 fault=gate gate=$PWD/gate log=$PWD/log" setsid "$COLDCA" -C ca "$@" --plan "$plan" \
        --approval "$plan.ann.approval" --approval "$plan.bob.approval" --pin-source file:pin >out 2>err </dev/null &
    pid=$!
    children+=("$pid")
    wait_for log "C_Sign begins" "$pid" || fail "the token was not asked"
    kill -KILL "$pid"
    wait "$pid" 2>/dev/null || true
    equal "$(unfinished)" 3 "certificates without an end"
    run 0 -C ca status --json
    json .unfinished 3
    run 0 -C ca status
    says "3 certificates of an approved plan are logged and have no signature: run that plan again before any other command that writes the ledger"
    sound_ledger
}
unfinished() {
    run 0 -C ca cert list --status unfinished --json
    jq length out
}
# finished NAME DIR: each certificate is there, of its plan's serial; none was logged twice, none is without its end
finished() {
    local id
    for id in 1 2 3; do
        strict "$2/$1-$id.pem"
        serial_of "$2/$1-$id.pem"
    done | sort >issued-serials
    jq -r '.items[].record.serial' "$1.plan" | sort >planned-serials
    same issued-serials planned-serials
    equal "$(jq -r 'select(.type == "cert.signing") | .serial' ca/ledger.jsonl | sort | uniq -d | wc -l)" 0 "repeated serials"
    equal "$(unfinished)" 0
    run 0 -C ca status
    says_not "approved plan"
    sound_ledger
}
resumed="3 certificates of this plan were logged by a run that was stopped; they are signed now, the same bytes under the same records"

step "sign: the same command finishes what was logged"
planned one
killed one sign --out issued
absent issued/one-1.pem
cp ca/ledger.jsonl before
by_plan 0 one.plan ann bob -- sign --out issued --json
says "$resumed"
json .issued 3
json .abandoned 0
finished one issued
equal "$(jq -r 'select(.type == "cert.signing") | .seq' ca/ledger.jsonl | tail -n 3)" "$(jq -r 'select(.type == "cert.signing") | .seq' before | tail -n 3)" \
    "records that are signed"

step "batch: likewise, of a medium, without the approvals: they are in the ledger"
planned two
killed two batch two
by_plan 0 two.plan -- batch two
says "$resumed"
finished two "$(find two/issued -mindepth 1 -maxdepth 1 -type d)"

step "review: a person's last look finishes what sign began"
planned three
killed three sign --out issued
expect >seen 2>err <<'TCL' || fail "review"
set timeout 60
set stty_init "rows 60 columns 200"
proc answers {text typed} {
    expect {
        -ex $text { send $typed }
        timeout { exit 1 }
        eof { exit 1 }
    }
}
spawn $env(COLDCA) -C ca --pin-source file:pin review --plan three.plan --out issued
answers "is that right? \[yes/no\]: " "yes\r"
answers "q quit: " "A\r"
answers "\[yes/no\]: " "yes\r"
answers "c carry this out, b back, q quit" "c\r"
expect eof
exit [lindex [wait] 3]
TCL
grep -q "3 certificates issued" seen || fail "review does not say what it issued"
finished three issued
equal "$(records '.type == "cert.abandoned"')" 0

step "a token that fails burns nothing of a plan either"
planned four
code=0
TOKEN_FAULT="call=C_Sign at=3 fault=removed" setsid --wait "$COLDCA" -C ca sign --plan four.plan --approval four.plan.ann.approval \
    --approval four.plan.bob.approval --out issued --pin-source file:pin >out 2>err </dev/null || code=$?
equal "$code" 4 "the token is gone"
says "3 certificates of this plan are logged and have no signature yet: run the same command before any other that writes the ledger"
by_plan 0 four.plan ann bob -- sign --out issued
says "$resumed"
finished four issued
equal "$(records '.type == "cert.abandoned"')" 0

step "another command in between burns what was logged; the plan says so, and its requests are planned anew"
planned five
killed five sign --out issued
run 0 -C ca crl --pin-source file:pin
says "3 certificates that an earlier run left unfinished were abandoned; their serials are burned, and on the next CRL"
by_plan 1 five.plan ann bob -- sign --out issued
says "another command burned its serial"
absent issued/five-1.pem
equal "$(records '.type == "cert.abandoned"')" 3
sound_ledger
python_verifies
run 0 -C ca plan "${device[@]}" -o again.plan five
approve_plan again.plan ann bob
by_plan 0 again.plan ann bob -- sign --out issued
strict issued/five-1.pem issued/five-2.pem issued/five-3.pem
