#!/usr/bin/env python3
"""(b) kill -9 at random moments of a long run, again and again until it is done: kill.py BASE REQUESTS KILLS SEED"""
import os
import random
import subprocess
import sys
import time

import scene as s

ROUNDS = 8  # scenes; each is killed until it is done or has had its share


def size_of(scene):
    return os.stat(os.path.join(scene.home, "ledger.jsonl")).st_size


def killed(scene, wait_for_ledger, delay):
    """One run, killed so many seconds after it started, or after it first wrote into the ledger; whether it was in time."""
    start = size_of(scene)
    process = subprocess.Popen(scene.command(*scene.sign_arguments()), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL, env=scene.environment(), start_new_session=True)
    while wait_for_ledger and process.poll() is None and size_of(scene) == start:
        pass
    try:
        process.wait(delay)
    except subprocess.TimeoutExpired:
        process.kill()
    return process.wait() == -9


def try_round(base, number, kills, seed, seconds, tally):
    choose = random.Random(seed * 1000 + number)
    scene = base.copy(f"round-{number}")
    before = {}
    tally.points = 0  # each kill is one
    for kill in range(kills):
        where = f"round {number} kill {kill}"
        # Half of the moments lie anywhere, half where it signs.
        signs = choose.random() < 0.5
        if not killed(scene, signs, choose.uniform(0, seconds * (0.25 if signs else 0.6))):
            tally.note("done before the kill")
            break
        tally.points += 1
        found = s.released(scene.out)
        tally.note("killed while certificates came out" if set(found) - set(before) else "killed at another moment")
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
    print(f"seed {seed}", flush=True)
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
