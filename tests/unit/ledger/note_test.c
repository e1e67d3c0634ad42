/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/note.h"
#include "ledger_home.h"

#define VECTORS SOURCE_FOLDER "/tests/vectors/"

/** The text of a vector, without its last LF if it is a vkey. */
static char *vector(const char *name, bool is_line)
{
    struct error err = ERROR_INIT;
    AUTO(free) char *path = memory_format(VECTORS "%s", name);
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    assert_done(file_read(AT_FDCWD, path, 1 << 16, &text, &err), err);
    text.len -= is_line ? 1 : 0;
    return builder_take_text(&text);
}

static void a_checkpoint_signed_by_gos_note_package_verifies(void **state)
{
    struct error err = ERROR_INIT;
    AUTO(free) char *text = vector("checkpoint-ed25519.note", false);
    AUTO(free) char *vkey = vector("checkpoint-ed25519.vkey", true);
    AUTO(note_key_done) struct note_key key = {.name = NULL};
    AUTO(note_done) struct note note = {.count = 0};
    struct checkpoint checkpoint;
    char root[129];
    bool is_signed;
    (void)state;
    assert_done(note_key_read(vkey, &key, &err), err);
    assert_done(note_read(bytes_of_text(text), &note, &err), err);
    assert_done(note_verify(&note, &key, &is_signed, NULL, &err), err);
    assert_true(is_signed);
    assert_done(checkpoint_read(note.text, &checkpoint, &err), err);
    assert_int_equal(checkpoint.size, 5);
    assert_true(bytes_equal_text(checkpoint.origin, "ca.example/root-2026"));
    assert_string_equal(hex_of(BYTES(checkpoint.root.bytes), root),
                        "ab5ba240d5c5f66d57c43fc3e948d87beca519d4da8b028b6c582fda7bbf99b4");
}

static void a_p256_checkpoint_by_another_program_verifies(void **state)
{
    struct error err = ERROR_INIT;
    AUTO(free) char *text = vector("checkpoint-p256.note", false);
    AUTO(free) char *vkey = vector("checkpoint-p256.vkey", true);
    AUTO(note_key_done) struct note_key key = {.name = NULL};
    AUTO(note_done) struct note note = {.count = 0};
    bool is_signed;
    (void)state;
    assert_done(note_key_read(vkey, &key, &err), err);
    assert_done(note_read(bytes_of_text(text), &note, &err), err);
    assert_done(note_verify(&note, &key, &is_signed, NULL, &err), err);
    assert_true(is_signed);
}

static void every_changed_byte_of_a_note_is_refused(void **state)
{
    struct error err = ERROR_INIT;
    AUTO(free) char *text = vector("checkpoint-ed25519.note", false);
    AUTO(free) char *vkey = vector("checkpoint-ed25519.vkey", true);
    AUTO(note_key_done) struct note_key key = {.name = NULL};
    (void)state;
    assert_done(note_key_read(vkey, &key, &err), err);
    for (size_t i = 0; text[i] != '\0'; i++) {
        AUTO(free) char *changed = memory_text(text);
        AUTO(note_done) struct note note = {.count = 0};
        bool is_signed = false;
        changed[i] = (char)(changed[i] ^ 1);
        assert_false(note_read(bytes_of_text(changed), &note, &err) &&
                     note_verify(&note, &key, &is_signed, NULL, &err) && is_signed);
    }
}

