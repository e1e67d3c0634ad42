#!/usr/bin/env bash
# Key screening: each bad key is refused by check and by sign for its own reason, and each check can be switched off.
# shellcheck source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"

make_ca
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
echo "no fingerprint" >blacklist/blacklist.RSA-4096
! "$SOURCE/scripts/debian-weak-keys" made/other blacklist 2>err || fail "took what is no fingerprint"
says "not a fingerprint"
absent made/other
