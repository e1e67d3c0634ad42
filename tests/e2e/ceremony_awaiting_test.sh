#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A rehearsal that begins with a home that awaits its parent: its certificate is brought along, or signed in the ceremony.
# shellcheck source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"
cat >answers.yaml <<'YAML'
present:
  - {role: operator, name: Ann Example, initials: AE}
  - {role: second, name: Bob Example, initials: BE}
YAML

# rehearsed CHAIN STEP: the issuing CA is completed after STEP, by a chain from there
rehearsed() {
    cat >half.yaml <<YAML
ceremony: half
title: A CA gets its certificate
roles: [{role: operator}, {role: second}]
ledger: issuing
homes: [{home: root, token: root}, {home: issuing, token: issuing}]
media: [{medium: stick}]
steps:
  - {step: clock}
  - {step: program}
  - $2
  - {step: complete, home: issuing, certificate: 'stick:in/issuing.pem', chain: '$1'}
  - {step: checkpoint, home: issuing}
YAML
    rm -rf half
    run 0 ceremony rehearse half.yaml --answers answers.yaml --keep half
    says "half: 5 of 5 steps done, 0 deviations"
    says "the home issuing, which awaits its parent"
    openssl x509 -in half/homes/issuing/ca.pem -noout -subject >subject
    grep -q REHEARSAL subject || fail "it is not marked: $(cat subject)"
}

step "by a parent that is made"
rehearsed stick:in/root.pem "{step: note, text: 'The request went out last week.'}"
says "made up for the rehearsal: a parent CA, on a token of its own"
openssl verify -CAfile half/media/stick/in/root.pem half/homes/issuing/ca.pem
softhsm_use half
run 0 -C half/homes/issuing ledger verify

step "by a home of the script, which the chain names"
rehearsed root:ca.pem "{step: note, text: 'The root signed it last week.'}"
says_not "a parent CA"
openssl verify -CAfile half/homes/root/ca.pem half/homes/issuing/ca.pem

step "by a step that signs the request, which is brought along: as a file, in a directory"
rehearsed root:ca.pem "{step: sign, home: root, policy: sub-ca, request: 'stick:issuing.csr', to: 'stick:in'}"
same half/media/stick/issuing.csr half/homes/issuing/ca.csr
rehearsed root:ca.pem "{step: sign, home: root, policy: sub-ca, request: 'stick:requests', to: 'stick:in'}"
same half/media/stick/requests/issuing.csr half/homes/issuing/ca.csr
