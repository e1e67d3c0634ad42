#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# coldca-provider.so in the real openssl command, before the default provider and after it: what is not a token's key is done as
# if it were not there, inside the PKCS#11 module too.
# shellcheck source=tests/e2e/lib.sh
source "$(dirname "$0")/../e2e/lib.sh"
make_token
module=$(softhsm_module)
export COLDCA_PKCS11_MODULE=$module
preloaded=$(preloaded_for "$BUILD/coldca-provider.so")
keys=(p256 p384 ed25519 rsa)
types=(EC:prime256v1 EC:secp384r1 EC:edwards25519 rsa:2048)
for i in "${!keys[@]}"; do
    pkcs11-tool --module "$module" --token-label test --login --pin "$(cat pin)" --keypairgen --key-type "${types[$i]}" \
        --id "0$((i + 1))" --label "${keys[$i]}" --sensitive --usage-sign >out 2>err || fail "no key ${keys[$i]}"
done

uri() { # KEY: its URI with the PIN's source
    echo "pkcs11:token=test;object=$1;type=private?pin-source=file:$work/pin"
}

# here COMMAND...: openssl with the configuration in $order; its leaks are its own
here() {
    LD_PRELOAD=$preloaded ASAN_OPTIONS=detect_leaks=0 OPENSSL_CONF=$work/$order.cnf openssl "$@"
}

done_here() {
    here "$@" >out 2>err || fail "$order: openssl $*"
}

# configuration NAME FIRST SECOND: the two providers in this order
configuration() {
    cat >"$1.cnf" <<CNF
openssl_conf = start
[start]
providers = all
[all]
$2 = $2_section
$3 = $3_section
[default_section]
activate = 1
[coldca_section]
module = $BUILD/coldca-provider.so
pkcs11-module-path = $module
activate = 1
CNF
}
configuration first coldca default
configuration last default coldca
# as the page says it, to the word but for the module's place
sed -n '/^openssl_conf = start/,/^```/p' "$SOURCE/docs/openssl-provider.md" | sed -e '/^```/d' \
    -e "s|coldca-provider.so|$BUILD/&|" -e "s|/usr/lib/softhsm/libsofthsm2.so|$module|" >page.cnf
grep -q '^coldca = ours' page.cnf || fail "the page has no configuration any more"
csr leaf.csr /CN=leaf

# serve KEY VERSION PORT: a TLS server whose key is in the token
serve() {
    setsid env LD_PRELOAD="$preloaded" ASAN_OPTIONS=detect_leaks=0 OPENSSL_CONF="$work/$order.cnf" openssl s_server -accept "$3" -cert "$1.pem" \
        -key "$(uri "$1")" "-$2" -www >"server.$3" 2>&1 </dev/null &
    server=$!
    children+=("$server")
    wait_for "server.$3" ACCEPT "$server" || fail "$order: no server: $(cat "server.$3")"
}

for order in first last page; do
    step "$order: keys are made, as without the provider"
    done_here genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out soft.key
    for algorithm in RSA ED25519 X25519; do done_here genpkey -algorithm "$algorithm" -out "soft-$algorithm.key"; done
    done_here ecparam -name secp384r1 -genkey -noout -out soft-ecparam.key
    done_here genpkey -genparam -algorithm EC -pkeyopt ec_paramgen_curve:P-521 -out soft.param
    done_here req -new -x509 -newkey rsa:2048 -noenc -keyout soft-req.key -subj /CN=soft -out soft.pem
    openssl verify -CAfile soft.pem -check_ss_sig soft.pem >out 2>err || fail "$order: the certificate of a software key"
    done_here pkey -in soft.key -text -noout
    says "priv:"
    done_here pkey -in soft.key -out soft-again.key
    present soft-again.key
    done_here dgst -sha256 -sign soft-RSA.key -out soft.sig leaf.csr
    done_here pkeyutl -derive -inkey soft.key -peerkey <(openssl pkey -in leaf.key -pubout) -out soft.secret

    step "$order: the token's keys sign; a digest that nobody names is OpenSSL's"
    for key in "${keys[@]}"; do
        done_here req -new -x509 -key "$(uri "$key")" -subj "/CN=$key" -days 30 -out "$key.pem"
        openssl verify -CAfile "$key.pem" -check_ss_sig "$key.pem" >out 2>err || fail "$order: $key"
    done
    openssl req -new -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-384 -noenc -keyout plain.key -subj /CN=plain -out plain.pem 2>err
    equal "$(openssl x509 -in p384.pem -noout -text | grep -m 1 'Signature Algorithm')" \
        "$(openssl x509 -in plain.pem -noout -text | grep -m 1 'Signature Algorithm')" "$order: P-384's own digest"

    step "$order: -text shows what can be seen of a token's key"
    for key in "${keys[@]}"; do
        done_here pkey -in "$(uri "$key")" -text -noout
        says "Private key in a token"
        says "object=$key;type=private"
        openssl x509 -in "$key.pem" -noout -pubkey -out "$key.pub"
        openssl pkey -pubin -in "$key.pub" -text -noout >public.text
        same public.text <(sed 1,2d out)
    done

    step "$order: a private key is written nowhere, and it is said why"
    for options in "-out taken" "-outform DER -out taken" "-aes256 -passout pass:secret -out taken"; do
        # shellcheck disable=SC2086 # several options
        ! here pkey -in "$(uri rsa)" $options >out 2>err || fail "$order: the key was written: $options"
        says "the private key never leaves its token"
        says "-pubout"
        [ ! -s taken ] || fail "$order: something was written: $options"
    done
    for old in "rsa rsa" "ec p256"; do
        ! here "${old% *}" -in "$(uri "${old#* }")" -out taken >out 2>err || fail "$order: openssl $old wrote the key"
        says "the private key never leaves its token"
    done

    step "$order: TLS with a token's key, with the NIST curves for the exchange of keys"
    for case in "p256 tls1_2 P-256" "p256 tls1_3 P-384" "rsa tls1_2 P-256" "rsa tls1_3 P-256" "ed25519 tls1_3 P-521" "p384 tls1_3 X25519"; do
        read -r key version group <<<"$case"
        port=$(free_port)
        serve "$key" "$version" "$port"
        # plain openssl, then one with the provider
        for client in "openssl" "here"; do
            echo | $client s_client -connect "127.0.0.1:$port" -CAfile "$key.pem" -verify_return_error -groups "$group" >out 2>err ||
                fail "$order: $client: no handshake: $case: $(tail -n 5 "server.$port")"
            says "Verify return code: 0 (ok)"
            grep -qE "(Server|Peer) Temp Key: .*${group#P-}" out || # as OpenSSL 3.0, and as 3.5 has it
                fail "$order: $case: the exchange of keys was another"
        done
        kill "$server"
        wait "$server" 2>/dev/null || true
    done
done

step "by -provider, in both orders"
for pair in "coldca-provider default" "default coldca-provider"; do
    read -r a b <<<"$pair"
    providers=(-provider-path "$BUILD" -provider "$a" -provider "$b")
    printf '' >empty.cnf
    order=empty
    done_here genpkey "${providers[@]}" -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out soft.key
    done_here ecparam "${providers[@]}" -name prime256v1 -genkey -noout -out soft.key
    done_here req "${providers[@]}" -new -x509 -key "$(uri ed25519)" -subj /CN=again -out again.pem
    openssl verify -CAfile again.pem -check_ss_sig again.pem >out 2>err || fail "$pair: the certificate"
done
echo "all is well"
