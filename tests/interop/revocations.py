# SPDX-License-Identifier: Apache-2.0
"""Who is revoked, and each CRL's bytes made again: section 9 of docs/ledger-format.md, from the page alone."""
import base64
import hashlib
import re

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
DIGEST = re.compile(r"[0-9a-f]{64}")
REASONS = {"unspecified": 0, "keyCompromise": 1, "cACompromise": 2, "affiliationChanged": 3, "superseded": 4, "cessationOfOperation": 5,
           "certificateHold": 6, "privilegeWithdrawn": 9, "aACompromise": 10}
SUBJECT_MAX = 1024  # bytes of a subject in a cert.revoked
# AlgorithmIdentifiers, DER: RFC 4055 5, RFC 5758 3.2, RFC 8410
ALGORITHMS = {"300d06092a864886f70d01010b0500": (rsa.RSAPublicKey, hashes.SHA256), "300d06092a864886f70d01010c0500": (rsa.RSAPublicKey, hashes.SHA384),
              "300d06092a864886f70d01010d0500": (rsa.RSAPublicKey, hashes.SHA512), "300a06082a8648ce3d040302": (ec.EllipticCurvePublicKey, hashes.SHA256),
              "300a06082a8648ce3d040303": (ec.EllipticCurvePublicKey, hashes.SHA384),
              "300a06082a8648ce3d040304": (ec.EllipticCurvePublicKey, hashes.SHA512), "300506032b6570": (ed25519.Ed25519PublicKey, None)}
PSS = bytes.fromhex("06092a864886f70d01010a")
PSS_HASHES = {"0609608648016503040201": hashes.SHA256, "0609608648016503040202": hashes.SHA384, "0609608648016503040203": hashes.SHA512}


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def unbase64(text):
    data = base64.b64decode(text, validate=True)
    if base64.b64encode(data).decode() != text:
        raise ValueError("not canonical base64")
    return data


# ---- DER ----

