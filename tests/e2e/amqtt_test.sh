#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# amqtt, a broker in Python, with its UserAuthCertPlugin: the first URI of the certificate has to be the device's, as the MQTT client id.
# shellcheck source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"
venv=$SOURCE/build/venv/bin
[ -x "$venv/amqtt" ] || fail "amqtt is not installed: scripts/setup venv"

make_ca
run 0 request --policy mqtt-server --cn broker.example --san ip:127.0.0.1 --out server
run 0 -C ca sign --policy mqtt-server --pin-source file:pin --out server server/broker.example.csr
ask device-a
ask device-b --key rsa-2048
sign 0 --out issued requests
run 0 -C other init --token test --key-label other --origin other --subject "C=US,O=Test Org,CN=Test Root" --pin-source file:pin
run 0 -C other sign "${device[@]}" --pin-source file:pin --out strange requests/device-a.csr
csr requests/device-c.csr /CN=device-c
run 0 -C ca sign --policy mqtt-device --set domain=other.example --pin-source file:pin --out elsewhere requests/device-c.csr

port=$(free_port)
cat >broker.yaml <<YAML
listeners:
  default:
    type: tcp
    bind: 127.0.0.1:$port
    ssl: true
    cafile: $work/ca/ca.pem
    certfile: $work/server/broker.example.pem
    keyfile: $work/server/broker.example.key
plugins:
  amqtt.plugins.logging_amqtt.EventLoggerPlugin: {}
  amqtt.contrib.cert.UserAuthCertPlugin: {uri_domain: iot.example}
YAML
PYTHONUNBUFFERED=1 "$venv/amqtt" -d -c broker.yaml >broker.log 2>&1 </dev/null &
broker=$!
children+=("$broker")
wait_for broker.log "Broker started" "$broker" || { cat broker.log >&2; fail "amqtt did not start"; }

# Clean sessions, because amqtt 0.12.1 looks at the certificate of a kept session, not at that of who comes back to it.
# publishes ID [NAME FOLDER]: amqtt's own client, with the certificate of NAME from FOLDER or with none, under the client id ID
publishes() {
    cat >client.yaml <<YAML
auto_reconnect: false
check_hostname: true
connection: {cafile: $work/ca/ca.pem${2:+, certfile: $work/$3/$2.pem, keyfile: $work/requests/$2.key}}
YAML
    timeout 30 "$venv/amqtt_pub" --clean-session -c client.yaml -i "$1" --url "mqtts://127.0.0.1:$port" -q 1 -t news -m "from $1" >out 2>err
}
unauthorized="rejected with code '5'" # MQTT 3.1.1, 3.2.2.3

step "another client id than the certificate's: turned away"
! publishes device-b device-a issued || fail "device-a got in as device-b"
says "$unauthorized"
step "the certificate of another domain: turned away"
! publishes device-c device-c elsewhere || fail "a device of other.example got in"
says "$unauthorized"
step "a stranger's certificate: turned away by TLS already"
openssl verify -CAfile other/ca.pem strange/device-a.pem >out 2>err || fail "the stranger's certificate does not hold where it belongs"
! publishes device-a device-a strange || fail "a stranger got in"
says_not "$unauthorized"
step "without a certificate: turned away"
! publishes device-a || fail "no certificate was asked for"
says "$unauthorized"
! grep -qE "data': b" broker.log || fail "a message of one who was turned away arrived"

step "the right devices get in"
for name in device-a device-b; do
    publishes "$name" "$name" issued || fail "$name was turned away"
    wait_for broker.log "'data': b'from $name'" "$broker" || { cat broker.log >&2; fail "the message of $name did not arrive"; }
done
kill -0 "$broker" || fail "the broker ended by itself"
