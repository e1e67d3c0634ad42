/* SPDX-License-Identifier: Apache-2.0 */
/* A ledger's files: none is made over another, none is done without, and nothing but a file is one. And what does not get into them. */
#include "ledger_home.h"

#include <errno.h>

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

static void no_file_of_a_ledger_is_made_over(void **state)
{
    static const char *const names[] = {"ledger.jsonl", "ledger.checkpoints", "ledger.checkpoint"};
    struct home *home = *state;
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        struct error err = ERROR_INIT;
        AUTO(free)
        char *words =
            memory_format("%s already exists: a ledger is never overwritten, choose another home", names[i]);
        for (size_t j = 0; j < ARRAY_LEN(names); j++)
            (void)unlinkat(home->fd, names[j], 0);
        home_write(home, names[i], BYTES_LITERAL("x"));
        assert_false(ledger_create(home->fd, &err));
        assert_string_equal(err.text, words);
        assert_int_equal(err.kind, ERROR_LEDGER);
        assert_int_equal(err.native, EEXIST);
        for (size_t j = 0; j < ARRAY_LEN(names); j++)
            assert_int_equal(file_exists(home->fd, names[j]), j == i);
    }
    struct error err = ERROR_INIT;
    struct stat status;
    (void)unlinkat(home->fd, "ledger.checkpoint", 0);
    assert_done(ledger_create(home->fd, &err), err);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(fstatat(home->fd, names[i], &status, 0), 0);
        assert_int_equal(status.st_size, 0);
        assert_int_equal(status.st_mode & 0777, 0644);
    }
    assert_false(file_exists(home->fd, "ledger.checkpoint")); // there is no checkpoint yet
}

static void assert_not_opened(struct home *home, const char *vkey, enum error_kind kind, const char *words)
{
    for (int mode = 0; mode < 2; mode++) {
        struct error err = ERROR_INIT;
        struct ledger *ledger = NULL;
        assert_refused(ledger_open(home->fd, vkey, mode == 0 ? LEDGER_READ : LEDGER_WRITE, 0, &ledger, &err),
                       err, kind, words);
        assert_null(ledger);
    }
}

static void no_file_is_done_without(void **state)
{
    static const char *const names[] = {"ledger.jsonl", "ledger.checkpoints"};
    struct home *home = *state;
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        struct error err = ERROR_INIT;
        AUTO(ledger_report_done) struct ledger_report report = {.records = 0};
        assert_int_equal(unlinkat(home->fd, names[i], 0), 0);
        assert_not_opened(home, home->vkey, ERROR_LEDGER, names[i]);
        assert_refused(ledger_verify(home->fd, home->vkey, NULL, &report, &err), err, ERROR_LEDGER, names[i]);
        assert_non_null(strstr(err.text, "\nwhile verifying the ledger"));
        assert_int_equal(mkfifoat(home->fd, names[i], 0600), 0); // who opened it would wait
        assert_not_opened(home, home->vkey, ERROR_LEDGER, names[i]);
        assert_int_equal(unlinkat(home->fd, names[i], 0), 0);
        home_write(home, names[i], bytes_of(NULL, 0));
        home_open(home, LEDGER_WRITE);
        home_close(home);
    }
}

static void only_the_ledgers_own_key_opens_it(void **state)
{
    struct home *home = *state;
    struct error err = ERROR_INIT;
    struct ledger *ledger = NULL;
    AUTO(builder_done) struct builder vkey = BUILDER_INIT;
    unsigned char *spki = NULL;
    int len = i2d_PUBKEY(home->key, &spki);
    assert_done(note_key_write("w.example", NOTE_COSIGNATURE, bytes_of(spki, (size_t)len), &vkey, &err), err);
    OPENSSL_free(spki);
    assert_not_opened(home, builder_text(&vkey), ERROR_INPUT, "the ledger's verifier key is a witness's");
    assert_not_opened(home, "x", ERROR_INPUT, "\"x\" is not a verifier key: it has the form NAME+KEYID+KEY");
    assert_false(ledger_open(-1, home->vkey, LEDGER_READ, 0, &ledger, &err));
    assert_string_equal(err.text, "can't use the home directory: Bad file descriptor");
    assert_int_equal(err.kind, ERROR_INPUT);
}

