/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/judge.h"

#include "base/digest.h"
#include "base/encode.h"
#include "base/memory.h"
#include "home/certificate.h"
#include "plan/compromised.h"
#include "plan/draw.h"
#include "plan/known.h"
#include "plan/place.h"
#include "plan/screen.h"
#include "plan/seen.h"
#include "records/evaluated.h"
#include "request/csr.h"

#include <string.h>

/* So that a cert.signing record always fits (LEDGER_RECORD_MAX_LEN): base64 makes 4 of 3. */
#define TBS_MAX_LEN 24576
#define SUBJECT_MAX_LEN 4096

struct judge {
    const struct home *home; /**< NULL: none */
    struct ledger *ledger;   /**< NULL: none */
    bool owns_ledger;
    struct screening *screening;
    struct seen *seen;
    struct compromised_keys *compromised; /**< NULL: not read yet */
};

struct judge *judge_new(const struct home *home)
{
    struct judge *judge = memory_new(1, sizeof(*judge));
    judge->home = home;
    judge->ledger = home != NULL ? home->ledger : NULL;
    judge->screening = screening_new(home);
    judge->seen = seen_new();
    return judge;
}

void judge_free(struct judge *judge)
{
    screening_free(judge->screening);
    seen_free(judge->seen);
    if (judge->compromised != NULL)
        compromised_keys_free(judge->compromised);
    if (judge->owns_ledger)
        ledger_close(judge->ledger);
    free(judge);
}

bool judge_open_lists(struct judge *judge, struct error *err)
{
    return screening_open(judge->screening, err);
}

bool judge_look_beside(struct judge *judge, struct error *err)
{
    struct ledger *beside = NULL;
    if (!ledger_open_beside(judge->ledger, &beside, err))
        return false;
    judge->ledger = beside;
    judge->owns_ledger = true;
    return true;
}

bool judge_remake(const struct judge *judge, const struct ledger_entry *entry, struct builder *ret_der,
                  struct error *err)
{
    return home_certificate_remake(judge->ledger, entry, ret_der, err);
}

/* ---- inputs to requests ---- */

static struct plan_item *add_item(struct plan *plan)
{
    if (plan->count == plan->capacity) {
        plan->capacity = plan->capacity == 0 ? 16 : 2 * plan->capacity;
        plan->items = memory_grow(plan->items, plan->capacity, sizeof(*plan->items));
    }
    struct plan_item *item = &plan->items[plan->count++];
    *item = (struct plan_item){.action = PLAN_REFUSE};
    return item;
}

static void add_unread(struct plan *plan, struct plan_input *input)
{
    struct plan_item *item = add_item(plan);
    item->source = TAKE(input->source);
    item->name = TAKE(input->name);
    plan_item_refuse(item, input->rule != NULL ? input->rule : "request.input", input->problem,
                     input->remedy);
}

/** One item a request; a file with several requests numbers its items' names. */
static void add_read(struct plan *plan, const struct plan_input *input, struct reading *reading)
{
    for (size_t i = 0; i < reading->count; i++) {
        struct plan_item *item = add_item(plan);
        bool is_only = reading->count == 1;
        item->source = is_only ? memory_text(input->source) : memory_format("%s#%zu", input->source, i + 1);
        item->name = is_only ? memory_text(input->name) : memory_format("%s-%zu", input->name, i + 1);
        item->request = TAKE(reading->requests[i]);
        item->is_read = true;
        digest_sha256(bytes_of(input->data, input->len), item->input_sha256);
    }
}

/** Keeps the parser processes busy and their answers in the order of the inputs. */
static bool read_inputs(struct readers *readers, struct plan_input *inputs, size_t count, struct plan *plan,
                        const struct console *console, struct error *err)
{
    AUTO(free) struct reading **readings = memory_new(count, sizeof(struct reading *));
    size_t submitted = 0;
    size_t added = 0;
    bool is_fine = true;
    while (is_fine && added < count) {
        while (is_fine && submitted < count &&
               (inputs[submitted].problem != NULL || readers_may_submit(readers))) {
            struct plan_input *input = &inputs[submitted];
            if (input->problem == NULL)
                is_fine = readers_submit(readers, submitted, bytes_of(input->data, input->len), err);
            submitted++;
        }
        while (is_fine && added < submitted && (inputs[added].problem != NULL || readings[added] != NULL)) {
            if (inputs[added].problem != NULL)
                add_unread(plan, &inputs[added]);
            else
                add_read(plan, &inputs[added], readings[added]);
            console_progress(console, "reading", ++added, count);
        }
        if (is_fine && readers_pending(readers) > 0) {
            struct reading *reading = NULL;
            is_fine = readers_next(readers, &reading, err);
            if (is_fine)
                readings[reading->ticket] = reading; // as it was submitted
        }
    }
    for (size_t i = 0; i < count; i++) {
        if (readings[i] != NULL)
            reading_free(readings[i]);
    }
    return is_fine;
}

/* ---- what the ledger and the other requests have to say ---- */

