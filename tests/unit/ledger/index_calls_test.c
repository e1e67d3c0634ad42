/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is asked of an index: all of the answer is right, and if one of its calls into SQLite fails, whichever, there is none: it is an
 * error of the disk, and what would have been answered stays untouched.
 */
#include "failing.h"
#include "ledger/index.h"
#include "ledger_home.h"

#define UNTOUCHED 4711

/** The index that is asked, and what it answers. */
struct asked {
    struct home *home;
    struct index *index;
    struct index *copy; /**< of it; NULL: none */
    uint64_t number;    /**< what is not set stays UNTOUCHED */
    size_t len;
    bool is_it;
    struct ledger_entry entry;
    struct index_state state;
    struct tree tree;
    struct tree_tile tile;
};

static const struct index_state kept = {.size = 3,
                                        .offset = 5000,
                                        .notes_offset = 600,
                                        .notes_last = 500,
                                        .notes_previous = 400,
                                        .has_note = true,
                                        .newest_time = 77,
                                        .stamp = {.inode = 11, .len = 12, .mtime = 13}};

static const char serial[] = "\x1a\x2b";

#define AT "\"time\":\"2026-01-02T03:04:05Z\",\"type\":"

static const char *const lines[] = {
    "{\"operator\":\"a\",\"policy\":\"p\",\"seq\":0,\"serial\":\"1a2b\",\"subject\":\"CN=x\"," AT
    "\"cert.signing\"}",
    "{\"operator\":\"a\",\"ref\":0,\"seq\":1," AT "\"cert.issued\"}",
    "{\"operator\":\"a\",\"seq\":2,\"serial\":\"1a2b\"," AT "\"cert.revoked\"}",
    "{\"operator\":\"a\",\"seq\":3,\"serial\":\"1a2b\"," AT "\"cert.unrevoked\"}",
    "{\"batch\":\"b\",\"operator\":\"a\",\"seq\":4," AT "\"test.note\"}",
    "{\"operator\":\"a\",\"ref\":0,\"seq\":5," AT "\"cert.abandoned\"}",
};

static bool add(struct asked *asked, size_t line, struct error *err)
{
    struct record_facts facts;
    struct record_fault fault;
    assert_true(record_read(bytes_of_text(lines[line]), &facts, &fault));
    return index_add(asked->index, &facts, 100 * line, 10 + line, err);
}

/** So many of the lines are in the index. */
static void lay(struct asked *asked, size_t count)
{
    struct error err = ERROR_INIT;
    assert_done(index_open(asked->home->fd, INDEX_SCRATCH, asked->home->vkey, &asked->index, &err), err);
    for (size_t i = 0; i < count; i++)
        assert_done(add(asked, i, &err), err);
}

static void lay_none(struct asked *asked)
{
    lay(asked, 0);
}

static void lay_signed(struct asked *asked)
{
    lay(asked, 1);
}

static void lay_two(struct asked *asked)
{
    struct error err = ERROR_INIT;
    lay(asked, 1);
    assert_done(index_open(asked->home->fd, INDEX_SCRATCH, asked->home->vkey, &asked->copy, &err), err);
}

static void lay_issued(struct asked *asked)
{
    lay(asked, 2);
}

static void lay_revoked(struct asked *asked)
{
    lay(asked, 3);
}

/** A tree of three leaves, and how far it is. */
static void lay_committed(struct asked *asked)
{
    struct error err = ERROR_INIT;
    struct tree *tree = memory_new(1, sizeof(*tree));
    lay(asked, 1);
    for (uint8_t i = 0; i < 3; i++) {
        struct tree_hash leaf;
        tree_leaf_hash(bytes_of(&i, 1), &leaf);
        assert_done(tree_append(tree, &leaf, index_tile_put, asked->index, &err), err);
    }
    assert_done(index_begin(asked->index, &err), err);
    assert_done(index_commit(asked->index, &kept, tree, &err), err);
    asked->tree = *tree;
    free(tree);
}

static void lay_begun(struct asked *asked)
{
    struct error err = ERROR_INIT;
    lay_committed(asked);
    assert_done(index_begin(asked->index, &err), err);
}

/** The one in the home, with a certificate. */
static void lay_stored(struct asked *asked)
{
    (void)asked;
}

/* ---- what is asked ---- */

static bool open_to_write(struct asked *asked, struct error *err)
{
    return index_open(asked->home->fd, INDEX_WRITE, asked->home->vkey, &asked->index, err);
}

static bool open_to_read(struct asked *asked, struct error *err)
{
    return index_open(asked->home->fd, INDEX_READ, asked->home->vkey, &asked->index, err);
}

static bool open_scratch(struct asked *asked, struct error *err)
{
    return index_open(asked->home->fd, INDEX_SCRATCH, asked->home->vkey, &asked->index, err);
}

static bool complete(struct asked *asked, struct error *err)
{
    return index_complete(asked->index, err);
}

