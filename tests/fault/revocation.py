#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`revoke` and `crl` with a fault in them, and run again: revocation.py BASE REQUESTS SAMPLE SEED KILLS

each    every call that changes a file system or opens something fails, or the process dies there, by turns
token   every call to the token fails, or its signature is spoilt
kill    the process is ended at a random moment

No CRLNumber is used twice, no CRL leaves that the ledger lacks, and the same command does what was asked."""
import base64
import errno
import hashlib
import json
import os
import random
import re
import sys
import time

import scene as s

CODES = {3, 4, 5}
TOKEN_FAULTS = {"C_OpenSession": ("session-lost", "removed", "rv rv=0x30"), "C_Login": ("removed", "pin-locked"), "C_FindObjectsInit": ("removed",),
                "C_SignInit": ("session-lost", "reset", "removed"), "C_Sign": ("session-lost", "removed", "garbage", "wrong-signature", "short")}
PEM = re.compile(rb"\A-----BEGIN X509 CRL-----\n([A-Za-z0-9+/=\n]+)-----END X509 CRL-----\n\Z")


class Desk(s.Scene):
    """A home with certificates, one of them on hold and on CRL 1."""

    def __init__(self, scene):
        super().__init__(scene.folder, scene.requests)
        self.pin, self.out = "file:" + os.path.join(self.folder, "pin"), os.path.join(self.folder, "carried")
        self.places = [os.path.join(self.home, "crl"), self.out]

    def command_of(self, name):
        """Five certificates; one is on hold, which becomes final."""
        if name == "crl":
            return ["crl", "--json", "--pin-source", self.pin, "--out", self.out]
        return ["revoke", "--where", "policy=mqtt-device", "--reason", "keyCompromise", "--expect-count", "5", "--pin-source", self.pin]

    def do(self, name, **more):
        return self.run(*self.command_of(name), **more)

    def records(self):
        found = []
        with open(os.path.join(self.home, "ledger.jsonl"), "rb") as file:
            for line in file.read().split(b"\n")[:-1]:
                try:
                    found += [] if line.endswith(b"\x18") else [json.loads(line)]
                except ValueError:
                    pass  # `ledger verify` says whether it may be there
        return found

    def crls(self):
        """What lies where CRLs go: path and SHA-256 of the CRL (None: not whole)."""
        found = {}
        for folder in self.places:
            for name in os.listdir(folder) if os.path.isdir(folder) else []:
                path = os.path.join(folder, name)
                if re.fullmatch(r"crl-\d+\.(der|pem)", name):
                    with open(path, "rb") as file:
                        found[path] = digest_of(file.read(), name.endswith(".pem"))
        return found


def digest_of(data, is_pem):
    if is_pem:
        match = PEM.match(data)
        data = base64.b64decode(match[1]) if match else b""
    is_whole = data[:2] == b"\x30\x82" and int.from_bytes(data[2:4], "big") + 4 == len(data)
    return hashlib.sha256(data).hexdigest() if is_whole else None


def check_released(desk, tally, where):
    """Whatever lies there is whole, and the ledger's under its number; and no number is there twice."""
    records = desk.records()
    issued = {record["sha256"]: record["number"] for record in records if record["type"] == "crl.issued"}
    numbers = [record["number"] for record in records if record["type"] == "crl.signing"]
    for path, digest in desk.crls().items():
        number = int(re.search(r"crl-(\d+)\.", path)[1])
        if digest is None or issued.get(digest) != number:
            tally.lost += 1
            tally.complain(where, f"{path} is {'not whole' if digest is None else 'not in the ledger'}")
    if any(one >= other for one, other in zip(numbers, numbers[1:])):
        tally.duplicated += 1
        tally.complain(where, f"CRL numbers: {numbers}")


