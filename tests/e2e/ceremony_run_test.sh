#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# `coldca ceremony run` by people at a terminal: yes with initials, wrong PINs, a digest that is another, Ctrl-C, kill -9 and what resumes.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
softhsm_use token
softhsm_pins .
PIN=$(cat pin) SO_PIN=$(cat so-pin)
export PIN SO_PIN
mkdir stick homes
cat >script.yaml <<'YAML'
ceremony: small
title: A small root
blanks: [{name: bag, ask: Number of the bag, match: '[A-Z]{2}[0-9]{4}'}]
roles: [{role: operator}, {role: second}]
homes: [{home: root, token: root}]
media: [{medium: stick}]
steps:
  - {step: clock}
  - {step: program}
  - {step: token-init, token: root}
  - {step: root, home: root, subject: 'CN=Small Root', to: 'stick:root.pem'}
  - {step: keys, home: root, fails: go-on}
  - {step: note, text: 'The bag is {bag}.'}
  - {step: checkpoint, home: root}
YAML
cat >site.yaml <<YAML
tokens: [{token: root, label: the root}]
homes: [{home: root, path: '$PWD/homes/root'}]
media: [{medium: stick, path: '$PWD/stick', directory: true}]
environment: [{name: SOFTHSM2_CONF, value: '$SOFTHSM2_CONF'}]
YAML

cat >person.tcl <<'TCL'
set timeout 30
match_max 200000
proc fail {why} { global expect_out; puts stderr $why; exit 1 }
proc wants {text} {
    expect {
        -ex $text {}
        -ex $::env(PIN) { fail "the PIN was drawn" }
        timeout { fail "never seen: $text" }
        eof { fail "ended before: $text" }
    }
}
proc answers {text typed} { wants $text; wants ": "; send "$typed\r" }
proc pins {} {
    wants "security officer"; wants ": "; send "$::env(SO_PIN)\r"
    wants "once more"; wants ": "; send "$::env(SO_PIN)\r"
    wants "PIN"; wants ": "; send "$::env(PIN)\r"
    wants "once more"; wants ": "; send "$::env(PIN)\r"
}
proc pin {typed} { wants "PIN of token"; wants ": "; send "$typed\r" }
proc ends {wanted} {
    expect { eof {} timeout { fail "it does not end" } }
    set code [lindex [wait] 3]
    if {$code != $wanted} { fail "exit code $code instead of $wanted" }
}
proc starts {} {
    global spawn_id env
    spawn $env(COLDCA) ceremony run script.yaml --site site.yaml --evidence evidence
}
proc yes {} { answers "yes: initials of the second" "BE" }
TCL

# people WHAT: runs the scenario on stdin.
people() {
    step "$1"
    { cat person.tcl && cat; } >scenario.tcl
    expect -f scenario.tcl >seen 2>err || { tail -n 60 seen >&2; fail "$1"; }
}

events() {
    jq -s "[.[] | select($1)] | length" evidence/journal.jsonl
}

people "people and blanks; initials that are taken, a bag that does not fit; Ctrl-C stops, and it is said where" <<'TCL'
starts
answers "name of the operator" "Ann\x1b\[31m"
wants "nothing that a screen does not show"
answers "name of the operator" "Ann Example"
answers "initials of the operator" "A E"
wants "1 to 8 letters or digits"
answers "initials of the operator" "ABCDEFGHI"
wants "1 to 8 letters or digits"
answers "initials of the operator" "AE"
answers "name of the second" "Bob Example"
answers "initials of the second" "AE"
wants "somebody else's initials"
answers "initials of the second" "BE"
answers "Number of the bag" "12"
wants "does not fit"
answers "Number of the bag" "AB1234"
wants "Step 1 of 7: Confirm the clock"
wants "yes: initials of the second"; wants ": "; send "\x03"
answers "stop here?" "n"
wants "yes: initials of the second"; wants ": "; send "\x03"
answers "stop here?" "y"
ends 6
TCL
equal "$(events '.event == "interrupted"')" 1
equal "$(events '.event == "present"')" 2

people "it resumes; a no is a fault, and only the second's initials are a yes" <<'TCL'
starts
wants "Resuming this ceremony at step 1 of 7"
answers "yes: initials of the second" "no"
wants "somebody said no"
answers "r try it again" "g"
answers "r try it again" "r"
answers "why, for the transcript" "the watch was wrong"
answers "initials of the second, who decides so" "BE"
answers "yes: initials of the second" "AE"
wants "nobody who is here as second has these initials"
yes
wants "Step 2 of 7: Show the program"
yes
wants "Step 3 of 7: Initialise the token"
answers "Enter to do it" ""
pins
yes
wants "Step 4 of 7: Make the root"
answers "Enter to do it" ""
pin "00000000"
wants "the token refused the PIN"
answers "r try it again" "r"
answers "why" "mistyped"
answers "who decides so" "BE"
answers "Enter to do it" ""
pin $env(PIN)
wants "SHA-256 of root:ca.pem"
wants "yes: initials of the second"; wants ": "
exec kill -9 [exp_pid]
expect eof
TCL
equal "$(events '.event == "ended" and .wrong_pins == 1')" 1
present homes/root/ca.pem stick/root.pem
run 0 -C homes/root ledger verify

people "killed at the question: the step is not done again, the yes is asked for; a failure is gone on from" <<'TCL'
starts
wants "Resuming this ceremony at step 4 of 7"
wants "what is missing is the yes"
yes
wants "Step 5 of 7: Show the keys"
answers "Enter to do it" ""
pin "00000000"
answers "g go on without it" "g"
answers "why" "the keys were seen before"
answers "who decides so" "BE"
wants "The bag is AB1234."
yes
wants "Step 7 of 7: Sign a checkpoint"
answers "Enter to do it" ""
pin $env(PIN)
yes
wants "The last checkpoint"
pin $env(PIN)
wants "small: 7 of 7 steps done"
ends 0
TCL
equal "$(events '.event == "interrupted"')" 2
equal "$(events '.event == "closed" and .name == "done"')" 1
present evidence/transcript.txt evidence/transcript.html evidence/checkpoint.txt

step "the ledger has all of it, under a checkpoint, and answers for the transcript"
run 0 -C homes/root ledger verify --json
json .records_past_checkpoint 0
run 0 -C homes/root ledger verify --transcript evidence/transcript.txt
tr -s ' \n' ' ' <evidence/transcript.txt >words
for words in "the token refused 1 PIN" "BE chose go-on: the keys were seen before" "somebody said no to" "interrupted:"; do
    grep -qF "$words" words || fail "the transcript does not say: $words"
done
for secret in "$PIN" "$SO_PIN"; do
    ! grep -rqF "$secret" evidence homes seen || fail "a PIN is somewhere"
done

people "what is closed stays closed: the same command says what it came to" <<'TCL'
starts
wants "SHA-256 of transcript"
pin $env(PIN)
wants "7 of 7 steps done"
ends 0
TCL
equal "$(events '.event == "closed"')" 1
