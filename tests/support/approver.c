/* SPDX-License-Identifier: Apache-2.0 */
#include "approver.h"

#include "base/digest.h"
#include "base/file.h"

#include <fcntl.h>
#include <openssl/x509.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

void approver_make(struct approver *approver, const char *name, const char *seed)
{
    AUTO(builder_done) struct builder vkey = BUILDER_INIT;
    struct error err = ERROR_INIT;
    uint8_t bytes[32];
    unsigned char *spki = NULL;
    digest_sha256(bytes_of_text(seed), bytes);
    approver->key = EVP_PKEY_new_raw_private_key_ex(NULL, "ED25519", NULL, bytes, sizeof(bytes));
    int len = i2d_PUBKEY(approver->key, &spki);
    assert_true(len > 0 && note_key_write(name, NOTE_ED25519, bytes_of(spki, (size_t)len), &vkey, &err));
    OPENSSL_free(spki);
    approver->vkey = builder_take_text(&vkey);
    assert_true(note_key_read(approver->vkey, &approver->note_key, &err));
}

void approver_done(struct approver *approver)
{
    EVP_PKEY_free(approver->key);
    free(approver->vkey);
    note_key_done(&approver->note_key);
}

void approver_sign(const struct approver *approver, struct bytes text, struct builder *ret_note)
{
    AUTO(EVP_MD_CTX_free) EVP_MD_CTX *context = EVP_MD_CTX_new();
    uint8_t signature[64];
    size_t len = sizeof(signature);
    assert_int_equal(EVP_DigestSignInit(context, NULL, NULL, NULL, approver->key), 1);
    assert_int_equal(EVP_DigestSign(context, signature, &len, text.data, text.len), 1);
    builder_add_bytes(ret_note, text);
    builder_add_u8(ret_note, '\n');
    note_signature_write(&approver->note_key, BYTES(signature), ret_note);
}

void approver_approve(const struct approver *approver, const struct plan_header *header, int64_t time,
                      struct builder *ret_note)
{
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    approval_text(header, time, &text);
    approver_sign(approver, builder_bytes(&text), ret_note);
}

void approver_bring(const struct approver *approver, const char *path, bool is_approved,
                    struct approved_file *ret_file)
{
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    *ret_file = (struct approved_file){.given = {.file = &ret_file->file, .count = is_approved ? 1 : 0}};
    if (!file_read(AT_FDCWD, path, 1 << 20, &text, &err) ||
        !plan_file_read(builder_bytes(&text), &ret_file->file, &err))
        fail_msg("%s", err.text);
    approver_approve(approver, &ret_file->file.header, ret_file->file.header.not_before, &ret_file->note);
    ret_file->given.approvals[0] = builder_bytes(&ret_file->note);
}

void approved_file_done(struct approved_file *file)
{
    plan_file_done(&file->file);
    builder_done(&file->note);
}
