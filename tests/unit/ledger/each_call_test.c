/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One call into the system, SQLite or OpenSSL fails, whichever: a run is told, and what it had been told is committed is there; or all is
 * as if nothing had failed. The home is sound either way, and the next run goes on in it.
 */
#include "failing.h"
#include "ledger/log.h"
#include "ledger/proof.h"
#include "ledger_home.h"

#define CERTIFICATES 2
#define BEFORE (2 * CERTIFICATES + 1) /* records, one of them an unfinished cert.signing */
#define AFTER (BEFORE + 4)

static const char *const files[] = {"ledger.jsonl", "ledger.checkpoints", "ledger.checkpoint",
                                    "index.sqlite"};

/** A home, as it was before what fails. */
struct scene {
    struct home home;
    struct builder files[ARRAY_LEN(files)]; /**< empty: it is not there, but for the first two */
    char *witness;                          /**< the same key's, as a witness */
    uint64_t kept_records;                  /**< in them, and under their newest checkpoint */
    uint64_t records, checkpoint;           /**< what somebody was told is there */
    bool is_torn;                           /**< a file does not end in LF */
};

static void keep(struct scene *scene)
{
    if (scene->home.ledger != NULL)
        scene->kept_records = ledger_checkpoint_size(scene->home.ledger);
    home_close(&scene->home);
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        builder_clear(&scene->files[i]);
        if (file_exists(scene->home.fd, files[i]))
            home_read(&scene->home, files[i], &scene->files[i]);
    }
}

/** Whether the files are those that were put there: then they are as sound as they were. */
static bool is_untouched(const struct scene *scene)
{
    struct stat wal;
    if (fstatat(scene->home.fd, "index.sqlite-wal", &wal, 0) == 0 && wal.st_size > 0)
        return false;
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        AUTO(builder_done) struct builder now = BUILDER_INIT;
        if (file_exists(scene->home.fd, files[i]))
            home_read(&scene->home, files[i], &now);
        if (!bytes_equal(builder_bytes(&now), builder_bytes(&scene->files[i])))
            return false;
    }
    return scene->records <= scene->kept_records && scene->checkpoint <= scene->kept_records;
}

static void put_back(struct scene *scene)
{
    home_close(&scene->home);
    home_remove_index(&scene->home);
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        (void)unlinkat(scene->home.fd, files[i], 0);
        if (scene->files[i].len > 0 || i < 2)
            home_write(&scene->home, files[i], builder_bytes(&scene->files[i]));
    }
}

static void make_witness(struct scene *scene)
{
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder vkey = BUILDER_INIT;
    unsigned char *spki = NULL;
    int len = i2d_PUBKEY(scene->home.key, &spki);
    assert_done(ledger_witness_vkey_make("witness.example", bytes_of(spki, (size_t)len), &vkey, &err), err);
    OPENSSL_free(spki);
    scene->witness = builder_take_text(&vkey);
}

static int setup(void **state)
{
    struct scene *scene = memory_new(1, sizeof(*scene));
    struct home *home = &scene->home;
    home_init(home);
    make_witness(scene);
    home_open(home, LEDGER_WRITE);
    (void)home_issue(home, 0, CERTIFICATES);
    home_checkpoint(home);
    (void)home_append(home, "cert.signing", home_signing(50));
    home_commit(home);
    home_checkpoint(home);
    keep(scene);
    *state = scene;
    return 0;
}

static int teardown(void **state)
{
    struct scene *scene = *state;
    home_done(&scene->home);
    for (size_t i = 0; i < ARRAY_LEN(files); i++)
        builder_done(&scene->files[i]);
    free(scene->witness);
    free(scene);
    return 0;
}

/* ---- what is tried ---- */

/** A token that signs, or says that it can't. */
static bool sign(const struct home *home, struct bytes text, uint8_t ret_signature[static 64],
                 struct error *err)
{
    size_t len = 64;
    AUTO(EVP_MD_CTX_free) EVP_MD_CTX *context = EVP_MD_CTX_new();
    return (context != NULL && EVP_DigestSignInit(context, NULL, NULL, NULL, home->key) == 1 &&
            EVP_DigestSign(context, ret_signature, &len, text.data, text.len) == 1) ||
           error_set(err, ERROR_TOKEN, 0, "the token does not sign");
}

