/* SPDX-License-Identifier: Apache-2.0 */
#include "status/describe.h"

#include "base/quote.h"
#include "base/time.h"

#include <string.h>

static void add_line(struct builder *text, const char *label, const char *value)
{
    struct quoted buffer;
    if (value != NULL && *value != '\0')
        builder_format(text, "  %-10s %s\n", label, quoted_text(value, &buffer));
}

static bool add_known(struct home *home, const struct revoke_target *target, struct builder *text,
                      struct error *err)
{
    AUTO(json_free) struct json *record = NULL;
    AUTO(builder_done) struct builder tbs = BUILDER_INIT;
    AUTO(cert_facts_done) struct cert_facts facts = {.serial_len = 0};
    if (!ledger_record(home->ledger, target->signing_seq, &record, err))
        return false;
    if (!json_base64(record, "tbs", &tbs) || !cert_read_tbs(builder_bytes(&tbs), &facts, err))
        return error_set(err, ERROR_LEDGER, 0, "record %llu holds no TBSCertificate",
                         (unsigned long long)target->signing_seq);
    add_line(text, "subject", facts.subject_text);
    add_line(text, "names", facts.sans_text);
    add_line(text, "key", facts.key_text);
    add_line(text, "issued", json_text(record, "time"));
    add_line(text, "policy", json_text(record, "policy"));
    add_line(text, "run", json_text(record, "batch"));
    add_line(text, "request", json_text(record, "source"));
    return true;
}

bool revoke_describe(struct home *home, const struct revoke_target *target, struct builder *ret_text,
                     struct error *err)
{
    char time[TIME_TEXT_SIZE];
    add_line(ret_text, target->is_key ? "key" : "serial",
             target->serial_text + (target->is_key ? strlen("key ") : 0));
    if (target->signing_seq != UINT64_MAX && !add_known(home, target, ret_text, err))
        return false;
    if (target->is_key)
        builder_add_text(ret_text, "  a key by itself: requests with it are refused\n");
    if (target->is_foreign)
        builder_add_text(ret_text, "  from before this ledger (--foreign): nothing else is known of it\n");
    if (target->not_after != CRL_NO_TIME)
        add_line(ret_text, "valid to", time_format(target->not_after, time));
    add_line(ret_text, "now", target->note);
    return true;
}
