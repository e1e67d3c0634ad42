/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_home.h"

#include "base/file.h"
#include "base/json.h"
#include "base/memory.h"
#include "csr_maker.h"
#include "request/csr.h"

#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define LEDGER_MAX_LEN (64 * 1024 * 1024)

/* ---- the person ---- */

static struct builder said;
static bool has_limit;
static unsigned answers_left;

static bool give_pin(void *data, const char *words, bool has_pad, struct secret **ret_pin, struct error *err)
{
    (void)data, (void)words, (void)has_pad;
    if (!secret_new(ret_pin, err))
        return false;
    for (const char *at = "1234"; *at != '\0'; at++)
        assert_true(secret_push(*ret_pin, *at));
    return true;
}

static void hear(void *data, const char *text)
{
    (void)data;
    builder_format(&said, "%s\n", text);
}

static bool may_go_on(void *data)
{
    (void)data;
    if (!has_limit || answers_left == 0)
        return !has_limit;
    answers_left--;
    return true;
}

const struct console fake_console = {.pin = give_pin, .notice = hear, .may_go_on = may_go_on};

const char *fake_console_said(void)
{
    return builder_text(&said);
}

void fake_console_stops_after(unsigned count)
{
    has_limit = true;
    answers_left = count;
}

/* ---- the home ---- */

bool fake_home_init(struct fake_home *own, struct init_options *options, struct error *err)
{
    AUTO(init_result_done) struct init_result result = {.path = NULL};
    *own = (struct fake_home){.home = NULL};
    folder_make(&own->folder);
    (void)snprintf(own->path, sizeof(own->path), "%s/ca", own->folder.path);
    assert_int_equal(setenv("COLDCA_DATA", SOURCE_FOLDER, 1), 0);
    builder_clear(&said);
    has_limit = false;
    fake_token_watch(own->path);
    options->path = own->path;
    return init_ca(options, &fake_console, &result, err);
}

void fake_home_make(struct fake_home *own)
{
    struct error err = ERROR_INIT;
    // FAKE_POLICY is in no file that init would approve.
    struct init_options options = {
        .subject = "CN=Root", .origin = "ca.example/root", .key = "ec-p256", .policies = "any"};
    fake_token_reset();
    if (!fake_home_init(own, &options, &err))
        fail_msg("init: %s", err.text);
    builder_clear(&said);
}

void fake_home_open(struct fake_home *own)
{
    struct error err = ERROR_INIT;
    if (!home_open(own->path, HOME_WRITE, &fake_console, &own->home, &err))
        fail_msg("home_open: %s", err.text);
    own->confined = signer_declare_unconfined(own->home, "a test");
    if (!signer_open(own->confined, &fake_console, &own->signer, &err))
        fail_msg("signer_open: %s", err.text);
}

void fake_home_open_pool(struct fake_home *own)
{
    struct error err = ERROR_INIT;
    if (!home_open(own->path, HOME_WRITE, &fake_console, &own->home, &err))
        fail_msg("%s", err.text);
    struct home_config *config = &own->home->config;
    free(config->token.pool); // empty, but made
    config->token.pool = memory_new(2, sizeof(char *));
    config->token.pool[0] = memory_text("pkcs11:token=second;object=coldca-ca;type=private");
    config->token.pool[1] = memory_text("pkcs11:token=third;object=coldca-ca;type=private");
    config->token.pool_count = 2;
    config->token.sessions = 2;
    own->confined = signer_declare_unconfined(own->home, "a test");
}

void fake_home_close(struct fake_home *own)
{
    signer_close(own->signer);
    if (own->confined != NULL)
        confined_free(own->confined);
    if (own->home != NULL)
        home_close(own->home);
    own->signer = NULL;
    own->confined = NULL;
    own->home = NULL;
}

void fake_home_remove(struct fake_home *own)
{
    fake_home_close(own);
    folder_remove(&own->folder);
    fake_token_reset();
    builder_done(&said);
}

static void read_ledger(const struct fake_home *own, struct builder *ret_text)
{
    struct error err = ERROR_INIT;
    AUTO(free) char *path = memory_format("%s/ledger.jsonl", own->path);
    if (!file_read(AT_FDCWD, path, LEDGER_MAX_LEN, ret_text, &err))
        fail_msg("%s", err.text);
}

