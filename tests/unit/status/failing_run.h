/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in each of which one call into the system or the libraries fails, from the first on, or from the login on. */
#ifndef COLDCA_TESTS_FAILING_RUN_H
#define COLDCA_TESTS_FAILING_RUN_H

#include "apart.h"
#include "approver.h"
#include "base/memory.h"
#include "failing.h"

static struct fake_home own;
static struct approver ann;
static char plan_path[128];

struct fault {
    const char *names;
    unsigned number;
    bool
        is_later; /**< calls count from the login on: records are appended then, which the index may refuse */
    const void *what; /**< what the run is about */
    bool is_again;
};
enum { HAS_FAILED = 7 }; /* of what a run leaves */

static const struct fault *current;

static inline bool give_pin(void *data, const char *words, bool has_pad, struct secret **ret_pin,
                            struct error *err)
{
    bool is_given = fake_console.pin(data, words, has_pad, ret_pin, err);
    if (current->is_later)
        failing_at(current->names, current->number);
    return is_given;
}

/** Begins a run. \return its console */
static inline struct console begin_failing(const struct fault *fault)
{
    struct console console = fake_console;
    console.pin = give_pin;
    current = fault;
    failing_at(fault->is_later ? "none" : fault->names, fault->number);
    return console;
}

static inline void end_failing(struct apart *ret)
{
    ret->is_one_of_many = failing_stop() != NULL;
    ret->out.numbers[HAS_FAILED] = ret->is_one_of_many;
}

/** The number of records of a type. */
static inline unsigned count_of(const char *type)
{
    unsigned count = 0;
    AUTO(free) char *types = fake_home_types(&own);
    AUTO(free) char *wanted = memory_format("%s ", type);
    for (const char *at = types; (at = strstr(at, wanted)) != NULL; at++)
        count++;
    return count;
}

/** \return whether it is done; else it was told. \param ret_more  whether there was a call that failed */
static inline bool look(const struct apart *found, const struct fault *fault, bool *ret_more)
{
    *ret_more = found->out.numbers[HAS_FAILED] != 0;
    if (!found->is_done && (!*ret_more || found->err.kind < ERROR_INPUT || found->err.kind > ERROR_LEDGER))
        fail_msg("%s %u: %d \"%s\"", fault->names, fault->number, (int)found->err.kind, found->err.text);
    if (found->is_done)
        assert_checkpointed(&own);
    return found->is_done;
}

/** Acts of this kind want ann's approval. */
static inline void ann_decides(enum act act)
{
    struct error err = ERROR_INIT;
    AUTO(control_done) struct control control = {.seq = CONTROL_NONE, .previous = CONTROL_NONE};
    assert_true(control_add_person(&control, "ann", "approver", ann.vkey, &err));
    control.quorum[act] = 1;
    (void)log_to(&own, RECORD_CONTROL_SET, control_write(&control));
}

/** What syncs: each; of the others some. */
static const struct {
    const char *names;
    unsigned step;
} calls[] = {{"fsync", 1}, {"fdatasync", 1}, {"renameat", 1}, {"write", 3},
             {"pread", 5}, {"open", 15},     {"sqlite3_", 23}};

#endif
