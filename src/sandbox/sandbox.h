/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Processes that can do nothing but compute and talk over one socket.
 *
 * sandbox_open() forks a helper, the fork server, from the still small and single-threaded program: before a PKCS#11 module is
 * loaded, because forking after C_Initialize is undefined (PKCS#11 v2.40 6.6.1). The fork server gives up its user and files;
 * every child it forks later is confined further before it sees a byte of input:
 *
 *   own user (nobody, if root), no new privileges, no supplementary groups, no terminal, no descriptor but the socket
 *   limits: memory, CPU time, no files written, no new processes, no core dump
 *   Landlock: nothing allowed; the highest ABI the kernel has (files, TCP, signals and abstract sockets)
 *   seccomp: default-deny; anything but memory, reading, writing and ending stops the process
 *
 * It promises: all layers hold, or sandbox_spawn() fails and says which does not (P6).
 * It does not: protect against a wrong answer. Whoever reads from the socket must doubt every byte.
 */
#ifndef COLDCA_SANDBOX_SANDBOX_H
#define COLDCA_SANDBOX_SANDBOX_H

#include "base/cleanup.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct sandbox;

/** What the children are and may use. */
struct sandbox_plan {
    void (*warm_up)(
        void); /**< run once in the fork server, before it is confined: loads what is loaded lazily */
    int (*run)(int fd, void *context); /**< a child's whole life; returns its exit status; fd is the socket */
    void *context;                     /**< for run */
    size_t memory_bytes;               /**< address space a child may have beyond what it is born with */
    unsigned cpu_seconds;              /**< a child's CPU time over its whole life */
};

/** A confined process. */
struct sandbox_child {
    pid_t pid;
    int fd; /**< stream socket, close-on-exec, blocking; the caller closes it */
};

/** How a child ended. */
struct sandbox_end {
    int system_call; /**< the number of the call it was stopped for; -1: none */
    int signal;      /**< that killed it; 0: none */
    int status;      /**< exit status if no signal did */
};

/** Starts the fork server. \param plan copied; what it points to must stay valid \return false: ERROR_INPUT */
MUST_USE bool sandbox_open(const struct sandbox_plan *plan, struct sandbox **ret_sandbox, struct error *err);
/** Kills and reaps every child and the fork server. */
void sandbox_close(struct sandbox *sandbox);
DEFINE_AUTO(struct sandbox *, sandbox_close);

/** Makes a child; it has engaged every layer when this returns. ERROR_INPUT names the layer that could not be. */
MUST_USE bool sandbox_spawn(struct sandbox *sandbox, struct sandbox_child *ret_child, struct error *err);
/** Kills a child if it still lives, and waits for it. The caller closes the socket. */
MUST_USE bool sandbox_reap(struct sandbox *sandbox, pid_t pid, struct sandbox_end *ret_end,
                           struct error *err);

/** "it tried the system call openat (257)", "killed by signal 11 (Segmentation fault)", "it ended with status 3". \return text */
const char *sandbox_describe_end(const struct sandbox_end *end, char text[static 128]);

/* ---- the signer itself ---- */

/** What a confined signer may still do beneath a path. */
enum sandbox_right {
    SANDBOX_READ,
    SANDBOX_WRITE,          /**< also make and remove files and directories */
    SANDBOX_REMOVE_FOLDERS, /**< nothing but remove empty directories */
};

struct sandbox_path {
    const char *path; /**< a file, or a directory with all below it; followed if it is a symlink */
    enum sandbox_right right;
};

/**
 * Confines the calling process, for good, to some files: reading what a program needs to live (libraries, locale, time zone,
 * the user database, random numbers, its terminal) and what allowed names. Nothing can be executed, no TCP connection made or
 * accepted unless may_network, no privileges gained. What is open stays open; UNIX sockets and signals are not restricted.
 *
 * Call it while there is one thread (Landlock holds for the calling one and those it makes), after the parser processes' fork server was
 * forked, and before anything foreign is handled and the token's module is loaded.
 *
 * \param allowed  paths that are not there are passed over
 * \return false: ERROR_INPUT; the layer can't be engaged, and nothing may be signed
 */
MUST_USE bool sandbox_confine_signer(const struct sandbox_path *allowed, size_t count, bool may_network,
                                     struct error *err);

#endif
