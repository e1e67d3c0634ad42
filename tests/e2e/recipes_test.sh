#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# docs/recipes.md: what its readers did with openssl, done with coldca, and the results compared.
# shellcheck source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"
venv=$SOURCE/build/venv/bin
[ -x "$venv/ca_creds" ] || fail "amqtt is not installed: scripts/setup venv"
make_token

# extensions FILE: each as NAME=VALUE on a line, key identifiers left out because the keys differ
extensions() {
    openssl x509 -in "$1" -noout -text | sed -n '/X509v3 extensions/,/Signature Algorithm/p' | grep -v 'Signature Algorithm' |
        awk '/X509v3 [A-Z]/ { sub(/^ +/, ""); name = $0; next } { gsub(/^ +| +$/, ""); print name $0 }' |
        grep -vE 'Key Identifier|^:|extensions:$' | sort
}

step "amqtt's ca_creds, and ours"
mkdir theirs
"$venv/ca_creds" --country US --state NY --locality NY --org-name "My Org" --cn my.domain.name --output-dir theirs >out 2>err || fail ca_creds
their_ca=$(find theirs -name 'ca.crt')
run 0 -C ca init --subject "C=US,ST=NY,L=NY,O=My Org,CN=my.domain.name" --key rsa-4096 --pin-source file:pin
name_of() { openssl x509 -in "$1" -noout -subject -nameopt RFC2253; }
equal "$(name_of ca/ca.pem)" "$(name_of "$their_ca")"
equal "$(openssl x509 -in ca/ca.pem -noout -text | grep -c 'Public-Key: (4096 bit)')" 1
for wanted in 'Basic Constraints: critical *CA:TRUE' 'Key Usage: critical *Certificate Sign, CRL Sign'; do
    extensions ca/ca.pem | grep -qE "$wanted" || { extensions ca/ca.pem >&2; fail "our CA lacks: $wanted"; }
    extensions "$their_ca" | grep -qE "${wanted/: critical/:.*}" || { extensions "$their_ca" >&2; fail "their CA lacks: $wanted"; }
done

step "amqtt's server_creds and device_creds, and ours: their names are all there"
run 0 request --policy mqtt-server --cn broker.example --san ip:127.0.0.1 --out requests
run 0 -C ca sign --policy mqtt-server --pin-source file:pin --out issued requests/broker.example.csr
openssl x509 -in issued/broker.example.pem -noout -ext subjectAltName | grep -q 'DNS:broker.example, IP Address:127.0.0.1' || fail "names of the server"
run 0 request --policy mqtt-device --set domain=iot.example --cn device-1 --out requests
sign 0 --out issued requests/device-1.csr
openssl x509 -in issued/device-1.pem -noout -ext subjectAltName | grep -q 'URI:spiffe://iot.example/device/device-1, DNS:device-1.local' ||
    fail "names of the device"

step "a server and a client for TLS, keys with a passphrase"
(umask 077 && echo 'correct horse' >passphrase)
run 0 request --policy tls-server --cn server.example --key rsa-2048 --encrypt --passphrase-source file:passphrase --out requests
run 0 request --policy tls-client --cn client --encrypt --passphrase-source file:passphrase --out requests
head -n 1 requests/server.example.key | grep -qx -- '-----BEGIN ENCRYPTED PRIVATE KEY-----' || fail "the key is not encrypted"
! openssl pkey -in requests/server.example.key -passin pass:wrong -noout 2>/dev/null || fail "any passphrase opens the key"
run 0 -C ca sign --policy tls-server --pin-source file:pin --out issued requests/server.example.csr
run 0 -C ca sign --policy tls-client --pin-source file:pin --out issued requests/client.csr
port=$(free_port)
openssl s_server -accept "127.0.0.1:$port" -cert issued/server.example.pem -key requests/server.example.key -pass file:passphrase \
    -CAfile ca/ca.pem -Verify 1 -verify_return_error -www >server.log 2>&1 </dev/null &
server=$!
children+=("$server")
wait_for server.log ACCEPT "$server" || { cat server.log >&2; fail "s_server did not start"; }
# talks NAME OPTIONS...: whether a client that expects this host gets an answer
talks() {
    local name=$1
    shift
    printf 'GET / HTTP/1.0\r\n\r\n' | timeout 20 openssl s_client -connect "127.0.0.1:$port" -servername "$name" \
        -CAfile ca/ca.pem -verify_return_error -verify_hostname "$name" -ign_eof -quiet "$@" >answer 2>err
    grep -q '^HTTP/1.0 200' answer
}
talks server.example -cert issued/client.pem -key requests/client.key -pass file:passphrase || { cat err >&2; fail "mutual TLS"; }
! talks other.example -cert issued/client.pem -key requests/client.key -pass file:passphrase || fail "another name was accepted"
! talks server.example || fail "no client certificate was asked for"

step "the recipe's serials count, ours are 160 random bits"
equal "$(serial_of issued/client.pem | wc -c)" 41
sound_ledger
