#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""(f) A token that misbehaves at the K-th call of a run, for every K: bad_token.py BASE REQUESTS SAMPLE SEED (settings: token_shim.c)"""
import glob
import os
import re
import signal
import subprocess
import sys
import time

import scene as s

LATENCY = 0.03  # of slow.yaml
AGAIN = "run the (same )?command again"
# What a person is told, whatever the call was.
WORDS = {
    "session-lost": AGAIN, "reset": AGAIN, "removed": "removed.*" + AGAIN + "|plug(ged)? (it )?in", "pin-locked": "PIN is locked.*security officer.*" + AGAIN,
    "wrong-signature": "does not verify|signature", "other-key-signature": "does not verify|signature", "garbage": "does not verify|signature",
    "short": "signature of .* bytes, not", "rv rv=0x30": "reports a fault.*" + AGAIN,
    "hang": "has not answered for 1 seconds.*" + AGAIN,
}
SPOILT = ("wrong-signature", "other-key-signature", "garbage", "short")
FAULTS = {
    "C_Initialize": ("hang", "rv rv=0x30"),
    "C_GetTokenInfo": ("removed", "hang"),
    "C_OpenSession": ("session-lost", "removed", "hang", "rv rv=0x30"),
    "C_Login": ("session-lost", "removed", "hang", "pin-locked"),
    "C_FindObjectsInit": ("session-lost", "removed", "hang"),
    "C_SignInit": ("session-lost", "reset", "removed", "hang", "pin-locked", "rv rv=0x30"),
    "C_Sign": ("session-lost", "reset", "removed", "hang", "pin-locked", "rv rv=0x30", *SPOILT),
}


def use_profile(scene, name):
    path = os.path.join(scene.home, "ca.yaml")
    with open(path, encoding="utf-8") as file:
        text = file.read()
    with open(path, "w", encoding="utf-8") as file:
        file.write(re.sub(r"/(faulty|hasty|slow)\.yaml", f"/{name}.yaml", text))


def count_calls(base, call):
    scene = base.copy("count-" + call)
    log = os.path.join(scene.folder, "log")
    result = scene.sign(TOKEN_FAULT=f"call={call} log={log}")
    if result.code != 0 or set(s.released(scene.out)) != base.names():
        sys.exit(f"the undisturbed run ended with {result.code}: {result.err}")
    with open(log, encoding="ascii") as file:
        calls = int(re.search(rf"^calls {call} (\d+)$", file.read(), re.M)[1])
    scene.remove()
    return calls


def check_asked(scene, log, tally, where):
    """P3: every digest that the token was asked to sign is of bytes in the ledger, but for the proof of the key at login."""
    if not os.path.exists(log):
        return
    logged = s.tbs_of(s.Ledger(scene.home))
    with open(log, encoding="ascii") as file:
        asked = [line.split()[0] for line in file if not line.startswith("calls ")]
    strange = [digest for digest in asked if len(digest) == 64 and digest not in logged]
    if len(strange) > 1:
        tally.complain(where, f"the token was asked to sign {len(strange) - 1} digests that the ledger does not know")


def check_sound(scene, tally, where):
    """Not by coldca: each certificate handed out verifies, and so does the checkpoint beside them."""
    certificates = sorted(glob.glob(os.path.join(scene.out, "*.pem")))
    if certificates:
        verified = subprocess.run(["openssl", "verify", "-x509_strict", "-CAfile", os.path.join(scene.home, "ca.pem"), *certificates],
                                  capture_output=True, text=True, check=False)
        if verified.returncode != 0:
            tally.complain(where, f"openssl verify: {verified.stderr}")


def check_told(scene, fault, where, result, tally):
    """What the person and the ledger know after the fault."""
    words = result.err.replace("\n", " ")
    if not result.err.startswith("coldca: ") or not re.search(WORDS[fault], words):
        tally.complain(where, f"does not say {WORDS[fault]!r}: {result.err}")
    if fault == "hang":
        return  # the process ended; the next run tells
    ledger = s.Ledger(scene.home)
    if ledger.types.count("cert.signing") != ledger.types.count("cert.issued") + ledger.types.count("cert.abandoned"):
        tally.complain(where, "the ledger does not say what became of each certificate")
    for reason in ledger.reasons:
        if not re.search(WORDS[fault], reason):
            tally.complain(where, f"the ledger does not say why: {reason}")


def try_point(base, point, tally):
    call, number, fault = point
    where = f"{fault} at {call} {number}"
    scene = base.copy(f"{call}-{number}-{fault.split()[0]}")
    log = os.path.join(scene.folder, "log")
    use_profile(scene, "hasty" if fault == "hang" else "faulty")
    result = scene.sign(TOKEN_FAULT=f"call={call} at={number} fault={fault} log={log}")
    before = s.released(scene.out)
    tally.note(f"{fault.split()[0]} {result.code}")
    s.check_released(scene, before, tally, where)
    check_asked(scene, log, tally, where)
    if result.code == 0:
        if set(before) != base.names():
            tally.complain(where, "reported success with certificates missing")
    elif result.code == 4:
        check_told(scene, fault, where, result, tally)
    else:
        tally.complain(where, f"ended with {result.code} instead of 4: {result.err}")
    if result.code == 0 and fault in SPOILT:
        tally.complain(where, "a bad signature was not noticed")
    verified = scene.run("ledger", "verify")
    if verified.code != 0:
        tally.complain(where, f"before the next run ledger verify ends with {verified.code}: {verified.out}{verified.err}")
    use_profile(scene, "faulty")
    s.check_finished(scene, before, tally, where, scene.sign())
    check_sound(scene, tally, where)
    scene.remove()


