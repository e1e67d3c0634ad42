#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The vectors of docs/ledger-format.md section 8, read by verify_ledger.py and by coldca: vectors.py COLDCA"""
import filecmp
import json
import os
import shutil
import subprocess
import sys
import tempfile

import verify_ledger
from ledger_faults import CONFIGURATION

HERE = os.path.dirname(os.path.abspath(__file__))
VECTORS = os.path.join(os.path.dirname(HERE), "vectors")
LEDGER = os.path.join(VECTORS, "ledger")
CRLS = os.path.join(VECTORS, "crl")
CONTROLS = os.path.join(VECTORS, "controls")
checked = 0


def check(holds, what):
    global checked
    checked += 1
    if not holds:
        sys.exit(f"FAILED: {what}")


def read(*path):
    with open(os.path.join(VECTORS, *path), "rb") as file:
        return file.read()


def words(*path):
    return [line.split() for line in read(*path).decode().splitlines()]


def numbers():
    """tree-of-numbers: record n is the number n in decimal."""
    tree, roots = verify_ledger.Tree(), dict(words("tree-of-numbers"))
    for size in range(70001):
        if str(size) in roots:
            check(roots.pop(str(size)) == tree.root().hex(), f"the tree of {size} numbers")
        tree.add(str(size).encode())
    check(not roots, "trees of other sizes")


def tree():
    tree, lines = verify_ledger.Tree(), words("ledger", "tree")
    check(lines[0] == ["0", "-", tree.root().hex()], "the empty tree")
    records = [line for line in read("ledger", "ledger.jsonl").split(b"\n")[:-1] if not line.endswith(b"\x18")]
    check(len(records) == len(lines) - 1, "how many records there are")
    for record, (size, leaf, root) in zip(records, lines[1:]):
        tree.add(record)
        check((str(tree.size), verify_ledger.sha256(b"\0" + record).hex(), tree.root().hex()) == (size, leaf, root), f"the tree of {size} records")
    return tree.root().hex()


def notes():
    for kind in ("ed25519", "p256"):
        key = verify_ledger.Key(read(f"checkpoint-{kind}.vkey").decode().strip())
        text, line = read(f"checkpoint-{kind}.note").split(b"\n\n")
        signature = verify_ledger.unbase64(line.split(b" ")[2].strip().decode())
        check(signature[:4] == key.id, f"the key id of {kind}")
        key.verify(text + b"\n", signature[4:])  # raises


