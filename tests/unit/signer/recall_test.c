/* SPDX-License-Identifier: Apache-2.0 */
/* What tokens remember of a ledger: of what lies on them the newest that is ours counts, and each way a home can differ from it is told. */
#include "fake_home.h"

#include "base/json.h"
#include "base/memory.h"
#include "signer/memory.h"

#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct fake_home own;

static int begin(void **state)
{
    (void)state;
    fake_home_make(&own);
    return 0;
}

static int end(void **state)
{
    (void)state;
    fake_home_remove(&own);
    return 0;
}

static struct token *token_of(const char *label)
{
    struct error err = ERROR_INIT;
    struct token *token = NULL;
    const struct token_choice choice = {.label = label};
    assert_true(token_open(&choice, &token, &err));
    return token;
}

static bool is_none(void *data, struct bytes value)
{
    (void)data, (void)value;
    return false;
}

/** Lays these bytes on the token, beside what is there. */
static void lay(struct bytes value)
{
    static const struct token_data_name name = {.label = "coldca-ledger", .application = "coldca"};
    struct error err = ERROR_INIT;
    struct token *token = token_of(FAKE_TOKEN);
    assert_true(token_data_replace(token, &name, value, is_none, NULL, &err));
    token_close(token);
}

/** A memory of so many records. */
static struct remembered memory_of(const char *origin, uint64_t size)
{
    return (struct remembered){.origin = (char *)(uintptr_t)origin,
                               .vkey = (char *)(uintptr_t) "v",
                               .size = size,
                               .root = {(uint8_t)size},
                               .time = INT64_C(1800000000)};
}

/** As remembered_keep() writes it, with a member changed: NULL none. */
static void lay_changed(uint64_t size, const char *key, const char *value)
{
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    AUTO(json_free) struct json *json = json_new_object();
    uint8_t root[32] = {(uint8_t)size};
    json_put_int(json, "version", 1);
    json_put_text(json, "origin", "o");
    json_put_text(json, "vkey", "v");
    json_put_int(json, "size", (int64_t)size);
    json_put_hex(json, "root", BYTES(root));
    json_put_text(json, "time", "2027-01-15T08:00:00Z");
    if (key != NULL)
        json_put_text(json, key, value);
    json_canonical(json, &text);
    lay(builder_bytes(&text));
}

static bool find(const char *origin, const char *vkey, struct remembered *ret_remembered)
{
    struct error err = ERROR_INIT;
    bool is_found = false;
    struct token *token = token_of(FAKE_TOKEN);
    if (!remembered_find(token, origin, vkey, ret_remembered, &is_found, &err))
        fail_msg("%s", err.text);
    token_close(token);
    return is_found;
}

static uint64_t size_found(void)
{
    AUTO(remembered_done) struct remembered remembered = {.origin = NULL};
    return find("o", "v", &remembered) ? remembered.size : 0;
}

/* ---- what lies on a token ---- */

static void the_newest_of_this_ledger_counts(void **state)
{
    AUTO(remembered_done) struct remembered found = {.origin = NULL};
    AUTO(remembered_done) struct remembered none = {.origin = NULL};
    AUTO(remembered_done) struct remembered any = {.origin = NULL};
    (void)state;
    fake_token_forget();
    assert_int_equal(size_found(), 0);
    lay_changed(5, NULL, NULL);
    assert_int_equal(size_found(), 5);
    lay_changed(9, NULL, NULL);
    lay_changed(7, NULL, NULL); // a kill left it
    assert_true(find("o", "v", &found));
    assert_int_equal(found.size, 9);
    assert_int_equal(found.root[0], 9);
    assert_int_equal(found.time, INT64_C(1800000000));
    assert_false(found.has_crl);
    assert_string_equal(found.origin, "o");
    assert_string_equal(found.vkey, "v");
    // Another ledger's is none of ours; by its origin alone it is.
    lay_changed(20, "vkey", "w");
    lay_changed(30, "origin", "p");
    assert_int_equal(size_found(), 9);
    assert_false(find("q", "v", &none));
    assert_true(find("o", NULL, &any));
    assert_int_equal(any.size, 20);
}

