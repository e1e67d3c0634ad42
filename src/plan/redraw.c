/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/redraw.h"

#include "base/memory.h"
#include "base/quote.h"
#include "plan/draw.h"
#include "plan/known.h"
#include "plan/screen.h"
#include "plan/seen.h"
#include "records/cert.h"
#include "records/evaluated.h"

#include <string.h>

struct redraw {
    const struct home *home;
    struct readers *readers;
    struct screening *screening;
};

bool redraw_open(const struct home *home, struct redraw **ret_redraw, struct error *err)
{
    AUTO(redraw_close) struct redraw *redraw = memory_new(1, sizeof(*redraw));
    redraw->home = home;
    redraw->screening = screening_new(home);
    if (!screening_open(redraw->screening, err) || !readers_open(0, &redraw->readers, err))
        return false;
    *ret_redraw = TAKE(redraw);
    return true;
}

void redraw_close(struct redraw *redraw)
{
    if (redraw->readers != NULL)
        readers_close(redraw->readers);
    screening_free(redraw->screening);
    free(redraw);
}

/** What a drawing needs of the plan. */
struct question {
    struct plan_options options; /**< its variables are texts of the plan's file */
    struct policy_variable *variables;
    const struct plan *plan;
    const struct plan_file *file;
};

static void question_done(struct question *question)
{
    free(question->variables);
}
DEFINE_AUTO_VALUE(struct question, question_done);

static bool read_evaluated(struct question *question, struct error *err)
{
    struct evaluated evaluated;
    struct plan_options *options = &question->options;
    if (!evaluated_read(question->file, options->policy, &evaluated, &question->variables, err))
        return false;
    options->now = evaluated.at;
    options->days = evaluated.days;
    options->variables = evaluated.variables;
    options->variables_count = evaluated.variables_count;
    return true;
}

/* ---- one item ---- */

static bool refuse(struct error *err, const char *text, const char *rule)
{
    return error_set(err, ERROR_INPUT, 0,
                     "coldca would not have planned it: %s (%s); make the plan anew, at this CA", text, rule);
}

static bool judge(const struct redraw *redraw, const struct question *question, struct plan_item *drawn,
                  struct error *err)
{
    drawn->verdict = draw_verdict(redraw->home, &question->options, drawn);
    if (drawn->verdict->is_allowed)
        return true;
    const struct finding *first = &drawn->verdict->findings.items[0];
    return refuse(err, first->text, first->rule);
}

static bool describe(const struct plan_item *item, struct builder *ret_text, struct error *err)
{
    return plan_item_describe(NULL, item, ret_text, err);
}

static size_t line_len(const char *line)
{
    return strcspn(line, "\n");
}

static const char *next_line(const char *line)
{
    line += line_len(line);
    return *line == '\n' ? line + 1 : line;
}

/** The first line in which two certificates differ. \return false: they read alike */
static bool find_difference(const char *found, const char *wanted, struct builder *ret_words)
{
    while (*found != '\0' && *wanted != '\0' && line_len(found) == line_len(wanted) &&
           memcmp(found, wanted, line_len(found)) == 0) {
        found = next_line(found);
        wanted = next_line(wanted);
    }
    found += strspn(found, " ");
    wanted += strspn(wanted, " ");
    builder_format(ret_words, "it says \"%.*s\", by its policy it is \"%.*s\"", (int)line_len(found), found,
                   (int)line_len(wanted), wanted);
    return *found != '\0' || *wanted != '\0';
}

static bool differs(const struct plan_item *item, const struct plan_item *drawn, struct error *err)
{
    AUTO(builder_done) struct builder found = BUILDER_INIT;
    AUTO(builder_done) struct builder wanted = BUILDER_INIT;
    AUTO(builder_done) struct builder words = BUILDER_INIT;
    if (!describe(item, &found, err) || !describe(drawn, &wanted, err))
        return false;
    if (!find_difference(builder_text(&found), builder_text(&wanted), &words))
        return refuse(err, "its bytes are not those that its policy gives", "plan.bytes");
    return refuse(err, builder_text(&words), "plan.bytes");
}

/** What the record says besides the bytes: the names it is found by, how its end came about. */
static bool record_is_drawn(const struct question *question, const struct plan_item *drawn, size_t index,
                            struct error *err)
{
    AUTO(builder_done) struct builder found = BUILDER_INIT;
    AUTO(builder_done) struct builder wanted = BUILDER_INIT;
    const struct json *planned = plan_file_record(question->file, index);
    const struct record_cert_signing record = {.tbs = bytes_of(drawn->tbs, drawn->tbs_len),
                                               .template = drawn->verdict->template,
                                               .policy = question->plan->policy_name,
                                               .policy_sha256 = question->plan->policy_sha256,
                                               .csr_sha256 = drawn->request->sha256};
    AUTO(json_free) struct json *again = record_cert_signing_write(&record);
    // What only the file's name and the file as it came could say.
    static const char *const named[] = {"type", "output", "source", "input_sha256"};
    for (size_t i = 0; i < ARRAY_LEN(named); i++)
        json_put_text(again, named[i], json_text(planned, named[i]));
    json_canonical(planned, &found);
    json_canonical(again, &wanted);
    return bytes_equal(builder_bytes(&found), builder_bytes(&wanted)) ||
           refuse(err, "its record says more or less of it than its policy gives", "plan.record");
}

