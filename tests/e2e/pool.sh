# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154 # the variables of lib.sh
# For tests of token.pool: make_pool and requests_on. To be sourced after lib.sh.

# make_pool: the tokens test and second with one CA key, brought into both (shared.pem), the home ca, and a module that fails on demand
make_pool() {
    local label
    make_token
    run 0 token init --label second --so-pin-source file:so-pin --pin-source file:pin
    openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out shared.key 2>/dev/null
    openssl req -x509 -new -key shared.key -subj "/CN=Shared Root" -days 3650 -addext basicConstraints=critical,CA:TRUE \
        -addext keyUsage=critical,keyCertSign,cRLSign -out shared.pem
    for label in test second; do
        softhsm2-util --import shared.key --token "$label" --label shared --id 77 --pin "$(cat pin)" >/dev/null
    done
    run 0 -C ca init --token test --use-key "pkcs11:token=test;id=%77;type=private" --certificate shared.pem --origin shared.example \
        --key-label ours --pin-source file:pin
    sed -i "s/^  uri: .*/&\n  pool: ['pkcs11:token=second;id=%77;type=private']/" ca/ca.yaml
    sed -i "s#^  profile: .*#&\n  module: '$BUILD/token_fault.so'#" ca/ca.yaml
    for label in test second; do sed -i "s/model=[^;]*;manufacturer=[^;]*;//" ca/ca.yaml; done
}

# requests_on STICK PATTERN COUNT: so many device requests, named by a pattern of seq's
requests_on() {
    mkdir -p "$1"
    run 0 request "${device[@]}" --list <(seq -f "$2" "$3") --out "$1/requests"
    rm "$1"/requests/*.key
}
