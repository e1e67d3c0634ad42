#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Requests by Java's keytool: keytool.sh OUT
set -euo pipefail
cd "$1"
java -version 2>&1 | sed -n '1s/.*version "\(.*\)".*/OpenJDK keytool \1/p' >version

# req NAME SUBJECT "OPTIONS OF -genkeypair" [OPTIONS OF -certreq...]
req() {
    local name=$1 subject=$2 options=$3
    shift 3
    # shellcheck disable=SC2086
    keytool -genkeypair -keystore store -storepass secret1 -alias a -dname "$subject" $options 2>/dev/null
    keytool -certreq -keystore store -storepass secret1 -alias a -file "$name.csr" "$@" 2>/dev/null
    rm -f store
}

req device-rsa-2048 CN=device-1 "-keyalg RSA -keysize 2048"
req device-rsa-3072 CN=device-2 "-keyalg RSA -keysize 3072"
req device-sha512 CN=device-3 "-keyalg RSA -keysize 2048" -sigalg SHA512withRSA
req device-p256 CN=device-4 "-keyalg EC -groupname secp256r1"
req device-p384 CN=device-5 "-keyalg EC -groupname secp384r1"
req device-ed25519 CN=device-6 "-keyalg Ed25519"
req device-subject "CN=device-7, OU=Werk 2, O=Müller GmbH, L=München, ST=Bayern, C=DE" "-keyalg EC -groupname secp256r1"
req device-pss CN=device-8 "-keyalg RSA -keysize 2048" -sigalg RSASSA-PSS
req device-usage CN=device-9 "-keyalg EC -groupname secp256r1" -ext KU=digitalSignature -ext EKU=clientAuth
req device-dsa CN=device-10 "-keyalg DSA -keysize 2048"
req device-ed448 CN=device-11 "-keyalg Ed448"
req device-p521 CN=device-12 "-keyalg EC -groupname secp521r1"
req device-sha1 CN=device-13 "-keyalg RSA -keysize 2048" -sigalg SHA1withRSA
req server-dns CN=a.example "-keyalg EC -groupname secp256r1" -ext san=dns:a.example,dns:b.example
req server-ip CN=b.example "-keyalg RSA -keysize 2048" -ext san=dns:b.example,ip:10.1.2.3
