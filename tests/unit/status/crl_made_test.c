/* SPDX-License-Identifier: Apache-2.0 */
/* A CRL on its way to the disk: what leaves is, to the byte, what was hashed and signed, of every kind of key; what is not is found. */
#include "status/crl_made.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/digest.h"
#include "base/memory.h"
#include "cert_maker.h"
#include "failing.h"
#include "folder.h"

#include <openssl/pem.h>

static struct folder folder;
static EVP_PKEY *ca_key;
static struct cert_issuer *issuer;
static enum signature_kind kind;
static struct builder tbs;

/** A CA with a key of this kind, and a TBSCertList of so many entries. */
static void make_ca(const char *name, enum signature_kind signature, unsigned entries)
{
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder list = BUILDER_INIT;
    ca_key = name[0] == 'E' ? EVP_PKEY_Q_keygen(NULL, NULL, name) : EVP_PKEY_Q_keygen(NULL, NULL, "EC", name);
    kind = signature;
    issuer = maker_root("CN=Root", ca_key, kind);
    const struct crl_frame frame = {.issuer = issuer,
                                    .kind = kind,
                                    .number = 7,
                                    .this_update = MAKER_NOW,
                                    .next_update = MAKER_NOW + 86400,
                                    .expired_since = CRL_NO_TIME};
    for (unsigned i = 0; i < entries; i++) {
        const uint8_t serial[] = {0x0a, (uint8_t)(i >> 8), (uint8_t)i};
        const struct crl_entry entry = {.serial = BYTES(serial),
                                        .revoked_at = MAKER_NOW,
                                        .reason = CRL_SUPERSEDED,
                                        .invalidity_date = CRL_NO_TIME};
        crl_entry_add(&entry, &list);
    }
    builder_clear(&tbs);
    assert_true(crl_tbs(&frame, builder_bytes(&list), &tbs, &err));
    folder_make(&folder);
}

static void remove_ca(void)
{
    cert_issuer_free(issuer);
    EVP_PKEY_free(ca_key);
    builder_done(&tbs);
    folder_remove(&folder);
}

static unsigned unmapped, wrongly_unmapped;

/** In place of the C library's, for what is linked with this test: nothing lies at address 0 that a CRL could give back. */
int munmap(void *address, size_t len)
{
    unmapped++;
    wrongly_unmapped += address == NULL || address == MAP_FAILED ? 1 : 0;
    return (int)syscall(SYS_munmap, address, len);
}

/** Whether this is the file that holds the list: it has no name. */
static bool is_scratch(int fd)
{
    AUTO(free) char *path = memory_format("/proc/self/fd/%d", fd);
    char target[200] = "";
    return readlink(path, target, sizeof(target) - 1) >= 0 &&
           strncmp(target, folder.path, strlen(folder.path)) == 0 && strcmp(target, folder.path) != 0;
}

/** No file is left open, whose space would be lost as long as this process lives. */
static int end(void **state)
{
    (void)state;
    for (int fd = 3; fd < 64; fd++)
        assert_false(is_scratch(fd));
    assert_int_equal(wrongly_unmapped, 0);
    remove_ca();
    return 0;
}

/** Added in parts of this length: the first holds all that stands before the entries. */
static struct crl_made *made_of(struct bytes bytes, size_t part_len, int fd)
{
    struct error err = ERROR_INIT;
    struct crl_made *made = NULL;
    assert_true(crl_made_new(issuer, kind, fd, &made, &err));
    for (size_t at = 0; at < bytes.len; at += part_len) {
        if (!crl_made_add(made, bytes_slice(bytes, at, part_len), &err))
            fail_msg("%s", err.text);
    }
    if (!crl_made_end(made, &err))
        fail_msg("%s", err.text);
    return made;
}

static void assert_leaves_whole(struct crl_made *made)
{
    struct error err = ERROR_INIT;
    uint8_t digest[32];
    AUTO(builder_done) struct builder signature = BUILDER_INIT;
    AUTO(builder_done) struct builder wanted = BUILDER_INIT;
    AUTO(builder_done) struct builder der = BUILDER_INIT;
    AUTO(builder_done) struct builder pem = BUILDER_INIT;
    maker_sign(ca_key, kind, builder_bytes(&tbs), &signature);
    cert_seal(builder_bytes(&tbs), kind, builder_bytes(&signature), &wanted);
    for (int i = 0; i < 2; i++) { // it may be looked at again
        if (!crl_made_check(made, builder_bytes(&signature), &err))
            fail_msg("%s", err.text);
    }
    assert_true(crl_made_write(made, false, crl_sink_builder, &der, &err));
    assert_int_equal(der.len, wanted.len);
    assert_memory_equal(der.data, wanted.data, wanted.len);
    assert_int_equal(crl_made_len(made), wanted.len);
    digest_sha256(builder_bytes(&wanted), digest);
    assert_memory_equal(crl_made_sha256(made), digest, 32);
    // PEM as OpenSSL reads it.
    assert_true(crl_made_write(made, true, crl_sink_builder, &pem, &err));
    assert_int_equal(strncmp(builder_text(&pem), "-----BEGIN X509 CRL-----\n", 25), 0);
    BIO *memory = BIO_new_mem_buf(pem.data, (int)pem.len);
    unsigned char *data = NULL;
    char *name = NULL, *header = NULL;
    long len = 0;
    assert_int_equal(PEM_read_bio(memory, &name, &header, &data, &len), 1);
    assert_string_equal(name, "X509 CRL");
    assert_int_equal(len, wanted.len);
    assert_memory_equal(data, wanted.data, wanted.len);
    OPENSSL_free(name), OPENSSL_free(header), OPENSSL_free(data);
    BIO_free(memory);
}

