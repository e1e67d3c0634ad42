# SPDX-License-Identifier: Apache-2.0
"""What other people's programs write as a request, and what coldca says of it: requests.py COLDCA SOURCE

tests/interop/requests/ has a folder of vectors a program (`vectors/MAKER`, its version in `version`), the script that made them
(`makers/`), and `expected.csv`: request, policy, verdict, the rules of its reasons and of its notes. Makers that scripts/setup
installs run here as well; what they write today must get the same answers.
"""
import collections
import csv
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

COLDCA, SOURCE = str(pathlib.Path(sys.argv[1]).resolve()), pathlib.Path(sys.argv[2])
HERE = SOURCE / "tests/interop/requests"
VARIABLES = {"mqtt-device": ["--set", "domain=iot.example"]}
# Where CI has the program: how its maker is run.
LIVE = {
    "openssl": ["bash", "openssl.sh"],
    "certtool": ["bash", "certtool.sh"],
    "keytool": ["bash", "keytool.sh"],
    "pyca": [sys.executable, "pyca.py"],
    "go": ["go", "run", "go.go"],
}
MINIMUM_REQUESTS, MINIMUM_MAKERS = 150, 12


def read_expected():
    expected = collections.defaultdict(dict)
    with open(HERE / "expected.csv", newline="") as file:
        for row in csv.DictReader(file):
            maker, name = row["request"].split("/")
            expected[maker][name] = row
    return expected


def rules(findings):
    return " ".join(sorted({finding["rule"] for finding in findings}))


def judge(policy, files):
    """What coldca check says of each file, by its name."""
    command = [COLDCA, "check", "--json", "--policy", policy, *VARIABLES.get(policy, []), *map(str, files)]
    run = subprocess.run(command, capture_output=True, text=True, cwd=tempfile.gettempdir(),
                         env={**os.environ, "COLDCA_DATA": str(SOURCE), "COLDCA_HOME": ""})
    if run.returncode not in (0, 1):
        sys.exit(f"requests: {' '.join(command)}: exit code {run.returncode}: {run.stderr}")
    try:
        requests = json.loads(run.stdout)["requests"]
    except ValueError:
        sys.exit(f"requests: no JSON from {' '.join(command)}")
    return {pathlib.Path(request["request"]).name: request for request in requests}


def compare(maker, folder, expected, lacking=frozenset()):
    """The differences between the answers to the files of a folder and what is expected, in words."""
    differences = []
    files = sorted(file.name for file in folder.iterdir() if file.name != "version")
    if files != sorted(set(expected) - lacking):
        differences.append(f"{maker}: {folder} has {set(files) ^ (set(expected) - lacking)} too many or too few")
    by_policy = collections.defaultdict(list)
    for name in files:
        if name in expected:
            by_policy[expected[name]["policy"]].append(folder / name)
    for policy, paths in by_policy.items():
        for name, found in judge(policy, paths).items():
            row = expected[name]
            answer = (found["verdict"], rules(found["reasons"]), rules(found["notes"]))
            if answer != (row["verdict"], row["rules"], row["notes"]):
                texts = [finding["text"] for finding in found["reasons"] + found["notes"]]
                differences.append(f"{maker}/{name} under {policy}: {answer} instead of "
                                   f"{(row['verdict'], row['rules'], row['notes'])}: {texts}")
    return differences


def run_live(maker, expected):
    """The same by the program that is installed here. Returns its version and the differences."""
    with tempfile.TemporaryDirectory() as folder:
        program = shutil.which(LIVE[maker][0])
        if program is None:
            return None, [f"{maker}: {LIVE[maker][0]} is not installed; scripts/setup installs it"]
        run = subprocess.run([program, *LIVE[maker][1:], folder], cwd=HERE / "makers", capture_output=True, text=True,
                             env={**os.environ, "GOTOOLCHAIN": "local", "GOFLAGS": "-mod=mod", "GO111MODULE": "off"})
        if run.returncode != 0:
            return None, [f"{maker}: its maker failed: {run.stderr}"]
        folder = pathlib.Path(folder)
        # A maker says so where an older version of its program can't make one.
        lacking = {line.split()[1] + ".csr" for line in run.stdout.splitlines() if line.startswith("lacks ")}
        return (folder / "version").read_text().strip(), compare(maker, folder, expected, lacking)


def main():
    expected = read_expected()
    differences = []
    total = 0
    for maker in sorted(expected):
        folder = HERE / "vectors" / maker
        rows = expected[maker].values()
        differences += compare(maker, folder, expected[maker])
        version = (folder / "version").read_text().strip()
        allowed = sum(row["verdict"] == "allowed" for row in rows)
        noted = sum(row["notes"] != "" for row in rows)
        total += len(rows)
        print(f"{version:32} {len(rows):4} requests: {allowed:3} allowed, {len(rows) - allowed:3} refused, {noted:2} with a note")
    for maker in LIVE:
        version, found = run_live(maker, expected[maker])
        differences += found
        print(f"{maker}, live: {version}: {'the same answers' if not found else 'other answers'}")
    if total < MINIMUM_REQUESTS or len(expected) < MINIMUM_MAKERS:
        differences.append(f"only {total} requests by {len(expected)} makers")
    print(f"{total} requests by {len(expected)} makers")
    for difference in differences:
        print(f"DIFFERS: {difference}")
    sys.exit(1 if differences else 0)


main()
