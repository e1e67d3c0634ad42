#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""coldca sign against openssl ca (engine pkcs11, one process, -infiles): the same requests, tokens of one SoftHSM, taken in turns.

usage: sign.py BUILD_FOLDER [--requests N] [--rounds N] [--json]
Everything coldca does is in its time: confined readers, policy, ledger with fsync, each signature verified, files synced.
"""
import argparse
import glob
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

ENGINE_CONF = """openssl_conf = start
[start]
engines = engines
[engines]
pkcs11 = pkcs11_section
[pkcs11_section]
engine_id = pkcs11
MODULE_PATH = {module}
PIN = {pin}
init = 0
"""

CA_CONF = """[ca]
default_ca = test
[test]
database = {folder}/index.txt
new_certs_dir = {folder}/new
certificate = {folder}/ca.pem
rand_serial = yes
default_md = sha256
default_days = 365
policy = any
unique_subject = no
email_in_dn = no
x509_extensions = device
[any]
commonName = supplied
[device]
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid,issuer
keyUsage = critical,digitalSignature
extendedKeyUsage = clientAuth
"""


def measured(command, **more):
    """Runs it; seconds and the resident memory, in MiB, of its largest process."""
    start = time.monotonic()
    with tempfile.TemporaryFile() as words:
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=words, **more)
        _, status, usage = os.wait4(child.pid, 0)
        seconds = time.monotonic() - start
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode != 0:
            words.seek(0)
            sys.exit(f"bench: {command[0]} ended with {child.returncode}: {words.read(2000).decode(errors='replace')}")
    return seconds, usage.ru_maxrss / 1024


def quiet(*command, **more):
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, **more)


def softhsm_module():
    for path in glob.glob("/usr/lib/softhsm/libsofthsm2.so") + glob.glob("/usr/lib/*/softhsm/libsofthsm2.so"):
        return path
    sys.exit("bench: SoftHSM is not installed: scripts/setup build")


class Coldca:
    def __init__(self, build, folder):
        self.binary, self.folder = os.path.join(build, "coldca"), folder

    def command(self, *arguments):
        return [self.binary, "-C", f"{self.folder}/ca", "--pin-source", f"file:{self.folder}/pin", *arguments]

    def prepare(self):
        pathlib.Path(self.folder, "tokens").mkdir()
        conf = pathlib.Path(self.folder, "softhsm2.conf")
        conf.write_text(f"directories.tokendir = {self.folder}/tokens\nobjectstore.backend = file\nlog.level = ERROR\n")
        os.environ["SOFTHSM2_CONF"] = str(conf)
        os.environ["COLDCA_DATA"] = os.getcwd()
        for name in ("pin", "so-pin"):
            path = pathlib.Path(self.folder, name)
            path.touch(mode=0o600)
            path.write_text("24681357\n")
        for label in ("ours", "theirs"):
            quiet(*self.command("token", "init", "--label", label, "--so-pin-source", f"file:{self.folder}/so-pin"))
        quiet(*self.command("init", "--token", "ours", "--key", "ec-p256", "--subject", "CN=Bench Root"))

    def make_requests(self, count):
        ids = pathlib.Path(self.folder, "ids")
        ids.write_text("".join(f"device-{i:06}\n" for i in range(count)))
        quiet(self.binary, "request", "--policy", "mqtt-device", "--set", "domain=iot.example", "--list", str(ids),
              "--out", f"{self.folder}/made")
        os.mkdir(f"{self.folder}/requests")
        for path in glob.glob(f"{self.folder}/made/*.csr"):
            os.rename(path, f"{self.folder}/requests/{os.path.basename(path)}")

    def sign(self, turn):
        return measured(self.command("sign", "--policy", "mqtt-device", "--set", "domain=iot.example", "--reissue",
                                     "--out", f"{self.folder}/issued-{turn}", f"{self.folder}/requests"))


class OpensslCa:
    """A token without an Ed25519 key: libp11 0.4.12, below the engine, fails on those."""

    def __init__(self, folder):
        self.folder = f"{folder}/openssl"
        self.requests = f"{folder}/requests"
        self.environment = {**os.environ, "OPENSSL_CONF": f"{self.folder}/engine.cnf"}

    def prepare(self):
        os.mkdir(self.folder)
        pathlib.Path(self.folder, "engine.cnf").write_text(ENGINE_CONF.format(module=softhsm_module(), pin="24681357"))
        pathlib.Path(self.folder, "ca.cnf").write_text(CA_CONF.format(folder=self.folder))
        quiet("pkcs11-tool", "--module", softhsm_module(), "--token-label", "theirs", "--login", "--pin", "24681357",
              "--keypairgen", "--key-type", "EC:prime256v1", "--label", "ca", "--id", "01")
        quiet("openssl", "req", "-new", "-x509", "-engine", "pkcs11", "-keyform", "engine", "-key", self.key(), "-subj",
              "/CN=Bench Root", "-days", "3650", "-out", f"{self.folder}/ca.pem", env=self.environment)

    @staticmethod
    def key():
        return "pkcs11:token=theirs;object=ca;type=private"

    def sign(self, turn):
        new = f"{self.folder}/new"
        if os.path.exists(new):
            os.rename(new, f"{new}-{turn}")
        os.mkdir(new)
        pathlib.Path(self.folder, "index.txt").write_text("")
        result = measured(["openssl", "ca", "-batch", "-notext", "-config", f"{self.folder}/ca.cnf", "-engine", "pkcs11",
                           "-keyform", "engine", "-keyfile", self.key(), "-infiles",
                           *sorted(glob.glob(f"{self.requests}/*.csr"))], env=self.environment)
        made = len(os.listdir(new))
        wanted = len(os.listdir(self.requests))
        if made != wanted:
            sys.exit(f"bench: openssl ca made {made} of {wanted} certificates")
        return result


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build")
    parser.add_argument("--requests", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="coldca-bench-") as folder:
        coldca, openssl = Coldca(given.build, folder), None
        coldca.prepare()
        coldca.make_requests(given.requests)
        openssl = OpensslCa(folder)
        openssl.prepare()
        runs = {"coldca sign": [], "openssl ca": []}
        for turn in range(given.rounds):
            runs["coldca sign"].append(coldca.sign(turn))
            runs["openssl ca"].append(openssl.sign(turn))
    rows = {}
    for name, measures in runs.items():
        seconds = statistics.median(run[0] for run in measures)
        rows[name] = {"seconds": round(seconds, 3), "certificates_per_s": round(given.requests / seconds),
                      "peak_memory_mib": round(max(run[1] for run in measures), 1)}
    ratio = round(rows["openssl ca"]["seconds"] / rows["coldca sign"]["seconds"], 2)
    if given.json:
        print(json.dumps({"requests": given.requests, "rounds": given.rounds, "runs": rows, "ratio": ratio}))
        return
    print(f"{given.requests} P-256 requests, P-256 CA in SoftHSM, medians of {given.rounds} rounds")
    print(f"{'':12} {'seconds':>9} {'certificates/s':>15} {'largest process MiB':>20}")
    for name, row in rows.items():
        print(f"{name:12} {row['seconds']:9.3f} {row['certificates_per_s']:15} {row['peak_memory_mib']:20}")
    print(f"coldca sign is {ratio} times as fast as openssl ca")


if __name__ == "__main__":
    main()
