/* SPDX-License-Identifier: Apache-2.0 */
/* What an index keeps from one commit to the next: the tree's edge at whatever size, and keys, first in the small table, then in the large. */
#include "failing.h"
#include "ledger/index.h"
#include "ledger_home.h"

#define FRESH_MAX 49152 /* keys that go into the large table together */

static int setup(void **state)
{
    struct home *home = memory_new(1, sizeof(*home));
    home_init(home);
    *state = home;
    return 0;
}

static int teardown(void **state)
{
    home_done(*state);
    free(*state);
    return 0;
}

static struct index *open_index(const struct home *home, enum index_mode mode)
{
    struct error err = ERROR_INIT;
    struct index *index = NULL;
    assert_done(index_open(home->fd, mode, home->vkey, &index, &err), err);
    return index;
}

static void commit(struct index *index, const struct tree *tree)
{
    struct error err = ERROR_INIT;
    const struct index_state state = {.size = tree->size};
    assert_done(index_begin(index, &err), err);
    assert_done(index_commit(index, &state, tree, &err), err);
}

/** The tree that is loaded has the root of the one that was kept. */
static void assert_kept(struct index *index, const struct tree *tree)
{
    struct error err = ERROR_INIT;
    AUTO(free) struct tree *loaded = memory_new(1, sizeof(*loaded));
    struct index_state state;
    struct tree_hash wanted, found;
    memset(loaded, 0xff, sizeof(*loaded));
    assert_done(index_load(index, &state, loaded, &err), err);
    assert_int_equal(state.size, tree->size);
    assert_int_equal(loaded->size, tree->size);
    tree_edge_root(tree, &wanted);
    tree_edge_root(loaded, &found);
    assert_memory_equal(found.bytes, wanted.bytes, TREE_HASH_LEN);
}

static void grow(struct tree *tree, struct index *index, uint64_t size)
{
    struct error err = ERROR_INIT;
    while (tree->size < size) {
        struct tree_hash leaf;
        tree_leaf_hash(bytes_of((const uint8_t *)&tree->size, sizeof(tree->size)), &leaf);
        assert_done(tree_append(tree, &leaf, index_tile_put, index, &err), err);
    }
}

static void the_edge_of_every_size_is_kept(void **state)
{
    static const uint64_t sizes[] = {1280, 4096, 5000, 5119, 5120, 65535, 65536, 65537, 65792, 65793, 66100};
    AUTO(index_close) struct index *index = open_index(*state, INDEX_SCRATCH);
    AUTO(free) struct tree *tree = memory_new(1, sizeof(*tree));
    commit(index, tree);
    assert_kept(index, tree);
    for (uint64_t size = 1; size < 800; size++) { // each, and from each to the next
        grow(tree, index, size);
        commit(index, tree);
        assert_kept(index, tree);
    }
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        grow(tree, index, sizes[i]);
        commit(index, tree);
        assert_kept(index, tree);
        commit(index, tree); // of nothing new
        assert_kept(index, tree);
    }
}

