# SPDX-License-Identifier: Apache-2.0
"""Foreign text through the real binary; run by text_test.sh in a folder with a CA (ca), its PIN (pin) and requests to be (r)."""
import collections
import concurrent.futures
import errno
import fcntl
import functools
import glob
import itertools
import json
import os
import pty
import random
import re
import select
import shutil
import struct
import subprocess
import sys
import termios
import threading
import unicodedata

COLDCA = os.environ["COLDCA"]
PART, MAKER, SEED = sys.argv[1], sys.argv[2], int(sys.argv[3])
TEXTS, PER_FOLDER = 2000, 50
LOCALES = [{"LC_ALL": "C"}, {"LC_ALL": "POSIX"}, {"LC_ALL": "C.UTF-8"}, {}]
READABLE = "Müller & Söhne 日本 ключ".encode()
SIGN = ["sign", "--policy", "text", "--pin-source", "file:pin"]

# ---- texts ----


def code_points(chance, *ranges, count=None):
    return "".join(chr(chance.randint(*chance.choice(ranges))) for _ in range(count or chance.randint(1, 30)))


def utf8(text):
    return text.encode("utf-8", "surrogatepass")


MAKERS = [
    lambda c: utf8(code_points(c, *[(plane << 16, (plane << 16) + 0xffff) for plane in range(17)])),  # surrogates among them
    lambda c: utf8(code_points(c, (0x20, 0x7e), (0xa0, 0x24f))),
    lambda c: utf8("".join(ch + code_points(c, (0x300, 0x36f), (0x20d0, 0x20f0), (0x1ab0, 0x1ace)) for ch in "name")),  # combining
    lambda c: utf8(code_points(c, (0x300, 0x36f)) + "after"),
    lambda c: utf8(code_points(c, (0x4e00, 0x9fff), (0xff01, 0xff60), (0x1f300, 0x1f6ff), (0xac00, 0xd7a3), (0x20000, 0x2a6df))),  # wide
    lambda c: utf8(code_points(c, (0x1100, 0x11ff), (0xe00, 0xe7f), (0x900, 0x97f))),
    lambda c: utf8(code_points(c, (0x5d0, 0x5ea), (0x620, 0x64a), (0x10800, 0x10fff), (0x1e900, 0x1e943))),  # right to left
    lambda c: utf8("a" + code_points(c, (0x202a, 0x202e), (0x2066, 0x2069), (0x200b, 0x200f), (0x61c, 0x61c)) + "csr.exe"),
    lambda c: utf8(code_points(c, (1, 31), (0x7f, 0x9f), (0x20, 0x7e))),
    lambda c: c.choice([b"\x1b[2J", b"\x1b]0;title\x07", b"\x1b[31m", b"\xc2\x9b31m", b"\x9b31m", b"\x1bP+q\x1b\\", b"a\rb", b"a\nb"]) * c.randint(1, 4),
    lambda c: utf8(code_points(c, (0xd800, 0xdfff))),  # surrogates as bytes
    lambda c: utf8("".join(chr(x) for x in (0xd83d, 0xdd11))) * c.randint(1, 5),  # CESU-8
    lambda c: bytes(c.randint(1, 255) for _ in range(c.randint(1, 40))),
    lambda c: c.choice([b"a\xff", b"\xc0\xaf", b"\xe0\x80\xaf", b"\xf8\x88\x80\x80\x80", b"\xf0\x90\x80", b"\xe6\x97", b"\x80", b"\xf4\x90\x80\x80"]) * c.randint(1, 9),
    lambda c: utf8(code_points(c, (0xe0000, 0xe0fff), (0xfdd0, 0xfdef), (0xfff0, 0xffff), (0xe000, 0xe0ff), (0xfe00, 0xfe0f))),
    lambda c: c.choice([b"\\x", b"\\u{202e}", b"\\", b"%s%n", b"\"'<&>", b"{CN}", b"=,+;#", b"\\xff\\"]) * c.randint(1, 6),
    lambda c: utf8(code_points(c, (0x4e00, 0x9fff), (0x61, 0x7a), count=c.choice([63, 64, 65, 300, 1500]))),
    lambda c: c.choice([b"x", b"\xff", utf8("日"), utf8("e\u0301"), b"ab "]) * c.randint(50, 700),
    lambda c: b"x" * c.randint(0, 2) + utf8("\u65e5") * 290,  # longer than any reason, cut at any of its bytes
    lambda c: READABLE,
]