static void what_leaves_is_what_was_signed(void **state)
{
    static const struct {
        const char *name;
        enum signature_kind kind;
        size_t digest_len;
    } cases[] = {{"P-256", SIGNATURE_ECDSA_SHA256, 32},
                 {"P-384", SIGNATURE_ECDSA_SHA384, 48},
                 {"ED25519", SIGNATURE_ED25519, 0}};
    static const unsigned lengths[] = {0, 1, 5000}; // the last one is longer than a part that is read
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases) * ARRAY_LEN(lengths); i++) {
        uint8_t digest[DIGEST_MAX_LEN];
        make_ca(cases[i / 3].name, cases[i / 3].kind, lengths[i % 3]);
        AUTO(crl_made_free) struct crl_made *made = made_of(builder_bytes(&tbs), 400, folder.fd);
        assert_int_equal(crl_made_tbs_len(made), tbs.len);
        assert_memory_equal(crl_made_tbs(made).data, tbs.data, tbs.len);
        digest_sha256(builder_bytes(&tbs), digest);
        assert_memory_equal(crl_made_tbs_sha256(made), digest, 32);
        assert_int_equal(crl_made_digest(made).len, cases[i / 3].digest_len);
        if (cases[i / 3].digest_len == 32)
            assert_memory_equal(crl_made_digest(made).data, digest, 32);
        assert_leaves_whole(made);
        remove_ca();
    }
    make_ca("P-256", SIGNATURE_ECDSA_SHA256, 0);
}

/** Has room for so many parts. */
static bool take_some(void *data, struct bytes part, struct error *err)
{
    unsigned *left = data;
    (void)part;
    if (*left == 0)
        return error_set(err, ERROR_INPUT, 0, "the disk is full");
    --*left;
    return true;
}

static void wherever_the_disk_is_full_it_is_said(void **state)
{
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder signature = BUILDER_INIT;
    (void)state;
    make_ca("P-256", SIGNATURE_ECDSA_SHA256, 5000);
    AUTO(crl_made_free) struct crl_made *made = made_of(builder_bytes(&tbs), tbs.len, folder.fd);
    maker_sign(ca_key, kind, builder_bytes(&tbs), &signature);
    assert_true(crl_made_check(made, builder_bytes(&signature), &err));
    for (int is_pem = 0; is_pem < 2; is_pem++) {
        unsigned left = 1000;
        assert_true(crl_made_write(made, is_pem == 1, take_some, &left, &err));
        const unsigned parts = 1000 - left;
        assert_true(parts > 3);
        for (unsigned i = 0; i < parts; i++) {
            left = i;
            error_clear(&err);
            assert_false(crl_made_write(made, is_pem == 1, take_some, &left, &err));
            assert_string_equal(err.text, "the disk is full");
            assert_int_equal(left, 0);
        }
    }
}

static void a_wrong_signature_does_not_pass(void **state)
{
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder signature = BUILDER_INIT;
    (void)state;
    make_ca("P-256", SIGNATURE_ECDSA_SHA256, 3);
    AUTO(crl_made_free) struct crl_made *made = made_of(builder_bytes(&tbs), tbs.len, folder.fd);
    maker_sign(ca_key, kind, BYTES_LITERAL("something else"), &signature);
    assert_false(crl_made_check(made, builder_bytes(&signature), &err));
    assert_int_equal(err.kind, ERROR_TOKEN);
    assert_false(crl_made_check(made, bytes_of(NULL, 0), &err));
    assert_int_equal(err.kind, ERROR_TOKEN);
}

