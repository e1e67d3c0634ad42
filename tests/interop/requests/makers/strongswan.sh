#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Requests by strongSwan's pki: strongswan.sh OUT
set -euo pipefail
cd "$1"
echo "strongSwan pki $(dpkg-query -W -f '${Version}' strongswan-pki | sed 's/-.*//')" >version

# req NAME "KEY OPTIONS" SUBJECT [OPTIONS OF pki --req...]
req() {
    local name=$1 options=$2 subject=$3
    shift 3
    # shellcheck disable=SC2086
    pki --gen $options --outform pem >key.pem 2>/dev/null
    pki --req --in key.pem --dn "$subject" --outform pem "$@" >"$name.csr" 2>/dev/null
    rm -f key.pem
}

req device-rsa-2048 "--type rsa --size 2048" CN=device-1 --type rsa
req device-rsa-3072 "--type rsa --size 3072" CN=device-2 --type rsa --digest sha384
req device-p256 "--type ecdsa --size 256" CN=device-3 --type ecdsa
req device-p384 "--type ecdsa --size 384" CN=device-4 --type ecdsa
req device-ed25519 "--type ed25519" CN=device-5
req device-subject "--type ecdsa --size 256" "C=DE, ST=Bayern, L=Muenchen, O=Acme IoT, OU=Werk 2, CN=device-6" --type ecdsa
req device-challenge "--type ecdsa --size 256" CN=device-7 --type ecdsa --password secret
req device-pss "--type rsa --size 2048" CN=device-8 --type rsa --rsa-padding pss
req device-p521 "--type ecdsa --size 521" CN=device-9 --type ecdsa
req server-dns "--type ecdsa --size 256" CN=a.example --type ecdsa --san a.example --san b.example
