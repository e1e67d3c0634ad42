#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Cuts the last group of a ledger at each byte and lets the program go on from there: torn_tail.py COLDCA HOME BEFORE KEY STEP

HOME has the group whole, BEFORE is the same home before it. Each cut is met as a power cut leaves it: the records of HOME up to that byte,
all else as it was BEFORE. A command that writes must close the tail and cut nothing away; after every fourth cut, and those near a record's end, the
ledger is verified too. With STEP 1 every byte is tried; with more, every STEP-th and those near a record's end."""
import concurrent.futures
import json
import os
import shutil
import subprocess
import sys
import tempfile

COLDCA, HOME, BEFORE, KEY, STEP = *sys.argv[1:5], int(sys.argv[5])


def read(*path):
    with open(os.path.join(*path), "rb") as file:
        return file.read()


def run(*arguments):
    return subprocess.run([COLDCA, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          check=False)


def try_cut(whole, cut, is_verified):
    """None, or what went wrong."""
    with tempfile.TemporaryDirectory(prefix="torn-", dir=".") as folder:
        home = os.path.join(folder, "ca")
        shutil.copytree(BEFORE, home)
        left = whole[:cut]
        is_torn = not left.endswith(b"\n")
        with open(os.path.join(home, "ledger.jsonl"), "wb") as file:
            file.write(left)
        result = run("-C", home, "ledger", "cosign", "--key", KEY, "--name", "witness.example/ada")
        if result.returncode != 0 or is_torn != (f"at byte {cut}" in result.stderr):
            return f"cosign ends with {result.returncode}: {result.stderr}"
        if read(home, "ledger.jsonl") != left + (b"\x18\n" if is_torn else b""):
            return "the tail was not closed by CAN LF behind what was there"
        if not is_verified:
            return None
        result = run("-C", home, "--json", "ledger", "verify")
        report = json.loads(result.stdout) if result.returncode == 0 else {}
        voids = left.count(b"\x18\n")
        if (report.get("records"), report.get("void_lines")) != (left.count(b"\n") - voids, voids + int(is_torn)):
            return f"verify ends with {result.returncode}: {result.stdout}{result.stderr}"
    return None


def main():
    whole, start = read(HOME, "ledger.jsonl"), len(read(BEFORE, "ledger.jsonl"))
    assert whole[:start] == read(BEFORE, "ledger.jsonl") and len(whole) > start
    ends = [place + 1 for place in range(start - 1, len(whole)) if whole[place:place + 1] == b"\n"]
    edges = {cut for end in ends for cut in range(end - 3, end + 4)}
    cuts = [cut for cut in range(start, len(whole) + 1) if (cut - start) % STEP == 0 or cut in edges]
    verified = {cut for cut in cuts if (cut - start) % (4 * STEP) == 0 or cut in edges}
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        faults = [(cut, fault) for cut, fault in zip(cuts, pool.map(lambda cut: try_cut(whole, cut, cut in verified), cuts)) if fault]
    for cut, fault in faults[:5]:
        print(f"cut at byte {cut} of {len(whole)}: {fault}", file=sys.stderr)
    print(f"   {len(ends) - 1} records of {len(whole) - start} bytes: cut at {len(cuts)} places, verified after {len(verified)}, {len(faults)} not mended")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