static void a_file_that_changed_after_it_was_hashed_does_not_leave(void **state)
{
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder signature = BUILDER_INIT;
    (void)state;
    make_ca("P-256", SIGNATURE_ECDSA_SHA256, 3);
    AUTO(crl_made_free) struct crl_made *made = made_of(builder_bytes(&tbs), tbs.len, folder.fd);
    maker_sign(ca_key, kind, builder_bytes(&tbs), &signature);
    // Another process that has the file, by what this one has open: the last serial gets another number.
    for (int fd = 3; fd < 64; fd++) {
        uint8_t *place = memmem(tbs.data, tbs.len, "\x0a\x00\x02", 3);
        assert_non_null(place);
        if (is_scratch(fd))
            assert_int_equal(pwrite(fd, "\x0a\x00\x03", 3, place - tbs.data), 3);
    }
    assert_false(crl_made_check(made, builder_bytes(&signature), &err));
    assert_int_equal(err.kind, ERROR_TOKEN);
    assert_string_equal(err.text, "the CRL is wrong: it is not over the bytes that were logged");
}

/** What another process adds behind it is no part of the list. */
static void a_file_that_grew_leaves_as_it_was_signed(void **state)
{
    (void)state;
    make_ca("P-256", SIGNATURE_ECDSA_SHA256, 3);
    AUTO(crl_made_free) struct crl_made *made = made_of(builder_bytes(&tbs), tbs.len, folder.fd);
    for (int fd = 3; fd < 64; fd++) {
        if (is_scratch(fd))
            assert_int_equal(pwrite(fd, "more", 4, (off_t)tbs.len), 4);
    }
    assert_leaves_whole(made);
}

/** A list that was given up before it was whole has no mapping to give back. */
static void what_was_not_mapped_is_not_unmapped(void **state)
{
    struct error err = ERROR_INIT;
    struct crl_made *made = NULL;
    (void)state;
    make_ca("P-256", SIGNATURE_ECDSA_SHA256, 3);
    unsigned before = unmapped;
    assert_true(crl_made_new(issuer, kind, folder.fd, &made, &err));
    assert_true(crl_made_add(made, builder_bytes(&tbs), &err));
    crl_made_free(made);
    assert_int_equal(unmapped, before);
    crl_made_free(made_of(builder_bytes(&tbs), tbs.len, folder.fd));
    assert_int_equal(unmapped, before + 1);
}

/** Makes the list, checks it and writes it out, in both forms. */
static bool go_all_the_way(struct bytes signature, struct builder *ret_der, struct builder *ret_pem,
                           struct error *err)
{
    AUTO(crl_made_free) struct crl_made *made = NULL;
    return crl_made_new(issuer, kind, folder.fd, &made, err) &&
           crl_made_add(made, builder_bytes(&tbs), err) && crl_made_end(made, err) &&
           crl_made_check(made, signature, err) &&
           crl_made_write(made, false, crl_sink_builder, ret_der, err) &&
           crl_made_write(made, true, crl_sink_builder, ret_pem, err);
}

static void whichever_call_fails_it_is_whole_or_told(void **state)
{
    static const char *const names[] = {"open", "write", "pread", "mmap"};
    static const int numbers[] = {EIO, EINTR};
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder signature = BUILDER_INIT;
    AUTO(builder_done) struct builder wanted = BUILDER_INIT;
    AUTO(builder_done) struct builder wanted_pem = BUILDER_INIT;
    (void)state;
    make_ca("P-256", SIGNATURE_ECDSA_SHA256, 5000);
    maker_sign(ca_key, kind, builder_bytes(&tbs), &signature);
    assert_true(go_all_the_way(builder_bytes(&signature), &wanted, &wanted_pem, &err));
    for (size_t i = 0; i < ARRAY_LEN(names) * ARRAY_LEN(numbers); i++) {
        const char *name = names[i / 2];
        const char *failed = NULL;
        unsigned number = 0;
        do {
            AUTO(builder_done) struct builder der = BUILDER_INIT;
            AUTO(builder_done) struct builder pem = BUILDER_INIT;
            error_clear(&err);
            failing_at(name, ++number);
            failing_as(numbers[i % 2]);
            bool is_done = go_all_the_way(builder_bytes(&signature), &der, &pem, &err);
            failed = failing_stop();
            // Where a signal came, the call is made again; a file that is opened or mapped is not slow, so no signal comes there.
            bool may_fail =
                failed != NULL && (i % 2 == 0 || strcmp(name, "open") == 0 || strcmp(name, "mmap") == 0);
            if (is_done) {
                assert_int_equal(err.kind, ERROR_NONE);
                assert_true(bytes_equal(builder_bytes(&der), builder_bytes(&wanted)));
                assert_true(bytes_equal(builder_bytes(&pem), builder_bytes(&wanted_pem)));
            } else if (!may_fail || err.kind != ERROR_INPUT) {
                fail_msg("%s %u: \"%s\"", failed, number, err.text);
            } else if (strcmp(name, "pread") == 0) {
                assert_string_equal(err.text, "can't read the CRL that is made: Input/output error");
            } else if (strcmp(name, "mmap") == 0 && i % 2 == 0) {
                assert_string_equal(err.text, "can't map the CRL that is made: Input/output error");
            }
        } while (failed != NULL);
        assert_true(number > 1);
    }
}

