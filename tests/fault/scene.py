# SPDX-License-Identifier: Apache-2.0
"""What the fault tests share: a CA to spoil, a run of coldca with a fault in it, and what must be true afterwards."""
import base64
import concurrent.futures
import glob
import hashlib
import json
import os
import re
import shutil
import subprocess
import threading
import time

COLDCA = os.environ["COLDCA"]
SHIM = os.environ.get("FAULT_SHIM", "")
POLICY = ["--policy", "mqtt-device", "--set", "domain=iot.example"]
PATIENCE = 120  # seconds until a run counts as hanging


class Scene:
    """A folder with a home (ca), a token and the output (issued); `base` is the one all others are copied from."""

    def __init__(self, folder, requests):
        self.folder = os.path.realpath(folder)
        self.requests = requests
        self.home = os.path.join(self.folder, "ca")
        self.out = os.path.join(self.folder, "issued")
        self.options = []  # of sign

    def copy(self, name):
        """A scene of its own, so that points can be tried side by side."""
        to = os.path.join(os.path.dirname(self.folder), name)
        os.mkdir(to)
        shutil.copytree(self.home, os.path.join(to, "ca"))
        shutil.copytree(os.path.join(self.folder, "token"), os.path.join(to, "token"))
        shutil.copy(os.path.join(self.folder, "pin"), to)
        scene = Scene(to, self.requests)
        with open(os.path.join(to, "token", "softhsm2.conf"), "w", encoding="utf-8") as conf:
            conf.write(f"directories.tokendir = {to}/token/tokens\nobjectstore.backend = file\nlog.level = ERROR\n")
        return scene

    def remove(self):
        shutil.rmtree(self.folder)

    def command(self, *arguments):
        return [COLDCA, "-C", self.home, *arguments]

    def environment(self, **more):
        return {**os.environ, "SOFTHSM2_CONF": os.path.join(self.folder, "token", "softhsm2.conf"), **more}

    def run(self, *arguments, **more):
        """coldca, without a terminal. A run that hangs is ended and has the code None."""
        process = subprocess.Popen(self.command(*arguments), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, env=self.environment(**more), start_new_session=True)
        try:
            out, err = process.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()
            process.returncode = None
        return Result(process.returncode, out.decode(), err.decode())

    def sign_arguments(self, out=None, requests=None):
        return ["sign", *POLICY, "--pin-source", "file:" + os.path.join(self.folder, "pin"),
                *self.options, "--out", out or self.out, requests or self.requests]

    def sign(self, out=None, requests=None, **more):
        return self.run(*self.sign_arguments(out, requests), **more)

    carry_out = sign  # what the command is that a fault test runs, and runs again

    def released(self):
        """What was handed out: name and SHA-256 of the certificate (None: not whole)."""
        return released(self.out)

    def token_objects(self):
        """SoftHSM's own file of each token: label, serial number and PINs. C_Login rewrites it where it lies."""
        return glob.glob(os.path.join(self.folder, "token", "tokens", "*", "token.object"))

    def keep_token(self):
        kept = {}
        for path in self.token_objects():
            with open(path, "rb") as file:
                kept[path] = file.read()
        return kept

    def mend_token(self, kept, tally):
        """A kill inside C_Login can leave SoftHSM without its token, which is not what these tests are about: its own file is put back, and it is counted."""
        shown = subprocess.run(["softhsm2-util", "--show-slots"], stdin=subprocess.DEVNULL, capture_output=True, env=self.environment(), check=True).stdout
        if re.search(rb"Label: +test\s", shown):
            return
        for path, data in kept.items():
            with open(path, "wb") as file:
                file.write(data)
        tally.note("SoftHSM's token was destroyed by the kill")

    def litter(self):
        """What a run that ended left behind and should not have."""
        return [name for folder in (self.home, self.out) for name in os.listdir(folder)
                if name.startswith(".coldca-") or name.endswith((".part", ".new"))]

    def names(self):
        """The requests, by name."""
        return {name[:-4] for name in os.listdir(self.requests) if name.endswith(".csr")}


