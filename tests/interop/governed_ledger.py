# SPDX-License-Identifier: Apache-2.0
"""Makes a ledger under controls, with approvals, as docs/ledger-format.md says it: no code of coldca. Used by control_faults.py."""
import base64
import datetime
import json
import os

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.x509.oid import NameOID

from controls import item_leaf, sha256
from verify_ledger import Tree, canonical

ORIGIN = "ca.example/controls"
BEGIN = datetime.datetime(2027, 1, 1)
RAW = (serialization.Encoding.Raw, serialization.PublicFormat.Raw)
SPKI = (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def at(seconds):
    return (BEGIN + datetime.timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def text64(data):
    return base64.b64encode(data).decode()


class Signer:
    """A key that signs notes: a person's, or the ledger's."""

    def __init__(self, name, seed, curve=False):
        self.name, self.curve = name, curve
        if curve:
            self.key = ec.derive_private_key(int.from_bytes(sha256(seed.encode()), "big") >> 1, ec.SECP256R1())
            raw = self.key.public_key().public_bytes(*SPKI)
            self.id, data = sha256(raw)[:4], b"\2" + raw
        else:
            self.key = ed25519.Ed25519PrivateKey.from_private_bytes(sha256(seed.encode()))
            data = b"\1" + self.key.public_key().public_bytes(*RAW)
            self.id = sha256(name.encode() + b"\n" + data)[:4]
        self.vkey = f"{name}+{self.id.hex()}+{text64(data)}"

    def note(self, text, name=None):
        signature = self.key.sign(text.encode(), ec.ECDSA(hashes.SHA256())) if self.curve else self.key.sign(text.encode())
        return f"{text}\n— {name or self.name} {text64(self.id + signature)}\n"


class Issuer:
    def __init__(self):
        self.key = ec.derive_private_key(int.from_bytes(sha256(b"the CA"), "big") >> 1, ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Governed CA")])
        self.certificate = self.make("Governed CA", self.key.public_key(), 1, True)

    def make(self, subject, key, serial, is_ca):
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)])
        ski = x509.SubjectKeyIdentifier.from_public_key(self.key.public_key())
        builder = (x509.CertificateBuilder().subject_name(name).issuer_name(self.name).public_key(key).serial_number(serial)
                   .not_valid_before(BEGIN).not_valid_after(BEGIN + datetime.timedelta(days=3650 if serial == 1 else 365))
                   .add_extension(x509.BasicConstraints(ca=is_ca, path_length=None), critical=True))
        if is_ca:
            builder = builder.add_extension(x509.KeyUsage(False, False, False, False, False, True, True, False, False), critical=True)
        if serial == 1:
            builder = builder.add_extension(ski, critical=False)
        else:
            builder = builder.add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(ski), critical=False)
        return builder.sign(self.key, hashes.SHA256())

    def item(self, subject, number, policy, is_ca=False):
        """A cert.signing, and the certificate it comes to."""
        key = ec.derive_private_key(number, ec.SECP256R1()).public_key()
        certificate = self.make(subject, key, 0x5a000000 + number, is_ca)
        end = BEGIN + datetime.timedelta(days=365)
        spki = sha256(key.public_bytes(*SPKI)).hex()
        return {"type": "cert.signing", "tbs": text64(certificate.tbs_certificate_bytes), "serial": f"{0x5a000000 + number:08x}",
                "subject": "CN=" + subject, "not_after": end.strftime("%Y-%m-%dT%H:%M:%SZ"), "policy": "device", "policy_sha256": policy,
                "csr_sha256": sha256(subject.encode()).hex(), "spki_sha256": spki, "source": subject + ".csr"}, certificate


def issued(ref, certificate):
    return {"type": "cert.issued", "ref": ref, "signature": text64(certificate.signature),
            "sha256": sha256(certificate.public_bytes(serialization.Encoding.DER)).hex()}


def policy_record(text):
    return {"type": "policy.approved", "name": "device", "text": text, "sha256": sha256(text.encode()).hex()}


class Plan:
    def __init__(self, act, control, items, **header):
        self.items = items
        leaves = [item_leaf(item, canonical) for item in items]
        self.rows = [leaves]
        while len(self.rows[-1]) > 1:
            row = self.rows[-1]
            self.rows.append([sha256(b"\1" + row[i] + row[i + 1]) if i + 1 < len(row) else row[i] for i in range(0, len(row), 2)])
        self.header = {"version": 1, "act": act, "origin": ORIGIN, "vkey": None, "control": control, "not_before": at(0),
                       "not_after": at(7 * 86400), "count": len(items), "root": self.rows[-1][0].hex()}
        if act in ("issue", "issue_ca"):
            self.header.update(policy=items[0]["policy"], policy_sha256=items[0]["policy_sha256"])
        self.header.update(header)
        self.text = canonical(self.header)
        self.digest = sha256(self.text.encode()).hex()

    def approval(self, person, time=at(10), **changes):
        lines = {"first": "coldca approval v1", "origin": ORIGIN, "plan": self.digest, "act": self.header["act"], "time": time, **changes}
        return person.note("".join(line + "\n" for line in lines.values()))

    def approved(self, *people):
        return {"type": "plan.approved", "header": self.text, "plan_sha256": self.digest, "approvals": [self.approval(person) for person in people]}

    def done(self, index, **changes):
        """The record of an item, as the run writes it."""
        path, place = [], index
        for row in self.rows[:-1]:
            if place ^ 1 < len(row):
                path.append(row[place ^ 1])
            place //= 2
        return {**self.items[index], "plan_sha256": self.digest, "plan_index": index, "plan_path": text64(b"".join(path)), "batch": "1", **changes}