static void a_file_that_was_cut_after_it_was_hashed_does_not_leave(void **state)
{
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder signature = BUILDER_INIT;
    (void)state;
    make_ca("P-256", SIGNATURE_ECDSA_SHA256, 3);
    AUTO(crl_made_free) struct crl_made *made = made_of(builder_bytes(&tbs), tbs.len, folder.fd);
    maker_sign(ca_key, kind, builder_bytes(&tbs), &signature);
    for (int fd = 3; fd < 64; fd++) {
        if (is_scratch(fd))
            assert_int_equal(ftruncate(fd, (off_t)tbs.len - 1), 0);
    }
    assert_false(crl_made_check(made, builder_bytes(&signature), &err));
    assert_int_equal(err.kind, ERROR_INPUT);
    assert_string_equal(err.text, "can't read the CRL that is made: Input/output error");
}

static void what_is_no_sound_list_is_not_signed(void **state)
{
    struct error err = ERROR_INIT;
    (void)state;
    make_ca("P-256", SIGNATURE_ECDSA_SHA256, 3);
    struct crl_made *made = NULL;
    assert_true(crl_made_new(issuer, kind, folder.fd, &made, &err));
    assert_true(crl_made_add(made, bytes_slice(builder_bytes(&tbs), 0, tbs.len - 1), &err));
    assert_false(crl_made_end(made, &err)); // it is cut
    assert_int_equal(err.kind, ERROR_INPUT);
    crl_made_free(TAKE(made));
    // What stands behind it is said as it comes, before there is a disk full of it.
    AUTO(free) uint8_t *more = memory_new(1 << 17, 1);
    error_clear(&err);
    assert_true(crl_made_new(issuer, kind, folder.fd, &made, &err));
    assert_true(crl_made_add(made, builder_bytes(&tbs), &err));
    assert_false(crl_made_add(made, bytes_of(more, 1 << 17), &err));
    assert_int_equal(err.kind, ERROR_INPUT);
    crl_made_free(TAKE(made));
    // By another issuer: lint says so.
    EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    AUTO(cert_issuer_free) struct cert_issuer *other = maker_root("CN=Other", key, kind);
    EVP_PKEY_free(key);
    error_clear(&err);
    assert_true(crl_made_new(other, kind, folder.fd, &made, &err));
    assert_true(crl_made_add(made, builder_bytes(&tbs), &err));
    assert_false(crl_made_end(made, &err));
    assert_int_equal(err.kind, ERROR_INPUT);
    assert_int_equal(strncmp(err.text, "the CRL is wrong: ", 18), 0);
    crl_made_free(made);
}

static void what_is_only_planned_has_no_file(void **state)
{
    (void)state;
    make_ca("P-256", SIGNATURE_ECDSA_SHA256, 3);
    AUTO(crl_made_free) struct crl_made *made = made_of(builder_bytes(&tbs), 400, -1);
    uint8_t digest[32];
    digest_sha256(builder_bytes(&tbs), digest);
    assert_memory_equal(crl_made_tbs_sha256(made), digest, 32);
    assert_int_equal(crl_made_tbs_len(made), tbs.len);
}

static void a_directory_that_is_none_has_no_room(void **state)
{
    struct error err = ERROR_INIT;
    struct crl_made *made = NULL;
    (void)state;
    make_ca("P-256", SIGNATURE_ECDSA_SHA256, 0);
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    assert_false(crl_made_new(issuer, kind, fd, &made, &err));
    assert_null(made);
    assert_int_equal(close(fd), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(what_leaves_is_what_was_signed, end),
        cmocka_unit_test_teardown(wherever_the_disk_is_full_it_is_said, end),
        cmocka_unit_test_teardown(a_wrong_signature_does_not_pass, end),
        cmocka_unit_test_teardown(a_file_that_changed_after_it_was_hashed_does_not_leave, end),
        cmocka_unit_test_teardown(a_file_that_was_cut_after_it_was_hashed_does_not_leave, end),
        cmocka_unit_test_teardown(a_file_that_grew_leaves_as_it_was_signed, end),
        cmocka_unit_test_teardown(what_was_not_mapped_is_not_unmapped, end),
        cmocka_unit_test_teardown(whichever_call_fails_it_is_whole_or_told, end),
        cmocka_unit_test_teardown(what_is_no_sound_list_is_not_signed, end),
        cmocka_unit_test_teardown(what_is_only_planned_has_no_file, end),
        cmocka_unit_test_teardown(a_directory_that_is_none_has_no_room, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
