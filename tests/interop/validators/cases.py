# SPDX-License-Identifier: Apache-2.0
"""One case a class of what validators reject or must: what coldca once issued, and the neighbour that it has to issue."""
from generate import Authority, Policy, Scenario, Wish
from judges import CLIENT, EMAIL, OCSP, SERVER, STAMP

CN = [("O", "Test"), ("CN", "device-1")]
ISSUING = [("O", "Test"), ("CN", "Test Issuing CA")]


def below(wishes, policy=None, **constraints):
    """Below a CA with these constraints, which is no root."""
    return [Authority(), Authority(**constraints), Authority()], policy or Policy(), wishes


def wish(names=(), wanted="allowed", subject=None, key="ec-p256"):
    return Wish(CN if subject is None else subject, [(kind, value) for kind, value in names], key, wanted)


def one(kind, value, wanted="allowed", **more):
    return wish([(kind, value)], wanted, **more)


NO = "name_constraints"

CASES = [Scenario(title, *rest) for title, rest in {
    "1: a URI's host is where RFC 3986 has it": below(
        [one("uri", "https://iot.example/x"), one("uri", "https://IOT.example:8443/x"), one("uri", "https:/evil.com://iot.example", NO),
         one("uri", "https://evil.example/://iot.example", NO), one("uri", "https://iot.example@evil.example/", NO), one("uri", "urn:acme:1", NO), one("uri", "https://10.0.0.1/", NO),
         one("uri", "https://[2001:db8::1]/", NO)], permitted=[("uri", "iot.example")]),
    "1: under an excluding URI constraint as well": below(
        [one("uri", "https://iot.example/x"), one("uri", "urn:acme:1", NO), one("uri", "https://10.0.0.1/", NO), one("uri", "https://evil.example/", NO)], excluded=[("uri", "evil.example")]),
    "1: a broken URI reaches no certificate": below(
        [one("uri", text, "san.uri") for text in ("https://a..b/", "https://iot.example./", "https://u@v@iot.example/", "https://a.example:x/", "https://[::1/", "https://a.example/%zz", "https://a.example/#a#b")] +
        [one("uri", text) for text in ("urn:acme:1", "https://10.0.0.1/", "https://[2001:db8::1]:8443/", "spiffe://iot.example/a", "https://user@iot.example/")]),
    "2: a CN that looks like a host": below(
        [wish(subject=[("CN", "a.iot.example")]), wish(subject=[("CN", "a.evil.example")], wanted=NO), wish(subject=[("CN", "a_b.evil.example")], wanted=NO),
         one("dns", "b.iot.example", subject=[("CN", "a.evil.example")]), wish(subject=[("CN", "Acme Device")]), wish(subject=[("CN", "device")])], permitted=[("dns", "iot.example")]),
    "2: one permitted name above, two of it below": (
        [Authority(permitted=[("dns", "example")]), Authority(permitted=[("dns", "iot.example"), ("dns", "two.example")]), Authority()], Policy(),
        [one("dns", "a.iot.example"), one("dns", "a.two.example"), one("dns", "a.example", NO), wish(subject=[("CN", "a.two.example")]), wish(subject=[("CN", "a.example")], wanted=NO)]),
    "2: a CN that is an address": below(
        [wish(subject=[("CN", "10.0.0.1")], wanted=NO), wish(subject=[("CN", "11.0.0.1")]), one("dns", "a.example", NO, subject=[("CN", "10.0.0.1")]),
         one("ip", "11.0.0.1", subject=[("CN", "10.0.0.1")])], excluded=[("ip", "10.0.0.0/8")]),
    "2: serverAuth wants a SAN": below(
        [wish(subject=[("O", "x")], wanted="san.server"), wish(subject=[("CN", "a..b")], wanted="san.server"), wish(subject=[("CN", "a.example")]), one("ip", "10.0.0.1", subject=[("O", "x")])],
        Policy([SERVER], cn_is_host=True)),
    "3: wildcards over excluded names": below(
        [one("dns", "*.iot.example", NO), one("dns", "*.IOT.example", NO), one("dns", "a.iot.example"), one("dns", "*.a.iot.example")], Policy([SERVER]), excluded=[("dns", "x.iot.example")]),
    "4: a field given by OID is the field": below(
        [wish(subject=[("C", "DE"), ("CN", "x y"), ("emailAddress", "me@iot.example")]), wish(subject=[("CN", "x y"), ("emailAddress", "me@evil.example")], wanted=NO), wish(subject=[("CN", "a.evil.example")], wanted=NO)],
        Policy(fields=["2.5.4.6", "2.5.4.3", "1.2.840.113549.1.9.1"]), permitted=[("dns", "iot.example"), ("email", "iot.example")]),
    "5: constraints of a kind that can't be applied": ([Authority(), Authority(constraints_der="3008a006300488022a03"), Authority()], Policy(), [wish()]),
    "5: directory names are compared": below(
        [wish(subject=[("O", "Test"), ("CN", "x")]), wish(subject=[("O", "test"), ("CN", "x")], wanted=NO), wish(subject=[("CN", "x")], wanted=NO)], permitted=[("dir", [("O", "Test")])]),
    "5: directory names are excluded in any spelling": below(
        [wish(subject=[("O", "Other"), ("CN", "x")], wanted=NO), wish(subject=[("O", "OTHER"), ("CN", "x")], wanted=NO), wish(subject=[("CN", "x")])], excluded=[("dir", [("O", "Other")])]),
    "5: a policy that is demanded": ([Authority(), Authority(explicit=0, policies=["1.2.3"]), Authority(policies=["1.2.3"])], Policy(), [wish(wanted="certificate_policies.issuer")]),
    "5: a policy that is demanded and given": ([Authority(), Authority(explicit=0, policies=["1.2.3"]), Authority(policies=["1.2.3"])], Policy(policies=["1.2.3"]), [wish()]),
    "5: a chain that demands a policy and leaves none": ([Authority(), Authority(explicit=0), Authority()], Policy(), [wish()]),
    "5: purposes without intersection": ([Authority(), Authority(purposes=[SERVER]), Authority(purposes=[CLIENT])], Policy(), [wish()]),
    "5: an unknown critical extension above": ([Authority(), Authority(unknown=True), Authority()], Policy(), [wish()]),
    "5: a CA above that ended": ([Authority(), Authority(days=(-400, -1)), Authority()], Policy(), [wish()]),
    "5: the CA's own name is excluded above": ([Authority(excluded=[("dir", [("O", "Test")])]), Authority()], Policy(), [wish()]),
    "5: outliving the issuer is not being born after it": ([Authority(), Authority(days=(-400, 20))], Policy(validity="days: 30, past_issuer: clamp"), [wish()]),
    "6: a key usage that no allowed key can have": below([wish(wanted="load")], Policy(usages=["keyEncipherment"], keys="ec-p256")),
    "6: a key usage never vanishes": below([wish(wanted="key_usage.key"), wish(key="rsa-2048")], Policy([SERVER], usages=["keyEncipherment"], san_rules="[{type: dns, value: a.example, from: policy}]")),
    "6: usages that don't go together": below([wish(wanted="load")], Policy([OCSP], usages=["keyAgreement"], keys="ec-p256")),
    "6: a time stamp is all that its certificate is for": below([wish(wanted="load")], Policy([STAMP, CLIENT])),
    "6: encipherOnly says how a key agrees": below([wish(wanted="load")], Policy(usages=["digitalSignature", "encipherOnly"], keys="ec-p256")),
    "6: who signs CRLs has a name": below([wish(subject=[], wanted="subject.empty")], Policy([], usages=["keyCertSign", "cRLSign"], ca="path_len: 0", san_rules="[{type: dns, value: a.example, from: policy}]")),
    "6: over before it is issued": below([wish(wanted="load")], Policy(validity="days: 1, backdate_minutes: 1440")),
    "7: a name spelled twice comes out once": below([wish([("dns", "a.example"), ("dns", "A.example")]), wish([("email", "me@a.example"), ("email", "me@A.example")])]),
    "7: mailboxes that are none": below([one("email", text, "san.email") for text in ("a..b@x.example", ".a@x.example", "a@", "@x.example", "a@10.0.0.1")] + [one("email", "o'neil+x@x.example")],
                                       Policy([EMAIL])),
    **{f"7: a constraint above that {what}": ([Authority(), Authority(constraints_der=der), Authority()], Policy(), [wish()]) for what, der in (
        ("has an empty label", "300aa00830068204" "612e2e62"), ("is an address for a URI", "300ea00c300a8608" "31302e302e302e31"), ("is no mailbox", "3009a10730058103" "404062"), ("has a mask with gaps", "300ea00c300a8708" "0a000000ff00ff00"),
        ("is beyond ASCII", "300aa10830068104" "c3bc4078"), ("is empty", "3000"))},
    "7: values that are none": below([wish(wanted="load")], Policy(san_rules="[{type: ip, values: ['not an address']}]")),
    "8: a CA named like one above": below(
        [wish(subject=[("O", "Test"), ("CN", "Test Root CA")], wanted="ca.name"), wish(subject=[("O", "test"), ("CN", "test issuing ca")], wanted="ca.name"), wish(subject=[("O", "Test"), ("CN", "Below")])],
        Policy([], usages=["keyCertSign", "cRLSign"], ca="path_len: 0")),
    "8: a CA's next key under its own name": ([Authority(), Authority()], Policy([], usages=["keyCertSign", "cRLSign"], ca="path_len: 0, rollover: true"),
        [wish(subject=ISSUING), wish(subject=[("O", "test"), ("CN", "Test Issuing CA")], wanted="ca.rollover"), wish(subject=[("O", "Test"), ("CN", "Test Root CA")], wanted="ca.rollover")]),
    "8: below a CA's next key": ([Authority(), Authority(subject=ISSUING), Authority(subject=ISSUING)], Policy([SERVER, CLIENT]), [one("dns", "a.example")]),
    "8: a path length counts a CA's next key": ([Authority(), Authority(subject=ISSUING, path_len=0)],
                                                Policy([], usages=["keyCertSign", "cRLSign"], ca="path_len: 0, rollover: true"), [wish(subject=ISSUING, wanted="ca.path_len")]),
    "8: a chain that is longer than its path length by a CA's next key": ([Authority(), Authority(subject=ISSUING, path_len=0), Authority(subject=ISSUING)], Policy(), [wish()]),
    "8: an end entity named like a CA above": below(
        [one("dns", "a.example", subject=ISSUING), one("dns", "a.example", subject=[("O", "Test"), ("CN", "Test Root CA")])], Policy([SERVER, CLIENT])),
    "7: an excluded mailbox in the subject, in any case, beside a SAN": below(
        [one("email", "you@iot.example", NO, subject=[("CN", "x y"), ("emailAddress", "Me@IOT.example")]), one("email", "you@iot.example", subject=[("CN", "x y"), ("emailAddress", "you@iot.example")])],
        Policy([EMAIL]), excluded=[("email", "me@iot.example")]),
    "7: an excluded mailbox, in any case": below([one("email", "Me@IOT.example", NO), one("email", "you@iot.example")], Policy([EMAIL]), excluded=[("email", "me@iot.example")]),
    "constraints of every kind": below(
        [one("dns", "A.IoT.Example"), one("dns", "xiot.example", NO), one("ip", "10.1.1.1"), one("ip", "11.0.0.1", NO), one("ip", "2001:db8::1", NO), one("email", "me@iot.example"),
         one("email", "me@a.iot.example", NO), one("email", "me@evil.example", NO)],
        permitted=[("dns", "iot.example"), ("ip", "10.0.0.0/8"), ("email", "iot.example")]),
}.items()]
