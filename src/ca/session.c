#include "ca/session.h"

#include "base/memory.h"
#include "base/quote.h"

#include <errno.h>
#include <inttypes.h>
#include <pwd.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

/* A finding's text has at most 1023 bytes, so that this many fit into a record. */
#define REASONS_MAX 20

char *session_operator(void)
{
    struct quoted room;
    uid_t uid = getuid();
    const char *sudo_user = uid == 0 ? getenv("SUDO_USER") : NULL;
    if (sudo_user != NULL && *sudo_user != '\0')
        return memory_format("%s (sudo)", quoted_text(sudo_user, &room));
    const struct passwd *entry = getpwuid(uid);
    if (entry == NULL)
        return memory_format("uid %u", (unsigned)uid);
    return memory_text(quoted_text(entry->pw_name, &room));
}

bool session_make_batch(char ret_batch[static SESSION_BATCH_SIZE], struct error *err)
{
    uint8_t random[3];
    struct time_parts parts;
    time_split(time_now(), &parts);
    if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
        return error_errno(err, ERROR_INPUT, errno, "no random bytes for the batch's name");
    AUTO(free)
    char *text = memory_format("%04d%02d%02dT%02d%02d%02dZ-%02x%02x%02x", parts.year, parts.month, parts.day,
                               parts.hour, parts.minute, parts.second, random[0], random[1], random[2]);
    if (strlen(text) >= SESSION_BATCH_SIZE)
        return error_set(err, ERROR_LEDGER, 0, "the clock says the year %d; set the clock, then run again",
                         parts.year);
    memcpy(ret_batch, text, strlen(text) + 1);
    return true;
}

static bool put_token(struct ca_home *home, struct json *fields, struct error *err)
{
    struct token_info info;
    struct quoted room;
    if (!token_info(home->token, &info, err))
        return false;
    struct json *token = json_put_object(fields, "token");
    json_put_text(token, "label", quoted_text(info.label, &room));
    json_put_text(token, "serial", quoted_text(info.serial, &room));
    json_put_text(token, "model", quoted_text(info.model, &room));
    return true;
}

static bool log_refused(struct ca_home *home, const struct plan_item *item, const char *batch,
                        struct error *err)
{
    struct json *fields = json_new_object();
    ca_put_bounded(fields, "source", item->source);
    json_put_text(fields, "batch", batch);
    if (item->request != NULL)
        json_put_hex(fields, "input_sha256", BYTES(item->input_sha256));
    if (item->request != NULL && item->request->der.len > 0)
        json_put_hex(fields, "csr_sha256", BYTES(item->request->sha256));
    struct json *reasons = json_put_array(fields, "reasons");
    for (size_t i = 0; i < item->verdict->findings.count; i++) {
        if (i == REASONS_MAX) {
            json_add_text(reasons, "and more");
            break;
        }
        json_add_text(reasons, item->verdict->findings.items[i].text);
    }
    if (item->reason != NULL)
        json_put_text(fields, "decision", item->reason);
    return ledger_append(home->ledger, item->action == PLAN_SKIP ? "request.skipped" : "request.refused",
                         fields, NULL, err);
}

static void put_plan(struct json *fields, const struct plan *plan)
{
    json_put_text(fields, "policy", plan->policy_name);
    json_put_hex(fields, "policy_sha256", BYTES(plan->policy_sha256));
    json_put_hex(fields, "plan_sha256", BYTES(plan->sha256));
}

bool session_open(struct ca_home *home, const struct issue_options *options, struct error *err)
{
    char host[256] = "";
    struct quoted room;
    AUTO(free) char *operator_name = session_operator();
    (void)gethostname(host, sizeof(host) - 1); // an empty name is as good as none
    ledger_set_operator(home->ledger, operator_name);
    AUTO(json_free) struct json *fields = json_new_object();
    json_put_text(fields, "command", options->command);
    json_put_text(fields, "batch", options->batch);
    json_put_text(fields, "host", quoted_text(host, &room));
    json_put_text(fields, "tool", "coldca " COLDCA_VERSION);
    if (options->only != NULL)
        put_plan(fields, options->only);
    json_put_text(fields, "clock", options->is_confirmed_by_person ? "confirmed" : "checked");
    json_put_bool(fields, "allow_extractable", home->config.allow_extractable);
    return put_token(home, fields, err) &&
           ledger_append(home->ledger, "session.opened", TAKE(fields), NULL, err);
}

static bool log_planned(struct ca_home *home, const struct plan *plan, const char *batch, struct error *err)
{
    struct json *fields = json_new_object();
    json_put_text(fields, "batch", batch);
    json_put_int(fields, "requests", (int64_t)plan->count);
    put_plan(fields, plan);
    return ledger_append(home->ledger, "batch.planned", fields, NULL, err);
}

bool session_log_plan(struct ca_home *home, const struct plan *plan, const struct issue_options *options,
                      struct error *err)
{
    if (options->only == NULL && !log_planned(home, plan, options->batch, err))
        return false;
    for (size_t i = 0; i < plan->count; i++) {
        bool is_no = plan->items[i].action == PLAN_REFUSE || plan->items[i].action == PLAN_SKIP;
        if (is_no && !log_refused(home, &plan->items[i], options->batch, err))
            return false;
    }
    return true;
}
