#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The machine's openssl.cnf is for other programs: coldca never reads it, and no PKCS#11 module reads it inside coldca.
# shellcheck source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"

step "a configuration in which nothing works: openssl can't hash with it"
cat >fatal.cnf <<'CNF'
openssl_conf = start
[start]
alg_section = algorithms
[algorithms]
default_properties = provider=nobody
CNF
echo text >text
! OPENSSL_CONF=$work/fatal.cnf openssl dgst -sha256 text >out 2>&1 || fail "openssl does not mind"

# run_everything: a token, a CA, and every kind of process that coldca starts
run_everything() {
    make_token
    run 0 token list
    run 0 -C ca init --token test --subject "CN=Root" --key rsa-2048 --pin-source file:pin
    run 0 request "${device[@]}" --cn made --out requests
    run 0 -C ca check "${device[@]}" requests
    sign 0 --out issued requests
    run 0 -C ca --pin-source file:pin crl --out issued
    mkdir -p stick/requests
    run 0 request "${device[@]}" --cn listed --out made
    mv made/listed.csr stick/requests
    cp list.pub ca/list.pem
    printf 'manifest_signers:\n  - {name: assembly line, file: list.pem}\n' >>ca/ca.yaml
    (cd stick && sha256sum requests/listed.csr >requests.sha256)
    (unset OPENSSL_CONF && openssl pkeyutl -sign -rawin -inkey list.key -in stick/requests.sha256 -out stick/requests.sha256.sig)
    run 0 -C ca --pin-source file:pin batch "${device[@]}" stick
    run 0 -C ca ledger verify --token --pin-source file:pin
    rm -rf token pin so-pin ca requests issued stick made
}
openssl genpkey -algorithm ed25519 -out list.key 2>err
openssl pkey -in list.key -pubout -out list.pub

step "coldca does not mind"
export OPENSSL_CONF=$work/fatal.cnf
run_everything

step "nobody even opens it: a writer waits at a FIFO for the first reader"
mkfifo noticed.cnf
(echo >noticed.cnf && touch opened) &
children+=($!)
export OPENSSL_CONF=$work/noticed.cnf
run_everything
absent opened
timeout 60 openssl version >out || fail "openssl waits" # the same libcrypto, which reads it
wait "${children[0]}"
[ -e opened ] || fail "the writer would not have noticed"
echo "all is well"
