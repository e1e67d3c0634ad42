#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# coldca init: keys made in the token with the attributes promised (P1), a root, a sub-CA by way of a parent, a key that was there.
# shellcheck source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"

step "the token that token init made is listed"
make_token
run 0 token list --json
json 'any(.[]; .label == "test")'
run 0 token list
says test
run 4 token init --label test --so-pin-source file:so-pin --pin-source file:pin
says "give this one another with --label"
(
    softhsm_use none
    run 4 -C none init --subject CN=none --pin-source file:pin
    says "no token is initialized yet"
)

step "a root: files, modes, extensions"
make_ca
present ca/ca.yaml ca/ca.pem ca/ledger.jsonl ca/ledger.checkpoint ca/ledger.checkpoints ca/policies/mqtt-device.yaml
equal "$(stat -c %a ca)" 750
openssl x509 -in ca/ca.pem -noout -text >text
grep -q 'Version: 3' text || fail "not v3"
grep -A1 'Basic Constraints: critical' text | grep -q 'CA:TRUE' || fail "no critical basicConstraints"
grep -A1 'Key Usage: critical' text | grep -q 'Certificate Sign, CRL Sign$' || fail "wrong keyUsage"
grep -q 'Subject Key Identifier' text || fail "no SKI"
equal "$(openssl x509 -in ca/ca.pem -noout -subject -nameopt RFC2253)" "subject=CN=Test Root,O=Test Org,C=US"
equal "$(serial_of ca/ca.pem | wc -c)" 41 "20 octets of serial"
[[ $(serial_of ca/ca.pem) =~ ^[0-7] ]] || fail "the serial is negative"
strict ca/ca.pem
sound_ledger
equal "$(jq -r 'select(.seq == 0) | .type' ca/ledger.jsonl)" cert.signing
equal "$(records '.type == "ca.created"')" 1

step "the keys are the token's: sensitive, never extractable, made there, sign only (P1)"
run 0 token show --token test --pin-source file:pin --json
json '[.keys[] | select(.has_private)] | length == 2'
json '[.keys[] | select(.has_private) | .private, .sensitive, .always_sensitive, .never_extractable, .local, .sign] | all(. == "yes")'
json '[.keys[] | select(.has_private) | .extractable, .decrypt, .unwrap, .derive] | all(. == "no")'

step "the certificate is on the token too"
pkcs11-tool --module "$(softhsm_module)" --token-label test --read-object --type cert --label coldca-ca -o from-token.der 2>/dev/null
openssl x509 -in from-token.der -inform DER -out from-token.pem
same from-token.pem <(openssl x509 -in ca/ca.pem)

step "nothing is overwritten"
cp -r ca before
run 3 -C ca init --token test --subject "CN=Other" --pin-source file:pin
diff -r ca before >changes || fail "init changed a home that was there: $(cat changes)"

step "no file of a home holds the PIN (P7)"
! grep -rqF "$(cat pin)" ca || fail "the PIN is in the home"

# leaves_nothing CODE ARGUMENTS...: coldca fails with CODE; every file and directory, and every object in the token, is as before.
state() {
    find . \( -path ./out -o -path ./err \) -prune -o \( -type d -o -name lock \) -printf '%p\n' -o -printf '%p %s %m\n' | sort
}
leaves_nothing() {
    local before
    before=$(state)
    run "$@"
    diff <(echo "$before") <(state) >"${TMPDIR:-/tmp}/changes-$$" || fail "something is left: $(cat "${TMPDIR:-/tmp}/changes-$$")"
    rm -f "${TMPDIR:-/tmp}/changes-$$"
}
pin=(--pin-source file:pin)