/** A key that is refused for how it is written is reported if it is another's all the same: that it is copied matters more. */
static bool tell_copied_keys(const struct judge *judge, struct plan *plan, struct error *err)
{
    for (size_t i = 0; i < plan->count; i++) {
        struct plan_item *item = &plan->items[i];
        if (item->request == NULL || !item->request->has_proof_of_possession ||
            !findings_has(&item->verdict->findings, "key.encoding"))
            continue;
        seen_look_up_key(judge->seen, item);
        if (judge->ledger != NULL && !known_key_refuse(judge->ledger, item, NULL, err))
            return false;
    }
    return true;
}

/** With --days, a certificate that lives shorter or longer is another one; the issuer's end may stand for both. */
static bool lives_as_asked(const struct plan_options *options, const struct template *template,
                           const struct cert_facts *earlier)
{
    return options->days == 0 || earlier->not_after == template->not_after ||
           earlier->not_after - earlier->not_before == template->not_after - template->not_before;
}

/**
 * Whether the certificate this request has already is the one that would be made now: the template with the earlier serial and
 * dates must give the earlier bytes, so that other --set values or another issuer are not answered with an old certificate.
 */
static bool find_earlier(const struct judge *judge, const struct plan_options *options,
                         struct plan_item *item, struct error *err)
{
    bool is_found = false;
    struct template *template = item->verdict->template;
    struct template wanted = *template; // shares everything, differs in the dates only
    AUTO(cert_facts_done) struct cert_facts facts = {.serial_len = 0};
    AUTO(ledger_entry_done) struct ledger_entry entry = {.serial = NULL};
    AUTO(builder_done) struct builder tbs = BUILDER_INIT;
    AUTO(builder_done) struct builder signature = BUILDER_INIT;
    AUTO(builder_done) struct builder again = BUILDER_INIT;
    if (!ledger_find_request(judge->ledger, item->request->sha256, policy_name(options->policy),
                             policy_sha256(options->policy), &entry, &is_found, err))
        return false;
    if (!is_found || entry.not_after < options->now)
        return true;
    if (!ledger_certificate_parts(judge->ledger, &entry, &tbs, &signature, err) ||
        !cert_read_tbs(builder_bytes(&tbs), &facts, err))
        return error_while(err, "reading certificate %s from the ledger", entry.serial);
    if (facts.serial_len != CERT_SERIAL_LEN || !lives_as_asked(options, template, &facts))
        return true;
    wanted.not_before = facts.not_before;
    wanted.not_after = facts.not_after;
    if (!draw_tbs(judge->home, &wanted, facts.serial, &again, err))
        return false;
    if (bytes_equal(builder_bytes(&again), builder_bytes(&tbs))) {
        item->action = PLAN_REPEAT;
        item->earlier = entry;
        entry = (struct ledger_entry){.serial = NULL};
    }
    return true;
}

/** What does not fit into a ledger record can't be signed. */
static bool refuse_size(struct plan_item *item, size_t tbs_len, const char *subject_text)
{
    if (tbs_len <= TBS_MAX_LEN && strlen(subject_text) <= SUBJECT_MAX_LEN)
        return false;
    AUTO(free)
    char *text = memory_format("the certificate would have %zu bytes, its subject %zu; a ledger record holds "
                               "%d and %d",
                               tbs_len, strlen(subject_text), TBS_MAX_LEN, SUBJECT_MAX_LEN);
    plan_item_refuse(item, "template.size", text, "ask for fewer names");
    return true;
}

/** What can't be a certificate of any CA is refused without one, so that `check` without a home says what `sign` will. */
static void try_template(struct plan_item *item)
{
    struct error why = ERROR_INIT;
    uint8_t serial[CERT_SERIAL_LEN];
    AUTO(builder_done) struct builder tbs = BUILDER_INIT;
    AUTO(cert_facts_done) struct cert_facts facts = {.serial_len = 0};
    cert_serial_random(serial);
    // Self-issued, with a signature algorithm for its size only: the bytes are not kept.
    if (!cert_tbs(item->verdict->template, NULL, serial, SIGNATURE_ECDSA_SHA256, &tbs, &why) ||
        !cert_read_tbs(builder_bytes(&tbs), &facts, &why))
        plan_item_refuse(item, "template", why.text, NULL);
    else
        (void)refuse_size(item, tbs.len, facts.subject_text); // it has refused the item itself
}

/** The key in the bytes to be signed is the one in the request's own, whatever happened in between. */
static bool check_key(const struct plan_item *item, struct bytes tbs, struct error *err)
{
    struct bytes spki;
    return cert_tbs_spki(tbs, &spki, err) &&
           (bytes_equal(spki, item->request->spki) ||
            error_set(err, ERROR_LEDGER, 0,
                      "the bytes made for %s hold another key than the request; nothing is signed, tell "
                      "coldca's makers",
                      item->source));
}

