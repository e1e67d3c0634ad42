#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures key screening: screen.py BUILD_FOLDER [--old N] [--new N] [--json]. New RSA keys against old ones, and what a key costs."""
import json
import os
import subprocess
import sys
import tempfile


def option(name, otherwise):
    return sys.argv[sys.argv.index(name) + 1] if name in sys.argv else otherwise


def main():
    build, old, new = sys.argv[1], option("--old", "100000"), option("--new", "1000")
    subprocess.run(("cmake", "--build", build, "--target", "bench_screen"), check=True, stdout=subprocess.DEVNULL)
    with tempfile.TemporaryDirectory(prefix="coldca-bench-") as folder:
        command = (os.path.join(build, "tests/bench_screen"), folder, old, new)
        found = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)
        found["file_mib"] = os.path.getsize(os.path.join(folder, "index.rsa")) / 2**20
    if "--json" in sys.argv:
        print(json.dumps(found, indent=2))
        return
    print(f"shared primes, RSA 2048, on {len(os.sched_getaffinity(0))} cores")
    for name, words in (("one", "1 new key"), ("all", f"{new} new keys")):
        row = found[name]
        print(f"  {words + ' against ' + old:32} {row['ms'] / 1000:8.2f} s   ({row['processor_ms'] / 1000:.2f} s of processor)")
    print(f"  {'index.rsa of ' + old:32} {found['file_mib']:8.1f} MiB, made in {found['fill_ms'] / 1000:.2f} s")
    print("one key by itself")
    for name, nanoseconds in found["key_ns"].items():
        print(f"  {name:32} {nanoseconds / 1000:8.1f} us")


if __name__ == "__main__":
    main()