step "what is wrong is found before the token is asked: no PIN is read, nothing is left"
# bad CODE WORDS ARGUMENTS...: no PIN source is named and there is no terminal, so that asking for a PIN would be exit code 4
bad() {
    local code=$1 words=$2
    shift 2
    leaves_nothing "$code" -C refused init --token test "$@"
    says "$words"
}
bad 3 'subject C: "USA"' --subject "C=USA,O=Test Org,CN=X"
bad 3 'subject C: "usa"' --subject "C=usa,CN=X"
bad 3 'subject street' --subject "street=Main,CN=X"
bad 3 'key: rsa-2048 is not one of' --csr --subject CN=X --key rsa-2048
bad 3 'subject C: "USA"' --csr --subject "C=USA,CN=X"
bad 3 "subject CN" --subject "CN=$(printf 'x%.0s' {1..65})"
bad 3 "9126 days are more than the 9125 the policy allows" --subject CN=X --days 9126
bad 3 "no such-policy.yaml" --subject CN=X --policy such-policy
bad 2 "is not for a CA" --subject CN=X --policy mqtt-device --set domain=iot.example
bad 2 "--subject is needed"
bad 2 "CN" --subject "O=Only"
bad 2 "--key rsa-1" --subject CN=X --key rsa-1
bad 2 "--hash is sha256" --subject CN=X --hash md5
bad 2 "--pss is for RSA keys" --subject CN=X --pss
bad 2 "--hash is not for Ed25519" --subject CN=X --key ed25519 --hash sha512
bad 2 "can't name a ledger" --subject CN=X --origin "https://ca example"
bad 2 "--key-label" --subject CN=X --key-label ""
bad 2 "--days is 1 to 36525" --subject CN=X --days 0
bad 2 "decided by its parent" --csr --subject CN=X --days 30
bad 2 "--chain means nothing for a root: it goes with --certificate" --subject CN=X --chain ca/ca.pem
bad 2 "--chain means nothing with --csr" --csr --subject CN=X --chain ca/ca.pem
bad 2 "give one of them" --subject CN=X --key ec-p256 --use-key pkcs11:id=%01
bad 2 "--certificate needs --use-key" --certificate ca/ca.pem
bad 2 "--subject means nothing where a certificate is adopted" --use-key pkcs11:id=%01 --certificate ca/ca.pem --origin x.example --subject CN=X
bad 2 "--origin is needed" --use-key pkcs11:id=%01 --certificate ca/ca.pem
bad 3 "can't open nowhere.pem" --use-key pkcs11:id=%01 --origin x.example --certificate nowhere.pem
bad 3 "neither a PEM block" --use-key pkcs11:id=%01 --origin x.example --certificate pin
leaves_nothing 3 -C no/such/place init --token test --subject CN=X
says "there is no directory no/such; make it first"
leaves_nothing 3 -C pin init --token test --subject CN=X
says "is not a directory"
leaves_nothing 3 -C ca init --token test --subject CN=X
says "nothing is overwritten"
leaves_nothing 4 -C refused init --token no-such-token --subject CN=X "${pin[@]}"
leaves_nothing 4 -C refused init --token test --subject CN=X # nobody can be asked for the PIN
echo 000000 >wrong-pin
chmod 600 wrong-pin
leaves_nothing 4 -C refused init --token test --subject CN=X --key-label refused --pin-source file:wrong-pin

step "an existing directory is left as it was, with what was in it"
mkdir -p there/policies
echo "# mine" >there/policies/mine.yaml
leaves_nothing 4 -C there init --token test --subject CN=X --key-label refused --pin-source file:wrong-pin

step "a label that is taken: the option that names another is named"
leaves_nothing 4 -C refused init --token test --subject CN=X "${pin[@]}"
says 'labelled "coldca-ca" already'
says "--key-label"

step "an init whose disk runs full takes its keys back, and all it wrote"
if [ "$(id -u)" = 0 ]; then
    mkdir full
    for pages in 4 8 16 24; do
        mount -t tmpfs -o "size=$((pages * 4))k" tmpfs full
        mounts+=("$work/full")
        leaves_nothing 3 -C full/ca init --token test --subject CN=X --key-label full "${pin[@]}"
        leaves_nothing 3 -C full init --token test --subject CN=X --key-label full --csr "${pin[@]}"
        umount full
    done
else
    echo "(this needs root)"
fi

step "two at once in one directory: the second one leaves the first alone"
(
    exec 8<there
    flock -n 8
    leaves_nothing 5 -C there init --token test --subject CN=X --key-label refused "${pin[@]}"
)
says "another init is making a CA in there"
run 0 -C there init --token test --subject CN=There --key-label there "${pin[@]}"
equal "$(cat there/policies/mine.yaml)" "# mine"

step "what lay in policies/ and is not a policy is not approved; all that is one is"
says "the policy mine was not approved: "
equal "$(jq -r 'select(.type == "policy.approved").name' there/ledger.jsonl | paste -sd' ')" "$(basename -s .yaml "$SOURCE"/policies/*.yaml | sort | paste -sd' ')"

