# SPDX-License-Identifier: Apache-2.0
# Sourced by the end-to-end tests: a temporary folder, a SoftHSM token of its own, a CA, assertions; everything is gone at the end.
# shellcheck shell=bash
set -euo pipefail
: "${COLDCA:?the binary}" "${SOURCE:?the source folder}"
# shellcheck source=scripts/softhsm.sh
. "$SOURCE/scripts/softhsm.sh"
# shellcheck source=tests/flip_byte.sh
. "$SOURCE/tests/flip_byte.sh"
export COLDCA_DATA=$SOURCE NO_COLOR=1 LC_ALL=C.UTF-8
unset COLDCA_HOME
umask 022

work=$(mktemp -d "${TMPDIR:-/tmp}/coldca-e2e-XXXXXX")
children=() # to end
mounts=()   # to undo
clean_up() {
    local pid mount
    for pid in "${children[@]}"; do
        kill -KILL "$pid" 2>/dev/null || true # it may have ended by itself
        wait "$pid" 2>/dev/null || true
    done
    cd /
    for mount in "${mounts[@]}"; do umount "$mount" 2>/dev/null || true; done # the test may have done it
    chattr -R -a "$work" 2>/dev/null || true                                  # not every file system knows it
    chmod -R u+rwX "$work"
    rm -rf "$work"
}
trap clean_up EXIT
cd "$work"

fail() {
    echo "FAILED: $*" >&2
    [ ! -s err ] || sed 's/^/  stderr: /; 40q' err >&2
    [ ! -s out ] || sed 's/^/  stdout: /; 40q' out >&2
    exit 1
}

step() {
    echo "-- $*"
}

# The test can't run here, and says why; CI counts it as a failure.
skip() {
    echo "skipped: $*"
    exit 77
}

# A file that is not there holds nothing, so `! grep` would always be content with it: that is a fault of the test.
grep() {
    local code=0
    command grep "$@" || code=$?
    [ "$code" -lt 2 ] || fail "grep $*"
    return "$code"
}

# run CODE ARGUMENTS...: coldca must end with CODE, without a terminal; its words are in out and err.
run() {
    local wanted=$1 code=0
    shift
    setsid --wait "$COLDCA" "$@" >out 2>err </dev/null || code=$?
    [ "$code" = "$wanted" ] || fail "exit code $code instead of $wanted: coldca $*"
}

says() {
    grep -qF -- "$1" out err || fail "nothing says: $1"
}

# preloadable NAME: a name for this library of the build that LD_PRELOAD can hold, which a space or a colon would end
preloadable() {
    ln -s "$BUILD/$1" "$work/.$1"
    echo "$work/.$1"
}

says_not() {
    ! grep -qF -- "$1" out err || fail "something says: $1"
}

# json FILTER [WANTED]: by jq, for what the last run printed: true, or what is wanted.
json() {
    local found
    found=$(jq -r "$1" out) || fail "no JSON on stdout"
    [ "$found" = "${2:-true}" ] || fail "$1 is $found instead of ${2:-true}"
}

present() {
    local file
    for file in "$@"; do [ -s "$file" ] || fail "$file is missing or empty"; done
}

absent() {
    local file
    for file in "$@"; do [ ! -e "$file" ] || fail "$file should not be there"; done
}

same() {
    cmp -s "$1" "$2" || fail "$1 and $2 differ"
}

equal() {
    [ "$1" = "$2" ] || fail "\"$1\" is not \"$2\"${3:+: $3}"
}

# wait_for FILE TEXT PID: until the process has written TEXT to FILE; fails if it ends first, or after a minute.
wait_for() {
    timeout 60 grep -qF -- "$2" < <(exec tail -n +1 -F --pid="$3" "$1" 2>/dev/null) # -F: the file may not be there yet
}

# A TCP port of the loopback interface that nobody listens at.
free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

make_token() {
    softhsm_use token
    softhsm_pins .
    run 0 token init --label test --so-pin-source file:so-pin --pin-source file:pin
}

# A home that is put back from a copy is refused by a token that remembers more: keep_token NAME, token_again NAME go with the copy.
keep_token() {
    rm -rf "kept-token-$1"
    cp -a token/tokens "kept-token-$1"
}
token_again() {
    rm -rf token/tokens
    cp -a "kept-token-$1" token/tokens
}

# What the token remembers of any ledger is gone; its keys stay.
token_forgets() {
    while pkcs11-tool --module "$(softhsm_module)" --token-label test --login --pin "$(cat pin)" --delete-object --type data \
        --label coldca-ledger >/dev/null 2>&1; do :; done
}