def texts(chance, count, longest=4000):
    """Every kind in turn; without NUL, which no argument and no name can hold, and not empty."""
    for make in itertools.islice(itertools.cycle(MAKERS), count):
        yield make(chance).replace(b"\0", b"")[:longest] or b"x"


# ---- running ----

failures, kinds, lock = [], collections.Counter(), threading.Lock()


def complain(what, arguments, env, width, output):
    with lock:
        # One of each kind is shown: the same words but for the text.
        kind = (what.split(":")[0][:4], *(word for word in map(os.fsdecode, arguments) if re.fullmatch("[a-z-]+", word)))
        failures.append(kind)
        if failures.count(kind) == 1:
            shown = " ".join(repr(os.fsencode(a))[1:] for a in arguments)
            print(f"FAILED: {what}: {shown[:300]}\n  under {env}, {'to a pipe' if width is None else f'{width} columns'}\n  {output[-300:]!r}")


def harmful(ch):
    """By Unicode's own categories, not by coldca's list."""
    return ch != "\n" and (unicodedata.category(ch) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp") or ord(ch) & 0xfffe == 0xfffe or 0xfdd0 <= ord(ch) <= 0xfdef)


def fault_of(data):
    try:
        text = data.decode()
    except UnicodeDecodeError as err:
        return f"not UTF-8: {err}"
    bad = next((ch for ch in text if harmful(ch)), None)
    return None if bad is None else f"U+{ord(bad):04X} is not made visible"


# Five seconds of a processor are a loop, whatever else this machine has to do; a minute without them is a run that waits for something.
LIMITS = ["timeout", "--foreground", "-s", "KILL", "60", "prlimit", "--cpu=5"]


def environment(locale, **more):
    """Nothing but what names the token, and PATH for timeout: an empty environment has no HOME, no TERM and no LANG."""
    return {"SOFTHSM2_CONF": os.environ["SOFTHSM2_CONF"], "COLDCA_DATA": os.environ["COLDCA_DATA"], **locale, **more}


def to_pipe(arguments, env):
    done = subprocess.run([*LIMITS, COLDCA, *arguments], stdin=subprocess.DEVNULL, capture_output=True,
                          env={**env, "PATH": "/usr/bin:/bin"}, start_new_session=True, check=False)
    return done.returncode, done.stdout, done.stderr


def to_terminal(arguments, env, width, answers=None):
    """What the terminal got. Of answers one is typed at each question that is not answered by yes or no, then q."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, width, 0, 0))
    process = subprocess.Popen(["setsid", "--wait", "--ctty", *LIMITS, COLDCA, *arguments], stdin=theirs,
                               stdout=theirs, stderr=theirs, env={**env, "PATH": "/usr/bin:/bin"})
    os.close(theirs)
    seen, answered = b"", 0
    while True:
        if answers is not None and not select.select([ours], [], [], 0.05)[0] and len(seen) > answered and not seen.endswith(b"\n"):
            answered = len(seen)
            os.write(ours, b"yes\n" if seen.endswith(b"[yes/no]: ") else next(answers, b"q\n"))
        try:
            block = os.read(ours, 65536)
        except OSError as err:
            if err.errno != errno.EIO:
                raise
            break
        if not block:
            break
        seen += block
    os.close(ours)
    return process.wait(), seen


def run(arguments, locale, width=None, answers=None, reads=None, **more):
    """One run; complains of what no run may do. \\return its code and stdout, or all the terminal got."""
    arguments = [os.fsencode(a) for a in arguments]
    env = environment(locale, **more)
    if width is None:
        code, out, err = to_pipe(arguments, env)
    else:
        code, out = to_terminal(arguments, env, width, answers)
        err, out = b"", out.replace(b"\r\n", b"\n").replace(b"\r", b"")
    with lock:
        kinds["pipe" if width is None else "terminal"] += 1
    if code not in range(7):
        complain(f"ended with {code}", arguments, locale, width, out + err)
    for data in out, err:
        fault = fault_of(data)
        if fault:
            complain(fault, arguments, locale, width, data)
    if "--json" in map(os.fsdecode, arguments) and width is None and code in (0, 1) and out:
        for line in out.splitlines() if reads == "lines" else [out]:
            try:
                json.loads(line)
            except ValueError as fault:
                complain(f"no JSON: {fault}", arguments, locale, width, out)
    return code, out


def everywhere(pool, arguments, chance, **more):
    """In each locale, to a pipe and to two terminals."""
    return [pool.submit(run, arguments, locale, width, **more)
            for locale in LOCALES for width in (None, chance.randint(20, 79), chance.randint(80, 200))]


# ---- inputs ----


def file_name(text, number):
    return text.replace(b"/", b"|")[:200].strip(b".") + b"-%d.csr" % number


def attribute(oid, tag, content):
    return f"31{{30{{06{{{oid}}}{tag}{{{content.hex()}}}}}}}"


def make_requests(chance):
    """A request for each text: it is CN, O (in another string type), a name and the file's name, together with its neighbours."""
    all_texts = list(texts(chance, TEXTS))
    for start in range(0, TEXTS, PER_FOLDER):
        folder = f"r/{start // PER_FOLDER:02}"
        os.mkdir(folder)
        lines = []
        for i in range(start, min(start + PER_FOLDER, TEXTS)):
            text, other, third = (all_texts[(i + shift) % TEXTS] for shift in (0, 7, 12))
            wide = other.decode("utf-8", "replace")
            tag, content = chance.choice([("1e", wide.encode("utf-16-be")), ("1c", wide.encode("utf-32-be")), ("14", other), ("16", other), ("0c", other)])
            subject = attribute("550403", "0c", text) + (attribute("55040a", tag, content) if i % 2 else "")
            names = "".join(f"{kind}{{{chance.choice([third, b'a.example']).hex()}}}" for kind in chance.sample(["81", "82", "86", "87", "88"], chance.randint(0, 2)))
            extensions = f"30{{06{{551d11}}04{{30{{{names}}}}}}}" if names else "-"
            lines.append(f"{file_name(text, i).hex()}\t30{{{subject}}}\t{extensions}\n")
        subprocess.run([MAKER, folder], input="".join(lines), text=True, check=True)
    return all_texts


POLICY = """# For: @description
policy: @name
variables: [{name: site, match: '(?s).*', default: home}]
subject:
  - {field: CN, match: '(?s).*'}
  - {field: O, match: '(?s).*', optional: true}
  - {field: OU, value: @value, from: policy}
san:
  - {type: dns, match: '(?s).*'}
  - {type: email, match: '(?s).*'}
  - {type: uri, match: @match}
key: {allow: [ec-p256]}
validity: {days: 30}
key_usage: [digitalSignature]
extended_key_usage: [clientAuth]
"""


def in_quotes(text):
    return b"'" + text.replace(b"'", b"''") + b"'"


def write_policy(path, text=None, place=None):
    parts = {"description": b"text", "name": b"text", "value": b"'{site}'", "match": b"'(?s).*'"}
    if place:
        parts[place] = text if place == "description" else in_quotes(text)
    with open(path, "wb") as file:
        file.write(re.sub(rb"@(\w+)", lambda found: parts[found[1].decode()], POLICY.encode()))


# ---- what is run ----


def check_requests(pool, chance, half):
    for folder in sorted(glob.glob("r/*"))[half::2]:
        yield from everywhere(pool, ["-C", "ca", "check", "--policy", "text", folder], chance)
        yield pool.submit(run, ["-C", "ca", "check", "--json", "--policy", "text", folder], chance.choice(LOCALES))


def argument_runs(text, number):
    """Command lines with the text in each place that takes one."""
    one, home = "r/00", ["-C", "ca"]
    value = lambda prefix: os.fsencode(prefix) + text  # noqa: E731
    return [
        [*home, "check", "--policy", "text", "--set", value("site="), "some"],
        [*home, "check", "--policy", "text", "--json", "--set", value("site="), "some"],
        [*home, "check", "--policy", "text", "--set", value(""), one],
        [*home, "check", "--policy", text, one],
        [*home, "check", "--policy", "text", text],
        [*home, "check", "--policy", "text", value("r/00/")],
        ["request", "--policy", "ca/policies/text.yaml", "--cn", text, "--out", f"made/{number}"],
        ["request", "--json", "--policy", "ca/policies/text.yaml", "--cn", "a", "--subject", value("O="), "--name", f"n{number}", "--out", f"made/{number}"],
        ["request", "--policy", "ca/policies/text.yaml", "--cn", "a", "--san", value("dns:"), "--name", f"s{number}", "--out", f"made/{number}"],
        ["request", "--policy", "ca/policies/text.yaml", "--cn", "a", "--name", text, "--out", f"made/{number}"],
        ["request", "--policy", "ca/policies/text.yaml", "--cn", "a", "--name", f"o{number}", "--out", value("made/") ],
        ["request", "--json", "--policy", "ca/policies/text.yaml", "--cn", "b", "--name", f"p{number}", "--out", value("made/")],
        ["request", "--policy", "ca/policies/text.yaml", "--cn", "a", "--key-file", text, "--out", f"made/{number}"],
        ["request", "--policy", "ca/policies/text.yaml", "--list", text, "--out", f"made/{number}"],
        ["request", "--policy", "ca/policies/text.yaml", "--key", text, "--cn", "a", "--out", f"made/{number}"],
        ["-C", text, "cert", "list"],
        [text],
        [value("--")],
        ["policy", text],
        [*home, "policy", "show", text],
        [*home, "policy", "check", text],
        [*home, "cert", "list", "--subject", text],
        [*home, "cert", "list", "--status", text],
        [*home, "cert", "show", text],
        [*home, "ledger", "list", "--san", text],
        [*home, "ledger", "list", "--since", text],
        [*home, "ledger", "list", "--csv", "--subject", text],
        [*home, "ledger", "show", text],
        [*home, "ledger", "export", value("exported/")],
        [*home, "ledger", "export", "--json", value("exported/")],
        [*home, "ledger", "cosign", "--key", text, "--name", text],
        [*home, "--pin-source", value("file:"), "sign", "--policy", "text", "some"],
        [*home, "--pin-source", text, "sign", "--policy", "text", "some"],
        ["--pin-source", value("env:"), "token", "show"],
        ["token", "list", "--module", text],
        ["token", "list", "--model", text],
        ["token", "show", "--token", text, "--pin-source", "file:pin"],
        ["token", "init", "--label", text, "--token", text, "--so-pin-source", "file:so-pin", "--pin-source", "file:pin"],
        ["-C", "none", "init", "--subject", text, "--token", "test", "--pin-source", "file:pin"],
        ["-C", "none", "init", "--subject", value("CN="), "--key", text, "--token", "test", "--pin-source", "file:pin"],
        ["-C", "none", "init", "--subject", "CN=a", "--origin", text, "--key", "ec-p256", "--token", text, "--pin-source", "file:pin"],
        ["-C", "none", "init", "--certificate", text],
        [*home, "batch", text],
        [*home, *SIGN, "--out", value("signed/"), "readable"],
        [*home, *SIGN, "--json", "--out", value("signed/"), "readable"],
        [*home, "sign", "--no-proof", "--policy", "text", "--dry-run", "some", text],
    ]


def use_arguments(pool, chance):
    for number, text in enumerate(texts(chance, 2 * len(MAKERS))):
        for arguments in argument_runs(text, number):
            width = chance.choice([None, None, chance.randint(20, 200)])
            yield pool.submit(run, arguments, chance.choice(LOCALES), width)


def use_policies(pool, chance):
    for number, text in enumerate(texts(chance, 2 * len(MAKERS), 900)):
        for place in "description", "name", "value", "match":
            path = f"policies/{number}-{place}.yaml"
            write_policy(path, text.replace(b"\n", b" ") if place == "description" else text, place)
            locale, width = chance.choice(LOCALES), chance.choice([None, chance.randint(20, 200)])
            for arguments in ["policy", "show", path], ["policy", "show", "--json", path], ["policy", "check", path], ["check", "--policy", path, "some"], ["-C", "ca", "policy", "diff", path]:
                yield pool.submit(run, arguments, locale, width)


def use_homes(pool, chance):
    """Text in ca.yaml, and a policy of that home with a description."""
    with open("ca/ca.yaml", "rb") as file:
        config = file.read()
    for number, text in enumerate(texts(chance, 2 * len(MAKERS), 900)):
        home = f"homes/{number}"
        shutil.copytree("ca", home, ignore=shutil.ignore_patterns("lock"))
        write_policy(f"{home}/policies/text.yaml", text.replace(b"\n", b" "), "description")
        locale, width = chance.choice(LOCALES), chance.choice([None, chance.randint(20, 200)])
        yield pool.submit(run, ["-C", home, "policy", "list"], locale, width)
        yield pool.submit(run, ["-C", home, "policy", "list", "--json"], locale)
        for key in "origin", "ca_key", "ledger_vkey", "  profile", "  uri", "hash", "new", "manifest_signers":
            broken = f"{home}-{key.strip()}"
            shutil.copytree(home, broken)
            line = key.encode() + b": " + in_quotes(text)
            changed, found = re.subn(rb"(?m)^%s: .*$" % key.encode(), lambda _, line=line: line, config)
            with open(f"{broken}/ca.yaml", "wb") as file:
                file.write(changed if found else config + line + b"\n")
            for arguments in ["-C", broken, "cert", "list"], ["-C", broken, *SIGN, "--out", f"{broken}/out", "some"]:
                yield pool.submit(run, arguments, locale, width)


def sign_and_look(pool, chance):
    """What may be signed is, by operators of all names; then every command that shows what the ledger knows."""
    names = texts(chance, TEXTS, 300)
    for number, folder in enumerate(sorted(glob.glob("r/*"))[:12]):
        locale, width = LOCALES[number % 4], [None, 40, 132][number % 3]
        run(["-C", "ca", *SIGN, "--out", f"signed/{number}", folder], locale, width, SUDO_USER=os.fsdecode(next(names)))
        run(["-C", "ca", *SIGN, "--json", "--out", f"signed/{number}", folder], locale, SUDO_USER=os.fsdecode(next(names)))
    serials = [entry["serial"] for entry in json.loads(run(["-C", "ca", "cert", "list", "--json"], {})[1])]
    looks = [["cert", "list"], ["cert", "list", "--json"], ["ledger", "list"], ["ledger", "list", "--csv"], ["ledger", "list", "--json"],
             ["ledger", "verify"], ["ledger", "checkpoint"], ["policy", "list"]]
    looks += [["cert", "show", serial] for serial in chance.sample(serials, 20)] + [["ledger", "show", str(seq)] for seq in chance.sample(range(100), 20)]
    for look in looks:
        yield from everywhere(pool, ["-C", "ca", *look], chance, reads="lines" if "ledger" in look and "list" in look else None)
    for number in range(4):
        yield pool.submit(run, ["-C", "ca", "review", "--policy", "text", "--pin-source", "file:pin", "--out", f"reviewed/{number}", "some"], LOCALES[number],
                          [20, 40, 80, 200][number], iter([b"s\n"] * len(MAKERS)))
    if len(serials) < 40:
        complain(f"only {len(serials)} certificates", [], {}, None, b"")


def use_media(_, chance):
    """A batch: its reports too are UTF-8 and harmless."""
    for number, locale in enumerate(LOCALES):
        stick = f"stick-{number}"
        shutil.copytree(f"r/{12 + number}", os.path.join(stick, "requests"))
        for name in os.listdir(os.fsencode(stick) + b"/requests"):
            if len(name) % 5 == 0:  # a folder of that name, too
                os.makedirs(os.fsencode(stick) + b"/requests/" + name[:-4])
                shutil.copy(os.fsencode(stick) + b"/requests/" + name, os.fsencode(stick) + b"/requests/" + name[:-4])
        run(["-C", "ca", "--pin-source", "file:pin", "batch", "--policy", "text", stick], locale, [None, 20, 80, 200][number])
        for path in glob.glob(f"{stick}/issued/*/*") + glob.glob(f"{stick}/issued/*"):
            if path.endswith((".html", ".json", ".csv", "SHA256SUMS")):
                with open(path, "rb") as file:
                    fault = fault_of(file.read().replace(b"\r\n", b"\n"))
                if fault:
                    complain(f"{path}: {fault}", [], locale, None, b"")
    if not glob.glob("stick-0/issued/*/report.html"):
        complain("no report", [], {}, None, b"")


def use_tokens(pool, chance):
    """Tokens with such labels; the last words of SoftHSM's folder come first, so one at a time."""
    for text in texts(chance, len(MAKERS), 32):
        run(["token", "init", "--label", text, "--so-pin-source", "file:so-pin", "--pin-source", "file:pin"], chance.choice(LOCALES))
    for number, text in enumerate(texts(chance, len(MAKERS), 60)):
        json_too = ["--json"] if number % 2 else []
        run([*json_too, "-C", b"new-" + text.replace(b"/", b"|"), "init", "--token", "test", "--key-label", f"key-{number}", "--subject", "CN=a", "--pin-source", "file:pin"],
            chance.choice(LOCALES))
    for arguments in ["token", "list"], ["token", "list", "--json"], ["token", "show"], ["-C", "none", "init", "--subject", "CN=a", "--pin-source", "file:pin"]:
        yield from everywhere(pool, arguments, chance)


def readable(_, chance):
    """What is no danger is not made unreadable, in any locale."""
    for locale in LOCALES:
        for width in None, 120:
            out = run(["-C", "ca", "check", "--policy", "text", "readable"], locale, width)[1]
            if READABLE not in out:
                complain("the name can't be read", ["readable"], locale, width, out)


# A test each (text_test.sh PART): all at once take longer than anybody waits.
PARTS = {
    "requests_even": [readable, functools.partial(check_requests, half=0)],
    "requests_odd": [functools.partial(check_requests, half=1)],
    "arguments": [use_arguments],
    "files": [use_policies, use_homes],
    "signed": [sign_and_look, use_media],
    "tokens": [use_tokens],
}


def main():
    print(f"TEXT_SEED={SEED} repeats this run")
    chance = random.Random(SEED)
    write_policy("ca/policies/text.yaml")
    for folder in "made", "exported", "policies", "homes", "signed", "reviewed", "some", "readable":
        os.mkdir(folder)
    make_requests(chance)
    one = attribute("550403", "0c", READABLE)
    subprocess.run([MAKER, "readable"], input=f"{READABLE.hex()}2e637372\t30{{{one}}}\t-\n", text=True, check=True)
    for name in os.listdir(b"r/01")[:len(MAKERS)]:
        shutil.copy(b"r/01/" + name, b"some/" + name)
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() + 1) as pool:
        for part in PARTS[PART]:
            for future in list(part(pool, chance) or []):
                future.result()
    print(f"{TEXTS} texts, {kinds['pipe']} runs to a pipe, {kinds['terminal']} to a terminal, {len(failures)} failures")
    return 1 if failures else 0


sys.exit(main())