step "the policy of the root itself is in the ledger, wherever it lay, and one of its name in the home is what is used"
sed 's/^# .*/# of this root only/' "$SOURCE/policies/root.yaml" >own.yaml
run 0 -C own init --token test --policy ./own.yaml --subject CN=Own --key-label own "${pin[@]}"
digest() { sha256sum "$1" | cut -d' ' -f1; }
equal "$(jq -r 'select(.type == "policy.approved" and .name == "root").sha256' own/ledger.jsonl | paste -sd' ')" "$(digest own.yaml) $(digest own/policies/root.yaml)"
run 0 -C own cert show "$(serial_of own/ca.pem)"
says "policy: root, whose text is record $(jq "select(.sha256 == \"$(digest own.yaml)\").seq" own/ledger.jsonl)"
run 0 -C own policy diff root
run 0 -C own ledger verify

step "a sub-CA: a request for the parent, the parent's answer, then it signs"
run 0 -C issuing init --csr --token test --key-label issuing --subject "O=Test Org,CN=Issuing CA" --pin-source file:pin --json
csr_file=$(jq -r .csr out)
openssl req -in "$csr_file" -verify -noout 2>/dev/null || fail "the sub-CA's request does not verify"
csr requests/early.csr /CN=early
run 3 -C issuing sign "${device[@]}" --pin-source file:pin --out early requests
absent early/early.pem
mkdir stick
cp "$csr_file" stick/issuing.csr
run 0 -C ca sign --policy sub-ca --pin-source file:pin --out stick stick/issuing.csr
leaves_nothing 3 -C issuing init --certificate ca/ca.pem
says "answers another request: its key is not the one of issuing/ca.csr"
leaves_nothing 3 -C issuing init --certificate stick/issuing.csr
says "is a request, not a certificate: bring it to the parent CA"
leaves_nothing 2 -C issuing init --certificate stick/issuing.pem --key-label other
says "--key-label means nothing where a CA gets its parent's certificate"
leaves_nothing 3 -C issuing init --certificate stick/issuing.pem --chain issuing/ca.csr
leaves_nothing 3 -C issuing init --subject CN=Again
says "awaits its parent's certificate"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -keyout foreign.key -subj /CN=Foreign -out foreign.pem 2>/dev/null
leaves_nothing 3 -C issuing init --certificate stick/issuing.pem --chain foreign.pem
says "the chain is out of order"

step "the answer without --chain: refused, or taken with the reason why; what is above can be given later"
leaves_nothing 3 -C issuing init --certificate stick/issuing.pem
says "the certificate of C=US,O=Test Org,CN=Test Root, which issued O=Test Org,CN=Issuing CA, was not given"
says "--chain-incomplete REASON"
cp -r issuing unchained
keep_token pending # each of these copies is completed as if it were the only one
run 0 -C unchained init --certificate stick/issuing.pem --chain-incomplete "the root comes next week" --pin-source file:pin
grep -q '"chain_incomplete":"the root comes next week"' unchained/ledger.jsonl || fail "the ledger has no reason"
cp ca/ca.pem unchained/chain.pem
run 5 -C unchained sign "${device[@]}" --pin-source file:pin --out unchained-issued requests/early.csr
says "is not the chain that record"
run 0 -C unchained cert chain --set ca/ca.pem --pin-source file:pin
run 0 -C unchained sign "${device[@]}" --chain --pin-source file:pin --out unchained-issued requests/early.csr
equal "$(grep -c BEGIN unchained-issued/early-chain.pem)" 3

step "the answer and what is above it in one file, as other tools write it"
cp -r issuing bundled
token_again pending
cat stick/issuing.pem ca/ca.pem >bundle.pem
run 0 -C bundled init --certificate bundle.pem --pin-source file:pin
says_not "--chain"
equal "$(grep -c BEGIN bundled/chain.pem)" 1
cp -r issuing bundled-chain
token_again pending
run 0 -C bundled-chain init --certificate stick/issuing.pem --chain bundle.pem --pin-source file:pin
same bundled-chain/chain.pem bundled/chain.pem

