#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What coldca issues, every judge that is right accepts; what it refuses, some judge would reject or the policy forbids by name; check and sign agree.

run.py COLDCA SOURCE [--seconds N] [--seed N]      first the fixed cases, then chains, policies and requests by chance for so long (none, if not said)
run.py COLDCA SOURCE --seed N --scenario N         one of these again

A seed repeats a run, a seed and a number a scenario; what failed is named by both and stays in the folder that is printed."""
import argparse
import collections
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

import strict
from cases import CASES
from exceptions import EXCEPTIONS, NOBODY_MINDS, is_excepted, nobody_minds
from generate import Authority, Keys, Policy, Wish, make_chain, now, random_scenario
from judges import Judges, Question, der, pem

PIN = "24681357"
# Refusals that rest on the CA's chain or on what validators do; a judge has to confirm them. All others are the policy's own words.
JUDGED = {"name_constraints", "extended_key_usage.issuer", "validity.issuer_expired", "ca.path_len", "certificate_policies.issuer", "san.server"}


class Failed(Exception):
    pass


def need(holds, what):
    if not holds:
        raise Failed(what)


class Bench:
    """A token, the CA's key in it, and the judges."""

    def __init__(self, coldca, source, folder):
        self.coldca, self.folder, self.count, self.homes = coldca, folder, collections.Counter(), 0
        self.keys, self.judges = Keys(), Judges(folder)
        self.environment = {**os.environ, "COLDCA_DATA": source, "LC_ALL": "C.UTF-8", "NO_COLOR": "1"}
        self.environment.pop("COLDCA_HOME", None)

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def write(self, name, content):
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        with open(self.path(name), "wb") as file:
            file.write(content if isinstance(content, bytes) else content.encode())

    def run(self, *command):
        result = subprocess.run(command, cwd=self.folder, env=self.environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
        return result.returncode, result.stdout.decode(), result.stderr.decode()

    def new_token(self):
        """SoftHSM gets slow with the ledger keys of many homes."""
        shutil.rmtree(self.path("token"), ignore_errors=True)
        os.makedirs(self.path("token"))
        self.write("softhsm2.conf", f"directories.tokendir = {self.path('token')}\nobjectstore.backend = file\nlog.level = ERROR\n")
        self.environment["SOFTHSM2_CONF"] = self.path("softhsm2.conf")
        self.write("ca.key", self.keys.ca[2].private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        self.write("pin", PIN)
        os.chmod(self.path("pin"), 0o600)
        for command in (["--init-token", "--free", "--label", "test", "--so-pin", "87654321", "--pin", PIN], ["--import", "ca.key", "--token", "test", "--label", "ca", "--id", "77", "--pin", PIN]):
            code, out, err = self.run("softhsm2-util", *command)
            need(code == 0, out + err)

    def make_home(self, chain):
        """The home's name, or what init says against the chain."""
        if self.homes % 25 == 0:
            self.new_token()
        self.homes += 1
        home = f"home-{self.homes}"
        self.write(f"{home}-ca.pem", pem(chain[:1]))
        self.write(f"{home}-chain.pem", pem(chain[1:]) or b"\n")
        chained = ["--chain", f"{home}-chain.pem"] if len(chain) > 1 else []
        code, out, err = self.run(self.coldca, "-C", home, "init", "--policies", "any", "--token", "test", "--use-key", "pkcs11:token=test;id=%77;type=private", "--certificate", f"{home}-ca.pem", *chained,
                                  "--key-label", home, "--origin", f"{home}.example", "--pin-source", "file:pin")
        return (home, "") if code == 0 else (None, err)

    def ask(self, certificate, chain):
        question = Question(certificate, chain)
        return question, self.judges.ask(question)


def rules_of(item):
    return sorted(reason["rule"] for reason in item["reasons"])


def judge_issued(bench, chain, wish, path):
    with open(path, "rb") as file:
        certificate = x509.load_pem_x509_certificate(file.read())
    try:
        strict.check(der(certificate), der(chain[0]), now(), [der(each) for each in chain[1:]])
    except (strict.Fault, KeyError, IndexError, UnicodeDecodeError) as fault:
        raise Failed(f"issued, and strict.py says: {fault!r}: {wish}") from fault
    question, answers = bench.ask(certificate, chain)
    for judge, said in answers.items():
        if not said:
            bench.count[f"accepted by {judge}"] += 1
            continue
        reason = is_excepted(judge, said, question)
        need(reason, f"issued, and {judge} rejects it: {said}: {wish}")
        bench.count[f"{judge} is excepted: {reason}"] += 1


def judge_refused(bench, scenario, chain, wish, rules):
    for rule in rules:
        bench.count[f"refused: {rule}"] += 1
    judged = [rule for rule in rules if rule in JUDGED]
    if len(judged) < len(rules):
        bench.count["refused by the policy's own words"] += 1
        return
    question, answers = bench.ask(scenario.policy.twin(wish, bench.keys, chain[0], bench.keys.ca[2]), chain)
    if any(answers.values()):
        bench.count["refused, and a judge rejects its twin"] += 1
        return
    reason = nobody_minds(rules, question)
    need(reason, f"refused by {rules}, and every judge accepts its twin: {wish}")
    bench.count[f"nobody minds: {reason}"] += 1


def run_scenario(bench, scenario):
    chain = make_chain(scenario.authorities, bench.keys)
    home, said = bench.make_home(chain)
    if home is None:
        need(re.search("no validator would take|longer than its path length|ended on|before the CA certificate's notBefore", said), f"init: {said}")
        bench.count["chains refused"] += 1
        _, answers = bench.ask(scenario.policy.twin(scenario.wishes[0], bench.keys, chain[0], bench.keys.ca[2]), chain)
        need(any(answers.values()), f"init refuses the chain and every judge accepts it: {said}")
        return
    bench.count["homes"] += 1
    for i, wish in enumerate(scenario.wishes):
        bench.write(f"{home}-requests/{i:03}.csr", wish.request(bench.keys).public_bytes(Encoding.PEM))
    bench.write("fuzz.yaml", scenario.policy.text())
    judging = ["--policy", "./fuzz.yaml", "--json", f"{home}-requests"]
    code, checked, err = bench.run(bench.coldca, "-C", home, "check", *judging)
    if code == 3 and "while reading the policy" in err:
        need(not any(wish.wanted for wish in scenario.wishes) or scenario.wishes[0].wanted == "load", f"the policy does not load: {err}")
        bench.count["policies that don't load"] += 1
        return
    need(code in (0, 1), f"check: {err}")
    code, signed, err = bench.run(bench.coldca, "-C", home, "sign", "--pin-source", "file:pin", "--out", f"{home}-issued", *judging)
    need(code in (0, 1), f"sign: {err}")
    checked, signed = (sorted(json.loads(text)["requests"], key=lambda item: item["name"]) for text in (checked, signed))
    need(len(checked) == len(signed) == len(scenario.wishes), "a request is missing")
    for wish, by_check, by_sign in zip(scenario.wishes, checked, signed):
        bench.count["requests"] += 1
        rules = rules_of(by_sign)
        need(by_check["verdict"] == by_sign["verdict"] and rules_of(by_check) == rules, f"check and sign differ: {wish}")
        if wish.wanted:
            need(by_sign["verdict"] == "allowed" if wish.wanted == "allowed" else wish.wanted in rules, f"wanted is {wish.wanted}, found {by_sign['verdict']} {rules}: {wish}")
        if by_sign["verdict"] == "allowed":
            bench.count["certificates"] += 1
            judge_issued(bench, chain, wish, bench.path(f"{home}-issued", f"{by_sign['name']}.pem"))
        else:
            judge_refused(bench, scenario, chain, wish, rules)


def check_page(source):
    """docs/validators.md explains each exception under its reason, and no others."""
    with open(os.path.join(source, "docs/validators.md"), encoding="utf-8") as file:
        headings = set(re.findall(r"^\*\*(.+?)\.\*\*", file.read(), re.M))
    reasons = {reason for *_, reason in EXCEPTIONS + NOBODY_MINDS}
    need(reasons <= headings, f"docs/validators.md has no word on: {reasons - headings}")
    need(headings <= reasons | {"Arcs of OIDs above 2147483647", "Go: ports after long labels"}, f"docs/validators.md explains what is no exception: {headings - reasons}")


def check_judges(bench):
    """A judge that accepts everything, or nothing, judges nothing; and so does strict.py."""
    chain = make_chain([Authority(), Authority(), Authority()], bench.keys)
    policy, wish = Policy(), Wish(names=[("dns", "a.example")])
    good, forged = (policy.twin(wish, bench.keys, chain[0], bench.keys.ca[i]) for i in (2, 1))
    _, answers = bench.ask(good, chain)
    need(not any(answers.values()), f"a sound certificate is rejected: {answers}")
    _, answers = bench.ask(forged, chain)
    need(all(answers.values()), f"a forged certificate is accepted: {answers}")
    for old, new in ((b"\x01\x01\xff", b"\x01\x01\x01"), (der(chain[0])[15:35], b"\0" * 20), (b"\x17\r", b"\x18\r")):
        try:
            strict.check(der(chain[0]).replace(old, new), der(chain[1]), now())
        except strict.Fault:
            continue
        raise Failed("strict.py takes what is no DER")


def clear(bench):
    for name in os.listdir(bench.folder):
        if name.startswith("home-"):
            path = bench.path(name)
            shutil.rmtree(path) if os.path.isdir(path) else os.remove(path)


def scenario_of(seed, number):
    return random_scenario(random.Random(f"{seed}-{number}"), f"scenario {number} of seed {seed}")


def scenarios(seed, until):
    yield from CASES
    number = 0
    while time.monotonic() < until:
        yield scenario_of(seed, number)
        number += 1


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("coldca")
    parser.add_argument("source")
    parser.add_argument("--seconds", type=int, default=int(os.environ.get("VALIDATORS_SECONDS") or 0))
    parser.add_argument("--seed", type=int, default=int(os.environ.get("VALIDATORS_SEED") or random.SystemRandom().randrange(10**9)))
    parser.add_argument("--scenario", type=int, help="only this one of the seed, and no fixed case")
    parser.add_argument("--keep-going", action="store_true", help="names every failure in one line and goes on")
    given = parser.parse_args()
    print(f"validators: seed {given.seed}, {given.seconds} seconds", flush=True)
    folder = tempfile.mkdtemp(prefix="coldca-validators-")
    bench = Bench(os.path.abspath(given.coldca), os.path.abspath(given.source), folder)
    check_page(given.source)
    check_judges(bench)
    once = given.scenario is not None
    for scenario in [scenario_of(given.seed, given.scenario)] if once else scenarios(given.seed, time.monotonic() + given.seconds):
        try:
            run_scenario(bench, scenario)
        except Failed as fault:
            bench.count["FAILED"] += 1
            if given.keep_going:
                print(f"FAILED: {scenario.title}: {fault}", flush=True)
                clear(bench)
                continue
            bench.judges.close()
            print(f"FAILED: {scenario.title} ({folder} is kept; --seed {given.seed} --scenario N makes it again)\n{fault}\n{scenario.policy.text()}", *[vars(each) for each in scenario.authorities], sep="\n")
            sys.exit(1)
        clear(bench)
    bench.judges.close()
    shutil.rmtree(folder)
    for what, number in sorted(bench.count.items()):
        print(f"{number:7} {what}")
    print(f"validators: seed {given.seed}: {bench.count['homes']} homes, {bench.count['requests']} requests, {bench.count['certificates']} certificates,"
          f" {bench.count['refused, and a judge rejects its twin']} refused as a judge would, {bench.count['chains refused']} chains refused, {bench.count['FAILED']} failed")
    if bench.count["FAILED"] or not once and bench.count["certificates"] <= len(CASES) // 2:
        sys.exit("FAILED: see above" if bench.count["FAILED"] else "FAILED: hardly anything was issued")


if __name__ == "__main__":
    main()
