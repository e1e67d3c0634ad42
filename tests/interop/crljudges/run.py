#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every shape of CRL, with every kind of key, before six judges: openssl, certtool, Go, pyca/cryptography, pkilint and zlint.

run.py COLDCA SOURCE

Each must take it; those that read entries must read the serials and reasons that were revoked, no other, in that order; and openssl and Go's verifier
let the others in and turn the revoked away. A judge that takes a CRL with a fault judges nothing."""
import base64
import datetime
import json
import os
import shutil
import subprocess
import sys
import tempfile

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

PIN = "24681357"
KEYS = {"rsa-3072": [], "rsa-2048": ["--pss"], "ec-p256": [], "ec-p384": [], "ed25519": []}
DEVICE = ["--policy", "mqtt-device", "--set", "domain=iot.example"]
REASONS = ["keyCompromise", "cACompromise", "affiliationChanged", "superseded", "cessationOfOperation", "privilegeWithdrawn", "aACompromise"]
NUMBERS = {"keyCompromise": 1, "cACompromise": 2, "affiliationChanged": 3, "superseded": 4, "cessationOfOperation": 5, "certificateHold": 6, "privilegeWithdrawn": 9, "aACompromise": 10}

class Failed(Exception):
    pass


def need(holds, what):
    if not holds:
        raise Failed(what)


class Bench:
    def __init__(self, coldca, source, folder):
        self.coldca, self.source, self.folder = coldca, source, folder
        self.tools = os.path.join(source, "build", "crljudges")
        self.environment = {**os.environ, "COLDCA_DATA": source, "LC_ALL": "C.UTF-8", "NO_COLOR": "1", "SOFTHSM2_CONF": self.path("softhsm2.conf")}
        self.environment.pop("COLDCA_HOME", None)
        os.makedirs(self.path("token"))
        self.write("softhsm2.conf", f"directories.tokendir = {self.path('token')}\nobjectstore.backend = file\nlog.level = ERROR\n")
        for name, pin in (("pin", PIN), ("so-pin", "87654321")):
            self.write(name, pin)
            os.chmod(self.path(name), 0o600)
        self.coldca_does("token", "init", "--label", "test", "--so-pin-source", "file:so-pin", "--pin-source", "file:pin")

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def write(self, name, content):
        with open(self.path(name), "wb") as file:
            file.write(content if isinstance(content, bytes) else content.encode())

    def run(self, *command):
        result = subprocess.run(command, cwd=self.folder, env=self.environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
        return result.returncode, result.stdout.decode(), result.stderr.decode()

    def coldca_does(self, *arguments):
        code, out, err = self.run(self.coldca, *arguments)
        need(code == 0, f"coldca {' '.join(arguments)}: {out}{err}")
        return out

    # ---- the judges: what they have against a CRL, and what they read ----

    def openssl(self, ca, crl):
        code, out, err = self.run("openssl", "crl", "-in", crl, "-inform", "DER", "-CAfile", ca, "-noout", "-text")
        return ("" if code == 0 and "verify OK" in err else out + err), None

    def certtool(self, ca, crl):
        with open(self.path(crl), "rb") as file:
            text = base64.encodebytes(file.read()).decode()
        self.write("judged.pem", f"-----BEGIN X509 CRL-----\n{text}-----END X509 CRL-----\n")
        code, out, err = self.run("certtool", "--verify-crl", "--load-ca-certificate", ca, "--infile", "judged.pem")
        return ("" if code == 0 else out + err), None

    def go(self, ca, crl):
        said = self.crljudge(ca, crl)
        return said["go"], [(plain(entry["serial"]), entry["reason"]) for entry in said["entries"]]

    def zlint(self, ca, crl):
        found = self.crljudge(ca, crl)["zlint"]
        return ("" if not found else str(found)), None

    def crljudge(self, ca, crl):
        code, out, err = self.run(os.path.join(self.tools, "judge"), ca, crl)
        need(code == 0, f"crljudge: {out}{err}")
        return json.loads(out)

    def pyca(self, ca, crl):
        with open(self.path(ca), "rb") as file:
            issuer = x509.load_pem_x509_certificate(file.read())
        with open(self.path(crl), "rb") as file:
            try:
                read = x509.load_der_x509_crl(file.read())
                entries = [(f"{entry.serial_number:x}", reason_of(entry)) for entry in read]
                extensions = [extension.oid for extension in read.extensions]
            except ValueError as fault:
                return str(fault) or "ValueError", None
        if read.issuer != issuer.subject or not read.is_signature_valid(issuer.public_key()):
            return "its signature or issuer", None
        return ("" if x509.CRLNumber.oid in extensions and x509.AuthorityKeyIdentifier.oid in extensions else "an extension is missing"), entries

    def pkilint(self, _, crl):
        code, out, err = self.run(os.path.join(self.tools, "venv", "bin", "lint_crl"), "lint", "-t", "CRL", "-p", "PKIX", "-s", "WARNING", "-f", "JSON", "--document-format", "DER", crl)
        try:
            results = json.loads(out)["results"]
        except (json.JSONDecodeError, KeyError):
            return f"{code}: {out}{err}", None
        found = [finding for result in results for finding in result["finding_descriptions"]]
        return ("" if not found else str(found)), None

    JUDGES = ("openssl", "certtool", "go", "pyca", "pkilint", "zlint")

    def ask(self, ca, crl):
        return {judge: getattr(self, judge)(ca, crl) for judge in self.JUDGES}


def reason_of(entry):
    try:
        reason = entry.extensions.get_extension_for_class(x509.CRLReason).value.reason
    except x509.ExtensionNotFound:
        return 0
    return NUMBERS[reason.value]


def plain(serial):
    return serial.lstrip("0")


def make_faulty(bench):
    """CRLs with a fault each, and who must find it."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Faulty Root")])
    root = (x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(77)
            .not_valid_before(now - datetime.timedelta(days=1)).not_valid_after(now + datetime.timedelta(days=100))
            .add_extension(x509.BasicConstraints(True, None), True).add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
            .add_extension(x509.KeyUsage(False, False, False, False, False, True, True, False, False), True).sign(key, hashes.SHA256()))
    bench.write("faulty.pem", root.public_bytes(Encoding.PEM))
    aki = x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key())

    def build(number=True, aki_too=True):
        builder = x509.CertificateRevocationListBuilder().issuer_name(name).last_update(now).next_update(now + datetime.timedelta(days=3))
        builder = builder.add_extension(aki, False) if aki_too else builder
        return (builder.add_extension(x509.CRLNumber(3), False) if number else builder).sign(key, hashes.SHA256()).public_bytes(Encoding.DER)

    sound = build()
    yield "sound.der", sound, ()
    yield "forged.der", sound[:-1] + bytes([sound[-1] ^ 1]), ("openssl", "certtool", "go", "pyca")
    yield "no-number.der", build(number=False), ("pkilint", "zlint", "go", "pyca")
    yield "no-aki.der", build(aki_too=False), ("pkilint", "zlint", "pyca")
    yield "cut.der", sound[:-1], Bench.JUDGES


