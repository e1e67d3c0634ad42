#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Verifies a coldca ledger from docs/ledger-format.md alone: verify_ledger.py HOME VKEY CA_CERTIFICATE"""
import base64
import hashlib
import json
import os
import re
import sys

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from controls import Controls
from revocations import DIGEST, TIME, Revocations, Tbs, seal, serial_of, unbase64, verify

FIRST_RECORDS = 16  # among which ca.created is


def sha256(data):
    return hashlib.sha256(data).digest()


def certificates_of(pem):
    """The DER of the certificates of chain.pem; text around them is no part of it."""
    blocks = re.findall(rb"-----BEGIN CERTIFICATE-----\s(.*?)-----END CERTIFICATE-----", pem, re.S)
    if not blocks and pem.strip():
        raise ValueError("no certificates")
    return [base64.b64decode(b"".join(block.split()), validate=True) for block in blocks]


class Tree:
    """The roots of whole subtrees, widest first (RFC 6962 section 2.1)."""

    def __init__(self):
        self.size, self.edge = 0, []

    def add(self, record):
        node, width = sha256(b"\0" + record), self.size
        while width & 1:
            node, width = sha256(b"\1" + self.edge.pop() + node), width >> 1
        self.edge.append(node)
        self.size += 1

    def root(self):
        if not self.edge:
            return sha256(b"")
        node = self.edge[-1]
        for left in reversed(self.edge[:-1]):
            node = sha256(b"\1" + left + node)
        return node


class Key:
    def __init__(self, vkey):
        self.name, identity, data = vkey.split("+", 2)
        raw = unbase64(data)
        self.type, key = raw[0], raw[1:]
        if self.type == 1:
            self.id, self.key = sha256(self.name.encode() + b"\n" + raw)[:4], ed25519.Ed25519PublicKey.from_public_bytes(key)
        else:
            self.id, self.key = sha256(key)[:4], serialization.load_der_public_key(key)
        if self.id.hex() != identity:
            raise ValueError("key id")

    def verify(self, text, signature):
        if self.type == 1:
            self.key.verify(signature, text)
        else:
            self.key.verify(signature, text, ec.ECDSA(hashes.SHA256()))


def canonical(value):
    """RFC 8785 for integers; members sorted by UTF-16 code units."""
    if isinstance(value, dict):
        names = sorted(value, key=lambda name: name.encode("utf-16-be"))
        return "{" + ",".join(canonical(name) + ":" + canonical(value[name]) for name in names) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(canonical, value)) + "]"
    if isinstance(value, float) or isinstance(value, int) and not -2**63 <= value < 2**63:
        raise ValueError("a fraction, or too large")
    return json.dumps(value, ensure_ascii=False)


def no_repeats(pairs):
    if len(dict(pairs)) != len(pairs):
        raise ValueError("a name twice")
    return dict(pairs)


