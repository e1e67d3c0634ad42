/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A run of `revoke`, `crl` or `policy approve` confines its process for good, so here it is a process of its own, as it is in real life.
 * What it came to lies in memory that both have, so that the test looks at it.
 */
#ifndef COLDCA_TESTS_APART_H
#define COLDCA_TESTS_APART_H

#include "fake_home.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct apart {
    bool is_done;
    struct error err;
    char said[2000]; /**< to the person */
    size_t asked;    /**< signatures by the CA key in this run */
    size_t unlogged; /**< of these, what was not on the disk */
    bool
        is_one_of_many; /**< set by a run in a loop that lets calls fail: what it did not free is not counted */
    bool is_confined;   /**< afterwards the process reached nothing but what it was left */
    union {
        uint64_t numbers[8];
        char text[1000];
    } out; /**< what the test wants of it */
    uint8_t plan_sha256[32];
};

/** \param run  in its own process; no assertion of cmocka there: the test looks afterwards. The caller frees nothing; valid until the next */
static inline const struct apart *
apart(bool (*run)(const void *options, struct apart *ret, struct error *err), const void *options)
{
    static struct apart *both;
    int status = 0;
    if (both == NULL)
        both = mmap(NULL, sizeof(*both), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(both != MAP_FAILED);
    memset(both, 0, sizeof(*both));
    (void)fflush(NULL); // else the child writes it, too
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        size_t before_unlogged = 0;
        size_t before = fake_token_count(&before_unlogged);
        both->is_done = run(options, both, &both->err);
        both->asked = fake_token_count(&both->unlogged) - before;
        both->unlogged -= before_unlogged;
        both->is_confined = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC) < 0;
        (void)snprintf(both->said, sizeof(both->said), "%s", fake_console_said());
        if (both->is_done && !both->is_one_of_many)
            exit(0); // and not at once: what was not freed counts as well
        _exit(0);    // counting takes a while
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    if (both->is_done && both->err.kind != ERROR_NONE)
        fail_msg("done, but told: %s", both->err.text);
    return both;
}

/** The same of a run that is confined, whatever it does: a dry run, too, reads what is foreign. */
static inline const struct apart *
apart_confined(bool (*run)(const void *options, struct apart *ret, struct error *err), const void *options)
{
    const struct apart *found = apart(run, options);
    assert_true(found->is_confined || !found->is_done);
    return found;
}

static inline void assert_done(const struct apart *found)
{
    if (!found->is_done)
        fail_msg("%s", found->err.text);
}

static inline void assert_failed(const struct apart *found, enum error_kind kind, const char *words)
{
    assert_false(found->is_done);
    if (strstr(found->err.text, words) == NULL)
        fail_msg("\"%s\" lacks \"%s\"", found->err.text, words);
    assert_int_equal(found->err.kind, kind);
}

/* ---- the ledger of a home between runs ---- */

/** The types of the records from a seq on, as they are on the disk: "cert.revoked crl.signing "; the caller frees. */
static inline char *types_from(const struct fake_home *own, uint64_t seq)
{
    char *types = fake_home_types(own);
    char *at = types;
    for (; seq > 0; seq--)
        at = strchr(at, ' ') + 1;
    memmove(types, at, strlen(at) + 1);
    return types;
}

static inline void assert_types_from(const struct fake_home *own, uint64_t seq, const char *wanted)
{
    char *found = types_from(own, seq);
    assert_string_equal(found, wanted);
    free(found);
}

/** Opens the home to look, or to write; the caller closes. */
static inline struct home *home_of(const struct fake_home *own, enum home_access access)
{
    struct error err = ERROR_INIT;
    struct home *home = NULL;
    if (!home_open(own->path, access, &fake_console, &home, &err))
        fail_msg("%s", err.text);
    return home;
}

static inline uint64_t size_of(const struct fake_home *own)
{
    struct home *home = home_of(own, HOME_LOOK);
    uint64_t size = ledger_size(home->ledger);
    home_close(home);
    return size;
}

/** Another run's record, on the disk. \return its seq */
static inline uint64_t log_to(const struct fake_home *own, const char *type, struct json *record)
{
    struct error err = ERROR_INIT;
    uint64_t seq = 0;
    struct home *home = home_of(own, HOME_WRITE);
    if (!ledger_append(home->ledger, type, record, &seq, &err) || !ledger_commit(home->ledger, &err))
        fail_msg("%s", err.text);
    home_close(home);
    return seq;
}

/** All that is in the ledger is under a checkpoint. */
static inline void assert_checkpointed(const struct fake_home *own)
{
    struct home *home = home_of(own, HOME_LOOK);
    assert_int_equal(ledger_checkpoint_size(home->ledger), ledger_size(home->ledger));
    home_close(home);
}

/** A record; the caller frees. */
static inline struct json *record_at(const struct fake_home *own, uint64_t seq)
{
    struct error err = ERROR_INIT;
    struct json *record = NULL;
    struct home *home = home_of(own, HOME_LOOK);
    if (!ledger_record(home->ledger, seq, &record, &err))
        fail_msg("%s", err.text);
    home_close(home);
    return record;
}

#endif