step "a home whose completion failed still awaits its certificate"
token_again pending
mkdir issuing/chain.pem
run 3 -C issuing init --certificate stick/issuing.pem --chain ca/ca.pem --pin-source file:pin
absent issuing/ca.pem
rmdir issuing/chain.pem
run 0 -C issuing init --certificate stick/issuing.pem --chain ca/ca.pem --pin-source file:pin
says_not "--chain"
leaves_nothing 3 -C issuing init --certificate stick/issuing.pem
says "has its certificate"
run 0 -C issuing sign "${device[@]}" --chain --pin-source file:pin --out issued requests/early.csr
openssl verify -x509_strict -CAfile ca/ca.pem -untrusted issuing/ca.pem issued/early.pem >/dev/null || fail "the chain does not hold"
equal "$(grep -c BEGIN issued/early-chain.pem)" 3 "the chain file holds the certificate, the CA and what --chain gave"
run 0 -C issuing ledger verify

step "a key and certificate that were there are adopted"
key=$(awk -F"'" '/^ca_key/ { print $2 }' ca/ca.yaml)
run 0 -C adopted init --token test --use-key "$key" --certificate ca/ca.pem --key-label adopted --origin adopted.example \
    --pin-source file:pin
same adopted/ca.pem ca/ca.pem
run 0 -C adopted sign "${device[@]}" --pin-source file:pin --out adopted-issued requests/early.csr
strict adopted-issued/early.pem
run 0 -C adopted ledger verify

step "an adopted CA brings its chain up to a root, or the reason why not; a chain nobody takes is refused"
extensions() {
    printf '%s\n' "basicConstraints=critical,CA:TRUE" "keyUsage=critical,keyCertSign,cRLSign" subjectKeyIdentifier=hash \
        authorityKeyIdentifier=keyid "$@"
}
# below FILE NAME [EXTENSION...]: a certificate for this CA's key, issued by chain-root
below() {
    local file=$1 name=$2
    shift 2
    openssl x509 -new -force_pubkey chain.pub -subj "/CN=$name" -CA chain-root.pem -CAkey chain-root.key -days 3000 \
        -extfile <(extensions "$@") -out "$file" 2>err || fail "openssl"
}
adopt() { # adopt WANTED HOME CERTIFICATE [OPTION...]
    local wanted=$1 home=$2 certificate=$3
    shift 3
    run "$wanted" -C "$home" init --token test --use-key "$key" --certificate "$certificate" --key-label "$home" \
        --origin "$home.example" --pin-source file:pin "$@"
}
openssl req -x509 -newkey rsa:2048 -noenc -keyout chain-root.key -subj /CN=Chain-Root -days 3000 -out chain-root.pem 2>/dev/null
openssl x509 -in ca/ca.pem -noout -pubkey >chain.pub
below plain.pem Plain
adopt 3 chainless plain.pem
says "the certificate of CN=Chain-Root, which issued CN=Plain, was not given"
says "--chain-incomplete REASON"
adopt 0 reasoned plain.pem --chain-incomplete "the root is offline until May"
grep -q '"chain_incomplete":"the root is offline until May"' reasoned/ledger.jsonl || fail "the ledger has no reason"
adopt 2 both plain.pem --chain chain-root.pem --chain-incomplete "none"
below critical.pem Critical 1.2.3.4=critical,DER:0500
adopt 3 critical critical.pem --chain chain-root.pem
says "its critical extension 1.2.3.4 is unknown to validators"
below any.pem Any extendedKeyUsage=serverAuth,clientAuth,anyExtendedKeyUsage
adopt 0 any any.pem --chain chain-root.pem
says "anyExtendedKeyUsage in a CA allows every purpose"
below short.pem Short
adopt 0 short short.pem --chain chain-root.pem
run 0 -C short cert list
says_not "the CA's chain"

if [ -z "$(preloaded_for "$COLDCA")" ]; then # libfaketime and AddressSanitizer can't share a process
    step "a chain that has ended is told at every opening, and the CA signs nothing"
    faketime -f '+4000d' "$COLDCA" -C short cert list >out 2>err || fail "an expired CA can't be looked at"
    says "the CA's chain: CN=Short: it ended"
    says "the CA's chain: CN=Chain-Root: it ended"
    csr requests/late.csr /CN=late
    faketime -f '+4000d' "$COLDCA" -C short check "${device[@]}" requests/late.csr >out 2>err && fail "an expired CA is to sign"
    says "an expired CA signs nothing"
fi

