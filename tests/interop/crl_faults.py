#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Plants faults of revocations and CRLs, one at a time, in a ledger whose keys a thief has: all signatures and checkpoints are right. `coldca
ledger verify` and verify_ledger.py must find each, by its rule: crl_faults.py COLDCA"""
import base64
import os
import shutil
import sys
import tempfile

from crl_story import LONG, ORIGIN, SERIALS, Keys, Story, hexed, sha256
from ledger_faults import CONFIGURATION, run
from revocations import seal

HERE = os.path.dirname(os.path.abspath(__file__))
CRL, REVOCATION, FIELDS, HISTORY = {"ledger.crl"}, {"ledger.revocation"}, {"ledger.fields"}, {"ledger.history"}
A, C, G = ("a", "2026-01-11T00:00:00Z", "keyCompromise", "2026-01-05T00:00:00Z"), ("c", "2026-01-12T00:00:00Z", "certificateHold"), ("g", "2026-01-14T00:00:00Z", None)
F, F2 = ("F", "2026-01-14T00:00:00Z", "affiliationChanged"), ("F2", "2026-01-14T00:00:00Z", "privilegeWithdrawn")
D, B = ("d", "2026-01-19T00:00:00Z", "superseded"), ("b", "2026-03-03T00:00:00Z", "cessationOfOperation")


def lists(number, *entries):
    """Signs this list under this number, and records it as if it were right."""
    return {"lists": {number: list(entries)}}


def crl(which, **signed):
    """Signs and records another number, date or extension."""
    return {"crls": {which: signed}}


def change(tag, **members):
    return {"changes": {tag: members}}


def gone(*tags):
    return {"changes": {tag: "gone" for tag in tags}}


def with_signature_of(other):
    """The signature of another CRL, under this one's TBSCertList: the digest is of just that."""
    def sealed(story, record):
        signature = story.signatures[other][1]
        der = seal(story.signatures[4][0], bytes.fromhex("300a06082a8648ce3d040302"), signature)
        return {"signature": base64.b64encode(signature).decode(), "sha256": sha256(der)}
    return {"changes": {"issued-4": sealed}}


# a, F2 expire before CRL 7; b is revoked after its end, before CRL 8; CRL 5 is abandoned; g is burned; c was released, d held and then revoked.
FAULTS = [
    ("the number of an abandoned CRL is used again", REVOCATION, crl(6, number=5)),
    ("the number of an issued CRL is used again", REVOCATION, crl(4, number=3)),
    ("a number falls", REVOCATION, crl(4, number=1)),
    ("an end with another number", REVOCATION, change("issued-4", number=5)),
    ("an end of another signing", REVOCATION, change("issued-4", ref=2)),
    ("a CRL that was never logged before", REVOCATION, gone("signing-4")),
    ("a CRL before the one before has an end", REVOCATION, gone("abandoned-5")),
    ("an entry is missing", CRL, lists(3, C, G, F, F2)),
    ("the burned one is missing", CRL, lists(3, A, C, F, F2)),
    ("the foreign one is missing", CRL, lists(3, A, C, G, F2)),
    ("the list is empty", CRL, lists(2)),
    ("an entry of a serial that nobody revoked or burned", CRL, lists(2, A, C, ("e", "2026-01-12T00:00:00Z", None))),
    ("an entry stands twice", CRL, lists(2, A, C, C)),
    ("one that was released is still listed", CRL, lists(4, A, C, F, F2, ("d", "2026-01-17T00:00:00Z", "certificateHold"), ("g", "2026-01-17T00:00:00Z", "certificateHold"))),
    ("one that is burned again after its release is missing", CRL, lists(6, A, F, F2, D)),
    ("one that is burned again stands at the place of its hold", CRL, lists(6, A, F, F2, G, D)),
    ("entries in the order of serials", CRL, lists(2, C, A)),
    ("an expired entry is left out too early", CRL, lists(7, G, F, F2, D)),
    ("an expired entry stays too long", CRL, lists(8, A, G, F, D, B)),
    ("one revoked after its end is on no CRL", CRL, lists(8, G, F, D)),
    ("one whose end nobody knows is left out", CRL, lists(8, G, D, B)),
    ("keep_expired keeps not all", CRL, lists(10, G, F, F2, D, B)),
    ("another reason on the CRL", CRL, lists(2, (*A[:2], "superseded", A[3]), C)),
    ("no reason on the CRL", CRL, lists(2, (*A[:2], None, A[3]), C)),
    ("the reason 0, written", CRL, lists(12, G, F, D, ("e", "2050-02-01T00:00:00Z", "unspecified"), ("f", "2050-02-01T00:00:00Z", "aACompromise", "2050-01-31T00:00:00Z"))),
    ("no invalidity date on the CRL", CRL, lists(2, A[:3], C)),
    ("another invalidity date on the CRL", CRL, lists(2, (*A[:3], "2026-01-06T00:00:00Z"), C)),
    ("another revocation date on the CRL", CRL, lists(2, ("a", "2026-01-12T00:00:00Z", *A[2:]), C)),
    ("no previous", REVOCATION, change("signing-4", previous=None)),
    ("an older previous", REVOCATION, change("signing-4", previous=lambda story: story.seqs["issued-2"])),
    ("an abandoned one as the previous", REVOCATION, change("signing-6", previous=lambda story: story.seqs["abandoned-5"])),
    ("a previous of the first CRL", REVOCATION, change("signing-1", previous=0)),
    ("a size that is one less", REVOCATION, change("signing-4", size=lambda story: len(story.records) - 1)),
    ("a size that is one more", REVOCATION, change("signing-4", size=lambda story: len(story.records) + 1)),
    ("this_update before the CRL before", REVOCATION, crl(4, this="2026-01-14T23:59:59Z", time="2026-01-18T00:00:00Z")),
    ("this_update later than the record", REVOCATION, crl(4, this="2026-01-19T00:00:00Z", time="2026-01-18T00:00:00Z")),
    ("next_update past the CA's end", CRL, crl(12, next="2061-01-01T00:00:00Z")),
    ("another this_update is recorded than was signed", CRL, change("signing-4", this_update="2026-01-17T00:00:00Z")),
    ("another next_update is recorded than was signed", CRL, change("signing-4", next_update="2026-12-30T00:00:00Z")),
    ("next_update before this_update", CRL, change("signing-4", next_update="2026-01-17T00:00:00Z")),
    ("expired_since is not the first day", CRL, crl(10, since="2025-01-01T00:00:00Z")),
    ("a count of one more", CRL, change("signing-4", count=6)),
    ("another length", CRL, change("signing-4", tbs_len=1)),
    ("another digest of the TBSCertList", CRL, change("signing-4", tbs_sha256=sha256(b"another"))),
    ("another digest of the CRL", CRL, change("issued-4", sha256=sha256(b"another"))),
    ("the signature of another TBSCertList", CRL, with_signature_of(3)),
    ("another issuer", CRL, change("signing-4", issuer_sha256=sha256(b"another"))),
    ("another algorithm than was signed", CRL, change("signing-4", algorithm=base64.b64encode(bytes.fromhex("300a06082a8648ce3d040303")).decode())),
    ("an algorithm of no such key", CRL, change("signing-4", algorithm=base64.b64encode(bytes.fromhex("300506032b6570")).decode())),
    ("an extension that is not in the CRL", CRL, change("signing-4", extensions="MAA=")),
    ("keep_expired without expired_since", FIELDS, change("signing-10", expired_since=None)),
    ("another rule", FIELDS, change("signing-4", rule=2)),
    ("another order", FIELDS, change("signing-4", order="serial")),
    ("a shard", FIELDS, change("signing-4", scope={"shard": 1})),
    ("a digest that is none", FIELDS, change("signing-4", tbs_sha256="00")),
    ("a number in quotes", FIELDS, change("signing-4", number="4")),
    ("a revocation is gone", CRL, gone("revoked-d")),
    ("a release is gone", CRL, gone("release-c")),
    ("the reason was changed afterwards", CRL, change("revoked-a", reason="superseded")),
    ("the date was changed afterwards", CRL, change("revoked-a", revoked_at="2026-01-10T00:00:00Z")),
    ("when it was burned was changed afterwards", CRL, change("abandoned-g", time="2026-01-13T00:00:01Z")),
    ("revoked_at later than the record", REVOCATION, change("revoked-b", revoked_at="2026-03-03T00:00:01Z")),
    ("invalidity_date later than the record", REVOCATION, change("revoked-f", invalidity_date="2050-02-01T00:00:01Z")),
    ("an earlier not_after, to be left out early", REVOCATION, change("revoked-d", not_after="2026-01-20T00:00:00Z")),
    ("a later not_after, to stay", REVOCATION, change("revoked-a", not_after=LONG)),
    ("no not_after", REVOCATION, change("revoked-d", not_after=None)),
    ("the ref of another certificate", REVOCATION, change("revoked-d", ref=lambda story: story.seqs["issued-c"])),
    ("no ref", REVOCATION, change("revoked-d", ref=None)),
    ("a ref of a burned one", REVOCATION, change("hold-g", ref=2)),
    ("another key_value", REVOCATION, change("revoked-d", key_value=sha256(b"another"))),
    ("another subject", REVOCATION, change("revoked-d", subject="CN=nobody")),
    ("foreign, but in the ledger", REVOCATION, change("revoked-d", foreign=True)),
    ("not in the ledger, but not foreign", REVOCATION, change("revoked-F", foreign=False)),
    ("not in the ledger, but with a ref", REVOCATION, change("revoked-F", ref=2)),
    ("a release of what was revoked for good", REVOCATION, change("release-g", serial=hexed(SERIALS["d"]), ref=None)),
    ("a release of a foreign one that nobody held", REVOCATION, change("release-c", serial="0c0c", ref=None)),
    ("a release of what is not revoked", HISTORY, change("release-c", serial=hexed(SERIALS["e"]), ref=None)),
    ("a release of what is burned", HISTORY, change("release-c", serial=hexed(SERIALS["g"]), ref=None)),
    ("a release of another record", REVOCATION, change("release-c", ref=2)),
    ("revoked twice", REVOCATION, change("revoked-b", serial=hexed(SERIALS["a"]))),
    ("revoked while it is unfinished", HISTORY, gone("issued-e")),
    ("a hold that says it is none", FIELDS, change("hold-c", hold=False)),
    ("a hold of another reason", FIELDS, change("revoked-a", hold=True)),
    ("removeFromCRL", FIELDS, change("revoked-a", reason="removeFromCRL")),
    ("a reason by its number", FIELDS, change("revoked-a", reason=1)),
    ("a flag that is no flag", FIELDS, change("revoked-F", foreign="true")),
    ("a serial with a leading zero octet", FIELDS, change("revoked-F", serial="00ff00ff")),
    ("a time in another form", FIELDS, change("revoked-a", revoked_at="2026-01-11")),
]


def told(keys, changes=None, **planted):
    """Members may be made of the story so far."""
    def late(members):
        return lambda story, record: {name: value(story) if callable(value) else value for name, value in members.items()}
    changes = {tag: late(one) if isinstance(one, dict) else one for tag, one in (changes or {}).items()}
    return Story(keys, changes=changes, **planted).tell()


def main():
    coldca, bad, keys = sys.argv[1], 0, Keys()
    with tempfile.TemporaryDirectory(prefix="coldca-crl-faults-") as folder:
        for name, rules, planted in [("no fault", set(), {})] + FAULTS:
            path = os.path.join(folder, "planted")
            os.mkdir(path)
            told(keys, **planted).write(path)
            with open(os.path.join(path, "ca.yaml"), "w", encoding="ascii") as file:
                file.write(CONFIGURATION.format(keys.vkey).replace("ca.example/interop", ORIGIN))
            ours, our_text, _ = run([coldca, "-C", path, "--json", "ledger", "verify"], path)
            theirs, their_text, _ = run([sys.executable, os.path.join(HERE, "verify_ledger.py"), path, keys.vkey, os.path.join(path, "ca.pem")], path)
            if not rules and (ours or theirs):
                sys.exit(f"FAILED: no fault is planted yet, and the ledger is not read as sound:\n  coldca: {our_text}  verify_ledger.py: {their_text}")
            if not rules <= ours or not rules <= theirs:
                bad += 1
                print(f"NOT FOUND: {name}: {sorted(rules)}\n  coldca: {our_text}  verify_ledger.py: {their_text}")
            shutil.rmtree(path)
    print(f"{len(FAULTS)} faults of revocations and CRLs planted, {len(FAULTS) - bad} found by both verifiers")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
