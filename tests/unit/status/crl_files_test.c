/* SPDX-License-Identifier: Apache-2.0 */
/* The files of a CRL: written where there are none, left alone where they are the same, and never written over anything else. */
#include "status/crl_files.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/openssl_release.h"
#include "cert_maker.h"
#include "failing.h"
#include "small_home.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define KIND SIGNATURE_ECDSA_SHA256
#define FILE_MAX_LEN (1 << 20)

static struct small_home small;
static EVP_PKEY *ca_key;
static struct crl_made *made;
static struct builder der;

static int begin(void **state)
{
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder tbs = BUILDER_INIT;
    AUTO(builder_done) struct builder signature = BUILDER_INIT;
    (void)state;
    small_home_make(&small);
    ca_key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    small.home.issuer = maker_root("CN=Root", ca_key, KIND);
    const struct crl_frame frame = {.issuer = small.home.issuer,
                                    .kind = KIND,
                                    .number = 1,
                                    .this_update = MAKER_NOW,
                                    .next_update = MAKER_NOW + 86400,
                                    .expired_since = CRL_NO_TIME};
    assert_true(crl_tbs(&frame, bytes_of(NULL, 0), &tbs, &err));
    maker_sign(ca_key, KIND, builder_bytes(&tbs), &signature);
    assert_true(crl_made_new(small.home.issuer, KIND, small.folder.fd, &made, &err));
    assert_true(crl_made_add(made, builder_bytes(&tbs), &err) && crl_made_end(made, &err));
    assert_true(crl_made_check(made, builder_bytes(&signature), &err));
    assert_true(crl_made_write(made, false, crl_sink_builder, &der, &err));
    return 0;
}

static int end(void **state)
{
    (void)state;
    crl_made_free(TAKE(made));
    builder_done(&der);
    cert_issuer_free(small.home.issuer);
    EVP_PKEY_free(ca_key);
    small_home_remove(&small);
    return 0;
}

static bool deliver(struct error *err)
{
    AUTO(crl_places_done) struct crl_places places = {.home_fd = -1, .out = {.fd = -1}};
    error_clear(err);
    assert_true(crl_places_open(&small.home, NULL, &places, err));
    return crl_places_deliver(&places, "crl-1", made, "run it again", err);
}

static void put(const char *name, struct bytes content)
{
    struct error err = ERROR_INIT;
    (void)unlinkat(small.folder.fd, name, 0); // of before
    assert_true(file_create(small.folder.fd, name, 0644, content, &err));
}

static void read_file(const char *name, struct builder *ret_content)
{
    struct error err = ERROR_INIT;
    assert_true(file_read(small.folder.fd, name, FILE_MAX_LEN, ret_content, &err));
}

static void both_files_are_written_and_the_same_ones_stay(void **state)
{
    struct error err = ERROR_INIT;
    (void)state;
    for (int i = 0; i < 3; i++) { // the third time one of them is gone
        AUTO(builder_done) struct builder found = BUILDER_INIT;
        AUTO(builder_done) struct builder pem = BUILDER_INIT;
        AUTO(builder_done) struct builder from_pem = BUILDER_INIT;
        if (!deliver(&err))
            fail_msg("%s", err.text);
        read_file("crl/crl-1.der", &found);
        read_file("crl/crl-1.pem", &pem);
        assert_true(bytes_equal(builder_bytes(&found), builder_bytes(&der)));
        assert_true(crl_from_file(builder_bytes(&pem), &from_pem, &err));
        assert_true(bytes_equal(builder_bytes(&from_pem), builder_bytes(&der)));
        if (i == 1)
            assert_int_equal(unlinkat(small.folder.fd, "crl/crl-1.pem", 0), 0);
    }
}

static void what_is_not_the_same_is_not_written_over(void **state)
{
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder longer = BUILDER_INIT;
    AUTO(builder_done) struct builder other = BUILDER_INIT;
    (void)state;
    assert_true(deliver(&err));
    builder_add_bytes(&longer, builder_bytes(&der));
    builder_add_u8(&longer, 0);
    builder_add_bytes(&other, builder_bytes(&der));
    other.data[other.len - 1] ^= 1;
    const struct bytes wrong[] = {builder_bytes(&longer), builder_bytes(&other),
                                  bytes_slice(builder_bytes(&der), 0, der.len - 1),
                                  bytes_slice(builder_bytes(&der), 0, 1), bytes_of("", 0)};
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        AUTO(builder_done) struct builder found = BUILDER_INIT;
        put("crl/crl-1.der", wrong[i]);
        assert_false(deliver(&err));
        assert_int_equal(err.kind, ERROR_INPUT);
        assert_non_null(strstr(err.text, "run it again"));
        read_file("crl/crl-1.der", &found);
        assert_true(bytes_equal(builder_bytes(&found), wrong[i]));
    }
    // A link to the same bytes is somebody else's place.
    put("elsewhere", builder_bytes(&der));
    assert_int_equal(unlinkat(small.folder.fd, "crl/crl-1.der", 0), 0);
    assert_int_equal(symlinkat("../elsewhere", small.folder.fd, "crl/crl-1.der"), 0);
    assert_false(deliver(&err));
}

static void take_away(void)
{
    (void)unlinkat(small.folder.fd, "crl/crl-1.der", 0);
    (void)unlinkat(small.folder.fd, "crl/crl-1.pem", 0);
}

