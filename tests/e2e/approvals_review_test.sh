#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A person decides by eye what becomes a plan, two of three approve it, and a person takes the last look at it before it is signed.
# shellcheck source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"
make_token
controls two.yaml 2 "policies: approved"
make_ca --controls two.yaml
export COLDCA
for id in 1 2 3; do csr "stick/requests/device-$id.csr" "/CN=device-$id"; done
size() { wc -l <ca/ledger.jsonl; }
approve_by() { # PLAN NAMES...
    local plan=$1 name
    shift
    for name in "$@"; do run 0 approve "$plan" --key "$name.key.pem" --yes; done
}
# person WHAT: a person at a terminal, by the scenario on stdin
person_at() {
    {
        cat <<'TCL'
set timeout 60
set stty_init "rows 60 columns 200"
log_user 1
proc wants {text} {
    expect {
        -ex $text {}
        timeout { puts stderr "FAILED: never seen: $text"; exit 1 }
        eof { puts stderr "FAILED: ended before: $text"; exit 1 }
    }
}
proc answers {text typed} { wants $text; send $typed }
proc starts {args} {
    global spawn_id env
    spawn $env(COLDCA) -C ca --pin-source file:pin review {*}$args
}
TCL
        cat
    } >scenario.tcl
    expect -f scenario.tcl >seen 2>err || { sed 's/^/  seen: /' seen >&2; fail "$1"; }
}

step "without a plan a review is refused where two must approve, before anybody decides, and says how"
before=$(size)
run 3 -C ca --pin-source file:pin review "${device[@]}" --out issued stick/requests
says "issuing certificates needs 2 approvals"
says "coldca review --plan FILE --approval FILE"
run 2 -C ca review "${device[@]}" stick
says "--plan-out PLAN"
run 2 -C ca review --plan-out other.plan --out issued "${device[@]}" stick
absent issued/device-1.pem other.plan

step "what a person decides becomes a plan: nobody logs in, nothing is logged"
person_at "decide" <<'TCL'
starts --policy mqtt-device --set domain=iot.example --plan-out stick.plan stick
answers "is that right? \[yes/no\]: " "yes\r"
answers "q quit: " "a\r"
answers "q quit: " "r\r"
answers "reason (goes into the ledger): " "lost\r"
answers "q quit: " "a\r"
answers "c write the plan, b back, q quit" "c\r"
wants "stick.plan: 2 to sign until"
set wanted 1
expect eof
if {[lindex [wait] 3] != $wanted} { exit 1 }
TCL
equal "$(size)" "$before"
equal "$(jq -r '[.items[].record.output] | join(" ")' stick.plan)" "device-1 device-3"
equal "$(jq -r '.refused[0] | .source + " " + .reasons' stick.plan)" "requests/device-2.csr lost"
absent issued/device-1.pem

step "missing and foreign approvals are refused before anybody is asked"
approve_by stick.plan ann bob
run 3 -C ca --pin-source file:pin review --plan stick.plan --approval stick.plan.ann.approval --out issued
says "needs 2 approvals, the plan has 1"
given=(--plan stick.plan --approval stick.plan.ann.approval --approval stick.plan.bob.approval)
run 2 -C ca --pin-source file:pin review "${given[@]}" "${device[@]}" --out issued
says "--plan names what is signed"
run 2 -C ca review --plan stick.plan --plan-out other.plan
absent other.plan
equal "$(size)" "$before"

step "the last look: the plan's words, each certificate; q leaves nothing, c signs those bytes"
run 0 approve stick.plan --key cyd.key.pem --yes --out cyd.approval
FIRST_WORDS=$(sed -n '/^words/{n;p;q}' out)
export FIRST_WORDS
person_at "quit" <<'TCL'
starts --plan stick.plan --approval stick.plan.ann.approval --approval stick.plan.bob.approval --out issued
answers "is that right? \[yes/no\]: " "yes\r"
wants $env(FIRST_WORDS)
wants "in the plan that people approved"
wants "CN=device-1"
answers "q quit: " "q\r"
expect eof
if {[lindex [wait] 3] != 6} { exit 1 }
TCL
equal "$(size)" "$before"
person_at "sign" <<'TCL'
starts --plan stick.plan --approval stick.plan.ann.approval --approval stick.plan.bob.approval --out issued
answers "is that right? \[yes/no\]: " "yes\r"
answers "q quit: " "A\r"
answers "\[yes/no\]: " "yes\r"
wants $env(FIRST_WORDS)
answers "c carry this out, b back, q quit" "c\r"
wants "2 certificates issued"
expect eof
if {[lindex [wait] 3] != 0} { exit 1 }
TCL
grep -q "CN=device-3.*P-256" seen || fail "the table does not say whose certificates they are, nor of which key"
strict issued/device-1.pem issued/device-3.pem
absent issued/device-2.pem
equal "$(jq -r 'select(.type == "session.opened") | .plan_sha256' ca/ledger.jsonl | tail -n 1)" "$(jq -rj .header stick.plan | sha256sum | cut -d' ' -f1)"
sound_ledger
python_verifies
