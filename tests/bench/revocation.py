#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures CRLs: revocation.py BUILD_FOLDER [--entries N] [--monthly N] [--key ec-p256|rsa-3072|...] [--without-openssl] [--json]. Prints what it measured and the bar for it; judges nothing.

A CA in a SoftHSM token, whose ledger gets three records for each of N certificates (1,000,000) that were issued and revoked: written here, as no CA could in a
moment, with TBSCertificates that nobody looks at. Then, each in a process of its own: one reading of the file, a CRL, a CRL that is verified, one revocation there and in
an empty home; a CRL of as many entries by an Ed25519 key, which signs the whole list at once; `openssl ca -gencrl` of as many; and `ledger verify` of a home with an eighth, a
quarter, half and all of --monthly CRLs (240)."""
import base64
import datetime
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile

PIN = "24681357"
GROUP = 64  # certificates signed before their signatures are logged
# Runs a command from a process that holds little: the most memory of a process counts from when it was forked (getrusage(2)), and this program is large.
MEASURE = """
import os, sys, time
start = time.monotonic()
child = os.posix_spawnp(sys.argv[2], sys.argv[2:], os.environ)
_, status, usage = os.wait4(child, 0)
took = time.monotonic() - start
os.write(int(sys.argv[1]), f"{os.waitstatus_to_exitcode(status)} {took} {usage.ru_utime + usage.ru_stime} {usage.ru_maxrss / 1024}".encode())
"""


class Bench:
    def __init__(self, coldca, source, folder):
        self.coldca, self.folder = coldca, folder
        self.environment = {**os.environ, "COLDCA_DATA": source, "LC_ALL": "C.UTF-8", "NO_COLOR": "1", "SOFTHSM2_CONF": self.path("softhsm2.conf")}
        self.environment.pop("COLDCA_HOME", None)
        os.makedirs(self.path("token"))
        self.write("softhsm2.conf", f"directories.tokendir = {self.path('token')}\nobjectstore.backend = file\nlog.level = ERROR\n")
        for name, pin in (("pin", PIN), ("so-pin", "87654321")):
            self.write(name, pin)
            os.chmod(self.path(name), 0o600)
        self.run(self.coldca, "token", "init", "--label", "bench", "--so-pin-source", "file:so-pin", "--pin-source", "file:pin")

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def write(self, name, content):
        with open(self.path(name), "w", encoding="ascii") as file:
            file.write(content)

    def run(self, *command, at=None, wanted=(0,)):
        """What it cost: seconds, processor seconds, MiB at most, and what it said."""
        if at is not None:
            command = ("faketime", "-f", f"@{at:%Y-%m-%d %H:%M:%S}", *command)
        ear, mouth = os.pipe()
        with open(self.path("said"), "wb") as said:
            measuring = (sys.executable, "-I", "-S", "-c", MEASURE, str(mouth), *command)
            subprocess.run(measuring, cwd=self.folder, env={**self.environment, "TZ": "UTC"}, stdin=subprocess.DEVNULL, stdout=said, stderr=subprocess.STDOUT, pass_fds=[mouth], check=False)
        os.close(mouth)
        code, seconds, cpu, mib = os.read(ear, 200).split()
        os.close(ear)
        with open(self.path("said"), encoding="utf-8", errors="replace") as file:
            said = file.read(10000)
        if int(code) not in wanted:
            sys.exit(f"bench: {' '.join(command)} ended with {int(code)}: {said}")
        return {"seconds": float(seconds), "cpu": float(cpu), "mib": float(mib), "said": said, "code": int(code)}

    def ca(self, home, *arguments, **more):
        return self.run(self.coldca, "-C", home, *arguments, **more)

    def make_home(self, home, key="ec-p256", **more):
        self.ca(home, "init", "--token", "bench", "--key", key, "--key-label", home, "--origin", f"{home}.example", "--subject", f"CN={home}", "--days", "7300", "--pin-source", "file:pin", **more)

    def records(self, home):
        with open(self.path(home, "ledger.jsonl"), "rb") as file:
            return sum(1 for _ in file)


def serial_of(number):
    return "5a" + hashlib.sha256(str(number).encode()).hexdigest()[:38]


def grow(bench, home, entries):
    """Appends the records of so many certificates: signed and issued in groups, then all of them revoked."""
    seq = bench.records(home)
    now = f"{datetime.datetime.now(datetime.timezone.utc):%Y-%m-%dT%H:%M:%SZ}"
    signing = (f'{{"batch":"20261128T120000Z-bbbbbb","csr_sha256":"{"c5" * 32}","input_sha256":"{"c6" * 32}","not_after":"2036-11-28T12:00:00Z","operator":"bench","policy":"device","policy_sha256":"{"d0" * 32}",'
               f'"sans":["uri:spiffe://iot.example/device"],"seq":%d,"serial":"%s","source":"requests/device.csr","spki_sha256":"{"5b" * 32}","subject":"CN=device-%07d","tbs":"{base64.b64encode(bytes(320)).decode()}",'
               f'"time":"{now}","type":"cert.signing"}}\n')
    issued = f'{{"operator":"bench","ref":%d,"seq":%d,"sha256":"{"5d" * 32}","signature":"{base64.b64encode(bytes(71)).decode()}","time":"{now}","type":"cert.issued"}}\n'
    revoked = (f'{{"batch":"20261128T130000Z-bbbbbb","foreign":false,"hold":false,"key_value":"{"5b" * 32}","not_after":"2036-11-28T12:00:00Z","operator":"bench","reason":"superseded","ref":%d,"revoked_at":"{now}",'
               f'"seq":%d,"serial":"%s","subject":"CN=device-%07d","time":"{now}","type":"cert.revoked"}}\n')
    refs = []
    with open(bench.path(home, "ledger.jsonl"), "a", encoding="ascii", buffering=1 << 22) as file:
        for first in range(0, entries, GROUP):
            group = range(first, min(first + GROUP, entries))
            start = seq
            for number in group:
                file.write(signing % (seq, serial_of(number), number))
                seq += 1
            for number in group:
                file.write(issued % (start + number - first, seq))
                refs.append(seq)
                seq += 1
        for number in range(entries):
            file.write(revoked % (refs[number], seq, serial_of(number), number))
            seq += 1
    return seq


def grow_foreign(bench, home, entries):
    """Appends revocations of certificates from before the ledger: one record makes an entry."""
    seq = bench.records(home)
    now = f"{datetime.datetime.now(datetime.timezone.utc):%Y-%m-%dT%H:%M:%SZ}"
    revoked = (f'{{"batch":"20261128T130000Z-bbbbbb","foreign":true,"hold":false,"operator":"bench","reason":"superseded","revoked_at":"{now}",'
               f'"seq":%d,"serial":"%s","time":"{now}","type":"cert.revoked"}}\n')
    with open(bench.path(home, "ledger.jsonl"), "a", encoding="ascii", buffering=1 << 22) as file:
        for number in range(entries):
            file.write(revoked % (seq + number, serial_of(number)))


def measure_message(bench, results, entries):
    """Ed25519 signs the message, in one piece: a token that takes none as long says so before the CRL has a number, and then the figure is of what it takes."""
    bench.make_home("message", key="ed25519")
    grow_foreign(bench, "message", entries)
    bench.ca("message", "ledger", "list", "--type", "ca.created")  # the index reads what was added
    made = bench.ca("message", "crl", "--pin-source", "file:pin", wanted=(0, 4))
    results["ed25519_crl_signed"] = "yes" if made["code"] == 0 else f"no: {made['said'].strip()[:200]}"
    results["ed25519_crl_cpu_s"], results["ed25519_crl_mib"] = round(made["cpu"], 2), round(made["mib"], 1)


def measure_large(bench, results, entries, key):
    bench.make_home("large", key)
    bench.make_home("small", key)
    sign_one(bench, "large", "oldest")
    results["records"] = grow(bench, "large", entries)
    ledger = bench.path("large", "ledger.jsonl")
    results["ledger_mib"] = round(os.path.getsize(ledger) / (1 << 20))
    # The index reads what was added; it is no part of what is measured.
    results["index_s"] = round(bench.ca("large", "ledger", "list", "--type", "ca.created")["seconds"], 1)
    bench.ca("large", "crl", "--pin-source", "file:pin")
    bench.ca("small", "crl", "--pin-source", "file:pin")
    reading = min(bench.run("dd", f"if={ledger}", "of=/dev/null", "bs=1M", "status=none")["cpu"] for _ in range(3))
    made = [bench.ca("large", "crl", "--pin-source", "file:pin") for _ in range(3)]
    best = min(made, key=lambda run: run["cpu"])
    results["reading_cpu_s"], results["crl_s"], results["crl_cpu_s"] = round(reading, 2), round(best["seconds"], 2), round(best["cpu"], 2)
    results["crl_cpu_beyond_reading_s"] = round(best["cpu"] - reading, 2)
    results["crl_mib"] = round(max(run["mib"] for run in made), 1)
    results["crl_bytes"] = os.path.getsize(bench.path("large", "crl", "crl-2.der"))
    verified = bench.ca("large", "crl", "verify", "large/crl/crl-2.der")
    results["crl_verify_s"], results["crl_verify_cpu_s"], results["crl_verify_mib"] = round(verified["seconds"], 2), round(verified["cpu"], 2), round(verified["mib"], 1)
    shown = bench.run(bench.coldca, "crl", "show", "large/crl/crl-2.pem")
    results["crl_show_s"] = round(shown["seconds"], 2)


POLICY = ["--policy", "mqtt-device", "--set", "domain=iot.example"]


def sign_one(bench, home, name):
    bench.run(bench.coldca, "request", *POLICY, "--cn", name, "--out", f"{home}-requests")
    bench.ca(home, "sign", *POLICY, "--out", f"{home}-issued", "--pin-source", "file:pin", f"{home}-requests/{name}.csr")


def revoke_one(bench, home, name):
    return bench.ca(home, "revoke", "--certificate", f"{home}-issued/{name}.pem", "--yes", "--pin-source", "file:pin")


def measure_revoke(bench, results):
    """A certificate that was issued just now is what a person revokes most; for the oldest one the newest CRL, here of all entries, is read."""
    runs = {}
    for home in ("small", "large"):
        for number in range(5):
            sign_one(bench, home, f"d{number}")
        runs[home] = [revoke_one(bench, home, f"d{number}") for number in range(5)]
        results[f"revoke_{home}_s"] = round(min(run["seconds"] for run in runs[home]), 3)
        results[f"revoke_{home}_cpu_s"] = round(min(run["cpu"] for run in runs[home]), 3)
    results["revoke_ratio"] = round(min(run["cpu"] for run in runs["large"]) / min(run["cpu"] for run in runs["small"]), 2)
    results["revoke_oldest_cpu_s"] = round(revoke_one(bench, "large", "oldest")["cpu"], 2)


def measure_openssl(bench, results, entries):
    bench.run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc", "-subj", "/CN=openssl", "-days", "30", "-keyout", "o.key", "-out", "o.pem")
    bench.write("o.cnf", "[ca]\ndefault_ca=c\n[c]\ndatabase=o.index\ncrlnumber=o.number\ndefault_md=sha256\ndefault_crl_days=30\n")
    bench.write("o.number", "01\n")
    with open(bench.path("o.index"), "w", encoding="ascii") as file:
        for number in range(entries):
            file.write(f"R\t361128120000Z\t261128120000Z,superseded\t{serial_of(number).upper()}\tunknown\t/CN=device-{number:07}\n")
    made = bench.run("openssl", "ca", "-config", "o.cnf", "-gencrl", "-cert", "o.pem", "-keyfile", "o.key", "-out", "o.crl")
    results["openssl_gencrl_s"], results["openssl_gencrl_cpu_s"], results["openssl_gencrl_mib"] = round(made["seconds"], 1), round(made["cpu"], 1), round(made["mib"])


def measure_monthly(bench, results, count):
    """A home of so many months, a certificate revoked and a CRL made in each: its verification on the way and at the end."""
    begin = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None, microsecond=0)
    costs = {}
    bench.make_home("monthly")
    for month in range(count):
        at = begin + datetime.timedelta(days=30 * month, hours=1)
        bench.ca("monthly", "revoke", "--serial", f"66{month:038x}", "--foreign", "--yes", "--pin-source", "file:pin", at=at)
        bench.ca("monthly", "crl", "--pin-source", "file:pin", at=at)
        if month + 1 in (count // 8, count // 4, count // 2, count):
            costs[month + 1] = min((bench.ca("monthly", "ledger", "verify", at=at) for _ in range(3)), key=lambda run: run["cpu"])
    for crls, cost in costs.items():
        results[f"verify_{crls}_crls_cpu_s"], results[f"verify_{crls}_crls_mib"] = round(cost["cpu"], 3), round(cost["mib"], 1)
    results["verify_crls_ratio"] = round(costs[count]["cpu"] / costs[count // 2]["cpu"], 2)


def option(name, default, kind=int):
    return kind(sys.argv[sys.argv.index(name) + 1]) if name in sys.argv else default


def main():
    entries, monthly = option("--entries", 1000000), option("--monthly", 240)
    coldca = os.path.abspath(os.path.join(sys.argv[1], "coldca"))
    source = os.path.abspath(os.path.join(os.path.dirname(__file__), "../.."))
    results = {"entries": entries}
    folder = tempfile.mkdtemp(prefix="coldca-bench-")
    try:
        bench = Bench(coldca, source, folder)
        measure_large(bench, results, entries, option("--key", "ec-p256", str))
        measure_revoke(bench, results)
        measure_message(bench, results, entries)
        if "--without-openssl" not in sys.argv:
            measure_openssl(bench, results, entries)
        if monthly >= 2:
            measure_monthly(bench, results, monthly)
    finally:
        shutil.rmtree(folder)
    bars = {"crl_cpu_beyond_reading_s": "at most 3 for 1,000,000", "crl_mib": "at most 64", "crl_verify_cpu_s": "below 8 for 1,000,000", "revoke_ratio": "at most 1.5; large to small, processor time", "verify_crls_ratio": "about 2: linear; of all to half of them"}
    if "--json" in sys.argv:
        print(json.dumps(results))
        return
    for name, value in results.items():
        print(f"{name:26} {value:>14}  {bars.get(name, '')}")


if __name__ == "__main__":
    main()
