#!/usr/bin/env python3
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
    return len(os.listdir(scene.out)) if os.path.isdir(scene.out) else 0


# From when on a moment is counted, and for which part of a whole run at most.
MOMENTS = {"at any moment": (None, 0.45), "after the ledger grew": (size_of_ledger, 0.15), "after certificates came out": (count_released, 0.1)}


def killed(scene, grows, delay):
    """One run, killed so many seconds after it started, or after something grew; whether it was in time."""
    start = grows(scene) if grows else 0
    process = subprocess.Popen(scene.command(*scene.sign_arguments()), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL, env=scene.environment(), start_new_session=True)
    while grows and process.poll() is None and grows(scene) == start:
        time.sleep(0.001)  # so as not to take a processor from it
    try:
        process.wait(delay)
    except subprocess.TimeoutExpired:
        process.kill()
    return process.wait() == -9


def try_round(base, number, kills, seed, seconds, tally):
    choose = random.Random(seed * 1000 + number)
    scene = base.copy(f"round-{number}")
    scene.options = [] if number % 2 == 0 else ["--no-proof"]
    before = {}
    tally.points = 0  # each kill is one
    for kill in range(kills):
        where = f"round {number} kill {kill}"
        name = choose.choice(list(MOMENTS))
        grows, most = MOMENTS[name]
        if not killed(scene, grows, choose.uniform(0, seconds * most)):
            tally.note("done before the kill")
            break
        tally.points += 1
        tally.note(name)
        found = s.released(scene.out)
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