static bool add_checkpoint(struct scene *scene, struct error *err)
{
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    uint8_t signature[64];
    if (!ledger_checkpoint_text(scene->home.ledger, &text, err) ||
        !sign(&scene->home, builder_bytes(&text), signature, err) ||
        !ledger_checkpoint_add(scene->home.ledger, builder_bytes(&text), BYTES(signature), err))
        return false;
    scene->checkpoint = ledger_size(scene->home.ledger);
    return true;
}

static bool commit(struct scene *scene, struct error *err)
{
    if (!ledger_commit(scene->home.ledger, err))
        return false;
    scene->records = ledger_durable_size(scene->home.ledger);
    return true;
}

static bool open_for(struct scene *scene, enum ledger_mode mode, struct error *err)
{
    return ledger_open(scene->home.fd, scene->home.vkey, mode, 0, &scene->home.ledger, err);
}

/** Signs one, issues another, revokes a third, abandons the fourth. */
static bool run(struct scene *scene, struct error *err)
{
    if (!open_for(scene, LEDGER_WRITE, err))
        return false;
    struct ledger *ledger = scene->home.ledger;
    return ledger_append(ledger, "cert.signing", home_signing(60), NULL, err) && commit(scene, err) &&
           ledger_append(ledger, "cert.issued", home_issued(BEFORE), NULL, err) &&
           ledger_append(ledger, "cert.revoked", home_of_serial(0), NULL, err) &&
           ledger_append(ledger, "cert.abandoned", home_issued(BEFORE - 1), NULL, err) &&
           commit(scene, err) && add_checkpoint(scene, err);
}

static bool open_to_write(struct scene *scene, struct error *err)
{
    return open_for(scene, LEDGER_WRITE, err);
}

static bool open_to_read(struct scene *scene, struct error *err)
{
    return open_for(scene, LEDGER_READ, err);
}

static bool open_beside(struct scene *scene, struct error *err)
{
    struct ledger *reader = NULL;
    if (!open_for(scene, LEDGER_WRITE, err) ||
        !ledger_append(scene->home.ledger, "test.note", json_new_object(), NULL, err) ||
        !commit(scene, err) || !ledger_open_beside(scene->home.ledger, &reader, err))
        return false;
    assert_int_equal(ledger_size(reader), BEFORE + 1);
    // It holds no moment of the index, behind which the writer's log would grow.
    assert_int_not_equal(sqlite3_get_autocommit(index_database(reader->index)), 0);
    ledger_close(reader);
    return true;
}

static bool rebuild_index(struct scene *scene, struct error *err)
{
    uint64_t records = 0;
    if (!ledger_index_rebuild(scene->home.fd, scene->home.vkey, &records, err))
        return false;
    assert_int_equal(records, BEFORE);
    return true;
}

static bool cosign(struct scene *scene, struct error *err)
{
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    uint8_t signature[64];
    return open_for(scene, LEDGER_WRITE, err) && ledger_cosign_text(scene->home.ledger, 7, &text, err) &&
           sign(&scene->home, builder_bytes(&text), signature, err) &&
           ledger_cosign_add(scene->home.ledger, scene->witness, 7, BYTES(signature), err);
}

/* ---- what holds ---- */

/** Nothing is lost that somebody was told of, nothing is wrong, and the next run goes on. */
static void assert_sound(struct scene *scene, const char *failed, unsigned number)
{
    struct error err = ERROR_INIT;
    struct home *home = &scene->home;
    struct ledger *ledger = NULL;
    if (!ledger_open(home->fd, home->vkey, LEDGER_WRITE, 0, &ledger, &err))
        fail_msg("call %u, %s: the next run can't open it: %s", number, failed, err.text);
    home->ledger = ledger;
    if (ledger_size(ledger) < scene->records || ledger_checkpoint_size(ledger) < scene->checkpoint)
        fail_msg("call %u, %s: %d records under a checkpoint of %d, but told were %d, %d", number, failed,
                 (int)ledger_size(ledger), (int)ledger_checkpoint_size(ledger), (int)scene->records,
                 (int)scene->checkpoint);
    if (number % 3 != 1)
        return; // one in three is looked at wholly: neighbouring calls fail alike
    uint64_t records = home_append(home, "test.note", json_new_object()) + 1;
    home_commit(home);
    home_checkpoint(home);
    home_close(home);
    home_assert_clean(home, records);
}

