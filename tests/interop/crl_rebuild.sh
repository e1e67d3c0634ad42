#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Four CAs go through all that can happen to a CRL, over months; coldca and a program written from docs/ledger-format.md alone make each CRL again.
# shellcheck source=tests/e2e/lib.sh
source "$(dirname "$0")/../e2e/lib.sh"
python=$SOURCE/build/venv/bin/python3
export PYTHONDONTWRITEBYTECODE=1
days=0   # how far the clock is ahead
total=0  # CRLs of all homes
wanted=0 # of this one

# later CODE COMMAND ARGUMENTS...: run() in the home $ca, so many days later
later() {
    local code=0 expected=$1
    shift
    setsid --wait faketime -f "+${days}d" "$COLDCA" -C "$ca" "$@" >out 2>err </dev/null || code=$?
    [ "$code" = "$expected" ] || fail "exit code $code instead of $expected, $days days later: coldca -C $ca $*"
}
crl() {
    later 0 crl --pin-source file:pin "$@"
    wanted=$((wanted + 1))
}
revoke() {
    later 0 revoke --pin-source file:pin --yes "$@"
}
issue() {
    later "$1" sign --policy "$2" --pin-source file:pin --out "$ca-issued" "requests/$3.csr"
}
# entries N: what openssl finds on the newest CRL
entries() {
    local file
    file=$(find "$ca/crl" -name '*.pem' | sort -V | tail -n 1)
    equal "$(openssl crl -in "$file" -noout -text | grep -c 'Serial Number')" "$1" "entries of $file"
}
serial() {
    serial_of "$ca-issued/$1.pem"
}
# interrupted TYPE COMMAND...: the token is gone when it is to sign, so that a record of this type follows. How many the login takes before differs by key.
interrupted() {
    local type=$1 at
    shift
    for at in 2 3 4; do
        TOKEN_FAULT="at=$at fault=removed" "$@"
        ! grep -q "\"type\":\"$type\"" "$ca/ledger.jsonl" || return 0
    done
    fail "nothing is $type"
}
# rebuilt COUNT: both verifiers make so many CRLs again, and find nothing
rebuilt() {
    later 0 ledger verify --json
    json .crls "$1"
    "$python" "$SOURCE/tests/interop/verify_ledger.py" "$ca" "$(jq -r 'select(.type == "ca.created").ledger_vkey' "$ca/ledger.jsonl")" "$ca/ca.pem" >out 2>err ||
        fail "verify_ledger.py finds something"
    json .crls "$1"
}

# A module that is gone at a signature, if it is asked to: what was to be signed is then abandoned.
printf 'name: leaving\ntitle: SoftHSM with faults\ntested: false\nmodules: [%s]\nalways_authenticate: true\ned25519_params: printable\nkeys: [%s]\n' \
    "$BUILD/token_fault.so" "rsa-3072, ec-p256, ec-p384, ed25519" >leaving.yaml
for policy in short:5 long:300; do
    cat >"${policy%:*}.yaml" <<YAML
policy: ${policy%:*}
subject:
  - {field: CN, match: '[a-z0-9-]+'}
other_subject: refuse
other_san: refuse
key: {allow: [ec-p256]}
validity: {days: ${policy#*:}}
key_usage: [digitalSignature]
extended_key_usage: [clientAuth]
YAML
done
make_token
for name in a b c d e f g; do csr "requests/$name.csr" "/CN=$name"; done

# life KEY: whatever can happen
life() {
    ca=ca-$1
    days=0 wanted=0
    run 0 -C "$ca" init --policies any --model "$PWD/leaving.yaml" --token test --key "$1" --key-label "$1" --subject "CN=Root $1" --origin "ca.example/$1" \
        --pin-source file:pin
    cp short.yaml long.yaml "$ca/policies/"
    for name in a b c; do issue 0 short $name; done
    for name in d e f; do issue 0 long $name; done
    crl && entries 0
    revoke --serial "$(serial a)" --reason keyCompromise --invalidity-date 2026-01-15
    revoke --serial "$(serial d)" --hold
    crl && entries 2
    days=1
    revoke --serial "$(serial d)" --release
    revoke --serial "$(serial e)" --hold
    revoke --serial 00c0ffee0123456789 --foreign --reason affiliationChanged
    crl && entries 3
    days=2
    revoke --serial "$(serial e)" --reason superseded # a hold that becomes final
    interrupted cert.abandoned issue 4 long g
    later 0 cert list --status burned --json
    burned=$(jq -r '.[0].serial' out)
    crl && entries 4
    revoke --serial "$burned" --hold
    crl && entries 4
    revoke --serial "$burned" --release
    interrupted crl.abandoned later 4 crl --pin-source file:pin
    crl && entries 4
    rebuilt $wanted
    days=7 # a has expired, and is on one CRL more; b is revoked after its end
    crl && entries 4
    revoke --serial "$(serial b)" --reason cessationOfOperation
    crl && entries 4
    crl && entries 3
    printf 'crl:\n  days: 10\n  overlap_hours: 24\n  keep_expired: true\n' >>"$ca/ca.yaml"
    days=9
    crl && entries 5 # a and b stand on it again
    sed -i 's/keep_expired: true/keep_expired: false/' "$ca/ca.yaml"
    crl && entries 3
    case $1 in
    ed25519) ;;
    *)
        printf 'hash: sha512\n' >>"$ca/ca.yaml"
        crl && entries 3
        openssl crl -in "$ca/crl/crl-13.pem" -noout -text | grep -qi 'sha512' || fail "not signed with SHA-512"
        ;;
    esac
    if [ "$1" = rsa-3072 ]; then
        printf 'pss: true\n' >>"$ca/ca.yaml"
        crl --days 3
    fi
    rebuilt $wanted
    total=$((total + wanted))
}

for key in ec-p256 ec-p384 rsa-3072 ed25519; do
    step "$key: holds, releases, a final hold, foreign, burned, abandoned, expired, kept, another hash"
    life $key
done

step "at least 30 CRLs of all homes, byte for byte"
[ "$total" -ge 30 ] || fail "only $total CRLs"
echo "$total CRLs made again by both"

step "a program that made nothing again would be seen"
ca="ca-ec-p256"
jq -cS 'select(.type | startswith("crl.") | not)' ca-ec-p256/ledger.jsonl >without
cp without ca-ec-p256/ledger.jsonl
later 5 ledger verify --json
json .crls 0
