/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/review_item.h"

#include "base/encode.h"
#include "base/quote.h"
#include "base/time.h"
#include "ui/fit.h"

#define LABEL_WIDTH 14

static void add_line(struct builder *text, const char *label, const char *value)
{
    builder_format(text, "  %-*s%s\n", LABEL_WIDTH, label, value);
}

static void add_sans(struct builder *text, const struct request *request)
{
    if (request->sans_count == 0)
        add_line(text, "names", "none (no subjectAltName)");
    for (size_t i = 0; i < request->sans_count; i++) {
        AUTO(builder_done) struct builder name = BUILDER_INIT;
        builder_format(&name, "%s %s", san_kind_name(request->sans[i].kind), request->sans[i].text);
        add_line(text, i == 0 ? "names" : "", builder_text(&name));
    }
}

/** NULL: none */
static const char *subject_of(const struct request *request)
{
    bool has_subject = request->subject_text != NULL && *request->subject_text != '\0';
    return has_subject ? request->subject_text : NULL;
}

static void add_request(struct builder *text, const struct request *request)
{
    char hex[129];
    const char *subject = subject_of(request);
    add_line(text, "subject", subject != NULL ? subject : "(empty)");
    add_sans(text, request);
    if (request->spki.len == 0) {
        add_line(text, "key", "could not be read");
        return;
    }
    add_line(text, "key", request->key_name);
    builder_format(text, "  %-*sSHA-256 %s\n", LABEL_WIDTH, "", hex_of(BYTES(request->spki_sha256), hex));
    if (request->asks_for_ca)
        add_line(text, "asks", "to be a CA");
}

static void add_reasons(struct builder *text, const struct verdict *verdict)
{
    for (size_t i = 0; i < verdict->findings.count; i++) {
        const struct finding *finding = &verdict->findings.items[i];
        add_line(text, i == 0 ? "because" : "", finding->text);
        if (finding->remedy != NULL)
            builder_format(text, "  %-*sto do: %s\n", LABEL_WIDTH, "", finding->remedy);
    }
}

static void add_notes(struct builder *text, const struct verdict *verdict)
{
    for (size_t i = 0; i < verdict->notes.count; i++)
        add_line(text, i == 0 ? "note" : "", verdict->notes.items[i].text);
}

static void add_verdict(struct builder *text, const struct plan_item *item)
{
    char until[TIME_TEXT_SIZE];
    switch (item->action) {
    case PLAN_REPEAT:
        builder_format(text, "  %-*sallowed; has its certificate already: serial %s, until %s\n", LABEL_WIDTH,
                       "verdict", item->earlier.serial == NULL ? "?" : item->earlier.serial,
                       time_format(item->earlier.not_after, until));
        break;
    case PLAN_SIGN:
    case PLAN_ALLOW:
        add_line(text, "verdict",
                 item->is_planned ? "in the plan that people approved" : "allowed by the policy");
        break;
    case PLAN_REFUSE:
    case PLAN_SKIP:
    default:
        add_line(text, "verdict",
                 item->verdict->is_allowed ? "allowed by the policy, not to be signed"
                                           : "REFUSED by the policy");
        break;
    }
    if (item->reason != NULL)
        add_line(text, "a person said", item->reason);
    add_reasons(text, item->verdict);
    add_notes(text, item->verdict);
}

static void add_decisions(struct builder *text, const struct verdict *verdict, enum decision_kind kind,
                          const char *label)
{
    const char *shown = label;
    for (size_t i = 0; i < verdict->decisions_count; i++) {
        const struct decision *decision = &verdict->decisions[i];
        if (decision->kind != kind)
            continue;
        builder_format(text, "  %-*s%s%s%s\n", LABEL_WIDTH, shown, decision->field,
                       decision->value == NULL ? "" : ": ", decision->value == NULL ? "" : decision->value);
        shown = "";
    }
}

void review_item_in_words(const struct plan_item *item, struct builder *ret_text)
{
    add_line(ret_text, "file", item->source);
    if (item->request != NULL && !item->is_planned) // else the certificate says it all
        add_request(ret_text, item->request);
    add_verdict(ret_text, item);
    add_decisions(ret_text, item->verdict, DECISION_TAKEN, "policy takes");
    add_decisions(ret_text, item->verdict, DECISION_DROPPED, "policy drops");
    add_decisions(ret_text, item->verdict, DECISION_SET, "policy sets");
    add_decisions(ret_text, item->verdict, DECISION_ADDED, "policy adds");
}

/** Appends each line of from, set in by four columns. */
static void add_indented(struct builder *text, struct bytes from)
{
    bool is_line_start = true;
    for (size_t i = 0; i < from.len; i++) {
        if (is_line_start && from.data[i] != '\n')
            builder_add_text(text, "    ");
        builder_add_u8(text, from.data[i]);
        is_line_start = from.data[i] == '\n';
    }
    if (!is_line_start)
        builder_add_u8(text, '\n');
}

bool review_item_outcome(const struct plan_item *item, const struct review_hooks *hooks,
                         struct builder *ret_text, struct error *err)
{
    if (hooks->describe == NULL || (item->action != PLAN_SIGN && item->action != PLAN_REPEAT))
        return true;
    AUTO(builder_done) struct builder outcome = BUILDER_INIT;
    if (!hooks->describe(hooks->data, item, &outcome, err))
        return error_while(err, "describing the certificate of %s", item->source);
    builder_format(ret_text, "  %s\n",
                   item->action == PLAN_REPEAT ? "the certificate already issued:"
                                               : "the certificate to be issued:");
    add_indented(ret_text, builder_bytes(&outcome));
    return true;
}

void review_item_title(const struct plan_item *item, const char *place, size_t columns,
                       struct builder *ret_text)
{
    AUTO(builder_done) struct builder file = BUILDER_INIT;
    AUTO(builder_done) struct builder subject = BUILDER_INIT;
    const char *words = item->request == NULL ? "(not a request)" : subject_of(item->request);
    size_t taken = strlen(place) + strlen(": ");
    quote_guard(&file, bytes_of_text(item->source));
    quote_guard(&subject, bytes_of_text(words != NULL ? words : "(empty)"));
    builder_format(ret_text, "%s: ", place);
    fit_end(ret_text, builder_bytes(&file), columns > taken ? columns - taken : 0);
    builder_add_u8(ret_text, '\n');
    builder_format(ret_text, "subject: ");
    taken = strlen("subject: ");
    fit_start(ret_text, builder_bytes(&subject), columns > taken ? columns - taken : 0);
    builder_add_u8(ret_text, '\n');
}
