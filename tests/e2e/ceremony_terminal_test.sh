#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A ceremony at a terminal with job control: at every question the window is resized and the program stopped (Ctrl-Z, fg), or it is interrupted
# (Ctrl-C, and the same command again). Terminal, PINs and ceremony outlive it. usage: ceremony_terminal_test.sh stop|interrupt
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
walk=$1
softhsm_use token
softhsm_pins .
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
  - {step: note, text: 'The bag is {bag}.'}
YAML
cat >site.yaml <<YAML
tokens: [{token: root, label: the root}]
homes: [{home: root, path: '$PWD/homes/root'}]
media: [{medium: stick, path: '$PWD/stick', directory: true}]
environment: [{name: SOFTHSM2_CONF, value: '$SOFTHSM2_CONF'}]
YAML

step "to the end, in spite of $walk at every question"
python3 "$SOURCE/tests/e2e/ceremony_terminal.py" "$walk" -- "$COLDCA" ceremony run script.yaml --site site.yaml --evidence evidence

step "the records and the transcript hold"
run 0 -C homes/root ledger verify --json --transcript evidence/transcript.txt
json .records_past_checkpoint 0
equal "$(jq -s '[.[] | select(.event == "closed" and .name == "done")] | length' evidence/journal.jsonl)" 1
equal "$(jq -s '[.[] | select(.event == "ended" and .wrong_pins == 1)] | length' evidence/journal.jsonl)" 1

step "the remark is in the ledger, with whose it is, and a line of the transcript"
equal "$(jq -r 'select(.event == "note") | "\(.step) \(.initials) \(.text)"' homes/root/ledger.jsonl | sort -u)" "1 AE a bell rang"
grep -qF "remark by AE: a bell rang" evidence/transcript.txt || fail "the transcript does not have the remark"
sed 's/a bell rang/a bell sang/' evidence/transcript.txt >changed
run 5 -C homes/root ledger verify --transcript changed
says "line "

step "nobody was told what comes next by anything but the script"
! grep -aE '^  .*(Next: |then: coldca|run the command again)' seen || fail "a command says what comes next"