typedef bool doing(struct scene *scene, struct error *err);

/** Whether the ledger's own files, which a mere opening has nothing to say in, are as they were. */
static bool is_ledger_untouched(const struct scene *scene)
{
    for (size_t i = 0; i < 2; i++) {
        AUTO(builder_done) struct builder now = BUILDER_INIT;
        home_read(&scene->home, files[i], &now);
        if (!bytes_equal(builder_bytes(&now), builder_bytes(&scene->files[i])))
            return false;
    }
    return true;
}

/** The disk's faults are the disk's; OpenSSL, and who signs by it, have their own. */
static bool is_told_as_due(const struct error *err, const char *failed)
{
    bool is_disk = failed != NULL && strncmp(failed, "EVP_", 4) != 0;
    return err->len > 0 && err->kind != ERROR_NONE && err->kind != ERROR_USAGE &&
           (!is_disk || err->kind == ERROR_INPUT);
}

/** \param names what the names of the calls begin with \return how many there are to fail */
static unsigned fail_each(struct scene *scene, doing *what, const char *names, uint64_t records)
{
    for (unsigned number = 1;; number++) {
        struct error err = ERROR_INIT;
        put_back(scene);
        scene->records = scene->kept_records;
        scene->checkpoint = scene->kept_records;
        size_t descriptors = home_count_descriptors();
        failing_at(names, number);
        bool is_done = what(scene, &err);
        uint64_t size = scene->home.ledger == NULL ? records : ledger_size(scene->home.ledger);
        home_close(&scene->home);
        const char *failed = failing_stop();
        if (home_count_descriptors() != descriptors)
            fail_msg("call %u, %s: something was left open", number, failed == NULL ? "none" : failed);
        if (!is_done && !is_told_as_due(&err, failed))
            fail_msg("call %u, %s: %d \"%s\"", number, failed == NULL ? "none" : failed, (int)err.kind,
                     err.text);
        if ((what == open_to_write || what == open_to_read) && !scene->is_torn && !is_ledger_untouched(scene))
            fail_msg("call %u, %s: a sound ledger was changed", number, failed == NULL ? "none" : failed);
        if (is_done && err.kind != ERROR_NONE)
            fail_msg("call %u, %s: done, and told: %s", number, failed == NULL ? "none" : failed, err.text);
        if (is_done && size != records)
            fail_msg("call %u, %s: %d records, %d are due", number, failed == NULL ? "none" : failed,
                     (int)size, (int)records);
        if (failed == NULL && !is_done)
            fail_msg("without a fault: %s", err.text);
        if (is_done && what != open_to_read && number % 3 == 1)
            home_assert_clean(&scene->home, records);
        if (failed == NULL || !is_untouched(scene))
            assert_sound(scene, failed == NULL ? "none" : failed, number);
        if (failed == NULL)
            return number - 1;
    }
}

/* ---- homes to open ---- */

/** What the index has read of this home is less than there is. */
static void put_index_behind(struct scene *scene)
{
    struct home *home = &scene->home;
    AUTO(builder_done) struct builder index = BUILDER_INIT;
    put_back(scene);
    home_read(home, "index.sqlite", &index);
    home_open(home, LEDGER_WRITE);
    (void)home_append(home, "cert.issued", home_issued(BEFORE - 1));
    (void)home_append(home, "cert.signing", home_signing(70));
    home_commit(home);
    home_checkpoint(home);
    scene->kept_records = ledger_checkpoint_size(home->ledger);
    home_close(home);
    home_remove_index(home);
    home_write(home, "index.sqlite", builder_bytes(&index));
    keep(scene);
}

static void add_to(struct scene *scene, const char *file, struct bytes text)
{
    put_back(scene);
    home_add_to(&scene->home, file, text);
    keep(scene);
}

/** Somebody was stopped in the middle of a record, and of a checkpoint. */
static void tear(struct scene *scene)
{
    add_to(scene, "ledger.jsonl", BYTES_LITERAL("{\"batch\":\"mor"));
    add_to(scene, "ledger.checkpoints", BYTES_LITERAL(HOME_ORIGIN "\n7\n"));
    scene->is_torn = true;
}

