#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Home and token put back from the same day are found by the checkpoint that lies on the medium, and only by it: it is passed over where it
# is not there (ENOENT, ENOTDIR, ELOOP), and not because the medium or this process can't open it just now (EIO, EMFILE, ENFILE, ENOMEM, EACCES).
# shellcheck source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"
shim=$(preloadable fault_shim.so)
make_ca
csr first/first.csr /CN=first
csr late/late.csr /CN=late
rm first/*.key late/*.key
mkdir -p stick/requests
cp first/first.csr stick/requests
cp -a ca old-home
keep_token old
sign 0 --out medium first
run 0 -C ca --pin-source file:pin batch "${device[@]}" stick
present medium/checkpoint stick/issued/*/checkpoint
cp -a medium medium-whole

# attempt ERRNO AT: the AT-th opening below the medium fails with that error; sets `code`
attempt() {
    rm -rf ca medium
    cp -a old-home ca
    cp -a medium-whole medium
    token_again old
    code=0
    setsid --wait env LD_PRELOAD="$shim" FAULT_MODE=fail FAULT_READS=1 FAULT_BELOW="$work/medium" FAULT_ERRNO="$1" FAULT_AT="$2" \
        "$COLDCA" -C ca --pin-source file:pin sign "${device[@]}" --out "$work/medium" late >out 2>err </dev/null || code=$?
}

step "nothing fails: the old copy is found"
attempt 5 100000
equal "$code" 5
says "a checkpoint that left this home"
absent medium/late.pem

step "not there: passed over, at the one call that opens it"
declare -A passed
for errno in 2 20 40; do # ENOENT, ENOTDIR, ELOOP
    for at in 1 2 3 4 5 6; do
        attempt "$errno" "$at"
        [ ! -e medium/late.pem ] || passed[$errno]=$at
    done
done
equal "${#passed[@]}" 3 "kinds of not being there that are passed over"
equal "$(printf '%s\n' "${passed[@]}" | sort -u | wc -l)" 1 "calls"

step "there, and it can't be opened: an error, at every call, and nothing is signed"
for errno in 5 24 23 12 13; do # EIO, EMFILE, ENFILE, ENOMEM, EACCES
    for at in 1 2 3 4 5 6; do
        attempt "$errno" "$at"
        [ "$code" != 0 ] || fail "errno $errno at call $at: signed"
        [ ! -e medium/late.pem ] || fail "errno $errno at call $at: late.pem is there"
    done
    attempt "$errno" "${passed[2]}"
    equal "$code" 3 "exit code, errno $errno"
    says "looking for a checkpoint in the output directory"
done
echo "all is well"
