#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Plants faults in a ledger; `coldca ledger verify` and verify_ledger.py must find each: ledger_faults.py LEDGER_TOOL COLDCA"""
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
FORM = {"ledger.json", "ledger.canonical", "ledger.fields", "ledger.length"}


def canonical(record):
    return json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


class Home:
    """The files of a home, as they are edited. Of 120 records, 102 are under a checkpoint."""

    def __init__(self, path):
        self.path = path
        self.lines = self.read("ledger.jsonl").split(b"\n")[:-1]
        self.notes = re.split(rb"(?<=\n)\n(?=ca\.example)", self.read("ledger.checkpoints")[:-1])
        self.newest = self.read("ledger.checkpoint")
        self.chain = None

    def read(self, name):
        with open(os.path.join(self.path, name), "rb") as file:
            return file.read()

    def write(self):
        files = {"ledger.jsonl": b"".join(line + b"\n" for line in self.lines),
                 "ledger.checkpoints": b"".join(note + b"\n" for note in self.notes), "ledger.checkpoint": self.newest}
        if self.chain is not None:
            files["chain.pem"] = self.chain
        for name, data in files.items():
            if data is None:
                os.unlink(os.path.join(self.path, name))
            else:
                with open(os.path.join(self.path, name), "wb") as file:
                    file.write(data)

    def edit(self, number, **members):
        """Changes members of a record; None takes one out."""
        record = json.loads(self.lines[number])
        record.update(members)
        self.lines[number] = canonical({name: value for name, value in record.items() if value is not None})

    def get(self, number, name):
        return json.loads(self.lines[number])[name]

    def replace(self, number, old, new):
        assert old in self.lines[number], (number, old)
        self.lines[number] = self.lines[number].replace(old, new, 1)

    def flip(self, number, name, place=10):
        text = self.get(number, name)
        self.edit(number, **{name: text[:place] + ("0" if text[place] != "0" else "1") + text[place + 1:]})

    def move(self, start, stop, target):
        part = self.lines[start:stop]
        del self.lines[start:stop]
        self.lines[target:target] = part


def set_chain(home, *digests, pem=None, **members):
    """Records of chains at the end, and what chain.pem holds."""
    for digest in digests:
        record = {**json.loads(home.lines[-1]), "sha256": digest, "certificates": 0, "command": "init", **members}
        home.lines.append(canonical({name: record[name] for name in ("operator", "time", "sha256", "certificates", "command") if record[name] is not None}
                                    | {"seq": len(home.lines), "type": "chain.set"}))
    home.chain = pem


def swap(home, first, second):
    home.lines[first], home.lines[second] = home.lines[second], home.lines[first]


def swap_members(home, first, second, name):
    one, other = home.get(first, name), home.get(second, name)
    home.edit(first, **{name: other})
    home.edit(second, **{name: one})


def set_line(home, number, line):
    home.lines[number] = line


def set_note(home, number, old, new):
    assert old in home.notes[number]
    home.notes[number] = home.notes[number].replace(old, new, 1)
    if number == -1:
        home.newest = home.notes[-1]


def set_newest(home, note):
    home.newest = note


def flip_signature(home, number):
    note = home.notes[number]
    set_note(home, number, note[-20:-10], note[-20:-10].swapcase())


NOTHING, ELSE = hashlib.sha256(b"").hexdigest(), hashlib.sha256(b"else").hexdigest()

