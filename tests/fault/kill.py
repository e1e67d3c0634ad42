#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""(b) kill -9 at random moments of a long run, again and again until it is done: kill.py BASE REQUESTS KILLS SEED"""
import os
import random
import subprocess
import sys
import time

import scene as s

ROUNDS = 4  # scenes; each is killed until it is done or has had its share


def size_of_ledger(scene):
    return os.stat(os.path.join(scene.home, "ledger.jsonl")).st_size


def count_released(scene):
    return sum(name.endswith(".pem") for name in os.listdir(scene.out)) if os.path.isdir(scene.out) else 0


# What is watched, and by how much it grows at most until the kill: about half of what a group of certificates needs.
MOMENTS = {"by time": None, "by the ledger": (size_of_ledger, 150_000), "by what was handed out": (count_released, 65)}


def killed(scene, name, choose, seconds):
    """One run, killed some time after it started, or when something has grown so much; whether it was in time."""
    process = subprocess.Popen(scene.command(*scene.sign_arguments()), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL, env=scene.environment(), start_new_session=True)
    if MOMENTS[name] is None:
        try:
            process.wait(choose.uniform(0, seconds / 2))
        except subprocess.TimeoutExpired:
            process.kill()
    else:
        size_of, most = MOMENTS[name]
        wanted = size_of(scene) + choose.uniform(0, most)
        while process.poll() is None and size_of(scene) <= wanted:
            time.sleep(0.001)  # so as not to take a processor from it
        process.kill()
    return process.wait() == -9


def try_round(base, number, kills, seed, seconds, tally):
    choose = random.Random(seed * 1000 + number)
    scene = base.copy(f"round-{number}")
    scene.options = [] if number == 0 else ["--no-proof"]  # proofs of all that is there are checked in each run, which takes longest
    before = {}
    known = {}
    tally.points = 0  # each kill is one
    for kill in range(kills):
        where = f"round {number} kill {kill}"
        name = choose.choice(list(MOMENTS))
        kept = scene.keep_token()
        if not killed(scene, name, choose, seconds):
            tally.note("done before the kill")
            break
        tally.points += 1
        tally.note(name)
        scene.mend_token(kept, tally)
        found = s.released(scene.out, known)
        if set(found) - set(before):
            tally.note("with new certificates")
        s.check_released(scene, found, tally, where)
        for name in before:
            if found.get(name) != before[name]:
                tally.complain(where, f"{name}.pem is gone or another one")
        before = found
    s.check_finished(scene, before, tally, f"round {number}", scene.sign())
    scene.remove()


def main():
    base = s.Scene(sys.argv[1], sys.argv[2])
    kills = int(sys.argv[3])
    seed = int(sys.argv[4])
    whole = base.copy("whole")
    start = time.monotonic()
    result = whole.sign()
    seconds = time.monotonic() - start
    if result.code != 0:
        sys.exit(f"the undisturbed run ended with {result.code}: {result.err}")
    whole.remove()
    tally = s.Tally(f"kill -9 at random moments of a run over {len(base.names())} requests")
    number = 0
    while tally.points < kills:
        left = kills - tally.points
        share = min(kills // ROUNDS, left)
        count = min(os.cpu_count() or 1, (left + share - 1) // share)
        s.side_by_side(tally, lambda n, own, sh=share: try_round(base, n, sh, seed, seconds, own),
                       range(number, number + count))
        number += count
    return tally.end()


sys.exit(main())
