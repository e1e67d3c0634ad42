#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes a plan that coldca did not make, whole and ready to be approved: forge_plan.py HOW PLAN FORGED [DER]. HOW is a name below; DER
is a public key, or a request, of the forger's."""
import base64
import datetime
import hashlib
import json
import sys


def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def digest(data):
    return hashlib.sha256(data).digest()


def root(leaves):
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return digest(b"\1" + root(leaves[:split]) + root(leaves[split:]))


def swap(tbs, old, new):
    if old not in tbs or len(old) != len(new):
        sys.exit(f"forge_plan.py: nothing to change: {old!r}")
    return tbs.replace(old, new, 1)


def time_at(tbs, which):
    start = tbs.index(b"\x17\x0d")
    return start if which == 0 else tbs.index(b"\x17\x0d", start + 15)


def set_time(tbs, which, text):
    start = time_at(tbs, which)
    return tbs[: start + 2] + text.encode() + tbs[start + 15 :]


def issuer(tbs):  # the same text in another string type
    return swap(tbs, b"\x0c\x09Test Root", b"\x13\x09Test Root")


def key_id(tbs):
    at = tbs.index(bytes.fromhex("551d23")) + len(bytes.fromhex("551d23041830168014"))
    return tbs[:at] + bytes([tbs[at] ^ 1]) + tbs[at + 1 :]


def past(tbs):
    return set_time(tbs, 1, "491231235959Z")


def early(tbs):
    return set_time(tbs, 0, "200101000000Z")


def backwards(tbs):
    return set_time(set_time(tbs, 1, "300101000000Z"), 0, "300101000001Z")


def algorithm(tbs):  # ecdsa-with-SHA224
    return swap(tbs, bytes.fromhex("2a8648ce3d040303"), bytes.fromhex("2a8648ce3d040301"))


def key_usage(tbs):  # keyCertSign without a CA
    at = tbs.index(bytes.fromhex("551d0f")) + 3
    at = tbs.index(b"\x03\x02", at)
    return tbs[: at + 2] + b"\x02\x04" + tbs[at + 4 :]


def name(items):
    items[1]["record"]["output"] = items[0]["record"]["output"].upper()


def serial(items):
    output = items[1]["record"]["output"]
    items[1] = json.loads(json.dumps(items[0]))
    items[1]["record"]["output"] = output


def outside(items):
    items[0]["record"]["output"] = "../../outside"


def nowhere(items):
    del items[0]["record"]["output"]


# ---- what the policy does not give: each part of the certificate as a list, to be put together again ----

VERSION, SERIAL, ALGORITHM, ISSUER, VALIDITY, SUBJECT, KEY, EXTENSIONS = range(8)
KEY_USAGE, SUBJECT_NAMES, CONSTRAINTS = bytes.fromhex("551d0f"), bytes.fromhex("551d11"), bytes.fromhex("551d13")


def parts(data):
    """The elements in the content of a DER element."""
    def head(at):
        length, size = data[at + 1], 2
        if length & 0x80:
            size += length & 0x7F
            length = int.from_bytes(data[at + 2 : at + size], "big")
        return size, length

    at = head(0)[0]
    found = []
    while at < len(data):
        size, length = head(at)
        found.append(data[at : at + size + length])
        at += size + length
    return found


def whole(tag, elements):
    content = b"".join(elements)
    length = len(content)
    if length < 0x80:
        return bytes([tag, length]) + content
    octets = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(octets)]) + octets + content


def set_extension(fields, oid, value):
    sequence = parts(fields[EXTENSIONS])[0]
    kept = [one for one in parts(sequence) if oid not in one[:12]]
    extension = whole(0x30, [whole(0x06, [oid]), b"\x01\x01\xff", whole(0x04, [value])])
    fields[EXTENSIONS] = whole(0xA3, [whole(0x30, [*kept, extension])])


def a_name(fields, _plan, _der):
    set_extension(fields, SUBJECT_NAMES, whole(0x30, [whole(0x82, [b"bank.test"])]))


