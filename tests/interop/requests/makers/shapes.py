# SPDX-License-Identifier: Apache-2.0
"""Requests in the shape of programs that can't be run here, put together by hand: shapes.py OUT

What they write is known from their sources and their users' reports: CMP clients and offline key stores leave out RSA's NULL, charge
points the attributes; IIS and certreq bring attributes and extensions of their own. And what people do to a file on its way.
"""
import base64
import pathlib
import sys

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

OUT = pathlib.Path(sys.argv[1])
SHA256_RSA, SHA256_EC = bytes.fromhex("06092a864886f70d01010b"), bytes.fromhex("06082a8648ce3d040302")
EXTENSION_REQUEST, MICROSOFT = bytes.fromhex("06092a864886f70d01090e"), bytes.fromhex("060a2b06010401823702010e")


def der(tag, *parts):
    content = b"".join(parts)
    length = bytes([len(content)]) if len(content) < 128 else (
        bytes([0x80 | (len(content).bit_length() + 7) // 8]) + len(content).to_bytes((len(content).bit_length() + 7) // 8, "big"))
    return bytes([tag]) + length + content


def name(cn):
    return der(0x30, der(0x31, der(0x30, bytes.fromhex("0603550403"), der(0x0c, cn.encode()))))


def extension(oid, value, critical=False):
    return der(0x30, der(6, bytes.fromhex(oid)), b"\x01\x01\xff" if critical else b"", der(4, value))


def asks(*extensions, oid=EXTENSION_REQUEST):
    return der(0x30, oid, der(0x31, der(0x30, *extensions)))


def dns(*names):
    return extension("551d11", der(0x30, *(der(0x82, name.encode()) for name in names)))


def make(cn, key, algorithm, attributes=(), version=0):
    """attributes None: the field is left out"""
    spki = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    end = b"" if attributes is None else der(0xa0, *sorted(attributes))
    info = der(0x30, der(2, bytes([version])), name(cn), spki, end)
    signature = (key.sign(info, padding.PKCS1v15(), hashes.SHA256()) if isinstance(key, rsa.RSAPrivateKey)
                 else key.sign(info, ec.ECDSA(hashes.SHA256())))
    return der(0x30, info, der(0x30, algorithm), der(3, b"\0" + signature))


def pem(data, label="CERTIFICATE REQUEST"):
    text = base64.encodebytes(data).decode().replace("\n", "")
    lines = [text[i:i + 64] for i in range(0, len(text), 64)]
    return "\n".join([f"-----BEGIN {label}-----", *lines, f"-----END {label}-----", ""])


def write(file, data):
    (OUT / f"{file}.csr").write_bytes(data if isinstance(data, bytes) else data.encode())


def ec_key():
    return ec.generate_private_key(ec.SECP256R1())


def rsa_key():
    return rsa.generate_private_key(65537, 2048)


NULL = b"\x05\x00"
(OUT / "version").write_text("shapes put together by hand\n")
write("device-rsa-no-null", pem(make("device-1", rsa_key(), SHA256_RSA)))
write("device-rsa-null", pem(make("device-2", rsa_key(), SHA256_RSA + NULL)))
write("device-ecdsa-null", pem(make("device-3", ec_key(), SHA256_EC + NULL)))
write("device-no-attributes", pem(make("device-4", ec_key(), SHA256_EC, None)))
write("device-all-of-it", pem(make("device-5", ec_key(), SHA256_EC + NULL, None)))
write("device-version-1", pem(make("device-6", ec_key(), SHA256_EC, version=1)))
write("device-two-requests", pem(make("device-7", ec_key(), SHA256_EC, [asks(dns("a.example")), asks(dns("b.example"))])))
write("device-microsoft-oid", pem(make("device-8", ec_key(), SHA256_EC, [asks(dns("a.example"), oid=MICROSOFT)])))
sound = make("device-9", ec_key(), SHA256_EC)
write("device-trailing", sound + b"\0")
write("device-ber", b"\x30\x80" + sound[4 if sound[1] == 0x82 else 3:] + b"\0\0")
write("device-crlf", "\ufeff" + pem(sound).replace("\n", "\r\n"))
write("device-text-around", "Here it is:\n\n" + pem(make("device-10", ec_key(), SHA256_EC), "NEW CERTIFICATE REQUEST") + "\nBest\n")
write("device-utf16", pem(sound).encode("utf-16"))
write("device-base64", base64.encodebytes(sound))
write("device-indented", "".join(f"    {line}\n" for line in pem(sound).splitlines()))
write("device-quoted", "".join(f"> {line}\n" for line in pem(sound).splitlines()))
write("device-empty", b"")

os_version = der(0x30, bytes.fromhex("060a2b0601040182370d0203"), der(0x31, der(0x16, b"10.0.20348.2")))
client = der(0x30, bytes.fromhex("06092b0601040182371514"), der(0x31, der(
    0x30, b"\x02\x01\x05", der(0x0c, b"web01.corp.example"), der(0x0c, b"CORP\\Administrator"), der(0x0c, b"InetMgr.exe"))))
provider = der(0x30, bytes.fromhex("060a2b0601040182370d0202"), der(0x31, der(
    0x30, b"\x02\x01\x01", der(0x1e, "Microsoft RSA SChannel Cryptographic Provider".encode("utf-16-be")), b"\x03\x01\0")))
capabilities = extension("2a864886f70d01090f", der(0x30, der(0x30, bytes.fromhex("060960864801650304012a"))))
usage = extension("551d0f", bytes.fromhex("030205a0"), True)
purposes = extension("551d25", der(0x30, bytes.fromhex("06082b06010505070301")))
key_id = extension("551d0e", der(4, bytes(20)))
write("server-iis", pem(make("iis.corp.example", rsa_key(), SHA256_RSA + NULL, [
    os_version, client, provider, asks(usage, purposes, capabilities, key_id)]), "NEW CERTIFICATE REQUEST"))
write("server-certreq", pem(make("web.corp.example", rsa_key(), SHA256_RSA + NULL, [
    os_version, client, provider, asks(usage, purposes, dns("web.corp.example"), key_id)]), "NEW CERTIFICATE REQUEST"))
