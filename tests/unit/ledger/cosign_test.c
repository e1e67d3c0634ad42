/* SPDX-License-Identifier: Apache-2.0 */
/* Cosignatures: what is kept of them, byte for byte, and what is told of those that are missing or wrong. */
#include "ledger/proof.h"
#include "ledger_home.h"

#define WITNESSES 3

static struct {
    EVP_PKEY *key;
    char *vkey;       /* as a witness */
    char *ledger_key; /* as a ledger's */
} witnesses[WITNESSES];

static struct builder plain; /* the checkpoint before anybody cosigned it */

static void make_witness(size_t number)
{
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder vkey = BUILDER_INIT;
    AUTO(free) char *name = memory_format("w%zu.example", number);
    unsigned char *spki = NULL;
    home_make_key(name, name, &witnesses[number].key, &witnesses[number].ledger_key);
    int len = i2d_PUBKEY(witnesses[number].key, &spki);
    assert_done(ledger_witness_vkey_make(name, bytes_of(spki, (size_t)len), &vkey, &err), err);
    OPENSSL_free(spki);
    witnesses[number].vkey = builder_take_text(&vkey);
}

static int setup(void **state)
{
    struct error err = ERROR_INIT;
    struct home *home = memory_new(1, sizeof(*home));
    home_init(home);
    home_open(home, LEDGER_WRITE);
    (void)home_issue(home, 0, 1);
    home_checkpoint(home);
    assert_done(ledger_checkpoint_newest(home->ledger, &plain, &err), err);
    for (size_t i = 0; i < WITNESSES; i++)
        make_witness(i);
    *state = home;
    return 0;
}

static int teardown(void **state)
{
    home_done(*state);
    free(*state);
    builder_done(&plain);
    for (size_t i = 0; i < WITNESSES; i++) {
        EVP_PKEY_free(witnesses[i].key);
        free(witnesses[i].vkey);
        free(witnesses[i].ledger_key);
    }
    return 0;
}

/** Cosigns as the witness would. */
static void cosign(struct home *home, size_t number, int64_t time)
{
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    uint8_t signature[64];
    assert_done(ledger_cosign_text(home->ledger, time, &text, &err), err);
    home_sign_with(witnesses[number].key, builder_bytes(&text), signature);
    assert_done(ledger_cosign_add(home->ledger, witnesses[number].vkey, time, BYTES(signature), &err), err);
}

/** The line that is due for it. */
static void add_line(size_t number, int64_t time, struct builder *ret_text)
{
    struct error err = ERROR_INIT;
    AUTO(note_key_done) struct note_key key = {.name = NULL};
    AUTO(builder_done) struct builder message = BUILDER_INIT;
    AUTO(builder_done) struct builder value = BUILDER_INIT;
    uint8_t signature[64];
    assert_done(note_key_read(witnesses[number].vkey, &key, &err), err);
    builder_format(&message, "cosignature/v1\ntime %d\n%.*s", (int)time,
                   (int)((char *)memmem(plain.data, plain.len, "\n\n", 2) - (char *)plain.data + 1),
                   (const char *)plain.data);
    home_sign_with(witnesses[number].key, builder_bytes(&message), signature);
    builder_add(&value, key.id, 4);
    builder_add_u64(&value, (uint64_t)time);
    builder_add(&value, signature, sizeof(signature));
    builder_format(ret_text, "\xe2\x80\x94 w%zu.example ", number);
    encode_base64(builder_bytes(&value), ret_text);
    builder_add_u8(ret_text, '\n');
}

static void each_witness_has_one_line_its_newest(void **state)
{
    struct home *home = *state;
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder wanted = BUILDER_INIT;
    AUTO(builder_done) struct builder newest = BUILDER_INIT;
    AUTO(builder_done) struct builder file = BUILDER_INIT;
    AUTO(builder_done) struct builder all = BUILDER_INIT;
    cosign(home, 0, 1);
    cosign(home, 1, 2);
    cosign(home, 0, 3);
    cosign(home, 2, 0);
    builder_add_bytes(&wanted, builder_bytes(&plain));
    add_line(1, 2, &wanted);
    add_line(0, 3, &wanted);
    add_line(2, 0, &wanted);
    assert_done(ledger_checkpoint_newest(home->ledger, &newest, &err), err);
    assert_string_equal(builder_text(&newest), builder_text(&wanted));
    home_read(home, "ledger.checkpoint", &file);
    assert_string_equal(builder_text(&file), builder_text(&wanted));
    home_read(home, "ledger.checkpoints", &all);
    AUTO(free) char *last = memory_format("\n\n%s\n", builder_text(&wanted));
    assert_string_equal(builder_text(&all) + all.len - strlen(last), last);
    assert_int_equal(ledger_checkpoint_size(home->ledger), 2);
    home_open(home, LEDGER_WRITE);
    assert_null(ledger_notice(home->ledger));
    (void)home_issue(home, 1, 1);
    home_checkpoint(home); // goes on behind them
    home_open(home, LEDGER_READ);
    home_assert_clean(home, 4);
}