class Stick(Scene):
    """A scene whose requests lie on a stick of its own, and whose answers come to it."""

    @classmethod
    def of(cls, scene):
        stick = cls(scene.folder, os.path.join(scene.folder, "stick", "requests"))
        shutil.copytree(scene.requests, stick.requests)
        stick.stick = os.path.dirname(stick.requests)
        stick.out = os.path.join(stick.stick, "issued")
        return stick

    def batch(self, **more):
        return self.run("batch", *POLICY, "--pin-source", "file:" + os.path.join(self.folder, "pin"), "--json", self.stick, **more)

    carry_out = batch

    def released(self):
        found = {}
        for folder in sorted(os.listdir(self.out)) if os.path.isdir(self.out) else []:
            for name, digest in released(os.path.join(self.out, folder)).items():
                if name.endswith("-chain"):
                    continue
                if name in found:
                    raise ValueError(f"{name}.pem is in two folders of answers")
                found[name] = digest
        return found

    def litter(self):
        return [name for top in (self.home, self.stick) for _, _, files in os.walk(top) for name in files
                if name.startswith(".coldca-") or name.endswith((".part", ".new"))]


class Result:
    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err


def preload(**settings):
    """The environment that puts the shim into a run."""
    before = os.environ.get("PRELOAD_FIRST")  # the sanitizer's library has to be first
    return {"LD_PRELOAD": f"{before}:{SHIM}" if before else SHIM, **{key: str(value) for key, value in settings.items()}}


class Ledger:
    """The records of ledger.jsonl, read by nobody's rules but the format's: void lines and a torn end are left out. So are lines
    that are not JSON: whether they may be there is for `ledger verify` to say."""

    def __init__(self, home):
        self.issued = {}     # SHA-256 of the certificate: source of its request
        self.by_source = {}  # source: how many certificates
        self.serials = []
        self.types = []
        self.reasons = []    # of certificates that were abandoned
        self.logged = []     # what was logged before it was signed, base64
        signing = {}
        with open(os.path.join(home, "ledger.jsonl"), "rb") as file:
            lines = file.read().split(b"\n")[:-1]
        for line in lines:
            if line.endswith(b"\x18"):
                continue
            try:
                record = json.loads(line)
            except ValueError:
                continue
            self.types.append(record["type"])
            if record["type"] == "cert.signing":
                signing[record["seq"]] = record
                self.serials.append(record["serial"])
                self.logged.append(record["tbs"])
            elif record["type"] == "cert.abandoned":
                self.reasons.append(record["reason"])
            elif record["type"] == "cert.issued":
                source = os.path.basename(signing[record["ref"]]["source"])
                self.issued[record["sha256"]] = source
                self.by_source[source] = self.by_source.get(source, 0) + 1


def killed_again_and_again(scene, name, arguments, times, choose, seconds, tally, check):
    """The command, killed so many times at random moments within seconds; after each, check(which) looks at what is there."""
    for kill in range(times):
        kept = scene.keep_token()
        process = subprocess.Popen(scene.command(*arguments), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL, env=scene.environment(), start_new_session=True)
        try:
            process.wait(choose.uniform(0, seconds))
            tally.note(f"{name} done before the kill")
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            tally.note(f"{name} killed")
            scene.mend_token(kept, tally)
        check(kill)


def tbs_of(ledger):
    """SHA-256 of the bytes to sign of each cert.signing record."""
    return {hashlib.sha256(base64.b64decode(tbs)).hexdigest() for tbs in ledger.logged}


def tbs_in(text):
    """SHA-256 of the bytes to sign of each cert.signing record in so much of a ledger.jsonl."""
    if text not in KNOWN:
        KNOWN.clear()
        KNOWN[text] = {hashlib.sha256(base64.b64decode(tbs)).hexdigest() for tbs in TBS.findall(text)}
    return KNOWN[text]


KNOWN = {}
TBS = re.compile(rb'"tbs":"([A-Za-z0-9+/=]+)"')
PEM = re.compile(rb"\A-----BEGIN CERTIFICATE-----\n([A-Za-z0-9+/=\n]+)-----END CERTIFICATE-----\n\Z")


def fingerprint(data):
    """SHA-256 of the certificate in a file; None if that is not one whole PEM certificate."""
    match = PEM.match(data)
    if match is None:
        return None
    der = base64.b64decode(match[1])
    is_whole = der[:2] == b"\x30\x82" and int.from_bytes(der[2:4], "big") + 4 == len(der)
    return hashlib.sha256(der).hexdigest() if is_whole else None


