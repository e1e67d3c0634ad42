#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""An RSA key of the first prime of one key and the second of another, as PEM: mixed_key.py ONE.key OTHER.key"""
import base64
import re
import subprocess
import sys


def primes(path):
    text = subprocess.run(["openssl", "rsa", "-in", path, "-noout", "-text"], check=True, stdout=subprocess.PIPE, text=True).stdout
    return [int(re.sub(r"[:\s]", "", re.search(rf"{name}:\n((?:\s+[0-9a-f:]+\n)+)", text)[1]), 16) for name in ("prime1", "prime2")]


def element(tag, content):
    length = len(content)
    head = bytes([length]) if length < 128 else bytes([0x82]) + length.to_bytes(2, "big")
    return bytes([tag]) + head + content


def integer(value):
    return element(0x02, value.to_bytes(value.bit_length() // 8 + 1, "big"))


p, q = primes(sys.argv[1])[0], primes(sys.argv[2])[1]
e = 65537
d = pow(e, -1, (p - 1) * (q - 1))
fields = (0, p * q, e, d, p, q, d % (p - 1), d % (q - 1), pow(q, -1, p))  # RFC 8017 A.1.2
text = base64.encodebytes(element(0x30, b"".join(integer(field) for field in fields))).decode()
print(f"-----BEGIN RSA PRIVATE KEY-----\n{text}-----END RSA PRIVATE KEY-----")
