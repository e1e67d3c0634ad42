# SPDX-License-Identifier: Apache-2.0
"""Chains, policies and requests by chance, all from one seed: around the edges where validators differ from an honest reading."""
import datetime
import ipaddress
import re

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import NameOID

from judges import CLIENT, CODE, EMAIL, OCSP, SERVER, STAMP

DAY = datetime.timedelta(days=1)
WORDS = {SERVER: "serverAuth", CLIENT: "clientAuth", CODE: "codeSigning", EMAIL: "emailProtection", STAMP: "timeStamping", OCSP: "OCSPSigning"}
DOMAINS = ["iot.example", "x.iot.example", "evil.example", "example"]
HOSTS = ["iot.example", "a.iot.example", "A.IoT.Example", "*.iot.example", "*.example", "x.iot.example", "b.x.iot.example", "*.x.iot.example",
         "evil.example", "a.evil.example", "xiot.example", "other.test", "localhost", "xn--bcher-kva.example", "a.iot.example."]
BROKEN_HOSTS = ["a..b", "10.0.0.1", "a_b.example", "-a.example", "a." + "b" * 64 + ".example", "*.*.example", "a*.example", "*", "1.2.3"]
URIS = ["https://iot.example/", "https://a.iot.example:8443/x?y#z", "https://user@iot.example/", "https://iot.example@evil.example/", "spiffe://iot.example/device/1",
        "https://IOT.example", "urn:acme:1", "https://10.0.0.1/", "https://[2001:db8::1]/", "https://evil.example/://iot.example", "https:/evil.example://iot.example",
        "https://x.iot.example/", "https://a.evil.example/"]
BROKEN_URIS = ["https://a..b/", "https://iot.example./", "https://u@v@iot.example/", "https://a.example:x/", "https://a%2eb/", "no scheme", "https://[::1/", "https://1.2.3/",
               "https://iot.example/%zz", "https://iot.example/#a#b", "https://-a.example/"]
EMAILS = ["me@iot.example", "me@A.iot.example", "Me@IOT.example", "me@evil.example", "o'neil+x@x.iot.example"]
BROKEN_EMAILS = ["a..b@iot.example", ".a@iot.example", "a@", "@iot.example", "a@b@iot.example", "a@10.0.0.1", "\"a b\"@iot.example"]
ADDRESSES = ["10.0.0.1", "10.9.9.9", "192.168.1.1", "2001:db8::1", "fd00::1"]
NAMES = ["device-1", "Acme Device", "a.iot.example", "a.evil.example", "*.evil.example", "10.0.0.1", "a_b.evil.example", "M\u00fcller GmbH"]
FIELDS = {"C": NameOID.COUNTRY_NAME, "O": NameOID.ORGANIZATION_NAME, "OU": NameOID.ORGANIZATIONAL_UNIT_NAME, "CN": NameOID.COMMON_NAME,
          "emailAddress": NameOID.EMAIL_ADDRESS, "GN": NameOID.GIVEN_NAME}


def now():
    return datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)


def name_of(pairs):
    return x509.Name([x509.NameAttribute(FIELDS[field], value) for field, value in pairs])


class Keys:
    """A few of each kind, made once: requests share them."""

    def __init__(self):
        self.ca = [ec.generate_private_key(ec.SECP256R1()) for _ in range(3)]
        self.requesters = {"ec-p256": ec.generate_private_key(ec.SECP256R1()), "ec-p384": ec.generate_private_key(ec.SECP384R1()),
                           "ed25519": ed25519.Ed25519PrivateKey.generate(), "rsa-2048": rsa.generate_private_key(65537, 2048)}


def sign(builder, key):
    return builder.sign(key, None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256())


def subtree(kind, value):
    return {"dns": x509.DNSName, "uri": x509.UniformResourceIdentifier, "email": x509.RFC822Name,
            "ip": lambda text: x509.IPAddress(ipaddress.ip_network(text)), "dir": lambda pairs: x509.DirectoryName(name_of(pairs))}[kind](value)


