/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/export.h"
#include "ledger/proof.h"
#include "ledger_home.h"

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

static void a_proof_shows_offline_that_a_certificate_was_logged(void **state)
{
    struct home *home = *state;
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder proof = BUILDER_INIT;
    uint8_t digest[32];
    home_open(home, LEDGER_WRITE);
    (void)home_issue(home, 0, 300);
    assert_refused(ledger_prove(home->ledger, 301, &proof, &err), err, ERROR_LEDGER, "no checkpoint yet");
    home_checkpoint(home);
    (void)home_issue(home, 300, 1);
    assert_refused(ledger_prove(home->ledger, 600, &proof, &err), err, ERROR_LEDGER,
                   "not under a checkpoint yet");
    for (uint64_t seq = 300; seq < 600; seq += 23) {
        AUTO(ledger_proof_done) struct ledger_proof found = {.record = NULL};
        builder_clear(&proof);
        home_digest("certificate", (unsigned)(seq - 300), digest);
        assert_done(ledger_prove(home->ledger, seq, &proof, &err), err);
        assert_done(ledger_proof_verify(builder_bytes(&proof), home->vkey, digest, NULL, &found, &err), err);
        assert_int_equal(found.seq, seq);
        assert_int_equal(found.checkpoint_size, 600);
        assert_string_equal(json_text(found.record, "type"), "cert.issued");
    }
    struct ledger_proof found;
    digest[0] ^= 1;
    assert_refused(ledger_proof_verify(builder_bytes(&proof), home->vkey, digest, NULL, &found, &err), err,
                   ERROR_LEDGER, "another certificate");
    builder_clear(&proof);
    assert_done(ledger_prove(home->ledger, 7, &proof, &err), err);
    assert_refused(ledger_proof_verify(builder_bytes(&proof), home->vkey, digest, NULL, &found, &err), err,
                   ERROR_LEDGER, "issued no certificate");
}

static void a_proof_with_any_byte_changed_does_not_hold(void **state)
{
    struct home *home = *state;
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder proof = BUILDER_INIT;
    home_open(home, LEDGER_WRITE);
    (void)home_issue(home, 0, 5);
    home_checkpoint(home);
    assert_done(ledger_prove(home->ledger, 6, &proof, &err), err);
    for (size_t i = 0; i < proof.len; i++) {
        struct ledger_proof found = {.record = NULL};
        proof.data[i] ^= 4;
        if (ledger_proof_verify(builder_bytes(&proof), home->vkey, NULL, NULL, &found, &err))
            fail_msg("byte %zu does not matter", i);
        proof.data[i] ^= 4;
    }
    for (size_t len = 0; len < proof.len; len++) {
        struct ledger_proof found = {.record = NULL};
        assert_false(ledger_proof_verify(bytes_slice(builder_bytes(&proof), 0, len), home->vkey, NULL, NULL,
                                         &found, &err));
    }
}

static void a_wrong_index_gives_no_wrong_proof(void **state)
{
    struct home *home = *state;
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder proof = BUILDER_INIT;
    AUTO(builder_done) struct builder index = BUILDER_INIT;
    AUTO(ledger_proof_done) struct ledger_proof found = {.record = NULL};
    home_open(home, LEDGER_WRITE);
    (void)home_issue(home, 0, 200);
    home_checkpoint(home);
    assert_done(ledger_prove(home->ledger, 3, &proof, &err), err);
    home_close(home);
    // The first sibling on the path is the leaf hash of record 2, which is in a full tile.
    uint8_t hash[32];
    AUTO(builder_done) struct builder sibling = BUILDER_INIT;
    const char *line = strstr(builder_text(&proof), "\nindex 3\n") + 9;
    assert_true(decode_base64(bytes_of(line, 44), &sibling));
    memcpy(hash, sibling.data, 32);
    home_read(home, "index.sqlite", &index);
    uint8_t *place = memmem(index.data, index.len, hash, 32);
    assert_non_null(place);
    place[5] ^= 1;
    home_write(home, "index.sqlite", builder_bytes(&index));
    home_open(home, LEDGER_WRITE);
    builder_clear(&proof);
    assert_done(ledger_prove(home->ledger, 3, &proof, &err), err);
    assert_done(ledger_proof_verify(builder_bytes(&proof), home->vkey, NULL, NULL, &found, &err), err);
    assert_non_null(ledger_notice(home->ledger));
}

static void consistency_is_shown_between_any_two_checkpoints(void **state)
{
    struct home *home = *state;
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder first = BUILDER_INIT;
    AUTO(builder_done) struct builder proof = BUILDER_INIT;
    uint64_t old_size, size;
    home_open(home, LEDGER_WRITE);
    (void)home_issue(home, 0, 3);
    home_checkpoint(home);
    home_read(home, "ledger.checkpoint", &first);
    (void)home_issue(home, 3, 200);
    home_checkpoint(home);
    assert_done(ledger_prove_consistency(home->ledger, 6, bytes_of(NULL, 0), &proof, &err), err);
    assert_done(ledger_consistency_verify(builder_bytes(&proof), builder_bytes(&first), home->vkey, &old_size,
                                          &size, &err),
                err);
    assert_int_equal(old_size, 6);
    assert_int_equal(size, 406);
    builder_clear(&proof);
    assert_done(ledger_prove_consistency(home->ledger, 5, bytes_of(NULL, 0), &proof, &err), err);
    assert_refused(ledger_consistency_verify(builder_bytes(&proof), builder_bytes(&first), home->vkey,
                                             &old_size, &size, &err),
                   err, ERROR_INPUT, "the older checkpoint is of 6");
    char *place = strstr(builder_text(&proof), "old 5");
    place[4] = '6';
    assert_refused(ledger_consistency_verify(builder_bytes(&proof), builder_bytes(&first), home->vkey,
                                             &old_size, &size, &err),
                   err, ERROR_LEDGER, "does not continue");
}

