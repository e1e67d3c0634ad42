#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""(e) Power cuts on a disk that loses what was not synced: replay.py BASE REQUESTS SAMPLE SEED

A run is written down call by call. For every moment of it the home and the stick are made as a cut then may leave them: with
nothing but what was synced, with all of it, with the names but not the bytes, the bytes but not the names, with some of it. Then
the same command is run again. Home and stick are two disks: what was synced on one says nothing about the other.
"""
import os
import random
import re
import shutil
import sys

import disk as d
import scene as s

# Names kept and bytes kept, on the home, then on the stick.
WORST = {
    "all lost": ("none", "none", "none", "none"),
    "home lost, stick kept": ("none", "none", "all", "all"),
    "home kept, stick lost": ("all", "all", "none", "none"),
    "bytes lost": ("all", "none", "all", "none"),
    "names lost": ("none", "all", "none", "all"),
}
RANDOM_NAMES = ("none", "all", "before", "some")
RANDOM_BYTES = ("none", "all", "before", "some")
BY_HAND = re.compile(r"damaged at record \d+ \(byte \d+\).*no checkpoint covers it.*`truncate -s (\d+) ledger.jsonl`", re.S)
IN_LEDGER = 30  # random states of each moment at which records or checkpoints are written and not yet synced
CACHE = "/index.sqlite-shm"  # SQLite's, mapped into memory; nothing of it outlives a cut


class Recording:
    """What a run did to its two disks. deaf: a file that, to see that this is noticed, is taken as never synced."""

    def __init__(self, scene, deaf=None):
        stick = os.path.dirname(scene.out)
        os.makedirs(stick, exist_ok=True)
        log = os.path.join(scene.folder, "trace")
        self.home, self.stick = d.Disk(scene.home), d.Disk(stick)
        self.ledger = [os.stat(os.path.join(scene.home, name)).st_ino for name in ("ledger.jsonl", "ledger.checkpoints")]
        result = scene.carry_out(**s.preload(FAULT_MODE="trace", FAULT_LOG=log))
        if result.code != 0 or set(scene.released()) != scene.names():
            sys.exit(f"the undisturbed run ended with {result.code}: {result.err}")
        self.tbs = s.tbs_of(s.Ledger(scene.home))
        self.signed = self.early = 0
        self.events = [event for event in d.read_trace(log) if deaf is None or not is_sync_of(event, deaf)]
        self.after = [d.Disk(scene.home).left(all_of, all_of, None), d.Disk(stick).left(all_of, all_of, None)]

    def moments(self):
        """Before the first event, and after each that concerns one of the disks."""
        yield 0
        for number, event in enumerate(self.events, 1):
            if event[0] == "note":
                self.check_signature(event[1])
            if self.home.feed(event) | self.stick.feed(event):
                yield number

    def check_signature(self, digest):
        """P3: when the token is asked to sign a certificate, a cut would not take its bytes from the ledger any more."""
        if digest not in self.tbs:
            return  # a checkpoint, or the proof of a key
        self.signed += 1
        if digest not in s.tbs_in(self.home.files[self.ledger[0]].synced):
            self.early += 1

    def check_complete(self):
        """Once all events were fed: a call that the shim does not know would show here."""
        for disk, after in zip((self.home, self.stick), self.after):
            told = disk.left(all_of, all_of, None)
            if {k: v for k, v in told.items() if k != CACHE} != {k: v for k, v in after.items() if k != CACHE}:
                odd = [path for path in {**told, **after} if told.get(path) != after.get(path)]
                sys.exit(f"the trace does not tell all that happened to {disk.root}: {odd}")


def all_of():
    return "all"


def is_sync_of(event, path):
    return event[0].startswith("sync") and event[1] == path


def left(recording, how, choose):
    """The home and the stick after a cut; how: None for a random state."""
    def kept(place, many):
        return (lambda: choose.choice(many)) if how is None else (lambda: how[place])

    return (recording.home.left(kept(0, RANDOM_NAMES), kept(1, RANDOM_BYTES), choose),
            recording.stick.left(kept(2, RANDOM_NAMES), kept(3, RANDOM_BYTES), choose))


def cuts(recording, share, seed):
    """Every state that a cut may leave, each once: (what it is, home, stick). Of the random ones so many a moment, on the average."""
    choose = random.Random(seed)
    seen = set()
    for moment in recording.moments():
        modes = dict(WORST)
        # Where it matters: between the ledger's writing and its syncing.
        is_writing = any(recording.home.files[inode].pending for inode in recording.ledger)
        for number in range(IN_LEDGER if is_writing else int(share) + (choose.random() < share % 1)):
            modes[f"some lost ({number})"] = None
        for name, how in modes.items():
            home, stick = left(recording, how, choose)
            digest = hash((*home.items(), None, *stick.items()))  # Python remembers those of bytes that did not change
            if digest not in seen:
                seen.add(digest)
                yield f"{name} at event {moment}", name.split(" (")[0], home, stick
    recording.check_complete()


def plant(base):
    """A ledger or a stick that is not synced before certificates are handed out would be seen."""
    for name, place in {"home lost, stick kept": "ca/ledger.jsonl", "bytes lost": "stick/issued"}.items():
        scene = base.copy("planted")
        scene.out = os.path.join(scene.folder, "stick", "issued")
        recording = Recording(scene, os.path.join(scene.folder, place))
        for _ in recording.moments():
            pass
        if place == "ca/ledger.jsonl" and recording.early != recording.signed:
            sys.exit("signatures before their bytes were synced were not noticed")
        home, stick = left(recording, WORST[name], None)
        tally = s.Tally("planted")
        restore(scene, home, stick)
        s.check_released(scene, s.released(scene.out), tally, name)
        if not tally.complaints:
            sys.exit(f"that {place} is never synced was not noticed")
        scene.remove()


def scene_of(base, name, is_batch):
    """A copy that signs to a stick, or works through one."""
    scene = base.copy(name)
    if is_batch:
        return s.Stick.of(scene)
    scene.out = os.path.join(scene.folder, "stick", "issued")
    return scene


def restore(scene, home, stick):
    for root, tree in ((scene.home, home), (os.path.dirname(scene.out), stick)):
        if os.path.exists(root):
            shutil.rmtree(root)
        d.write_tree(root, tree)


def try_cut(base, number, cut, is_batch, tally):
    where, name, home, stick = cut
    scene = scene_of(base, f"cut-{number}", is_batch)
    restore(scene, home, stick)
    before = scene.released()
    tally.note(name)
    s.check_released(scene, before, tally, where)
    result = scene.carry_out()
    told = BY_HAND.search(result.err)
    if result.code == 5 and told:
        # A hole inside a group that was not synced: a person is told what to do, and it is enough.
        tally.note("holes cut off by hand, as told")
        os.truncate(os.path.join(scene.home, "ledger.jsonl"), int(told[1]))
        s.check_released(scene, before, tally, where)
        result = scene.carry_out()
    s.check_finished(scene, before, tally, where, result)
    scene.remove()


def try_run(base, name, start, sample, seed, is_batch=False):
    """Cuts of one run, which begins with a home and a stick as start says (None: as base is); the states and what they came to."""
    scene = scene_of(base, "recorded-" + name.replace(" ", "-"), is_batch)
    if start is not None:
        restore(scene, *start)
    recording = Recording(scene)
    scene.remove()
    states = list(cuts(recording, 0.5, seed))
    if recording.early or (start is None and recording.signed != len(base.names())):
        sys.exit(f"{name}: of {recording.signed} signatures, {recording.early} were asked for before their bytes were synced")
    tried = s.sampled(states, sample, seed)
    tally = s.Tally(f"power cuts that lose what was not synced, in {name}: {len(tried)} of {len(states)} different states after "
                    f"{len(recording.events)} events, {recording.signed} signatures asked for after their bytes were synced")
    s.side_by_side(tally, lambda number, own: try_cut(base, number, tried[number], is_batch, own), range(len(tried)))
    return states, tally


def main():
    base = s.Scene(sys.argv[1], sys.argv[2])
    sample, seed = int(sys.argv[3]), int(sys.argv[4])
    plant(base)
    states, tally = try_run(base, "a first run", None, sample, seed)
    code = tally.end()
    # The run that mends what a cut left is cut as well.
    for name in ("some lost", "home lost, stick kept"):
        torn = [state for state in states if state[1] == name]
        _, again = try_run(base, "a run after one", torn[len(torn) // 3][2:], 12 * sample, seed)
        code |= again.end()
    states, tally = try_run(base, "a batch", None, 2 * sample, seed, is_batch=True)
    code |= tally.end()
    torn = [state for state in states if state[1] == "some lost"]
    _, again = try_run(base, "a batch after one", torn[len(torn) // 3][2:], 12 * sample, seed, is_batch=True)
    return code | again.end()


sys.exit(main())
