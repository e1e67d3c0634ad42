#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Where a layer of the sandbox can't be had, every command that reads foreign bytes stops before it reads one (promise P6).
# shellcheck source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"
without=$BUILD/without
[ -x "$without" ] || fail "$without is not built"

make_ca
ask a
ask b
sign 0 --out issued requests/a.csr
serial=$(serial_of issued/a.pem)
run 0 -C ca crl --pin-source file:pin --out carried
printf 'serial,reason\n%s,superseded\n' "$serial" >list.csv
mkdir -p medium/requests
cp requests/b.csr medium/requests
run 0 -C ca plan --policy mqtt-device --set domain=iot.example -o a.plan requests/b.csr
openssl genpkey -algorithm ed25519 -out ann.key.pem 2>/dev/null

# stops LAYER ARGUMENTS...: so does a run where the layer's system call is not there; with all of them the same run gets further
stops() {
    local layer=$1 call
    shift
    case $layer in
        Landlock) call=landlock_create_ruleset ;;
        seccomp) call=seccomp ;;
    esac
    lines=$(wc -l <ca/ledger.jsonl)
    local code=0
    setsid --wait "$without" "$call" "$COLDCA" "$@" >out 2>err </dev/null || code=$?
    [ "$code" = 3 ] || fail "exit code $code without $layer: coldca $*"
    says "the sandbox layer $layer can't be " # engaged, or made: libseccomp asks what the kernel has
    says "nothing is read"
    says_not "$serial"
    equal "$(wc -l <ca/ledger.jsonl)" "$lines" "records"
    absent answers
}

policy=(--policy mqtt-device --set domain=iot.example)
for layer in Landlock seccomp; do
    step "without $layer"
    stops $layer check "${policy[@]}" requests/b.csr
    stops $layer -C ca sign "${policy[@]}" --out answers --pin-source file:pin requests/b.csr
    stops $layer -C ca sign "${policy[@]}" --dry-run requests/b.csr
    stops $layer -C ca batch "${policy[@]}" --pin-source file:pin medium
    stops $layer -C ca plan "${policy[@]}" -o answers requests/b.csr
    for way in --certificate=issued/a.pem --request=requests/a.csr --key=requests/a.csr --list=list.csv; do
        stops $layer -C ca revoke --pin-source file:pin --yes --expect-count 1 "$way"
    done
    stops $layer -C ca cert show issued/a.pem
    stops $layer -C ca cert list --key issued/a.pem
    stops $layer crl show carried/crl-1.pem
    stops $layer -C ca crl verify carried/crl-1.pem
    stops $layer approve a.plan --name ann --key ann.key.pem --yes
done
absent medium/certificates