static void who_writes_is_noted(void **state)
{
    struct home *home = *state;
    struct error err = ERROR_INIT;
    static const char *const names[] = {"unknown", "ann", "bob"};
    home_open(home, LEDGER_WRITE);
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        AUTO(json_free) struct json *record = NULL;
        AUTO(free) char *type = memory_format("test.note%zu", i);
        int64_t seq = -1;
        if (i > 0)
            ledger_set_operator(home->ledger, names[i]);
        assert_int_equal(home_append(home, type, json_new_object()), i);
        home_commit(home);
        assert_done(ledger_record(home->ledger, i, &record, &err), err);
        assert_string_equal(json_text(record, "operator"), names[i]);
        assert_string_equal(json_text(record, "type"), type);
        assert_true(json_int(record, "seq", &seq));
        assert_int_equal(seq, i);
    }
}

/** A note whose record is so many bytes long. */
static struct json *note_of(size_t len, size_t around)
{
    struct json *fields = json_new_object();
    AUTO(free) char *text = memory_new(len - around + 1, 1);
    memset(text, 'x', len - around);
    json_put_text(fields, "text", text);
    return fields;
}

static void a_record_is_as_long_as_one_may_be(void **state)
{
    struct home *home = *state;
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    home_open(home, LEDGER_WRITE);
    (void)home_append(home, "test.note", note_of(10, 10));
    home_commit(home);
    home_read(home, "ledger.jsonl", &text);
    size_t around = text.len - 1;
    (void)home_append(home, "test.note", note_of(LEDGER_RECORD_MAX_LEN, around));
    assert_false(
        ledger_append(home->ledger, "test.note", note_of(LEDGER_RECORD_MAX_LEN + 1, around), NULL, &err));
    assert_string_equal(err.text,
                        "a test.note record of 65536 bytes is longer than the 65535 a ledger takes");
    assert_int_equal(err.kind, ERROR_LEDGER);
    assert_int_equal(err.native, EMSGSIZE);
    home_commit(home);
    home_close(home);
    home_assert_clean(home, 2);
    home_remove_index(home);
    home_open(home, LEDGER_WRITE);
    assert_int_equal(ledger_size(home->ledger), 2);
}

static void what_is_no_record_is_not_appended(void **state)
{
    struct home *home = *state;
    struct error err = ERROR_INIT;
    home_open(home, LEDGER_WRITE);
    assert_false(ledger_append(home->ledger, "cert.signing", json_new_object(), NULL, &err));
    assert_string_equal(err.text, "not a record: cert.signing without a serial in hex");
    assert_int_equal(err.kind, ERROR_LEDGER);
    assert_false(ledger_append(home->ledger, "", json_new_object(), NULL, &err));
    assert_string_equal(err.text, "not a record: no type");
    home_commit(home); // of nothing
    assert_int_equal(ledger_size(home->ledger), 0);
    assert_int_equal(ledger_durable_size(home->ledger), 0);
}

/* ---- names in a list ---- */

static bool count(const struct json *record, const struct ledger_entry *entry, void *data)
{
    (void)record;
    assert_non_null(entry);
    ++*(unsigned *)data;
    return true;
}

static void each_name_of_a_certificate_is_found_whole(void **state)
{
    static const struct {
        const char *san;
        unsigned found;
    } cases[] = {{"dns:a.example", 1},
                 {"a.example", 1},
                 {"ip:10.0.0.1", 1},
                 {"10.0.0.1", 1},
                 {"email:\"q\"@x", 1},
                 {"\"q\"@x", 1},
                 {"dns:a", 0},
                 {"a", 0},
                 {"example", 0},
                 {"dns:", 0},
                 {"ip", 0},
                 {"dns:a.example\nip:10.0.0.1", 1},
                 {"7", 0},
                 {"x", 0}};
    struct home *home = *state;
    struct json *fields = home_signing(0);
    struct json *sans = json_put_array(fields, "sans");
    json_add_text(sans, "dns:a.example");
    json_add_text(sans, "ip:10.0.0.1");
    json_add_text(sans, "email:\"q\"@x");
    home_open(home, LEDGER_WRITE);
    (void)home_append(home, "cert.signing", fields);
    (void)home_append(home, "test.note", json_new_object());
    home_commit(home);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct error err = ERROR_INIT;
        unsigned found = 0;
        const struct ledger_filter filter = {.status = -1, .san = cases[i].san};
        assert_done(ledger_each(home->ledger, &filter, count, &found, &err), err);
        if (found != cases[i].found)
            fail_msg("%s: %u", cases[i].san, found);
    }
}

