# SPDX-License-Identifier: Apache-2.0
"""A file system that keeps what was synced, and of the rest whatever it likes: rebuilt from a trace of the shim.

Of each file and each folder it knows how it was when it was last synced, and every change since then. What a power cut leaves is
the synced one with some of those changes. Nothing is taken for granted that POSIX does not promise: a file's bytes survive by
fsync or fdatasync of the file, its name by fsync of the folder that holds it, both by syncfs.
"""
import os

PAGE = 4096


class File:
    def __init__(self, data=b""):
        self.synced = bytes(data)
        self.pending = []  # ("write", offset, bytes) and ("truncate", length)
        self.now = bytes(data)

    def change(self, change):
        self.pending.append(change)
        self.now = applied(self.now, [change])

    def sync(self):
        self.synced, self.pending = self.now, []

    def pages(self):
        """The changes cut where a disk may cut them."""
        for change in self.pending:
            if change[0] == "truncate":
                yield change
                continue
            offset, data = change[1:]
            while data:
                part = data[:PAGE - offset % PAGE]
                yield ("write", offset, part)
                offset, data = offset + len(part), data[len(part):]

    def left(self, how, choose):
        """Its bytes after the cut: "none" or "all" of the changes, those "before" a moment, or "some"."""
        if how == "none":
            return self.synced
        if how == "all":
            return self.now
        pages = list(self.pages())
        if how == "some":  # a later page without an earlier one, too
            return applied(self.synced, [page for page in pages if choose.random() < 0.5])
        kept = pages[:choose.randint(0, len(pages))]
        if kept and kept[-1][0] == "write":
            _, offset, data = kept[-1]
            kept[-1] = ("write", offset, data[:choose.randint(0, len(data))])
        return applied(self.synced, kept)


def applied(data, changes):
    data = bytearray(data)
    for change in changes:
        if change[0] == "truncate":
            length = change[1]
            data = data[:length] + bytes(max(0, length - len(data)))
        else:
            offset, new = change[1:]
            data += bytes(max(0, offset - len(data)))  # a hole
            data[offset:offset + len(new)] = new
    return bytes(data)


class Folder:
    def __init__(self):
        self.synced = {}
        self.pending = []  # (name that goes or None, name that comes or None, its inode)
        self.now = {}

    def change(self, old, new, inode):
        self.pending.append((old, new, inode))
        rename(self.now, [self.pending[-1]])

    def sync(self):
        self.synced, self.pending = dict(self.now), []

    def left(self, how, choose):
        if how == "none":
            return self.synced
        if how == "all":
            return self.now
        kept = self.pending
        kept = [c for c in kept if choose.random() < 0.5] if how == "some" else kept[:choose.randint(0, len(kept))]
        return rename(dict(self.synced), kept)


def rename(entries, changes):
    for old, new, inode in changes:
        if old is not None:
            entries.pop(old, None)
        if new is not None:
            entries[new] = inode
    return entries


class Disk:
    """All below some folder, as it is before the run (and durable), then as the trace's events change it."""

    def __init__(self, root):
        self.root = root
        self.folders = {}
        self.files = {}
        self.top = self._load(root)

    def _load(self, path):
        status = os.lstat(path)
        if not os.path.isdir(path):
            with open(path, "rb") as file:
                self.files[status.st_ino] = File(file.read())
            return status.st_ino
        folder = self.folders[status.st_ino] = Folder()
        folder.now = {name: self._load(os.path.join(path, name)) for name in os.listdir(path)}
        folder.sync()
        return status.st_ino

    def _place(self, path):
        """The folder of a path, and its last part; (None, None) if that is elsewhere."""
        if not path.startswith(self.root + "/"):
            return None, None
        folder = self.folders[self.top]
        *parents, name = path.rstrip("/")[len(self.root) + 1:].split("/")
        for parent in parents:
            folder = self.folders[folder.now[parent]]
        return folder, name

    def feed(self, event):
        """One event of the trace; whether it was of this disk."""
        kind, *facts = event
        if kind == "note":
            return False
        if kind in ("write", "truncate"):
            file = self.files.get(facts[0])
            if file is not None:
                file.change((kind, *facts[1:]))
            return file is not None
        if kind == "sync" or kind == "sync-folder":
            synced = self.files.get(facts[1]) or self.folders.get(facts[1])
            if synced is not None:
                synced.sync()
            return synced is not None
        if kind.startswith("syncfs"):
            if facts[0] != self.root and not facts[0].startswith(self.root + "/"):
                return False
            for synced in (*self.files.values(), *self.folders.values()):
                synced.sync()
            return True
        return self._feed_name(kind, *facts)

    def _feed_name(self, kind, path, other):
        folder, name = self._place(path)
        if folder is None:
            return False
        if kind in ("create", "folder"):
            (self.files if kind == "create" else self.folders)[other] = File() if kind == "create" else Folder()
            folder.change(None, name, other)
        elif kind == "unlink":
            folder.change(name, None, None)
        else:
            to, new = self._place(other)
            inode = folder.now[name]
            if to is folder and kind == "rename":
                folder.change(name, new, inode)
                return True
            to.change(None, new, inode)
            if kind == "rename":
                folder.change(name, None, None)
        return True

    def left(self, names, data, choose):
        """What a cut leaves: paths and bytes (None: a folder). names and data: how much of what was not synced."""
        found = {}
        self._collect(self.top, "", names, data, choose, found)
        return found

    def _collect(self, inode, path, names, data, choose, found):
        if inode in self.files:
            found[path] = self.files[inode].left(data(), choose)
            return
        found[path] = None
        for name, child in sorted(self.folders[inode].left(names(), choose).items()):
            self._collect(child, f"{path}/{name}", names, data, choose, found)


def read_trace(path):
    """The events, with numbers as numbers: (kind, path, inode or path), ("write", inode, offset, bytes), ("truncate", inode, length)."""
    with open(path, "rb") as file:
        text = file.read()
    events = []
    at = 0
    while at < len(text):
        end = text.index(b"\n", at)
        kind, *facts = text[at:end].decode().split("\t")
        at = end + 1
        if kind == "write":
            inode, offset, length = map(int, facts)
            events.append((kind, inode, offset, text[at:at + length]))
            at += length
        elif kind == "truncate":
            events.append((kind, *map(int, facts)))
        elif kind in ("rename", "link", "note"):
            events.append((kind, *facts))
        else:
            events.append((kind, facts[0], int(facts[1])))
    return events


def write_tree(root, tree):
    """Puts on the real disk what left() told."""
    for path, data in sorted(tree.items()):
        if data is None:
            os.makedirs(root + path, exist_ok=True)
        else:
            with open(root + path, "wb") as file:
                file.write(data)
