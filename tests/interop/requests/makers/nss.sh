#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Requests by NSS's certutil: nss.sh OUT
set -euo pipefail
cd "$1"
echo "NSS certutil $(dpkg-query -W -f '${Version}' libnss3-tools | sed 's/^[0-9]*://; s/-.*//')" >version
mkdir db
certutil -N -d sql:db --empty-password
head -c 64 /dev/urandom >noise

# req NAME SUBJECT [OPTIONS OF certutil -R...]
req() {
    local name=$1 subject=$2
    shift 2
    certutil -R -d sql:db -s "$subject" -z noise -o "$name.csr" "$@" >/dev/null 2>&1
}

req device-rsa-2048 CN=device-1 -k rsa -g 2048 -a
req device-rsa-4096 CN=device-2 -k rsa -g 4096 -a -Z SHA512
req device-p256 CN=device-3 -k ec -q nistp256 -a
req device-p384 CN=device-4 -k ec -q nistp384 -Z SHA384 -a
req device-der CN=device-5 -k ec -q nistp256
req device-subject "CN=device-6,OU=Werk 2,O=Müller GmbH,L=München,ST=Bayern,C=DE" -k ec -q nistp256 -a
req device-rsa-pss-key CN=device-7 -k rsa -g 2048 --pss -a
req device-p521 CN=device-8 -k ec -q nistp521 -Z SHA512 -a
req device-sha1 CN=device-9 -k rsa -g 2048 -Z SHA1 -a
req device-usage CN=device-10 -k ec -q nistp256 --keyUsage digitalSignature,critical --extKeyUsage clientAuth -a
req server-dns CN=a.example -k ec -q nistp256 --extSAN dns:a.example,dns:b.example -a
req server-ip CN=b.example -k rsa -g 2048 --extSAN dns:b.example,ip:10.1.2.3 -a
rm -rf db noise
