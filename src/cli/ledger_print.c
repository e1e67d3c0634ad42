/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/ledger_print.h"

#include "base/quote.h"

#include <stdio.h>

static void print_csv(const char *value)
{
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    quote_guard(&text, bytes_of_text(value == NULL ? "" : value));
    putchar('"');
    for (const char *at = builder_text(&text); *at != '\0'; at++) {
        if (*at == '"')
            putchar('"');
        putchar(*at);
    }
    putchar('"');
}

static void print_details(const struct json *record, const struct ledger_entry *entry)
{
    int64_t ref = 0;
    struct quoted buffer;
    static const char *const keys[] = {"subject", "name", "source", "command", "reason", "serial"};
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        const char *value = json_text(record, keys[i]);
        if (value != NULL)
            printf(" %s=%s", keys[i], quoted_text(value, &buffer));
    }
    const char *why = json_text_at(json_get(record, "reasons"), 0);
    if (why != NULL)
        printf(" reason=%s", quoted_text(why, &buffer));
    if (json_int(record, "ref", &ref))
        printf(" ref=%lld", (long long)ref);
    if (entry != NULL)
        printf(" status=%s", ledger_status_name(entry->status));
}

bool ledger_print_line(const struct json *record, const struct ledger_entry *entry, void *data)
{
    struct quoted buffer;
    int64_t seq = 0;
    (void)data;
    if (!json_int(record, "seq", &seq))
        return false;
    printf("%6lld  %s  %-16s", (long long)seq, json_text(record, "time"),
           quoted_text(json_text(record, "type"), &buffer));
    print_details(record, entry);
    putchar('\n');
    return true;
}

bool ledger_print_json(const struct json *record, const struct ledger_entry *entry, void *data)
{
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    (void)entry;
    (void)data;
    json_canonical(record, &text);
    puts(builder_text(&text));
    return true;
}

bool ledger_print_csv(const struct json *record, const struct ledger_entry *entry, void *data)
{
    int64_t seq = 0;
    static const char *const keys[] = {"time", "type", "serial", "subject", "policy"};
    (void)data;
    if (!json_int(record, "seq", &seq))
        return false;
    printf("%lld", (long long)seq);
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        putchar(',');
        print_csv(json_text(record, keys[i]));
    }
    putchar(',');
    print_csv(entry != NULL ? ledger_status_name(entry->status) : NULL);
    putchar('\n');
    return true;
}

bool ledger_print_of(const struct json *record, const struct ledger_entry *entry, void *data)
{
    const struct ledger_printing *printing = data;
    return (printing->who != NULL && !who_did(printing->who, record)) || printing->print(record, entry, NULL);
}
