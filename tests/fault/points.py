#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every call of a run that changes a file system or opens something, as the place of a fault: points.py BASE REQUESTS each|output SAMPLE SEED

each    (a) that call fails, or the process dies there: by turns, beginning with the one or the other by SEED; both if SAMPLE is 0
output  (d) from that call on the output folder answers every call with EIO, as a stick does that was pulled
"""
import errno
import os
import sys

import scene as s

# What a run that could not go on may end with (design, "The command line is a contract").
CODES = {3, 4, 5}


def count_calls(base, settings):
    scene = base.copy("undisturbed")
    log = os.path.join(scene.folder, "calls")
    result = scene.sign(**s.preload(FAULT_MODE="count", FAULT_LOG=log, **settings(scene)))
    if result.code != 0 or set(s.released(scene.out)) != base.names():
        sys.exit(f"the undisturbed run ended with {result.code}: {result.err}")
    with open(log, encoding="ascii") as file:
        calls = int(file.read())
    scene.remove()
    return calls


def anywhere(_scene):
    return {}


def on_output(scene):
    return {"FAULT_BELOW": scene.out}


def try_point(base, settings, point, tally):
    mode, number, code = point
    scene = base.copy(f"{mode}-{number}-{code}")
    log = os.path.join(scene.folder, "hit")
    result = scene.sign(**s.preload(FAULT_MODE=mode, FAULT_AT=number, FAULT_ERRNO=code, FAULT_LOG=log,
                                     **settings(scene)))
    hit = open(log, encoding="utf-8").read().strip() if os.path.exists(log) else "not reached"
    where = f"{mode} {errno.errorcode.get(code, '')} at {hit}"
    before = s.released(scene.out)
    tally.note(f"{mode} {result.code}")
    s.check_released(scene, before, tally, where)
    if mode in ("fail", "stuck") and result.code == 0:
        # The fault was no obstacle: then everything must be there.
        if set(before) != base.names():
            tally.complain(where, "reported success with certificates missing")
    elif mode in ("fail", "stuck"):
        if result.code not in CODES:
            tally.complain(where, f"ended with {result.code}: {result.err}")
        if not any(line.startswith("coldca: ") for line in result.err.splitlines()):
            tally.complain(where, f"nothing was said: {result.err}")
    elif result.code not in (-9, 0):  # 0: threads made one call fewer this time
        tally.complain(where, f"ended with {result.code} instead of being killed: {result.err}")
    # A run that was not hindered is held to what the next run would be.
    s.check_finished(scene, before, tally, where, result if result.code == 0 else scene.sign())
    if mode == "stuck":
        # Another stick gets the same certificates, not new ones.
        again = scene.sign(out=scene.out + "-2")
        if again.code != 0 or s.released(scene.out) != s.released(scene.out + "-2"):
            tally.complain(where, f"another folder got something else ({again.code}): {again.err}")
    scene.remove()


def spoil(text, old, new):
    if old not in text:
        sys.exit(f"nothing to spoil: {old}")
    return text.replace(old, new, 1)


def plant(base):
    """The checks must see what they are for: a lost certificate, half a one, one issued twice, a missing one."""
    scene = base.copy("planted")
    first = scene.sign()
    ledger = os.path.join(scene.home, "ledger.jsonl")
    pem = os.path.join(scene.out, min(base.names()) + ".pem")
    with open(ledger, encoding="utf-8") as file:
        records = file.read()
    with open(pem, encoding="ascii") as file:
        certificate = file.read()
    lines = records.splitlines(True)
    issued = next(line for line in lines if '"cert.issued"' in line and '"ref":1,' not in line and '"ref":0,' not in line)
    digest = s.fingerprint(certificate.encode())
    faults = {"lost": (ledger, spoil(records, digest, "0" * 64)), "half": (pem, certificate[: len(certificate) // 2]),
              "twice": (ledger, records + issued), "missing": (pem, None)}
    for name, (path, spoilt) in faults.items():
        tally = s.Tally(name)
        if spoilt is None:
            os.remove(path)
        else:
            with open(path, "w", encoding="utf-8") as file:
                file.write(spoilt)
        s.check_finished(scene, {}, tally, name, first)
        if not tally.complaints:
            sys.exit(f"the planted fault was not seen: {name}")
        with open(path, "w", encoding="utf-8") as file:
            file.write(records if path == ledger else certificate)
    scene.remove()


def main():
    base = s.Scene(sys.argv[1], sys.argv[2])
    plant(base)
    settings = {"each": anywhere, "output": on_output}[sys.argv[3]]
    calls = count_calls(base, settings)
    sample, seed = int(sys.argv[4]), int(sys.argv[5])
    numbers = s.sampled(range(1, calls + 1), sample, seed)
    if settings is anywhere:
        kinds = {"fail": errno.EIO, "torn": 0}
        points = [(kind, number, code) for turn, number in enumerate(numbers)
                  for place, (kind, code) in enumerate(kinds.items()) if sample == 0 or (turn + place + seed) % 2 == 0]
        tally = s.Tally(f"{len(numbers)} of {calls} calls, {'each failing and each' if sample == 0 else 'failing or, by turns,'} "
                        "ending the process")
    else:
        points = [("stuck", number, errno.EIO) for number in numbers]
        tally = s.Tally(f"EIO on the output folder from {len(numbers)} of {calls} calls on")
    s.side_by_side(tally, lambda point, own: try_point(base, settings, point, own), points)
    return tally.end()


sys.exit(main())
