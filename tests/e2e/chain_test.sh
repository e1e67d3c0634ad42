#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# chain.pem carries what the CAs above forbid, and is a file: the ledger has its digest, and every opening compares.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

make_token
key_file=ca.key
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$key_file" 2>/dev/null
softhsm2-util --import "$key_file" --token test --label below --id 77 --pin "$(cat pin)" >/dev/null
openssl pkey -in "$key_file" -pubout -out below.pub

# certificate FILE SUBJECT ISSUER [EXTENSION...]: a CA's, by ISSUER.pem and .key, or self-signed; its key is FILE.key or below.pub
certificate() {
    local file=$1 subject=$2 issuer=$3 from
    shift 3
    printf '%s\n' "basicConstraints=critical,CA:TRUE" "keyUsage=critical,keyCertSign,cRLSign" subjectKeyIdentifier=hash "$@" >extensions
    if [ "$issuer" = self ]; then
        openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -keyout "$file.key" -subj "$subject" -days 3000 \
            -addext keyUsage=critical,keyCertSign,cRLSign -out "$file.pem" 2>/dev/null
        return
    fi
    echo "authorityKeyIdentifier=keyid" >>extensions
    from=below.pub
    if [ "$file" != below ]; then
        openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$file.key" 2>/dev/null
        openssl pkey -in "$file.key" -pubout -out "$file.pub"
        from=$file.pub
    fi
    openssl x509 -new -force_pubkey "$from" -subj "$subject" -CA "$issuer.pem" -CAkey "$issuer.key" -days 2900 -extfile extensions -out "$file.pem" 2>err || fail "openssl"
}
certificate root "/CN=Chain Root" self
certificate middle "/CN=Chain Middle" root "nameConstraints=critical,permitted;DNS:iot.example"
certificate below "/CN=Chain Issuing" middle
cat middle.pem root.pem >above.pem
cat >server.yaml <<'Y'
policy: server
subject: [{field: CN, match: '.*'}]
san: [{type: dns, match: '.*'}]
key: {allow: [ec-p256]}
validity: {days: 30}
key_usage: [digitalSignature]
extended_key_usage: [serverAuth]
Y
csr evil.csr /CN=evil.example -addext subjectAltName=DNS:evil.example
csr good.csr /CN=a.iot.example -addext subjectAltName=DNS:a.iot.example
adopt() {
    local home=$1
    shift
    run 0 -C "$home" init --policies any --token test --use-key "pkcs11:token=test;id=%77;type=private" --certificate below.pem --key-label "$home" \
        --origin "$home.example" --pin-source file:pin "$@"
}
sign_evil() { # sign_evil CODE HOME
    run "$1" -C "$2" sign --policy ./server.yaml --pin-source file:pin --out "$2-out" evil.csr
}
noted() { jq -r 'select(.type == "chain.set") | .sha256' "$1/ledger.jsonl" | tail -n 1; }
digest_of() { # of FILE.pem's certificates, by openssl
    local name
    for name in "$@"; do openssl x509 -in "$name" -outform DER; done | sha256sum | cut -d ' ' -f 1
}

step "init puts the digest of what is above into the ledger"
adopt ca --chain above.pem
equal "$(noted ca)" "$(digest_of middle.pem root.pem)"
equal "$(jq -c 'select(.type == "chain.set") | [.certificates, .command, has("chain_incomplete")]' ca/ledger.jsonl)" '[2,"init --certificate",false]'
sign_evil 1 ca
says "outside the names the issuer may certify"
run 0 -C ca cert chain
says "CN=Chain Middle"
says "the chain is that of record"
run 0 --json -C ca cert chain
json '.certificates | length' 3
json '.chain_sha256' "$(noted ca)"
run 0 -C ca ledger verify

