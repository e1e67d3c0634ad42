# SPDX-License-Identifier: Apache-2.0
"""Where a judge is wrong, or judges by rules of its own: docs/validators.md has the reasons in words."""
import ipaddress
import re

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ed25519

from generate import WORDS
from judges import CLIENT, EMAIL, SERVER, extensions_of


def constraints_of(ca):
    return [extension.value for extension in extensions_of(ca) if isinstance(extension.value, x509.NameConstraints)]


def constraints(question):
    return [value for ca in question.cas for value in constraints_of(ca)]


def subtrees_of(ca, kind):
    return [name for value in constraints_of(ca) for name in [*(value.permitted_subtrees or []), *(value.excluded_subtrees or [])] if isinstance(name, kind)]


def subtrees(question, kind):
    return [name for ca in question.cas for name in subtrees_of(ca, kind)]


def has(kind):
    return lambda question: bool(subtrees(question, kind))


def has_any_constraint(question):
    return bool(constraints(question))


def uses_ed25519(question):
    return any(isinstance(each.public_key(), ed25519.Ed25519PublicKey) for each in [question.leaf, *question.cas])


def has_uri(question):
    return any(isinstance(name, x509.UniformResourceIdentifier) for name in question.names)


def common_names(certificate):
    return [attribute.value for attribute in certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)]


def one_word_cn(question):
    """A CN that is one word, in the certificate or a CA."""
    return any(re.fullmatch(r"[A-Za-z0-9-]+", value) for each in [question.leaf, *question.cas] for value in common_names(each))


def is_address(text):
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def address_cn_that_java_misses(question):
    """Java alone holds an address in a CN to constraints; not if only the anchor has them, and not if an excluded net covers a permitted one."""
    if not any(is_address(value) for value in common_names(question.leaf)) or any(isinstance(name, x509.IPAddress) for name in question.names):
        return False
    permitted, excluded = [], []
    for value in constraints(question):
        permitted += [name.value for name in value.permitted_subtrees or [] if isinstance(name, x509.IPAddress)]
        excluded += [name.value for name in value.excluded_subtrees or [] if isinstance(name, x509.IPAddress)]
    is_only_in_root = demands_policies(question) and not any(subtrees_of(ca, x509.IPAddress) for ca in question.between)
    return is_only_in_root or any(inner.version == outer.version and inner.subnet_of(outer) for inner in permitted for outer in excluded)


def mailbox_in_subject_in_another_case(question):
    """An excluded mailbox, spelt otherwise, in the subject beside a SAN: Java compares in any case, but looks at the subject only where there is no SAN."""
    excluded = [name.value for value in constraints(question) for name in value.excluded_subtrees or [] if isinstance(name, x509.RFC822Name) and "@" in name.value]
    subject = [attribute.value for attribute in question.leaf.subject.get_attributes_for_oid(x509.NameOID.EMAIL_ADDRESS)]
    return bool(question.names) and any(one.lower() == other.lower() and one.split("@")[0] != other.split("@")[0] for one in subject for other in excluded)


def cn_without_dns_name(question):
    """Of what may be a TLS server's."""
    return bool(common_names(question.leaf)) and not question.hosts_in_san() and (not question.purposes or SERVER in question.purposes)


def demands_policies(question):
    kinds = (x509.PolicyConstraints, x509.InhibitAnyPolicy)
    return any(isinstance(extension.value, kinds) for ca in question.cas for extension in extensions_of(ca))


def first_of_a_kind_counts(question):
    """Two permitted names of a kind, below a CA that permits some of whatever kind."""
    is_below = False
    for ca in reversed(question.cas):
        kinds = [type(name) for value in constraints_of(ca) for name in value.permitted_subtrees or []]
        if is_below and any(kinds.count(kind) > 1 for kind in kinds):
            return True
        is_below = is_below or bool(kinds)
    return False


def agrees_only(question):
    usage = question.usage
    return usage is not None and not usage.digital_signature


# judge, what it says (a regular expression), when (a condition on the question), the reason as docs/validators.md heads it
EXCEPTIONS = [
    ("openssl", "name constraints|unsupported|subtree", lambda q: has_uri(q) and has(x509.UniformResourceIdentifier)(q), "OpenSSL: the host of a URI"),
    ("go", "URI|constraint", lambda q: has_uri(q) and has(x509.UniformResourceIdentifier)(q), "Go: hosts of URIs and mailboxes"),
    ("go", "constraint", has(x509.RFC822Name), "Go: hosts of URIs and mailboxes"),
    ("go", "URI with (empty host|IP)", has_any_constraint, "Go: URIs below any constraint"),
    ("go", "unhandled critical", lambda q: has(x509.DirectoryName)(q) or demands_policies(q), "Go: critical extensions it does not know"),
    ("java", "name constraints|CertPathValidator", lambda q: has(x509.DNSName)(q) and one_word_cn(q), "Java: a CN of one word"),
    ("java", "name constraints check failed", first_of_a_kind_counts, "Java: the first permitted name of a kind"),
    ("java", "NullPointerException|Unexpected error", has_any_constraint, "Java: errors of its own"),
    ("gnutls", "constraint", lambda q: has(x509.DNSName)(q) and cn_without_dns_name(q), "GnuTLS: any CN of a TLS server"),
    ("gnutls", "", lambda q: has(x509.DirectoryName)(q) or has(x509.UniformResourceIdentifier)(q), "GnuTLS: constraints it does not know"),
    ("gnutls", "unknown critical", demands_policies, "GnuTLS: constraints it does not know"),
    ("pyca", "2.5.29.36|2.5.29.54", demands_policies, "pyca/cryptography: constraints it does not know"),
    ("pyca", "", uses_ed25519, "pyca/cryptography: the web's algorithms"),
    ("pyca", "unsupported (name|directoryName) constraint", has_any_constraint, "pyca/cryptography: constraints it does not know"),
    ("openssl", "unsuitable", lambda q: (EMAIL in q.purposes or CLIENT in q.purposes or SERVER in q.purposes) and agrees_only(q), "OpenSSL and Java: keyAgreement alone"),
]


def is_excepted(judge, said, question):
    return next((reason for name, words, when, reason in EXCEPTIONS if name == judge and re.search(words, said) and when(question)), None)


# rules, a condition on the twin: refused although every judge here accepts it
NOBODY_MINDS = [
    ("name_constraints", lambda q: any(value.startswith("*.") for value in common_names(q.leaf)) and not q.hosts_in_san(), "Wildcards in a CN"),
    ("name_constraints", address_cn_that_java_misses, "Addresses in a CN"),
    ("name_constraints", mailbox_in_subject_in_another_case, "Mailboxes in the subject, in another case"),
    ("ca.path_len", lambda q: q.is_ca, "CAs that promise too much"),
    ("extended_key_usage.issuer", lambda q: q.is_ca, "CAs that promise too much"),
    ("extended_key_usage.issuer", lambda q: not set(q.purposes) & set(WORDS), "Purposes no validator knows"),
]


def nobody_minds(rules, question):
    return next((reason for rule, when, reason in NOBODY_MINDS if rule in rules and when(question)), None)