step "a certificate that writes the key as a compressed point is adopted: keys are compared by value"
openssl req -x509 -newkey rsa:2048 -noenc -keyout parent.key -subj /CN=Parent -days 3000 -out parent.pem 2>/dev/null
openssl x509 -in ca/ca.pem -noout -pubkey | openssl pkey -pubin -ec_conv_form compressed -out compressed.pub
openssl x509 -new -force_pubkey compressed.pub -subj /CN=Compressed -CA parent.pem -CAkey parent.key -days 3000 \
    -extfile <(printf '%s\n' basicConstraints=critical,CA:TRUE keyUsage=critical,keyCertSign,cRLSign subjectKeyIdentifier=hash \
        authorityKeyIdentifier=keyid) -out compressed.pem 2>err
run 0 -C compressed init --token test --use-key "$key" --certificate compressed.pem --chain parent.pem --key-label compressed \
    --origin compressed.example --pin-source file:pin
run 0 -C compressed sign "${device[@]}" --pin-source file:pin --out compressed-issued requests/early.csr
openssl verify -CAfile parent.pem -untrusted compressed.pem compressed-issued/early.pem >/dev/null || fail "it does not verify"
run 0 -C compressed ledger verify

step "a certificate of another key is not adopted"
openssl req -x509 -newkey rsa:2048 -noenc -keyout other.key -subj /CN=Other -out other.pem 2>/dev/null
leaves_nothing 3 -C wrong init --token test --use-key "$key" --certificate other.pem --key-label wrong --origin wrong.example --pin-source file:pin
says "other.pem (CN=Other) is not the certificate of the key"
leaves_nothing 4 -C wrong init --token test --use-key pkcs11:object=nothing --certificate ca/ca.pem --key-label wrong --origin wrong.example \
    --pin-source file:pin

for key in rsa-3072 ec-p256 ec-p384 ec-p521 ed25519; do
    step "a root of $key"
    run 0 -C "root-$key" init --token test --key "$key" --key-label "$key" --subject "CN=Root $key" --pin-source file:pin
    openssl verify -x509_strict -CAfile "root-$key/ca.pem" "root-$key/ca.pem" >/dev/null || fail "the $key root does not hold"
done
run 0 -C root-pss init --token test --key rsa-2048 --pss --key-label pss --subject "CN=Root PSS" --pin-source file:pin
openssl verify -x509_strict -CAfile root-pss/ca.pem root-pss/ca.pem >/dev/null || fail "the PSS root does not hold"
openssl x509 -in root-pss/ca.pem -noout -text | grep -q 'Signature Algorithm: rsassaPss' || fail "not PSS"

step "--days: how long the root is valid, up to the policy's max_days"
lifetime() {
    local from until
    from=$(date -d "$(openssl x509 -in "$1" -noout -startdate | cut -d= -f2)" +%s)
    until=$(date -d "$(openssl x509 -in "$1" -noout -enddate | cut -d= -f2)" +%s)
    echo $(((until - from + 1) / 86400)) # both ends count (RFC 5280 4.1.2.5)
}
equal "$(lifetime ca/ca.pem)" 3650 "the policy's own days"
run 0 -C brief init --token test --days 1024 --key-label brief --subject "CN=Brief Root" --pin-source file:pin
equal "$(lifetime brief/ca.pem)" 1024

step "below a CA of path length 0 there is none"
run 0 -C below init --csr --token test --key-label below --subject "CN=Below" --pin-source file:pin
run 1 -C issuing sign --policy sub-ca --pin-source file:pin --out parent below/ca.csr
says "no CA may be below this issuer"

step "a key that could leave the token is refused; --allow-extractable uses it, and the ledger says so (P1)"
pkcs11-tool --module "$(softhsm_module)" --token-label test --login --pin "$(cat pin)" --keypairgen --key-type EC:prime256v1 \
    --label loose --id 77 --extractable --usage-sign >/dev/null 2>&1
loose=(-C loose init --token test --key-label loose --pin-source file:pin --subject CN=Loose --use-key 'pkcs11:id=%77')
leaves_nothing 4 "${loose[@]}"
says "it can be taken out of the token (key.extractable)"
run 0 "${loose[@]}" --allow-extractable
grep -q '"extractable":true\|allow_extractable' loose/ledger.jsonl || fail "the ledger is silent about it"
run 0 -C loose sign "${device[@]}" --pin-source file:pin --out loose-issued requests/early.csr
run 0 -C loose ledger verify