static bool copy(struct asked *asked, struct error *err)
{
    return index_copy(asked->copy, asked->index, err);
}

static bool begin(struct asked *asked, struct error *err)
{
    return index_begin(asked->index, err);
}

static bool commit(struct asked *asked, struct error *err)
{
    return index_commit(asked->index, &kept, &asked->tree, err);
}

static bool let_go(struct asked *asked, struct error *err)
{
    return index_let_go(asked->index, err);
}

static bool load(struct asked *asked, struct error *err)
{
    return index_load(asked->index, &asked->state, &asked->tree, err);
}

static bool sign(struct asked *asked, struct error *err)
{
    return add(asked, 0, err);
}

static bool issue(struct asked *asked, struct error *err)
{
    return add(asked, 1, err);
}

static bool add_revoked(struct asked *asked, struct error *err)
{
    return add(asked, 2, err);
}

static bool release(struct asked *asked, struct error *err)
{
    return add(asked, 3, err);
}

static bool note(struct asked *asked, struct error *err)
{
    return add(asked, 4, err);
}

static bool abandon(struct asked *asked, struct error *err)
{
    return add(asked, 5, err);
}

static bool put_tile(struct asked *asked, struct error *err)
{
    return index_tile_put(asked->index, 0, 0, &asked->tile, err);
}

static bool get_tile(struct asked *asked, struct error *err)
{
    return index_tile_get(asked->index, 0, 0, 3, &asked->tile, err);
}

static bool place(struct asked *asked, struct error *err)
{
    return index_place(asked->index, 0, &asked->number, &asked->len, &asked->is_it, err);
}

static bool find_serial(struct asked *asked, struct error *err)
{
    return index_find_serial(asked->index, bytes_of(serial, 2), &asked->entry, &asked->is_it, err);
}

static bool is_unfinished(struct asked *asked, struct error *err)
{
    return index_is_unfinished(asked->index, 0, &asked->is_it, err);
}

static bool add_key(struct asked *asked, struct error *err)
{
    return index_key_add(asked->index, 5, 6, err);
}

static const struct {
    const char *name;
    void (*lay)(struct asked *asked);
    bool (*ask)(struct asked *asked, struct error *err);
} questions[] = {
    {"open to write", lay_stored, open_to_write},
    {"open to read", lay_stored, open_to_read},
    {"open scratch", lay_stored, open_scratch},
    {"complete", lay_signed, complete},
    {"copy", lay_two, copy},
    {"begin", lay_committed, begin},
    {"commit", lay_begun, commit},
    {"let go", lay_begun, let_go},
    {"load", lay_committed, load},
    {"sign", lay_none, sign},
    {"issue", lay_signed, issue},
    {"abandon", lay_signed, abandon},
    {"revoke", lay_issued, add_revoked},
    {"release", lay_revoked, release},
    {"note", lay_none, note},
    {"put tile", lay_none, put_tile},
    {"get tile", lay_committed, get_tile},
    {"place", lay_signed, place},
    {"serial", lay_signed, find_serial},
    {"unfinished", lay_signed, is_unfinished},
    {"key", lay_none, add_key},
};

static void forget(struct asked *asked)
{
    if (asked->index != NULL)
        index_close(asked->index);
    if (asked->copy != NULL)
        index_close(asked->copy);
    ledger_entry_done(&asked->entry);
    *asked = (struct asked){.home = asked->home, .number = UNTOUCHED, .len = UNTOUCHED};
    asked->state.size = UNTOUCHED;
}

static void assert_untouched(const struct asked *asked, const char *name, unsigned at, const char *failed)
{
    if (asked->number != UNTOUCHED || asked->len != UNTOUCHED || asked->is_it ||
        asked->entry.serial != NULL || asked->state.size != UNTOUCHED)
        fail_msg("%s, %u, %s: refused, and answered", name, at, failed);
}

static int setup(void **state)
{
    struct home *home = memory_new(1, sizeof(*home));
    home_init(home);
    home_open(home, LEDGER_WRITE);
    (void)home_issue(home, 0, 1);
    home_close(home);
    *state = home;
    return 0;
}

static int teardown(void **state)
{
    home_done(*state);
    free(*state);
    return 0;
}

/** \return whether a call was there to fail */
static bool ask(struct asked *asked, size_t question, unsigned at)
{
    struct error err = ERROR_INIT;
    const char *name = questions[question].name;
    forget(asked);
    questions[question].lay(asked);
    struct index *before = asked->index;
    failing_at("sqlite3_", at);
    bool is_done = questions[question].ask(asked, &err);
    const char *failed = failing_stop();
    if (failed == NULL && !is_done)
        fail_msg("%s: %s", name, err.text);
    // How long SQLite waits for others is no part of an answer. A reader that can't open it tries again as it lies.
    bool may_pass = failed != NULL &&
                    (strcmp(failed, "sqlite3_busy_timeout") == 0 || questions[question].ask == open_to_read);
    if (failed != NULL && is_done && !may_pass)
        fail_msg("%s, %u, %s: the answer was given all the same", name, at, failed);
    if (!is_done) {
        if (err.kind != ERROR_INPUT || strncmp(err.text, "index.sqlite can't be read: ", 28) != 0)
            fail_msg("%s, %u, %s: %s", name, at, failed, err.text);
        assert_ptr_equal(asked->index, before);
        assert_untouched(asked, name, at, failed);
    }
    return failed != NULL;
}

