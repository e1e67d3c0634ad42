# SPDX-License-Identifier: Apache-2.0
"""Controls and approvals of a coldca ledger, from docs/ledger-format.md section 10 alone. Used by verify_ledger.py."""
import base64
import hashlib
import json
import re

ACTS = ("issue", "issue_ca", "revoke", "crl", "control", "policy")
ACT_OF = {"cert.revoked": "revoke", "cert.unrevoked": "revoke", "key.revoked": "revoke", "crl.signing": "crl", "control.set": "control", "policy.approved": "policy"}
OF_THE_RUN = {"seq", "time", "operator", "batch", "plan_sha256", "plan_index", "plan_path", "emergency_reason"}
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


def sha256(data):
    return hashlib.sha256(data).digest()


def item_leaf(record, canonical):
    left_out = OF_THE_RUN | ({"size", "previous"} if record["type"] == "crl.signing" else set())
    item = {name: value for name, value in record.items() if name not in left_out}
    return sha256(b"\0" + canonical(item).encode())


def path_root(leaf, index, size, path):
    """RFC 9162 2.1.3.2; None if the path does not fit."""
    if not 0 <= index < size:
        return None
    node, last = leaf, size - 1
    for hash_ in path:
        if last == 0:
            return None
        if index & 1 or index == last:
            node = sha256(b"\1" + hash_ + node)
            while not index & 1 and index:
                index, last = index >> 1, last >> 1
        else:
            node = sha256(b"\1" + node + hash_)
        index, last = index >> 1, last >> 1
    return node if last == 0 else None


