#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Requests by Heimdal's hxtool: heimdal.sh OUT
set -euo pipefail
cd "$1"
echo "Heimdal hxtool $(dpkg-query -W -f '${Version}' heimdal-clients | sed 's/[.]git.*//')" >version

# req NAME SUBJECT KEY [OPTIONS OF hxtool request-create...]
req() {
    local name=$1 subject=$2 key=$3
    shift 3
    openssl genpkey -algorithm RSA -pkeyopt "rsa_keygen_bits:$key" 2>/dev/null | openssl rsa -traditional -out key.pem 2>/dev/null
    hxtool request-create --subject="$subject" --key=FILE:key.pem "$@" "$name.csr" >/dev/null 2>&1
    rm -f key.pem
}

req device-rsa-2048 CN=device-1 2048
req device-rsa-3072 CN=device-2 3072
req device-subject "CN=device-3,OU=Werk 2,O=Acme IoT,C=DE" 2048
req server-dns CN=a.example 2048 --dnsname=a.example --dnsname=b.example
req client-email CN=Ann 2048 --email=ann@a.example
