#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds the screens in docs/ceremony-guide.md to those that are drawn, at 80x24: ceremony_screens.py COLDCA PAGE

A screen of the page stands in a fence below a line "<!-- screen: NAME -->"; "..." alone in a line of it stands for any lines. Times, digests,
words, serials and the name of the rehearsal's directory are masked in both.
"""
import re
import sys

import room as r

COLDCA, PAGE = sys.argv[1:]

PEOPLE = {
    "name of the operator": "Otto Berg",
    "initials of the operator": "OB",
    "name of the second": "Sara Lind",
    "initials of the second \\(or": "SL",
    "name of the witness 1": "Wim Aalto",
    "initials of the witness 1": "WA",
    "name of the witness 2": "Wanda Roth",
    "initials of the witness 2": "WR",
    "Room and building": "B 017",
    "Serial number of this machine": "C02-1138",
    "Number of the bag": "AB123456",
    "yes: initials of the second": "SL",
    "yes: initials of the witness": "WA",
    "Enter to do it": "",
    "abandon for good": "g",
    "why, for the transcript": "read too fast",
    "who decides so": "SL",
}
PLAYS = {
    "rehearse root": ["rehearse", "root"],
    "print root": ["print", "root"],
    "run": ["run", "script.yaml", "--site", "site.yaml", "--evidence", "evidence"],
}


def mask(line):
    if re.match(r"    [0-9a-f]{8}( [0-9a-f]{8}){3}$", line):
        return "    HEX"
    if re.match(r"    [^\W\d]+( [^\W\d]+){0,5}$", line):
        return "    WORDS"
    line = re.sub(r"\d{4}-\d\d-\d\d([ T])\d\d:\d\d:\d\dZ?", r"DATE\1TIME", line)
    line = re.sub(r"(TIME) [A-Z]+ [+-]\d\d:\d\d$", r"\1 ZONE", line)
    line = re.sub(r"[0-9a-f]{64}", "SHA256", line)
    line = re.sub(r"serial=[0-9a-f]+|id=[%0-9A-F]+", "ID", line)
    line = re.sub(r"[a-z-]+\+[0-9a-f]{8}\+[A-Za-z0-9+/=]{44}", "VKEY", line)
    return re.sub(r"coldca-rehearsal-\w{6}", "coldca-rehearsal-XXXXXX", line).rstrip()


def drawn(arguments):
    room = r.Room([COLDCA, "ceremony"] + arguments, [])
    room.start()
    while (pattern := room.prompt(PEOPLE)) is not None:
        room.type(PEOPLE[pattern] + "\r")
    if room.report("ended") != 0:
        r.fail("it did not end well", room.seen)
    return room.seen.decode().replace("\r\n", "\n").split("\n")


def screens(page):
    """(name, number of its first line, lines)"""
    with open(page, encoding="utf-8") as file:
        text = file.read()
    for found in re.finditer(r"<!-- screen: (.*) -->\n```\n((?:.*\n)*?)```\n", text):
        yield found[1], text[:found.start(2)].count("\n") + 1, found[2].rstrip("\n").split("\n")


def find(piece, lines, at):
    for start in range(at, len(lines) - len(piece) + 1):
        if lines[start:start + len(piece)] == piece:
            return start + len(piece)
    return None


def compare(shown, number, lines):
    """Each piece between "..." is drawn, one below the other."""
    masked = [mask(line) for line in lines]
    at, piece, begun = 0, [], number
    for offset, line in enumerate(shown + ["..."]):
        if line != "...":
            piece.append(mask(line))
            continue
        at = find(piece, masked, at) if piece else at
        if at is None:
            sys.exit("\n".join(lines) + f"\nFAILED: {PAGE} line {begun}: this is not what is drawn above:\n" + "\n".join(piece))
        piece, begun = [], number + offset + 1


plays = {}
count = 0
for name, where, wanted in screens(PAGE):
    if name not in plays:
        plays[name] = drawn(PLAYS[name])
    compare(wanted, where, plays[name])
    count += 1
if count < 5 or set(plays) != set(PLAYS):
    sys.exit(f"FAILED: only {count} screens were found")
print(f"{count} screens are as drawn")