static void a_run_that_fails_is_told_and_loses_nothing(void **state)
{
    assert_in_range(fail_each(*state, run, "", AFTER), 50, 1000);
    tear(*state); // what is written behind a torn end is written for nothing
    assert_in_range(fail_each(*state, run, "f", AFTER), 10, 1000);
}

/** Somebody was stopped between ledger.checkpoints and ledger.checkpoint. */
static void put_newest_behind(struct scene *scene)
{
    struct builder *newest = &scene->files[2];
    AUTO(builder_done) struct builder before = BUILDER_INIT;
    builder_add_bytes(&before, builder_bytes(newest));
    put_index_behind(scene);
    builder_clear(newest);
    builder_add_bytes(newest, builder_bytes(&before));
}

static void a_writers_opening_that_fails_is_told_and_loses_nothing(void **state)
{
    struct scene *scene = *state;
    assert_in_range(fail_each(scene, open_beside, "", BEFORE + 1), 20, 1000);
    // Most of what makes an index is tried below.
    assert_in_range(fail_each(scene, rebuild_index, "f", BEFORE), 2, 1000);
    assert_in_range(fail_each(scene, rebuild_index, "unlink", BEFORE), 1, 1000);
    assert_in_range(fail_each(scene, rebuild_index, "open", BEFORE), 2, 1000);
    assert_in_range(fail_each(scene, cosign, "", BEFORE), 20, 1000);
    tear(scene);
    assert_in_range(fail_each(scene, open_to_write, "", BEFORE), 20, 1000);
}

static void a_writer_that_reads_on_and_fails_is_told_and_loses_nothing(void **state)
{
    struct scene *scene = *state;
    put_newest_behind(scene);
    assert_in_range(fail_each(scene, open_to_write, "", BEFORE + 2), 20, 1000);
    builder_clear(&scene->files[2]); // it is missing, and so is the index
    builder_clear(&scene->files[3]);
    assert_in_range(fail_each(scene, open_to_write, "", BEFORE + 2), 20, 1000);
}

/** Somebody was stopped in the middle of the very first record. */
static void a_first_record_that_cannot_be_taken_back_is_told(void **state)
{
    struct scene *scene = *state;
    for (size_t i = 0; i < ARRAY_LEN(files); i++)
        builder_clear(&scene->files[i]);
    put_back(scene);
    home_write(&scene->home, "ledger.jsonl", BYTES_LITERAL("{\"batch\":\"mor"));
    home_write(&scene->home, "ledger.checkpoints", BYTES_LITERAL(""));
    keep(scene);
    scene->kept_records = 0;
    scene->is_torn = true;
    assert_in_range(fail_each(scene, open_to_write, "f", 0), 5, 100);
    assert_in_range(fail_each(scene, open_to_write, "p", 0), 2, 100);
}

static void a_readers_opening_that_fails_is_told_and_loses_nothing(void **state)
{
    struct scene *scene = *state;
    tear(scene);
    assert_in_range(fail_each(scene, open_to_read, "", BEFORE), 20, 1000);
}

static void a_reader_that_reads_on_and_fails_is_told_and_loses_nothing(void **state)
{
    struct scene *scene = *state;
    put_index_behind(scene);
    assert_in_range(fail_each(scene, open_to_read, "", BEFORE + 2), 20, 1000);
    builder_clear(&scene->files[3]);
    assert_in_range(fail_each(scene, open_to_read, "f", BEFORE + 2), 2, 1000);
    assert_in_range(fail_each(scene, open_to_read, "p", BEFORE + 2), 1, 1000);
    assert_in_range(fail_each(scene, open_to_read, "sqlite3_backup", BEFORE + 2), 2, 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_run_that_fails_is_told_and_loses_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(a_writers_opening_that_fails_is_told_and_loses_nothing, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_writer_that_reads_on_and_fails_is_told_and_loses_nothing, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_first_record_that_cannot_be_taken_back_is_told, setup, teardown),
        cmocka_unit_test_setup_teardown(a_readers_opening_that_fails_is_told_and_loses_nothing, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_reader_that_reads_on_and_fails_is_told_and_loses_nothing, setup,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
