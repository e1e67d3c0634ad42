#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A ledger with twelve CRLs, whose lists are written by hand below and encoded by pyca/cryptography: neither knows the rule of
docs/ledger-format.md 9. It makes the vectors in tests/vectors/crl (`crl_story.py FOLDER`), and with one thing changed, all of it signed by
the right keys, what crl_faults.py plants."""
import base64
import datetime
import hashlib
import json
import os
import sys

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.x509.oid import NameOID, ObjectIdentifier

ORIGIN = "ca.example/crl"
BEGIN, SHORT, LONG = "2026-01-01T00:00:00Z", "2026-03-01T00:00:00Z", "2049-06-01T00:00:00Z"
FLAGS = {flag.value: flag for flag in x509.ReasonFlags}
# Content octets with a high bit, of one octet, and of twenty.
SERIALS = {"a": 0x0a, "b": 0x8f00000000000000000000000000000000000b, "c": 0x7f0c, "d": 0xd0d0d0, "e": 0x0100000000000000000000000000000000000e,
           "f": int.from_bytes(bytes([0x7e] * 20), "big"), "g": 0x6a, "F": 0xff00ff, "F2": 0x00f2f2}


def hexed(number):
    return number.to_bytes((number.bit_length() + 7) // 8, "big").hex()


def base64_of(data):
    return base64.b64encode(data).decode()


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def moment(text):
    return datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ")


def generalized(text):
    return b"\x18\x0f" + moment(text).strftime("%Y%m%d%H%M%SZ").encode()


def canonical(record):
    return json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


class Keys:
    """Made once for all stories: a home is told apart by what is in it, not by its keys."""

    def __init__(self):
        self.ca, self.ledger = ec.generate_private_key(ec.SECP256R1()), ed25519.Ed25519PrivateKey.generate()
        self.device = ec.generate_private_key(ec.SECP256R1()).public_key()
        raw = b"\x01" + self.ledger.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        self.id = hashlib.sha256(ORIGIN.encode() + b"\n" + raw).digest()[:4]
        self.vkey = f"{ORIGIN}+{self.id.hex()}+{base64_of(raw)}"
        name = x509.Name([x509.NameAttribute(NameOID.COUNTRY_NAME, "US"), x509.NameAttribute(NameOID.COMMON_NAME, "CRL Vectors Ä")])
        key_id = x509.SubjectKeyIdentifier(hashlib.sha256(b"any octets will do").digest()[:20])
        usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
        self.certificate = (x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(self.ca.public_key()).serial_number(0xca)
                            .not_valid_before(moment(BEGIN)).not_valid_after(moment("2060-01-01T00:00:00Z"))
                            .add_extension(x509.BasicConstraints(True, None), True).add_extension(usage, True).add_extension(key_id, False)
                            .sign(self.ca, hashes.SHA256()))
        self.key_id = x509.AuthorityKeyIdentifier(key_id.digest, None, None)

    def checkpoint(self, size, root):
        text = f"{ORIGIN}\n{size}\n{base64_of(root)}\n"
        return f"{text}\n— {ORIGIN} {base64_of(self.id + self.ledger.sign(text.encode()))}\n".encode()


def tree_root(records):
    nodes = [hashlib.sha256(b"\0" + record).digest() for record in records]

    def root(part):
        if len(part) == 1:
            return part[0]
        split = 1 << (len(part) - 1).bit_length() - 1
        return hashlib.sha256(b"\1" + root(part[:split]) + root(part[split:])).digest()
    return root(nodes)


class Story:
    """changes: by a record's tag its members after all is signed (None takes one out), or the word "gone"; lists: by a CRL's number what
    stands on it; crls: by number what is signed (and recorded) otherwise."""

    def __init__(self, keys, changes=None, lists=None, crls=None):
        self.keys, self.changes, self.lists, self.crls = keys, changes or {}, lists or {}, crls or {}
        self.records, self.seqs, self.signatures = [], {}, {}
        self.previous = None

    def add(self, tag, kind, time, **members):
        change = self.changes.get(tag, {})
        if change == "gone":
            return
        record = {"operator": "story", "seq": len(self.records), "time": time, "type": kind, **members}
        change = change(self, record) if callable(change) else change
        record.update(change)
        self.seqs[tag] = len(self.records)
        self.records.append({name: value for name, value in record.items() if value is not None})

    # ---- certificates ----

    def signing(self, name, time, not_after):
        keys = self.keys
        certificate = (x509.CertificateBuilder().subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
                       .issuer_name(keys.certificate.subject).public_key(keys.device).serial_number(SERIALS[name])
                       .not_valid_before(moment(BEGIN)).not_valid_after(moment(not_after)).add_extension(keys.key_id, False)
                       .sign(keys.ca, hashes.SHA256()))
        spki = keys.device.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        self.add("signing-" + name, "cert.signing", time, serial=hexed(SERIALS[name]), tbs=base64_of(certificate.tbs_certificate_bytes),
                 subject="CN=" + name, not_after=not_after, policy="device", policy_sha256=sha256(b"policy"), csr_sha256=sha256(name.encode()),
                 spki_sha256=sha256(spki))
        return certificate

    def issue(self, name, time, not_after):
        certificate = self.signing(name, time, not_after)
        self.add("issued-" + name, "cert.issued", time, ref=self.seqs["signing-" + name], signature=base64_of(certificate.signature),
                 sha256=sha256(certificate.public_bytes(serialization.Encoding.DER)))

    def revoke(self, tag, name, time, reason, **members):
        """Of a certificate of the ledger, as coldca does it; members win."""
        spki = self.keys.device.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        end = next((r["not_after"] for r in self.records if r["type"] == "cert.signing" and r["subject"] == "CN=" + name), None)
        known = {"foreign": end is None, "not_after": end, "ref": self.seqs.get("issued-" + name), "key_value": end and sha256(spki),
                 "subject": end and "CN=" + name}
        self.add(tag, "cert.revoked", time, serial=hexed(SERIALS[name]), reason=reason, revoked_at=time, hold=reason == "certificateHold",
                 **{**known, **members})

    def release(self, tag, name, time, held):
        self.add(tag, "cert.unrevoked", time, serial=hexed(SERIALS[name]), ref=self.seqs.get(held))

    # ---- CRLs ----

    def encode(self, number, entries, this, following, kind, since):
        keys = self.keys
        builder = (x509.CertificateRevocationListBuilder().issuer_name(keys.certificate.subject).last_update(moment(this))
                   .next_update(moment(following)).add_extension(keys.key_id, False).add_extension(x509.CRLNumber(number), False))
        if since:
            builder = builder.add_extension(x509.UnrecognizedExtension(ObjectIdentifier("2.5.29.60"), generalized(since)), False)
        for name, date, reason, *invalidity in entries:
            entry = x509.RevokedCertificateBuilder().serial_number(SERIALS[name]).revocation_date(moment(date))
            if reason:
                entry = entry.add_extension(x509.CRLReason(FLAGS[reason]), False)
            if invalidity:
                entry = entry.add_extension(x509.InvalidityDate(moment(invalidity[0])), False)
            builder = builder.add_revoked_certificate(entry.build())
        return builder.sign(keys.ca, kind)

    def crl(self, number, this, entries, following=None, kind=None, keep=False, is_abandoned=False):
        entries = self.lists.get(number, entries)
        signed = {"number": number, "this": this, "next": following or this[:5] + "12-31T00:00:00Z", "since": BEGIN if keep else None, **self.crls.get(number, {})}
        crl = self.encode(signed["number"], entries, signed["this"], signed["next"], kind or hashes.SHA256(), signed["since"])
        tbs = crl.tbs_certlist_bytes
        self.signatures[number] = (tbs, crl.signature, crl.public_bytes(serialization.Encoding.DER))
        algorithm = "300a06082a8648ce3d04030" + ("2" if kind is None else "3")
        extensions = b"".join(self.extension(one) for one in crl.extensions)
        extensions = b"\x30" + bytes([len(extensions)]) + extensions
        self.add(f"signing-{number}", "crl.signing", signed.get("time", this), number=signed["number"],
                 issuer_sha256=sha256(self.keys.certificate.public_bytes(serialization.Encoding.DER)),
                 algorithm=base64_of(bytes.fromhex(algorithm)), this_update=signed["this"], next_update=signed["next"], size=len(self.records),
                 extensions=base64_of(extensions), scope={}, keep_expired=keep, expired_since=signed["since"], previous=self.previous, order="ledger",
                 count=len(entries), tbs_len=len(tbs), tbs_sha256=sha256(tbs), rule=1, batch=f"crl-{number}")
        ref = self.seqs.get(f"signing-{number}", 0)
        if is_abandoned:
            self.add(f"abandoned-{number}", "crl.abandoned", this, ref=ref, number=signed["number"], reason="the power went")
            return
        self.add(f"issued-{number}", "crl.issued", signed.get("time", this), ref=ref, number=signed["number"], signature=base64_of(crl.signature),
                 sha256=sha256(self.signatures[number][2]))
        self.previous = self.seqs.get(f"issued-{number}", self.previous)

    @staticmethod
    def extension(one):
        """As it stands in the CRL; none is critical, none is long."""
        value = one.value.public_bytes()
        oid = bytes.fromhex("0603551d") + bytes([int(one.oid.dotted_string.split(".")[3])])
        return b"\x30" + bytes([len(oid) + 2 + len(value)]) + oid + b"\x04" + bytes([len(value)]) + value

    # ---- the story ----

    def tell(self):
        day = "2026-{}T00:00:00Z".format
        self.add("created", "ca.created", BEGIN, certificate=base64_of(self.keys.certificate.public_bytes(serialization.Encoding.DER)),
                 origin=ORIGIN, ledger_vkey=self.keys.vkey, command="story")
        for name, end in (("a", SHORT), ("b", SHORT), ("c", LONG), ("d", LONG), ("e", LONG), ("f", "2055-01-01T00:00:00Z")):
            self.issue(name, day("01-02"), end)
        self.crl(1, day("01-10"), [])
        a, c, g = ("a", day("01-11"), "keyCompromise", day("01-05")), ("c", day("01-12"), "certificateHold"), ("g", day("01-14"), None)
        self.revoke("revoked-a", "a", a[1], a[2], invalidity_date=a[3])
        self.revoke("hold-c", "c", c[1], c[2])
        self.crl(2, day("01-13"), [a, c])
        self.signing("g", day("01-13"), LONG)
        self.add("abandoned-g", "cert.abandoned", g[1], ref=self.seqs["signing-g"], reason="the power went")
        foreign, second = ("F", day("01-14"), "affiliationChanged"), ("F2", day("01-14"), "privilegeWithdrawn")
        self.revoke("revoked-F", "F", foreign[1], foreign[2])
        self.revoke("revoked-F2", "F2", second[1], second[2], not_after=day("02-15"), subject="CN=from before")
        self.crl(3, day("01-15"), [a, c, g, foreign, second])
        self.release("release-c", "c", day("01-16"), "hold-c")
        self.revoke("hold-d", "d", day("01-17"), "certificateHold")
        self.revoke("hold-g", "g", day("01-17"), "certificateHold")
        self.crl(4, day("01-18"), [a, foreign, second, ("d", day("01-17"), "certificateHold"), ("g", day("01-17"), "certificateHold")])
        d = ("d", day("01-19"), "superseded")
        self.revoke("revoked-d", "d", d[1], d[2])
        self.release("release-g", "g", day("01-20"), "hold-g")  # burned again, at its old place
        self.crl(5, day("01-20"), [a, g, foreign, second, d], is_abandoned=True)
        self.crl(6, day("01-21"), [a, g, foreign, second, d])
        self.crl(7, day("03-02"), [a, g, foreign, second, d])  # a and F2 have expired: once more
        b = ("b", day("03-03"), "cessationOfOperation")
        self.revoke("revoked-b", "b", b[1], b[2])  # after its end: on one CRL
        self.crl(8, day("03-04"), [g, foreign, d, b])
        self.crl(9, day("03-05"), [g, foreign, d])
        self.crl(10, day("03-06"), [a, g, foreign, second, d, b], keep=True)
        self.crl(11, day("03-07"), [g, foreign, d], kind=hashes.SHA384())
        e, f = ("e", "2050-02-01T00:00:00Z", None), ("f", "2050-02-01T00:00:00Z", "aACompromise", "2050-01-31T00:00:00Z")
        self.revoke("revoked-e", "e", e[1], "unspecified")
        self.revoke("revoked-f", "f", f[1], f[2], invalidity_date=f[3])
        self.crl(12, "2050-02-02T00:00:00Z", [g, foreign, d, e, f])  # times from 2050 on are GeneralizedTime
        return self

    def write(self, folder):
        lines = [canonical(record) for record in self.records]
        note = self.keys.checkpoint(len(lines), tree_root(lines))
        files = {"ledger.jsonl": b"".join(line + b"\n" for line in lines), "ledger.checkpoint": note, "ledger.checkpoints": note + b"\n",
                 "ca.pem": self.keys.certificate.public_bytes(serialization.Encoding.PEM), "vkey": self.keys.vkey.encode()}
        for name, data in files.items():
            with open(os.path.join(folder, name), "wb") as file:
                file.write(data)


def main():
    story = Story(Keys()).tell()
    story.write(sys.argv[1])
    for number, (_, _, der) in story.signatures.items():
        if f"issued-{number}" in story.seqs:
            with open(os.path.join(sys.argv[1], f"crl-{number}.der"), "wb") as file:
                file.write(der)


if __name__ == "__main__":
    main()