static void what_is_not_ours_is_passed_over(void **state)
{
    static const struct {
        const char *key, *value;
    } wrong[] = {{"version", "1"}, {"size", "99"}, {"root", "00"},   {"root", "xy"},
                 {"time", "now"},  {"size", "-1"}, {"origin", "no"}, {"vkey", "no"}};
    (void)state;
    fake_token_forget();
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
        lay_changed(99, wrong[i].key, wrong[i].value);
    lay(BYTES_LITERAL(""));
    lay(BYTES_LITERAL("{\"origin\":\"o\",\"root\":")); // half written
    lay(BYTES_LITERAL(
        "{\"origin\":\"o\",\"root\":\"0000000000000000000000000000000000000000000000000000000000000000\","
        "\"size\":99,\"time\":\"2027-01-15T08:00:00Z\",\"version\":2,\"vkey\":\"v\"}"));
    lay(BYTES_LITERAL(
        "{\"origin\":\"o\",\"root\":\"0000000000000000000000000000000000000000000000000000000000000000\","
        "\"size\":-1,\"time\":\"2027-01-15T08:00:00Z\",\"version\":1,\"vkey\":\"v\"}"));
    assert_int_equal(size_found(), 0);
    lay_changed(5, NULL, NULL);
    assert_int_equal(size_found(), 5);
}

static void of_two_memories_the_higher_crl_number_counts(void **state)
{
    static const struct {
        bool has_first, has_second;
        uint64_t first, second, wanted;
    } cases[] = {{true, true, 7, 5, 7},
                 {true, true, 5, 7, 7},
                 {true, false, 7, 0, 7},
                 {false, true, 0, 7, 7},
                 {true, false, 0, 0, 0}};
    (void)state;
    for (size_t i = 0; i < 2 * ARRAY_LEN(cases); i++) {
        struct error err = ERROR_INIT;
        AUTO(remembered_done) struct remembered found = {.origin = NULL};
        // A smaller and a larger one, laid in both orders: keep() removes none that is larger.
        struct remembered first = memory_of("o", i % 2 == 0 ? 9 : 8);
        struct remembered second = memory_of("o", 17 - first.size);
        first.has_crl = cases[i / 2].has_first, first.crl_number = cases[i / 2].first;
        second.has_crl = cases[i / 2].has_second, second.crl_number = cases[i / 2].second;
        fake_token_forget();
        struct token *token = token_of(FAKE_TOKEN);
        assert_true(remembered_keep(token, first.size > second.size ? &first : &second, &err));
        assert_true(remembered_keep(token, first.size > second.size ? &second : &first, &err));
        token_close(token);
        assert_true(find("o", "v", &found));
        assert_int_equal(found.size, 9);
        assert_true(found.has_crl);
        assert_int_equal(found.crl_number, cases[i / 2].wanted);
    }
}

static bool count(void *data, struct bytes value)
{
    (void)value;
    ++*(size_t *)data;
    return true;
}

static size_t laid(void)
{
    static const struct token_data_name name = {.label = "coldca-ledger", .application = "coldca"};
    struct error err = ERROR_INIT;
    size_t found = 0;
    struct token *token = token_of(FAKE_TOKEN);
    assert_true(token_data_each(token, &name, count, &found, &err));
    token_close(token);
    return found;
}

