#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes a plan that coldca did not make, whole and ready to be approved: forge_plan.py HOW PLAN FORGED. HOW is a name below."""
import base64
import hashlib
import json
import sys


def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def digest(data):
    return hashlib.sha256(data).digest()


def root(leaves):
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return digest(b"\1" + root(leaves[:split]) + root(leaves[split:]))


def swap(tbs, old, new):
    if old not in tbs or len(old) != len(new):
        sys.exit(f"forge_plan.py: nothing to change: {old!r}")
    return tbs.replace(old, new, 1)


def time_at(tbs, which):
    start = tbs.index(b"\x17\x0d")
    return start if which == 0 else tbs.index(b"\x17\x0d", start + 15)


def set_time(tbs, which, text):
    start = time_at(tbs, which)
    return tbs[: start + 2] + text.encode() + tbs[start + 15 :]


def issuer(tbs):  # the same text in another string type
    return swap(tbs, b"\x0c\x09Test Root", b"\x13\x09Test Root")


def key_id(tbs):
    at = tbs.index(bytes.fromhex("551d23")) + len(bytes.fromhex("551d23041830168014"))
    return tbs[:at] + bytes([tbs[at] ^ 1]) + tbs[at + 1 :]


def past(tbs):
    return set_time(tbs, 1, "491231235959Z")


def early(tbs):
    return set_time(tbs, 0, "200101000000Z")


def backwards(tbs):
    return set_time(set_time(tbs, 1, "300101000000Z"), 0, "300101000001Z")


def algorithm(tbs):  # ecdsa-with-SHA224
    return swap(tbs, bytes.fromhex("2a8648ce3d040303"), bytes.fromhex("2a8648ce3d040301"))


def key_usage(tbs):  # keyCertSign without a CA
    at = tbs.index(bytes.fromhex("551d0f")) + 3
    at = tbs.index(b"\x03\x02", at)
    return tbs[: at + 2] + b"\x02\x04" + tbs[at + 4 :]


def name(items):
    items[1]["record"]["output"] = items[0]["record"]["output"].upper()


def serial(items):
    output = items[1]["record"]["output"]
    items[1] = json.loads(json.dumps(items[0]))
    items[1]["record"]["output"] = output


def outside(items):
    items[0]["record"]["output"] = "../../outside"


def nowhere(items):
    del items[0]["record"]["output"]


def main():
    how, source, target = sys.argv[1:]
    with open(source, encoding="utf-8") as file:
        plan = json.load(file)
    change = globals()[how]
    if how in ("name", "serial", "outside", "nowhere"):
        change(plan["items"])
    else:
        record = plan["items"][0]["record"]
        tbs = change(base64.b64decode(record["tbs"]))
        end = tbs[time_at(tbs, 1) + 2 :][:12].decode()
        record["tbs"] = base64.b64encode(tbs).decode()
        record["not_after"] = f"20{end[:2]}-{end[2:4]}-{end[4:6]}T{end[6:8]}:{end[8:10]}:{end[10:12]}Z"
    header = json.loads(plan["header"])
    header["root"] = root([digest(b"\0" + canonical(item["record"])) for item in plan["items"]]).hex()
    plan["header"] = canonical(header).decode()
    with open(target, "wb") as file:
        file.write(canonical(plan) + b"\n")


main()
