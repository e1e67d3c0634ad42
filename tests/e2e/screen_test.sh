#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Key screening: each bad key is refused by check and by sign for its own reason, and each check can be switched off.
# shellcheck source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"

make_ca --policies any # they are many, made as they are needed
openssl x509 -in ca/ca.pem -noout -pubkey | openssl pkey -pubin -outform DER -out ca.spki
mkdir requests
"$BUILD/tests/make_bad_keys" requests ca.spki
mkdir apart
mv requests/shared-* apart/

# policy NAME [SCREEN]: ca/policies/NAME.yaml, which takes any CN and RSA keys
policy() {
    printf '%s\n' "policy: $1" "subject: [{field: CN, match: '[a-z0-9-]+'}]" \
        "key: {allow: [ec-p256, ec-p384, ed25519, rsa-2048${3:+, $3}]}" "validity: {days: 30}" "key_usage: [digitalSignature]" \
        "extended_key_usage: [clientAuth]" >"ca/policies/$1.yaml"
    [ -z "${2:-}" ] || echo "screen: {$2}" >>"ca/policies/$1.yaml"
}
policy plain

# reason NAME RULE: the last run, with --json, refused NAME.csr for RULE
reason() {
    json ".requests[] | select(.name == \"$1\") | .verdict == \"refused\" and any(.reasons[]; .rule == \"$2\" and .text != null)"
}

bad_keys="
rsa-1024        key.rsa-size
exponent-3      key.rsa-exponent
exponent-even   key.rsa-exponent-invalid
small-factor    key.small-factor
close-primes    key.close-primes
roca            key.roca
debian          key.debian
off-curve       key.ec-point
infinity        key.encoding
low-order       key.ed25519-low-order
issuer-key      key.issuer"

step "a missing list of Debian's weak keys is said on every run, in words and in JSON, and can be switched off"
run 0 -C ca check --policy plain requests/sound.csr
says "RSA keys are not compared with Debian's weak keys"
says "scripts/debian-weak-keys"
run 0 -C ca check --json --policy plain requests/sound.csr
json '.warnings | length == 1 and .[0].rule == "screen.debian-weak-keys"'
run 0 -C ca sign --policy plain --pin-source file:pin --out issued-1 requests/sound.csr
says "RSA keys are not compared with Debian's weak keys"
policy quiet "debian_weak_keys: false"
run 0 -C ca check --json --policy quiet requests/sound.csr
json '.warnings | length == 0'
says_not "Debian"

step "nothing is said of RSA keys where none was looked at, whatever the policy may allow"
csr curves/curve.csr /CN=curve
run 0 -C ca check --policy plain curves/curve.csr
says_not "Debian"
run 0 -C ca check --json --policy plain curves
json '.warnings | length == 0'
mkdir -p rsa-on-stick/requests curve-on-stick/requests
cp curves/curve.csr curve-on-stick/requests/
cp requests/sound.csr curves/curve.csr rsa-on-stick/requests/
run 0 -C ca batch --policy plain --pin-source file:pin curve-on-stick
says_not "Debian"
run 0 -C ca batch --policy plain --pin-source file:pin rsa-on-stick
equal "$(grep -c "Debian's weak keys" err)" 1 "said once"

step "one key in two encodings is one key: of the CA, of another request, of a certificate"
openssl pkey -pubin -inform DER -in ca.spki -ec_conv_form compressed -outform DER -out ca-compressed.spki
mkdir compressed twins
"$BUILD/tests/make_bad_keys" compressed ca-compressed.spki
mv compressed/issuer-key.csr twins/
csr twins/plain.csr /CN=plain
openssl ec -in twins/plain.key -conv_form compressed -out twins/compressed.key 2>err
openssl req -new -key twins/compressed.key -subj /CN=compressed -out twins/compressed.csr
openssl ec -in twins/plain.key -conv_form hybrid -out twins/hybrid.key 2>err
openssl req -new -key twins/hybrid.key -subj /CN=hybrid -out twins/hybrid.csr
policy unique
sed -i 's/key: {/&unique: true, /' ca/policies/unique.yaml
run 1 -C ca check --json --policy unique twins
reason issuer-key key.issuer
reason issuer-key key.encoding
reason compressed key.encoding
reason compressed key.unique
reason hybrid key.encoding
json '.allowed' 1
says "a compressed point, which Go and Java can't read"
says "in hybrid form, which must not be used (RFC 5480 2.2)"
run 1 -C ca sign --policy unique --pin-source file:pin --out twins-issued twins
run 1 -C ca check --policy unique twins/compressed.csr
says "key: certificate $(serial_of twins-issued/plain.pem) for CN=plain has this key (key.unique)"

