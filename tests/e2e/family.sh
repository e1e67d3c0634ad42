# SPDX-License-Identifier: Apache-2.0
# Sourced, after lib.sh, by the tests of token families: what each of them is asked to do. SoftHSM by itself is what all other tests
# run on. A test makes a token with the label $token, whose PIN is in ./pin, and says how it is reached: model, a profile's name, and
# module, the path that the profile finds; init_args, what C_Initialize is told, if anything. Then: family_init, family_works.
# shellcheck shell=bash disable=SC2154 # the test sets what is not set here
init_args=

# family_init [OPTIONS]: a root in ./ca, the keys on the token
family_init() {
    step "a CA is made, by the profile $model"
    run 0 -C ca init --model "$model" --token "$token" --subject "C=US,O=Test Org,CN=Family Root" --pin-source file:pin "$@"
    grep -q "^  profile: '$model'$" ca/ca.yaml || fail "ca.yaml does not name the profile: $(cat ca/ca.yaml)"
}

family_signs_five() {
    local name
    step "sign five"
    for name in 1 2 3 4 5; do csr "requests/device-$name.csr" "/CN=device-$name"; done
    sign 0 --out issued requests
    strict issued/device-[1-5].pem
    sound_ledger
}

family_goes_on_after_a_kill() {
    step "batch 200, killed in the middle, and run again"
    run 0 request "${device[@]}" --list <(seq -f "unit-%04g" 200) --out made
    mkdir -p stick/requests
    mv made/*.csr stick/requests
    setsid "$COLDCA" -C ca --pin-source file:pin batch "${device[@]}" stick >out 2>err </dev/null &
    children+=($!)
    timeout 60 grep -qm 5 -F '"cert.issued"' < <(exec tail -n +20 -F ca/ledger.jsonl 2>/dev/null) || fail "nothing was issued"
    kill -KILL $! 2>/dev/null || true # it may be done
    wait $! 2>/dev/null || true
    run 0 -C ca --pin-source file:pin batch "${device[@]}" stick
    equal "$(find stick/issued -name 'unit-*.pem' ! -name '*-chain.pem' -printf '%f\n' | sort -u | wc -l)" 200 "devices with a certificate"
    strict stick/issued/*/unit-0001.pem
    sound_ledger
}

# uri_escape TEXT: RFC 7512's path attributes
uri_escape() {
    jq -rn --arg text "$1" '$text | @uri'
}

family_signs_by_uri() {
    local provider
    step "the key by its URI in the openssl command"
    provider=$(find "$BUILD" -maxdepth 1 -name coldca-provider.so)
    cat >provider.cnf <<CNF
openssl_conf = start
[start]
providers = all
[all]
coldca = ours
default = standard
[standard]
activate = 1
[ours]
module = $provider
pkcs11-module-path = $module
${init_args:+pkcs11-module-init-args = $init_args}
activate = 1
CNF
    echo text >text
    LD_PRELOAD=$(preloaded_for "$provider") ASAN_OPTIONS=detect_leaks=0 OPENSSL_CONF=$work/provider.cnf openssl dgst -sha256 \
        -sign "pkcs11:token=$(uri_escape "$token");object=coldca-ca;type=private?pin-source=file:$work/pin" -out text.sig text 2>err ||
        fail "openssl did not sign"
    openssl x509 -in ca/ca.pem -noout -pubkey -out ca.pub
    openssl dgst -sha256 -verify ca.pub -signature text.sig text >out || fail "the signature does not verify"
}

# family_tries_a_wrong_pin_once [WORD]: counted by a module in between; the token's word for it
family_tries_a_wrong_pin_once() {
    step "a wrong PIN is tried once"
    (umask 077 && echo Wrong-horse-2 >wrong)
    cp ca/ca.yaml plain.yaml
    sed -i "s|^  uri:|  module: $BUILD/token_shim.so\n  uri:|" ca/ca.yaml
    csr late.csr /CN=late
    export TOKEN_SHIM_MODULE=$module TOKEN_SHIM_LOGINS=$work/ca/logins # a confined signer may write in the home
    run 4 -C ca sign "${device[@]}" --pin-source file:wrong --out late late.csr
    says "${1:-CKR_PIN_INCORRECT}"
    equal "$(wc -l <ca/logins)" 1 "logins"
    rm ca/logins
    unset TOKEN_SHIM_MODULE TOKEN_SHIM_LOGINS
    cp plain.yaml ca/ca.yaml
    sign 0 --out late late.csr # nothing is locked
}

family_works() {
    family_signs_five
    family_goes_on_after_a_kill
    family_signs_by_uri
    family_tries_a_wrong_pin_once "$@"
    run 0 -C ca ledger verify --token --pin-source file:pin
}
