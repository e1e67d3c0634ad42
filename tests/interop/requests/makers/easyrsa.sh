#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Requests by easy-rsa: easyrsa.sh OUT
set -euo pipefail
cd "$1"
echo "easy-rsa $(dpkg-query -W -f '${Version}' easy-rsa | sed 's/-.*//')" >version
easyrsa=${EASYRSA_PROGRAM:-/usr/share/easy-rsa/easyrsa}
export EASYRSA_BATCH=1 EASYRSA_PKI=$PWD/pki
"$easyrsa" init-pki >/dev/null 2>&1

# req NAME CN [OPTIONS OF easyrsa...]
req() {
    local name=$1 cn=$2
    shift 2
    "$easyrsa" --req-cn="$cn" "$@" gen-req "$name" nopass >/dev/null 2>&1
    cp "pki/reqs/$name.req" "$name.csr"
}

req device-rsa-2048 device-1
req device-rsa-4096 device-2 --keysize=4096
req device-p256 device-3 --use-algo=ec --curve=prime256v1
req device-p384 device-4 --use-algo=ec --curve=secp384r1
req device-ed25519 device-5 --use-algo=ed --curve=ed25519
req device-subject device-6 --dn-mode=org --req-c=DE --req-st=Bayern --req-city=Muenchen --req-org="Acme IoT" --req-email= --req-ou="Werk 2"
req device-email device-7 --dn-mode=org --req-c=DE --req-st=Bayern --req-city=Muenchen --req-org="Acme IoT" --req-email=me@a.example --req-ou="Werk 2"
req server-dns a.example --subject-alt-name=DNS:a.example,DNS:b.example
req server-ip b.example --subject-alt-name=DNS:b.example,IP:10.1.2.3
rm -rf pki