step "a damaged list stops the run"
mkdir ca/screen
echo 0123456789 >ca/screen/debian-weak-keys
run 3 -C ca check --policy plain requests/sound.csr
says "scripts/debian-weak-keys"

step "a list with the key's fingerprint on it"
{
    echo "# a list of one"
    openssl req -in requests/debian.csr -inform DER -noout -modulus | sha1sum | cut -c21-40
} >ca/screen/debian-weak-keys

for command in check sign; do
    step "$command: bad key, reason"
    how=(--json --policy plain)
    [ "$command" = check ] || how+=(--pin-source file:pin --out issued-2)
    run 1 -C ca "$command" "${how[@]}" requests
    says_not "not compared"
    while read -r name rule; do
        [ -z "$name" ] || reason "$name" "$rule"
    done <<<"$bad_keys"
    json '.refused' 11
    json '.requests[] | select(.verdict == "allowed") | .name' sound
done
equal "$(ls issued-2/*.pem)" issued-2/sound.pem

step "in words: the reason stands beside the request"
run 1 -C ca check --policy plain requests/roca.csr
says "RSALib"
run 1 -C ca check --policy plain requests/close-primes.csr
says "so close that anybody can find them"
run 1 -C ca check --policy plain requests/small-factor.csr
says "divisible by 257"

step "each check can be switched off, and policy check says so"
while read -r name switch; do
    policy without "$switch"
    run 0 -C ca check --policy without "requests/$name.csr"
    run 1 -C ca policy check without
    says "screen: "
done <<'END'
exponent-3 rsa_exponent: false
small-factor small_factors: false
close-primes close_primes: false
roca roca: false
debian debian_weak_keys: false
low-order ec_point: false
END
policy floor "rsa_min_bits: 1024" rsa-1024
run 0 -C ca check --policy floor requests/rsa-1024.csr
policy contradiction "" rsa-1024
run 3 -C ca check --policy contradiction requests/rsa-1024.csr
says "rsa_min_bits"
run 0 -C ca policy show floor
says "RSA from 1024 bits"

step "scripts/debian-weak-keys makes a list of keys in PEM and of the old package's files"
openssl genrsa -traditional -out old.key 2048 2>/dev/null
openssl genrsa -out new.key 2048 2>/dev/null
openssl rsa -in new.key -pubout -out new.pub 2>/dev/null
mkdir blacklist
printf '# of the package\n%s\n' ffffffffffffffffffff 00000000000000000000 >blacklist/blacklist.RSA-2048
"$SOURCE/scripts/debian-weak-keys" made/list old.key new.pub blacklist >out || fail "debian-weak-keys"
says "4 keys in made/list"
cp made/list ca/screen/debian-weak-keys
for key in old new; do
    openssl req -new -key "$key.key" -subj "/CN=$key" -out "$key.csr"
    run 1 -C ca check --json --policy plain "$key.csr"
    reason "$key" key.debian
done
run 0 -C ca check --policy plain requests/sound.csr
# The keys of process 1 as such machines made them: 64 bits and 32 bits, with and without ~/.rnd.
"$SOURCE/scripts/debian-weak-keys" made/again make:1024:1-1 >out || fail "debian-weak-keys make"
says "9 keys in made/again"
for made in cdfc07ce58eebfc624ec a5f2b4780de47f44c56b 5523460925bd0960805c 1db9282d6cd6cbd88c8d 27ea9edac70f3e84f6ec; do
    grep -qx "$made" made/again || fail "$made is not among those made again"
done
echo "no fingerprint" >blacklist/blacklist.RSA-4096
! "$SOURCE/scripts/debian-weak-keys" made/other blacklist 2>err || fail "took what is not a fingerprint"
says "not a fingerprint"
absent made/other

rm -r ca/screen # from here on keys share factors, and nothing else is wrong with them
policy plain "debian_weak_keys: false"
sound=$(serial_of issued-1/sound.pem)

