#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What goes wrong in a room: a wrong clock, a stick that is not there, a link on it, an approval of another plan, a full disk, kill -9 in the middle of a
# command. Each is said, kept, and survived by the same command.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
make_token
controls people.yaml 1
sed -i "s/ crl: 1/ crl: 0/" people.yaml # one person signs CRLs
make_ca --controls people.yaml
PIN=$(cat pin)
export PIN
mkdir stick
mount -t tmpfs -o size=4m tmpfs stick 2>err || skip "no tmpfs can be mounted: $(cat err)"
mounts+=("$PWD/stick")
csr stick/one.csr "/CN=one.example" -addext "subjectAltName=DNS:one.example"
csr stick/two.csr "/CN=two.example" -addext "subjectAltName=DNS:two.example"
for name in one two; do
    run 0 -C ca plan --policy tls-server -o "stick/$name.plan" "stick/$name.csr"
    run 0 approve "stick/$name.plan" --name ann --key ann.key.pem --yes
done
mkdir keep
cp -a stick/. keep/
cat >script.yaml <<'YAML'
ceremony: faults
title: What goes wrong
roles: [{role: second}]
homes: [{home: root, token: root}]
media: [{medium: stick}]
steps:
  - {step: clock}
  - {step: program}
  - step: sign
    home: root
    policy: tls-server
    request: 'stick:one.csr'
    plan: 'stick:one.plan'
    approvals: ['stick:one.approval']
    to: 'stick:issued'
  - {step: crl, home: root, to: 'stick:crl'}
  - {step: checkpoint, home: root}
YAML
cat >site.yaml <<YAML
tokens: [{token: root, label: test}]
homes: [{home: root, path: '$PWD/ca'}]
media: [{medium: stick, path: '$PWD/stick'}]
environment: [{name: SOFTHSM2_CONF, value: '$SOFTHSM2_CONF'}]
YAML
cat >person.tcl <<'TCL'
set timeout 60
match_max 200000
proc fail {why} { puts stderr $why; exit 1 }
proc wants {text} {
    expect {
        -ex $text {}
        -ex $::env(PIN) { fail "the PIN was drawn" }
        timeout { fail "never seen: $text" }
        eof { fail "ended before: $text" }
    }
}
proc answers {text typed} { wants $text; wants ": "; send "$typed\r" }
proc pin {} { wants "PIN of token"; wants ": "; send "$::env(PIN)\r" }
proc ends {wanted} {
    expect { eof {} timeout { fail "it does not end" } }
    set code [lindex [wait] 3]
    if {$code != $wanted} { fail "exit code $code instead of $wanted" }
}
proc starts {args} {
    global spawn_id env
    spawn {*}$args $env(COLDCA) ceremony run script.yaml --site site.yaml --evidence $env(EVIDENCE)
}
proc yes {} { answers "yes: initials of the second" "BE" }
proc again {} {
    answers "r try it again" "r"
    answers "why" "it was put right"
    answers "who decides so" "BE"
}
TCL
people() {
    step "$1"
    { cat person.tcl && cat; } >scenario.tcl
    expect -f scenario.tcl >seen 2>err || { tail -n 40 seen >&2; fail "$1"; }
}
export EVIDENCE=evidence

people "a clock that is wrong is not shown to be confirmed" <<'TCL'
starts faketime -f -20y
answers "name of the second" "Bob"
answers "initials of the second" "BE"
wants "the clock is before this program was built"
answers "s stop here" "s"
ends 6
TCL

people "no approval on the stick, one of another plan, then the right one" <<'TCL'
starts
wants "at step 1 of 5"
yes
yes
wants "this step can't begin: stick:one.approval is not there"
exec cp stick/two.plan.ann.approval stick/one.approval
again
answers "Enter to do it" ""
wants "It failed with exit code"
exec cp stick/one.plan.ann.approval stick/one.approval
again
answers "Enter to do it" ""
pin
wants "SHA-256 of stick:issued/one.pem"
yes
wants "Enter to do it"; wants ": "; send "\x03"
answers "stop here?" "y"
ends 6
TCL
present stick/issued/one.pem
run 0 -C ca ledger verify

step "the stick is pulled, and put back with a link on it"
rm -rf keep
mkdir keep
cp -a stick/. keep/
umount stick
people "what is not mounted is not written to; a link is not followed" <<'TCL'
starts
wants "this step can't begin: the medium stick is not mounted"
exec mount -t tmpfs -o size=4m tmpfs stick
exec cp -a keep/. stick/
exec ln -s /etc stick/crl
again
wants "this step can't begin: "
wants "passes a symbolic link"
exec rm stick/crl
again
answers "Enter to do it" ""
wants "PIN of token"; wants ": "
exec kill -9 [exp_pid]
expect eof
TCL
[ -z "$(ls /etc/crl-1.pem 2>/dev/null)" ] || fail "something was written through the link"
run 0 -C ca ledger verify --json
json '.records > 0'

people "killed while a command asked for the PIN: the step is begun again; a CRL that is not the one that was wanted is followed by another" <<'TCL'
starts
wants "Resuming this ceremony at step 4 of 5"
answers "Enter to do it" ""
pin
wants "SHA-256 of stick:crl/"
answers "yes: initials of the second" "no"
again
answers "Enter to do it" ""
pin
wants "SHA-256 of stick:crl/"
yes
wants "Step 5 of 5"
answers "Enter to do it" ""
pin
yes
pin
wants "5 of 5 steps done"
ends 0
TCL
run 0 -C ca ledger verify --json
json .records_past_checkpoint 0
equal "$(records '.type == "crl.issued"')" 2 "the one that nobody wanted, and another"
run 0 -C ca ledger verify --transcript evidence/transcript.txt
tr -s ' \n' ' ' <evidence/transcript.txt >words
for words in "the clock is before this program was built" "stick:one.approval is not there" "the medium stick is not mounted" \
    "a symbolic link, which is not followed" "the attempt has no recorded end"; do
    grep -qF "$words" words || fail "the transcript does not say: $words"
done

step "a full disk: the journal can't be kept, so nothing goes on; with room again it resumes"
mkdir full
mount -t tmpfs -o size=128k tmpfs full
mounts+=("$PWD/full")
export EVIDENCE=full/evidence
people "no room for the next event" <<'TCL'
starts
answers "name of the second" "Bob"
answers "initials of the second" "BE"
wants "yes: initials of the second"
catch {exec dd if=/dev/zero of=full/filler bs=1k}
# What is written fits the journal's last page for a while.
for {set i 0} {$i < 200} {incr i} {
    expect {
        -ex "or no (or note): " { send "no\r" }
        -ex "abandon for good (or note): " { send "r\r" }
        -ex "why, for the transcript (or note): " { send "[string repeat x 300]\r" }
        -ex "who decides so (or note): " { send "BE\r" }
        -ex "free some space, then run the same command again" { break }
        timeout { fail "nothing goes on" }
        eof { fail "it ended without a word" }
    }
}
ends 3
exec rm full/filler
starts
wants "at step 1 of 5"
yes
wants "Step 2 of 5"
wants "yes: initials of the second"; wants ": "
send "\x03"
answers "stop here?" "y"
ends 6
TCL
equal "$(jq -s '[.[].number] == [range(0; length)]' full/evidence/journal.jsonl)" true
run 0 -C ca ledger verify
