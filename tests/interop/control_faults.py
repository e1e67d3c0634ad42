#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Plants faults of controls and approvals, each in a ledger that is sound in all else, as who has home, token and PIN could write it;
`coldca ledger verify` and verify_ledger.py must find each: control_faults.py COLDCA"""
import json
import os
import subprocess
import sys
import tempfile

from governed_ledger import Scene, at, policy_record

HERE = os.path.dirname(os.path.abspath(__file__))
CONTROL, APPROVAL, POLICY = {"ledger.control"}, {"ledger.approval"}, {"ledger.policy"}


def members(scene, number, **changes):
    scene.records[number] = {name: value for name, value in {**scene.records[number], **changes}.items() if value is not None}


def unplanned(scene, number):
    members(scene, number, plan_sha256=None, plan_index=None, plan_path=None)


def approvals(scene, number, *notes):
    members(scene, number, approvals=list(notes))


def replan(scene, **changes):
    """The plan of records 3 to 5 is made, approved and carried out with another header."""
    plan = scene.plan("issue", 2, scene.issue.items, **changes)
    scene.records[3], scene.records[4], scene.records[5] = plan.approved(scene.a, scene.b), plan.done(0), plan.done(2)


def one_more(scene, plan, people):
    """At the end: another plan, approved by these, and its first item done."""
    scene.records += ([plan.approved(*people)] if people else []) + [plan.done(0)]


def approved_late(scene, text):
    """A certificate by a text, and only then the text's approval."""
    one_more(scene, scene.plan("issue", 14, [scene.issuer.item("d-8", 60, text["sha256"])[0]]), [scene.a])
    one_more(scene, scene.plan("policy", 14, [text]), [scene.a, scene.b])


def first_control(scene, **changes):
    scene.records[2] = {**scene.control, **changes}


def session(scene, **changes):
    """A batch under the first control, which is made to want a list and no extractable keys."""
    first_control(scene, allow_extractable=False, require_manifest=True)
    opened = {"type": "session.opened", "command": "batch", "batch": "b", "allow_extractable": False, "manifest_sha256": "00" * 32, **changes}
    scene.records[3:] = [{name: value for name, value in opened.items() if value is not None}]


def not_of_the_item(scene, number, name):
    text = scene.records[number][name]
    members(scene, number, **{name: text[:-1] + ("0" if text[-1] != "0" else "1")})


