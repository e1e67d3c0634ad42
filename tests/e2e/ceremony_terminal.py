#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""People in a room who resize, stop (Ctrl-Z, fg) or interrupt (Ctrl-C) the program at every question: ceremony_terminal.py WALK -- COMMAND...

The PINs are in the files pin and so-pin. WALK: stop or interrupt.
"""
import re
import sys

import room as r

WALK = sys.argv[1]
with open("pin", encoding="ascii") as file:
    PIN = file.read().strip()
with open("so-pin", encoding="ascii") as file:
    SO_PIN = file.read().strip()
WRONG = "00000000"

# What is asked, in whatever order it comes, and what is answered. A list: one after the other, the last one again and again.
ANSWERS = {
    "name of the operator": "Ann Example",
    "initials of the operator": "AE",
    "name of the second": "Bob Example",
    "initials of the second \\(or note": "BE",
    "Number of the bag": "AB1234",
    # Interrupted at its text and at its initials, a remark has to be begun three times.
    "yes: initials of the second; or no": ["note"] * (3 if WALK == "interrupt" else 1) + ["BE"],
    "the remark, for the transcript": "a bell rang",
    "initials of whose remark": "AE",
    "Enter to do it": "",
    "security officer PIN[^\n]*once more": SO_PIN,
    "security officer PIN": SO_PIN,
    "new user PIN[^\n]*once more": PIN,
    "new user PIN": PIN,
    "PIN of token|user PIN": [WRONG, PIN],
    "stop here\\?": "n",
    "abandon for good": "r",
    "why, for the transcript": "mistyped",
    "who decides so": "BE",
}


def answer(pattern):
    found = ANSWERS[pattern]
    if isinstance(found, list):
        return found.pop(0) if len(found) > 1 else found[0]
    return found


def is_secret(pattern):
    return "PIN" in pattern


def walk_stopping(room):
    """Each question is answered after the window was resized and the program stopped, with half an answer typed."""
    met = set()
    room.start()
    while (pattern := room.prompt(ANSWERS)) is not None:
        met.add(pattern)
        room.no_secret_outside(pattern)
        room.resize(12, 40)
        room.resize(24, 80)
        room.type(PIN[:4] if is_secret(pattern) else "xy")
        room.stop_and_go_on(pattern)
        if pattern.startswith("Number of the bag") and room.seen.count(b"stop here?") == 0:
            room.type("\x03")
            continue
        room.type(answer(pattern) + "\r")
    equal(room.report("ended"), 0, room)
    room.is_as_before("the end")
    equal(sorted(set(ANSWERS) - met), [], room)


def interrupt(room, pattern):
    """Ctrl-C at a question. A command's own ends that command, which the ceremony goes on from; but for the last checkpoint, its end."""
    room.type("\x03")
    if is_secret(pattern) and b"The last checkpoint" not in room.seen:
        return
    if not is_secret(pattern):
        ask_whether(room, pattern)
    equal(room.report("ended"), 6, room)
    room.is_as_before(f"ended at {pattern}")
    room.at = len(room.seen)
    room.start()


def ask_whether(room, pattern):
    room.read(lambda: True if b"stop here?" in room.seen[room.at:] and room.seen.endswith(b": ") else None, "stop here?")
    room.type("y\r" if pattern < "n" else "\x03")  # either ends it


def walk_interrupting(room):
    """At each question of each step Ctrl-C, once; the same command resumes, and the answer is given."""
    done = set()
    room.start()
    while (pattern := room.prompt(ANSWERS)) is not None:
        steps = re.findall(rb"Step (\d+) of", room.seen)
        where = (len(steps) and steps[-1], pattern)
        if where in done:
            room.type(answer(pattern) + "\r")
            continue
        done.add(where)
        interrupt(room, pattern)
    equal(room.report("ended"), 0, room)
    room.is_as_before("the end")
    if len(done) < 20:
        r.fail(f"only {len(done)} questions were interrupted", room.seen)


def equal(found, wanted, room):
    if found != wanted:
        r.fail(f"{found} is not {wanted}", room.seen)


the_room = r.Room(sys.argv[sys.argv.index("--") + 1:], [PIN, SO_PIN])
{"stop": walk_stopping, "interrupt": walk_interrupting}[WALK](the_room)
with open("seen", "wb") as file:
    file.write(the_room.seen)
