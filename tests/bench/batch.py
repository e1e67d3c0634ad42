#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""coldca batch against openssl ca, against one `openssl x509 -req` a request, and against what the machine can do at all.

usage: batch.py BUILD_FOLDER [--requests N] [--rounds N] [--large N] [--records N] [--slow N] [--rsa N] [--before BINARY] [--only PART,...] [--json]
parts: throughput, slow, rsa, scale, home, before (another coldca on the same requests and homes, in turns). Ratios are of runs taken in turns on one machine; medians of the rounds.
coldca's time has everything in it: confined readers, policy, ledger with fsync, each signature verified, proofs, files synced.
"""
import argparse
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time

import sign as recipes

LOOP_COUNT = 100  # requests of the one-process-a-request loop; its time is scaled


class Memory(threading.Thread):
    """The largest sum of a process's and its descendants' proportional memory (PSS), looked at again and again."""

    def __init__(self, pid):
        super().__init__(daemon=True)
        self.pid, self.peak, self.is_done = pid, 0, threading.Event()

    def family(self):
        parents = {}
        for entry in os.listdir("/proc"):
            if entry.isdigit():
                try:
                    with open(f"/proc/{entry}/stat", encoding="utf-8", errors="replace") as file:
                        parents[int(entry)] = int(file.read().rsplit(")", 1)[1].split()[1])
                except OSError:
                    pass  # it has ended
        members = {self.pid}
        while True:
            more = {pid for pid, parent in parents.items() if parent in members} - members
            if not more:
                return members
            members |= more

    def run(self):
        while not self.is_done.wait(0.1):
            total = 0
            for pid in self.family():
                try:
                    with open(f"/proc/{pid}/smaps_rollup", encoding="utf-8") as file:
                        total += next(int(line.split()[1]) for line in file if line.startswith("Pss:"))
                except (OSError, StopIteration):
                    pass  # it has ended
            self.peak = max(self.peak, total)


class Bench:
    def __init__(self, build, folder):
        self.build, self.folder = build, folder
        self.coldca = recipes.Coldca(build, folder)
        self.turn = 0

    def make_requests(self, name, count, key=None):
        ids = pathlib.Path(self.folder, "ids")
        ids.write_text("".join(f"{name}-{i:07}\n" for i in range(count)))
        made = f"{self.folder}/made-{name}"
        recipes.quiet(self.coldca.binary, "request", "--policy", "mqtt-device", "--set", "domain=iot.example", "--list", str(ids),
                      "--out", made, *(["--key", key] if key else []))
        os.mkdir(f"{self.folder}/{name}")
        for entry in os.scandir(made):
            if entry.name.endswith(".csr"):
                os.rename(entry.path, f"{self.folder}/{name}/{entry.name}")
        shutil.rmtree(made)
        return f"{self.folder}/{name}"

    def copy_token(self):
        """The environment of a run whose token is a copy: a token remembers the newest checkpoint, and every round begins before it."""
        tokens, conf = f"{self.folder}/tokens-{self.turn}", f"{self.folder}/softhsm2-{self.turn}.conf"
        shutil.copytree(f"{self.folder}/tokens", tokens)
        pathlib.Path(conf).write_text(f"directories.tokendir = {tokens}\nobjectstore.backend = file\nlog.level = ERROR\n")
        return {**os.environ, "SOFTHSM2_CONF": conf}

    def batch(self, requests, home="ca", copy_home=True, binary=None):
        """Seconds and peak memory in MiB of one batch; on copies of home and token, so that every round finds the same."""
        self.turn += 1
        stick, used = f"{self.folder}/stick-{self.turn}", f"{self.folder}/{home}"
        os.mkdir(stick)
        os.rename(requests, f"{stick}/requests")
        environment = os.environ
        if copy_home:
            environment = self.copy_token()
            used = f"{self.folder}/home-{self.turn}"
            shutil.copytree(f"{self.folder}/{home}", used)
        os.sync()
        if binary is not None:  # profiles and policies as it knows them, beside it
            environment = {name: value for name, value in environment.items() if name != "COLDCA_DATA"}
        start = time.monotonic()
        child = subprocess.Popen([binary or self.coldca.binary, "-C", used, "--pin-source", f"file:{self.folder}/pin", "--json", "batch", "--policy",
                                  "mqtt-device", "--set", "domain=iot.example", stick], stdin=subprocess.DEVNULL,
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment)
        memory = Memory(child.pid)
        memory.start()
        out, err = child.communicate()
        seconds = time.monotonic() - start
        memory.is_done.set()
        memory.join()
        if child.returncode != 0:
            sys.exit(f"bench: coldca batch ended with {child.returncode}: {err.decode(errors='replace')}")
        result = json.loads(out)
        if result["issued"] != result["requests"]:
            sys.exit(f"bench: {result}")
        os.rename(f"{stick}/requests", requests)
        return seconds, memory.peak / 1024

    def limit(self, requests, home="ca", token="ours"):
        first = sorted(os.listdir(requests))[0]
        stick = f"{self.folder}/stick-{self.turn}/issued"
        issued = f"{stick}/{os.listdir(stick)[0]}/{first[:-4]}.pem"
        out = subprocess.run([f"{self.build}/tests/bench_limit", recipes.softhsm_module(), token, f"{self.folder}/pin",
                              f"{requests}/{first}", issued, f"{self.folder}/{home}/ca.pem", "1", str(os.cpu_count())],
                             check=True, stdout=subprocess.PIPE).stdout
        return json.loads(out)


def x509_loop(openssl, requests, count):
    names = sorted(os.listdir(requests))[:count]
    start = time.monotonic()
    for name in names:
        recipes.quiet("openssl", "x509", "-req", "-in", f"{requests}/{name}", "-CA", f"{openssl.folder}/ca.pem", "-engine", "pkcs11",
                      "-CAkeyform", "engine", "-CAkey", openssl.key(), "-CAcreateserial", "-days", "365", "-out", "/dev/null",
                      env=openssl.environment)
    return (time.monotonic() - start) / len(names)


def throughput(bench, given, results):
    count = given.requests
    requests = bench.make_requests("device", count)
    openssl = recipes.OpensslCa(bench.folder)
    openssl.requests = requests
    openssl.prepare()
    ours, theirs, limits = [], [], []
    for turn in range(given.rounds):
        ours.append(bench.batch(requests))
        theirs.append(openssl.sign(turn))
        limits.append(bench.limit(requests))
    loop = x509_loop(openssl, requests, LOOP_COUNT)
    seconds = statistics.median(run[0] for run in ours)
    median = {key: statistics.median(limit[key] for limit in limits) for key in limits[0]}
    most = os.cpu_count() * 1e6 / (median["verify_request_us"] + median["sign_us"] + median["verify_certificate_us"])
    results["requests"] = count
    results["batch_per_s"] = round(count / seconds)
    results["openssl_ca_per_s"] = round(count / statistics.median(run[0] for run in theirs))
    results["times_openssl_ca"] = round(results["batch_per_s"] / results["openssl_ca_per_s"], 2)
    results["times_x509_loop"] = round(results["batch_per_s"] * loop, 1)
    results.update({key: median[key] for key in ("verify_request_us", "sign_us", "verify_certificate_us")})
    results["limit_per_s"] = round(most)
    results["share_of_limit"] = round(results["batch_per_s"] / most, 2)
    results["memory_mib"] = round(max(run[1] for run in ours), 1)
    return requests


def scale(bench, given, results):
    requests = bench.make_requests("large", given.large)
    seconds, memory = bench.batch(requests)
    results["large_requests"] = given.large
    results["large_per_s"] = round(given.large / seconds)
    results["large_memory_mib"] = round(memory, 1)
    if "batch_per_s" in results:
        results["large_of_small"] = round(results["large_per_s"] / results["batch_per_s"], 2)
    shutil.rmtree(requests)


def long_home(bench, given, results):
    """A batch of 1,000 on an empty home and on one with many records (two a certificate)."""
    chunk, made = 50000, 0
    shutil.copytree(f"{bench.folder}/ca", f"{bench.folder}/long")
    while made < given.records // 2:
        requests = bench.make_requests(f"fill{made}", min(chunk, given.records // 2 - made))
        made += len(os.listdir(requests))
        bench.batch(requests, "long", copy_home=False)
        shutil.rmtree(requests)
        shutil.rmtree(f"{bench.folder}/stick-{bench.turn}")
    requests = bench.make_requests("few", 1000)
    empty, long = [], []
    for _ in range(given.rounds):
        empty.append(bench.batch(requests)[0])
        long.append(bench.batch(requests, "long"))
        shutil.rmtree(f"{bench.folder}/home-{bench.turn}")
    results["home_records"] = given.records
    results["thousand_on_empty_s"] = round(statistics.median(empty), 3)
    results["thousand_on_long_s"] = round(statistics.median(run[0] for run in long), 3)
    results["long_of_empty"] = round(results["thousand_on_long_s"] / results["thousand_on_empty_s"], 2)
    results["long_memory_mib"] = round(max(run[1] for run in long), 1)


def rsa(bench, given, results):
    recipes.quiet(*bench.coldca.command("token", "init", "--label", "rsa", "--so-pin-source", f"file:{bench.folder}/so-pin"))
    recipes.quiet(bench.coldca.binary, "-C", f"{bench.folder}/rsa", "--pin-source", f"file:{bench.folder}/pin", "init", "--token", "rsa",
                  "--key", "rsa-3072", "--subject", "CN=Bench RSA Root")
    requests = bench.make_requests("rsa2048", given.rsa, "rsa-2048")
    runs = []
    for _ in range(given.rounds):
        runs.append(bench.batch(requests, "rsa")[0])
    limit = bench.limit(requests, "rsa", "rsa")
    results["rsa_per_s"] = round(len(os.listdir(requests)) / statistics.median(runs))
    results["rsa_raw_sign_per_s"] = round(limit["signs_per_s"])
    results["rsa_of_raw"] = round(results["rsa_per_s"] / limit["signs_per_s"], 2)


def slow_token(bench, given, results):
    """A token whose C_Sign takes 20 ms longer, asked in one session and in 16."""
    requests = bench.make_requests("slow", given.slow)
    rates = {}
    for sessions in (1, 16):
        home = f"slow-{sessions}"
        shutil.copytree(f"{bench.folder}/ca", f"{bench.folder}/{home}")
        config = pathlib.Path(bench.folder, home, "ca.yaml")
        config.write_text(config.read_text().replace("\ntoken:\n", f"\ntoken:\n  module: '{bench.build}/token_fault.so'\n  sessions: {sessions}\n"))
        os.environ["TOKEN_FAULT"] = "latency_ms=20"
        rates[sessions] = given.slow / statistics.median(bench.batch(requests, home)[0] for _ in range(1 if sessions == 1 else given.rounds))
        del os.environ["TOKEN_FAULT"]
    results["slow_one_session_per_s"], results["slow_16_sessions_per_s"] = round(rates[1], 1), round(rates[16], 1)
    results["sessions_gain"] = round(rates[16] / rates[1], 1)


def before(bench, given, results):
    """Another version of coldca, in turns with this one."""
    if given.before is None:
        sys.exit("bench: --only before needs --before BINARY")
    requests = bench.make_requests("turns", given.requests)
    ours, theirs = [], []
    for _ in range(given.rounds):
        theirs.append(bench.batch(requests, binary=os.path.realpath(given.before))[0])
        ours.append(bench.batch(requests)[0])
    results["before_per_s"] = round(given.requests / statistics.median(theirs))
    results["now_per_s"] = round(given.requests / statistics.median(ours))
    results["now_of_before"] = round(results["now_per_s"] / results["before_per_s"], 2)


BARS = {"sessions_gain": "at least 15", "times_openssl_ca": "at least 4", "times_x509_loop": "at least 80", "share_of_limit": "at least 0.6",
        "large_of_small": "at least 0.9", "large_memory_mib": "below 128", "long_of_empty": "at most 1.2", "rsa_of_raw": "at least 0.9"}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build")
    parser.add_argument("--requests", type=int, default=10000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--large", type=int, default=100000)
    parser.add_argument("--records", type=int, default=1000000)
    parser.add_argument("--slow", type=int, default=4096)
    parser.add_argument("--rsa", type=int, default=1000)
    parser.add_argument("--before", help="another coldca, for the part of that name")
    parser.add_argument("--only", default="throughput,slow,rsa,scale,home")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    parts = {"throughput": throughput, "slow": slow_token, "rsa": rsa, "scale": scale, "home": long_home, "before": before}
    results = {"cores": os.cpu_count(), "rounds": given.rounds}
    with tempfile.TemporaryDirectory(prefix="coldca-bench-") as folder:
        bench = Bench(os.path.realpath(given.build), folder)
        bench.coldca.prepare()
        for name in given.only.split(","):
            parts[name](bench, given, results)
    if given.json:
        print(json.dumps(results))
        return
    for name, value in results.items():
        print(f"{name:24} {value:>12}  {BARS.get(name, '')}")


if __name__ == "__main__":
    main()