def check_judges(bench):
    for name, der, finders in make_faulty(bench):
        bench.write(name, der)
        for judge in Bench.JUDGES:
            try:
                said, _ = getattr(bench, judge)("faulty.pem", name)
            except Failed as fault:
                said = str(fault)
            if not finders:
                need(not said, f"{judge} rejects a sound CRL: {said}")
            elif judge in finders:
                need(said, f"{judge} takes {name}")


class Home:
    def __init__(self, bench, key, more):
        self.bench, self.name = bench, f"ca-{key}{''.join(more)}"
        self.revoked, self.number = {}, 0
        bench.coldca_does("-C", self.name, "init", "--token", "test", "--key", key, "--key-label", self.name, "--origin", f"{self.name}.example", *more,
                          "--subject", f"CN=Root {self.name}", "--pin-source", "file:pin")
        self.devices = [f"d{i}" for i in range(12)]
        bench.write("list.csv", "cn\n" + "\n".join(self.devices) + "\n")
        bench.coldca_does("request", *DEVICE, "--list", "list.csv", "--out", f"{self.name}-requests")
        bench.coldca_does("-C", self.name, "sign", *DEVICE, "--pin-source", "file:pin", "--out", f"{self.name}-issued", f"{self.name}-requests")

    def serial(self, device):
        with open(self.bench.path(f"{self.name}-issued", f"{device}.pem"), "rb") as file:
            return f"{x509.load_pem_x509_certificate(file.read()).serial_number:x}"

    def revoke(self, device, *more, reason=0):
        self.bench.coldca_does("-C", self.name, "revoke", "--certificate", f"{self.name}-issued/{device}.pem", "--yes", "--pin-source", "file:pin", *more)
        self.revoked.pop(self.serial(device), None)
        if "--release" not in more:
            self.revoked[self.serial(device)] = reason

    def foreign(self, serial, *more, reason=0):
        self.bench.coldca_does("-C", self.name, "revoke", "--serial", serial, "--foreign", "--yes", "--pin-source", "file:pin", *more)
        self.revoked[plain(serial)] = reason

    def judge(self, shape):
        bench = self.bench
        self.number += 1
        bench.coldca_does("-C", self.name, "crl", "--pin-source", "file:pin")
        ca, crl = f"{self.name}/ca.pem", f"{self.name}/crl/crl-{self.number}.der"
        bench.coldca_does("-C", self.name, "crl", "verify", crl)
        for judge, (said, entries) in bench.ask(ca, crl).items():
            need(not said, f"{self.name}, {shape}: {judge} has against it: {said}")
            wanted = [(plain(serial), reason) for serial, reason in self.revoked.items()]
            need(entries is None or entries == wanted, f"{self.name}, {shape}: {judge} reads {entries}, not {wanted}")
        for device in self.devices:
            for check in ("-crl_check", "-crl_check_all"):
                code, out, err = bench.run("openssl", "verify", "-x509_strict", check, "-CAfile", ca, "-CRLfile", f"{self.name}/crl/crl-{self.number}.pem", f"{self.name}-issued/{device}.pem")
                is_revoked = self.serial(device) in self.revoked
                need((code != 0) == is_revoked and ("certificate revoked" in out + err) == is_revoked, f"{self.name}, {shape}: openssl {check} of {device}: {out}{err}")
        print(f"{self.name}: {shape}: {len(self.revoked)} entries, {len(Bench.JUDGES)} judges", flush=True)


