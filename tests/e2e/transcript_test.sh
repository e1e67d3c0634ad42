#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A real transcript, of a ceremony with a failure in it: whatever line of it is changed, verify names it, and the record it should come from.
# shellcheck source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"

cat >script.yaml <<YAML
ceremony: small
title: A small root, with a <b>title</b> that is only text
blanks: [{name: bag, ask: Number of the bag}]
roles: [{role: operator}, {role: second}]
homes: [{home: root, token: root}]
media: [{medium: stick}]
steps:
  - {step: clock}
  - {step: program}
  - {step: token-init, token: root}
  - {step: root, home: root, subject: 'CN=Small Root', to: 'stick:root.pem'}
  - {step: compare, file: 'stick:root.pem', sha256: '$(printf '0%.0s' {1..64})', fails: go-on}
  - {step: note, text: 'The bag is {bag}.', ask: What is seen}
  - {step: checkpoint, home: root}
YAML
cat >answers.yaml <<'YAML'
present: [{role: operator, name: Ann Example, initials: AE}, {role: second, name: Bob <Example>, initials: BE}]
blanks: [{name: bag, value: AB 7}]
answers:
  - {step: 5, choice: go-on, why: read too fast}
  - {step: 6, remark: 'a scratch & a "dent"'}
YAML
run 0 ceremony rehearse script.yaml --answers answers.yaml --keep kept --json
json .deviations 1
evidence=kept/evidence/REHEARSAL-transcript
export SOFTHSM2_CONF=$PWD/kept/softhsm2.conf

step "it tells what went wrong, and its SHA-256 is in the ledger"
tr -s ' \n' ' ' <$evidence.txt >words
for text in "BE chose go-on: read too fast" 'a scratch & a "dent"' "AB 7" "Deviations"; do
    grep -qF "$text" words || fail "the transcript does not say: $text"
done
! grep -q '<script\|<b>\|<img' $evidence.html || fail "foreign text is more than text"
grep -q '&lt;b&gt;title' $evidence.html || fail "the title is not in the page"
for form in transcript:txt page:html; do
    equal "$(jq -rs --arg what "${form%:*}" '[.[] | select(.event == "closed")][0].digests[] | select(.what == $what) | .sha256' kept/homes/root/ledger.jsonl)" \
        "$(sha256sum <"$evidence.${form#*:}" | cut -d' ' -f1)"
done

step "every line is by the records, in both forms"
for form in txt html; do
    run 0 -C kept/homes/root --json ledger verify --transcript "$evidence.$form"
    json .ok
    json .transcript.ok
    json .transcript.lines "$(wc -l <"$evidence.$form")"
    json '.transcript.first_record < .transcript.last_record'
done

# named FILE LINE WORDS: exit 5, and this is said of this line
named() {
    run 5 -C kept/homes/root ledger verify --transcript "$1"
    says "ledger.transcript: $1"
    says "$3"
    says "the ledger itself holds"
}

step "each line of the text, changed once"
mkdir changed
lines=$(wc -l <$evidence.txt)
python3 - $evidence.txt <<'END'
import sys
lines = open(sys.argv[1]).read().splitlines(keepends=True)
for number, line in enumerate(lines):
    with open(f"changed/{number + 1}", "w") as file:
        file.writelines(lines[:number] + [line.rstrip("\n") + ".\n"] + lines[number + 1:])
END
for ((line = 1; line <= lines; line++)); do
    code=0
    said=$("$COLDCA" -C kept/homes/root ledger verify --transcript "changed/$line" 2>&1) || code=$?
    [[ $code = 5 && $said == *"ledger.transcript: changed/$line line $line was changed: it is "* ]] || fail "line $line: $said"
done

step "lines of the page, changed; lines left out and put in"
lines=$(wc -l <$evidence.html)
for ((line = 1; line <= lines; line += 29)); do
    sed "${line}s/\$/ /" $evidence.html >changed.html
    named changed.html "$line" "line $line was changed"
done
line=$(grep -n 'chose go-on' $evidence.txt | cut -d: -f1)
sed "${line}d" $evidence.txt >shorter.txt
named shorter.txt "$line" "before line $line a line is missing"
says "choice)"
sed "${line}a\\  nothing to see here" $evidence.txt >longer.txt
named longer.txt "$line" "line $((line + 1)) was added"

step "the record of a changed line is named by its number"
line=$(grep -n 'AB 7' $evidence.txt | head -n 1 | cut -d: -f1)
sed "${line}s/AB 7/AB 8/" $evidence.txt >changed.txt
seq=$(jq -s '[.[] | select(.event == "blank")][0].seq' kept/homes/root/ledger.jsonl)
named changed.txt "$line" "by record $seq (event "

step "a transcript of nobody; a file that is not there; a ledger that was changed"
printf 'no transcript\n' >other.txt
named other.txt 1 "is not the transcript of a ceremony in this ledger, which has 1 of them"
run 3 -C kept/homes/root ledger verify --transcript not-there.txt
sed -i 's/read too fast/read too slow/' kept/homes/root/ledger.jsonl
run 5 -C kept/homes/root ledger verify --transcript $evidence.txt
says_not "the ledger itself holds"
