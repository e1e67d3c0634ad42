#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# `coldca ceremony rehearse`: the whole of a script on throwaway tokens, its events in the ledger, a transcript that the ledger answers for.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

cat >answers.yaml <<'YAML'
present:
  - {role: operator, name: Ann Example, initials: AE}
  - {role: second, name: Bob Example, initials: BE}
  - {role: witness, name: Cyd Example, initials: CE}
  - {role: witness, name: Dan Example, initials: DE}
blanks:
  - {name: room, value: Lab 1}
  - {name: machine, value: SN-1}
  - {name: bag, value: AB123456}
YAML

step "the ready ceremony of a root, played through"
run 0 ceremony rehearse root --answers answers.yaml --keep kept --json
json .steps_done 8
json .deviations 0
json .closed
present kept/evidence/REHEARSAL-transcript.txt kept/evidence/REHEARSAL-transcript.html
equal "$(jq -r .transcript_sha256 out)" "$(sha256sum <kept/evidence/REHEARSAL-transcript.txt | cut -d' ' -f1)"
softhsm_use kept

step "every subject is marked, and the token is nobody's"
openssl x509 -in kept/homes/root/ca.pem -noout -subject -nameopt RFC2253 >subject
grep -qF 'CN=REHEARSAL Example Root CA' subject || fail "$(cat subject)"

step "its events are in the ledger, all of them, and the script is the one that was read"
equal "$(jq -s '[.[] | select(.type == "ceremony.step") | .number] | . == [range(0; length)]' kept/homes/root/ledger.jsonl)" true
equal "$(jq -c 'select(.type == "ceremony.step") | del(.seq, .time, .type, .operator)' kept/homes/root/ledger.jsonl | sha256sum)" \
    "$(jq -c . kept/evidence/journal.jsonl | sha256sum)"
equal "$(jq -rs '[.[] | .script_sha256] | unique | .[]' kept/evidence/journal.jsonl)" \
    "$(sha256sum <"$SOURCE/ceremonies/root.yaml" | cut -d' ' -f1)"
run 0 -C kept/homes/root ledger verify --transcript kept/evidence/REHEARSAL-transcript.txt
says "each of its"
run 0 -C kept/homes/root ledger verify --transcript kept/evidence/REHEARSAL-transcript.html
sed 's/Bob Example/Bob Ersatz/' kept/evidence/REHEARSAL-transcript.txt >changed
run 5 -C kept/homes/root ledger verify --transcript changed
says "line "

step "no PIN is in journal, ledger or transcript"
for secret in kept/pin kept/so-pin; do
    ! grep -rqF "$(cat "$secret")" kept/evidence kept/homes || fail "the PIN of $secret is somewhere"
done

step "without --keep nothing stays"
mkdir tmp
TMPDIR=$PWD/tmp run 0 ceremony rehearse root --answers answers.yaml
equal "$(find tmp -mindepth 1 | wc -l)" 0

step "a digest that is another: go on with a note, where the script allows it"
cat >compare.yaml <<YAML
ceremony: compare
title: Comparing
roles: [{role: operator}, {role: second}]
homes: [{home: root, token: root}]
media: [{medium: stick}]
steps:
  - {step: clock}
  - {step: program}
  - {step: token-init, token: root}
  - {step: root, home: root, subject: 'CN=Root', to: 'stick:root.pem'}
  - {step: compare, file: 'stick:root.pem', sha256: '$(printf '0%.0s' {1..64})', fails: go-on}
  - {step: compare, file: 'stick:root.pem'}
  - {step: note, text: 'Look out.', ask: 'What is seen'}
  - {step: checkpoint, home: root}
YAML
cat >answers.yaml <<'YAML'
present: [{role: operator, name: Ann, initials: AE}, {role: second, name: Bob, initials: BE}]
answers:
  - {step: 5, choice: go-on, why: 'it is a test'}
  - {step: 6, words: 'aardvark adroitness aardvark adroitness', choice: abandon, why: 'the words are others', note: 'the lamp flickered'}
  - {step: 7, remark: 'nothing'}
YAML
run 0 ceremony rehearse compare.yaml --answers answers.yaml --keep other --json
json .steps_done 5
json .deviations 2
tr -s ' \n' ' ' <other/evidence/REHEARSAL-transcript.txt >words
for words in "the file is not the one whose SHA-256 the script has" "abandoned before its last step was done" "BE chose go-on: it is a test" "remark by AE: the lamp flickered"; do
    grep -qF "$words" words || fail "the transcript does not say: $words"
done
present other/media/stick/root.pem
softhsm_use other
run 0 -C other/homes/root ledger verify --transcript other/evidence/REHEARSAL-transcript.txt
equal "$(jq -s '[.[] | select(.type == "ceremony.step") | select(.event == "file" and .text != null)] | length' other/homes/root/ledger.jsonl)" 1

step "the last checkpoint covers the closing event"
run 0 -C other/homes/root ledger verify --json
json .records_past_checkpoint 0

step "what answers do not have is said"
sed -i '/step: 5/d' answers.yaml
run 3 ceremony rehearse compare.yaml --answers answers.yaml
says "step 5: the answers have nothing for"
sed -i 's/role: second/role: third/' answers.yaml
run 3 ceremony rehearse compare.yaml --answers answers.yaml
says "one person more in present"

step "people are asked at a terminal, and nowhere else"
run 2 ceremony rehearse root
says "no terminal to rehearse at"
run 2 ceremony run compare.yaml --site other/site.yaml --evidence evidence
says "by people at a terminal, not through a pipe"
absent evidence
