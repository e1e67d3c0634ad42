#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# docs/operations.md, "Restoring": its own commands, word for word, on a SoftHSM directory that a kill destroyed and on a home.
# shellcheck disable=SC2016 # the page's commands, which expand later
# shellcheck source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"
make_ca
export CA=$work/ca TOKENS=$work/token/tokens COPY

# by_the_page WORDS CODE: the commands of the page's block that has these words; coldca is this one, and its PIN is in ./pin
by_the_page() {
    local words=$1 wanted=$2 code=0
    awk -v words="$words" '/^```/ { if (inside && index(text, words)) printf "%s", text; inside = !inside; text = ""; next }
        inside { text = text $0 "\n" }' "$SOURCE/docs/operations.md" >commands
    present commands
    { echo 'set -e; coldca() { setsid --wait "$COLDCA" --pin-source file:pin "$@" </dev/null; }' && cat commands; } >commands.sh
    bash commands.sh >out 2>err || code=$?
    equal "$code" "$wanted" "exit code of: $(cat commands)"
}
csr one/one.csr /CN=one
csr two/two.csr /CN=two
csr three/three.csr /CN=three
sign 0 --out issued one

step "copied, and used on"
COPY=$work/monday
by_the_page 'cp -a "$TOKENS" "$COPY/tokens"' 0
monday=$(wc -l <ca/ledger.jsonl)
sign 0 --out issued two

step "a kill while SoftHSM writes: the token is destroyed, and that is said"
for object in "$TOKENS"/*/token.object; do : >"$object"; done
sign 4 --out lost three
absent lost/three.pem

step "an older copy of the directory is put back: the token is there, remembers less, and that is no fault"
by_the_page 'cp -a "$COPY/tokens" "$TOKENS"' 0
says "test"
says "the token test remembers $monday records"
present "$TOKENS.broken"
sign 0 --out issued three
present issued/three.pem
run 0 -C ca --pin-source file:pin ledger verify --token
newest=$(wc -l <ca/ledger.jsonl)
says "the token test remembers $newest records"

step "an older copy of the home is not taken with the newer token"
by_the_page 'cp -a "$COPY/home" "$CA"' 5
says "the token test remembers $newest records, but ledger.jsonl holds $monday"
present ca.broken/ledger.jsonl
rm -rf ca && mv ca.broken ca

step "a copy of today is"
COPY=$work/today
by_the_page 'cp -a "$TOKENS" "$COPY/tokens"' 0
rm ca/ledger.jsonl
by_the_page 'cp -a "$COPY/home" "$CA"' 0
sign 0 --out again three

step "both on an empty machine, with a configuration of its own"
softhsm_use elsewhere
rmdir elsewhere/tokens
rm -rf ca ca.broken
TOKENS=$work/elsewhere/tokens
mkdir "$TOKENS" ca
by_the_page 'cp -a "$COPY/tokens" "$TOKENS"' 3 # there is no home yet
rm -rf "$TOKENS.broken"
by_the_page 'cp -a "$COPY/home" "$CA"' 0
csr four/four.csr /CN=four
sign 0 --out issued four
echo "all is well"