FAULTS = [
    ("a certificate of no plan", CONTROL, lambda s: unplanned(s, 4)),
    ("a certificate signed before its plan was approved", CONTROL, lambda s: s.records.insert(3, s.records.pop(4))),
    ("a plan that nobody approved", CONTROL, lambda s: s.records.__setitem__(3, {"type": "note", "text": "x"})),
    ("a certificate that is not in its plan", CONTROL, lambda s: s.records.__setitem__(4, {**s.issue.done(0), **s.foreign_item})),
    ("another source than approved", CONTROL, lambda s: members(s, 4, source="other.csr")),
    ("another request than approved", CONTROL, lambda s: not_of_the_item(s, 4, "csr_sha256")),
    ("a member more than approved", CONTROL, lambda s: members(s, 4, validity_note="x")),
    ("another place in the plan", CONTROL, lambda s: members(s, 4, plan_index=1)),
    ("a place past the plan's end", CONTROL, lambda s: members(s, 4, plan_index=3)),
    ("another path", CONTROL, lambda s: members(s, 4, plan_path=s.issue.done(2)["plan_path"])),
    ("a CA certificate under a plan of certificates", CONTROL, lambda s: one_more(s, s.plan("issue", 14, [s.sub[0]]), [s.a, s.b])),
    ("one approval of two", APPROVAL, lambda s: approvals(s, 3, s.issue.approval(s.a))),
    ("no approval", APPROVAL | {"ledger.fields"}, lambda s: approvals(s, 3)),
    ("one person twice", APPROVAL, lambda s: approvals(s, 3, s.issue.approval(s.a), s.issue.approval(s.a, at(11)))),
    ("an approval by somebody who is nobody", APPROVAL, lambda s: approvals(s, 3, s.issue.approval(s.a), s.issue.approval(s.d))),
    ("an approval by an auditor", APPROVAL, lambda s: approvals(s, 3, s.issue.approval(s.a), s.issue.approval(s.auditor))),
    ("an approval of another plan", APPROVAL, lambda s: approvals(s, 3, s.issue.approval(s.a), s.revoke.approval(s.b))),
    ("an approval for another CA", APPROVAL, lambda s: approvals(s, 3, s.issue.approval(s.a), s.issue.approval(s.b, origin="ca.example/other"))),
    ("an approval of another act", APPROVAL, lambda s: approvals(s, 3, s.issue.approval(s.a), s.issue.approval(s.b, act="crl"))),
    ("an approval before the window", APPROVAL, lambda s: approvals(s, 3, s.issue.approval(s.a), s.issue.approval(s.b, at(-1)))),
    ("an approval after the window", APPROVAL, lambda s: approvals(s, 3, s.issue.approval(s.a), s.issue.approval(s.b, at(8 * 86400)))),
    ("a signature of another name", APPROVAL, lambda s: approvals(s, 3, s.issue.approval(s.a), s.issue.approval(s.a).replace("— ann", "— bob"))),
    ("a flipped signature", APPROVAL, lambda s: approvals(s, 3, s.issue.approval(s.a), s.issue.approval(s.b)[:-6] + "AAA=\n")),
    ("a plan taken in twice", APPROVAL, lambda s: s.records.insert(8, s.records[3])),
    ("a plan under a control of before", APPROVAL, lambda s: s.records.append(s.plan("revoke", 2, s.revoke.items, not_after=at(5 * 86400)).approved(s.a, s.b))),
    ("a plan that was taken in after its window", APPROVAL, lambda s: replan(s, not_after=at(102))),
    ("a plan that was taken in before its window", APPROVAL, lambda s: replan(s, not_before=at(104))),
    ("an item done after its plan's window", CONTROL, lambda s: replan(s, not_after=at(104))),
    ("a plan for another CA", APPROVAL, lambda s: replan(s, origin="ca.example/other")),
    ("a plan for another ledger key", APPROVAL, lambda s: replan(s, vkey=s.a.vkey)),
    ("a header that is not the digest's", APPROVAL | {"ledger.fields"}, lambda s: members(s, 3, header=s.records[3]["header"].replace('"count":3', '"count":4'))),
    ("a header with a member nobody knows", APPROVAL | {"ledger.fields"}, lambda s: replan(s, note="x")),
    ("a certificate under a control that is over", CONTROL, lambda s: s.records.append(s.issue.done(1))),
    ("a revocation of no plan", CONTROL, lambda s: unplanned(s, 9)),
    ("another reason than approved", CONTROL, lambda s: members(s, 9, reason="keyCompromise")),
    ("an emergency that the control does not know", CONTROL, lambda s: first_control(s, emergency=[]) or members(s, 14, emergency=[])
     or (unplanned(s, 9) or members(s, 9, emergency_reason="now"))),
    ("an emergency where none can be", CONTROL, lambda s: unplanned(s, 4) or members(s, 4, emergency_reason="now")),
    ("a control of no plan", CONTROL, lambda s: unplanned(s, 14)),
    ("another person than approved", CONTROL, lambda s: members(s, 14, people=s.people(s.a, s.b, s.c, s.auditor))),
    ("a lower quorum than approved", CONTROL, lambda s: members(s, 14, quorum={**s.records[14]["quorum"], "control": 1})),
    ("another emergency than approved", CONTROL, lambda s: members(s, 14, emergency=["crl"])),
    ("a control that follows another", CONTROL, lambda s: members(s, 14, previous=1)),
    ("a second first control", CONTROL, lambda s: s.records.append(s.control)),
    ("one key with two names", CONTROL | {"ledger.fields"}, lambda s: first_control(s, people=s.people(s.a, s.b) + [
        {"name": "zoe", "role": "approver", "key": type(s.a)("zoe", "a").vkey}])),
    ("a quorum nobody can meet", CONTROL | {"ledger.fields"}, lambda s: first_control(s, quorum={**s.control["quorum"], "crl": 4})),
    ("a policy of no plan", CONTROL, lambda s: unplanned(s, 11)),
    ("a text approved a second time by a plan that was used", CONTROL, lambda s: s.records.__setitem__(12, s.policy.done(0))),
    ("another text than approved", POLICY | CONTROL | {"ledger.fields"}, lambda s: members(s, 11, text="policy: device\n# third\n")),
    ("a text with the digest of another", POLICY | {"ledger.fields"}, lambda s: members(s, 11, sha256=s.records[1]["sha256"])),
    ("the name of another policy", CONTROL, lambda s: members(s, 11, name="other")),
    ("a policy that was approved after it was signed by", POLICY, lambda s: approved_late(s, policy_record("policy: device\n# third\n"))),
    ("a policy approved under a control that is over", CONTROL, lambda s: s.records.append(s.policy.done(0))),
    ("a certificate by a text that is not approved any more", POLICY, lambda s: one_more(
        s, s.plan("issue", 14, [s.issuer.item("d-8", 60, policy_record("policy: device\n")["sha256"])[0]]), [s.a])),
    ("keys that may leave their token, under a control that forbids it", CONTROL, lambda s: session(s, allow_extractable=True)),
    ("a batch without a signed list, under a control that wants one", CONTROL, lambda s: session(s, manifest_sha256=None)),
    ("a setting of a control that is not true or false", CONTROL | {"ledger.fields"}, lambda s: first_control(s, require_manifest="no")),
    ("a certificate by a policy nobody approved", POLICY, lambda s: one_more(
        s, s.plan("issue", 14, [{**s.issuer.item("d-8", 60, "00" * 32)[0], "policy": "other"}]), [s.a])),
]


def run(command):
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    if result.returncode not in (0, 5) or not result.stdout.startswith("{"):
        return {"failed with " + str(result.returncode)}, result.stderr
    report = json.loads(result.stdout)
    return {item["rule"] if isinstance(item, dict) else item.split(":")[0] for item in report["findings"]}, result.stdout


def main():
    coldca, bad = sys.argv[1], 0
    with tempfile.TemporaryDirectory(prefix="coldca-controls-") as folder:
        for number, (name, rules, plant) in enumerate([("no fault", None, lambda s: None)] + FAULTS):
            scene, path = Scene(), os.path.join(folder, str(number))
            plant(scene)
            scene.write(path)
            ours, our_text = run([coldca, "-C", path, "--json", "ledger", "verify"])
            theirs, their_text = run([sys.executable, os.path.join(HERE, "verify_ledger.py"), path, scene.ledger.vkey, os.path.join(path, "ca.pem")])
            if (bool(rules & ours) and bool(rules & theirs)) if rules else not ours and not theirs:
                continue
            found = f"  coldca: {our_text}  verify_ledger.py: {their_text}"
            if not rules:
                sys.exit(f"FAILED: no fault is planted yet, and the ledger is not read as sound:\n{found}")
            bad += 1
            print(f"NOT FOUND: {name}: {sorted(rules)}\n{found}")
    print(f"{len(FAULTS)} faults planted, {len(FAULTS) - bad} found by both verifiers")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
