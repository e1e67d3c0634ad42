/* SPDX-License-Identifier: Apache-2.0 */
/* The export is what a client of tlog-tiles would compute: its tiles are made of its records and give the checkpoint's root. */
#include "folder.h"
#include "ledger/export.h"
#include "ledger/note.h"
#include "ledger/tree.h"
#include "ledger_home.h"

static struct folder out;

static int setup(void **state)
{
    struct home *home = memory_new(1, sizeof(*home));
    home_init(home);
    home_open(home, LEDGER_WRITE);
    folder_make(&out);
    *state = home;
    return 0;
}

static int teardown(void **state)
{
    home_done(*state);
    free(*state);
    folder_remove(&out);
    return 0;
}

static struct ledger_export export_now(struct home *home)
{
    struct error err = ERROR_INIT;
    struct ledger_export result = {.size = 0};
    assert_done(ledger_export(home->ledger, out.fd, &result, &err), err);
    return result;
}

static void read_tile(int level, uint64_t number, size_t width, struct builder *ret_data)
{
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder path = BUILDER_INIT;
    ledger_tile_path(level, number, width, &path);
    assert_done(file_read(out.fd, builder_text(&path), 1 << 24, ret_data, &err), err);
}

static bool has_tile(int level, uint64_t number, size_t width)
{
    AUTO(builder_done) struct builder path = BUILDER_INIT;
    ledger_tile_path(level, number, width, &path);
    return file_exists(out.fd, builder_text(&path));
}

/** A bundle's records are those of ledger.jsonl, in order, and hash to the tile of level 0. */
static void assert_records(struct home *home, uint64_t number, size_t width)
{
    AUTO(builder_done) struct builder bundle = BUILDER_INIT;
    AUTO(builder_done) struct builder tile = BUILDER_INIT;
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    read_tile(-1, number, width, &bundle);
    read_tile(0, number, width, &tile);
    assert_int_equal(tile.len, width * TREE_HASH_LEN);
    home_read(home, "ledger.jsonl", &text);
    const char *line = builder_text(&text);
    for (uint64_t seq = 0; seq < number * TREE_TILE_WIDTH; seq++)
        line = strchr(line, '\n') + 1;
    size_t at = 0;
    for (size_t i = 0; i < width; i++) {
        struct tree_hash leaf;
        const char *end = strchr(line, '\n');
        assert_true(at + 2 < bundle.len);
        size_t len = (size_t)bundle.data[at] << 8 | bundle.data[at + 1];
        struct bytes record = bytes_slice(builder_bytes(&bundle), at + 2, len);
        assert_true(bytes_equal(record, bytes_of(line, (size_t)(end - line))));
        tree_leaf_hash(record, &leaf);
        assert_memory_equal(tile.data + i * TREE_HASH_LEN, leaf.bytes, TREE_HASH_LEN);
        at += 2 + len;
        line = end + 1;
    }
    assert_int_equal(at, bundle.len);
}

static void a_small_ledger_is_one_partial_tile_of_its_records(void **state)
{
    struct home *home = *state;
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder newest = BUILDER_INIT;
    AUTO(builder_done) struct builder found = BUILDER_INIT;
    (void)home_issue(home, 0, 3);
    home_checkpoint(home);
    (void)home_issue(home, 10, 1); // under no checkpoint yet: does not leave
    struct ledger_export result = export_now(home);
    assert_int_equal(result.size, 6);
    assert_int_equal(result.old_size, 0);
    assert_int_equal(result.files, 3); // entries, hashes, checkpoint
    assert_records(home, 0, 6);
    assert_done(ledger_checkpoint_newest(home->ledger, &newest, &err), err);
    assert_done(file_read(out.fd, "checkpoint", 1 << 16, &found, &err), err);
    assert_true(bytes_equal(builder_bytes(&newest), builder_bytes(&found)));
}

static void an_export_is_continued_and_its_partial_tiles_go(void **state)
{
    struct home *home = *state;
    (void)home_issue(home, 0, 5);
    home_checkpoint(home);
    (void)export_now(home);
    assert_true(has_tile(0, 0, 10) && has_tile(-1, 0, 10));
    (void)home_issue(home, 5, 130); // 270 records: a full tile and 14
    home_checkpoint(home);
    struct ledger_export result = export_now(home);
    assert_int_equal(result.old_size, 10);
    assert_int_equal(result.size, 270);
    assert_int_equal(result.files, 6); // two of entries, two of hashes, one above them, checkpoint
    assert_records(home, 0, 256);
    assert_records(home, 1, 14);
    assert_false(has_tile(0, 0, 10) || has_tile(-1, 0, 10));
    assert_false(file_exists(out.fd, "tile/0/000.p") || file_exists(out.fd, "tile/entries/000.p"));
    AUTO(builder_done) struct builder above = BUILDER_INIT;
    read_tile(1, 0, 1, &above);
    assert_int_equal(above.len, TREE_HASH_LEN);
    // Nothing new: only the checkpoint is written, and a full tile is not written again.
    assert_int_equal(export_now(home).files, 1);
    // Up to a tile's end there is no partial one after it.
    (void)home_issue(home, 200, 121);
    home_checkpoint(home);
    result = export_now(home);
    assert_int_equal(result.size, 512);
    assert_int_equal(result.files, 4);
    assert_records(home, 1, 256);
    assert_true(has_tile(1, 0, 2));
    assert_false(has_tile(0, 1, 14) || has_tile(0, 2, 0));
}