class Scene:
    """A history that holds; what it is made of stays at hand, so that faults can be made of it."""

    def __init__(self):
        self.ledger, self.issuer = Signer(ORIGIN, "the ledger"), Issuer()
        self.a, self.b, self.c, self.d = Signer("ann", "a"), Signer("bob", "b"), Signer("cyd", "c", curve=True), Signer("dan", "d")
        self.auditor = Signer("eve", "e")
        first, second = policy_record("policy: device\n"), policy_record("policy: device\n# second\n")
        made = [self.issuer.item(f"d-{i}", 10 + i, first["sha256"]) for i in range(3)]
        items, certificates = [item for item, _ in made], [certificate for _, certificate in made]
        self.sub = self.issuer.item("Sub CA", 30, first["sha256"], True)
        later, later_certificate = self.issuer.item("d-9", 40, second["sha256"])
        self.foreign_item, _ = self.issuer.item("d-evil", 50, first["sha256"])
        revoked = {"type": "cert.revoked", "serial": items[0]["serial"], "reason": "superseded", "revoked_at": at(9), "not_after": items[0]["not_after"],
                   "ref": 6, "hold": False}
        self.control = {"type": "control.set", "people": self.people(self.a, self.b, self.c) + [{"name": "eve", "role": "auditor", "key": self.auditor.vkey}],
                        "quorum": dict.fromkeys(("issue", "issue_ca", "revoke", "crl", "control", "policy"), 2), "emergency": ["revoke", "crl"],
                        "policies": "approved", "crl": {"max_days": 40, "keep_expired": False}}
        changed = {**self.control, "previous": 2, "people": self.people(self.a, self.b, self.c, self.d), "quorum": {**self.control["quorum"], "issue": 1}}
        self.issue, self.revoke = self.plan("issue", 2, items), self.plan("revoke", 2, [revoked])
        self.policy, self.change = self.plan("policy", 2, [second]), self.plan("control", 2, [changed])
        self.later = self.plan("issue", 14, [later])
        self.records = [
            {"type": "ca.created", "certificate": text64(self.issuer.certificate.public_bytes(serialization.Encoding.DER)), "origin": ORIGIN,
             "ledger_vkey": self.ledger.vkey, "command": "init"},
            first, self.control,                                                                    # 1, 2
            self.issue.approved(self.a, self.b), self.issue.done(0), self.issue.done(2),            # 3, 4, 5
            issued(4, certificates[0]), issued(5, certificates[2]),                                 # 6, 7
            self.revoke.approved(self.a, self.c), self.revoke.done(0),                              # 8, 9
            self.policy.approved(self.c, self.b, self.a), self.policy.done(0),                      # 10, 11
            {"type": "note", "text": "anything"}, self.change.approved(self.b, self.a), self.change.done(0),  # 12, 13, 14
            self.later.approved(self.d), self.later.done(0), issued(16, later_certificate),         # 15, 16, 17
            {"type": "cert.revoked", "serial": items[2]["serial"], "reason": "keyCompromise", "revoked_at": at(18), "not_after": items[2]["not_after"],
             "ref": 7, "hold": False, "emergency_reason": "the key was seen in a repository"},             # 18
        ]

    @staticmethod
    def people(*signers):
        return [{"name": signer.name, "role": "approver", "key": signer.vkey} for signer in signers]

    def plan(self, act, control, items, **changes):
        return Plan(act, control, items, **{"vkey": self.ledger.vkey, **changes})

    def write(self, path):
        """As somebody with the home, the token and its PIN would write it: in form, and under a checkpoint."""
        tree, lines = Tree(), []
        for seq, record in enumerate(self.records):
            line = canonical({"seq": seq, "time": at(100 + seq), "operator": "op", **record}).encode()
            tree.add(line)
            lines.append(line + b"\n")
        note = self.ledger.note(f"{ORIGIN}\n{tree.size}\n{text64(tree.root())}\n")
        files = {"ledger.jsonl": b"".join(lines), "ledger.checkpoint": note.encode(), "ledger.checkpoints": note.encode() + b"\n",
                 "vkey": self.ledger.vkey.encode(), "ca.pem": self.issuer.certificate.public_bytes(serialization.Encoding.PEM),
                 "ca.yaml": (f'version: 1\norigin: {ORIGIN}\ntoken: {{profile: softhsm2, uri: "pkcs11:token=none"}}\nca_key: "pkcs11:object=none"\n'
                             f'ledger_key: "pkcs11:object=none"\nledger_vkey: "{self.ledger.vkey}"\n').encode()}
        os.makedirs(path)
        for name, data in files.items():
            with open(os.path.join(path, name), "wb") as file:
                file.write(data)