static void a_new_memory_removes_those_it_replaces_and_no_others(void **state)
{
    struct error err = ERROR_INIT;
    (void)state;
    fake_token_forget();
    lay_changed(5, NULL, NULL);
    lay_changed(7, NULL, NULL);
    lay_changed(9, NULL, NULL);
    lay_changed(3, "vkey", "w");      // of another ledger
    lay(BYTES_LITERAL("somebody's")); // of another program
    const struct remembered newest = memory_of("o", 7);
    struct token *token = token_of(FAKE_TOKEN);
    assert_true(remembered_keep(token, &newest, &err));
    token_close(token);
    assert_int_equal(laid(), 4); // 7, 9, the other ledger's, somebody's
    assert_int_equal(size_found(), 9);
}

/* ---- a home against them ---- */

/** What its token remembers of the home; changed by change. */
static void remember(void (*change)(struct remembered *remembered))
{
    struct error err = ERROR_INIT;
    AUTO(remembered_done) struct remembered remembered = {.time = INT64_C(1800000000)};
    fake_home_open(&own);
    const struct home_config *config = &own.home->config;
    assert_true(ledger_checkpoint_facts(own.home->ledger, &remembered.size, remembered.root, &err));
    remembered.origin = memory_text(config->origin);
    remembered.vkey = memory_text(config->ledger_vkey);
    fake_home_close(&own);
    fake_token_forget();
    change(&remembered);
    struct token *token = token_of(FAKE_TOKEN);
    assert_true(remembered_keep(token, &remembered, &err));
    token_close(token);
}

static void same(struct remembered *remembered)
{
    (void)remembered;
}

static void another_root(struct remembered *remembered)
{
    remembered->root[31] ^= 1;
}

static void one_more(struct remembered *remembered)
{
    remembered->size++;
}

static uint64_t past_size;
static uint8_t past_root[32];

static void as_past(struct remembered *remembered)
{
    remembered->size = past_size;
    memcpy(remembered->root, past_root, sizeof(past_root));
}

static void another_ledger(struct remembered *remembered)
{
    remembered->size += 100;
    remembered->vkey[0] ^= 1;
}

/** Opens the signer. \return the message; "" if it opens. The caller frees */
static char *opening(void)
{
    struct error err = ERROR_INIT;
    if (!home_open(own.path, HOME_WRITE, &fake_console, &own.home, &err))
        fail_msg("%s", err.text);
    own.confined = signer_declare_unconfined(own.home, "a test");
    bool is_open = signer_open(own.confined, &fake_console, &own.signer, &err);
    assert_int_equal(err.kind, is_open ? ERROR_NONE : ERROR_LEDGER);
    fake_home_close(&own);
    return memory_text(err.text);
}

static void each_way_a_home_can_differ_is_told(void **state)
{
    static const struct {
        void (*change)(struct remembered *remembered);
        const char *words;
    } cases[] = {{same, NULL},
                 {another_root, "history was rewritten, or the home is of another future"},
                 {one_more, "the ledger was cut or an old copy restored"},
                 {another_ledger, NULL}};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        remember(cases[i].change);
        AUTO(free) char *found = opening();
        if (cases[i].words == NULL ? *found != '\0' : strstr(found, cases[i].words) == NULL)
            fail_msg("%zu: \"%s\"", i, found);
        if (cases[i].words != NULL) {
            static const char last[] = "says who looks at what";
            assert_non_null(strstr(found, "the token fake remembers"));
            assert_string_equal(found + strlen(found) - strlen(last), last);
        }
        fake_token_forget();
    }
}

static void records_past_the_newest_checkpoint_are_not_what_was_remembered(void **state)
{
    struct error err = ERROR_INIT;
    (void)state;
    fake_home_open(&own);
    assert_true(ledger_append(own.home->ledger, "test.note", json_new_object(), NULL, &err));
    assert_true(ledger_commit(own.home->ledger, &err));
    past_size = ledger_size(own.home->ledger);
    ledger_root(own.home->ledger, past_root);
    fake_home_close(&own);
    remember(as_past); // as if that had been under a checkpoint
    AUTO(free) char *found = opening();
    assert_non_null(strstr(found, "checkpoints were cut off; put the newer ledger.checkpoints back"));
}