char *fake_home_types(const struct fake_home *own)
{
    struct error err = ERROR_INIT;
    struct builder types = BUILDER_INIT;
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    read_ledger(own, &text);
    const char *end = NULL;
    for (const char *line = builder_text(&text); (end = strchr(line, '\n')) != NULL; line = end + 1) {
        AUTO(json_free) struct json *record = NULL;
        if (!json_parse(bytes_of(line, (size_t)(end - line)), &record, &err))
            fail_msg("%s", err.text);
        builder_format(&types, "%s ", json_text(record, "type"));
    }
    return builder_take_text(&types);
}

struct json *fake_home_record(const struct fake_home *own, const char *type, unsigned nth)
{
    struct error err = ERROR_INIT;
    for (uint64_t seq = ledger_size(own->home->ledger); seq-- > 0;) {
        struct json *record = NULL;
        assert_true(ledger_record(own->home->ledger, seq, &record, &err));
        if (strcmp(json_text(record, "type"), type) == 0 && --nth == 0)
            return record;
        json_free(record);
    }
    fail_msg("no %s", type);
    return NULL;
}

size_t fake_home_count(const struct fake_home *own, const char *type)
{
    size_t count = 0;
    AUTO(free) char *types = fake_home_types(own);
    AUTO(free) char *word = memory_format("%s ", type);
    for (const char *at = types; (at = strstr(at, word)) != NULL; at++)
        count++;
    return count;
}

bool fake_home_logged(const struct fake_home *own, const char *words)
{
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    read_ledger(own, &text);
    return strstr(builder_text(&text), words) != NULL;
}

/* ---- plans ---- */

struct policy *fake_policy(const char *more)
{
    struct error err = ERROR_INIT;
    struct policy *policy = NULL;
    AUTO(free) char *text = memory_format("%s%s", FAKE_POLICY, more);
    if (!policy_load(bytes_of_text(text), "test.yaml", &policy, &err))
        fail_msg("%s", err.text);
    return policy;
}

void fake_plan_add(struct plan *plan, const char *name, unsigned device, EVP_PKEY *key)
{
    AUTO(builder_done) struct builder der = BUILDER_INIT;
    AUTO(free) char *subject = memory_format("30{31{30{06{550403}0c{'device-%u'}}}}", device);
    const struct csr_recipe recipe = {.key = key, .subject = subject};
    csr_make(&recipe, &der);
    plan->items = memory_grow(plan->items, plan->count + 1, sizeof(*plan->items));
    plan->items[plan->count++] = (struct plan_item){.source = memory_format("%s.csr", name),
                                                    .name = memory_text(name),
                                                    .request = csr_read(builder_bytes(&der)),
                                                    .action = PLAN_REFUSE};
}

struct plan *fake_plan(const struct policy *policy, unsigned first, unsigned count)
{
    struct plan *plan = plan_new(policy);
    for (unsigned i = first; i < first + count; i++) {
        AUTO(free) char *name = memory_format("device-%u", i);
        EVP_PKEY *key = csr_key("P-256");
        fake_plan_add(plan, name, i, key);
        EVP_PKEY_free(key);
    }
    return plan;
}

struct plan *fake_plan_again(const struct policy *policy, struct plan *plan)
{
    struct plan *again = plan_new(policy);
    again->items = memory_new(plan->count, sizeof(*again->items));
    for (; again->count < plan->count; again->count++) {
        struct plan_item *item = &plan->items[again->count];
        again->items[again->count] = (struct plan_item){.source = memory_text(item->source),
                                                        .name = memory_text(item->name),
                                                        .request = TAKE(item->request)};
    }
    return again;
}

void fake_plan_judge(const struct fake_home *own, struct plan *plan, const struct policy *policy,
                     struct output *output)
{
    struct error err = ERROR_INIT;
    AUTO(judge_free) struct judge *judge = judge_new(own->home);
    const struct plan_options options = {.policy = policy, .output = output, .now = time_now()};
    if (!plan_judge(judge, plan, &options, &err))
        fail_msg("plan_judge: %s", err.text);
}