static void assert_not_added(struct home *home, const char *vkey, int64_t time, struct bytes signature,
                             enum error_kind kind, const char *text)
{
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder newest = BUILDER_INIT;
    assert_false(ledger_cosign_add(home->ledger, vkey, time, signature, &err));
    assert_string_equal(err.text, text);
    assert_int_equal(err.kind, kind);
    assert_done(ledger_checkpoint_newest(home->ledger, &newest, &err), err);
    assert_string_equal(builder_text(&newest), builder_text(&plain));
}

static void a_cosignature_that_is_none_is_not_kept(void **state)
{
    static const char wrong[] = "the witness's signature does not verify with the key of w0.example";
    struct home *home = *state;
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    AUTO(builder_done) struct builder before = BUILDER_INIT;
    uint8_t signature[64];
    assert_done(ledger_cosign_text(home->ledger, 7, &text, &err), err);
    home_sign_with(witnesses[0].key, builder_bytes(&text), signature);
    assert_not_added(home, witnesses[0].vkey, 8, BYTES(signature), ERROR_TOKEN, wrong);
    assert_not_added(home, witnesses[0].vkey, 7, bytes_of(signature, 63), ERROR_TOKEN, wrong);
    assert_not_added(home, witnesses[1].vkey, 7, BYTES(signature), ERROR_TOKEN,
                     "the witness's signature does not verify with the key of w1.example");
    assert_not_added(home, witnesses[0].ledger_key, 7, BYTES(signature), ERROR_INPUT,
                     "w0.example is not the key of a witness (type 0x04)");
    // A time before all times, though its signature is right.
    assert_done(ledger_cosign_text(home->ledger, -1, &before, &err), err);
    home_sign_with(witnesses[0].key, builder_bytes(&before), signature);
    assert_not_added(home, witnesses[0].vkey, -1, BYTES(signature), ERROR_TOKEN, wrong);
}

static void a_note_has_room_for_so_many_signatures(void **state)
{
    struct home *home = *state;
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    AUTO(builder_done) struct builder note = BUILDER_INIT;
    uint8_t signature[64];
    builder_add_bytes(&note, builder_bytes(&plain));
    for (int i = 0; i < NOTE_SIGNATURES_MAX - 1; i++)
        builder_format(&note, "\xe2\x80\x94 other%d.example AAAAAAA=\n", i);
    home_close(home);
    home_write(home, "ledger.checkpoint", builder_bytes(&note));
    builder_add_u8(&note, '\n');
    home_write(home, "ledger.checkpoints", builder_bytes(&note));
    home_remove_index(home);
    home_open(home, LEDGER_WRITE);
    assert_done(ledger_cosign_text(home->ledger, 7, &text, &err), err);
    home_sign_with(witnesses[0].key, builder_bytes(&text), signature);
    assert_refused(ledger_cosign_add(home->ledger, witnesses[0].vkey, 7, BYTES(signature), &err), err,
                   ERROR_INPUT, "the checkpoint has 64 signatures, more are not kept");
}

static void assert_quorum(struct home *home, size_t named, size_t quorum, const char *text)
{
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder note = BUILDER_INIT;
    const char *vkeys[WITNESSES];
    for (size_t i = 0; i < WITNESSES; i++)
        vkeys[i] = witnesses[i].vkey;
    const struct ledger_witnesses wanted = {vkeys, named, quorum};
    assert_done(ledger_checkpoint_newest(home->ledger, &note, &err), err);
    bool holds = ledger_note_verify(builder_bytes(&note), home->vkey, &wanted, &err);
    assert_string_equal(holds ? "" : err.text, text);
    assert_int_equal(err.kind, holds ? ERROR_NONE : ERROR_LEDGER);
}

static void who_is_missing_is_named(void **state)
{
    struct home *home = *state;
    assert_quorum(home, 3, 0, "");
    assert_quorum(home, 3, 1,
                  "0 of the 1 witnesses needed have cosigned; missing: w0.example, w1.example, w2.example");
    cosign(home, 1, 5);
    assert_quorum(home, 3, 1, "");
    assert_quorum(home, 3, 2, "1 of the 2 witnesses needed have cosigned; missing: w0.example, w2.example");
    assert_quorum(home, 1, 1, "0 of the 1 witnesses needed have cosigned; missing: w0.example");
    cosign(home, 0, 6);
    assert_quorum(home, 2, 2, "");
    assert_quorum(home, 3, 3, "2 of the 3 witnesses needed have cosigned; missing: w2.example");
}