static void malformed_notes_checkpoints_and_keys_are_refused(void **state)
{
    static const char *const notes[] = {
        "",
        "text\n",
        "text\n\n",
        "text\n\n- name AAAAAAA=\n",
        "text\n\n\xe2\x80\x94 name AAAAAAA=",
        "text\n\n\xe2\x80\x94 name AAAAAA==\n",
        "text\n\n\xe2\x80\x94 na+me AAAAAAA=\n",
        "text\n\n\xe2\x80\x94  AAAAAAA=\n",
        "text\n\n\xe2\x80\x94 name AAAAAAA= \n",
        "text\n\n\xe2\x80\x94 name AAAAAAB=\n",
        "te\rxt\n\n\xe2\x80\x94 name AAAAAAA=\n",
        "te\xffxt\n\n\xe2\x80\x94 name AAAAAAA=\n",
    };
    static const char *const checkpoints[] = {
        "a\n5\n",
        "a\n05\nq1uiQNXF9m1XxD/D6UjYe+ylGdTaiwKLbFgv2nu/mbQ=\n",
        "a\n-5\nq1uiQNXF9m1XxD/D6UjYe+ylGdTaiwKLbFgv2nu/mbQ=\n",
        "a\n5\nq1uiQNXF9m1XxD/D6UjYe+ylGdTaiwKLbFgv2nu/mbS=\n",
        "a\n5\nq1uiQNXF9m1XxD/D6UjYe+ylGdTaiwKLbFgv2nu/\n",
        "a\n5\nq1uiQNXF9m1XxD/D6UjYe+ylGdTaiwKLbFgv2nu/mbQ=\nmore\n",
        "a\n5\nq1uiQNXF9m1XxD/D6UjYe+ylGdTaiwKLbFgv2nu/mbQ=",
        "\n5\nq1uiQNXF9m1XxD/D6UjYe+ylGdTaiwKLbFgv2nu/mbQ=\n",
        "a\n9999999999999999999\nq1uiQNXF9m1XxD/D6UjYe+ylGdTaiwKLbFgv2nu/mbQ=\n",
    };
    static const char *const keys[] = {
        "",
        "ca.example",
        "ca.example/root-2026+2c714f99+AbvRNRw4wBZHiWy7KTn0aSe4vKhS+dUnKs2Fx/zEgi7E",
        "ca.example/root-2027+2c714f98+AbvRNRw4wBZHiWy7KTn0aSe4vKhS+dUnKs2Fx/zEgi7E",
        "ca.example/root-2026+2c714f98+A7vRNRw4wBZHiWy7KTn0aSe4vKhS+dUnKs2Fx/zEgi7E",
        "ca.example/root-2026+2c714f98+AbvRNRw4wBZHiWy7KTn0aSe4vKhS+dUnKs2Fx/zEgg==",
        "ca.example/root 2026+2c714f98+AbvRNRw4wBZHiWy7KTn0aSe4vKhS+dUnKs2Fx/zEgi7E",
        "https://ca.example+2c714f98+AbvRNRw4wBZHiWy7KTn0aSe4vKhS+dUnKs2Fx/zEgi7E",
    };
    struct error err = ERROR_INIT;
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(notes); i++) {
        AUTO(note_done) struct note note = {.count = 0};
        if (note_read(bytes_of_text(notes[i]), &note, &err))
            fail_msg("note %zu was taken", i);
    }
    for (size_t i = 0; i < ARRAY_LEN(checkpoints); i++) {
        struct checkpoint checkpoint;
        if (checkpoint_read(bytes_of_text(checkpoints[i]), &checkpoint, &err))
            fail_msg("checkpoint %zu was taken", i);
    }
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        AUTO(note_key_done) struct note_key key = {.name = NULL};
        if (note_key_read(keys[i], &key, &err))
            fail_msg("key %zu was taken", i);
    }
}

static void an_ecdsa_key_signs_notes_of_type_two(void **state)
{
    struct error err = ERROR_INIT;
    AUTO(EVP_PKEY_free) EVP_PKEY *pkey = EVP_EC_gen("P-256");
    AUTO(EVP_MD_CTX_free) EVP_MD_CTX *context = EVP_MD_CTX_new();
    AUTO(builder_done) struct builder vkey = BUILDER_INIT;
    AUTO(builder_done) struct builder whole = BUILDER_INIT;
    AUTO(note_key_done) struct note_key key = {.name = NULL};
    AUTO(note_done) struct note note = {.count = 0};
    unsigned char *spki = NULL;
    uint8_t digest[32], signature[128];
    size_t len = sizeof(signature);
    bool is_signed;
    (void)state;
    size_t spki_len = (size_t)i2d_PUBKEY(pkey, &spki);
    assert_done(ledger_vkey_make("ca.example", bytes_of(spki, spki_len), &vkey, &err), err);
    assert_done(note_key_read(builder_text(&vkey), &key, &err), err);
    digest_sha256(bytes_of(spki, spki_len), digest);
    assert_memory_equal(key.id, digest, 4);
    OPENSSL_free(spki);
    builder_add_text(&whole, "ca.example\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n");
    assert_int_equal(EVP_DigestSignInit_ex(context, NULL, "SHA256", NULL, NULL, pkey, NULL), 1);
    assert_int_equal(EVP_DigestSign(context, signature, &len, whole.data, whole.len), 1);
    builder_add_u8(&whole, '\n');
    note_signature_write(&key, bytes_of(signature, len), &whole);
    assert_done(note_read(builder_bytes(&whole), &note, &err), err);
    assert_done(note_verify(&note, &key, &is_signed, NULL, &err), err);
    assert_true(is_signed);
    assert_int_equal(ledger_signature_kind(KEY_EC_P256), SIGNATURE_ECDSA_SHA256);
    assert_int_equal(ledger_signature_kind(KEY_RSA), SIGNATURE_OTHER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_checkpoint_signed_by_gos_note_package_verifies),
        cmocka_unit_test(a_p256_checkpoint_by_another_program_verifies),
        cmocka_unit_test(every_changed_byte_of_a_note_is_refused),
        cmocka_unit_test(malformed_notes_checkpoints_and_keys_are_refused),
        cmocka_unit_test(an_ecdsa_key_signs_notes_of_type_two),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
