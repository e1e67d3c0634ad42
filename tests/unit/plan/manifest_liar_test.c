/* SPDX-License-Identifier: Apache-2.0 */
/* The process that checks a list's signature reads foreign bytes, and may be taken over by them: its answer is looked at as theirs are. */
#include "plan/manifest.h"

#include "base/encode.h"
#include "signed_medium.h"

#include <dlfcn.h>
#include <pthread.h>
#include <string.h>

/* What such a process answers: octets, all of them the same but the first. */
struct lie {
    uint8_t first;
    uint8_t others;
    size_t left_out;   /**< so many fewer than it should be */
    const char *words; /**< that are told then */
};

/* As it comes through the pipe. */
struct answer {
    size_t signer;
    struct error err;
};

static const struct lie *told; /* NULL: none lies */
static bool is_liar;

static void become_liar(void)
{
    is_liar = told != NULL;
}

ssize_t write(int fd, const void *data, size_t len)
{
    static uint8_t lies[sizeof(struct answer)];
    __typeof__(&write) next = (__typeof__(&write))dlsym(RTLD_NEXT, "write");
    if (!is_liar || len != sizeof(lies)) // nothing else than the answer is as long
        return next(fd, data, len);
    memset(lies, told->others, len);
    lies[0] = told->first;
    ssize_t written = next(fd, lies, len - told->left_out);
    if (told->left_out > 0)
        _exit(3);
    return written;
}

static struct bench bench;

static int setup(void **state)
{
    (void)state;
    bench_make(&bench, "");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    bench_remove(&bench);
    return 0;
}

static void an_answer_that_is_none_makes_no_list_good(void **state)
{
    // An answer begins with the signer's number; of those there is one, 0.
    static const struct lie lies[] = {
        {1, 0, 0, "the process that checked the manifest's signature returned an invalid result"},
        {255, 0, 0, "the process that checked the manifest's signature returned an invalid result"},
        {0, 255, 0, "\\xff\\xff"},
        {0, 0x1b, 0, "\\x1b\\x1b"},
        {0, 0, 1, "the process that checked the manifest's signature failed: "},
        {0, 'a', 0, "aaaa"},
    };
    static const char *const keys[] = {"ed.key", "stranger.key"};
    (void)state;
    run(&bench, "openssl genpkey -algorithm ed25519 -out stranger.key");
    for (size_t i = 0; i < 2 * ARRAY_LEN(lies); i++) {
        struct error err = ERROR_INIT;
        struct medium_manifest manifest = {.list = NULL};
        sign_list(&bench, keys[i % 2]);
        told = &lies[i / 2];
        bool is_good = medium_manifest_open(&bench.home, bench.full_medium, &manifest, &err);
        told = NULL;
        assert_false(is_good);
        assert_null(manifest.list);
        assert_null(manifest.signer);
        if (strstr(err.text, lies[i / 2].words) == NULL || err.kind != ERROR_INPUT)
            fail_msg("%zu: %s", i / 2, err.text);
        assert_null(strchr(err.text, 0x1b));
    }
    struct error err = ERROR_INIT;
    AUTO(medium_manifest_done) struct medium_manifest manifest = {.list = NULL};
    sign_list(&bench, "ed.key");
    assert_true(medium_manifest_open(&bench.home, bench.full_medium, &manifest, &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_that_is_none_makes_no_list_good),
    };
    if (pthread_atfork(NULL, NULL, become_liar) != 0)
        return 1;
    return cmocka_run_group_tests(tests, setup, teardown);
}