# make_ca [OPTIONS...]: a token, and a root in ./ca
make_ca() {
    [ -e token ] || make_token
    run 0 -C ca init --token test --subject "C=US,O=Test Org,CN=Test Root" --pin-source file:pin "$@"
}

# approve NAME|FILE...: policies that came or changed after init may be used (docs/controls.md)
approve() {
    local policy
    for policy in "$@"; do run 0 -C ca --pin-source file:pin policy approve "$policy" --yes; done
}

# approve_plan PLAN NAMES...: each by the key in NAME.key.pem, into PLAN.NAME.approval
approve_plan() {
    local plan=$1 name
    shift
    for name in "$@"; do run 0 approve "$plan" --name "$name" --key "$name.key.pem" --yes; done
}

# by_plan CODE PLAN NAMES... -- COMMAND...: the command carries the plan out, with these people's approvals
by_plan() {
    local wanted=$1 plan=$2 approvals=()
    shift 2
    while [ "$1" != -- ]; do
        approvals+=(--approval "$plan.$1.approval")
        shift
    done
    shift
    run "$wanted" -C ca "$@" --plan "$plan" "${approvals[@]}" --pin-source file:pin
}

# csr FILE SUBJECT [OPTIONS OF openssl req...]: a request with a new P-256 key beside it, by plain openssl
csr() {
    local file=$1 subject=$2
    shift 2
    mkdir -p "$(dirname "$file")"
    openssl req -new -noenc -newkey ec -pkeyopt ec_paramgen_curve:P-256 -keyout "${file%.csr}.key" -subj "$subject" \
        -utf8 "$@" -out "$file" 2>err || fail "openssl could not make $file"
}

device=(--policy mqtt-device --set domain=iot.example)

# ask NAME [OPTIONS OF coldca request...]: requests/NAME.csr in the shape of the device policy
ask() {
    local name=$1
    shift
    run 0 request "${device[@]}" --cn "$name" --out requests "$@"
}

# sign CODE ARGUMENTS...
sign() {
    local wanted=$1
    shift
    run "$wanted" -C ca sign "${device[@]}" --pin-source file:pin "$@"
}

# Every certificate named holds by openssl's strict rules.
strict() {
    openssl verify -x509_strict -CAfile ca/ca.pem "$@" >verified 2>&1 || { cat verified >&2; fail "openssl verify: $*"; }
}

records() {
    jq -s "[.[] | select($1)] | length" ca/ledger.jsonl
}

sound_ledger() {
    run 0 -C ca ledger verify
}

serial_of() {
    openssl x509 -in "$1" -noout -serial | sed 's/serial=//' | tr A-F a-f
}

# person NAME: an Ed25519 key NAME.key.pem, by plain openssl, and its verifier key (docs/ledger-format.md 4) on stdout
person() {
    openssl genpkey -algorithm ed25519 -out "$1.key.pem" 2>err || fail "openssl could not make $1's key"
    openssl pkey -in "$1.key.pem" -pubout -outform DER | python3 -c '
import base64, hashlib, sys
name, key = sys.argv[1], b"\1" + sys.stdin.buffer.read()[-32:]
print(name, hashlib.sha256(name.encode() + b"\n" + key).hexdigest()[:8], base64.b64encode(key).decode(), sep="+")' "$1"
}

# controls FILE QUORUM [MORE LINES]: ann, bob and cyd (keys made now) decide, all acts by this quorum
controls() {
    local name quorum=$2
    {
        echo "people:"
        for name in ann bob cyd; do echo "  - {name: $name, role: approver, key: $(person "$name")}"; done
        echo "quorum: {issue: $quorum, issue_ca: $quorum, revoke: $quorum, crl: $quorum, control: $quorum, policy: $quorum}"
        printf '%s\n' "${@:3}"
    } >"$1"
}

# person_token NAME KEYTYPE: a token of that person with a key in it; its verifier key on stdout
person_token() {
    run 0 token init --label "$1" --so-pin-source file:so-pin --pin-source file:pin >&2
    pkcs11-tool --module "$(softhsm_module)" --token-label "$1" --login --pin "$(cat pin)" --keypairgen --key-type "$2" --label approve --id 01 \
        --usage-sign >made 2>&1 || { cat made >&2; fail "no key in the token of $1"; }
    run 0 approve --vkey --name "$1" --key "pkcs11:token=$1;object=approve;type=private" --pin-source file:pin
    cat out
}

# python_verifies: the ledger of ./ca holds by the program that is not coldca
python_verifies() {
    "$SOURCE/build/venv/bin/python3" "$SOURCE/tests/interop/verify_ledger.py" ca "$(jq -r 'select(.type == "ca.created") | .ledger_vkey' ca/ledger.jsonl)" \
        ca/ca.pem >verified || { cat verified; fail "verify_ledger.py"; }
}
