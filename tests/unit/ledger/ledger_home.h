/* SPDX-License-Identifier: Apache-2.0 */
/* A home in a temporary folder with a ledger key in software, for the ledger's tests. */
#ifndef COLDCA_TESTS_LEDGER_HOME_H
#define COLDCA_TESTS_LEDGER_HOME_H

#include "base/builder.h"
#include "base/digest.h"
#include "base/encode.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/openssl_release.h"
#include "ledger/ledger.h"
#include "ledger/note.h"

#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h> // after what it needs

#define HOME_ORIGIN "ca.example/root-2026"

struct home {
    char path[64];
    int fd;
    char *vkey;
    EVP_PKEY *key;
    struct ledger *ledger;
};

#define assert_done(call, err)                                                                               \
    do {                                                                                                     \
        if (!(call))                                                                                         \
            fail_msg("%s: %s", #call, (err).text);                                                           \
    } while (0)

/** Fails with this kind and with these words in its message. */
#define assert_refused(call, err, wanted_kind, words)                                                        \
    do {                                                                                                     \
        if (call)                                                                                            \
            fail_msg("%s succeeded", #call);                                                                 \
        if ((err).kind != (wanted_kind) || strstr((err).text, (words)) == NULL)                              \
            fail_msg("%s: kind %d, \"%s\" lacks \"%s\"", #call, (int)(err).kind, (err).text, (words));       \
    } while (0)

static inline void home_make_key(const char *origin, const char *seed, EVP_PKEY **ret_key, char **ret_vkey)
{
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder vkey = BUILDER_INIT;
    uint8_t secret[32];
    unsigned char *der = NULL;
    digest_sha256(bytes_of_text(seed), secret);
    *ret_key = EVP_PKEY_new_raw_private_key_ex(NULL, "ED25519", NULL, secret, sizeof(secret));
    assert_non_null(*ret_key);
    int len = i2d_PUBKEY(*ret_key, &der);
    assert_true(len > 0);
    assert_done(ledger_vkey_make(origin, bytes_of(der, (size_t)len), &vkey, &err), err);
    OPENSSL_free(der);
    *ret_vkey = builder_take_text(&vkey);
}

static inline void home_init(struct home *home)
{
    struct error err = ERROR_INIT;
    // In memory where there is such a place: an fsync costs nothing there.
    bool has_memory = access("/dev/shm", W_OK) == 0;
    *home = (struct home){.fd = -1};
    (void)snprintf(home->path, sizeof(home->path), "%s/coldca-ledger-XXXXXX",
                   has_memory ? "/dev/shm" : "/tmp");
    assert_non_null(mkdtemp(home->path));
    home->fd = open(home->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(home->fd >= 0);
    home_make_key(HOME_ORIGIN, "the ledger's key", &home->key, &home->vkey);
    assert_done(ledger_create(home->fd, &err), err);
}

static inline void home_close(struct home *home)
{
    if (home->ledger != NULL)
        ledger_close(TAKE(home->ledger));
}

static inline void home_open(struct home *home, enum ledger_mode mode)
{
    struct error err = ERROR_INIT;
    home_close(home);
    assert_done(ledger_open(home->fd, home->vkey, mode, 0, &home->ledger, &err), err);
}

static inline void home_done(struct home *home)
{
    home_close(home);
    DIR *folder = opendir(home->path);
    assert_non_null(folder);
    for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            assert_int_equal(unlinkat(home->fd, entry->d_name, 0), 0);
    }
    closedir(folder);
    close(home->fd);
    assert_int_equal(rmdir(home->path), 0);
    EVP_PKEY_free(home->key);
    free(home->vkey);
}

static inline void home_sign_with(EVP_PKEY *key, struct bytes text, uint8_t ret_signature[static 64])
{
    size_t len = 64;
    AUTO(EVP_MD_CTX_free) EVP_MD_CTX *context = EVP_MD_CTX_new();
    assert_int_equal(EVP_DigestSignInit(context, NULL, NULL, NULL, key), 1);
    assert_int_equal(EVP_DigestSign(context, ret_signature, &len, text.data, text.len), 1);
}

/** Signs and adds a checkpoint over everything committed. */
static inline void home_checkpoint(struct home *home)
{
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    uint8_t signature[64];
    assert_done(ledger_checkpoint_text(home->ledger, &text, &err), err);
    home_sign_with(home->key, builder_bytes(&text), signature);
    assert_done(ledger_checkpoint_add(home->ledger, builder_bytes(&text), BYTES(signature), &err), err);
}

/** A note over such a checkpoint, by this key under this name. */
static inline void home_make_note(EVP_PKEY *key, const char *vkey, const char *origin, uint64_t size,
                                  const uint8_t root[static 32], struct builder *ret_note)
{
    struct error err = ERROR_INIT;
    struct tree_hash hash;
    uint8_t signature[64];
    AUTO(note_key_done) struct note_key read = {.name = NULL};
    memcpy(hash.bytes, root, 32);
    assert_done(note_key_read(vkey, &read, &err), err);
    checkpoint_write(origin, size, &hash, ret_note);
    home_sign_with(key, builder_bytes(ret_note), signature);
    builder_add_u8(ret_note, '\n');
    note_signature_write(&read, BYTES(signature), ret_note);
}

/** A digest of a name and number, for made-up serials and digests. */
static inline void home_digest(const char *what, unsigned number, uint8_t ret_digest[static 32])
{
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    builder_format(&text, "%s %u", what, number);
    digest_sha256(builder_bytes(&text), ret_digest);
}

/** A made-up serial: the first 20 bytes. */
static inline void home_serial(unsigned number, uint8_t ret_serial[static 32])
{
    home_digest("serial", number, ret_serial);
    ret_serial[0] = 0x10;
}

/** Fields of a made-up cert.signing; the key and the request are those of `number`. */
static inline struct json *home_signing(unsigned number)
{
    struct json *fields = json_new_object();
    AUTO(free) char *subject = memory_format("CN=device-%04u", number);
    AUTO(free) char *name = memory_format("dns:device-%04u.local", number);
    AUTO(free) char *source = memory_format("device-%04u.csr", number);
    uint8_t digest[32];
    home_serial(number, digest);
    json_put_hex(fields, "serial", bytes_of(digest, 20));
    home_digest("csr", number, digest);
    json_put_hex(fields, "csr_sha256", BYTES(digest));
    home_digest("spki", number, digest);
    json_put_hex(fields, "spki_sha256", BYTES(digest));
    home_digest("policy", 0, digest);
    json_put_hex(fields, "policy_sha256", BYTES(digest));
    json_put_text(fields, "policy", "mqtt-device");
    json_put_text(fields, "subject", subject);
    json_put_text(fields, "source", source);
    json_put_text(fields, "batch", number < 4 ? "morning" : "evening");
    json_put_text(fields, "not_after", "2030-01-01T00:00:00Z");
    json_add_text(json_put_array(fields, "sans"), name);
    json_put_base64(fields, "tbs", bytes_of_text(subject));
    return fields;
}

static inline struct json *home_issued(uint64_t ref)
{
    struct json *fields = json_new_object();
    uint8_t digest[32];
    json_put_int(fields, "ref", (int64_t)ref);
    json_put_base64(fields, "signature", BYTES_LITERAL("a signature"));
    home_digest("certificate", (unsigned)ref, digest);
    json_put_hex(fields, "sha256", BYTES(digest));
    return fields;
}

/** Fields of a revocation, or its end, of a made-up certificate. */
static inline struct json *home_of_serial(unsigned number)
{
    struct json *fields = json_new_object();
    uint8_t serial[32];
    home_serial(number, serial);
    json_put_hex(fields, "serial", bytes_of(serial, 20));
    json_put_text(fields, "reason", "superseded");
    return fields;
}

static inline uint64_t home_append(struct home *home, const char *type, struct json *fields)
{
    struct error err = ERROR_INIT;
    uint64_t seq = UINT64_MAX;
    assert_done(ledger_append(home->ledger, type, fields, &seq, &err), err);
    return seq;
}

static inline void home_commit(struct home *home)
{
    struct error err = ERROR_INIT;
    assert_done(ledger_commit(home->ledger, &err), err);
}

/** Issues made-up certificates first to first + count - 1: two groups. \return seq of the first cert.signing */
static inline uint64_t home_issue(struct home *home, unsigned first, unsigned count)
{
    uint64_t seq = ledger_size(home->ledger);
    for (unsigned i = 0; i < count; i++)
        (void)home_append(home, "cert.signing", home_signing(first + i));
    home_commit(home);
    for (unsigned i = 0; i < count; i++)
        (void)home_append(home, "cert.issued", home_issued(seq + i));
    home_commit(home);
    return seq;
}

/** How many descriptors this process has open: what is opened is closed again, whatever came between. */
static inline size_t home_count_descriptors(void)
{
    size_t count = 0;
    DIR *folder = opendir("/proc/self/fd");
    assert_non_null(folder);
    while (readdir(folder) != NULL)
        count++;
    closedir(folder);
    return count;
}

/** The whole of a file of the home. */
static inline void home_read(const struct home *home, const char *name, struct builder *ret_data)
{
    struct error err = ERROR_INIT;
    assert_done(file_read(home->fd, name, 1 << 28, ret_data, &err), err);
}

/** Puts bytes in a file's place. */
static inline void home_write(const struct home *home, const char *name, struct bytes data)
{
    int fd = openat(home->fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, data.data, data.len), (ssize_t)data.len);
    close(fd);
}

/** A file of the home goes on with these bytes. Closes the home. */
static inline void home_add_to(struct home *home, const char *name, struct bytes text)
{
    AUTO(builder_done) struct builder whole = BUILDER_INIT;
    home_close(home);
    home_read(home, name, &whole);
    builder_add_bytes(&whole, text);
    home_write(home, name, builder_bytes(&whole));
}

static inline void home_remove_index(const struct home *home)
{
    (void)unlinkat(home->fd, "index.sqlite", 0);
    (void)unlinkat(home->fd, "index.sqlite-wal", 0);
    (void)unlinkat(home->fd, "index.sqlite-shm", 0);
}

/** One who writes into index.sqlite. Closes the home. */
static inline void home_change_index(struct home *home, const char *sql)
{
    AUTO(free) char *place = memory_format("%s/index.sqlite", home->path);
    sqlite3 *db = NULL;
    home_close(home);
    assert_int_equal(sqlite3_open(place, &db), SQLITE_OK);
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static inline void home_refuse_to_open(struct home *home, enum ledger_mode mode, const char *words)
{
    struct error err = ERROR_INIT;
    struct ledger *ledger = NULL;
    home_close(home);
    assert_refused(ledger_open(home->fd, home->vkey, mode, 0, &ledger, &err), err, ERROR_LEDGER, words);
}

static inline void home_assert_clean(struct home *home, uint64_t records)
{
    struct error err = ERROR_INIT;
    AUTO(ledger_report_done) struct ledger_report report = {.records = 0};
    assert_done(ledger_verify(home->fd, home->vkey, NULL, &report, &err), err);
    if (report.findings.count > 0)
        fail_msg("%s", report.findings.items[0].text);
    assert_int_equal(report.records, records);
}

#endif
