#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# scripts/lint finds what its rules are for: each is planted into a copy of the source, and must be named.
set -euo pipefail
: "${SOURCE:?the source folder}"
work=$(mktemp -d "${TMPDIR:-/tmp}/coldca-lint-XXXXXX")
trap 'rm -rf "$work"' EXIT
mkdir "$work/tree"
cp -r "$SOURCE/src" "$SOURCE/scripts" "$SOURCE/CMakeLists.txt" "$work/tree"
mkdir -p "$work/tree/tests"
cd "$work/tree"
git init -q .
git add -A
scripts/lint --rules >../log 2>&1 || { cat ../log >&2; echo "FAILED: the source as it is breaks a rule" >&2; exit 1; }

# plant FILE LINE WORDS: with LINE at the end of FILE, lint fails and says WORDS.
planted=0
plant() {
    local before
    before=$(cat "$1")
    printf '%s\n' "$2" >>"$1"
    if scripts/lint --rules >../log 2>&1; then
        echo "FAILED: not found in $1: $2" >&2
        exit 1
    fi
    grep -qF -- "$3" ../log || { cat ../log >&2; echo "FAILED: found for another reason: $2" >&2; exit 1; }
    printf '%s\n' "$before" >"$1"
    planted=$((planted + 1))
}

# Second ways to the CA key (P3).
plant src/batch/batch.c 'static bool f(void) { return token_key_sign(0, 0, b, 0, 0); }' "a token's key is used by"
plant src/issue/recover.c 'static bool f(void) { return signer_sign(0, 0, 0, b, 0, 0, 0); }' "the CA key signs for issue/logged.c only"
plant src/issue/issue.c 'static void f(void) { logged_sign(0, 0); }' "signing threads alone"
plant src/batch/report.c 'static bool f(void) { return signer_prove_key(0, 0, b, 0, 0); }' "the proof that a key is held"
plant src/signer/sign.c 'static void f(void) { (void)p->C_Sign(0, 0, 0, 0, 0); }' "C_Sign is token/'s"
# The others.
plant src/home/home.c 'static void f(char *a) { strcpy(a, "x"); }' "banned call"
plant src/plan/plan.c 'static void f(void) { puts("x"); }' "only cli/, operator/ and ui/ print"
plant src/home/home.c 'static char *pin;' "a PIN is a struct secret"
plant src/issue/issue.c 'static CK_RV f(void);' "Cryptoki types stay"
plant src/issue/issue.c 'static void f(void) { exit(1); }' "only main ends the process"
plant src/operator/sign.c "$(printf '/* a line */\n%.0s' {1..120})" "has fewer than 120"
mkdir -p tests/e2e && echo '# SPDX-License-Identifier: Apache-2.0' >tests/e2e/x_test.sh && git add tests
plant tests/e2e/x_test.sh "ctest --test-dir \"\$""BUILD\"" "a ctest inside a test"
# Words that are not the field's, in messages and comments.
plant src/plan/plan.c 'static const char *const f = "the folder " "is gone";' "say directory"
plant src/home/home.c 'static const char *const f = "what is read is no" " certificate";' "say is not a(n)"
plant src/home/home.c '// no folder here' "say directory"
mkdir -p docs && echo 'The ledger is authoritative.' >docs/words.md && git add docs
plant docs/words.md 'The ledger is the truth.' "say authoritative"
# Directories and decisions that nobody explained.
plant src/layers.txt 'nowhere: base' "src/nowhere: its main header"
mkdir docs/decisions
echo '(0001-x.md) (0002-y.md)' >docs/decisions/README.md
printf '# 0001: x\n\nStatus: Accepted\n' >docs/decisions/0001-x.md
git add docs
scripts/lint --rules >../log 2>&1 || { cat ../log >&2; echo "FAILED: a decision as it should be" >&2; exit 1; }
printf '# 0002: y\n' >docs/decisions/0002-y.md
git add docs
plant docs/decisions/0002-y.md 'No status.' "a decision begins with"
[ "$planted" = 18 ] || { echo "FAILED: only $planted were planted" >&2; exit 1; }
