# SPDX-License-Identifier: Apache-2.0
"""What every issued certificate is beside accepted: strict DER, and RFC 5280's serial, times, identifiers, string types, criticality."""
import datetime
import hashlib

DAY = datetime.timedelta(days=1)
# Extensions by OID: critical, not critical, or either (None).
CRITICAL = {"2.5.29.15": True, "2.5.29.14": False, "2.5.29.35": False, "2.5.29.30": True, "2.5.29.31": False, "2.5.29.32": False, "1.3.6.1.5.5.7.1.1": False}
STRINGS = {"2.5.4.6": 0x13, "2.5.4.5": 0x13, "2.5.4.46": 0x13, "0.9.2342.19200300.100.1.25": 0x16, "1.2.840.113549.1.9.1": 0x16}
# DER inside an OCTET STRING is DER too, but for copied extensions.
KNOWN = {"2.5.29.14", "2.5.29.15", "2.5.29.17", "2.5.29.19", "2.5.29.30", "2.5.29.31", "2.5.29.32", "2.5.29.35", "2.5.29.37", "1.3.6.1.5.5.7.1.1", "1.3.6.1.5.5.7.48.1.5"}


class Fault(Exception):
    pass


def need(holds, what):
    if not holds:
        raise Fault(what)


class Element:
    """One TLV; children if it is constructed."""

    def __init__(self, data, at=0):
        need(at + 2 <= len(data), "DER: a cut element")
        self.tag, length, start = data[at], data[at + 1], at + 2
        need(self.tag & 0x1F != 0x1F, "DER: a long tag")
        if length & 0x80:
            octets = length & 0x7F
            need(0 < octets <= 3 and start + octets <= len(data), "DER: a length that is not definite")
            length = int.from_bytes(data[start:start + octets], "big")
            need(length >= 0x80 and length >> 8 * (octets - 1) != 0, "DER: a length that is not minimal")
            start += octets
        need(start + length <= len(data), "DER: a length past the end")
        self.content, self.end = data[start:start + length], start + length
        self.whole, self.children = data[at:self.end], []
        if self.tag & 0x20:
            position = 0
            while position < length:
                child = Element(self.content, position)
                self.children.append(child)
                position = child.end
        self.check()

    def check(self):
        tag, content = self.tag, self.content
        if tag == 0x01:
            need(content in (b"\xff", b"\0"), "DER: a BOOLEAN")
        elif tag == 0x02:
            need(content and not (len(content) > 1 and (content[0] == 0 and content[1] < 0x80 or content[0] == 0xFF and content[1] >= 0x80)), "DER: an INTEGER that is not minimal")
        elif tag == 0x03:
            need(content and content[0] < 8 and (content[0] == 0 or len(content) > 1 and content[-1] & (1 << content[0]) - 1 == 0), "DER: a BIT STRING with unused bits set")
        elif tag == 0x05:
            need(not content, "DER: a NULL with content")
        elif tag == 0x06:
            need(content and content[-1] < 0x80 and not any(byte == 0x80 and (i == 0 or content[i - 1] < 0x80) for i, byte in enumerate(content)), "DER: an OBJECT IDENTIFIER")
        elif tag == 0x0C:
            content.decode("utf-8")
        elif tag == 0x13:
            need(all(chr(byte) in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 '()+,-./:=?" for byte in content), "a PrintableString")
        elif tag == 0x16:
            need(all(byte < 0x80 for byte in content), "an IA5String")
        elif tag == 0x17:
            need(len(content) == 13 and content[:12].isdigit() and content[12:] == b"Z", "a UTCTime without seconds and Z")
        elif tag == 0x18:
            need(len(content) == 15 and content[:14].isdigit() and content[14:] == b"Z" and content[:4] >= b"2050", "a GeneralizedTime before 2050, or without seconds and Z")
        elif tag == 0x31:
            members = [child.whole for child in self.children]
            need(members == sorted(members), "DER: a SET OF that is not sorted")


def parse(data):
    element = Element(data)
    need(element.end == len(data), "DER: trailing bytes")
    return element


def oid(content):
    numbers, number = [], 0
    for byte in content:
        number = number << 7 | byte & 0x7F
        if byte < 0x80:
            numbers.append(number)
            number = 0
    first = min(numbers[0] // 40, 2)
    return ".".join(map(str, [first, numbers[0] - 40 * first, *numbers[1:]]))


def time_of(element):
    text = element.content.decode()
    if element.tag == 0x17:
        text = ("20" if text[:2] < "50" else "19") + text
    return datetime.datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=datetime.timezone.utc)


def check_name(name):
    for rdn in name.children:
        for attribute in rdn.children:
            field, value = oid(attribute.children[0].content), attribute.children[1]
            need(value.content, "a name with an empty value")
            need(value.tag == STRINGS[field] if field in STRINGS else value.tag in (0x0C, 0x13), f"the string type {value.tag:#x} of {field}")


def extensions_of(holder):
    found = {}
    for extension in holder.children[0].children:
        name = oid(extension.children[0].content)
        is_critical = len(extension.children) == 3
        need(not is_critical or extension.children[1].content == b"\xff", f"DER: FALSE written in {name}")
        need(name not in found, f"{name} twice")
        value = extension.children[-1].content
        found[name] = (is_critical, parse(value) if name in KNOWN else None)
    return found


def check(certificate, issuer, now, cas=()):
    """Raises Fault. certificate, issuer and the CAs above it are DER."""
    whole = parse(certificate)
    tbs, algorithm, _ = whole.children
    version, serial, inner, issuer_name, validity, subject, key, holder = tbs.children
    issuer_tbs = parse(issuer).children[0]
    need(version.whole == b"\xa0\x03\x02\x01\x02", "not version 3")
    need(len(serial.content) == 20 and 0 < serial.content[0] < 0x80, "the serial")
    need(inner.whole == algorithm.whole, "the two algorithms")
    need(issuer_name.whole == issuer_tbs.children[5].whole, "the issuer's name")
    start, end = time_of(validity.children[0]), time_of(validity.children[1])

    def times(place):  # begins or ends of all above: what is clamped has one of them
        return [time_of(parse(each).children[0].children[4].children[place]) for each in [issuer, *cas]]

    need(start <= now < end, "the times")
    if end.year != 9999:
        need((end - start + datetime.timedelta(seconds=1)) % DAY == datetime.timedelta(0) or end in times(1) or start in times(0), "whole days, both ends counted")
    check_name(subject)
    extensions, above = extensions_of(holder), extensions_of(issuer_tbs.children[7])
    for name, (is_critical, _) in extensions.items():
        need(CRITICAL.get(name, is_critical) == is_critical, f"{name} critical: {is_critical}")
    need(extensions["2.5.29.14"][1].content == hashlib.sha1(key.children[1].content[1:]).digest(), "the subject key identifier")
    need(extensions["2.5.29.35"][1].whole[4:] == above["2.5.29.14"][1].content, "the authority key identifier")
    if "2.5.29.17" in extensions:
        need(extensions["2.5.29.17"][0] == (not subject.children), "subjectAltName is critical without a subject, and only then")
        need(extensions["2.5.29.17"][1].children, "an empty subjectAltName")
    else:
        need(subject.children, "neither subject nor names")
    if "2.5.29.15" in extensions:
        bits = extensions["2.5.29.15"][1].content
        need(len(bits) > 1 and bits[-1] & 1 << bits[0], "keyUsage with trailing zero bits, or none")
    if "2.5.29.19" in extensions:
        need(extensions["2.5.29.19"][0] and extensions["2.5.29.19"][1].children[0].content == b"\xff", "basicConstraints")