/* ---- what was changed behind a ledger that is open ---- */

static bool see(void *data, uint64_t seq, struct bytes text, struct error *err)
{
    (void)seq, (void)text, (void)err;
    ++*(unsigned *)data;
    return true;
}

static void what_was_changed_meanwhile_is_told(void **state)
{
    struct home *home = *state;
    struct error root = ERROR_INIT, longer = ERROR_INIT, place = ERROR_INIT, past = ERROR_INIT,
                 from = ERROR_INIT;
    struct json *record = NULL;
    unsigned seen = 0;
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    home_open(home, LEDGER_WRITE);
    (void)home_append(home, "test.note", note_of(10, 10));
    home_commit(home);
    home_read(home, "ledger.jsonl", &text);
    size_t first = text.len;
    (void)home_append(home, "test.note", note_of(LEDGER_RECORD_MAX_LEN, first - 1));
    (void)home_append(home, "test.note", json_new_object());
    home_commit(home);
    builder_clear(&text);
    home_read(home, "ledger.jsonl", &text);
    AUTO(ledger_scan_free) struct ledger_scan *scan = ledger_scan_new(home->ledger);
    assert_false(ledger_record(home->ledger, 3, &record, &past));
    assert_string_equal(past.text, "the ledger has no record 3: it holds 3");
    assert_int_equal(past.kind, ERROR_LEDGER);
    assert_false(ledger_scan_from(home->ledger, 3, see, &seen, &place));
    assert_string_equal(place.text, "index.sqlite does not know where record 3 is: run `coldca ledger index "
                                    "--rebuild`");
    assert_int_equal(place.kind, ERROR_LEDGER);
    uint8_t *end = text.data + first + LEDGER_RECORD_MAX_LEN; // of the longest there can be
    assert_int_equal(*end, '\n');
    *end = ' ';
    home_write(home, "ledger.jsonl", builder_bytes(&text));
    AUTO(ledger_scan_free) struct ledger_scan *again = ledger_scan_new(home->ledger);
    assert_false(ledger_scan_on(again, see, &seen, &longer));
    assert_string_equal(longer.text, "record 1 is longer than a record may be");
    assert_int_equal(longer.kind, ERROR_LEDGER);
    assert_int_equal(seen, 1);
    assert_false(ledger_scan_from(home->ledger, 0, see, &seen, &from)); // not passed over
    assert_string_equal(from.text, longer.text);
    assert_int_equal(from.kind, ERROR_LEDGER);
    assert_int_equal(seen, 2);
    *end = '\n';
    text.data[5] ^= 1;
    home_write(home, "ledger.jsonl", builder_bytes(&text));
    seen = 0;
    assert_false(ledger_scan_on(scan, see, &seen, &root));
    assert_string_equal(root.text,
                        "ledger.jsonl is not what this CA's checkpoints are of: run `coldca ledger "
                        "verify`, which says where it was changed");
    assert_int_equal(root.kind, ERROR_LEDGER);
    assert_int_equal(seen, 3);
    home_remove_index(home);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(no_file_of_a_ledger_is_made_over, setup, teardown),
        cmocka_unit_test_setup_teardown(no_file_is_done_without, setup, teardown),
        cmocka_unit_test_setup_teardown(only_the_ledgers_own_key_opens_it, setup, teardown),
        cmocka_unit_test_setup_teardown(who_writes_is_noted, setup, teardown),
        cmocka_unit_test_setup_teardown(a_record_is_as_long_as_one_may_be, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_no_record_is_not_appended, setup, teardown),
        cmocka_unit_test_setup_teardown(each_name_of_a_certificate_is_found_whole, setup, teardown),
        cmocka_unit_test_setup_teardown(what_was_changed_meanwhile_is_told, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