def der(tag, *parts):
    body = b"".join(parts)
    if len(body) < 128:
        return bytes([tag, len(body)]) + body
    length = len(body).to_bytes((len(body).bit_length() + 7) // 8, "big")
    return bytes([tag, 128 + len(length)]) + length + body


def der_integer(number):
    return der(0x02, number.to_bytes(number.bit_length() // 8 + 1, "big"))


def der_generalized(time):
    return der(0x18, re.sub("[-:T]", "", time).encode())


def der_time(time):
    return der_generalized(time) if time >= "2050" else der(0x17, re.sub("[-:T]", "", time)[2:].encode())


def take(data):
    """The first element: its tag, its content, the whole of it, the rest."""
    length, start = data[1], 2
    if length & 128:
        start += length & 127
        length = int.from_bytes(data[2:start], "big")
    if start + length > len(data):
        raise ValueError("DER that is cut")
    return data[0], data[start:start + length], data[:start + length], data[start + length:]


def elements(data):
    found = []
    while data:
        tag, content, whole, data = take(data)
        found.append((tag, content, whole))
    return found


class Tbs:
    """What is needed of a TBSCertificate (RFC 5280 4.1)."""

    def __init__(self, data):
        parts = elements(take(data)[1])
        parts = parts[1:] if parts[0][0] == 0xa0 else parts
        self.serial, self.algorithm, self.subject = int.from_bytes(parts[0][1], "big"), parts[1][2], parts[4][2]
        tag, text = elements(parts[3][1])[1][:2]
        text = text.decode() if tag == 0x18 else ("19" if text[:1] >= b"5" else "20") + text.decode()
        self.not_after = f"{text[:4]}-{text[4:6]}-{text[6:8]}T{text[8:10]}:{text[10:12]}:{text[12:14]}Z"
        self.spki = parts[5][2]


def seal(tbs, algorithm, signature):
    return der(0x30, tbs, algorithm, der(0x03, b"\0", signature))


def verify(key, algorithm, signature, data):
    """Raises InvalidSignature."""
    if PSS in algorithm and isinstance(key, rsa.RSAPublicKey):
        kind = next(PSS_HASHES[oid] for oid in PSS_HASHES if bytes.fromhex(oid) in algorithm)
        key.verify(signature, data, padding.PSS(padding.MGF1(kind()), kind.digest_size), kind())
        return
    wanted, kind = ALGORITHMS.get(algorithm.hex(), (None, None))
    if wanted is None or not isinstance(key, wanted):
        raise InvalidSignature("an algorithm that is none of this key")
    if wanted is rsa.RSAPublicKey:
        key.verify(signature, data, padding.PKCS1v15(), kind())
    elif wanted is ec.EllipticCurvePublicKey:
        key.verify(signature, data, ec.ECDSA(kind()))
    else:
        key.verify(signature, data)


# ---- members of records ----

def number(record, name):
    if type(record[name]) is not int or record[name] < 0:
        raise ValueError(name)
    return record[name]


def flag(record, name, absent):
    value = record.get(name, absent)
    if type(value) is not bool:
        raise ValueError(name)
    return value


def time(record, name):
    if not TIME.fullmatch(record[name]):
        raise ValueError(name)
    return record[name]


def optional(read, record, name, absent=None):
    return read(record, name) if name in record else absent


def serial_of(record):
    text = record["serial"]
    if not re.fullmatch(r"(?!00.)([0-9a-f]{2}){1,64}", text):
        raise ValueError("serial")
    return int(text, 16)


def bounded(text):
    """Text as a record repeats it: cut before a character."""
    data, length = text.encode(), SUBJECT_MAX
    if len(data) <= length:
        return text
    while data[length] & 0xc0 == 0x80:
        length -= 1
    return data[:length].decode()


class Entry:
    """A serial that is revoked or burned."""

    def __init__(self, position, date, end):
        self.position, self.date, self.end = position, date, end
        self.reason, self.invalidity, self.hold, self.burned, self.remembered = 0, None, False, False, None

    def der(self, serial):
        extensions = b""
        if self.reason:
            extensions += der(0x30, bytes.fromhex("0603551d15"), der(0x04, der(0x0a, bytes([self.reason]))))
        if self.invalidity:
            extensions += der(0x30, bytes.fromhex("0603551d18"), der(0x04, der_generalized(self.invalidity)))
        return der(0x30, der_integer(serial), der_time(self.date), der(0x30, extensions) if extensions else b"")


class Revocations:
    def __init__(self, issuer, say):
        """issuer: the certificate; say(rule, text)"""
        self.say = say
        self.key, self.der = issuer.public_key(), issuer.public_bytes(Encoding.DER)
        self.tbs = Tbs(issuer.tbs_certificate_bytes)
        identifiers = [one.value.digest for one in issuer.extensions if isinstance(one.value, x509.SubjectKeyIdentifier)]
        self.key_id = identifiers[0] if identifiers else b""
        self.entries = {}  # serial: Entry
        self.begin, self.last_number = None, 0
        self.unfinished, self.previous = None, None  # a crl.signing; with "issued": the seq of its crl.issued
        self.made = None  # the TBSCertList of the unfinished one, if it is right
        self.count = 0  # CRLs that were made again

    def wrong(self, record, text, rule="ledger.revocation"):
        self.say(rule, f"record {record['seq']}: {text}")
        return False

    # ---- certificates ----

    def abandoned(self, record, signing):
        entry = Entry(record["seq"], record["time"], signing["not_after"])
        entry.burned = True
        self.entries[serial_of(signing)] = entry

    def revoked(self, record, certificate):
        serial, known = serial_of(record), "hold" in record
        hold, foreign, reason = flag(record, "hold", True), flag(record, "foreign", False), REASONS[record.get("reason", "unspecified")]
        entry = Entry(record["seq"], optional(time, record, "revoked_at", record["time"]), optional(time, record, "not_after"))
        entry.reason, entry.invalidity, entry.hold = reason, optional(time, record, "invalidity_date"), hold
        if known and hold != (reason == REASONS["certificateHold"]):
            raise ValueError("hold and reason disagree")
        if max(entry.date, entry.invalidity or "") > record["time"]:
            self.wrong(record, "a time that is later than the record")
        if certificate is None:
            if "ref" in record or known and not foreign:
                self.wrong(record, "its certificate is in no cert.signing")
        else:
            self.repeats(record, known, foreign, certificate)
        before = self.entries.get(serial)
        if before and not before.burned and not before.hold:
            return self.wrong(record, "it is revoked already")
        if before:
            entry.remembered = before if before.burned else before.remembered
        self.entries[serial] = entry
        return True

    def repeats(self, record, known, foreign, certificate):
        """What a cert.revoked says of its certificate, held against cert.signing and cert.issued."""
        if foreign:
            self.wrong(record, "foreign, but a cert.signing has its serial")
        if (known or "not_after" in record) and record.get("not_after") != certificate["not_after"]:
            self.wrong(record, "another not_after than the cert.signing")
        if (known or "ref" in record) and optional(number, record, "ref") != certificate["issued"]:
            self.wrong(record, "its ref is not the cert.issued")
        if record.get("key_value", certificate["key_value"]) != certificate["key_value"]:
            self.wrong(record, "another key_value than the certificate's")
        if record.get("subject", bounded(certificate["subject"])) != bounded(certificate["subject"]):
            self.wrong(record, "another subject than the cert.signing")

    def unrevoked(self, record):
        serial = serial_of(record)
        entry = self.entries.get(serial)
        if entry is None or entry.burned or not entry.hold:
            return self.wrong(record, "it releases what is not on hold")
        if optional(number, record, "ref", entry.position) != entry.position:
            return self.wrong(record, "its ref is not the cert.revoked in force")
        del self.entries[serial]
        if entry.remembered:
            self.entries[serial] = entry.remembered
        return True

    # ---- CRLs ----

    def crl_signing(self, record):
        if record["rule"] != 1 or record["order"] != "ledger" or record["scope"] != {}:
            raise ValueError("a rule, order or scope that is not on the page")
        keep = flag(record, "keep_expired", False)
        if keep != ("expired_since" in record) or not DIGEST.fullmatch(record["tbs_sha256"]):
            raise ValueError("keep_expired, or tbs_sha256")
        this, tbs = time(record, "this_update"), self.rebuild(record)
        made = None
        if record["issuer_sha256"] != sha256(self.der):
            self.wrong(record, "another issuer", "ledger.crl")
        elif keep and record["expired_since"] != self.begin:
            self.wrong(record, "expired_since is not the time of record 0", "ledger.crl")
        elif not this < record["next_update"] <= self.tbs.not_after:
            self.wrong(record, "a next_update that can't be", "ledger.crl")
        elif tbs is not None:
            made = tbs
        if this > record["time"]:
            self.wrong(record, "a this_update that is later than the record")
        self.begin_crl(record, this, made)

    def begin_crl(self, record, this, made):
        previous = self.previous
        if number(record, "number") <= self.last_number:
            return self.wrong(record, "its number is not larger than those before")
        if self.unfinished:
            return self.wrong(record, "the CRL before has no end")
        if previous and this < previous["this_update"]:
            return self.wrong(record, "its this_update is before the newest CRL's")
        if number(record, "size") != record["seq"]:
            return self.wrong(record, "its size is not its seq")
        if optional(number, record, "previous") != (previous["issued"] if previous else None):
            return self.wrong(record, "its previous is not the newest crl.issued")
        self.last_number, self.unfinished, self.made = record["number"], record, made
        return True

    def is_listed(self, entry, keep):
        previous = self.previous
        return keep or previous is None or entry.position >= previous["size"] or entry.end is None or entry.end >= previous["this_update"]

    def rebuild(self, record):
        """The TBSCertList; None if the record does not say what it should."""
        keep = record.get("keep_expired", False)
        extensions = der(0x30, bytes.fromhex("0603551d23"), der(0x04, der(0x30, der(0x80, self.key_id))))
        extensions += der(0x30, bytes.fromhex("0603551d14"), der(0x04, der_integer(number(record, "number"))))
        if keep:
            extensions += der(0x30, bytes.fromhex("0603551d3c"), der(0x04, der_generalized(time(record, "expired_since"))))
        extensions = der(0x30, extensions)
        entries = [entry.der(serial) for serial, entry in sorted(self.entries.items(), key=lambda item: item[1].position)
                   if self.is_listed(entry, keep)]
        tbs = der(0x30, der_integer(1), unbase64(record["algorithm"]), self.tbs.subject, der_time(time(record, "this_update")),
                  der_time(time(record, "next_update")), der(0x30, *entries) if entries else b"", der(0xa0, extensions))
        if unbase64(record["extensions"]) != extensions:
            self.wrong(record, "its extensions are others", "ledger.crl")
        elif number(record, "count") != len(entries):
            self.wrong(record, f"its count is not {len(entries)}", "ledger.crl")
        elif number(record, "tbs_len") != len(tbs) or record["tbs_sha256"] != sha256(tbs):
            self.wrong(record, "another TBSCertList", "ledger.crl")
        else:
            return tbs
        return None

    def crl_end(self, record):
        signing, self_made = self.unfinished, self.made
        number(record, "ref"), number(record, "number")
        is_issued = record["type"] == "crl.issued"
        signature = unbase64(record["signature"]) if is_issued else record["reason"]
        if is_issued and not DIGEST.fullmatch(record["sha256"]):
            raise ValueError("sha256")
        if signing is None or (record["ref"], record["number"]) != (signing["seq"], signing["number"]):
            return self.wrong(record, "it ends no unfinished crl.signing of its number")
        self.unfinished = self.made = None
        if is_issued:
            self.previous = {**signing, "issued": record["seq"]}
            if self_made is not None:
                self.crl_issued(record, signing, self_made, signature)
        return True

    def crl_issued(self, record, signing, tbs, signature):
        algorithm = unbase64(signing["algorithm"])
        try:
            verify(self.key, algorithm, signature, tbs)
        except InvalidSignature:
            self.wrong(record, "its signature is not of this TBSCertList", "ledger.crl")
            return
        if sha256(seal(tbs, algorithm, signature)) != record["sha256"]:
            self.wrong(record, "another CRL", "ledger.crl")
            return
        self.count += 1
