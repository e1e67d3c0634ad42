#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Requests by the openssl command: openssl.sh OUT
set -euo pipefail
cd "$1"
openssl version | cut -d' ' -f1,2 >"$PWD/version"

# req NAME SUBJECT KEY [OPTIONS OF openssl req...]: KEY is what genpkey takes, "rsa:2048", "ec:P-256", "ed25519"
req() {
    local name=$1 subject=$2 key=$3
    shift 3
    case $key in
        rsa:*) openssl genpkey -quiet -algorithm RSA -pkeyopt "rsa_keygen_bits:${key#*:}" -out key.pem 2>/dev/null ||
            openssl genpkey -algorithm RSA -pkeyopt "rsa_keygen_bits:${key#*:}" -out key.pem 2>/dev/null ;;
        ec:*) openssl genpkey -algorithm EC -pkeyopt "ec_paramgen_curve:${key#*:}" -out key.pem ;;
        file) ;;
        *) openssl genpkey -algorithm "$key" -out key.pem ;;
    esac
    openssl req -new -utf8 -key key.pem -subj "$subject" -out "$name.csr" "$@"
    rm -f key.pem
}

req device-rsa-2048 /CN=device-1 rsa:2048
req device-rsa-4096 /CN=device-2 rsa:4096
req device-p256 /CN=device-3 ec:P-256
req device-p384 /CN=device-4 ec:P-384 -sha384
req device-ed25519 /CN=device-5 ed25519
req device-sha512 /CN=device-6 rsa:2048 -sha512
req device-subject "/C=DE/ST=Bayern/L=München/O=Müller GmbH/OU=Werk 2/CN=device-7" ec:P-256
req device-der /CN=device-8 ec:P-256 -outform DER
req device-newhdr /CN=device-9 ec:P-256 -newhdr
req device-pss /CN=device-10 rsa:2048 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:digest
req device-pss-max /CN=device-11 rsa:2048 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:max
req device-pss-20 /CN=device-12 rsa:2048 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:20
req device-pss-0 /CN=device-13 rsa:3072 -sha384 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:0
req device-pss-mask /CN=device-14 rsa:2048 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:max -sigopt rsa_mgf1_md:sha1
req device-usage /CN=device-15 ec:P-256 -addext keyUsage=critical,digitalSignature -addext extendedKeyUsage=clientAuth
req device-asks-ca /CN=device-16 ec:P-256 -addext basicConstraints=critical,CA:TRUE
req device-asks-san /CN=device-17 ec:P-256 -addext subjectAltName=DNS:bank.example
req device-rsa-1024 /CN=device-18 rsa:1024
req device-sha1 /CN=device-19 rsa:2048 -sha1
req device-sha224 /CN=device-20 rsa:2048 -sha224
req device-sha3 /CN=device-21 rsa:2048 -sha3-256
req device-p521 /CN=device-22 ec:P-521
req device-secp256k1 /CN=device-23 ec:secp256k1
req device-brainpool /CN=device-24 ec:brainpoolP256r1
req device-ed448 /CN=device-25 ed448
req device-blank "/CN=device 26" ec:P-256
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -pkeyopt ec_param_enc:explicit -out key.pem
req device-explicit /CN=device-27 file
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 | openssl ec -conv_form compressed -out key.pem 2>/dev/null
req device-compressed /CN=device-28 file
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 | openssl ec -conv_form hybrid -out key.pem 2>/dev/null
req device-hybrid /CN=device-29 file
openssl genpkey -algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048 -out key.pem 2>/dev/null
req device-rsa-pss-key /CN=device-30 file -sigopt rsa_pss_saltlen:max
req server-dns /CN=a.example ec:P-256 -addext subjectAltName=DNS:a.example,DNS:b.example
req server-ip /CN=c.example rsa:2048 -addext subjectAltName=DNS:c.example,IP:10.1.2.3,IP:fc00::1
req server-wildcard /CN=d.example ec:P-256 -addext "subjectAltName=DNS:*.d.example,DNS:d.example"
req server-no-subject / ec:P-256 -addext subjectAltName=critical,DNS:e.example
req server-cn-only /CN=f.example ec:P-256
req server-underscore /CN=g.example ec:P-256 -addext subjectAltName=DNS:bad_name.example
req client-email "/CN=Zoë Müller" ec:P-256 -addext subjectAltName=email:zoe@a.example
req client-email-in-subject /CN=Ann/emailAddress=ann@a.example ec:P-256
