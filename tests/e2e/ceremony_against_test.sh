#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# `ceremony rehearse --site --against PLAN`: the real medium's requests, played through on throwaway keys, come to what the real plan says; the real
# home, token and medium stay as they were.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
make_ca
mkdir -p stick/requests
for name in one two three; do csr "stick/requests/$name.csr" "/O=Test Org/CN=$name.example" -addext "subjectAltName=DNS:$name.example"; done
run 0 -C ca plan --policy tls-server --days 90 -o stick/servers.plan stick/requests
cat >site.yaml <<YAML
tokens: [{token: root, label: test}]
homes: [{home: root, path: '$PWD/ca'}]
media: [{medium: stick, path: '$PWD/stick', directory: true}]
environment: [{name: SOFTHSM2_CONF, value: '$SOFTHSM2_CONF'}]
YAML
script() {
    cat <<YAML
ceremony: servers
title: Three servers
roles: [{role: operator}, {role: second}]
homes: [{home: root, token: root}]
media: [{medium: stick}]
steps:
  - {step: clock}
  - {step: program}
  - {step: sign, home: root, policy: tls-server, days: $1, request: 'stick:requests', to: 'stick:issued'}
YAML
}
script 90 >servers.yaml
echo 'present: [{role: operator, name: Ann, initials: AE}, {role: second, name: Bob, initials: BE}]' >answers.yaml
# What the real ones hold, byte for byte.
state() {
    find ca stick token -type f -exec sha256sum {} + | sort
}
state >before

step "the same certificates but for keys, the day and the mark"
run 0 ceremony rehearse servers.yaml --site site.yaml --answers answers.yaml --against stick/servers.plan
says "3 certificates are alike but for keys, the day and the mark; 0 differ"
state >after
same before after

step "another length of life is another certificate, and the line that differs is shown"
script 91 >other.yaml
run 1 ceremony rehearse other.yaml --site site.yaml --answers answers.yaml --against stick/servers.plan
says "0 certificates are alike but for keys, the day and the mark; 3 differ"
says "-valid for "
says "+valid for "

step "one more and one less"
csr stick/requests/four.csr /CN=four.example -addext "subjectAltName=DNS:four.example"
rm stick/requests/two.csr
run 1 ceremony rehearse servers.yaml --site site.yaml --answers answers.yaml --against stick/servers.plan
says "issued by the rehearsal, and not in the plan: subject     CN=four.example"
says "in the plan, and not issued by the rehearsal: subject     O=Test Org,CN=two.example"
says "2 certificates are alike but for keys, the day and the mark; 2 differ"

step "what is not a plan of certificates is refused before or after, and said"
run 3 ceremony rehearse servers.yaml --site site.yaml --answers answers.yaml --against nothing
run 0 -C ca crl --plan-out crl.plan
run 3 ceremony rehearse servers.yaml --site site.yaml --answers answers.yaml --against crl.plan
says "it is not a plan of certificates"
