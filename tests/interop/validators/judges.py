# SPDX-License-Identifier: Apache-2.0
"""Five validators that share no code with coldca, asked the same question: is this certificate good for its purposes below this root?"""
import base64
import datetime
import glob
import json
import os
import shutil
import subprocess

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import verification

HERE = os.path.dirname(os.path.abspath(__file__))
SERVER, CLIENT, CODE, EMAIL, STAMP, OCSP = (f"1.3.6.1.5.5.7.3.{i}" for i in (1, 2, 3, 4, 8, 9))
# What `openssl verify -purpose` calls them; it has no word for code signing before 3.2.
OPENSSL = {SERVER: ["sslserver"], CLIENT: ["sslclient"], OCSP: ["ocsphelper"], STAMP: ["timestampsign"]}


def extensions_of(certificate):
    """None, if it has one that this library can't read: others may."""
    try:
        return list(certificate.extensions)
    except ValueError:
        return []


class Question:
    """A certificate, the CAs above it (nearest first, the root last), and what it is for."""

    def __init__(self, leaf, cas):
        self.leaf, self.cas, self.root, self.between = leaf, cas, cas[-1], cas[:-1]
        self.is_ca, self.purposes, self.usage, self.names = False, [], None, []
        # A twin may be unreadable; the judges say so.
        for extension in extensions_of(leaf):
            value = extension.value
            if isinstance(value, x509.BasicConstraints):
                self.is_ca = value.ca
            elif isinstance(value, x509.ExtendedKeyUsage):
                self.purposes = [oid.dotted_string for oid in value]
            elif isinstance(value, x509.KeyUsage):
                self.usage = value
            elif isinstance(value, x509.SubjectAlternativeName):
                self.names = list(value)

    def purposes_above(self):
        return [[oid.dotted_string for oid in extension.value] for ca in self.cas for extension in extensions_of(ca) if isinstance(extension.value, x509.ExtendedKeyUsage)]

    def hosts(self):
        """What a client asks a server for: each of its names; any name of one that has none."""
        return self.hosts_in_san() if self.names else ["any.example"]

    def hosts_in_san(self):
        return [name.value for name in self.names if isinstance(name, x509.DNSName)]


def der(certificate):
    return certificate.public_bytes(Encoding.DER)


def pem(certificates):
    return b"".join(certificate.public_bytes(Encoding.PEM) for certificate in certificates)


def newest_go():
    """Debian 12's own Go is from 2022; the one that scripts/setup fetched for tlogclient is newer."""
    fetched = sorted(glob.glob(os.path.join(HERE, "../../../build/go/golang.org/toolchain*/bin/go")))
    return os.environ.get("VALIDATORS_GO") or (fetched[-1] if fetched else shutil.which("go"))


class Lines:
    """A judge that stays and answers line by line."""

    def __init__(self, command, **options):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, **options)

    def ask(self, line):
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer.endswith(b"\n"):
            raise SystemExit(f"FAILED: {self.process.args[0]} ended")
        return answer.decode().strip()

    def close(self):
        self.process.stdin.close()
        self.process.wait()


class Judges:
    def __init__(self, folder):
        self.folder = folder
        go = os.path.join(folder, "judge-go")
        subprocess.run([newest_go(), "build", "-o", go, os.path.join(HERE, "judge.go")], check=True,
                       env={**os.environ, "GOFLAGS": "-mod=mod", "GO111MODULE": "off", "GOTOOLCHAIN": "local", "GOCACHE": os.path.abspath(os.path.join(HERE, "../../../build/go-cache"))})
        self.go_process = Lines([go])
        # Java takes file names for what the locale can spell: below a folder with an umlaut it finds nothing in the locale C.
        self.java_process = Lines(["java", "-Xshare:auto", "-XX:TieredStopAtLevel=1", os.path.join(HERE, "Judge.java")], env={**os.environ, "LC_ALL": "C.UTF-8"})
        self.names = ["openssl", "go", "gnutls", "java", "pyca"]

    def close(self):
        self.go_process.close()
        self.java_process.close()

    def ask(self, question):
        """Judge to what it has against the certificate; "" if it accepts."""
        return {name: getattr(self, name)(question) for name in self.names}

    def run(self, command, files):
        for name, content in files.items():
            with open(os.path.join(self.folder, name), "wb") as file:
                file.write(content)
        result = subprocess.run(command, cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, check=False)
        return result.returncode, result.stdout.decode(errors="replace")

    def openssl(self, question):
        purposes = [purpose for oid in question.purposes for purpose in OPENSSL.get(oid, [])]
        if EMAIL in question.purposes and question.usage is not None:
            signs = question.usage.digital_signature or question.usage.content_commitment
            purposes.append("smimesign" if signs else "smimeencrypt")
        if question.is_ca:
            purposes = []
        for purpose in purposes or ["any"]:
            code, said = self.run(
                ["openssl", "verify", "-x509_strict", "-purpose", purpose, "-CAfile", "root.pem", *(["-untrusted", "between.pem"] if question.between else []), "leaf.pem"],
                {"root.pem": pem([question.root]), "between.pem": pem(question.between), "leaf.pem": pem([question.leaf])})
            if code != 0:
                lines = [line for line in said.splitlines() if line.startswith("error ")]
                return f"{purpose}: {lines[0] if lines else said}"
        return ""

    def gnutls(self, question):
        for purpose in [] if question.is_ca else question.purposes:
            answer = self.certtool(question, ["--verify-purpose", purpose])
            if answer:
                return answer
        return self.certtool(question, [])

    def certtool(self, question, more):
        code, said = self.run(["certtool", "--verify", "--load-ca-certificate", "root.pem", "--infile", "chain.pem", *more],
                              {"root.pem": pem([question.root]), "chain.pem": pem([question.leaf, *question.between])})
        return "" if code == 0 else " ".join(said.split())[-200:]

    def go(self, question):
        asked = {"leaf": der(question.leaf), "chain": [der(ca) for ca in question.between], "root": der(question.root)}
        text = {key: [base64.b64encode(each).decode() for each in value] if isinstance(value, list) else base64.b64encode(value).decode()
                for key, value in asked.items()}
        return self.go_process.ask(json.dumps({**text, "purposes": [] if question.is_ca else question.purposes,
                                               "hosts": question.hosts() if SERVER in question.purposes and not question.is_ca else []}))

    def java(self, question):
        path = " ".join(base64.b64encode(der(each)).decode() for each in [question.leaf, *question.cas])
        return self.java_process.ask(f"{path} | {'' if question.is_ca else ' '.join(question.purposes)}")

    def pyca(self, question):
        # It verifies end entities, and them for TLS: below CAs for other purposes it has nothing to say.
        if question.is_ca or CLIENT not in question.purposes and any(CLIENT not in purposes for purposes in question.purposes_above()):
            return ""
        builder = verification.PolicyBuilder().store(verification.Store([question.root])).time(datetime.datetime.now(datetime.timezone.utc))
        builder = builder.extension_policies(ca_policy=verification.ExtensionPolicy.webpki_defaults_ca(),
                                             ee_policy=verification.ExtensionPolicy.permit_all())
        try:
            builder.build_client_verifier().verify(question.leaf, question.between)
        except (verification.VerificationError, ValueError) as fault:
            return str(fault) or type(fault).__name__
        return ""