class Authority:
    """What one CA of the chain is to have."""

    def __init__(self, permitted=(), excluded=(), purposes=(), path_len=None, policies=(), explicit=None, inhibit_any=None, unknown=False, days=(-400, 3000), subject=None,
                 constraints_der=None):
        self.permitted, self.excluded, self.purposes, self.path_len = list(permitted), list(excluded), list(purposes), path_len
        self.constraints_der = constraints_der  # nameConstraints that no library would write
        self.policies, self.explicit, self.inhibit_any, self.unknown, self.days, self.subject = list(policies), explicit, inhibit_any, unknown, days, subject

    def make(self, subject, key, issuer, issuer_key):
        start, end = (now() + DAY * days for days in self.days)
        builder = (x509.CertificateBuilder().subject_name(subject).issuer_name(issuer.subject if issuer else subject).public_key(key.public_key())
                   .serial_number(x509.random_serial_number()).not_valid_before(start).not_valid_after(end)
                   .add_extension(x509.BasicConstraints(True, self.path_len), True)
                   .add_extension(x509.KeyUsage(False, False, False, False, False, True, True, False, False), True)
                   .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False))
        if issuer:
            above = x509.SubjectKeyIdentifier.from_public_key(issuer.public_key())
            builder = builder.add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(above), False)
        if self.permitted or self.excluded:
            builder = builder.add_extension(x509.NameConstraints([subtree(*each) for each in self.permitted] or None, [subtree(*each) for each in self.excluded] or None), True)
        if self.constraints_der:
            builder = builder.add_extension(x509.UnrecognizedExtension(x509.ObjectIdentifier("2.5.29.30"), bytes.fromhex(self.constraints_der)), True)
        if self.purposes:
            builder = builder.add_extension(x509.ExtendedKeyUsage([x509.ObjectIdentifier(oid) for oid in self.purposes]), False)
        if self.policies:
            builder = builder.add_extension(x509.CertificatePolicies([x509.PolicyInformation(x509.ObjectIdentifier(oid), None) for oid in self.policies]), False)
        if self.explicit is not None:
            builder = builder.add_extension(x509.PolicyConstraints(self.explicit, None), True)
        if self.inhibit_any is not None:
            builder = builder.add_extension(x509.InhibitAnyPolicy(self.inhibit_any), True)
        if self.unknown:
            builder = builder.add_extension(x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.4.1.55555.99"), b"\x05\0"), True)
        return sign(builder, issuer_key or key)


def make_chain(authorities, keys):
    """From Authorities, the root first, to certificates, the issuing CA first."""
    made, subjects = [], [[("O", "Test"), ("CN", "Test Root CA")], [("O", "Test"), ("CN", "Test Middle CA")], [("O", "Test"), ("CN", "Test Issuing CA")]]
    for i, authority in enumerate(authorities):
        last = i == len(authorities) - 1
        key = keys.ca[2] if last else keys.ca[i]
        above = made[0] if made else None
        subject = authority.subject or (subjects[2] if last else subjects[i])
        made.insert(0, authority.make(name_of(subject), key, above, keys.ca[i - 1] if above else None))
    return made


class Wish:
    """One request."""

    def __init__(self, subject=(("CN", "device-1"),), names=(), key="ec-p256", wanted=None):
        self.subject, self.names, self.key = list(subject), list(names), key
        self.wanted = wanted  # of a fixed case: "allowed", or the rule that refuses

    def general_names(self):
        makers = {"dns": x509.DNSName, "uri": x509.UniformResourceIdentifier, "email": x509.RFC822Name._init_without_validation,
                  "ip": lambda text: x509.IPAddress(ipaddress.ip_address(text))}
        return [makers[kind](value) for kind, value in self.names]

    def request(self, keys):
        builder = x509.CertificateSigningRequestBuilder().subject_name(name_of(self.subject))
        if self.names:
            builder = builder.add_extension(x509.SubjectAlternativeName(self.general_names()), False)
        return sign(builder, keys.requesters[self.key])

    def __str__(self):
        return f"{self.subject} {self.names} {self.key}"


class Policy:
    def __init__(self, purposes=(CLIENT,), usages=("digitalSignature",), keys="ec-p256, ec-p384, ed25519, rsa-2048", validity="days: 30", more="", ca=None,
                 cn_is_host=False, policies=(), san_rules=None, fields=None):
        self.purposes, self.usages, self.keys, self.validity, self.more = list(purposes), list(usages), keys, validity, more
        self.ca, self.cn_is_host, self.policies, self.san_rules = ca, cn_is_host, list(policies), san_rules
        self.fields = fields  # the subject's rules; None: any

    def text(self):
        fields = ", ".join(f"{{field: {field}, match: '.*', optional: true}}" for field in self.fields or FIELDS)
        rules = self.san_rules or ("[" + ("{type: dns, value: '{CN}', from: policy, optional: true}, " if self.cn_is_host else "") +
                                   "{type: dns, match: '.*', wildcard: true}, {type: uri, match: '.*'}, {type: email, match: '.*'}, {type: ip, match: '.*'}]")
        lines = ["policy: fuzz", f"subject: [{fields}]", f"san: {rules}", f"key: {{allow: [{self.keys}]}}", f"validity: {{{self.validity}}}"]
        if self.usages:
            lines.append(f"key_usage: [{', '.join(self.usages)}]")
        if self.purposes:
            lines.append(f"extended_key_usage: [{', '.join(WORDS.get(oid, oid) for oid in self.purposes)}]")
        if STAMP in self.purposes:
            lines.append("extended_key_usage_critical: true")
        if self.ca is not None:
            lines.append(f"ca: {{{self.ca}}}")
        if self.policies:
            lines.append(f"certificate_policies: [{', '.join('{oid: ' + oid + '}' for oid in self.policies)}]")
        return "\n".join(lines) + f"\n{self.more}\n"

    def twin(self, wish, keys, issuer, issuer_key):
        """What an issuer without judgement makes of a request under this policy."""
        days = int(self.validity.split("days: ")[1].split(",")[0]) if "days: " in self.validity else 30
        key = keys.requesters[wish.key].public_key()
        above = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
        builder = (x509.CertificateBuilder().subject_name(name_of(wish.subject)).issuer_name(issuer.subject).public_key(key)
                   .serial_number(x509.random_serial_number()).not_valid_before(now() - DAY / 24).not_valid_after(now() + DAY * days)
                   .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), False)
                   .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(above), False))
        if self.usages:
            words = ["digitalSignature", "nonRepudiation", "keyEncipherment", "dataEncipherment", "keyAgreement", "keyCertSign", "cRLSign", "encipherOnly", "decipherOnly"]
            builder = builder.add_extension(x509.KeyUsage(*[word in self.usages for word in words]), True)
        if self.purposes:
            builder = builder.add_extension(x509.ExtendedKeyUsage([x509.ObjectIdentifier(oid) for oid in self.purposes]), STAMP in self.purposes)
        if self.ca is not None:
            length = self.ca.split("path_len: ")
            builder = builder.add_extension(x509.BasicConstraints(True, int(length[1].split(",")[0]) if len(length) > 1 else None), True)
        names = wish.general_names() if self.san_rules != "[]" else []
        common = dict(wish.subject).get("CN", "")
        if self.cn_is_host and re.fullmatch(r"([A-Za-z0-9-]+\.)*(?=[A-Za-z0-9-]*[A-Za-z-])[A-Za-z0-9-]+", common):
            names.insert(0, x509.DNSName(common))
        elif self.cn_is_host and re.fullmatch(r"[0-9.]+", common):
            names.insert(0, x509.IPAddress(ipaddress.ip_address(common)))  # an address is never a dns name
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName(names), not wish.subject)
        if self.policies:
            builder = builder.add_extension(x509.CertificatePolicies([x509.PolicyInformation(x509.ObjectIdentifier(oid), None) for oid in self.policies]), False)
        return sign(builder, issuer_key)


