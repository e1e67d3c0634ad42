#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""coldca batch, disturbed at random moments and run again: stick.py BASE REQUESTS PULLS SEED

pulled  from a call on the stick answers every call with EIO; plugged in again, it holds what had been written
killed  the process ends before a call, the stick and the home as they are
unread  from one on no request can be opened any more, but answers still be written
"""
import errno
import os
import random
import sys

import scene as s


def limits(kind, scene):
    """Which calls count, as the shim is told."""
    if kind == "killed":
        return {}
    return {"FAULT_READS": "1", "FAULT_BELOW": scene.requests if kind == "unread" else scene.stick}


def count_calls(base, kind):
    scene = s.Stick.of(base.copy("undisturbed"))
    log = os.path.join(scene.folder, "calls")
    more = limits(kind, scene)
    result = scene.batch(**s.preload(FAULT_MODE="count", FAULT_LOG=log, **more))
    if result.code != 0 or set(scene.released()) != base.names():
        sys.exit(f"the undisturbed run ended with {result.code}: {result.err}")
    with open(log, encoding="ascii") as file:
        calls = int(file.read())
    scene.remove()
    return calls


def check_answers(scene, found, tally, where):
    """No certificate that was issued is kept back while answers can be written."""
    issued = {source[:-4] for source in s.Ledger(scene.home).by_source} & scene.names()  # not the CA's own
    kept = issued - set(found)
    if kept:
        tally.complain(where, f"issued, and not handed out: {sorted(kept)[:3]}")


def try_point(base, point, tally):
    kind, number = point
    scene = s.Stick.of(base.copy(f"{kind}-{number}"))
    mode = "kill" if kind == "killed" else "stuck"
    result = scene.batch(**s.preload(FAULT_MODE=mode, FAULT_AT=number, FAULT_ERRNO=errno.EIO, **limits(kind, scene)))
    where = f"{kind} at call {number}"
    tally.note(f"{kind} {result.code}")
    before = scene.released()
    s.check_released(scene, before, tally, where)
    if kind == "unread":
        check_answers(scene, before, tally, where)
    # 0: only with everything in its place: the last calls look whether a directory is empty, and their failure takes nothing away; and
    # threads may need fewer calls than the run that was counted.
    # 1: one or two requests were refused because the stick could not be read, and nothing else was wanted of it.
    if mode == "stuck" and result.code not in (1, 3) and not (result.code == 0 and set(before) == base.names()):
        tally.complain(where, f"ended with {result.code}: {result.err}")
    again = scene.batch()
    s.check_finished(scene, before, tally, where, again)
    folders = os.listdir(scene.out)
    if len(folders) != 1 and not (kind != "killed" and result.code == 1):  # one that had ended, with refusals
        tally.complain(where, f"{len(folders)} folders of answers")
    nothing = scene.batch()
    if nothing.code != 0 or '"answers": false' not in nothing.out:
        tally.complain(where, f"a third run found something to do ({nothing.code}): {nothing.out}{nothing.err}")
    scene.remove()


def main():
    base = s.Scene(sys.argv[1], sys.argv[2])
    pulls, seed = int(sys.argv[3]), int(sys.argv[4])
    choose = random.Random(seed)
    points = []
    for kind, count in (("pulled", pulls), ("killed", pulls), ("unread", max(pulls // 5, 3))):
        calls = count_calls(base, kind)
        points += [(kind, choose.randint(1, calls)) for _ in range(count)]
    tally = s.Tally(f"the stick pulled at {pulls} moments, the machine switched off at {pulls}")
    s.side_by_side(tally, lambda point, own: try_point(base, point, own), sorted(set(points)))
    return tally.end()


sys.exit(main())