def check_asked(desk, log, tally, where):
    """Every digest that the CA key signed is of a TBSCertList in the ledger, but for the proof of the key at login."""
    logged = {record["tbs_sha256"] for record in desk.records() if record["type"] == "crl.signing"}
    with open(log, encoding="ascii") as file:
        asked = [line.split()[0] for line in file if not line.startswith("calls ")]
    strange = [digest for digest in asked if len(digest) == 64 and digest not in logged]
    if len(strange) > 1:
        tally.complain(where, f"the token was asked to sign {len(strange) - 1} digests that the ledger does not know")


def check_finished(desk, name, result, tally, where):
    if result.code != 0:
        tally.complain(where, f"the run after the fault ended with {result.code}: {result.err}")
        return
    records = desk.records()
    revoked = [record["seq"] for record in records if record["type"] == "cert.revoked" and record["reason"] == "keyCompromise"]
    with open(os.path.join(desk.home, "ledger.checkpoint"), encoding="utf-8") as file:
        size = int(file.read().split("\n")[1])
    if name == "revoke":
        serials = {record["serial"] for record in records if record["type"] == "cert.signing" and record["policy"] == "mqtt-device"}
        found = [records[seq]["serial"] for seq in revoked]
        tally.duplicated += len(found) - len(set(found))
        tally.lost += len(serials - set(found))
        if sorted(found) != sorted(serials):
            tally.complain(where, f"{len(found)} records of {len(serials)} certificates")
        if size <= max(revoked, default=0):
            tally.complain(where, f"done, but no checkpoint covers it: {size} of {len(records)}")
    else:
        newest = max(record["number"] for record in records if record["type"] == "crl.issued")
        # What was signed and did not leave is in the ledger; the newest is in both places.
        for folder in desk.places:
            for end in ("der", "pem"):
                if f"crl-{newest}.{end}" not in os.listdir(folder):
                    tally.complain(where, f"crl-{newest}.{end} is not in {folder}")
        verified = desk.run("--json", "crl", "verify", os.path.join(desk.out, f"crl-{newest}.pem"))
        if verified.code != 0 or json.loads(verified.out)["entries"] != 1:
            tally.complain(where, f"crl verify ends with {verified.code}: {verified.out}{verified.err}")
    check_released(desk, tally, where)
    litter = [file for folder in (desk.home, *desk.places) if os.path.isdir(folder) for file in os.listdir(folder)
              if file.startswith(".coldca-") or file.endswith((".part", ".new"))]
    if litter:
        tally.complain(where, f"left behind: {litter}")
    verified = desk.run("ledger", "verify")
    if verified.code != 0:
        tally.complain(where, f"ledger verify ends with {verified.code}: {verified.out}{verified.err}")


def count_calls(base, name):
    desk = Desk(base.copy("count-" + name))
    log = os.path.join(desk.folder, "calls")
    result = desk.do(name, **s.preload(FAULT_MODE="count", FAULT_LOG=log))
    tally = s.Tally(name)
    check_finished(desk, name, result, tally, name)
    if tally.complaints:
        sys.exit(f"an undisturbed run is complained of: {tally.complaints}")
    with open(log, encoding="ascii") as file:
        calls = int(file.read())
    desk.remove()
    return calls


def count_token_calls(base, name, call):
    desk = Desk(base.copy(f"count-{name}-{call}"))
    log = os.path.join(desk.folder, "log")
    desk.do(name, TOKEN_FAULT=f"call={call} log={log}")
    with open(log, encoding="ascii") as file:
        calls = int(re.search(rf"^calls {call} (\d+)$", file.read(), re.M)[1])
    desk.remove()
    return calls