step "a prime shared with a certificate of the ledger: its serial, and the advice to revoke it, by check and by sign"
for command in check sign; do
    how=(--json --policy plain)
    [ "$command" = check ] || how+=(--pin-source file:pin --out issued-3)
    run 1 -C ca "$command" "${how[@]}" apart/shared-1.csr
    reason shared-1 key.shared-factor
    json '.requests[0].reasons[0] | .found == "certificate '"$sound"' for CN=sound" and (.remedy | contains("revoke certificate '"$sound"'"))'
done
absent issued-3/shared-1.pem
run 1 -C ca check --policy plain apart/shared-1.csr
says "it shares a prime factor with certificate $sound for CN=sound"

step "a prime shared by two requests: both are refused, each names the other; also without a home"
mkdir pair empty
cp requests/debian.csr apart/shared-2.csr pair/
run 1 -C ca check --json --policy plain pair requests/roca.csr
reason debian key.shared-factor
reason shared-2 key.shared-factor
json '.requests[] | select(.name == "debian") | .reasons[0].found' pair/shared-2.csr
json '.requests[] | select(.name == "shared-2") | .reasons[0].found' pair/debian.csr
(cd empty && run 1 check --json --policy ../ca/policies/plain.yaml ../pair && cp out ..)
json '[.requests[] | select(.reasons[].rule == "key.shared-factor")] | length' 2

step "a renewal shares nothing with itself; the modulus with another exponent is refused"
run 0 -C ca check --json --policy quiet requests/sound.csr
json '.requests[0] | .verdict == "allowed" and .action == "sign"' # another policy: a new certificate
run 1 -C ca check --json --policy plain apart/shared-twin.csr
json '.requests[0].reasons[0] | .found == "certificate '"$sound"' for CN=sound" and (.text | contains("another exponent"))'
(cd empty && run 1 check --json --policy ../ca/policies/plain.yaml ../requests/sound.csr ../apart/shared-twin.csr && cp out ..)
json '.requests[] | select(.name == "shared-twin") | .reasons[0].found' ../requests/sound.csr

step "shared_factors: false lets them through, and the ledger's keys are compared with later ones all the same"
policy blind "shared_factors: false, debian_weak_keys: false"
run 0 -C ca sign --policy blind --pin-source file:pin --out issued-4 apart/shared-1.csr
run 1 -C ca check --json --policy plain requests/sound.csr
json '.requests[0].reasons[0].found == "certificate '"$(serial_of issued-4/shared-1.pem)"' for CN=shared-1"'

step "hundreds of keys: index.rsa is made by sign, never by check"
printf '%s\n' "policy: short" "subject: [{field: CN, match: '[a-z0-9-]+'}]" "key: {allow: [rsa-1024]}" "validity: {days: 30}" \
    "key_usage: [digitalSignature]" "screen: {rsa_min_bits: 1024, debian_weak_keys: false}" >ca/policies/short.yaml
mkdir many
"$BUILD/tests/make_bad_keys" many 1 260
mv many/also-1.csr .
run 0 -C ca sign --json --policy short --pin-source file:pin --out issued-many many
json '.issued' 260
run 0 -C ca check --policy short many/1.csr
absent ca/index.rsa
one=$(serial_of issued-many/1.pem)
shares_with_one() {
    run 1 -C ca "$@" --json --policy short also-1.csr
    json '.requests[0].reasons[0].found == "certificate '"$one"' for CN=1"'
}
shares_with_one check
absent ca/index.rsa
shares_with_one sign --pin-source file:pin --out issued-5
present ca/index.rsa
shares_with_one check
json '.warnings | length' 0

step "index.rsa is believed as far as it fits the ledger: cut, changed, of another ledger, not a file"
cp ca/index.rsa good.rsa
size=$(stat -c %s good.rsa)
for at in 20 200 $((size - 1)); do
    cp good.rsa ca/index.rsa
    flip_byte ca/index.rsa "$at"
    shares_with_one check
    json '.warnings[0].rule' screen.store
    shares_with_one sign --pin-source file:pin --out issued-5
    head -c "$at" good.rsa >ca/index.rsa
    shares_with_one check
    shares_with_one sign --pin-source file:pin --out issued-5
    json '(.warnings | length) <= 1'
    shares_with_one check
    json '.warnings | length' 0
