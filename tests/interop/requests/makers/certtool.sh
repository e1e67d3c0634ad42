#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Requests by GnuTLS's certtool: certtool.sh OUT
set -euo pipefail
cd "$1"
echo "GnuTLS certtool $(certtool --version | sed -n '1s/certtool //p')" >version

# req NAME KEY OPTIONS TEMPLATE LINES...
req() {
    local name=$1 key=$2 options=$3
    shift 3
    # shellcheck disable=SC2086
    case $key in
        rsa:*) certtool --generate-privkey --key-type rsa --bits "${key#*:}" --outfile key.pem ;;
        ec:*) certtool --generate-privkey --key-type ecdsa --curve "${key#*:}" --outfile key.pem ;;
        *) certtool --generate-privkey --key-type "$key" --outfile key.pem ;;
    esac 2>/dev/null
    printf '%s\n' "$@" >template
    # shellcheck disable=SC2086
    certtool --generate-request --load-privkey key.pem --template template $options --outfile "$name.csr" 2>/dev/null
    rm -f key.pem template
}

req device-rsa-2048 rsa:2048 "" "cn = device-1"
req device-rsa-3072 rsa:3072 "--hash sha384" "cn = device-2"
req device-p256 ec:secp256r1 "" "cn = device-3"
req device-p384 ec:secp384r1 "--hash sha384" "cn = device-4"
req device-ed25519 ed25519 "" "cn = device-5"
req device-subject ec:secp256r1 "" "country = DE" "state = Bayern" "locality = München" "organization = Müller GmbH" "unit = Werk 2" "cn = device-6"
req device-der ec:secp256r1 --outder "cn = device-7"
req device-challenge ec:secp256r1 "" "cn = device-8" "challenge_password = secret"
req device-p521 ec:secp521r1 "" "cn = device-9"
req device-ed448 ed448 "" "cn = device-10"
req device-rsa-pss-key rsa-pss "" "cn = device-11"
req server-dns ec:secp256r1 "" "cn = a.example" "dns_name = a.example" "dns_name = b.example" tls_www_server signing_key
req server-ip rsa:2048 "" "cn = b.example" "dns_name = b.example" "ip_address = 10.1.2.3" tls_www_server
req client-email ec:secp256r1 "" "cn = Zoë Müller" "email = zoe@a.example"
