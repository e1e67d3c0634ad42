#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Requests by cfssl: cfssl.sh OUT
set -euo pipefail
cd "$1"
echo "cfssl $(cfssl version | sed -n 's/^Version: *//p')" >version

# req NAME JSON
req() {
    cfssl genkey -loglevel 5 - <<<"$2" 2>/dev/null | jq -r .csr >"$1.csr"
}

req device-rsa-2048 '{"CN": "device-1", "key": {"algo": "rsa", "size": 2048}}'
req device-rsa-4096 '{"CN": "device-2", "key": {"algo": "rsa", "size": 4096}}'
req device-p256 '{"CN": "device-3", "key": {"algo": "ecdsa", "size": 256}}'
req device-p384 '{"CN": "device-4", "key": {"algo": "ecdsa", "size": 384}}'
req device-p521 '{"CN": "device-5", "key": {"algo": "ecdsa", "size": 521}}'
req device-subject '{"CN": "device-6", "key": {"algo": "ecdsa", "size": 256}, "names": [{"C": "DE", "ST": "Bayern", "L": "München", "O": "Müller GmbH", "OU": "Werk 2"}]}'
req server-dns '{"CN": "a.example", "hosts": ["a.example", "b.example"], "key": {"algo": "ecdsa", "size": 256}}'
req server-ip '{"CN": "b.example", "hosts": ["b.example", "10.1.2.3"], "key": {"algo": "rsa", "size": 2048}}'
req server-wildcard '{"CN": "c.example", "hosts": ["*.c.example", "c.example"], "key": {"algo": "ecdsa", "size": 256}}'
req client-email '{"CN": "Ann", "hosts": ["ann@a.example"], "key": {"algo": "ecdsa", "size": 256}}'