def try_point(base, point, tally):
    name, kind, number, fault = point
    where = f"{name}: {kind} {fault} at {number}"
    desk = Desk(base.copy(re.sub(r"\W+", "-", where)))
    log = os.path.join(desk.folder, "log")
    if kind in TOKEN_FAULTS:
        result = desk.do(name, TOKEN_FAULT=f"call={kind} at={number} fault={fault} log={log}")
        if os.path.exists(log) and name == "crl":
            check_asked(desk, log, tally, where)
    else:
        result = desk.do(name, **s.preload(FAULT_MODE=kind, FAULT_AT=number, FAULT_ERRNO=fault))
    tally.note(f"{name} {kind} {result.code}")
    check_released(desk, tally, where)
    if kind != "torn" and result.code != 0 and (result.code not in CODES or "coldca: " not in result.err):
        tally.complain(where, f"ended with {result.code}: {result.err}")
    check_finished(desk, name, result if result.code == 0 else desk.do(name), tally, where)
    desk.remove()


def try_kills(base, point, tally):
    """Killed again and again, until it is done before the kill."""
    name, number, seconds, seed = point
    choose = random.Random(f"{seed} {name} {number}")
    desk = Desk(base.copy(f"kill-{name}-{number}"))
    s.killed_again_and_again(desk, name, desk.command_of(name), 4, choose, seconds, tally,
                             lambda kill: check_released(desk, tally, f"{name}: kill {number}.{kill}"))
    check_finished(desk, name, desk.do(name), tally, f"{name}: kill {number}")
    desk.remove()


def plant(base):
    """The checks must see what they are for."""
    def twice(desk):
        with open(os.path.join(desk.home, "ledger.jsonl"), "rb") as file:
            lines = file.read().splitlines(True)
        with open(os.path.join(desk.home, "ledger.jsonl"), "ab") as file:
            file.write(next(line for line in lines if b'"crl.signing"' in line))

    def spoil(desk):
        path = next(path for path in desk.crls() if path.endswith(".der"))
        with open(path, "r+b") as file:
            file.seek(-1, os.SEEK_END)
            last = file.read(1)[0]
            file.seek(-1, os.SEEK_END)
            file.write(bytes([last ^ 1]))

    def half(desk):
        path = next(path for path in desk.crls() if path.endswith(".pem"))
        os.truncate(path, os.path.getsize(path) // 2)
    for fault in (twice, spoil, half):
        desk = Desk(base.copy("planted"))
        tally = s.Tally("planted")
        result = desk.do("crl")
        check_released(desk, tally, "planted")
        if tally.complaints or result.code != 0:
            sys.exit(f"an undisturbed run is complained of: {tally.complaints} {result.err}")
        fault(desk)
        check_released(desk, tally, "planted")
        if not tally.complaints:
            sys.exit(f"the planted fault was not seen: {fault.__name__}")
        desk.remove()
    desk = Desk(base.copy("planted"))
    kept = desk.keep_token()
    for path in kept:
        os.truncate(path, 0)
    tally = s.Tally("planted")
    desk.mend_token(kept, tally)
    if not tally.notes or desk.do("crl").code != 0:
        sys.exit("a token that a kill destroyed is not put back")
    desk.remove()


def main():
    base, sample, seed, kills = s.Scene(sys.argv[1], sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]), int(sys.argv[5])
    plant(base)
    points, seconds = [], {}
    for name in ("crl", "revoke"):
        start = time.monotonic()
        calls = count_calls(base, name)
        seconds[name] = time.monotonic() - start
        points += [(name, *(("fail", number, errno.EIO) if (number + seed) % 2 else ("torn", number, 0))) for number in range(1, calls + 1)]
        for call, faults in TOKEN_FAULTS.items():
            calls = count_token_calls(base, name, call)
            points += [(name, call, number, fault) for number in range(1, calls + 1) for fault in faults]
    tried = s.sampled(points, sample, seed)
    tally = s.Tally(f"revoke and crl: {len(tried)} of {len(points)} calls, of the system and of the token, and {2 * kills} times killed")
    s.side_by_side(tally, lambda point, own: try_point(base, point, own), tried)
    s.side_by_side(tally, lambda point, own: try_kills(base, point, own),
                   [(name, number, seconds[name] / 3, seed) for name in seconds for number in range(kills)])
    return tally.end()


sys.exit(main())