static void assert_note_refused(struct bytes note, const char *vkey, const struct ledger_witnesses *wanted,
                                enum error_kind kind, const char *text)
{
    struct error err = ERROR_INIT;
    assert_false(ledger_note_verify(note, vkey, wanted, &err));
    assert_string_equal(err.text, text);
    assert_int_equal(err.kind, kind);
}

static void keys_are_what_they_are_named_for(void **state)
{
    struct home *home = *state;
    struct error err = ERROR_INIT;
    struct error kept = ERROR_INIT;
    const struct bytes note = builder_bytes(&plain);
    assert_note_refused(note, witnesses[0].vkey, NULL, ERROR_INPUT,
                        "w0.example is the key of a witness, the ledger's own is needed");
    assert_note_refused(note, witnesses[0].ledger_key, NULL, ERROR_LEDGER,
                        "the checkpoint is not signed by w0.example");
    const char *const no_witness[] = {witnesses[0].vkey, home->vkey};
    const struct ledger_witnesses wrong = {no_witness, 2, 1};
    assert_note_refused(note, home->vkey, &wrong, ERROR_INPUT,
                        HOME_ORIGIN " is not the key of a witness (type 0x04)");
    assert_false(ledger_witnesses_check(&wrong, &kept));
    assert_string_equal(kept.text, HOME_ORIGIN " is not the key of a witness (type 0x04)");
    const char *const right[] = {witnesses[0].vkey, witnesses[1].vkey};
    assert_done(ledger_witnesses_check(&(struct ledger_witnesses){right, 2, 2}, &err), err);
    const char *const twice[] = {witnesses[0].vkey, witnesses[1].vkey, witnesses[0].vkey};
    const struct ledger_witnesses doubled = {twice, 3, 1};
    assert_note_refused(note, home->vkey, &doubled, ERROR_USAGE, "the witness w0.example is named twice");
    // A cosignature that does not verify says that the checkpoint was changed.
    AUTO(builder_done) struct builder changed = BUILDER_INIT;
    cosign(home, 0, 9);
    assert_done(ledger_checkpoint_newest(home->ledger, &changed, &err), err);
    uint8_t *letter = &changed.data[changed.len - 6]; // of its base64, all bits of which count
    *letter = *letter == 'A' ? 'B' : 'A';
    const struct ledger_witnesses one = {right, 1, 1};
    assert_note_refused(builder_bytes(&changed), home->vkey, &one, ERROR_LEDGER,
                        "the signature of w0.example does not verify");
    assert_note_refused(BYTES_LITERAL("a letter\n"), home->vkey, NULL, ERROR_INPUT,
                        "not a signed note: no empty line before its signatures");
}

static void what_a_checkpoint_says_is_told_whoever_signed_it(void **state)
{
    struct home *home = *state;
    struct error err = ERROR_INIT;
    char *origin = NULL;
    uint64_t size = 0;
    uint8_t root[32], wanted[32];
    ledger_root(home->ledger, wanted);
    assert_done(ledger_note_says(builder_bytes(&plain), &origin, &size, root, &err), err);
    assert_string_equal(origin, HOME_ORIGIN);
    assert_int_equal(size, 2);
    assert_memory_equal(root, wanted, 32);
    free(origin);
    origin = NULL;
    assert_refused(ledger_note_says(BYTES_LITERAL("a letter\n"), &origin, &size, root, &err), err,
                   ERROR_INPUT, "not a signed note");
    assert_refused(
        ledger_note_says(BYTES_LITERAL("a\n\n\xe2\x80\x94 ann AAAAAAA=\n"), &origin, &size, root, &err), err,
        ERROR_INPUT, "not a checkpoint: origin, size and root are three lines");
    assert_null(origin);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_witness_has_one_line_its_newest, setup, teardown),
        cmocka_unit_test_setup_teardown(a_cosignature_that_is_none_is_not_kept, setup, teardown),
        cmocka_unit_test_setup_teardown(a_note_has_room_for_so_many_signatures, setup, teardown),
        cmocka_unit_test_setup_teardown(who_is_missing_is_named, setup, teardown),
        cmocka_unit_test_setup_teardown(keys_are_what_they_are_named_for, setup, teardown),
        cmocka_unit_test_setup_teardown(what_a_checkpoint_says_is_told_whoever_signed_it, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
