#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# coldca-tools has no code for tokens: nothing of PKCS #11 in its symbols, its texts, its libraries; and it loads no code while it runs.
set -euo pipefail
: "${BUILD:?the build folder}" "${SOURCE:?the source folder}"
tools=$BUILD/coldca-tools coldca=$BUILD/coldca
fail() {
    echo "FAILED: $*" >&2
    exit 1
}
# functions FILE...: those it has, or asks others for
functions() { nm "$@" | awk 'NF > 1 && $(NF - 1) ~ /^[TtUuWwi]$/ { print $NF }' | sed 's/@.*//' | sort -u; }
# PKCS #11's functions, those that load code, and what this program's own directories have that know a token (src/layers.txt)
names='^(C_[A-Z][A-Za-z]+|PKCS11_[a-z_]+|p11_kit_[a-z_]+|dlm?open|dlsym)$'
mapfile -t archives < <(find "$BUILD/src/token" "$BUILD/src/signer" "$BUILD/src/operator" -name '*.a')
own=$(nm --defined-only -g "${archives[@]}" | awk 'NF > 1 && $(NF - 1) == "T" { print $NF }' | sort -u)
symbols() { functions "$1" | grep -xE -e "$names" -f <(echo "$own") || true; }
libraries() { ldd "$1" | grep -iE 'p11|pkcs11|softhsm|opensc|tpm2' || true; }

# The test sees what it is for in the program that has it.
[ "$(symbols "$coldca" | grep -cE '^(token_open|signer_sign|operator_sign)$')" = 3 ] || fail "nothing of tokens is seen in coldca: this test is blind"
symbols "$coldca" | grep -qE '^(dlopen|dlsym|p11_kit_)' || fail "coldca loads no module: this test is blind"
command grep -qa C_GetFunctionList "$coldca" || fail "coldca asks for no function list: this test is blind"

found=$(symbols "$tools")
[ -z "$found" ] || fail "coldca-tools has $found"
found=$(libraries "$tools")
[ -z "$found" ] || fail "coldca-tools needs $found"
! command grep -qa -e C_GetFunctionList -e p11-kit "$tools" || fail "coldca-tools has a text of PKCS #11 modules"

# The law that it is linked by: what cli may know, and what that may know, is no token.
below() {
    local next
    while read -r next; do
        echo "$next"
        below "$next"
    done < <(sed -n "s/^$1: *//p" "$SOURCE/src/layers.txt" | tr ' ' '\n')
}
[ "$(below cli | grep -cE '^(ledger|records|witness)$')" -gt 3 ] || fail "layers.txt is read wrongly"
! below cli | grep -qE '^(token|signer|provider|operator)$' || fail "cli reaches token code: $(below cli | grep -E '^(token|signer|provider|operator)$' | sort -u)"
echo "no symbol, text or library of PKCS #11 in coldca-tools"