def a_subject(fields, _plan, _der):
    fields[SUBJECT] = swap(fields[SUBJECT], b"device-1", b"admin-01")


def a_day(fields, _plan, _der):
    text = parts(fields[VALIDITY])[1][2:].decode()
    end = datetime.datetime.strptime(text, "%y%m%d%H%M%SZ") + datetime.timedelta(days=1)
    fields[VALIDITY] = whole(0x30, [parts(fields[VALIDITY])[0], whole(0x17, [end.strftime("%y%m%d%H%M%SZ").encode()])])


def a_usage(fields, _plan, _der):  # digitalSignature, nonRepudiation
    set_extension(fields, KEY_USAGE, b"\x03\x02\x06\xc0")


def a_key(fields, _plan, der):
    fields[KEY] = der


def a_ca(fields, plan, _der):
    set_extension(fields, KEY_USAGE, b"\x03\x02\x02\x04")
    set_extension(fields, CONSTRAINTS, b"\x30\x03\x01\x01\xff")
    header = json.loads(plan["header"])
    header["act"] = "issue_ca"
    plan["header"] = canonical(header).decode()
    del plan["items"][1:]


def a_request(fields, plan, der):  # of the forger's own, which asks for it
    a_name(fields, plan, der)
    plan["items"][0]["record"]["csr_sha256"] = digest(der).hex()
    plan["items"][0]["request"] = base64.b64encode(der).decode()


def no_request(_fields, plan, _der):
    del plan["items"][0]["request"]


def another_request(_fields, plan, _der):
    plan["items"][0]["request"] = plan["items"][1]["request"]


def names_of_others(_fields, plan, _der):  # that it is found by
    plan["items"][0]["record"]["sans"].append("dns:bank.test")


def many_days(_fields, plan, _der):
    plan["evaluated"]["days"] = 9000


def long_ago(_fields, plan, _der):
    plan["evaluated"]["at"] = "2020-01-01T00:00:00Z"


def time_text(element):
    return datetime.datetime.strptime(element[2:].decode(), "%y%m%d%H%M%SZ").strftime("%Y-%m-%dT%H:%M:%SZ")


def by_policy(change, plan, der):
    record = plan["items"][0]["record"]
    fields = parts(base64.b64decode(record["tbs"]))
    change(fields, plan, der)
    record["tbs"] = base64.b64encode(whole(0x30, fields)).decode()
    record["not_after"] = time_text(parts(fields[VALIDITY])[1])
    record["spki_sha256"] = digest(fields[KEY]).hex()
    if change is a_subject:
        record["subject"] = record["subject"].replace("device-1", "admin-01")


BY_POLICY = (a_name, a_subject, a_day, a_usage, a_key, a_ca, a_request, no_request, another_request, names_of_others, many_days, long_ago)


def main():
    how, source, target = sys.argv[1:4]
    der = open(sys.argv[4], "rb").read() if len(sys.argv) > 4 else b""
    with open(source, encoding="utf-8") as file:
        plan = json.load(file)
    change = globals()[how]
    if change in BY_POLICY:
        by_policy(change, plan, der)
    elif how in ("name", "serial", "outside", "nowhere"):
        change(plan["items"])
    else:
        record = plan["items"][0]["record"]
        tbs = change(base64.b64decode(record["tbs"]))
        end = tbs[time_at(tbs, 1) + 2 :][:12].decode()
        record["tbs"] = base64.b64encode(tbs).decode()
        record["not_after"] = f"20{end[:2]}-{end[2:4]}-{end[4:6]}T{end[6:8]}:{end[8:10]}:{end[10:12]}Z"
    header = json.loads(plan["header"])
    header["count"] = len(plan["items"])
    header["root"] = root([digest(b"\0" + canonical(item["record"])) for item in plan["items"]]).hex()
    plan["header"] = canonical(header).decode()
    with open(target, "wb") as file:
        file.write(canonical(plan) + b"\n")


main()