class Scenario:
    def __init__(self, title, authorities, policy, wishes):
        self.title, self.authorities, self.policy, self.wishes = title, authorities, policy, wishes


def chance(rng, probability):
    return rng.random() < probability


def random_subtree(rng):
    kind = rng.choice(["dns", "dns", "dns", "uri", "email", "ip", "dir"])
    if kind == "ip":
        return kind, rng.choice(["10.0.0.0/8", "192.168.0.0/16", "2001:db8::/32"])
    if kind == "dir":
        return kind, rng.choice([[("O", "Test")], [("O", "Other")]])
    domain = rng.choice(DOMAINS)
    if kind == "email" and chance(rng, 0.3):
        return kind, "me@" + domain
    return kind, ("." if kind != "dns" and chance(rng, 0.3) else "") + domain


def random_authority(rng, below):
    authority = Authority(path_len=rng.choice([None, None, None, below, below + 1]))
    if chance(rng, 0.5):
        authority.permitted = [random_subtree(rng) for _ in range(rng.choice([1, 1, 2]))]
    if chance(rng, 0.4):
        authority.excluded = [random_subtree(rng) for _ in range(rng.choice([1, 1, 2]))]
    if chance(rng, 0.2):
        authority.purposes = rng.sample([SERVER, CLIENT, EMAIL, OCSP, CODE], 3)
    if chance(rng, 0.06):
        authority.explicit = rng.choice([0, 1, 2])
    if chance(rng, 0.15):
        authority.policies = rng.choice([["1.2.3"], ["1.2.3", "1.2.4"], ["2.5.29.32.0"]])
    if chance(rng, 0.03):
        authority.days = rng.choice([(-400, -1), (1, 400), (-400, 20)])
    authority.unknown = chance(rng, 0.02)
    return authority


