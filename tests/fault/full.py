#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""(c) A home and an output folder that run full at many places: full.py BASE REQUESTS SAMPLE SEED (as one who may mount)"""
import os
import shutil
import subprocess
import sys

import scene as s

PAGE = 4096


def mount(folder, options):
    os.makedirs(folder, exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "coldca-full", folder], check=True)


def unmount(folder):
    subprocess.run(["umount", folder], check=True)


def used_pages(folder):
    status = os.statvfs(folder)
    return status.f_blocks - status.f_bfree


def try_full(scene, folder, room, tally, where):
    """The run in a folder that is full; then there is room."""
    result = scene.sign()
    found = s.released(scene.out)
    tally.note(f"{where.split()[0]} {result.code}")
    s.check_released(scene, found, tally, where)
    if result.code == 0 and set(found) != scene.names():
        tally.complain(where, "reported success with certificates missing")
    if result.code not in (0, 3):
        tally.complain(where, f"ended with {result.code} instead of 3: {result.err}")
    if result.code == 3 and not ("o space left" in result.err or "disk is full" in result.err):
        tally.complain(where, f"does not say that the place is full: {result.err}")
    # What only reads goes on.
    for command in (["ledger", "verify"], ["cert", "list", "--json"]):
        reading = scene.run(*command)
        if reading.code != 0:
            tally.complain(where, f"{command} ends with {reading.code} in a full home: {reading.out}{reading.err}")
    subprocess.run(["mount", "-o", "remount," + room, folder], check=True)
    s.check_finished(scene, found, tally, where, scene.sign())


def on_output(base, options, tally):
    scene = base.copy("output-" + options.replace("=", "-"))
    mount(scene.out, options)
    try:
        try_full(scene, scene.out, "size=8m,nr_inodes=1000", tally, f"output {options}")
    finally:
        unmount(scene.out)
    scene.remove()


def on_home(base, pages, tally):
    scene = base.copy(f"home-{pages}")
    kept = scene.home
    scene.home = os.path.join(scene.folder, "small")
    mount(scene.home, "size=8m")
    try:
        shutil.copytree(kept, scene.home, dirs_exist_ok=True)
        subprocess.run(["mount", "-o", f"remount,size={(used_pages(scene.home) + pages) * PAGE}", scene.home], check=True)
        try_full(scene, scene.home, "size=8m", tally, f"home with {pages} pages free")
    finally:
        unmount(scene.home)
    scene.remove()


def main():
    base = s.Scene(sys.argv[1], sys.argv[2])
    sample, seed = int(sys.argv[3]), int(sys.argv[4])
    probe = os.path.join(base.folder, "probe")
    try:
        mount(probe, "size=64k")
        unmount(probe)
    except (subprocess.CalledProcessError, PermissionError) as error:
        sys.exit(f"a small tmpfs can't be mounted here ({error}): run this test as root, or under `unshare -rm`")
    tally = s.Tally("no space left on output and home")
    s.side_by_side(tally, lambda options, own: on_output(base, options, own),
                   [f"size={pages * PAGE}" for pages in s.sampled(range(1, 60), 3 * sample, seed)]
                   + [f"nr_inodes={inodes}" for inodes in (2, 10, 52)])
    s.side_by_side(tally, lambda pages, own: on_home(base, pages, own), s.sampled(range(90), 2 * sample, seed))
    return tally.end()


sys.exit(main())
