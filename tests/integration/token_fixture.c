/* SPDX-License-Identifier: Apache-2.0 */
#include "token_fixture.h"

#include "base/memory.h"
#include "base/public_key.h"

#include <dlfcn.h>
#include <ftw.h>
#include <sys/stat.h>

#ifdef COLDCA_SANITIZED
/*
 * SoftHSM 2.6.1 loses the curve's name of each Ed25519 key it reads. To tell its leaks from ours, it is kept loaded and
 * stacks are unwound the slow way, through its frames.
 */
__attribute__((visibility("default"))) const char *__lsan_default_suppressions(void);
__attribute__((visibility("default"))) const char *__asan_default_options(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:libsofthsm2.so\n";
}

const char *__asan_default_options(void)
{
    return "fast_unwind_on_malloc=0";
}

static void keep_loaded(const char *module)
{
    assert_non_null(dlopen(module, RTLD_NOW | RTLD_NODELETE));
}
#else
static void keep_loaded(const char *module)
{
    (void)module; // it may come and go
}
#endif

const char *fixture_module(void)
{
    static const char *const paths[] = {
        "/usr/lib/softhsm/libsofthsm2.so", "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
        "/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so", "/usr/lib64/pkcs11/libsofthsm2.so"};
    for (size_t i = 0; i < ARRAY_LEN(paths); i++)
        if (access(paths[i], R_OK) == 0)
            return paths[i];
    fail_msg("SoftHSM is not installed (package softhsm2)");
    return NULL;
}

struct secret *fixture_secret(const char *text)
{
    struct secret *secret = NULL;
    struct error err = ERROR_INIT;
    assert_done(secret_new(&secret, &err), err);
    for (; *text != '\0'; text++)
        assert_true(secret_push(secret, *text));
    return secret;
}

static void write_configuration(const struct fixture *fixture)
{
    AUTO(free) char *path = memory_format("%s/softhsm2.conf", fixture->folder);
    AUTO(free) char *tokens = memory_format("%s/tokens", fixture->folder);
    assert_int_equal(mkdir(tokens, 0700), 0);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fprintf(file, "directories.tokendir = %s\nlog.level = ERROR\n", tokens) > 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(setenv("SOFTHSM2_CONF", path, 1), 0);
}

void fixture_make(struct fixture *fixture)
{
    struct error err = ERROR_INIT;
    struct token_choice empty = {.module = fixture_module()};
    AUTO(secret_free) struct secret *so_pin = fixture_secret(FIXTURE_SO_PIN);
    AUTO(secret_free) struct secret *pin = fixture_secret(FIXTURE_PIN);
    keep_loaded(empty.module);
    *fixture = (struct fixture){.folder = "/tmp/coldca-token-XXXXXX", .module = empty.module};
    assert_non_null(mkdtemp(fixture->folder));
    write_configuration(fixture);
    assert_done(token_initialize(&empty, "coldca test", so_pin, pin, false, &err), err);
    fixture->choice = (struct token_choice){.module = empty.module, .label = "coldca test"};
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *place)
{
    (void)status; // nftw's form
    (void)kind;
    (void)place;
    return remove(path);
}

void fixture_remove(struct fixture *fixture)
{
    assert_int_equal(nftw(fixture->folder, remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
}

int fixture_setup(void **state)
{
    struct error err = ERROR_INIT;
    struct fixture *fixture = memory_new(1, sizeof(*fixture));
    AUTO(secret_free) struct secret *pin = fixture_secret(FIXTURE_PIN);
    fixture_make(fixture);
    assert_done(token_open(&fixture->choice, &fixture->token, &err), err);
    assert_done(token_login(fixture->token, pin, &err), err);
    *state = fixture;
    return 0;
}

int fixture_teardown(void **state)
{
    struct fixture *fixture = *state;
    if (fixture->token != NULL)
        token_close(fixture->token);
    fixture_remove(fixture);
    free(fixture);
    return 0;
}

void assert_refused(bool is_done, const struct error *err, enum error_kind kind, const char *part)
{
    assert_false(is_done);
    if (err->kind != kind || strstr(err->text, part) == NULL)
        fail_msg("kind %d, wanted %d; \"%s\" is not in: %s", err->kind, kind, part, err->text);
}

bool fixture_verifies(const struct token_key *key, enum signature_kind kind, struct bytes data,
                      struct bytes signature)
{
    struct error err = ERROR_INIT;
    struct public_key_facts facts;
    AUTO(public_key_free) struct public_key *half = NULL;
    return public_key_read(token_key_spki(key), &facts, &err) && public_key_new(&facts, &half, &err) &&
           public_key_verify(half, kind, data, signature, &err);
}