def released(out, known=None):
    """What a person finds in the output folder: name and SHA-256 of the certificate (None: not whole). known: files that were
    read before and are still the same are not read again."""
    found = {}
    for name in os.listdir(out) if os.path.isdir(out) else []:
        if name.endswith(".pem") and not name.startswith("."):
            path = os.path.join(out, name)
            status = os.stat(path)
            identity = (status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
            if known is None or known.get(name, (None,))[0] != identity:
                with open(path, "rb") as file:
                    digest = fingerprint(file.read())
                if known is not None:
                    known[name] = (identity, digest)
            else:
                digest = known[name][1]
            found[name[:-4]] = digest
    return found


def check_released(scene, found, tally, point):
    """P3: whatever was handed out is whole and in the ledger."""
    if not os.path.exists(os.path.join(scene.home, "ledger.jsonl")):
        tally.complain(point, "the ledger is gone")
        return
    ledger = Ledger(scene.home)
    for name, digest in found.items():
        if digest is None:
            tally.complain(point, f"{name}.pem is not a whole certificate")
        elif ledger.issued.get(digest) != name + ".csr":
            tally.lost += 1
            tally.complain(point, f"{name}.pem was handed out and is not in the ledger")


def check_finished(scene, before, tally, point, result):
    """P5: after the same command was run again, all is as if nothing had happened."""
    if result.code != 0:
        tally.complain(point, f"the run after the fault ended with {result.code}: {result.err}")
        return
    ledger = Ledger(scene.home)
    found = scene.released()
    check_released(scene, found, tally, point)
    for name, digest in before.items():
        if digest is not None and found.get(name) != digest:
            tally.complain(point, f"{name}.pem was replaced by another")
    missing = scene.names() - set(found)
    tally.lost += len(missing)
    if missing or set(found) - scene.names():
        tally.complain(point, f"handed out are not the requests' subjects: {sorted(missing)[:3]} are missing")
    twice = [source for source, count in ledger.by_source.items() if count > 1]
    repeated = len(ledger.serials) - len(set(ledger.serials))
    tally.duplicated += len(twice) + repeated
    if twice or repeated:
        tally.complain(point, f"issued twice: {twice}; {repeated} serials used again")
    litter = scene.litter()
    if litter:
        tally.complain(point, f"left behind: {litter}")
    verified = scene.run("ledger", "verify")
    if verified.code != 0:
        tally.complain(point, f"ledger verify ends with {verified.code}: {verified.out}{verified.err}")


class Tally:
    def __init__(self, what):
        self.what = what
        self.points = self.lost = self.duplicated = 0
        self.complaints = []
        self.notes = {}
        self.lock = threading.Lock()
        self.start = time.monotonic()

    def complain(self, point, text):
        with self.lock:
            self.complaints.append(f"{point}: {text}")

    def note(self, text):
        """Counted and printed at the end, so that a person sees what the points did."""
        self.notes[text] = self.notes.get(text, 0) + 1

    def add(self, other):
        with self.lock:
            self.points += other.points
            self.lost += other.lost
            self.duplicated += other.duplicated
            self.complaints += other.complaints
            for text, count in other.notes.items():
                self.notes[text] = self.notes.get(text, 0) + count

    def end(self):
        """Prints the counts; the process's exit code."""
        for complaint in self.complaints[:20]:
            print("FAILED", complaint.strip())
        print(f"{self.what}: {self.points} points tried, {self.lost} lost, {self.duplicated} duplicated, "
              f"{len(self.complaints)} complaints ({time.monotonic() - self.start:.0f} s)", flush=True)
        if self.notes:
            print("  how the runs ended:", ", ".join(f"{text}: {count}" for text, count in sorted(self.notes.items())))
        return 1 if self.complaints or self.lost or self.duplicated or self.points == 0 else 0


def sampled(points, sample, seed):
    """Every sample-th of the points, at least one; the seed says which is the first."""
    points = list(points)
    step = max(1, min(sample, len(points)))
    return points[seed % step::step]


def side_by_side(tally, work, points, threads=os.cpu_count() or 1):
    """work(point, tally) for every point on so many threads; each tells its own tally."""
    def one(point):
        own = Tally(tally.what)
        own.points = 1
        try:
            work(point, own)
        except Exception as error:  # whatever it was, the point is not passed
            own.complain(point, f"{type(error).__name__}: {error}")
        tally.add(own)

    with concurrent.futures.ThreadPoolExecutor(threads) as pool:
        for done in [pool.submit(one, point) for point in points]:
            done.result()