class Verifier:
    def __init__(self, home, vkey, issuer):
        self.home, self.vkey, self.key = home, vkey, Key(vkey)
        self.issuer = x509.load_pem_x509_certificate(open(issuer, "rb").read())
        self.findings, self.tree, self.time, self.next = [], Tree(), "", 0
        self.chain = None  # the newest chain.set
        self.certificates, self.signings, self.notes = {}, {}, {}  # serial -> what is known; seq -> record; size -> roots
        self.created, self.has_note = [], False
        self.revocations = Revocations(self.issuer, self.say)
        self.controls = Controls(vkey, Key, canonical, self.is_ca, self.say)

    def say(self, rule, text):
        self.findings.append((rule, text))

    def read_notes(self):
        chunk, last, before, size = b"", b"", b"", 0
        for line in open(os.path.join(self.home, "ledger.checkpoints"), "rb").read().split(b"\n")[:-1]:
            if line.endswith(b"\x18"):
                chunk = b""
            elif line or not chunk.split(b"\n")[-2:][0].startswith("— ".encode()):
                chunk += line + b"\n"
            else:
                size = self.read_note(chunk, size)
                chunk, last, before = b"", chunk, last
        path = os.path.join(self.home, "ledger.checkpoint")
        newest = open(path, "rb").read() if os.path.exists(path) else b""
        if newest not in (last, before) or last and not newest:
            self.say("ledger.checkpoint", "ledger.checkpoint is not the newest")

    def read_note(self, note, previous):
        try:
            text, signatures = note.rsplit(b"\n\n", 1)
            text += b"\n"
            origin, size, root = text.decode().split("\n")[:-1]
            signed = False
            for line in signatures.decode().rstrip("\n").split("\n"):
                dash, name, value = line.split(" ")
                data = unbase64(value)
                if dash != "—":
                    raise ValueError("no em dash")
                if name == self.key.name and data[:4] == self.key.id:
                    self.key.verify(text, data[4:])
                    signed = True
            if not signed or origin != self.key.name or str(int(size)) != size or int(size) < previous:
                raise ValueError("not ours, or not in order")
            self.notes.setdefault(int(size), []).append(unbase64(root))
            self.has_note |= int(size) > 0
            return int(size)
        except (ValueError, InvalidSignature) as why:
            self.say("ledger.checkpoint", f"a bad note: {why!r}")
            return previous

    def compare(self):
        for root in self.notes.pop(self.tree.size, []):
            if root != self.tree.root():
                self.say("ledger.root", f"the first {self.tree.size} records are not the checkpoint's")

    def read_records(self):
        self.compare()
        with open(os.path.join(self.home, "ledger.jsonl"), "rb") as lines:
            for line in lines:
                if not line.endswith(b"\n"):
                    break  # a torn tail
                line = line[:-1]
                if line.endswith(b"\x18"):
                    self.check_void(line.rstrip(b"\x18"))
                    continue
                try:
                    self.check_record(line)
                except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as why:
                    self.say("ledger.fields", f"record {self.tree.size}: {why!r}")
                    self.next = self.tree.size + 1
                self.tree.add(line)
                self.compare()
        self.check_created()
        for size in self.notes:
            self.say("ledger.rollback", f"a checkpoint is of {size} records, there are {self.tree.size}")

    def check_void(self, line):
        if self.tree.size == 0:
            self.say("ledger.void", "a void line before the first record")
        try:
            if json.loads(line)["seq"] != self.tree.size:
                self.say("ledger.void", "a void record that was not next")
        except (ValueError, KeyError, TypeError):
            pass

    def check_record(self, line):
        record = json.loads(line.decode(), object_pairs_hook=no_repeats)
        seq, kind = record["seq"], record["type"]
        if canonical(record).encode() != line or len(line) > 65535:
            self.say("ledger.canonical", f"record {self.tree.size}")
        if type(seq) is not int or not TIME.fullmatch(record["time"]) or not isinstance(record["operator"], str) or not kind:
            raise ValueError("a member every record has")
        if seq != self.next:
            self.say("ledger.sequence", f"record {self.tree.size} says it is {seq}")
        if record["time"] < self.time:
            self.say("ledger.time", f"record {self.tree.size}")
        self.next, self.time = max(seq, self.next) + (seq >= self.next), max(self.time, record["time"])
        if seq == 0:
            self.revocations.begin = record["time"]
        if kind == "ca.created" and self.tree.size < FIRST_RECORDS:
            self.created.append(record)
        check = {"cert.signing": self.signing, "cert.issued": self.issued, "cert.abandoned": self.abandoned,
                 "cert.revoked": self.revoked, "cert.unrevoked": self.unrevoked, "crl.signing": self.revocations.crl_signing,
                 "crl.issued": self.revocations.crl_end, "crl.abandoned": self.revocations.crl_end,
                 "chain.set": self.chain_set}.get(kind)
        if check:
            check(record)
        self.controls.take(record)

    def check_created(self):
        """Section 5, the beginning. A record that names none of the three is held by the checkpoint alone."""
        names = ("certificate", "origin", "ledger_vkey")
        wanted = (self.revocations.der, self.key.name, self.vkey)
        if not self.has_note:
            self.say("ledger.created", "no checkpoint")
        for record in self.created:
            found = tuple(record.get(name) for name in names)
            if found == (None, None, None) or found[0] and (unbase64(found[0]), *found[1:]) == wanted:
                return
        self.say("ledger.created", "no ca.created of this CA among the first records")

    def history(self, holds, record):
        if not holds:
            self.say("ledger.history", f"record {record['seq']}")
        return holds

    @staticmethod
    def is_ca(record):
        tbs = unbase64(record["tbs"])
        certificate = x509.load_der_x509_certificate(seal(tbs, Tbs(tbs).algorithm, b"\0"))
        try:
            return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
        except x509.ExtensionNotFound:
            return False

    def signing(self, record):
        serial, tbs = serial_of(record), Tbs(unbase64(record["tbs"]))
        if not all(DIGEST.fullmatch(record[name]) for name in ("csr_sha256", "spki_sha256", "policy_sha256")) or not record["policy"]:
            raise ValueError("a digest or the policy")
        if not self.history(serial not in self.certificates, record):
            return
        # The key by its value: cryptography writes every point uncompressed.
        value = serialization.load_der_public_key(tbs.spki).public_bytes(serialization.Encoding.DER,
                                                                         serialization.PublicFormat.SubjectPublicKeyInfo)
        self.signings[record["seq"]] = record
        self.certificates[serial] = {"status": "unfinished", "issued": None, "not_after": record["not_after"],
                                     "subject": record["subject"], "key_value": sha256(value).hex()}
        if tbs.serial != serial or sha256(tbs.spki).hex() != record["spki_sha256"] or tbs.not_after != record["not_after"]:
            self.say("ledger.tbs", f"record {record['seq']}")

    def issued(self, record):
        signing = self.signings.pop(record["ref"], None)
        signature = unbase64(record["signature"])
        if not self.history(signing is not None, record):
            return
        self.certificates[serial_of(signing)].update(status="issued", issued=record["seq"])
        tbs = unbase64(signing["tbs"])
        algorithm = Tbs(tbs).algorithm
        try:
            verify(self.issuer.public_key(), algorithm, signature, tbs)
            if sha256(seal(tbs, algorithm, signature)).hex() != record["sha256"]:
                raise InvalidSignature("sha256")
        except InvalidSignature:
            self.say("ledger.certificate", f"record {record['seq']}")

    def chain_set(self, record):
        if not DIGEST.fullmatch(record["sha256"]) or type(record["certificates"]) is not int or not isinstance(record["command"], str):
            raise ValueError("a member of chain.set")
        self.chain = record

    def compare_chain(self):
        path = os.path.join(self.home, "chain.pem")
        try:
            ders = certificates_of(open(path, "rb").read() if os.path.exists(path) else b"")
            if self.chain and sha256(b"".join(ders)).hex() != self.chain["sha256"]:
                raise ValueError("another chain")
        except ValueError as why:
            self.say("ledger.chain", f"chain.pem: {why!r}")

    def abandoned(self, record):
        signing = self.signings.pop(record["ref"], None)
        if self.history(signing is not None, record):
            self.certificates[serial_of(signing)]["status"] = "abandoned"
            self.revocations.abandoned(record, signing)

    def revoked(self, record):
        certificate = self.certificates.get(serial_of(record))
        if self.history(certificate is None or certificate["status"] != "unfinished", record):
            if certificate:
                certificate["status"] = "revoked"
            self.revocations.revoked(record, certificate)

    def unrevoked(self, record):
        certificate = self.certificates.get(serial_of(record))
        if self.history(certificate is None or certificate["status"] == "revoked", record):
            if certificate:
                certificate["status"] = "abandoned" if certificate["issued"] is None else "issued"
            self.revocations.unrevoked(record)


def main():
    verifier = Verifier(sys.argv[1], sys.argv[2], sys.argv[3])
    verifier.read_notes()
    verifier.read_records()
    verifier.compare_chain()
    print(json.dumps({"records": verifier.tree.size, "root": verifier.tree.root().hex(),
                      "unfinished": len(verifier.signings), "crls": verifier.revocations.count, "findings": [rule + ": " + text for rule, text in verifier.findings]}))
    return 5 if verifier.findings else 0


if __name__ == "__main__":
    sys.exit(main())
