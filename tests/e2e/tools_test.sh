#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The second person's machine has coldca-tools, no token and nothing that knows of one: requests are made there, plans approved, a copy of the ledger audited.
# shellcheck source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"
make_token
controls two.yaml 2 "policies: approved"
make_ca --controls two.yaml
vkey=$(jq -r 'select(.type == "ca.created") | .ledger_vkey' ca/ledger.jsonl)

# tools CODE ARGUMENTS...: as run(), in an environment that knows no token
mkdir -p second/home stick
tools() {
    local wanted=$1 code=0
    shift
    env -i HOME="$work/second/home" PATH=/usr/bin:/bin LC_ALL=C.UTF-8 COLDCA_DATA="$SOURCE" LSAN_OPTIONS="${LSAN_OPTIONS:-}" \
        setsid --wait "${BUILD:?the build folder}/coldca-tools" "$@" >out 2>err </dev/null || code=$?
    [ "$code" = "$wanted" ] || fail "exit code $code instead of $wanted: coldca-tools $*"
}

step "a request is made there, and checked without a home"
tools 0 request "${device[@]}" --cn device-1 --out second/keys --csr-out stick/requests
present second/keys/device-1.key stick/requests/device-1.csr
tools 0 check "${device[@]}" stick/requests
says "1 allowed"
csr bad/bad.csr "/CN=printer 7"
tools 1 check "${device[@]}" bad

step "a plan is approved by two people who have a key file each"
run 0 -C ca plan "${device[@]}" -o stick/one.plan stick/requests
tools 2 approve stick/one.plan --key ann.key.pem
says "spiffe://iot.example/device/device-1"
says "--yes"
tools 3 approve stick/one.plan --key 'pkcs11:token=test;object=ann' --name ann --yes
says "a pkcs11: key is in a token, for which this program has no code: use \`coldca\`, or a key file"
tools 2 approve stick/one.plan --key ann.key.pem --module /usr/lib/softhsm/libsofthsm2.so
says "--module"
absent stick/one.plan.ann.approval
for name in ann cyd; do tools 0 approve stick/one.plan --key "$name.key.pem" --yes; done
tools 0 approve --vkey --name ann --key ann.key.pem
same out <(jq -r 'select(.type == "control.set") | .people[0].key' ca/ledger.jsonl)
run 0 -C ca sign --plan stick/one.plan --approval stick/one.plan.ann.approval --approval stick/one.plan.cyd.approval --out stick/issued \
    --pin-source file:pin
strict stick/issued/device-1.pem

step "a proof of the certificate, by the ledger's key alone"
tools 0 ledger verify --proof stick/issued/device-1.tlog-proof --certificate stick/issued/device-1.pem --vkey "$vkey"
says "the proof holds"
tools 5 ledger verify --proof stick/issued/device-1.tlog-proof --certificate ca/ca.pem --vkey "$vkey"
other=$(jq -r '.people[0].key' <(jq -c 'select(.type == "control.set")' ca/ledger.jsonl))
tools 5 ledger verify --proof stick/issued/device-1.tlog-proof --certificate stick/issued/device-1.pem --vkey "$other"

step "the CA's ledger, copied, is verified from its first byte; the copy stays as it was"
run 0 -C ca crl --plan-out stick/crl.plan
for name in ann bob; do tools 0 approve stick/crl.plan --key "$name.key.pem" --yes; done
run 0 -C ca crl --plan stick/crl.plan --approval stick/crl.plan.ann.approval --approval stick/crl.plan.bob.approval --out stick/crl --pin-source file:pin
mkdir second/copy
cp ca/ca.yaml ca/ca.pem ca/ledger.jsonl ca/ledger.checkpoint* second/copy/
[ ! -e ca/chain.pem ] || cp ca/chain.pem second/copy/
sha256sum second/copy/* >before
tools 0 -C second/copy ledger verify --vkey "$vkey"
says "all of it holds"
tools 0 -C second/copy --json ledger verify --vkey "$vkey"
json .ok
json .issued 2
tools 5 -C second/copy ledger verify --vkey "$other"
says "not the one of --vkey"
tools 2 -C second/copy ledger verify --token
cp stick/issued/checkpoint second/kept
tools 0 -C second/copy ledger verify --since second/kept

step "who approved what, and by which text, is read there"
tools 0 -C second/copy cert show stick/issued/device-1.pem
says "approved: ann, cyd (record"
tools 0 -C second/copy cert list
says device-1
tools 0 -C second/copy ledger list --who cyd --type cert.signing
says device-1
tools 0 -C second/copy ledger show 0
json .source ca.csr
tools 0 -C second/copy ledger prove "$(serial_of stick/issued/device-1.pem)" --out second/proof
tools 0 ledger verify --proof second/proof --certificate stick/issued/device-1.pem --vkey "$vkey"
tools 0 -C second/copy people list
says cyd
tools 0 -C second/copy policy show mqtt-device --approved
says "approved by record"
sed 's/days: [0-9]*/days: 3/' ca/policies/mqtt-device.yaml >second/mqtt-device.yaml
tools 1 -C second/copy policy diff ./second/mqtt-device.yaml
says "+validity"
tools 0 policy check mqtt-device
tools 0 -C second/copy crl verify stick/crl/crl-1.pem
says "is what the ledger says"
tools 0 crl show stick/crl/crl-1.pem
tools 0 cert show stick/issued/device-1.pem
says "status: unknown: no home was looked at (-C)"
says "spiffe://iot.example/device/device-1"
tools 0 --json cert show stick/issued/device-1.pem
json '.status == null and (.pem | startswith("-----BEGIN CERTIFICATE-----"))'
sha256sum --quiet -c before || fail "an audit changed the copy" # it may keep an index beside it

step "a signature behind coldca's back, a record that was changed: found there too"
sed -i 's/device-1/device-9/g' second/copy/ledger.jsonl
tools 5 -C second/copy ledger verify --vkey "$vkey"

step "what takes the CA's token is done by coldca, and says so; none of it is in the help"
for command in init sign plan batch review revoke token "ledger cosign" "ledger index" "people add" "policy approve" "cert chain"; do
    # shellcheck disable=SC2086 # words of a command line
    tools 2 $command
    says "\"$command\" is done by coldca, on the CA's machine"
done
tools 2 crl
says_not "sign the"
tools 2 sing
says_not "did you mean sign"
tools 0 help
for command in init sign plan batch review revoke token; do
    ! grep -qE "^  $command " out || fail "help lists $command"
done
for command in request check approve crl cert policy people ledger; do grep -qE "^  $command " out || fail "help lacks $command"; done
tools 0 help approve
says "usage: coldca-tools approve PLAN"
says "  coldca-tools approve --vkey"
says_not "--operator"
says_not "--module"
tools 0 --version
says "coldca-tools "
absent second/home/.config
