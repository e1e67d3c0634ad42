#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# P3 and P5 of a plan that people approved: at each call of `coldca batch --plan` that changes a file system, it fails or the process dies there.
# The same command goes on; each item is logged once, what is signed is tied to the approvals, and both verifiers hold.
# FAULT_SEED repeats a run; FAULT_SAMPLE=0 tries every call.
# shellcheck source=tests/fault/lib.sh
source "$(dirname "$0")/lib.sh"
count=8
controls two.yaml 2 "policies: approved"
make_scene "$count" --controls "$work/two.yaml"
mkdir stick && mv requests stick/
run 0 -C base/ca plan "${device[@]}" -o the.plan stick
for name in ann bob; do run 0 approve the.plan --key "$name.key.pem" --yes; done
given=(--plan the.plan --approval the.plan.ann.approval --approval the.plan.bob.approval)

# scene: ./try, as it is before the batch
scene() {
    rm -rf try ca
    mkdir try
    cp -a base/ca base/token stick try/
    sed "s,$work/base/,$work/try/," base/token/softhsm2.conf >try/token/softhsm2.conf
    ln -s try/ca ca
    SOFTHSM2_CONF=$work/try/token/softhsm2.conf
    export SOFTHSM2_CONF
}
# batch [SETTINGS...]: with the shim, by these
code=0
batch() {
    code=0
    env ${1:+LD_PRELOAD="${PRELOAD_FIRST:+$PRELOAD_FIRST:}$FAULT_SHIM"} "$@" "$COLDCA" -C try/ca --pin-source file:base/pin batch "${given[@]}" try/stick \
        >out 2>err </dev/null || code=$?
}
planned() { records '.type == "cert.signing" and .plan_sha256 != null'; }

step "undisturbed"
scene
batch FAULT_MODE=count FAULT_LOG="$work/calls"
equal "$code" 0
equal "$(planned)" "$count"
calls=$(cat calls)
[ "$calls" -gt 100 ] || fail "only $calls calls"

tries=16
[ "${FAULT_SAMPLE:-1}" != 0 ] || tries=$calls
step "$tries of $calls calls: it fails there, or the process dies"
stopped=0
for number in $(seq "$tries"); do
    at=$((tries == calls ? number : 1 + (seed + number * calls / tries) % calls))
    mode=$([ $((number % 2)) = 0 ] && echo fail || echo kill)
    scene
    batch FAULT_MODE="$mode" FAULT_AT="$at" FAULT_ERRNO=5
    [ "$code" = 0 ] || stopped=$((stopped + 1))
    where="$mode at $at of $calls"
    case $code in 0 | 1 | 3 | 4 | 5 | 137) ;; *) fail "$where: exit code $code" ;; esac
    batch
    refused=$((count - $(find try/stick/issued -name '*.pem' ! -name '*-chain.pem' | wc -l)))
    burned=$(($(planned) - $(records '.type == "cert.issued"') + 1)) # the root's
    equal "$code" "$((burned > 0 ? 1 : 0))" "$where: exit code"
    equal "$refused" "$burned" "$where: what is not there is what was burned"
    equal "$(planned)" "$count" "$where: each item is logged once"
    equal "$(records '.type == "plan.approved"')" 1 "$where"
    (cd try/stick/issued/* && sha256sum --quiet -c SHA256SUMS) || fail "$where: SHA256SUMS"
    sound_ledger
    [ $((number % 4)) != 0 ] || python_verifies
done
[ "$stopped" -ge $((tries / 2)) ] || fail "only $stopped of $tries runs were stopped"
echo "$tries tried, $stopped stopped"
