#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Mosquitto with mutual TLS and certificates by coldca: the CN is the user name, a pattern ACL gives each device its own topics.
# shellcheck source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"
PATH=$PATH:/usr/sbin

make_ca
run 0 request --policy mqtt-server --cn broker.example --san ip:127.0.0.1 --out server
run 0 -C ca sign --policy mqtt-server --pin-source file:pin --out server server/broker.example.csr
ask device-a
ask device-b --key rsa-2048
ask device-c --key ec-p384
sign 0 --out issued requests
# A stranger: a CA of the same name, a device of the same name.
run 0 -C other init --token test --key-label other --origin other --subject "C=US,O=Test Org,CN=Test Root" --pin-source file:pin
run 0 -C other sign "${device[@]}" --pin-source file:pin --out strange requests/device-a.csr

port=$(free_port)
cat >mosquitto.conf <<CONF
user root
log_dest stderr
log_type all
allow_anonymous false
acl_file $work/acl
listener $port 127.0.0.1
cafile $work/ca/ca.pem
certfile $work/server/broker.example.pem
keyfile $work/server/broker.example.key
require_certificate true
use_identity_as_username true
CONF
# The pattern of the recipe: each device below the topic that has its name.
echo 'pattern readwrite /device/%u/#' >acl
chmod 600 acl
mosquitto -c mosquitto.conf >broker.log 2>&1 </dev/null &
broker=$!
children+=("$broker")
wait_for broker.log "running" "$broker" || { cat broker.log >&2; fail "mosquitto did not start"; }

# client PROGRAM NAME FOLDER ARGUMENTS...: as the device NAME with its certificate from FOLDER
client() {
    local program=$1 name=$2 folder=$3
    shift 3
    "$program" -V mqttv5 -h 127.0.0.1 -p "$port" --cafile ca/ca.pem --cert "$folder/$name.pem" --key "requests/$name.key" "$@"
}

# listens NAME ID: a subscriber to everything below the topic of NAME, ended by the first message; what came is in ID.got
listens() {
    client mosquitto_sub "$1" issued -i "$2" -t "/device/$1/#" -C 1 -W 60 -F '%t %p' >"$2.got" 2>&1 &
    subscriber=$!
    children+=("$subscriber")
    wait_for broker.log "Sending SUBACK to $2" "$broker" || fail "$1 can't subscribe: $(cat "$2.got")"
}

for name in device-a device-b device-c; do
    step "$name writes its own topic and reads it"
    listens "$name" "reads-$name"
    client mosquitto_pub "$name" issued -q 1 -t "/device/$name/temperature" -m 21 >out 2>err || fail "$name can't publish"
    wait "$subscriber" || fail "the message of $name did not arrive"
    grep -qx "/device/$name/temperature 21" "reads-$name.got" || { cat "reads-$name.got" >&2; fail "$name got something else"; }
done

step "device-a can't write the topic of device-b: what arrives there first is device-b's own"
listens device-b victim
client mosquitto_pub device-a issued -q 1 -t /device/device-b/temperature -m forged >out 2>err || true # MQTT 5 tells; either way it must not arrive
client mosquitto_pub device-b issued -q 1 -t /device/device-b/temperature -m own >out 2>err || fail "device-b can't publish"
wait "$subscriber" || fail "nothing arrived"
grep -qx "/device/device-b/temperature own" victim.got || { cat victim.got >&2; fail "device-b got something else"; }
! grep -q forged victim.got || fail "device-a wrote a topic that is not its own"
wait_for broker.log "Denied PUBLISH" "$broker" || fail "the broker never saw device-a's message"

step "without a certificate: turned away"
! mosquitto_pub -h 127.0.0.1 -p "$port" --cafile ca/ca.pem -t /device/device-a/x -m x >out 2>err || fail "no certificate was asked for"
wait_for broker.log "peer did not return a certificate" "$broker" || fail "turned away for another reason"

step "a stranger's certificate with a known name: turned away"
openssl verify -CAfile other/ca.pem strange/device-a.pem >out 2>err || fail "the stranger's certificate does not hold where it belongs"
! client mosquitto_pub device-a strange -t /device/device-a/x -m x >out 2>err || fail "a stranger got in"
wait_for broker.log "certificate verify failed" "$broker" || fail "turned away for another reason"

step "the client looks at the broker's name"
! mosquitto_pub -d -h localhost -p "$port" --cafile ca/ca.pem --cert issued/device-a.pem --key requests/device-a.key -t /device/device-a/x -m x \
    >out 2>err || fail "the broker's certificate was taken for another name"
says "host name verification failed"
kill -0 "$broker" || fail "the broker ended by itself"