class Controls:
    def __init__(self, vkey, key_class, canonical, is_ca, say):
        self.vkey, self.key_class, self.canonical, self.is_ca, self.say = vkey, key_class, canonical, is_ca, say
        self.control, self.plans, self.policies, self.done = None, {}, {}, set()

    def take(self, record):
        kind = record["type"]
        rule = {"plan.approved": "ledger.approval", "policy.approved": "ledger.policy"}.get(kind, "ledger.control")
        try:
            if kind == "cert.signing":
                self.check_policy(record)
                if self.needed("issue") or self.needed("issue_ca"):
                    self.check_act("issue_ca" if self.is_ca(record) else "issue", record)
            elif kind == "plan.approved":
                self.take_plan(record)
            elif kind == "session.opened":
                self.check_session(record)
            elif kind in ACT_OF:
                if kind == "control.set":
                    self.check_control(record)
                if kind == "policy.approved" and sha256(record["text"].encode()).hex() != record["sha256"]:
                    raise ValueError("the digest is not the text's")
                rule = "ledger.control"
                self.check_act(ACT_OF[kind], record)
                if kind == "control.set":
                    self.control = record
                if kind == "policy.approved":
                    self.policies[record["name"]] = record["sha256"]
                if kind == "crl.signing":
                    self.check_crl(record)
        except (ValueError, KeyError, TypeError, AttributeError) as why:
            self.say(rule, f"record {record['seq']}: {why!r}")

    def people(self, control):
        """name -> key, of those who may approve."""
        return {person["name"]: self.key_class(person["key"]) for person in control["people"]
                if person.get("key") and person["role"] != "auditor"}

    def needed(self, act):
        if self.control is None:
            return 0
        quorum = self.control["quorum"][act]
        return 0 if quorum == 1 and not self.people(self.control) else quorum

    def check_control(self, record):
        names = [person["name"] for person in record["people"]]
        people = self.people(record)
        keys = [(key.type, base64.b64decode(person["key"].split("+", 2)[2])) for person in record["people"] if person.get("key")
                for key in [self.key_class(person["key"])]]
        if (not names or len(set(names)) != len(names) or len(set(keys)) != len(keys)
                or any(key.name != name or key.type not in (1, 2) for name, key in people.items())):
            raise ValueError("people")
        if any(person["role"] not in ("operator", "approver", "auditor") for person in record["people"]):
            raise ValueError("a role")
        for act in ACTS:
            quorum = record["quorum"][act]
            if type(quorum) is not int or not 0 <= quorum <= 32 or quorum > len(people) and not (quorum == 1 and not people):
                raise ValueError("a quorum that can't be met")
        if not all(isinstance(record.get(name, False), bool) for name in ("allow_extractable", "require_manifest")):
            raise ValueError("a setting that is not a boolean")
        if record["policies"] not in ("approved", "any") or not set(record["emergency"]) <= {"revoke", "crl"}:
            raise ValueError("policies or emergency")
        if record.get("previous") != (self.control["seq"] if self.control else None):
            raise ValueError("previous is not the control in force")

    def take_plan(self, record):
        text = record["header"]
        header, digest = json.loads(text), sha256(text.encode()).hex()
        members = {"version", "act", "origin", "vkey", "control", "not_before", "not_after", "count", "root"}
        members |= {"policy", "policy_sha256"} if header["act"] in ("issue", "issue_ca") else set()
        if self.canonical(header) != text or set(header) != members or header["version"] != 1 or header["act"] not in ACTS:
            raise ValueError("not a header")
        if digest != record["plan_sha256"] or digest in self.plans:
            raise ValueError("not this plan's digest, or a plan that was used")
        if header["vkey"] != self.vkey or header["origin"] != self.vkey.split("+")[0]:
            raise ValueError("of another CA")
        if self.control is None or header["control"] != self.control["seq"]:
            raise ValueError("of another control")
        if not header["not_before"] <= record["time"] <= header["not_after"]:
            raise ValueError("outside the window")
        people, approved = self.people(self.control), set()
        for note in record["approvals"]:
            name = self.check_approval(note, header, digest, people)
            if name in approved:
                raise ValueError(name + " twice")
            approved.add(name)
        if not approved or len(approved) < self.needed(header["act"]):
            raise ValueError("too few")
        self.plans[digest] = header

    @staticmethod
    def check_approval(note, header, digest, people):
        text, signature = note.split("\n\n")
        dash, name, value = signature.rstrip("\n").split(" ")
        first, origin, plan, act, time = text.split("\n")
        data, key = base64.b64decode(value, validate=True), people[name]
        if dash != "—" or first != "coldca approval v1" or data[:4] != key.id or signature.count("\n") != 1:
            raise ValueError("not an approval")
        if (origin, plan, act) != (header["origin"], digest, header["act"]) or not TIME.fullmatch(time):
            raise ValueError("of another plan")
        if not header["not_before"] <= time <= header["not_after"]:
            raise ValueError("not given in the window")
        try:
            key.verify((text + "\n").encode(), data[4:])
        except Exception as why:
            raise ValueError("the signature") from why
        return name

    def check_act(self, act, record):
        if self.needed(act) == 0 or record.get("emergency_reason") and act in self.control["emergency"]:
            return
        if "plan_index" not in record:
            raise ValueError("it is of no plan")
        header = self.plans.get(record["plan_sha256"])
        if header is None or header["act"] != act or header["control"] != self.control["seq"]:
            raise ValueError("its plan was not approved for this, now")
        if not header["not_before"] <= record["time"] <= header["not_after"]:
            raise ValueError("outside its plan's window")
        path = base64.b64decode(record["plan_path"], validate=True)
        hashes = [path[i:i + 32] for i in range(0, len(path), 32)]
        root = path_root(item_leaf(record, self.canonical), record["plan_index"], header["count"], hashes)
        if root is None or root.hex() != header["root"]:
            raise ValueError("not what its plan says")
        place = (record["plan_sha256"], record["plan_index"])
        if place in self.done:
            raise ValueError("done before")
        self.done.add(place)

    def check_policy(self, record):
        if self.control and self.control["policies"] == "approved" and self.policies.get(record["policy"]) != record["policy_sha256"]:
            self.say("ledger.policy", f"record {record['seq']}: by a policy that is not the approved one")

    def check_session(self, record):
        rules = self.control or {}
        if rules.get("allow_extractable", True) is False and record.get("allow_extractable"):
            raise ValueError("extractable keys, which the control does not allow")
        if rules.get("require_manifest") and record["command"] == "batch" and "manifest_sha256" not in record:
            raise ValueError("a batch without a manifest, which the control requires")

    def check_crl(self, record):
        from datetime import datetime
        rules = self.control and self.control.get("crl")
        if rules:
            this, next_ = (datetime.strptime(record[name], "%Y-%m-%dT%H:%M:%SZ") for name in ("this_update", "next_update"))
            if (next_ - this).total_seconds() > rules["max_days"] * 86400 or record["keep_expired"] != rules.get("keep_expired", False):
                raise ValueError("not the control's CRL")