# Signings 102-105, 110-113, 118; issued 106-109, 114-117, 119; 4 is an unrevocation, 1 was abandoned by 2.
FAULTS = [
    ("a letter of a record under a checkpoint", {"ledger.root"}, lambda h: h.edit(6, subject="CN=d-999999")),
    ("the policy of a record under a checkpoint", {"ledger.root"}, lambda h: h.edit(22, policy="anything")),
    ("the operator of the first record", {"ledger.root"}, lambda h: h.edit(0, operator="someone")),
    ("a record under a checkpoint is gone", {"ledger.sequence"}, lambda h: h.lines.pop(5)),
    ("a record after the checkpoint is gone", {"ledger.sequence"}, lambda h: h.lines.pop(113)),
    ("the first record is gone", {"ledger.sequence"}, lambda h: h.lines.pop(0)),
    ("two records changed places", {"ledger.sequence"}, lambda h: swap(h, 110, 111)),
    ("a record stands twice", {"ledger.sequence"}, lambda h: h.lines.insert(112, h.lines[111])),
    ("a group was moved to the front", {"ledger.sequence"}, lambda h: h.move(110, 114, 102)),
    ("cut below the checkpoint", {"ledger.rollback"}, lambda h: h.lines.__delitem__(slice(101, None))),
    ("cut to nothing", {"ledger.rollback"}, lambda h: h.lines.clear()),
    ("cut to an older checkpoint", {"ledger.rollback"}, lambda h: h.lines.__delitem__(slice(54, None))),
    ("garbage at the end", FORM, lambda h: h.lines.append(b"the end")),
    ("an empty line", FORM, lambda h: h.lines.insert(110, b"")),
    ("a space", FORM, lambda h: h.replace(110, b":", b": ")),
    ("members out of order", FORM, lambda h: set_line(h, 119, b"{" + b",".join(reversed(h.lines[119][1:-1].split(b","))) + b"}")),
    ("an escape that is not needed", FORM, lambda h: h.replace(110, "ä".encode(), b"\\u00e4")),
    ("an escaped slash", FORM, lambda h: h.edit(110, note="a/b") or h.replace(110, b"a/b", b"a\\/b")),
    ("a fraction", FORM, lambda h: h.edit(110, note=1.5)),
    ("a number that is too large", FORM, lambda h: h.edit(110, note=2**64)),
    ("a member twice", FORM, lambda h: h.replace(119, b"{", b'{"operator":"x",')),
    ("bytes that are not UTF-8", FORM, lambda h: h.replace(110, "ä".encode(), b"\xe4")),
    ("an array", FORM, lambda h: set_line(h, 119, b"[119]")),
    ("a record that is too long", FORM, lambda h: h.edit(119, note="x" * 65536)),
    ("two values on a line", FORM, lambda h: set_line(h, 119, h.lines[119] + b"{}")),
    ("a CR before the LF", FORM, lambda h: set_line(h, 119, h.lines[119] + b"\r")),
    ("a NUL before the LF", FORM, lambda h: set_line(h, 119, h.lines[119] + b"\0")),
    ("a byte order mark", FORM, lambda h: set_line(h, 119, b"\xef\xbb\xbf" + h.lines[119])),
    ("a seq in quotes", FORM, lambda h: h.edit(119, seq="119")),
    ("a seq below zero", FORM | {"ledger.sequence"}, lambda h: h.edit(119, seq=-1)),
    ("a seq that skips one", {"ledger.sequence"}, lambda h: h.edit(119, seq=120)),
    ("a time before the record before", {"ledger.time"}, lambda h: h.edit(119, time="2001-01-01T00:00:00Z")),
    ("a time in another form", FORM, lambda h: h.edit(119, time="2026-01-01 00:00:00")),
    ("no time", FORM, lambda h: h.edit(119, time=None)),
    ("no type", FORM, lambda h: h.edit(119, type=None)),
    ("no operator", FORM, lambda h: h.edit(119, operator=None)),
    ("a serial used again", {"ledger.history"}, lambda h: h.edit(118, serial=h.get(102, "serial"))),
    ("issued by something else", {"ledger.history"}, lambda h: h.edit(119, ref=117)),
    ("issued twice", {"ledger.history"}, lambda h: h.edit(119, ref=102)),
    ("issued after it was abandoned", {"ledger.history"}, lambda h: h.edit(119, ref=1)),
    ("abandoned after it was issued", {"ledger.history"}, lambda h: h.edit(119, type="cert.abandoned", ref=102)),
    ("a ref to itself", FORM | {"ledger.history"}, lambda h: h.edit(119, ref=119)),
    ("no ref", FORM, lambda h: h.edit(119, ref=None)),
    ("another signature", {"ledger.certificate"}, lambda h: h.flip(119, "signature", 20)),
    ("another certificate digest", {"ledger.certificate"}, lambda h: h.flip(119, "sha256")),
    ("two signatures changed places", {"ledger.certificate"}, lambda h: swap_members(h, 114, 115, "signature")),
    ("two TBSCertificates changed places", {"ledger.tbs"}, lambda h: swap_members(h, 110, 111, "tbs")),
    ("another serial", {"ledger.tbs"}, lambda h: h.flip(118, "serial")),
    ("another key digest", {"ledger.tbs"}, lambda h: h.flip(118, "spki_sha256")),
    ("another end", {"ledger.tbs"}, lambda h: h.edit(118, not_after="2037-01-01T00:00:00Z")),
    ("a TBSCertificate that is not base64", FORM, lambda h: h.edit(118, tbs="@@@@")),
    ("base64 with stray bits", FORM, lambda h: h.edit(119, signature=h.get(119, "signature")[:40] + "QR==")),
    ("no request digest", FORM, lambda h: h.edit(118, csr_sha256=None)),
    ("no policy", FORM, lambda h: h.edit(118, policy=None)),
    ("revoked before it was issued", {"ledger.history"},
     lambda h: h.edit(119, type="cert.revoked", serial=h.get(118, "serial"))),
    ("unrevoked without being revoked", {"ledger.history"},
     lambda h: h.edit(119, type="cert.unrevoked", serial=h.get(102, "serial"))),
    ("another chain than chain.set has", {"ledger.chain"}, lambda h: set_chain(h, ELSE)),
    ("a chain that an older chain.set has", {"ledger.chain"}, lambda h: set_chain(h, NOTHING, ELSE)),
    ("a chain.pem of more than chain.set has", {"ledger.chain"}, lambda h: set_chain(h, NOTHING, pem=h.read("ca.pem"))),
    ("a chain.pem that holds no certificate", {"ledger.chain"}, lambda h: set_chain(h, NOTHING, pem=b"garbage\n")),
    ("a chain.set without its digest", FORM, lambda h: set_chain(h, None)),
    ("a chain.set with half a digest", FORM, lambda h: set_chain(h, NOTHING[:32])),
    ("a chain.set with a count that is none", FORM, lambda h: set_chain(h, NOTHING, certificates="two")),
    ("a chain.set without its command", FORM, lambda h: set_chain(h, NOTHING, command=None)),
    ("a record made void", {"ledger.sequence"}, lambda h: set_line(h, 60, h.lines[60] + b"\x18")),
    ("a record of another place as a void line", {"ledger.void"}, lambda h: h.lines.insert(110, h.lines[60] + b"\x18")),
    ("a checkpoint's root", {"ledger.checkpoint"}, lambda h: set_note(h, 2, b"\n54\n", b"\n54\nA")),
    ("a checkpoint's size", {"ledger.checkpoint"}, lambda h: set_note(h, 2, b"\n54\n", b"\n55\n")),
    ("a checkpoint's signature", {"ledger.checkpoint"}, lambda h: flip_signature(h, 2)),
    ("a checkpoint's origin", {"ledger.checkpoint"}, lambda h: set_note(h, 2, b"ca.example", b"cb.example")),
    ("a checkpoint's key name", {"ledger.checkpoint"}, lambda h: set_note(h, 2, b" ca.example", b" cb.example")),
    ("a hyphen for the dash", {"ledger.checkpoint"}, lambda h: set_note(h, -1, "—".encode(), b"-")),
    ("checkpoints out of order", {"ledger.checkpoint"}, lambda h: h.notes.insert(0, h.notes.pop(3))),
    ("the CA was never made", {"ledger.created"}, lambda h: h.edit(0, type="ca.noted")),
    ("the making of a CA of another certificate", {"ledger.created"}, lambda h: h.edit(0, certificate="MAA=")),
    ("the making of a CA of another origin", {"ledger.created"}, lambda h: h.edit(0, origin="ca.example/other")),
    ("the making of a CA with another ledger key", {"ledger.created"}, lambda h: h.edit(0, ledger_vkey=h.get(0, "ledger_vkey") + "=")),
    ("no checkpoint at all", {"ledger.created"}, lambda h: h.notes.clear() or set_newest(h, None)),
    ("no newest checkpoint", {"ledger.checkpoint"}, lambda h: set_newest(h, None)),
    ("an old checkpoint as the newest", {"ledger.checkpoint"}, lambda h: set_newest(h, h.notes[1])),
    ("the newest checkpoint is not in the list", {"ledger.checkpoint"}, lambda h: h.notes.pop()),
    ("words among the checkpoints", {"ledger.checkpoint"}, lambda h: h.notes.append(b"hello\n\n" + h.notes[0].split(b"\n\n")[1])),
]