step "a chain.pem that was emptied, removed, cut, changed or swapped for what is no chain: exit code 5, and nothing is signed"
cp ca/chain.pem whole.pem
refused() { # refused WORDS: every command that opens the home says so, and how to put it right
    local words=$1
    sign_evil 5 ca
    says "$words"
    says "put chain.pem back from a copy"
    says "coldca cert chain --set FILE"
    absent ca-out/evil.pem
    run 5 -C ca check --policy ./server.yaml evil.csr
    run 5 -C ca cert list
    run 5 -C ca crl --pin-source file:pin
    run 5 -C ca ledger verify
    says "ledger.chain"
    cp whole.pem ca/chain.pem
    run 0 -C ca ledger verify
}
: >ca/chain.pem
refused "it was emptied or removed"
rm ca/chain.pem
refused "it was emptied or removed"
cp middle.pem ca/chain.pem
refused "it was changed"
echo garbage >ca/chain.pem
refused "chain.pem is not the chain above this CA"
cp root.pem ca/chain.pem
refused "chain.pem is not the chain above this CA"
rm ca/chain.pem
mkdir ca/chain.pem
run 5 -C ca cert list
says "chain.pem is not the chain above this CA"
rmdir ca/chain.pem
cp whole.pem ca/chain.pem

step "text around the certificates is no other chain"
{ echo "# the middle CA, then the root"; cat whole.pem; } >ca/chain.pem
run 0 -C ca cert list
cp whole.pem ca/chain.pem

step "an index whose chain.set was taken out hides it from nobody"
sqlite3 ca/index.sqlite "UPDATE records SET type = 'x' WHERE type = 'chain.set'"
: >ca/chain.pem
run 5 -C ca check --policy ./server.yaml evil.csr
says "it was emptied or removed"
sign_evil 5 ca
says "it was emptied or removed"
run 5 -C ca ledger verify
cp whole.pem ca/chain.pem

step "the right chain is put back without a token; another needs one, and is held to what init demands"
lines=$(wc -l <ca/ledger.jsonl)
: >ca/chain.pem
run 0 -C ca cert chain --set above.pem
says "the ledger has this chain already"
equal "$(wc -l <ca/ledger.jsonl)" "$lines"
run 0 -C ca ledger verify
run 3 -C ca cert chain --set root.pem
says "the chain is out of order"
run 3 -C ca cert chain --set middle.pem
says "which issued CN=Chain Middle, was not given"
run 3 -C ca cert chain --set nowhere.pem
run 2 -C ca cert chain --chain-incomplete reason
run 4 -C ca cert chain --set middle.pem --chain-incomplete reason
same ca/chain.pem whole.pem
run 0 -C ca ledger verify

step "a chain that was incomplete is completed; the newest counts, and its constraints are in force"
token_forgets
adopt cut --chain-incomplete "the others come in May"
run 0 -C cut check --policy ./server.yaml evil.csr
cp cut/ca.yaml kept.yaml
sed -i 's/^allow_extractable: false/allow_extractable: true/' cut/ca.yaml
! cmp -s cut/ca.yaml kept.yaml || fail "nothing was edited"
run 3 -C cut cert chain --set above.pem --pin-source file:pin
says "the control in force (record"
cp kept.yaml cut/ca.yaml
run 0 -C cut cert chain --set above.pem --pin-source file:pin
equal "$(noted cut)" "$(digest_of middle.pem root.pem)"
equal "$(jq -c 'select(.type == "chain.set") | .chain_incomplete' cut/ledger.jsonl | paste -sd ' ')" '"the others come in May" null'
says_not "notice"
sign_evil 1 cut
: >cut/chain.pem
sign_evil 5 cut
cp above.pem cut/chain.pem
run 0 -C cut ledger verify
run 0 -C cut sign --policy ./server.yaml --pin-source file:pin --out cut-out good.csr
openssl verify -x509_strict -CAfile root.pem -untrusted above.pem -untrusted below.pem cut-out/good.pem >/dev/null || fail "the chain does not hold"

step "who is stopped between the record and the file runs the command again"
: >cut/chain.pem
run 5 -C cut cert list
run 0 -C cut cert chain --set above.pem --pin-source file:pin
run 0 -C cut cert list

step "a home that awaits its certificate takes the chain with it"
run 0 -C waiting init --csr --token test --key-label waiting --subject "CN=Waiting" --pin-source file:pin
run 3 -C waiting cert chain --set above.pem --pin-source file:pin
says "awaits its parent's certificate"