/** What is to be signed for an allowed request: the earlier certificate, or new bytes. */
static bool settle(const struct judge *judge, const struct plan_options *options, struct plan_item *item,
                   struct error *err)
{
    AUTO(builder_done) struct builder tbs = BUILDER_INIT;
    AUTO(cert_facts_done) struct cert_facts facts = {.serial_len = 0};
    if (!options->may_reissue && !find_earlier(judge, options, item, err))
        return false;
    if (item->action == PLAN_REPEAT)
        return place_earlier(judge->ledger, options->output, item, err);
    cert_serial_random(item->serial);
    if (!draw_tbs(judge->home, item->verdict->template, item->serial, &tbs, err)) {
        plan_item_refuse(item, "template", err->text,
                         NULL); // what can't be a certificate concerns this request only
        error_clear(err);
        return true;
    }
    if (!cert_read_tbs(builder_bytes(&tbs), &facts, err))
        return error_while(err, "reading back the bytes made for %s", item->source);
    if (!check_key(item, builder_bytes(&tbs), err))
        return false;
    if (refuse_size(item, tbs.len, facts.subject_text))
        return true;
    if (policy_wants_unique_key(options->policy) &&
        !known_key_refuse(judge->ledger, item, facts.subject_text, err))
        return false;
    if (item->action == PLAN_REFUSE)
        return true;
    place_new(options->output, item);
    if (item->action == PLAN_REFUSE)
        return true;
    item->action = PLAN_SIGN;
    item->tbs = builder_take(&tbs, &item->tbs_len);
    return true;
}

bool plan_judge(struct judge *judge, struct plan *plan, const struct plan_options *options, struct error *err)
{
    plan->made_at = options->now;
    const struct evaluated evaluated = {.at = options->now,
                                        .days = options->days,
                                        .variables = options->variables,
                                        .variables_count = options->variables_count};
    plan->evaluated = evaluated_write(&evaluated);
    plan->wants_proofs = policy_wants_proof(options->policy);
    const struct home *home = judge->home;
    for (size_t i = 0; i < plan->count; i++) {
        struct plan_item *item = &plan->items[i];
        if (item->request == NULL)
            continue;
        item->verdict = draw_verdict(home, options, item);
        item->action = item->verdict->is_allowed ? PLAN_ALLOW : PLAN_REFUSE;
    }
    if (!compromised_refuse(judge->ledger, &judge->compromised, plan, err) ||
        !screening_refuse(judge->screening, judge->ledger, plan, options->policy, err))
        return false;
    for (size_t i = 0; i < plan->count; i++) {
        if (plan->items[i].action == PLAN_ALLOW)
            seen_note(judge->seen, &plan->items[i], policy_wants_unique_key(options->policy));
    }
    if (policy_wants_unique_key(options->policy) && !tell_copied_keys(judge, plan, err))
        return false;
    for (size_t i = 0; i < plan->count; i++) {
        if (plan->items[i].action != PLAN_ALLOW)
            continue;
        if (home == NULL || home->issuer == NULL)
            try_template(&plan->items[i]);
        else if (!settle(judge, options, &plan->items[i], err))
            return false;
    }
    for (size_t i = 0; i < plan->count; i++)
        digest_sha256(bytes_of(plan->items[i].tbs, plan->items[i].tbs_len), plan->items[i].tbs_sha256);
    plan_seal(plan);
    return true;
}

bool plan_read(struct readers *readers, struct plan_input *inputs, size_t count, const struct policy *policy,
               const struct console *console, struct plan **ret_plan, struct error *err)
{
    AUTO(plan_free) struct plan *plan = plan_new(policy);
    if (!read_inputs(readers, inputs, count, plan, console, err))
        return false;
    *ret_plan = TAKE(plan);
    return true;
}

void plan_tell(const struct plan *plan, const struct console *console)
{
    for (size_t i = 0; i < plan->warnings.count; i++)
        console_notice(console, "%s", plan->warnings.items[i].text);
}

/** What only a CA's certificate and its ledger can answer. */
static void warn_without_issuer(const struct judge *judge, struct plan *plan)
{
    bool has_home = judge->home != NULL;
    if (has_home && judge->home->issuer != NULL)
        return;
    findings_say(&plan->warnings, has_home ? "check.no-issuer" : "check.no-home", NULL,
                 "%s these were not checked: the end, the names and the purposes its chain allows, and the "
                 "keys and requests its ledger knows",
                 has_home ? "while this CA awaits its parent's certificate" : "without a CA (-C)");
}

bool plan_make(struct judge *judge, struct readers *readers, struct plan_input *inputs, size_t count,
               const struct plan_options *options, const struct console *console, struct plan **ret_plan,
               struct error *err)
{
    AUTO(plan_free) struct plan *plan = NULL;
    if (!plan_read(readers, inputs, count, options->policy, console, &plan, err) ||
        !plan_judge(judge, plan, options, err))
        return false;
    warn_without_issuer(judge, plan);
    plan_tell(plan, console);
    *ret_plan = TAKE(plan);
    return true;
}