class Home:
    """The ledger's files with the configuration coldca wants beside them."""

    def __init__(self, coldca, folder, vectors=LEDGER):
        self.coldca, self.folder, self.path = coldca, folder, os.path.join(folder, "ca")
        os.mkdir(self.path)
        for name in ("ledger.jsonl", "ledger.checkpoints", "ledger.checkpoint", "ca.pem"):
            shutil.copy(os.path.join(vectors, name), self.path)
        vkey = read(vectors, "vkey").decode().strip()
        with open(os.path.join(self.path, "ca.yaml"), "w", encoding="ascii") as file:
            file.write(CONFIGURATION.format(vkey).replace("ca.example/interop", vkey.split("+")[0]))

    def run(self, *arguments):
        result = subprocess.run([self.coldca, "-C", self.path, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
        check(result.returncode == 0, f"{' '.join(arguments)}: {result.stdout.decode()}{result.stderr.decode()}")
        return result.stdout


def same_tree(one, other):
    names = {os.path.relpath(os.path.join(folder, name), one) for folder, _, files in os.walk(one) for name in files}
    _, differ, missing = filecmp.cmpfiles(one, other, names, shallow=False)
    return names and not differ and not missing


def by_coldca(coldca, root):
    def vector(name):
        return os.path.join(LEDGER, name)
    vkey, witness = read("ledger", "vkey").decode().strip(), read("ledger", "witness.vkey").decode().strip()
    with tempfile.TemporaryDirectory(prefix="coldca-vectors-") as folder:
        home = Home(coldca, folder)
        report = json.loads(home.run("--json", "ledger", "verify", "--since", vector("older.checkpoint"), "--witness", witness))
        check((report["root"], report["void_lines"]) == (root, 1), "what ledger verify counts")
        check(home.run("ledger", "checkpoint") == read("ledger", "ledger.checkpoint"), "the newest checkpoint")
        home.run("ledger", "verify", "--proof", vector("certificate.tlog-proof"), "--certificate", vector("certificate.pem"), "--vkey", vkey,
                 "--witness", witness)
        home.run("ledger", "verify", "--proof", vector("consistency.proof"), "--since", vector("older.checkpoint"), "--vkey", vkey)
        index = [line for line in read("ledger", "certificate.tlog-proof").decode().splitlines() if line.startswith("index ")][0][6:]
        check(home.run("ledger", "prove", index) == read("ledger", "certificate.tlog-proof"), "the proof of a certificate")
        check(home.run("ledger", "prove", "--consistency", vector("older.checkpoint")) == read("ledger", "consistency.proof"),
              "the proof of consistency")
        home.run("ledger", "export", os.path.join(folder, "export"))
        check(same_tree(vector("export"), os.path.join(folder, "export")), "the export")


def chain_set(coldca):
    """chain/: the record is of the certificates above; emptied, they are not what it says."""
    record = json.loads(read("chain", "chain.set"))
    ders = verify_ledger.certificates_of(read("chain", "chain.pem"))
    check(len(ders) == record["certificates"] == 2, "how many certificates are above")
    check(verify_ledger.sha256(b"".join(ders)).hex() == record["sha256"], "the digest of the chain")
    with tempfile.TemporaryDirectory(prefix="coldca-vectors-") as folder:
        for name, content in {"ledger.jsonl": read("chain", "chain.set"), "ledger.checkpoints": b"", "ca.pem": read("chain", "ca.pem"),
                              "ca.yaml": CONFIGURATION.format(read("ledger", "vkey").decode().strip()).encode()}.items():
            with open(os.path.join(folder, name), "wb") as file:
                file.write(content)
        for content, is_found in ((read("chain", "chain.pem"), False), (b"", True), (read("chain", "chain.pem").replace(b"\n\n", b"\n") + b"\n", False)):
            with open(os.path.join(folder, "chain.pem"), "wb") as file:
                file.write(content)
            result = subprocess.run([coldca, "-C", folder, "--json", "ledger", "verify"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
            rules = [item["rule"] for item in json.loads(result.stdout)["findings"]]
            check(("ledger.chain" in rules) == is_found and "ledger.created" in rules, f"chain.set, by coldca: {rules}")


def by_verify_ledger(folder):
    verifier = verify_ledger.Verifier(folder, read(folder, "vkey").decode().strip(), os.path.join(folder, "ca.pem"))
    verifier.read_notes()
    verifier.read_records()
    verifier.compare_chain()
    check(not verifier.findings, f"verify_ledger.py: {verifier.findings}")
    return verifier


def crls(coldca):
    """Section 9: each CRL is made from the ledger again, and is the file beside it."""
    names = sorted(name for name in os.listdir(CRLS) if name.endswith(".der"))
    verifier = by_verify_ledger(CRLS)
    check(verifier.revocations.count == len(names) == 11, "how many CRLs verify_ledger.py makes")
    with tempfile.TemporaryDirectory(prefix="coldca-vectors-") as folder:
        home = Home(coldca, folder, CRLS)
        check(json.loads(home.run("--json", "ledger", "verify"))["crls"] == len(names), "how many CRLs coldca makes")
        digests = {json.loads(line).get("sha256") for line in read("crl", "ledger.jsonl").splitlines() if b'"crl.issued"' in line}
        check(digests == {verify_ledger.sha256(read("crl", name)).hex() for name in names}, "the CRLs are those of the ledger")
        for name in names:
            home.run("crl", "verify", os.path.join(CRLS, name))
            subprocess.run(["openssl", "crl", "-inform", "DER", "-in", os.path.join(CRLS, name), "-CAfile", os.path.join(CRLS, "ca.pem"), "-noout"],
                           stderr=subprocess.PIPE, check=True)


def controls(coldca):
    """Section 10: each certificate was signed by the text that was approved last, by the people in force."""
    by_verify_ledger(CONTROLS)
    records = [json.loads(line) for line in read("controls", "ledger.jsonl").splitlines()]
    texts = {record["seq"]: record for record in records if record["type"] == "policy.approved"}
    check(sorted(texts) == [1, 11], "which records approve a policy")
    for record in texts.values():
        check(verify_ledger.sha256(record["text"].encode()).hex() == record["sha256"], "a policy's digest is that of its text")
    for signing, governing in ((4, 1), (5, 1), (16, 11)):
        check(records[signing]["policy_sha256"] == texts[governing]["sha256"], f"the text that record {signing} was signed by")
    with tempfile.TemporaryDirectory(prefix="coldca-vectors-") as folder:
        home = Home(coldca, folder, CONTROLS)
        home.run("ledger", "verify")
        for signing, governing in ((4, 1), (5, 1), (16, 11)):
            shown = json.loads(home.run("--json", "cert", "show", records[signing]["serial"]))
            check(shown["policy_record"] == governing, f"coldca: the text that record {signing} was signed by")
            check(f"whose text is record {governing}\n" in shown["words"], "the words of it")
        check(json.loads(home.run("ledger", "show", "11"))["text"] == texts[11]["text"], "coldca: the text")


def main():
    numbers()
    root = tree()
    notes()
    check(by_verify_ledger(LEDGER).tree.root().hex() == root, "verify_ledger.py: the root")
    by_coldca(sys.argv[1], root)
    chain_set(sys.argv[1])
    crls(sys.argv[1])
    controls(sys.argv[1])
    print(f"{checked} checks against the vectors hold")


if __name__ == "__main__":
    main()