static int64_t count(struct index *index, const char *table)
{
    AUTO(free) char *sql = memory_format("SELECT count(*) FROM %s", table);
    sqlite3_stmt *select = NULL;
    assert_int_equal(sqlite3_prepare_v2(index_database(index), sql, -1, &select, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(select), SQLITE_ROW);
    int64_t number = sqlite3_column_int64(select, 0);
    assert_int_equal(sqlite3_finalize(select), SQLITE_OK);
    return number;
}

static void add_keys(struct index *index, int64_t first, int64_t count)
{
    struct error err = ERROR_INIT;
    assert_done(index_begin(index, &err), err);
    for (int64_t key = first; key < first + count; key++)
        assert_done(index_key_add(index, key, 1, &err), err);
}

static void many_keys_go_into_the_large_table_together(void **state)
{
    struct error err = ERROR_INIT;
    AUTO(free) struct tree *tree = memory_new(1, sizeof(*tree));
    struct index_state ignored;
    struct index *index = open_index(*state, INDEX_WRITE);
    add_keys(index, 0, FRESH_MAX - 1);
    commit(index, tree);
    assert_int_equal(count(index, "keys"), 0);
    assert_int_equal(count(index, "fresh_keys"), FRESH_MAX - 1);
    index_close(index);
    index = open_index(*state, INDEX_WRITE); // it counts them
    assert_done(index_load(index, &ignored, tree, &err), err);
    add_keys(index, FRESH_MAX, 1);
    commit(index, tree);
    assert_int_equal(count(index, "keys"), FRESH_MAX);
    assert_int_equal(count(index, "fresh_keys"), 0);
    add_keys(index, 1, 1); // which is there: looked for, it is found once
    commit(index, tree);
    assert_int_equal(count(index, "keys"), FRESH_MAX);
    assert_int_equal(count(index, "fresh_keys"), 1);
    add_keys(index, 0, FRESH_MAX - 2); // all of them are there
    commit(index, tree);
    assert_int_equal(count(index, "fresh_keys"), FRESH_MAX - 2);
    add_keys(index, 1, 1);
    commit(index, tree);
    assert_int_equal(count(index, "keys"), FRESH_MAX);
    assert_int_equal(count(index, "fresh_keys"), 0);
    index_close(index);
}

/** Of a scratch index nothing but serials is looked up, until it is complete; a copy is what it was copied from. */
static void a_copy_has_all_that_was_copied(void **state)
{
    struct error err = ERROR_INIT;
    AUTO(free) struct tree *tree = memory_new(1, sizeof(*tree));
    AUTO(index_close) struct index *from = open_index(*state, INDEX_SCRATCH);
    AUTO(index_close) struct index *to = open_index(*state, INDEX_SCRATCH);
    AUTO(index_close) struct index *stored = open_index(*state, INDEX_WRITE);
    assert_true(index_lacks_keys(from));
    assert_false(index_lacks_keys(stored));
    add_keys(from, 0, FRESH_MAX);
    grow(tree, from, 300);
    commit(from, tree);
    assert_int_equal(count(from, "fresh_keys"), FRESH_MAX); // they go when it is complete
    assert_done(index_copy(to, from, &err), err);
    assert_true(index_lacks_keys(to));
    assert_kept(to, tree);
    assert_done(index_complete(from, &err), err);
    assert_false(index_lacks_keys(from));
    assert_int_equal(count(from, "fresh_keys"), 0);
    assert_done(index_copy(to, from, &err), err);
    assert_false(index_lacks_keys(to));
    assert_kept(to, tree);
    // How many keys wait to be moved goes along.
    add_keys(from, 0, FRESH_MAX - 1);
    commit(from, tree);
    assert_done(index_copy(to, from, &err), err);
    add_keys(to, FRESH_MAX, 1);
    commit(to, tree);
    assert_int_equal(count(to, "keys"), FRESH_MAX);
    assert_int_equal(count(to, "fresh_keys"), 0);
}

static void keys_that_cannot_be_moved_are_told(void **state)
{
    struct error err = ERROR_INIT;
    AUTO(free) struct tree *tree = memory_new(1, sizeof(*tree));
    const struct index_state nothing = {.size = 0};
    AUTO(index_close) struct index *index = open_index(*state, INDEX_WRITE);
    add_keys(index, 0, FRESH_MAX);
    failing_at("sqlite3_exec", 1);
    bool is_done = index_commit(index, &nothing, tree, &err);
    assert_non_null(failing_stop());
    assert_refused(is_done, err, ERROR_INPUT, "index.sqlite can't be read: ");
}

/** What SQLite took back is not begun anew: who began it takes it for done. */
static void what_was_lost_is_not_begun_again(void **state)
{
    struct error err = ERROR_INIT;
    AUTO(index_close) struct index *index = open_index(*state, INDEX_SCRATCH);
    assert_done(index_is_whole(index, &err), err);
    assert_done(index_begin(index, &err), err);
    assert_done(index_begin(index, &err), err); // goes on in it
    assert_done(index_is_whole(index, &err), err);
    assert_int_equal(sqlite3_exec(index_database(index), "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
    assert_refused(index_begin(index, &err), err, ERROR_INPUT, "lost what it had not committed");
    assert_refused(index_is_whole(index, &err), err, ERROR_INPUT, "lost what it had not committed");
}

static void an_index_that_does_not_know_how_far_it_is_says_so(void **state)
{
    static const char *const lies[] = {"UPDATE state SET size = -1", "UPDATE state SET notes_last = -1",
                                       "DELETE FROM state"};
    AUTO(free) struct tree *tree = memory_new(1, sizeof(*tree));
    AUTO(index_close) struct index *index = open_index(*state, INDEX_SCRATCH);
    for (size_t i = 0; i < ARRAY_LEN(lies); i++) {
        struct error err = ERROR_INIT;
        struct index_state found = {.size = 4711};
        assert_int_equal(sqlite3_exec(index_database(index), lies[i], NULL, NULL, NULL), SQLITE_OK);
        assert_false(index_load(index, &found, tree, &err));
        assert_string_equal(err.text, "index.sqlite does not say how far it has read");
        assert_int_equal(err.kind, ERROR_LEDGER);
        assert_int_equal(err.native, 0);
        assert_int_equal(found.size, 4711);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_edge_of_every_size_is_kept, setup, teardown),
        cmocka_unit_test_setup_teardown(many_keys_go_into_the_large_table_together, setup, teardown),
        cmocka_unit_test_setup_teardown(keys_that_cannot_be_moved_are_told, setup, teardown),
        cmocka_unit_test_setup_teardown(what_was_lost_is_not_begun_again, setup, teardown),
        cmocka_unit_test_setup_teardown(an_index_that_does_not_know_how_far_it_is_says_so, setup, teardown),
        cmocka_unit_test_setup_teardown(a_copy_has_all_that_was_copied, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