done
run 0 -C ca ledger index --rebuild
absent ca/index.rsa
shares_with_one check
mkdir ca/index.rsa
run 3 -C ca check --policy short also-1.csr
says "index.rsa is not a file"
rmdir ca/index.rsa
sound_ledger

step "batch: what one part of a run has seen is compared with the next"
mkdir -p medium/requests/short
"$BUILD/tests/make_bad_keys" medium/requests/short 1000 520
sed -i 's/, debian_weak_keys: false//' ca/policies/short.yaml
run 1 -C ca batch --policy-changed-ok --json --policy short --pin-source file:pin medium
equal "$(grep -c "not compared with Debian" err)" 1 "said once"
report=$(echo medium/issued/*/report.json)
equal "$(jq '[.requests[] | select(.verdict == "refused") | .name] | sort | join(" ")' "$report")" '"short/also-1000"'
equal "$(jq -c '[.warnings[].rule]' "$report")" '["screen.debian-weak-keys"]'
sound_ledger

step "batch: keys that one policy compares with none are those that another's are compared with, in the same run"
sed 's/^policy: .*/policy: quiet/; s/^screen: {/&shared_factors: false, /' ca/policies/short.yaml >ca/policies/quiet.yaml
mkdir -p both/requests/{quiet,short} made-both
"$BUILD/tests/make_bad_keys" made-both 2000 2
mv made-both/also-2000.csr both/requests/short/
mv made-both/*.csr both/requests/quiet/
run 1 -C ca batch --policy-changed-ok --json --policy short --pin-source file:pin both
json '.issued == 2 and .refused == 1'
equal "$(jq -r '.requests[] | select(.verdict == "refused") | .name, .reasons[0].rule' both/issued/*/report.json | tr '\n' ' ')" \
    "short/also-2000 key.shared-factor "

step "batch: the list is found outside of the home as well, and read before the run is confined"
mkdir -p data/screen medium-2/requests/plain
cp -r "$SOURCE/policies" "$SOURCE/tokens" data/
{ echo "# a list of one"; openssl req -in requests/debian.csr -inform DER -noout -modulus | sha1sum | cut -c21-40; } >data/screen/debian-weak-keys
policy plain
cp requests/debian.csr medium-2/requests/plain/
COLDCA_DATA=$work/data run 1 -C ca batch --json --policy plain --pin-source file:pin medium-2
says_not "not compared"
report=$(echo medium-2/issued/*/report.json)
equal "$(jq -c '[.requests[0].reasons[].rule]' "$report")" '["key.debian"]'

step "a prime shared with the CA's own key: the CA is named, by check, sign and batch"
for name in ours other; do openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:3072 -out "$name.key" 2>/dev/null; done
python3 "$SOURCE/tests/e2e/mixed_key.py" ours.key other.key >mixed.key
mkdir -p mixed/requests
openssl req -new -key mixed.key -subj /CN=mixed -out mixed/requests/mixed.csr
openssl req -x509 -new -key ours.key -subj "/CN=RSA Root" -days 3650 -addext basicConstraints=critical,CA:TRUE \
    -addext keyUsage=critical,keyCertSign,cRLSign -out ours.pem
softhsm2-util --import ours.key --token test --label ours --id 79 --pin "$(cat pin)" >/dev/null
run 0 -C rsa-ca init --policies any --token test --use-key "pkcs11:token=test;id=%79;type=private" --certificate ours.pem --key-label rsa-ledger \
    --origin rsa.example --pin-source file:pin
policy own "debian_weak_keys: false" rsa-3072
cp ca/policies/own.yaml rsa-ca/policies/
for command in check sign batch; do
    answer=out
    case $command in
        check) run 1 -C rsa-ca check --json --policy own mixed/requests/mixed.csr ;;
        sign) run 1 -C rsa-ca sign --json --policy own --pin-source file:pin --out issued-own mixed/requests/mixed.csr ;;
        batch)
            run 1 -C rsa-ca batch --policy own --pin-source file:pin mixed
            answer=$(echo mixed/issued/*/report.json)
            ;;
    esac
    equal "$(jq -r '.requests[0].reasons[] | .rule, .found, .remedy' "$answer")" "key.shared-factor
this CA's own key
make a new key; everybody can compute the CA's own, so replace the CA"
done
absent issued-own/mixed.pem
