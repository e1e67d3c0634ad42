#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Each ready policy does what its first line says: a request that fits is signed and openssl accepts the certificate for its purpose.
# shellcheck source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"
make_ca

# issue POLICY NAME: signs NAME.csr below asked/
issue() {
    run 0 -C ca sign --policy "$1" --pin-source file:pin --out issued "asked/$2.csr"
}

good_for() {
    openssl verify -x509_strict -purpose "$1" -CAfile ca/ca.pem "$2" >verified 2>&1 || { cat verified >&2; fail "$2 is not good for $1"; }
}

has() {
    openssl x509 -in "$1" -noout -text | grep -qE -- "$2" || fail "$1 does not have: $2"
}

step "every policy explains itself, and what there is to say against it is known"
run 0 policy list --json
equal "$(jq -r '[.[].policy] | sort | join(" ")' out)" "idevid mqtt-device mqtt-server ocsp-signer root sub-ca tls-client tls-server"
for policy in mqtt-device mqtt-server ocsp-signer root sub-ca tls-client tls-server; do
    run 0 policy check "$policy"
    run 0 policy show "$policy"
done
run 1 policy check idevid
says "outlive"

step "tls-server: the CN is in the SAN, wildcards and private addresses on request, no more than 397 days"
run 0 request --policy tls-server --cn www.intern.example --san 'dns:*.intern.example' --san ip:10.1.2.3 --out asked
issue tls-server www.intern.example
good_for sslserver issued/www.intern.example.pem
openssl verify -CAfile ca/ca.pem -verify_hostname any.intern.example -verify_ip 10.1.2.3 issued/www.intern.example.pem >/dev/null ||
    fail "the wildcard or the address does not match"
has issued/www.intern.example.pem 'DNS:www\.intern\.example, DNS:\*\.intern\.example, IP Address:10\.1\.2\.3'
csr asked/public.csr /CN=public.example -addext subjectAltName=IP:8.8.8.8,DNS:public.example
run 1 -C ca check --policy tls-server asked/public.csr
says 8.8.8.8
csr asked/star.csr /CN=star.example -addext 'subjectAltName=DNS:w*.example'
run 1 -C ca check --policy tls-server asked/star.csr

step "a host that is an address is certified as one, or refused with what mends it"
run 0 request --policy mqtt-server --cn 10.3.0.11 --out asked
issue mqtt-server 10.3.0.11
has issued/10.3.0.11.pem 'IP Address:10\.3\.0\.11$'
openssl verify -CAfile ca/ca.pem -verify_ip 10.3.0.11 issued/10.3.0.11.pem >/dev/null || fail "the address does not match"
csr asked/address.csr /CN=10.3.0.12 # as openssl makes it: no subjectAltName
issue tls-server address
has issued/address.pem 'IP Address:10\.3\.0\.12$'
csr asked/elsewhere.csr /CN=203.0.113.9
run 1 -C ca check --json --policy tls-server asked/elsewhere.csr
json '.requests[0].reasons[] | select(.rule == "san.dns") | .remedy | contains("203.0.113.9/32")'
csr asked/dns.csr /CN=a.example -addext subjectAltName=DNS:10.3.0.11
run 1 -C ca check --json --policy tls-server asked/dns.csr
json '.requests[0].reasons[] | select(.rule == "san.dns") | .remedy | contains("ip:10.3.0.11")'
run 2 request --policy mqtt-server --cn broker --san dns:10.3.0.11 --out asked
says "write ip:10.3.0.11"
cat >meets.yaml <<'Y'
policy: meets
subject: [{field: CN, match: '[a-z0-9.-]+'}]
san: [{type: dns, value: '{CN}', from: policy}]
key: {allow: [ec-p256]}
validity: {days: 10}
key_usage: [digitalSignature]
extended_key_usage: [serverAuth]
Y
run 1 policy check ./meets.yaml
says "may be an IP address"

