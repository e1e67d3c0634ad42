#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Requests by the botan command: botan.sh OUT
set -euo pipefail
cd "$1"
echo "Botan $(botan version)" >version

# req NAME KEYGEN-OPTIONS CN [OPTIONS OF botan gen_pkcs10...]
req() {
    local name=$1 options=$2 cn=$3
    shift 3
    # shellcheck disable=SC2086
    botan keygen $options --output=key.pem
    botan gen_pkcs10 "$@" key.pem "$cn" >"$name.csr"
    rm -f key.pem
}

req device-rsa-2048 "--algo=RSA --params=2048" device-1
req device-rsa-3072 "--algo=RSA --params=3072" device-2 --hash=SHA-384
req device-p256 "--algo=ECDSA --params=secp256r1" device-3
req device-p384 "--algo=ECDSA --params=secp384r1" device-4 --hash=SHA-384
req device-ed25519 "--algo=Ed25519" device-5
req device-subject "--algo=ECDSA --params=secp256r1" device-6 --country=DE --organization="Müller GmbH"
req device-pss "--algo=RSA --params=2048" device-7 --emsa=EMSA4
req device-p521 "--algo=ECDSA --params=secp521r1" device-8 --hash=SHA-512
req device-brainpool "--algo=ECDSA --params=brainpool256r1" device-9
req server-dns "--algo=ECDSA --params=secp256r1" a.example --dns=a.example
req client-email "--algo=ECDSA --params=secp256r1" Ann --email=ann@a.example