def random_wish(rng):
    subject = [("O", rng.choice(["Test", "test", "Other"]))] if chance(rng, 0.7) else []
    subject += [("CN", rng.choice(NAMES))] if chance(rng, 0.85) else []
    if chance(rng, 0.1):
        subject.append(("emailAddress", rng.choice(EMAILS)))
    pools = {"dns": (HOSTS, BROKEN_HOSTS), "uri": (URIS, BROKEN_URIS), "email": (EMAILS, BROKEN_EMAILS), "ip": (ADDRESSES, ADDRESSES)}
    names = []
    for _ in range(rng.choice([0, 1, 1, 1, 2, 3])):
        kind = rng.choice(["dns", "dns", "dns", "uri", "uri", "email", "ip"])
        names.append((kind, rng.choice(pools[kind][chance(rng, 0.12)])))
    return Wish(subject, names, rng.choice(["ec-p256", "ec-p256", "ec-p384", "ed25519", "rsa-2048"]))


def random_policy(rng):
    if chance(rng, 0.12):
        return Policy(purposes=rng.choice([[], [CLIENT], [SERVER, CLIENT]]), usages=["keyCertSign", "cRLSign"], ca=rng.choice(["", "path_len: 0", "path_len: 1"]),
                      validity="days: 30", san_rules="[]", more="other_san: drop\n" + rng.choice(["", "name_constraints: {permitted: [{type: dns, value: iot.example}]}"]))
    purposes = rng.choice([[SERVER], [SERVER], [CLIENT], [CLIENT], [SERVER, CLIENT], [EMAIL], [OCSP], [CODE], [STAMP], [], ["1.3.6.1.4.1.55555.4"]])
    usages = rng.choice([["digitalSignature"], ["digitalSignature"], ["digitalSignature", "keyEncipherment"], ["keyAgreement"], ["nonRepudiation"],
                         ["digitalSignature", "keyAgreement", "encipherOnly"], ["keyEncipherment"], []])
    more = rng.choice(["", "", "ocsp_urls: ['http://ocsp.example/']", "crl_urls: ['http://crl.example/a.crl']", "issuer_urls: ['http://i.example/ca.cer']", "ocsp_no_check: true"])
    validity = f"days: {rng.choice([1, 30, 400])}, backdate_minutes: {rng.choice([0, 5, 600])}, past_issuer: {rng.choice(['refuse', 'clamp', 'allow'])}"
    return Policy(purposes, usages, validity=validity, more=more, cn_is_host=chance(rng, 0.3), policies=rng.choice([[], [], ["1.2.3"], ["1.2.4"]]))


def random_scenario(rng, title):
    depth = rng.choice([1, 2, 2, 3])
    authorities = [random_authority(rng, depth - 1 - i) for i in range(depth)]
    return Scenario(title, authorities, random_policy(rng), [random_wish(rng) for _ in range(24)])