step "tls-server: a wildcard in the CN, an RSA key that NSS takes, and what certreq writes"
csr asked/star.csr '/CN=*.intern.example' -addext 'subjectAltName=DNS:*.intern.example,DNS:intern.example'
issue tls-server star
has issued/star.pem 'DNS:\*\.intern\.example, DNS:intern\.example$'
openssl req -new -noenc -newkey rsa:2048 -keyout asked/iis.key -subj /C=US/O=Contoso/CN=iis.corp.example -out asked/iis.csr \
    -addext subjectAltName=DNS:iis.corp.example -addext keyUsage=critical,digitalSignature,nonRepudiation,keyEncipherment,dataEncipherment \
    -addext extendedKeyUsage=serverAuth -addext 1.2.840.113549.1.9.15=ASN1:SEQUENCE:capabilities \
    -config <(printf '[req]\ndistinguished_name=none\n[none]\n[capabilities]\none=OID:1.2.840.113549.3.2\n') 2>err || fail "openssl"
issue tls-server iis
says "note: extension 1.2.840.113549.1.9.15 (S/MIME capabilities) is left out"
has issued/iis.pem 'Digital Signature, Key Encipherment$'
good_for sslserver issued/iis.pem
mkdir nss
certutil -N -d sql:nss --empty-password
certutil -A -d sql:nss -n ca -t C,, -i ca/ca.pem
certutil -A -d sql:nss -n iis -t ,, -i issued/iis.pem
certutil -V -d sql:nss -n iis -u V >out 2>err || fail "NSS does not take it for a TLS server"

step "tls-client: a person with a mail address"
run 0 request --policy tls-client --cn "Ada Lovelace" --san email:ada@intern.example --out asked --name ada
issue tls-client ada
good_for sslclient issued/ada.pem
has issued/ada.pem 'email:ada@intern\.example'
csr asked/dns.csr /CN=dns -addext subjectAltName=DNS:dns.example
run 1 -C ca check --policy tls-client asked/dns.csr

step "ocsp-signer: openssl lets it answer for this CA"
run 0 request --policy ocsp-signer --cn "OCSP 2026" --out asked --name ocsp
issue ocsp-signer ocsp
good_for ocsphelper issued/ocsp.pem
has issued/ocsp.pem 'OCSP No Check'
serial=$(openssl x509 -in issued/ada.pem -noout -serial | cut -d= -f2)
end=$(date -u -d "+30 days" +%y%m%d%H%M%SZ)
printf 'V\t%s\t\t%s\tunknown\t/CN=Ada\n' "$end" "$serial" >index.txt
openssl ocsp -index index.txt -rsigner issued/ocsp.pem -rkey asked/ocsp.key -CA ca/ca.pem -issuer ca/ca.pem -cert issued/ada.pem \
    -respout answer.der >out 2>err || fail "openssl could not answer"
openssl ocsp -no_nonce -respin answer.der -issuer ca/ca.pem -cert issued/ada.pem -CAfile ca/ca.pem >out 2>err || fail "the answer is not accepted"
says "Response verify OK"
says "issued/ada.pem: good"

step "idevid: a hardware module's name, no end"
cat >idevid.cnf <<'CNF'
[req]
distinguished_name = none
[none]
[device]
subjectAltName = otherName:1.3.6.1.5.5.7.8.4;SEQ:module
[module]
type = OID:1.3.6.1.4.1.55555.1
serial = FORMAT:ASCII,OCT:SN-0001
CNF
csr asked/idevid.csr "/O=Acme/serialNumber=SN-0001" -config idevid.cnf -reqexts device
issue idevid idevid
strict issued/idevid.pem
has issued/idevid.pem 'Not After : Dec 31 23:59:59 9999 GMT'
has issued/idevid.pem 'X509v3 Subject Alternative Name'
openssl x509 -in issued/idevid.pem -outform DER | od -An -v -tx1 | tr -d ' \n' >hex
for part in 06082b06010505070804 0407534e2d30303031; do # id-on-hardwareModuleName, OCTET STRING "SN-0001"
    grep -q $part hex || fail "hardwareModuleName lacks $part"
done
csr asked/nameless.csr "/O=Acme/serialNumber=SN-0002"
run 1 -C ca check --policy idevid asked/nameless.csr
says hardware

step "mqtt-server and mqtt-device"
run 0 request --policy mqtt-server --cn broker.example --san ip:127.0.0.1 --out asked
issue mqtt-server broker.example
good_for sslserver issued/broker.example.pem
ask device-1
sign 0 --out issued requests/device-1.csr
good_for sslclient issued/device-1.pem
sound_ledger