def plant(base):
    """The check of what was asked must see a digest that no record has."""
    scene = base.copy("planted")
    log = os.path.join(scene.folder, "log")
    scene.sign(TOKEN_FAULT=f"log={log}")
    tally = s.Tally("planted")
    check_asked(scene, log, tally, "planted")
    if tally.complaints:
        sys.exit(f"an undisturbed run is complained of: {tally.complaints}")
    with open(log, "a", encoding="ascii") as file:
        file.write("00" * 32 + " good\n")
    check_asked(scene, log, tally, "planted")
    if not tally.complaints:
        sys.exit("a signature over bytes that were not logged was not noticed")
    scene.remove()


def check_slow(base):
    """By the init_args of its YAML a token is slow, and nothing else."""
    scene = base.copy("slow")
    use_profile(scene, "slow")
    start = time.monotonic()
    result = scene.sign()
    # At most so many signatures are made at one time; the least that it takes is sure, however busy the machine is.
    least = len(base.names()) * LATENCY / ((os.cpu_count() or 1) + 1)
    if result.code != 0 or time.monotonic() - start < least:
        sys.exit(f"the slow token's run ended with {result.code} after {time.monotonic() - start} s: {result.err}")
    scene.remove()


def init(scene, home, **more):
    return scene.run("-C", home, "init", "--model", os.path.join(os.path.dirname(scene.folder), "faulty.yaml"), "--token", "test",
                     "--key", "ec-p256", "--key-label", "new", "--subject", "C=US,O=Test Org,CN=New Root", "--pin-source",
                     "file:" + os.path.join(scene.folder, "pin"), **more)


def try_init(base, point, tally):
    """The signatures of a new CA: its keys' proofs, its request, its certificate, its first checkpoint."""
    number, fault = point
    where = f"{fault} at C_Sign {number} of init"
    scene = base.copy(f"init-{number}-{fault}")
    home = os.path.join(scene.folder, "new")
    result = init(scene, home, TOKEN_FAULT=f"at={number} fault={fault}")
    tally.note(f"init {fault} {result.code}")
    if result.code == 0:
        # A token that can't sign with Ed25519 gets a ledger key of another kind, and the person is told why.
        scene.home = home
        if "so the ledger key is P-256" not in result.err:
            tally.complain(where, f"was not noticed: {result.out}{result.err}")
        if scene.run("ledger", "verify").code != 0 or subprocess.run(
                ["openssl", "verify", "-x509_strict", "-CAfile", f"{home}/ca.pem", f"{home}/ca.pem"], capture_output=True, check=False).returncode != 0:
            tally.complain(where, "the CA is not sound")
    elif result.code != 4 or os.path.exists(os.path.join(home, "ca.pem")):
        tally.complain(where, f"ended with {result.code}, or left a certificate behind: {result.err}")
    elif fault != "removed" and init(scene, home + "-2").code != 0:  # nobody takes keys from a token that is not there
        tally.complain(where, "left something that is in the way of the next init")
    scene.remove()


def try_interrupt(base, tally):
    """A person who has waited long enough: Ctrl-C twice ends a run whose token hangs ten seconds later, long before its time is over."""
    scene = base.copy("interrupt")
    log = os.path.join(scene.folder, "log")
    process = subprocess.Popen(scene.command(*scene.sign_arguments()), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL, env=scene.environment(TOKEN_FAULT=f"at=6 fault=hang log={log}"))
    deadline = time.monotonic() + s.PATIENCE
    while process.poll() is None and time.monotonic() < deadline:
        process.send_signal(signal.SIGINT) if os.path.exists(log) and len(open(log, "rb").readlines()) > 4 else None
        time.sleep(0.05)
    tally.note(f"Ctrl-C {process.poll()}")
    if process.poll() != 6:
        tally.complain("Ctrl-C", f"ended with {process.poll()}")
        process.kill()
        process.wait()
    before = s.released(scene.out)
    s.check_released(scene, before, tally, "Ctrl-C")
    s.check_finished(scene, before, tally, "Ctrl-C", scene.sign())
    scene.remove()


def main():
    base = s.Scene(sys.argv[1], sys.argv[2])
    plant(base)
    check_slow(base)
    points = []
    for call, faults in FAULTS.items():
        calls = count_calls(base, call)
        for fault in faults:
            points += [(call, number, fault) for number in range(1, calls + 1)]
    sample, seed = int(sys.argv[3]), int(sys.argv[4])
    tried = s.sampled(points, sample, seed)
    tally = s.Tally(f"a token that misbehaves: {len(tried)} of {len(points)} combinations of call and fault")
    # Those who wait for a token that hangs leave the processors to others.
    waiting = [point for point in tried if point[2] == "hang"]
    s.side_by_side(tally, lambda point, own: try_point(base, point, own), waiting, 8)
    s.side_by_side(tally, lambda point, own: try_point(base, point, own), [point for point in tried if point[2] != "hang"])
    s.side_by_side(tally, lambda point, own: try_init(base, point, own),
                   s.sampled([(number, fault) for number in range(1, 6) for fault in ("removed", "garbage", "other-key-signature")], sample, seed))
    s.side_by_side(tally, lambda point, own: try_interrupt(base, own), ["Ctrl-C"])
    return tally.end()


sys.exit(main())