static void assert_both_are_whole(void)
{
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder found = BUILDER_INIT;
    AUTO(builder_done) struct builder pem = BUILDER_INIT;
    AUTO(builder_done) struct builder from_pem = BUILDER_INIT;
    read_file("crl/crl-1.der", &found);
    read_file("crl/crl-1.pem", &pem);
    assert_true(bytes_equal(builder_bytes(&found), builder_bytes(&der)));
    assert_true(crl_from_file(builder_bytes(&pem), &from_pem, &err));
    assert_true(bytes_equal(builder_bytes(&from_pem), builder_bytes(&der)));
}

static void whichever_call_fails_what_is_there_is_whole_or_it_is_told(void **state)
{
    struct error err = ERROR_INIT;
    (void)state;
    for (int is_there = 0; is_there < 2; is_there++) {
        const char *failed = NULL;
        unsigned number = 0;
        do {
            AUTO(crl_places_done) struct crl_places places = {.home_fd = -1, .out = {.fd = -1}};
            take_away();
            if (is_there == 1)
                assert_true(deliver(&err));
            error_clear(&err);
            failing_at("", ++number);
            bool is_done = crl_places_open(&small.home, NULL, &places, &err) &&
                           crl_places_deliver(&places, "crl-1", made, "run it again", &err);
            failed = failing_stop();
            if (is_done)
                assert_both_are_whole();
            else if (failed == NULL || err.kind != ERROR_INPUT)
                fail_msg("%s %u: \"%s\"", failed, number, err.text);
            assert_true(deliver(&err)); // whatever came before
            assert_both_are_whole();
        } while (failed != NULL);
        assert_in_range(number, 10, 200);
    }
}

static void a_signal_while_files_are_compared_is_nothing(void **state)
{
    struct error err = ERROR_INIT;
    const char *failed = NULL;
    unsigned number = 0;
    (void)state;
    assert_true(deliver(&err));
    do {
        failing_at("read", ++number);
        failing_as(EINTR);
        bool is_done = deliver(&err);
        failed = failing_stop();
        if (!is_done)
            fail_msg("%u: %s", number, err.text);
    } while (failed != NULL);
    assert_in_range(number, 3, 100);
}

static bool die(void *data, int fd, const char *shown, struct error *err)
{
    (void)data, (void)fd, (void)shown, (void)err;
    _exit(0);
}

/** A run that is killed while it writes. */
static void leave_without_a_name(int fd)
{
    struct error err = ERROR_INIT;
    int status = 0;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        _exit(file_create_by(fd, "crl-1.pem", 0644, die, NULL, &err) ? 1 : 2);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static unsigned hidden(const char *path)
{
    unsigned count = 0;
    DIR *directory = opendir(path);
    assert_non_null(directory);
    for (struct dirent *entry = readdir(directory); entry != NULL; entry = readdir(directory))
        count += strncmp(entry->d_name, ".coldca-", 8) == 0 ? 1 : 0;
    assert_int_equal(closedir(directory), 0);
    return count;
}

static void what_a_killed_run_left_is_cleared_away(void **state)
{
    struct error err = ERROR_INIT;
    AUTO(free) char *crls = memory_format("%s/crl", small.folder.path);
    AUTO(free) char *out = memory_format("%s/out", small.folder.path);
    AUTO(crl_places_done) struct crl_places places = {.home_fd = -1, .out = {.fd = -1}};
    (void)state;
    if (!crl_places_open(&small.home, out, &places, &err))
        fail_msg("%s", err.text);
    leave_without_a_name(places.home_fd);
    leave_without_a_name(places.out.fd);
    assert_int_equal(hidden(crls) + hidden(out), 2);
    // Without a checkpoint the output lacks one, which is told.
    assert_false(crl_places_deliver(&places, "crl-1", made, "run it again", &err));
    assert_non_null(strstr(err.text, "writing crl-1; it is signed and in the ledger: run it again"));
    assert_int_equal(hidden(crls) + hidden(out), 0);
    assert_both_are_whole();
}

static void a_file_of_either_ending_is_in_the_way(void **state)
{
    static const char *const names[] = {"crl/crl-2.der", "crl/crl-2.pem"};
    struct error err = ERROR_INIT;
    AUTO(crl_places_done) struct crl_places places = {.home_fd = -1, .out = {.fd = -1}};
    (void)state;
    assert_true(crl_places_open(&small.home, NULL, &places, &err));
    assert_true(crl_places_check(&places, "crl-2", &err));
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        put(names[i], BYTES_LITERAL("x"));
        assert_false(crl_places_check(&places, "crl-2", &err));
        assert_int_equal(err.kind, ERROR_LEDGER);
        assert_true(crl_places_check(&places, "crl-22", &err));
        assert_int_equal(unlinkat(small.folder.fd, names[i], 0), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(both_files_are_written_and_the_same_ones_stay, begin, end),
        cmocka_unit_test_setup_teardown(what_is_not_the_same_is_not_written_over, begin, end),
        cmocka_unit_test_setup_teardown(whichever_call_fails_what_is_there_is_whole_or_it_is_told, begin,
                                        end),
        cmocka_unit_test_setup_teardown(a_signal_while_files_are_compared_is_nothing, begin, end),
        cmocka_unit_test_setup_teardown(what_a_killed_run_left_is_cleared_away, begin, end),
        cmocka_unit_test_setup_teardown(a_file_of_either_ending_is_in_the_way, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
