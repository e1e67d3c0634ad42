#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Each ready ceremony: checked, printed, and rehearsed from its first step to its last with nothing at hand but the program.
# shellcheck source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"

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
  - {name: opened, value: AB123455}
  - {name: caller, value: the shop at noon}
  - {name: ticket, value: '7'}
YAML

# rehearsed NAME HOME [ANSWERS...]: to its end, without a deviation; the ledger answers for both forms of the transcript
rehearsed() {
    local name=$1 home=$2 form
    shift 2
    step "$name"
    { cat answers.yaml && printf '%s\n' "$@"; } >"$name.yaml"
    run 0 ceremony check "$name"
    run 0 ceremony print "$name" --html "$name.html"
    run 0 ceremony rehearse "$name" --answers "$name.yaml" --keep "$name" --json
    json '.steps_done == .steps'
    json .deviations 0
    json .closed
    for form in txt html; do
        run 0 -C "$name/homes/$home" ledger verify --transcript "$name/evidence/REHEARSAL-transcript.$form"
        says "lines is as they say"
    done
    grep -q "^REHEARSAL$" "$name/evidence/REHEARSAL-transcript.txt" || fail "$name: the transcript is not marked"
}

equal "$(cd "$SOURCE/ceremonies" && echo *.yaml)" "batch.yaml crl.yaml intermediate.yaml policy.yaml revocation.yaml root.yaml"
rehearsed root root
rehearsed intermediate root
rehearsed crl root
rehearsed batch issuing
rehearsed revocation issuing 'answers:' '  - {step: 1, remark: called back on the known number}'

step "of a policy's new text the room has the words on paper: here they are said when it is made up"
run 3 ceremony rehearse policy --answers answers.yaml
words=$(sed -n 's/.*on its paper stands: //p' err)
equal "$(wc -w <<<"$words")" 4
rehearsed policy issuing 'answers:' "  - {step: 3, words: $words}"

step "what they are for is what they do"
openssl x509 -in intermediate/media/stick/certificates/issuing.pem -noout -subject -nameopt RFC2253 >subject
grep -q 'REHEARSAL' subject || fail "the issuing CA's subject is not marked: $(cat subject)"
run 0 -C intermediate/homes/issuing status
equal "$(find batch/media/stick/certificates -name 'REHEARSAL-[12].pem' | wc -l)" 2
equal "$(jq -s '[.[] | select(.type == "plan.approved") | .approvals | length] | add' batch/homes/issuing/ledger.jsonl)" 2
openssl crl -in revocation/media/stick/crl/crl-1.pem -noout -text >crl.text
grep -q 'Key Compromise' crl.text || fail "the revoked certificate is not on the CRL"
equal "$(jq -s '[.[] | select(.emergency_reason != null)] | length > 0' revocation/homes/issuing/ledger.jsonl)" true
jq -rs '[.[] | select(.type == "policy.approved")][-1].text' policy/homes/issuing/ledger.jsonl >text
grep -qx '# REHEARSAL' text || fail "the new text is not in the ledger"
