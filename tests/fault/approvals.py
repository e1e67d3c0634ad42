#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Plans and approvals with a fault in them, and run again: approvals.py BASE REQUESTS SAMPLE SEED KILLS

each    every call that changes a file system or opens something fails, or the process dies there, by turns
token   every call to the token fails, or its signature is spoilt
kill    the process is ended at a random moment

No plan and no approval is half written under its name; a plan's approvals are used once, each item is signed or recorded once, and the same
command does what was approved."""
import errno
import hashlib
import json
import os
import random
import re
import sys
import time

import scene as s

CODES = {3, 4, 5}
TOKEN_FAULTS = {"C_OpenSession": ("removed",), "C_Login": ("removed",), "C_SignInit": ("session-lost", "removed"),
                "C_Sign": ("session-lost", "removed", "garbage", "wrong-signature")}
# What writes a plan or an approval, without the token; and what carries a plan out.
WRITERS = ("plan", "plan-revoke", "plan-people", "plan-policy", "approve")
ACTS = {"sign": "cert.signing", "revoke": "cert.revoked", "people": "control.set", "policy": "policy.approved", "crl": "crl.signing"}


class Desk(s.Scene):
    """A home of two of three, with a plan of each act that ann and bob approved."""

    def __init__(self, scene):
        super().__init__(scene.folder, scene.requests)
        self.pin = "file:" + os.path.join(self.folder, "pin")
        self.given = os.path.dirname(self.requests)  # plans, keys and approvals, which no run changes
        self.made = os.path.join(self.folder, "made")
        os.makedirs(self.made, exist_ok=True)

    def command_of(self, name):
        out = os.path.join(self.made, "out")
        if name == "plan":
            return ["plan", *s.POLICY, "-o", out, self.requests]
        if name == "plan-revoke":
            return ["revoke", "--where", "policy=mqtt-device", "--reason", "superseded", "--yes", "--plan-out", out]
        if name == "plan-people":
            return ["people", "remove", "cyd", "--plan-out", out]
        if name == "plan-policy":
            return ["policy", "approve", "mqtt-server", "--plan-out", out]
        if name == "approve":
            return ["approve", self.plan_of("sign"), "--key", os.path.join(self.given, "cyd.key.pem"), "--yes", "--out", out]
        given = ["--plan", self.plan_of(name), "--approval", self.plan_of(name) + ".ann.approval", "--approval",
                 self.plan_of(name) + ".bob.approval", "--pin-source", self.pin]
        return {"sign": ["sign", "--out", self.out], "revoke": ["revoke"], "people": ["people", "remove"],
                "policy": ["policy", "approve"], "crl": ["crl", "--out", os.path.join(self.folder, "lists")]}[name] + given

    def plan_of(self, name):
        return os.path.join(self.given, name + ".plan")

    def do(self, name, **more):
        return self.run(*self.command_of(name), **more)

    def records(self):
        found = []
        with open(os.path.join(self.home, "ledger.jsonl"), "rb") as file:
            for line in file.read().split(b"\n")[:-1]:
                try:
                    found += [] if line.endswith(b"\x18") else [json.loads(line)]
                except ValueError:
                    pass  # `ledger verify` says whether it may be there
        return found

    def planned(self):
        """The records that belong to a plan."""
        return [record for record in self.records() if "plan_index" in record]


class Approved:
    """The plan that people approved: how many items it has, and its digest."""

    def __init__(self, path):
        with open(path, encoding="utf-8") as file:
            plan = json.load(file)
        self.count, self.header = len(plan["items"]), plan["header"]
        self.sha256 = hashlib.sha256(self.header.encode()).hexdigest()


PLANS = {}


def check_written(desk, tally, where):
    """What lies under the name that was asked for is whole: a plan that a person can approve, an approval that counts."""
    path = os.path.join(desk.made, "out")
    if not os.path.exists(path):
        return False
    probe = os.path.join(desk.folder, "probe")
    if os.path.exists(probe):
        os.remove(probe)
    with open(path, encoding="utf-8", errors="replace") as file:
        is_approval = file.readline() == "coldca approval v1\n"
    if is_approval:
        shown = desk.run("sign", "--plan", desk.plan_of("sign"), "--approval", path, "--out", probe + "-out")
        is_whole = "the plan has 1" in shown.err
    else:
        shown = desk.run("approve", path, "--key", os.path.join(desk.given, "ann.key.pem"), "--yes", "--out", probe)
        is_whole = shown.code == 0
    if not is_whole:
        tally.lost += 1
        tally.complain(where, f"what lies there is not whole: {shown.code} {shown.err}")
    return is_whole


def check_once(desk, tally, where):
    """P3, and that an approval is used once: each item of a plan stands in one record, its approvals in one."""
    places = [(record["plan_sha256"], record["plan_index"]) for record in desk.planned()]
    approved = [record["header"] for record in desk.records() if record["type"] == "plan.approved"]
    serials = [record["serial"] for record in desk.records() if record["type"] == "cert.signing"]
    again = len(places) - len(set(places)) + len(approved) - len(set(approved)) + len(serials) - len(set(serials))
    tally.duplicated += again
    if again:
        tally.complain(where, f"{again} records of what was recorded before")
    s.check_released(desk, {} if not os.path.isdir(desk.out) else desk.released(), tally, where)


def check_litter(desk, tally, where):
    litter = [name for folder in (desk.home, desk.out, desk.made, os.path.join(desk.folder, "lists")) if os.path.isdir(folder) for name in os.listdir(folder)
              if name.startswith(".coldca-") or name.endswith((".part", ".new"))]
    if litter:
        tally.complain(where, f"left behind: {litter}")


def check_verified(desk, tally, where):
    verified = desk.run("ledger", "verify")
    if verified.code != 0:
        tally.complain(where, f"ledger verify ends with {verified.code}: {verified.out}{verified.err}")


def check_list(desk, records, tally, where):
    """The CRL of the plan lies in both its places, as it was issued."""
    issued = [record["sha256"] for record in records if record["type"] == "crl.issued"]
    for folder in (os.path.join(desk.home, "crl"), os.path.join(desk.folder, "lists")):
        path = os.path.join(folder, "crl-1.der")
        found = []
        if os.path.exists(path) and os.path.exists(path[:-3] + "pem"):
            with open(path, "rb") as file:
                found.append(hashlib.sha256(file.read()).hexdigest())
        if len(issued) != 1 or found != issued:
            tally.lost += 1
            tally.complain(where, f"issued is {issued}, in {folder} lies {found}")


def check_finished(desk, name, result, tally, where):
    """After the same command: all is there, once, and nothing is burned but the number of a CRL whose signature was not recorded."""
    if name in WRITERS:
        # A run that died behind its last step has left the whole file, and the next says that it is there.
        is_there = result.code == 3 and ("File exists" in result.err or "already" in result.err)
        if not check_written(desk, tally, where) or (result.code != 0 and not is_there):
            tally.complain(where, f"the run after the fault ended with {result.code}: {result.err}")
        if not is_there:
            check_litter(desk, tally, where)
        check_verified(desk, tally, where)
        return
    records = desk.records()
    plan = PLANS[name]
    done = [record for record in records if record["type"] == ACTS[name] and record.get("plan_sha256") == plan.sha256]
    # A CRL whose signature was not recorded has used up its number, and with it the plan.
    is_over = name == "crl" and result.code == 3 and "plan it anew" in result.err and not any(record["type"] == "crl.issued" for record in records)
    if result.code != 0 and not is_over:
        tally.complain(where, f"the run after the fault ended with {result.code}: {result.err}")
        return
    if len(done) != plan.count:
        tally.lost += abs(plan.count - len(done))
        tally.complain(where, f"{len(done)} records of {plan.count} items")
    if sum(record["type"] == "plan.approved" and record["header"] == plan.header for record in records) != 1:
        tally.complain(where, "the approvals are not in one record")
    burned = sum(record["type"] == "cert.abandoned" for record in records)
    if burned or (name == "sign" and len(desk.released()) != len(done)):
        tally.lost += 1
        tally.complain(where, f"{len(desk.released())} certificates of {len(done)}, {burned} burned")
    if name == "crl" and not is_over:
        check_list(desk, records, tally, where)
    check_once(desk, tally, where)
    if not is_over: # nothing is written then, and so nothing swept
        check_litter(desk, tally, where)
    with open(os.path.join(desk.home, "ledger.checkpoint"), encoding="utf-8") as file:
        if not is_over and int(file.read().split("\n")[1]) <= max((record["seq"] for record in done), default=0):
            tally.complain(where, "done, but no checkpoint covers it")
    check_verified(desk, tally, where)


def count_calls(base, name):
    desk = Desk(base.copy("count-" + name))
    log = os.path.join(desk.folder, "calls")
    result = desk.do(name, **s.preload(FAULT_MODE="count", FAULT_LOG=log))
    tally = s.Tally(name)
    check_finished(desk, name, result, tally, name)
    if tally.complaints or result.code != 0:
        sys.exit(f"an undisturbed run is complained of: {name} {tally.complaints} {result.err}")
    with open(log, encoding="ascii") as file:
        calls = int(file.read())
    desk.remove()
    return calls


def count_token_calls(base, name, call):
    desk = Desk(base.copy(f"count-{name}-{call}"))
    log = os.path.join(desk.folder, "log")
    desk.do(name, TOKEN_FAULT=f"call={call} log={log}")
    with open(log, encoding="ascii") as file:
        calls = int(re.search(rf"^calls {call} (\d+)$", file.read(), re.M)[1])
    desk.remove()
    return calls


def try_point(base, point, tally):
    name, kind, number, fault = point
    where = f"{name}: {kind} {fault} at {number}"
    desk = Desk(base.copy(re.sub(r"\W+", "-", where)))
    if kind in TOKEN_FAULTS:
        result = desk.do(name, TOKEN_FAULT=f"call={kind} at={number} fault={fault}")
    else:
        result = desk.do(name, **s.preload(FAULT_MODE=kind, FAULT_AT=number, FAULT_ERRNO=fault))
    tally.note(f"{name} {kind} {result.code}")
    check_written(desk, tally, where)
    check_once(desk, tally, where)
    if kind != "torn" and result.code != 0 and not (result.code in CODES):
        tally.complain(where, f"ended with {result.code}: {result.err}")
    check_finished(desk, name, result if result.code == 0 else desk.do(name), tally, where)
    desk.remove()


def try_kills(base, point, tally):
    """Killed again and again, until it is done before the kill."""
    name, number, seconds, seed = point
    choose = random.Random(f"{seed} {name} {number}")
    desk = Desk(base.copy(f"kill-{name}-{number}"))

    def check(kill):
        check_written(desk, tally, f"{name}: kill {number}.{kill}")
        check_once(desk, tally, f"{name}: kill {number}.{kill}")
    s.killed_again_and_again(desk, name, desk.command_of(name), 3, choose, seconds, tally, check)
    check_finished(desk, name, desk.do(name), tally, f"{name}: kill {number}")
    desk.remove()


def plant(base):
    """The checks must see what they are for."""
    def half(desk):
        path = os.path.join(desk.made, "out")
        os.truncate(path, os.path.getsize(path) // 2)

    def twice(desk, kind):
        with open(os.path.join(desk.home, "ledger.jsonl"), "rb") as file:
            line = next(line for line in file.read().splitlines(True) if f'"type":"{kind}"'.encode() in line)
        with open(os.path.join(desk.home, "ledger.jsonl"), "ab") as file:
            file.write(line)
    for name, fault in (("plan", half), ("approve", half), ("sign", lambda desk: twice(desk, "plan.approved")),
                        ("people", lambda desk: twice(desk, "plan.approved")), ("sign", lambda desk: os.remove(os.path.join(desk.out, "device-0011.pem"))),
                        ("crl", lambda desk: os.remove(os.path.join(desk.folder, "lists", "crl-1.pem")))):
        desk = Desk(base.copy("planted"))
        tally = s.Tally("planted")
        result = desk.do(name)
        check_finished(desk, name, result, tally, "planted")
        if tally.complaints or result.code != 0:
            sys.exit(f"an undisturbed run is complained of: {name} {tally.complaints} {result.err}")
        fault(desk)
        check_finished(desk, name, result, tally, "planted")
        if not tally.complaints:
            sys.exit(f"the planted fault was not seen: {name}")
        desk.remove()


def main():
    base, sample, seed, kills = s.Scene(sys.argv[1], sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]), int(sys.argv[5])
    for name in ACTS:
        PLANS[name] = Approved(os.path.join(os.path.dirname(os.path.abspath(sys.argv[2])), name + ".plan"))
    base.requests = os.path.abspath(base.requests)
    plant(base)
    points, seconds = [], {}
    for name in (*WRITERS, *ACTS):
        start = time.monotonic()
        calls = count_calls(base, name)
        seconds[name] = time.monotonic() - start
        choose = random.Random(f"{seed} {name}")
        points += [(name, *(("fail", number, errno.EIO) if choose.random() < 0.5 else ("torn", number, 0))) for number in range(1, calls + 1)]
        for call, faults in TOKEN_FAULTS.items() if name in ACTS else ():
            calls = count_token_calls(base, name, call)
            points += [(name, call, number, fault) for number in range(1, calls + 1) for fault in faults]
    # What writes a file makes few calls, and they are tried all.
    tried = [point for point in points if point[0] in WRITERS] + s.sampled([point for point in points if point[0] in ACTS], sample, seed)
    tally = s.Tally(f"plans and approvals: {len(tried)} of {len(points)} calls, of the system and of the token, and {len(seconds) * kills} times killed")
    s.side_by_side(tally, lambda point, own: try_point(base, point, own), tried)
    s.side_by_side(tally, lambda point, own: try_kills(base, point, own),
                   [(name, number, seconds[name] / 3, seed) for name in seconds for number in range(kills)])
    return tally.end()


sys.exit(main())
