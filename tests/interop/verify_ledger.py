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

DIGEST = re.compile(r"[0-9a-f]{64}")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


def sha256(data):
    return hashlib.sha256(data).digest()


def unbase64(text):
    data = base64.b64decode(text, validate=True)
    if base64.b64encode(data).decode() != text:
        raise ValueError("not canonical base64")
    return data


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
        self.home, self.key = home, Key(vkey)
        self.issuer = x509.load_pem_x509_certificate(open(issuer, "rb").read())
        self.findings, self.tree, self.time, self.next = [], Tree(), "", 0
        self.serials, self.signings, self.notes = {}, {}, {}  # serial -> status; seq -> record; size -> roots

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
        check = {"cert.signing": self.signing, "cert.issued": self.issued, "cert.abandoned": self.abandoned,
                 "cert.revoked": self.revoked, "cert.unrevoked": self.revoked}.get(kind)
        if check:
            check(record)

    def history(self, holds, record):
        if not holds:
            self.say("ledger.history", f"record {record['seq']}")

    def wrap(self, record, signature):
        inner = unbase64(record["tbs"])
        algorithm = bytes.fromhex("300a06082a8648ce3d040302")  # what the test issuer signs with: ecdsa-with-SHA256
        if algorithm not in inner:
            raise ValueError("another algorithm")
        bits = b"\x03" + der_len(len(signature) + 1) + b"\0" + signature
        return b"\x30" + der_len(len(inner + algorithm + bits)) + inner + algorithm + bits

    def signing(self, record):
        serial = record["serial"]
        self.history(serial not in self.serials, record)
        self.serials[serial], self.signings[record["seq"]] = "unfinished", record
        if not all(DIGEST.fullmatch(record[name]) for name in ("csr_sha256", "spki_sha256", "policy_sha256")) or not record["policy"]:
            raise ValueError("a digest or the policy")
        certificate = x509.load_der_x509_certificate(self.wrap(record, b"\x30\x06\x02\x01\x01\x02\x01\x01"))
        spki = certificate.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        end = getattr(certificate, "not_valid_after_utc", None) or certificate.not_valid_after
        if (certificate.serial_number != int(serial, 16) or sha256(spki).hex() != record["spki_sha256"]
                or end.strftime("%Y-%m-%dT%H:%M:%SZ") != record["not_after"]):
            self.say("ledger.tbs", f"record {record['seq']}")

    def issued(self, record):
        signing = self.signings.pop(record["ref"], None)
        self.history(signing is not None, record)
        signature = unbase64(record["signature"])
        if signing is None:
            return
        self.serials[signing["serial"]] = "issued"
        try:
            der = self.wrap(signing, signature)
            self.issuer.public_key().verify(signature, unbase64(signing["tbs"]), ec.ECDSA(hashes.SHA256()))
            if sha256(der).hex() != record["sha256"]:
                raise ValueError("sha256")
        except (ValueError, InvalidSignature):
            self.say("ledger.certificate", f"record {record['seq']}")

    def abandoned(self, record):
        signing = self.signings.pop(record["ref"], None)
        self.history(signing is not None, record)
        if signing:
            self.serials[signing["serial"]] = "abandoned"

    def revoked(self, record):
        status = self.serials.get(record["serial"])
        if record["type"] == "cert.revoked":
            self.history(status != "unfinished", record)
            self.serials[record["serial"]] = "revoked" if status else None
        else:
            self.history(status in ("revoked", None), record)
            self.serials[record["serial"]] = "issued"


def der_len(length):
    if length < 128:
        return bytes([length])
    data = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes([128 + len(data)]) + data


def main():
    verifier = Verifier(sys.argv[1], sys.argv[2], sys.argv[3])
    verifier.read_notes()
    verifier.read_records()
    print(json.dumps({"records": verifier.tree.size, "root": verifier.tree.root().hex(),
                      "unfinished": len(verifier.signings), "findings": [rule + ": " + text for rule, text in verifier.findings]}))
    return 5 if verifier.findings else 0


if __name__ == "__main__":
    sys.exit(main())