/** Who has the older checkpoint reads the tile that is as wide as that, until there is a full one. */
static void a_partial_tile_stays_beside_a_wider_one(void **state)
{
    struct home *home = *state;
    (void)home_issue(home, 0, 5);
    home_checkpoint(home);
    (void)export_now(home);
    (void)home_issue(home, 5, 1);
    home_checkpoint(home);
    assert_int_equal(export_now(home).size, 12);
    assert_true(has_tile(0, 0, 10) && has_tile(-1, 0, 10));
    assert_records(home, 0, 10);
    assert_records(home, 0, 12);
}

static void what_is_not_under_a_checkpoint_is_no_export(void **state)
{
    struct home *home = *state;
    struct error err = ERROR_INIT;
    struct ledger_export result;
    (void)home_issue(home, 0, 1);
    assert_refused(ledger_export(home->ledger, out.fd, &result, &err), err, ERROR_LEDGER,
                   "the ledger has no checkpoint yet to export under");
}

static void a_directory_of_another_ledger_or_future_is_left_alone(void **state)
{
    struct home *home = *state;
    struct home other;
    struct error err = ERROR_INIT;
    struct ledger_export result;
    (void)home_issue(home, 0, 2);
    home_checkpoint(home);
    // The same key, another history that is longer.
    home_init(&other);
    home_open(&other, LEDGER_WRITE);
    (void)home_issue(&other, 7, 5);
    home_checkpoint(&other);
    assert_done(ledger_export(other.ledger, out.fd, &result, &err), err);
    home_done(&other);
    assert_refused(ledger_export(home->ledger, out.fd, &result, &err), err, ERROR_LEDGER,
                   "continuing the export");
    assert_false(has_tile(0, 0, 4));
    // Another key.
    AUTO(free) char *vkey = NULL;
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    AUTO(builder_done) struct builder note = BUILDER_INIT;
    EVP_PKEY *key = NULL;
    uint8_t signature[64];
    struct note_key note_key;
    home_make_key("ca.example/other", "another key", &key, &vkey);
    assert_true(note_key_read(vkey, &note_key, &err));
    builder_format(&text, "ca.example/other\n4\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n");
    home_sign_with(key, builder_bytes(&text), signature);
    builder_add_bytes(&note, builder_bytes(&text));
    builder_add_u8(&note, '\n');
    note_signature_write(&note_key, BYTES(signature), &note);
    EVP_PKEY_free(key);
    note_key_done(&note_key);
    assert_true(file_replace(out.fd, "checkpoint", 0644, builder_bytes(&note), &err));
    assert_refused(ledger_export(home->ledger, out.fd, &result, &err), err, ERROR_LEDGER,
                   "the directory holds the export of another ledger");
    assert_true(file_replace(out.fd, "checkpoint", 0644, BYTES_LITERAL("a letter\n"), &err));
    assert_false(ledger_export(home->ledger, out.fd, &result, &err));
}

static void a_record_that_is_not_its_leaf_does_not_leave(void **state)
{
    struct home *home = *state;
    struct error err = ERROR_INIT;
    struct ledger_export result;
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    (void)home_issue(home, 0, 3);
    home_checkpoint(home);
    home_read(home, "ledger.jsonl", &text);
    char *place = strstr(builder_text(&text), "CN=device-0001");
    assert_non_null(place);
    place[3] = 'D';
    home_write(home, "ledger.jsonl", builder_bytes(&text));
    assert_refused(ledger_export(home->ledger, out.fd, &result, &err), err, ERROR_LEDGER,
                   "record 1 is not what the tree was made of");
    assert_false(file_exists(out.fd, "checkpoint"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_small_ledger_is_one_partial_tile_of_its_records, setup, teardown),
        cmocka_unit_test_setup_teardown(an_export_is_continued_and_its_partial_tiles_go, setup, teardown),
        cmocka_unit_test_setup_teardown(a_partial_tile_stays_beside_a_wider_one, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_not_under_a_checkpoint_is_no_export, setup, teardown),
        cmocka_unit_test_setup_teardown(a_directory_of_another_ledger_or_future_is_left_alone, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_record_that_is_not_its_leaf_does_not_leave, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
