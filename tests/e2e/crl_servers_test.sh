#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What servers make of a CRL: mosquitto, nginx and curl turn the revoked away after a reload, and keep the others.
# shellcheck source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"
PATH=$PATH:/usr/sbin

make_ca
for name in broker web; do
    run 0 request --policy mqtt-server --cn $name.example --san ip:127.0.0.1 --out server
done
run 0 -C ca sign --policy mqtt-server --pin-source file:pin --out server server/*.csr
for name in kept lost; do ask $name; done
sign 0 --out issued requests
run 0 -C ca crl --pin-source file:pin --out carried
cp carried/crl-1.pem crl.pem
# revoked NAME.pem: and the fresh CRL is where the servers read it
revoked() {
    run 0 -C ca revoke --certificate "$1" --reason keyCompromise --yes --pin-source file:pin
    run 0 -C ca crl --pin-source file:pin --json
    cp "ca/crl/$(jq -r .name out).pem" crl.pem
}

mqtt_port=$(free_port)
cat >mosquitto.conf <<CONF
user root
log_dest stderr
log_type all
allow_anonymous false
listener $mqtt_port 127.0.0.1
cafile $work/ca/ca.pem
certfile $work/server/broker.example.pem
keyfile $work/server/broker.example.key
crlfile $work/crl.pem
require_certificate true
use_identity_as_username true
CONF
mosquitto -c mosquitto.conf >broker.log 2>&1 </dev/null &
broker=$!
children+=("$broker")
wait_for broker.log "running" "$broker" || { cat broker.log >&2; fail "mosquitto did not start"; }
publishes() {
    mosquitto_pub -V mqttv5 -h 127.0.0.1 -p "$mqtt_port" --cafile ca/ca.pem --cert "issued/$1.pem" --key "requests/$1.key" -q 1 -t x -m x >out 2>err
}

mkdir -p web/logs web/tmp
echo welcome >web/index.html
web_port=$(free_port)
cat >nginx.conf <<CONF
daemon off;
master_process on;
user root;
worker_processes 1;
pid $work/web/pid;
error_log $work/web/error.log notice;
events {}
http {
    access_log off;
    client_body_temp_path $work/web/tmp;
    proxy_temp_path $work/web/tmp;
    fastcgi_temp_path $work/web/tmp;
    uwsgi_temp_path $work/web/tmp;
    scgi_temp_path $work/web/tmp;
    server {
        listen 127.0.0.1:$web_port ssl;
        ssl_certificate $work/server/web.example.pem;
        ssl_certificate_key $work/server/web.example.key;
        ssl_client_certificate $work/ca/ca.pem;
        ssl_verify_client on;
        ssl_crl $work/crl.pem;
        ssl_session_cache off;
        root $work/web;
    }
}
CONF
[ "$(id -u)" = 0 ] || sed -i '/^user/d' nginx.conf
nginx -e "$work/web/error.log" -p "$work/web" -c "$work/nginx.conf" >nginx.log 2>&1 </dev/null &
web=$!
children+=("$web")
wait_for web/error.log "start worker process" "$web" || { cat nginx.log web/error.log >&2; fail "nginx did not start"; }
# fetches NAME [CURL OPTIONS...]: the page, or nginx's word on the certificate, is in out
fetches() {
    local name=$1
    shift
    curl --silent --show-error --max-time 20 --cacert ca/ca.pem --cert "issued/$name.pem" --key "requests/$name.key" "$@" \
        "https://127.0.0.1:$web_port/index.html" >out 2>err
}

step "before: everybody comes in"
for name in kept lost; do
    publishes $name || fail "$name can't publish"
    fetches $name || fail "$name gets no page"
    says welcome
    fetches $name --crlfile crl.pem || fail "curl with --crlfile turns the server away"
done

step "revoked, but nobody has the new CRL yet: mosquitto and nginx go by the one they have read"
revoked issued/lost.pem
publishes lost || fail "lost can't publish though the broker did not reload"
fetches lost || fail "lost gets no page"
says welcome

step "mosquitto after SIGHUP: the lost device is turned away, the other stays"
kill -HUP "$broker"
wait_for broker.log "Reloading config" "$broker" || fail "mosquitto did not reload"
! publishes lost || fail "the lost device still publishes"
wait_for broker.log "certificate verify failed" "$broker" || fail "turned away for another reason"
publishes kept || fail "the kept device is turned away"

step "nginx after a reload: the same"
kill -HUP "$web"
# The old worker goes once the new one is there.
wait_for web/error.log "exited with code 0" "$web" || fail "nginx did not reload"
fetches lost || fail "nginx does not answer"
says "The SSL certificate error"
says_not welcome
fetches kept || fail "the kept device gets no page"
says welcome

step "curl --crlfile turns a server away that was revoked, and no other"
fetches kept --crlfile crl.pem || fail "curl turns the server away, though it was not revoked"
revoked server/web.example.pem
code=0
fetches kept --crlfile crl.pem || code=$?
equal "$code" 60 "curl: $(cat err)"
says "revoked"
fetches kept || fail "without a CRL curl has nothing to go by"
kill -0 "$broker" || fail "the broker ended by itself"
kill -0 "$web" || fail "nginx ended by itself"
