#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A rehearsal with the real site: its media's files and its homes' policies are taken and not touched; people's keys are throwaway ones.
# shellcheck source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"

echo "present: [{role: operator, name: Ann Example, initials: AE}, {role: second, name: Bob Example, initials: BE}]" >answers.yaml

step "with a site its files and its homes' policies are taken; keys of people in controls are replaced, nothing of it is written"
mkdir -p site/ca/policies site/stick
controls site/stick/controls.yaml 0 "policies: any"
sed -i 's/issue_ca: 0/issue_ca: 2/' site/stick/controls.yaml
sed 's/^validity: .*/validity: {days: 30, max_days: 30, backdate_minutes: 5, past_issuer: clamp}/' "$SOURCE/policies/sub-ca.yaml" >site/ca/policies/sub-ca.yaml
csr site/stick/issuing.csr "/CN=Issuing of the site"
cat >site.yaml <<YAML
tokens: [{token: root, label: none}, {token: other, label: none}]
homes: [{home: root, path: '$PWD/site/ca'}, {home: other, path: '$PWD/site/other'}]
media: [{medium: stick, path: '$PWD/site/stick'}]
YAML
cat >script.yaml <<'YAML'
ceremony: site
title: A site
roles: [{role: operator}, {role: second}]
homes: [{home: root, token: root}, {home: other, token: other}]
media: [{medium: stick}]
steps:
  - {step: clock}
  - {step: program}
  - {step: token-init, token: other}
  - {step: root, home: other, subject: 'CN=Other', controls: 'stick:controls.yaml'}
  - {step: plan, home: other, policy: sub-ca, request: 'stick:issuing.csr', to: 'stick:a.plan'}
  - {step: approve, plan: 'stick:a.plan', person: ann, to: 'stick:ann.approval'}
  - {step: approve, plan: 'stick:a.plan', person: cyd, to: 'stick:cyd.approval'}
  - {step: sign, home: other, policy: sub-ca, request: 'stick:issuing.csr', plan: 'stick:a.plan', approvals: ['stick:ann.approval', 'stick:cyd.approval'], to: 'stick:certificates'}
  - {step: sign, home: root, policy: sub-ca, request: 'stick:issuing.csr', to: 'stick:short'}
YAML
find site -type f -exec sha256sum {} + | sort >before
run 0 ceremony rehearse script.yaml --site site.yaml --answers answers.yaml --keep with-site --json
json .deviations 0
find site -type f -exec sha256sum {} + | sort >after
same before after
openssl x509 -in with-site/media/stick/short/issuing.pem -noout -checkend $((31 * 86400)) >/dev/null && fail "the real home's policy was not used"
openssl x509 -in with-site/media/stick/certificates/issuing.pem -noout -checkend $((31 * 86400)) >/dev/null || fail "the ready policy was not used for the new home"
! grep -qF "$(grep -o 'ann+[0-9a-f]*' site/stick/controls.yaml)" with-site/homes/other/ledger.jsonl || fail "the real key of ann is in the rehearsal"