CONFIGURATION = """version: 1
origin: ca.example/interop
token: {{profile: softhsm2, uri: "pkcs11:token=none"}}
ca_key: "pkcs11:object=none"
ledger_key: "pkcs11:object=none"
ledger_vkey: "{}"
"""


def uncover(home):
    """Takes back the last two checkpoints: what stands after them is held by its own form alone."""
    del home.notes[-2:]
    home.newest = home.notes[-1]
    home.write()
    for name in os.listdir(home.path):
        if name.startswith("index.sqlite"):
            os.unlink(os.path.join(home.path, name))


def run(command, path):
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    if result.returncode not in (0, 5) or not result.stdout.startswith("{"):
        return {"failed with " + str(result.returncode)}, result.stderr, None
    report = json.loads(result.stdout)
    rules = {item["rule"] if isinstance(item, dict) else item.split(":")[0] for item in report["findings"]}
    return rules, result.stdout, report["root"]


def main():
    tool, coldca, bad = sys.argv[1], sys.argv[2], 0
    with tempfile.TemporaryDirectory(prefix="coldca-faults-") as folder:
        whole = os.path.join(folder, "whole")
        os.mkdir(whole)
        subprocess.run([tool, "make", whole, "120"], check=True)
        uncover(Home(whole))
        vkey = open(os.path.join(whole, "vkey"), encoding="ascii").read()
        with open(os.path.join(whole, "ca.yaml"), "w", encoding="ascii") as file:
            file.write(CONFIGURATION.format(vkey))
        for name, rules, plant in [("no fault", None, lambda h: None), ("the chain that the newest chain.set has", None, lambda h: set_chain(h, ELSE, NOTHING))] + FAULTS:
            path = os.path.join(folder, "planted")
            shutil.copytree(whole, path)
            home = Home(path)
            plant(home)
            home.write()
            ours, our_text, our_root = run([coldca, "-C", path, "--json", "ledger", "verify"], path)
            theirs, their_text, their_root = run(
                [sys.executable, os.path.join(HERE, "verify_ledger.py"), path, vkey, os.path.join(path, "ca.pem")], path)
            holds = (bool(rules & ours) and bool(rules & theirs)) if rules else not ours and not theirs
            if not holds or our_root != their_root and "too long" not in name:
                found = f"  coldca: {our_text}  verify_ledger.py: {their_text}"
                if not rules:
                    sys.exit(f"FAILED: no fault is planted yet, and the ledger is not read as sound:\n{found}")
                bad += 1
                print(f"NOT FOUND: {name}: {sorted(rules)}\n{found}")
            shutil.rmtree(path)
    print(f"{len(FAULTS)} faults planted, {len(FAULTS) - bad} found by both verifiers")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
