#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""(g) A power cut right after a command said that it is done: durable.py BASE REQUESTS

Each command that writes is traced call by call, as replay.py does it. When it has ended with 0, all that it wrote, at home and on
the stick, must be what a disk keeps that loses everything that was not synced: each file's bytes, each name, each directory.
"""
import copy
import os
import shutil
import sys

import disk as d
import scene as s

# The index is made again from the ledger; the lock holds nothing.
CACHE = ("index.sqlite", "lock")


class Bench:
    def __init__(self, scene):
        self.scene = scene
        self.stick = os.path.join(scene.folder, "stick")
        self.new = os.path.join(scene.folder, "new")
        self.pin = ["--pin-source", "file:" + os.path.join(scene.folder, "pin")]
        os.makedirs(self.stick)
        os.makedirs(self.new)
        self.number = 0

    def on_stick(self, name):
        return os.path.join(self.stick, name)

    def do(self, *arguments):
        """Without a trace; what it prints."""
        result = self.scene.run(*arguments)
        if result.code != 0:
            sys.exit(f"{' '.join(arguments)} ended with {result.code}: {result.err}")
        return result.out

    def traced(self, *arguments):
        """The disks as they were before, and what happened to them."""
        self.number += 1
        log = os.path.join(self.scene.folder, f"trace-{self.number}")
        disks = [d.Disk(root) for root in (self.scene.home, self.stick, self.new)]
        result = self.scene.run(*arguments, **s.preload(FAULT_MODE="trace", FAULT_LOG=log))
        if result.code != 0:
            sys.exit(f"{' '.join(arguments)} ended with {result.code}: {result.err}")
        return disks, d.read_trace(log)


def everything():
    return "all"


def nothing():
    return "none"


def is_cache(path):
    return os.path.basename(path).startswith(CACHE)


def lost(disks, events):
    """What a cut after all events takes: paths. Feeds the disks."""
    gone = []
    for disk in disks:
        for event in events:
            disk.feed(event)
        there, kept = (disk.left(how, how, None) for how in (everything, nothing))
        gone += [disk.root + path for path in sorted({**there, **kept}) if not is_cache(path) and there.get(path, 0) != kept.get(path, 0)]
    return gone


def is_sync(event):
    return event[0].startswith("sync")


def plant(disks, events, name):
    """Of a command that writes, each sync that is left out must be missed, or another one does what it does."""
    if not lost(copy.deepcopy(disks), [event for event in events if not is_sync(event)]):
        sys.exit(f"{name}: without any sync, nothing was missed")
    needed = 0
    for left_out in {event for event in events if is_sync(event)}:
        needed += bool(lost(copy.deepcopy(disks), [event for event in events if event != left_out]))
    if not needed:
        sys.exit(f"{name}: no sync was missed")
    return needed


def never_synced(disk):
    """As a run leaves it that was killed before it synced anything."""
    for file in disk.files.values():
        file.synced, file.pending = b"", [("write", 0, file.now)]
    for folder in disk.folders.values():
        folder.synced, folder.pending = {}, [(None, name, inode) for name, inode in folder.now.items()]


def try_after_a_kill(bench, name, arguments, tally):
    """All was written before, and nothing synced: the run that finds it there answers for it too."""
    (home, stick, _), events = bench.traced(*arguments)
    for disk in (home, stick):
        never_synced(disk)
        for event in events:
            disk.feed(event)
    tally.points += 1
    for path in ("ledger.jsonl", "ledger.checkpoints"):
        file = home.files[home.folders[home.top].now[path]]
        if file.synced != file.now:
            tally.complain(name, f"{path} was found, and not synced")
    there, kept = (stick.left(how, how, None) for how in (everything, nothing))
    answers = [path for path in there if path.startswith("/issued/") and not path.endswith("-chain.pem") and path.endswith((".pem", ".tlog-proof"))]
    for path in answers:
        if kept.get(path) != there[path]:
            tally.complain(name, f"{path} was found, and not synced")
    tally.note(f"{name}: answers that were found: {len(answers)}")
    if not answers:
        sys.exit(f"{name}: no answers")


def try_handing_out(bench, name, arguments, tally):
    """Certificates of a run that was killed before its ledger was synced: it is, before one of them is handed out."""
    (home, stick, _), events = bench.traced(*arguments)
    never_synced(home)
    ledger = home.files[home.folders[home.top].now["ledger.jsonl"]]
    tally.points += 1
    for event in events:
        if stick.feed(event):
            break
        home.feed(event)
    else:
        sys.exit(f"{name}: nothing was handed out")
    if ledger.synced != ledger.now:
        tally.complain(name, "something was handed out before the ledger was synced")


def commands(bench):
    """Name and command line; in this order, each finds what those before it made."""
    requests = bench.scene.requests
    yield "init", ["-C", os.path.join(bench.new, "ca"), "init", "--token", "test", "--subject", "CN=Other", "--key", "ec-p256", "--key-label", "other",
                   "--origin", "other.example/ca", *bench.pin]
    yield "sign", ["sign", *s.POLICY, *bench.pin, "--out", bench.on_stick("issued"), requests]
    yield "sign again", ["sign", *s.POLICY, *bench.pin, "--reissue", "--chain", "--no-proof", "--format", "der", "--out", bench.on_stick("again/"), requests]
    shutil.copytree(requests, bench.on_stick("requests"))
    yield "batch", ["batch", *s.POLICY, *bench.pin, bench.stick]
    one = sorted(os.listdir(requests))[0]
    yield "revoke", ["revoke", "--request", os.path.join(requests, one), "--yes", "--reason", "superseded", *bench.pin]
    yield "crl", ["crl", "--out", bench.on_stick("crl"), *bench.pin]
    yield "plan", ["plan", *s.POLICY, "--reissue", "-o", bench.on_stick("a.plan"), requests]
    yield "plan of a CRL", ["crl", "--plan-out", bench.on_stick("crl.plan"), *bench.pin]
    with open(os.path.join(bench.scene.home, "policies", "tls-server.yaml"), "a", encoding="utf-8") as file:
        file.write("# changed\n")
    yield "policy approve", ["policy", "approve", "tls-server", "--yes", *bench.pin]
    yield "ledger export", ["ledger", "export", bench.on_stick("export")]
    bench.do("sign", *s.POLICY, *bench.pin, "--reissue", "--out", bench.on_stick("third"), requests)
    yield "ledger export, again", ["ledger", "export", bench.on_stick("export")]
    yield "ledger prove", ["ledger", "prove", "2", "--out", bench.on_stick("2.proof")]
    yield "request", ["request", *s.POLICY, "--cn", "late", "--out", bench.on_stick("keys"), "--csr-out", bench.on_stick("late")]


def main():
    bench = Bench(s.Scene(sys.argv[1], sys.argv[2]))
    tally = s.Tally("power cuts after a command was done")
    for name, arguments in commands(bench):
        disks, events = bench.traced(*arguments)
        tally.points += 1
        needed = plant(disks, events, name)
        for path in lost(disks, events):
            tally.complain(name, f"{os.path.relpath(path, bench.scene.folder)} was not synced")
        tally.note(f"{name}, files and directories of which a sync was missed")
        tally.notes[f"{name}, files and directories of which a sync was missed"] = needed
    try_after_a_kill(bench, "batch, after a kill", ["batch", *s.POLICY, *bench.pin, bench.stick], tally)
    # The reissued ones are the newest of each request: what is asked for again.
    shutil.rmtree(bench.on_stick("issued"))
    again = ["sign", *s.POLICY, *bench.pin, "--out", bench.on_stick("issued"), bench.scene.requests]
    try_handing_out(bench, "sign, of what was issued", again, tally)
    try_after_a_kill(bench, "sign, after a kill", again, tally)
    return tally.end()


sys.exit(main())
