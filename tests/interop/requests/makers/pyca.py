# SPDX-License-Identifier: Apache-2.0
"""Requests by pyca/cryptography: pyca.py OUT"""
import ipaddress
import pathlib
import sys

import cryptography
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, ed448, padding, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

OUT = pathlib.Path(sys.argv[1])
SAN = x509.SubjectAlternativeName
PEM = serialization.Encoding.PEM


def cn(name):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def req(name, key, subject, extensions=(), hash=hashes.SHA256(), encoding=PEM, attributes=(), **how):
    builder = x509.CertificateSigningRequestBuilder().subject_name(subject)
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    for oid, value in attributes:
        builder = builder.add_attribute(oid, value)
    (OUT / f"{name}.csr").write_bytes(builder.sign(key, hash, **how).public_bytes(encoding))


def rsa_key(bits=2048):
    return rsa.generate_private_key(65537, bits)


def ec_key(curve=ec.SECP256R1()):
    return ec.generate_private_key(curve)


def pss(salt, mask=hashes.SHA256()):
    return padding.PSS(padding.MGF1(mask), salt)


(OUT / "version").write_text(f"pyca/cryptography {cryptography.__version__}\n")
req("device-rsa-2048", rsa_key(), cn("device-1"))
req("device-rsa-4096", rsa_key(4096), cn("device-2"), hash=hashes.SHA512())
req("device-p256", ec_key(), cn("device-3"))
req("device-p384", ec_key(ec.SECP384R1()), cn("device-4"), hash=hashes.SHA384())
req("device-ed25519", ed25519.Ed25519PrivateKey.generate(), cn("device-5"), hash=None)
req("device-der", ec_key(), cn("device-6"), encoding=serialization.Encoding.DER)
req("device-challenge", ec_key(), cn("device-7"), attributes=[(x509.oid.AttributeOID.CHALLENGE_PASSWORD, b"secret")])
req("device-pss", rsa_key(), cn("device-8"), rsa_padding=pss(padding.PSS.DIGEST_LENGTH))
req("device-pss-max", rsa_key(), cn("device-9"), rsa_padding=pss(padding.PSS.MAX_LENGTH))
req("device-subject", ec_key(), x509.Name([
    x509.NameAttribute(NameOID.COUNTRY_NAME, "DE"), x509.NameAttribute(NameOID.STATE_OR_PROVINCE_NAME, "Bayern"),
    x509.NameAttribute(NameOID.LOCALITY_NAME, "München"), x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Müller GmbH"),
    x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, "Werk 2"), x509.NameAttribute(NameOID.COMMON_NAME, "device-10")]))
req("device-usage", ec_key(), cn("device-11"), [
    (x509.KeyUsage(True, False, False, False, False, False, False, False, False), True),
    (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), False), (x509.BasicConstraints(False, None), True)])
req("device-asks-ca", ec_key(), cn("device-12"), [(x509.BasicConstraints(True, 0), True)])
req("device-p521", ec_key(ec.SECP521R1()), cn("device-13"), hash=hashes.SHA512())
req("device-secp256k1", ec_key(ec.SECP256K1()), cn("device-14"))
req("device-brainpool", ec_key(ec.BrainpoolP384R1()), cn("device-15"))
req("device-ed448", ed448.Ed448PrivateKey.generate(), cn("device-16"), hash=None)
req("device-dsa", dsa.generate_private_key(2048), cn("device-17"))
req("device-sha224", rsa_key(), cn("device-18"), hash=hashes.SHA224())
req("device-sha3", ec_key(), cn("device-19"), hash=hashes.SHA3_256())
req("server-dns", ec_key(), cn("a.example"), [(SAN([x509.DNSName("a.example"), x509.DNSName("b.example")]), False)])
req("server-ip", rsa_key(), cn("b.example"), [
    (SAN([x509.DNSName("b.example"), x509.IPAddress(ipaddress.ip_address("10.1.2.3")), x509.IPAddress(ipaddress.ip_address("fc00::1"))]), False)])
req("server-no-subject", ec_key(), x509.Name([]), [(SAN([x509.DNSName("c.example")]), True)])
req("server-wildcard", ec_key(), x509.Name([]), [(SAN([x509.DNSName("*.d.example")]), True)])
req("client-email", ec_key(), cn("Zoë Müller"), [(SAN([x509.RFC822Name("zoe@a.example")]), False)])
