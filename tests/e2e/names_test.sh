#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Names of answers: letters of any script stay, what had to change stays distinct, and no two answers ever meet at one name.
# shellcheck source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"
make_ca

# put FILE CN: a request below stick/requests, its key elsewhere
put() {
    csr made.csr "/CN=$2"
    mkdir -p "stick/requests/$(dirname "$1")"
    mv made.csr "stick/requests/$1"
}

batch() {
    local wanted=$1
    shift
    run "$wanted" -C ca batch --pin-source file:pin "${device[@]}" --json "$@"
}

answer_of() {
    jq -r --arg request "requests/$1" '.requests[] | select(.request == $request) | .certificate' "$folder/report.json"
}

step "factories of two cities, names of other scripts, twins that only looked alike"
put 深圳工厂/a.csr shenzhen-a
put 上海工厂/a.csr shanghai-a
put Müller.csr nfc
put "$(printf 'Mu\xcc\x88ndel.csr')" nfd
put Завод/7.csr plant-7
put "a b.csr" blank
put a_b.csr low
put "$(printf 'a\xff')b.csr" invalid
batch 0 stick
json '.issued == 8 and .refused == 0'
folder=$(echo stick/issued/*)
equal "$(answer_of 深圳工厂/a.csr)" 深圳工厂/a.pem
equal "$(answer_of 上海工厂/a.csr)" 上海工厂/a.pem
equal "$(answer_of Müller.csr)" Müller.pem
equal "$(answer_of "$(printf 'Mu\xcc\x88ndel.csr')")" Mündel.pem
equal "$(answer_of Завод/7.csr)" Завод/7.pem
equal "$(answer_of "a b.csr")" "a_b-$(printf 'a b' | sha256sum | cut -c1-8).pem"
equal "$(answer_of a_b.csr)" a_b.pem
(cd "$folder" && sha256sum --quiet -c SHA256SUMS) || fail "SHA256SUMS does not fit"
for cn in shenzhen-a shanghai-a nfc nfd plant-7 blank low invalid; do
    grep -rl --include=*.pem . "$folder" | while read -r pem; do openssl x509 -in "$pem" -noout -subject; done >subjects
    grep -q "CN *= *$cn\$" subjects || fail "nobody certified $cn"
done

step "report.html shows the request and its answer"
grep -qF '<code>requests/深圳工厂/a.csr</code>' "$folder/report.html" || fail "no request"
grep -qF '<code>深圳工厂/a.pem</code>' "$folder/report.html" || fail "no answer"

step "the same again: everything is there"
batch 0 stick
equal "$(find stick/issued -mindepth 1 -maxdepth 1 | wc -l)" 1

step "sign names its files alike"
run 0 -C ca sign --pin-source file:pin "${device[@]}" --out signed stick/requests
cmp "signed/深圳工厂/a.pem" "$folder/深圳工厂/a.pem"

step "names that a file system without capitals takes for one: the second is refused, whatever the script"
rm -r stick
put hall/A-1.csr upper
put hall/a-1.csr lower
put ÄRGER.csr large
put ärger.csr small
batch 1 stick
json '.issued == 2 and .refused == 2'
folder=$(echo stick/issued/*)
equal "$(jq -r '[.requests[].reasons[].rule] | join(" ")' "$folder/report.json")" "output.name output.name"

step "a chain, a proof and the reports keep their names, whatever requests and folders are called"
rm -r stick
for name in a a-chain b-CHAIN SHA256SUMS/x Report.html/x report.json/x refused.csv/x checkpoint/x y y.pem/z y.TLOG-proof/z; do
    put "$name.csr" "$(tr -c 'a-zA-Z0-9\n' - <<<"$name")"
done
batch 0 stick
json '.issued == 11'
folder=$(echo stick/issued/*)
equal "$(openssl x509 -in "$folder/a-chain.pem" -noout -subject -nameopt RFC2253)" "subject=CN=a" # the chain of a, not the answer to a-chain
equal "$(answer_of a-chain.csr)" "a-chain-$(printf a-chain | sha256sum | cut -c1-8).pem"
(cd "$folder" && sha256sum --quiet -c SHA256SUMS) || fail "SHA256SUMS does not fit"
equal "$(find "$folder" -name '*.pem' -type f | grep -vc -- '-chain.pem')" 11
sound_ledger
