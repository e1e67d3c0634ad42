#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A room with a terminal: a pseudo-terminal of 80x24, and behind it a shell that does nothing but job control (start, Ctrl-Z, fg).

A shell such as bash puts a terminal's modes right by itself when a job stops or ends; this one leaves them as the job left them.
"""
import fcntl
import os
import re
import select
import signal
import struct
import sys
import termios
import time

AREA_MAX = 1 << 30  # bytes; only a sanitizer's shadow is larger
PATIENCE = 40  # seconds that anything may take, on however busy a machine


def fail(why, seen=b""):
    sys.stderr.buffer.write(seen[-3000:] + b"\n")
    sys.exit(f"FAILED: {why}")


# ---- the shell: a process of its own, for only the leader of a session may hand its terminal around ----

def read_word(fd):
    word = b""
    while not word.endswith(b"\n"):
        got = os.read(fd, 1)
        if got == b"":
            os._exit(0)  # the test has ended
        word += got
    return word.strip()


def become_job(argv):
    os.setpgid(0, 0)
    os.tcsetpgrp(0, os.getpid())
    for number in (signal.SIGTTOU, signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(number, signal.SIG_DFL)
    os.execv(argv[0], argv)


def shell(slave, words, reports, argv):
    os.setsid()
    fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
    for fd in (0, 1, 2):
        os.dup2(slave, fd)
    os.closerange(3, min(slave, words, reports))
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)  # so that it may take the terminal back
    while True:
        assert read_word(words) == b"start"
        job = os.fork()
        if job == 0:
            become_job(argv)
        while True:
            _, status = os.waitpid(job, os.WUNTRACED)
            os.tcsetpgrp(0, os.getpgrp())
            if not os.WIFSTOPPED(status):
                break
            os.write(reports, f"stopped {job}\n".encode())
            assert read_word(words) == b"fg"
            os.tcsetpgrp(0, job)
            os.killpg(job, signal.SIGCONT)
        os.write(reports, f"ended {os.waitstatus_to_exitcode(status)}\n".encode())


# ---- what the kernel shows of the processes of this terminal ----

def text_of(path):
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return b""  # it has ended


def processes(session):
    """(pid, state, process group) of all in a session."""
    for name in filter(str.isdigit, os.listdir("/proc")):
        fields = text_of(f"/proc/{name}/stat").rpartition(b")")[2].split()
        if len(fields) > 3 and int(fields[3]) == session:
            yield int(name), fields[0].decode(), int(fields[2])


def dumped(pid):
    """The memory of a process that a core would have: what is not marked MADV_DONTDUMP."""
    area = None
    for line in text_of(f"/proc/{pid}/smaps").split(b"\n"):
        head = re.match(rb"([0-9a-f]+)-([0-9a-f]+) r\S+ \S+ \S+ \S+ *(.*)", line)
        if head:
            area = (int(head[1], 16), int(head[2], 16))
            if head[3].startswith(b"[v") or area[1] - area[0] > AREA_MAX:
                area = None
        elif line.startswith(b"VmFlags:") and area and b" dd" not in line:
            yield area
            area = None


def holds(pid, secret):
    try:
        with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
            for start, end in dumped(pid):
                try:
                    memory.seek(start)
                    if secret in memory.read(end - start):
                        return True
                except (OSError, ValueError):
                    continue  # a mapping that can't be read, or is gone
    except OSError:
        pass  # not ours to read, so no core of ours has it either
    return False


class Room:
    def __init__(self, argv, secrets):
        self.secrets = [secret.encode() for secret in secrets]
        self.master, self.slave = os.openpty()
        self.resize(24, 80)
        self.before = termios.tcgetattr(self.slave)
        words, self.words = os.pipe()
        self.reports, reports = os.pipe()
        self.shell = os.fork()
        if self.shell == 0:
            os.close(self.words)  # so that the end of the test is the end of this pipe
            os.close(self.master)
            shell(self.slave, words, reports, argv)
        os.close(words)
        self.seen = b""
        self.at = 0  # what was looked at

    def start(self):
        os.write(self.words, b"start\n")

    def resize(self, rows, columns):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def type(self, text):
        os.write(self.master, text.encode())

    # ---- waiting ----

    def read(self, ready, what):
        """Reads what is drawn until ready() has something, and returns that."""
        end = time.monotonic() + PATIENCE
        while (found := ready()) is None:
            left = end - time.monotonic()
            if left <= 0:
                fail(f"never came: {what}", self.seen)
            readable, _, _ = select.select([self.master, self.reports], [], [], left)
            if self.master in readable:
                self.seen += os.read(self.master, 65536)
                for secret in self.secrets:
                    if secret in self.seen:
                        fail("a PIN was drawn", self.seen)
        return found

    def report(self, word):
        def ready():
            if not select.select([self.reports], [], [], 0)[0]:
                return None
            return read_word(self.reports).decode().split()
        found = self.read(ready, word)
        if found[0] != word:
            fail(f"{found}, not {word}", self.seen)
        return int(found[1])

    def prompt(self, patterns):
        """The pattern that what was drawn since the last one ends with; None: the program has ended."""
        def ready():
            for pattern in patterns:
                if re.search(pattern.encode() + rb"[^\n]*: $", self.seen[self.at:]):
                    return pattern
            if select.select([self.reports], [], [], 0)[0] and not select.select([self.master], [], [], 0)[0]:
                return ""
            return None
        found = self.read(ready, "a question")
        self.last = self.seen[self.seen.rfind(b"\n") + 1:]
        self.at = len(self.seen)
        return found or None

    # ---- what has to be so ----

    def is_as_before(self, where):
        if termios.tcgetattr(self.slave) != self.before:
            fail(f"the terminal's modes are not as they were: {where}", self.seen)
        if select.select([self.slave], [], [], 0)[0]:
            fail(f"what was typed waits for the shell: {where}", self.seen)

    def no_secret_outside(self, where):
        """No process of the terminal shows a PIN in arguments or environment, or would leave one in a core."""
        pids = [pid for pid, _, _ in processes(self.shell) if pid != self.shell]  # that one is this test
        if os.geteuid() == 0 and not any(holds(pid, b"COLDCA_DATA=") for pid in pids):
            fail("no memory can be looked at", self.seen)
        for pid in pids:
            limits = text_of(f"/proc/{pid}/limits")
            if limits and not re.search(rb"Max core file size +0 +0 ", limits):
                fail(f"process {pid} may leave a core: {where}", self.seen)
            for secret in self.secrets:
                if secret in text_of(f"/proc/{pid}/cmdline") + text_of(f"/proc/{pid}/environ"):
                    fail(f"a PIN is in arguments or environment of {pid}: {where}", self.seen)
                if holds(pid, secret):
                    fail(f"a PIN is in memory of {pid} that can be dumped: {where}", self.seen)

    def stop_and_go_on(self, where):
        """Ctrl-Z: all stops, modes and what was typed are as before; fg: the question is asked again."""
        asked = self.last
        self.type("\x1a")
        job = self.report("stopped")
        for pid, state, group in processes(self.shell):
            if group == job and state not in "TZ":
                fail(f"process {pid} goes on ({state}) while the job is stopped: {where}", self.seen)
        self.is_as_before(f"stopped at {where}")
        self.at = len(self.seen)
        os.write(self.words, b"fg\n")
        self.read(lambda: True if self.seen[self.at:].endswith(asked) else None, f"{asked} again")
        self.at = len(self.seen)
