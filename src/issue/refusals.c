/* SPDX-License-Identifier: Apache-2.0 */
#include "issue/refusals.h"

#include "base/memory.h"
#include "records/session.h"

#include <string.h>

void refusals_done(struct refusals *refusals)
{
    for (size_t i = 0; i < refusals->count; i++)
        free(refusals->known[i]);
    free(refusals->known);
    *refusals = (struct refusals){.known = NULL};
}

#define RECENT_RECORDS 4096

/** What two refusals have in common that are one and the same; the caller frees. */
static char *key_of(const struct json *record, bool with_reasons)
{
    const char *digest = json_text(record, "input_sha256");
    const struct json *reasons = json_get(record, "reasons");
    AUTO(builder_done) struct builder key = BUILDER_INIT;
    builder_format(&key, "%s %s", digest != NULL ? digest : "-", json_text(record, "source"));
    for (size_t i = 0; with_reasons && reasons != NULL && i < json_count(reasons); i++) {
        const char *reason = json_text_at(reasons, i);
        builder_format(&key, "\n%s", reason != NULL ? reason : "");
    }
    return builder_take_text(&key);
}

static bool take_known(const struct json *record, const struct ledger_entry *entry, void *data)
{
    struct refusals *refusals = data;
    const char *type = json_text(record, "type");
    (void)entry;
    if (type == NULL || json_text(record, "source") == NULL ||
        (strcmp(type, RECORD_REQUEST_REFUSED) != 0 && strcmp(type, RECORD_REQUEST_SKIPPED) != 0))
        return true;
    // What a person decided says nothing of what a person decides now.
    if (refusals->with_reasons && json_text(record, "decision") != NULL)
        return true;
    refusals->known = memory_grow(refusals->known, refusals->count + 1, sizeof(*refusals->known));
    refusals->known[refusals->count++] = key_of(record, refusals->with_reasons);
    return true;
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool load(struct ledger *ledger, const struct ledger_filter *filter, struct refusals *ret_refusals,
                 struct error *err)
{
    if (!ledger_each(ledger, filter, take_known, ret_refusals, err))
        return false;
    if (ret_refusals->count > 0)
        qsort(ret_refusals->known, ret_refusals->count, sizeof(*ret_refusals->known), compare);
    return true;
}

bool refusals_load(struct ledger *ledger, const char *batch, struct refusals *ret_refusals, struct error *err)
{
    const struct ledger_filter filter = {.batch = batch, .status = -1};
    return load(ledger, &filter, ret_refusals, err);
}

bool refusals_load_recent(struct ledger *ledger, struct refusals *ret_refusals, struct error *err)
{
    uint64_t size = ledger_size(ledger);
    const struct ledger_filter filter = {.type = RECORD_REQUEST_REFUSED,
                                         .from_seq = size > RECENT_RECORDS ? size - RECENT_RECORDS : 0,
                                         .status = -1};
    ret_refusals->with_reasons = true;
    return load(ledger, &filter, ret_refusals, err);
}

/** The file an item came in: what several of one file have in common. */
static size_t file_len(const struct plan_item *item)
{
    const char *mark = strrchr(item->source, '#');
    return mark != NULL ? (size_t)(mark - item->source) : strlen(item->source);
}

static bool is_no(const struct plan_item *item)
{
    return item->action == PLAN_REFUSE || item->action == PLAN_SKIP;
}

/** Whether two refusals are reported as one: of one file, by the policy, not by a person's word. */
static bool is_alike(const struct plan_item *a, const struct plan_item *b)
{
    size_t len = file_len(a);
    return a->action == b->action && a->request != NULL && b->request != NULL && a->reason == NULL &&
           b->reason == NULL && memcmp(a->input_sha256, b->input_sha256, sizeof(a->input_sha256)) == 0 &&
           file_len(b) == len && memcmp(a->source, b->source, len) == 0;
}

static bool has_reason(const struct findings *reasons, const char *text)
{
    size_t i = 0;
    while (i < reasons->count && strcmp(reasons->items[i].text, text) != 0)
        i++;
    return i < reasons->count;
}

/** Each reason once, of as many as a record can tell of. */
static void add_reasons(struct findings *reasons, const struct plan_item *item)
{
    for (size_t i = 0; i < item->verdict->findings.count && reasons->count <= RECORD_REASONS_MAX; i++) {
        if (!has_reason(reasons, item->verdict->findings.items[i].text))
            findings_add(reasons, &item->verdict->findings.items[i]);
    }
}

static bool is_known(const struct refusals *known, const struct json *record)
{
    if (known->count == 0 || (known->with_reasons && json_text(record, "decision") != NULL))
        return false;
    AUTO(free) char *key = key_of(record, known->with_reasons);
    return bsearch(&key, known->known, known->count, sizeof(*known->known), compare) != NULL;
}

/** \param count  so many from this item on are of one file */
static bool log_file(struct signer *signer, const struct plan_item *item, size_t count, const char *batch,
                     const struct refusals *known, struct error *err)
{
    const struct request *request = item->request;
    AUTO(findings_done) struct findings reasons = FINDINGS_INIT;
    AUTO(free)
    char *source = count > 1 ? memory_text_of(item->source, file_len(item)) : memory_text(item->source);
    const struct record_refused refused = {
        .source = source,
        .batch = batch,
        .input_sha256 = request != NULL ? item->input_sha256 : NULL,
        .csr_sha256 = count == 1 && request != NULL && request->der.len > 0 ? request->sha256 : NULL,
        .count = count,
        .reasons = &reasons,
        .decision = item->reason,
    };
    for (size_t i = 0; i < count; i++)
        add_reasons(&reasons, &item[i]);
    AUTO(json_free) struct json *record = record_refused_write(&refused);
    if (is_known(known, record))
        return true;
    return ledger_append(signer_home(signer)->ledger,
                         item->action == PLAN_SKIP ? RECORD_REQUEST_SKIPPED : RECORD_REQUEST_REFUSED,
                         TAKE(record), NULL, err);
}

bool refusals_log(struct signer *signer, const struct plan *plan, const char *batch,
                  const struct refusals *known, struct error *err)
{
    size_t count;
    for (size_t i = 0; i < plan->count; i += count) {
        count = 1;
        if (!is_no(&plan->items[i]))
            continue;
        while (i + count < plan->count && is_alike(&plan->items[i], &plan->items[i + count]))
            count++;
        if (!log_file(signer, &plan->items[i], count, batch, known, err))
            return false;
    }
    return true;
}
