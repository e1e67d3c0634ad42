#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Requests by GnuPG's gpgsm: gpgsm.sh OUT
set -euo pipefail
cd "$1"
gpgsm --version | sed -n '1s/gpgsm (GnuPG)/GnuPG gpgsm/p' >version
GNUPGHOME=$(mktemp -d)
export GNUPGHOME
trap 'gpgconf --kill all; rm -rf "$GNUPGHOME"' EXIT
echo allow-preset-passphrase >"$GNUPGHOME/gpg-agent.conf"

# req NAME LENGTH LINES...
req() {
    local name=$1 length=$2
    shift 2
    printf '%s\n' "Key-Type: RSA" "Key-Length: $length" "Key-Usage: sign" "$@" >parameters
    gpgsm --batch --no-tty --pinentry-mode loopback --passphrase '' --armor --generate-key --output "$name.csr" parameters >/dev/null 2>&1
    rm -f parameters
}

req device-rsa-2048 2048 "Name-DN: CN=device-1"
req device-rsa-3072 3072 "Name-DN: CN=device-2"
req device-subject 2048 "Name-DN: CN=device-3,OU=Werk 2,O=Müller GmbH,C=DE"
req server-dns 2048 "Name-DN: CN=a.example" "Name-DNS: a.example" "Name-DNS: b.example"
req client-email 2048 "Name-DN: CN=Ann" "Name-Email: ann@a.example"