/* ---- asked by who signs nothing ---- */

static void recall(struct recalled *ret_recalled)
{
    struct error err = ERROR_INIT;
    struct home *home = NULL;
    assert_true(home_open_files(own.path, &home, &err));
    struct confined *confined = signer_declare_unconfined(home, "a test");
    if (!signer_recall(confined, &fake_console, ret_recalled, &err))
        fail_msg("%s", err.text);
    confined_free(confined);
    home_close(home);
}

static void who_signs_nothing_is_told_what_the_token_remembers(void **state)
{
    AUTO(recalled_done) struct recalled recalled = {.items = NULL};
    AUTO(recalled_done) struct recalled nothing = {.items = NULL};
    AUTO(recalled_done) struct recalled forgetful = {.items = NULL};
    (void)state;
    remember(one_more);
    recall(&recalled);
    assert_int_equal(recalled.asked, 1);
    assert_int_equal(recalled.forgetful, 0);
    assert_int_equal(recalled.count, 1);
    assert_string_equal(recalled.tokens[0], FAKE_TOKEN);
    assert_string_equal(recalled.items[0].origin, "ca.example/root");
    assert_int_equal(recalled.items[0].time, INT64_C(1800000000));
    assert_true(recalled.items[0].size > 1);
    fake_token_forget();
    recall(&nothing);
    assert_int_equal(nothing.asked, 1);
    assert_int_equal(nothing.count, 0);
    fake_token_keeps_nothing();
    recall(&forgetful);
    assert_int_equal(forgetful.forgetful, 1);
}

static void a_token_that_is_away_is_told(void **state)
{
    struct error err = ERROR_INIT;
    AUTO(recalled_done) struct recalled recalled = {.items = NULL};
    struct home *home = NULL;
    (void)state;
    fake_token_set_fault(FAKE_TOKEN, 1, FAKE_IS_AWAY);
    assert_true(home_open_files(own.path, &home, &err));
    struct confined *confined = signer_declare_unconfined(home, "a test");
    assert_false(signer_recall(confined, &fake_console, &recalled, &err));
    assert_int_equal(err.kind, ERROR_TOKEN);
    assert_int_equal(recalled.count, 0);
    // One of the pool is named.
    fake_token_set_fault(FAKE_TOKEN, 1, FAKE_SOUND);
    free(home->config.token.pool);
    home->config.token.pool = memory_new(1, sizeof(char *));
    home->config.token.pool[0] = memory_text("second");
    home->config.token.pool_count = 1;
    fake_token_set_fault("second", 1, FAKE_IS_AWAY);
    error_clear(&err);
    assert_false(signer_recall(confined, &fake_console, &recalled, &err));
    assert_non_null(strstr(err.text, "opening the token second of the pool in ca.yaml"));
    fake_token_set_fault("second", 1, FAKE_SOUND);
    assert_true(signer_recall(confined, &fake_console, &recalled, &err));
    assert_int_equal(recalled.asked, 2);
    confined_free(confined);
    home_close(home);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_newest_of_this_ledger_counts, begin, end),
        cmocka_unit_test_setup_teardown(what_is_not_ours_is_passed_over, begin, end),
        cmocka_unit_test_setup_teardown(of_two_memories_the_higher_crl_number_counts, begin, end),
        cmocka_unit_test_setup_teardown(a_new_memory_removes_those_it_replaces_and_no_others, begin, end),
        cmocka_unit_test_setup_teardown(each_way_a_home_can_differ_is_told, begin, end),
        cmocka_unit_test_setup_teardown(records_past_the_newest_checkpoint_are_not_what_was_remembered, begin,
                                        end),
        cmocka_unit_test_setup_teardown(who_signs_nothing_is_told_what_the_token_remembers, begin, end),
        cmocka_unit_test_setup_teardown(a_token_that_is_away_is_told, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
