#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures the ledger: ledger.py BUILD_FOLDER [--records N] [--json]. Prints what it measured and the bar for it; judges nothing."""
import json
import os
import re
import subprocess
import sys
import tempfile
import time


def run(*command, **more):
    start = time.monotonic()
    result = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, **more)
    return time.monotonic() - start, result.stdout


def run_watched(*command):
    """Seconds, and the MiB it had at most."""
    start = time.monotonic()
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        sys.exit(f"bench: {' '.join(command)} ended with {child.returncode}")
    return time.monotonic() - start, round(usage.ru_maxrss / 1024, 1)


def best(tool, home):
    """The best of five: what the code costs, not what else the machine did."""
    runs = [json.loads(run(tool, "measure", home)[1]) for _ in range(5)]
    return {name: min(one[name] for one in runs) for name in ("open_us", "append_us", "prove_us", "memory_kib")}


def sha256_rate():
    text = run("openssl", "speed", "-bytes", "2048", "-seconds", "2", "-evp", "sha256", stderr=subprocess.DEVNULL)[1]
    return float(re.findall(r"([0-9.]+)k\s*$", text.strip())[0]) * 1000


def group_rates(tool, shim, folder):
    rates = {}
    for size in (1, 64):
        home = os.path.join(folder, f"groups-{size}")
        os.mkdir(home)
        run(tool, "make", home, "1")
        count = 64 if size == 1 else 1280
        text = run(tool, "groups", home, str(count), str(size), env={**os.environ, "LD_PRELOAD": shim})[1]
        rates[size] = count / (int(text) / 1e6)
    return rates


def main():
    build = sys.argv[1]
    large = int(sys.argv[sys.argv.index("--records") + 1]) if "--records" in sys.argv else 1000000
    tool, shim = os.path.join(build, "tests/ledger_tool"), os.path.join(build, "tests/libcoldca_slow_fsync.so")
    place = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    results = {}
    with tempfile.TemporaryDirectory(prefix="coldca-bench-", dir=place) as folder:
        homes = {}
        for count in (1000, large):
            homes[count] = os.path.join(folder, str(count))
            os.mkdir(homes[count])
            seconds = run(tool, "make", homes[count], str(count), "1350")[0]
        size = os.path.getsize(os.path.join(homes[large], "ledger.jsonl"))
        results["records"], results["bytes_per_record"] = large, size // large
        results["issue_records_per_s"] = int(large / seconds)
        small, big = best(tool, homes[1000]), best(tool, homes[large])
        results["open_us"], results["open_us_at_1000"] = big["open_us"], small["open_us"]
        results["append_us"], results["append_us_at_1000"] = big["append_us"], small["append_us"]
        results["open_and_append_ratio"] = round((big["open_us"] + big["append_us"]) / (small["open_us"] + small["append_us"]), 2)
        results["prove_us"], results["memory_mib"] = big["prove_us"], round(big["memory_kib"] / 1024, 1)
        seconds = run(tool, "verify", homes[large], "tree")[0]
        results["tree_bytes_per_s"], results["sha256_bytes_per_s"] = int(size / seconds), int(sha256_rate())
        results["tree_share_of_sha256"] = round(results["tree_bytes_per_s"] / results["sha256_bytes_per_s"], 2)
        seconds, results["verify_memory_mib"] = run_watched(tool, "verify", homes[large])
        results["verify_records_per_s"] = int(large / seconds)
        seconds, results["rebuild_memory_mib"] = run_watched(tool, "rebuild", homes[large])
        results["rebuild_records_per_s"] = int(large / seconds)
        results["append_cpu_us"] = float(run(tool, "cost", homes[large], "12800")[1])
        rates = group_rates(tool, shim, folder)
        results["group_commit_gain"] = round(rates[64] / rates[1], 1)
    bars = {"open_and_append_ratio": "at most 1.5", "prove_us": "below 5000", "memory_mib": "below 40",
            "tree_share_of_sha256": "at least 0.5", "verify_records_per_s": "at least 25000 on 2 cores", "verify_memory_mib": "below 40", "rebuild_memory_mib": "below 40",
            "group_commit_gain": "at least 20"}
    if "--json" in sys.argv:
        print(json.dumps(results))
        return
    for name, value in results.items():
        print(f"{name:26} {value:>14}  {bars.get(name, '')}")


if __name__ == "__main__":
    main()