static void a_quorum_of_witnesses_can_be_demanded(void **state)
{
    struct home *home = *state;
    struct error err = ERROR_INIT;
    static const char *const names[] = {"witness.example/a", "witness.example/b", "witness.example/c"};
    char *vkeys[3];
    AUTO(builder_done) struct builder note = BUILDER_INIT;
    home_open(home, LEDGER_WRITE);
    (void)home_issue(home, 0, 2);
    home_checkpoint(home);
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        AUTO(builder_done) struct builder vkey = BUILDER_INIT;
        AUTO(builder_done) struct builder text = BUILDER_INIT;
        AUTO(free) char *unused = NULL;
        AUTO(EVP_PKEY_free) EVP_PKEY *key = NULL;
        unsigned char *spki = NULL;
        uint8_t signature[64];
        home_make_key(names[i], names[i], &key, &unused);
        size_t len = (size_t)i2d_PUBKEY(key, &spki);
        assert_done(ledger_witness_vkey_make(names[i], bytes_of(spki, len), &vkey, &err), err);
        OPENSSL_free(spki);
        vkeys[i] = builder_take_text(&vkey);
        assert_done(ledger_cosign_text(home->ledger, 1800000000, &text, &err), err);
        assert_non_null(strstr(builder_text(&text), "cosignature/v1\ntime 1800000000\n" HOME_ORIGIN "\n4\n"));
        home_sign_with(key, builder_bytes(&text), signature);
        if (i == 2)
            continue; // the third was not in the room
        assert_refused(ledger_cosign_add(home->ledger, vkeys[i], 1800000001, BYTES(signature), &err), err,
                       ERROR_TOKEN, "does not verify");
        assert_done(ledger_cosign_add(home->ledger, vkeys[i], 1800000000, BYTES(signature), &err), err);
    }
    home_open(home, LEDGER_READ);
    assert_done(ledger_checkpoint_newest(home->ledger, &note, &err), err);
    struct ledger_witnesses wanted = {(const char *const *)vkeys, 3, 2};
    assert_done(ledger_note_verify(builder_bytes(&note), home->vkey, &wanted, &err), err);
    wanted.quorum = 3;
    assert_refused(ledger_note_verify(builder_bytes(&note), home->vkey, &wanted, &err), err, ERROR_LEDGER,
                   "2 of the 3 witnesses needed have cosigned; missing: witness.example/c");
    const char *const twice[] = {vkeys[0], vkeys[0]};
    wanted = (struct ledger_witnesses){twice, 2, 2};
    assert_refused(ledger_note_verify(builder_bytes(&note), home->vkey, &wanted, &err), err, ERROR_USAGE,
                   "named twice");
    AUTO(builder_done) struct builder proof = BUILDER_INIT;
    AUTO(ledger_proof_done) struct ledger_proof found = {.record = NULL};
    wanted = (struct ledger_witnesses){(const char *const *)vkeys, 2, 2};
    assert_done(ledger_prove(home->ledger, 3, &proof, &err), err);
    assert_done(ledger_proof_verify(builder_bytes(&proof), home->vkey, NULL, &wanted, &found, &err), err);
    AUTO(ledger_report_done) struct ledger_report report = {.records = 0};
    assert_done(ledger_verify(home->fd, home->vkey, NULL, &report, &err), err);
    assert_int_equal(report.findings.count, 0);
    for (size_t i = 0; i < ARRAY_LEN(vkeys); i++)
        free(vkeys[i]);
}

static void tile_paths_are_those_of_tlog_tiles(void **state)
{
    static const struct {
        int level;
        uint64_t number;
        size_t width;
        const char *path;
    } known[] = {
        {0, 0, 256, "tile/0/000"},
        {0, 1234067, 256, "tile/0/x001/x234/067"},
        {1, 999, 17, "tile/1/999.p/17"},
        {-1, 1000, 256, "tile/entries/x001/000"},
        {-1, 273, 112, "tile/entries/273.p/112"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(known); i++) {
        AUTO(builder_done) struct builder path = BUILDER_INIT;
        ledger_tile_path(known[i].level, known[i].number, known[i].width, &path);
        assert_string_equal(builder_text(&path), known[i].path);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_proof_shows_offline_that_a_certificate_was_logged, setup, teardown),
        cmocka_unit_test_setup_teardown(a_proof_with_any_byte_changed_does_not_hold, setup, teardown),
        cmocka_unit_test_setup_teardown(a_wrong_index_gives_no_wrong_proof, setup, teardown),
        cmocka_unit_test_setup_teardown(consistency_is_shown_between_any_two_checkpoints, setup, teardown),
        cmocka_unit_test_setup_teardown(a_quorum_of_witnesses_can_be_demanded, setup, teardown),
        cmocka_unit_test(tile_paths_are_those_of_tlog_tiles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
