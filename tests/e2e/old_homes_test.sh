#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A home and a token made by each version before this one open, verify, answer with what they issued, and sign on.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

kept=$SOURCE/tests/data/homes
versions=0
for home in "$kept"/*/; do
    version=$(basename "$home")
    versions=$((versions + 1))
    mkdir "$version"
    cp -r "$home"/. "$version"
    cd "$version"
    # What git does not keep: who may read, and the empty files SoftHSM locks by.
    chmod -R go= token
    for object in token/tokens/*/*.object; do
        case $object in
            */token.object) touch "$(dirname "$object")/token.lock" ;;
            *) touch "${object%.object}.lock" ;;
        esac
    done
    softhsm_use token

    step "$version: the whole ledger holds, without writing anything"
    run 0 -C ca ledger verify
    says "all of it holds"
    run 0 --json -C ca cert list
    json length 4

    step "$version: a home from before chain.set says how to get one, and works without"
    says "run \`coldca -C ca cert chain --set ca/chain.pem\` once"

    step "$version: an old request gets its old certificate, a new one a new certificate"
    openssl req -new -noenc -newkey ec -pkeyopt ec_paramgen_curve:P-256 -keyout /dev/null -subj /CN=device-9 \
        -out req/device-9.csr 2>/dev/null
    run 1 --json -C ca sign --policy mqtt-device --set domain=iot.example --out issued --pin-source file:token/pin req
    json '.issued + .repeated' 4
    present issued/device-9.pem
    cmp device-1.pem issued/device-1.pem || fail "device-1 did not get its certificate back"
    openssl verify -x509_strict -CAfile ca/ca.pem issued/device-9.pem >/dev/null || fail "openssl refuses the new certificate"

    step "$version: its chain goes into the ledger, and from then on nothing is said"
    run 0 -C ca cert chain --set ca/chain.pem --pin-source file:token/pin
    says_not "notice"
    run 0 -C ca cert list
    equal "$(cat err)" ""

    step "$version: it is told of controls, sets them, and then they hold"
    run 1 --json -C ca sign --policy mqtt-device --set domain=iot.example --reissue --out again --pin-source file:token/pin req
    says "this CA has no controls"
    controls two.yaml 2 "policies: any"
    run 0 -C ca people set two.yaml --pin-source file:token/pin
    run 3 -C ca sign --policy mqtt-device --set domain=iot.example --reissue --out more --pin-source file:token/pin req
    says "issuing certificates needs 2 approvals"
    run 0 -C ca people list
    says_not "this CA has no controls"

    step "$version: the old part and the new are one history"
    run 0 -C ca ledger verify
    says "all of it holds"
    cd "$work"
done
[ "$versions" -gt 0 ] || fail "no home was kept"