def judge_home(bench, key, more):
    home = Home(bench, key, more)
    home.judge("empty")
    home.revoke("d0")
    home.judge("one without a reason")
    home.revoke("d1", "--hold", reason=6)
    home.judge("a hold")
    home.revoke("d1", "--release")
    for device, reason in zip(home.devices[2:], REASONS):
        home.revoke(device, "--reason", reason, reason=NUMBERS[reason])
    home.judge("a release, and every reason")
    home.revoke("d9", "--invalidity-date", "2025-12-31")
    home.revoke("d10", "--reason", "keyCompromise", "--invalidity-date", "2026-01-01T10:11:12Z", reason=1)
    home.foreign("01")
    home.foreign("00ff" * 9 + "01", "--reason", "superseded", reason=4)
    home.judge("invalidity dates, and certificates from before the ledger")
    with open(bench.path(home.name, "ca.yaml"), "a", encoding="ascii") as file:
        file.write("crl:\n  days: 7\n  overlap_hours: 1\n  keep_expired: true\n")
    home.judge("keep_expired")


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    folder = tempfile.mkdtemp(prefix="coldca-crls-")
    try:
        bench = Bench(os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2]), folder)
        check_judges(bench)
        print("each judge finds the faults that are its to find")
        for key, more in KEYS.items():
            judge_home(bench, key, more)
    except Failed as fault:
        print(f"FAILED: {fault}")
        sys.exit(1)
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