static void a_call_that_fails_is_no_answer(void **state)
{
    struct asked *asked = memory_new(1, sizeof(*asked));
    asked->home = *state;
    for (size_t i = 0; i < ARRAY_LEN(questions); i++) {
        unsigned at = 1;
        while (ask(asked, i, at))
            assert_true(at++ < 100);
        assert_true(at > 1);
    }
    forget(asked);
    free(asked);
}

/** What was asked last of all, without a fault: its answer. */
static void an_answer_is_all_that_was_put_in(void **state)
{
    struct asked *asked = memory_new(1, sizeof(*asked));
    struct error err = ERROR_INIT;
    asked->home = *state;
    forget(asked);
    lay_begun(asked);
    struct tree *tree = memory_new(1, sizeof(*tree));
    *tree = asked->tree;
    assert_done(load(asked, &err), err);
    assert_int_equal(asked->state.size, kept.size);
    assert_int_equal(asked->state.offset, kept.offset);
    assert_int_equal(asked->state.notes_offset, kept.notes_offset);
    assert_int_equal(asked->state.notes_last, kept.notes_last);
    assert_int_equal(asked->state.notes_previous, kept.notes_previous);
    assert_true(asked->state.has_note);
    assert_int_equal(asked->state.newest_time, kept.newest_time);
    assert_int_equal(asked->state.stamp.inode, kept.stamp.inode);
    assert_int_equal(asked->state.stamp.len, kept.stamp.len);
    assert_int_equal(asked->state.stamp.mtime, kept.stamp.mtime);
    assert_int_equal(asked->tree.size, tree->size);
    assert_memory_equal(asked->tree.edge[0].hashes, tree->edge[0].hashes, 3 * TREE_HASH_LEN);
    free(tree);
    assert_done(add(asked, 4, &err), err);
    assert_done(index_place(asked->index, 4, &asked->number, &asked->len, &asked->is_it, &err), err);
    assert_true(asked->is_it);
    assert_int_equal(asked->number, 400);
    assert_int_equal(asked->len, 14);
    assert_done(index_place(asked->index, 3, &asked->number, &asked->len, &asked->is_it, &err), err);
    assert_false(asked->is_it);
    forget(asked);
    free(asked);
}

/** What contradicts an earlier record is the ledger's fault, and told in words: SQLite has no part in it. */
static void a_record_that_contradicts_is_told(void **state)
{
    static const struct {
        void (*lay)(struct asked *asked);
        const char *line, *told;
    } cases[] = {
        {lay_signed, "\"seq\":7,\"serial\":\"1a2b\"," AT "\"cert.signing\"}",
         "record 7 uses the serial of record 0 again"},
        {lay_issued, "\"ref\":0,\"seq\":7," AT "\"cert.issued\"}",
         "record 7 (cert.issued) refers to record 0, which is not an unfinished cert.signing"},
        {lay_signed, "\"ref\":1,\"seq\":7," AT "\"cert.abandoned\"}",
         "record 7 (cert.abandoned) refers to record 1, which is not an unfinished cert.signing"},
        {lay_signed, "\"seq\":7,\"serial\":\"1a2b\"," AT "\"cert.revoked\"}",
         "record 7 (cert.revoked) names a serial that is not issued or abandoned"},
        {lay_issued, "\"seq\":7,\"serial\":\"1a2b\"," AT "\"cert.unrevoked\"}",
         "record 7 (cert.unrevoked) names a serial that is not revoked"},
    };
    struct asked *asked = memory_new(1, sizeof(*asked));
    asked->home = *state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct error err = ERROR_INIT;
        struct record_facts facts;
        struct record_fault fault;
        AUTO(free) char *line = memory_format("{\"operator\":\"a\",%s", cases[i].line);
        forget(asked);
        cases[i].lay(asked);
        assert_true(record_read(bytes_of_text(line), &facts, &fault));
        assert_false(index_add(asked->index, &facts, 700, 17, &err));
        assert_string_equal(err.text, cases[i].told);
        assert_int_equal(err.kind, ERROR_LEDGER);
        assert_int_equal(err.native, 0);
    }
    forget(asked);
    free(asked);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_call_that_fails_is_no_answer, setup, teardown),
        cmocka_unit_test_setup_teardown(a_record_that_contradicts_is_told, setup, teardown),
        cmocka_unit_test_setup_teardown(an_answer_is_all_that_was_put_in, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