/** The bytes of the plan, or none. */
static bool draw(const struct redraw *redraw, const struct question *question, struct plan_item *drawn,
                 size_t index, struct error *err)
{
    AUTO(builder_done) struct builder tbs = BUILDER_INIT;
    const struct plan_item *item = &question->plan->items[index];
    if (!judge(redraw, question, drawn, err) ||
        !draw_tbs(redraw->home, drawn->verdict->template, item->serial, &tbs, err))
        return false;
    drawn->tbs = builder_take(&tbs, &drawn->tbs_len);
    drawn->action = PLAN_SIGN;
    if (!bytes_equal(bytes_of(drawn->tbs, drawn->tbs_len), bytes_of(item->tbs, item->tbs_len)))
        return differs(item, drawn, err);
    return record_is_drawn(question, drawn, index, err);
}

/* ---- all of them ---- */

/** The items that are to be signed, in order. */
struct chosen {
    size_t *indexes;
    struct plan_input *inputs;
    size_t count;
};

static void chosen_done(struct chosen *chosen)
{
    for (size_t i = 0; i < chosen->count; i++)
        plan_input_done(&chosen->inputs[i]);
    free(chosen->inputs);
    free(chosen->indexes);
}
DEFINE_AUTO_VALUE(struct chosen, chosen_done);

static bool while_at(const struct plan *plan, size_t index, struct error *err)
{
    return error_while(err, "reading item %zu of the plan, %s", index,
                       quoted_text(plan->items[index].name, &(struct quoted){0}));
}

static bool choose(const struct question *question, struct chosen *chosen, struct error *err)
{
    const struct plan *plan = question->plan;
    chosen->indexes = memory_new(plan->count, sizeof(*chosen->indexes));
    chosen->inputs = memory_new(plan->count, sizeof(*chosen->inputs));
    for (size_t i = 0; i < plan->count; i++) {
        AUTO(builder_done) struct builder der = BUILDER_INIT;
        if (plan->items[i].action != PLAN_SIGN)
            continue;
        if (!plan_file_request(question->file, i, &der, err))
            return while_at(plan, i, err);
        struct plan_input *input = &chosen->inputs[chosen->count];
        *input = (struct plan_input){.source = memory_text(plan->items[i].source),
                                     .name = memory_text(plan->items[i].name)};
        input->data = builder_take(&der, &input->len);
        chosen->indexes[chosen->count++] = i;
    }
    return true;
}

/** What became known since the plan was made, or stands in it twice: refuses the item. */
static bool look_around(struct redraw *redraw, const struct policy *policy, struct plan *drawn,
                        struct error *err)
{
    AUTO(seen_free) struct seen *seen = seen_new();
    if (!screening_refuse(redraw->screening, redraw->home->ledger, drawn, policy, err))
        return false;
    for (size_t i = 0; i < drawn->count; i++) {
        struct plan_item *item = &drawn->items[i];
        bool is_unique = policy_wants_unique_key(policy);
        AUTO(cert_facts_done) struct cert_facts facts = {.serial_len = 0};
        if (item->action != PLAN_SIGN)
            continue;
        seen_note(seen, item, is_unique);
        if (is_unique && (!cert_read_tbs(bytes_of(item->tbs, item->tbs_len), &facts, err) ||
                          !known_key_refuse(redraw->home->ledger, item, facts.subject_text, err)))
            return false;
    }
    return true;
}

/** The plan's item becomes what was drawn: its request, the verdict, and whether it is signed. */
static void settle(struct plan_item *item, struct plan_item *drawn)
{
    request_free(item->request);
    item->request = TAKE(drawn->request);
    item->is_read = true;
    verdict_free(item->verdict);
    item->verdict = TAKE(drawn->verdict);
    item->action = drawn->action;
}

bool redraw_plan(struct redraw *redraw, const struct plan_file *file, const struct policy *policy,
                 struct plan *plan, struct error *err)
{
    AUTO(question_done)
    struct question question = {
        .options = {.policy = policy, .verifies_again = true}, .plan = plan, .file = file};
    AUTO(chosen_done) struct chosen chosen = {.count = 0};
    AUTO(plan_free) struct plan *drawn = NULL;
    if (!choose(&question, &chosen, err))
        return false;
    if (chosen.count == 0)
        return true;
    if (!read_evaluated(&question, err) ||
        !plan_read(redraw->readers, chosen.inputs, chosen.count, policy, NULL, &drawn, err))
        return false;
    if (drawn->count != chosen.count)
        return error_set(err, ERROR_INPUT, 0, "an item of the plan is not of one request (plan.request)");
    for (size_t i = 0; i < drawn->count; i++) {
        if (!draw(redraw, &question, &drawn->items[i], chosen.indexes[i], err))
            return while_at(plan, chosen.indexes[i], err);
    }
    if (!look_around(redraw, policy, drawn, err))
        return false;
    for (size_t i = 0; i < drawn->count; i++)
        settle(&plan->items[chosen.indexes[i]], &drawn->items[i]);
    findings_copy(&plan->warnings, &drawn->warnings);
    return true;
}
