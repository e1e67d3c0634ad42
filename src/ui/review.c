/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/fit.h"
#include "ui/pager.h"
#include "ui/review_item.h"
#include "ui/terminal.h"
#include "ui/ui.h"

#include "base/encode.h"
#include "base/memory.h"
#include "base/quote.h"
#include "base/words.h"
#include "plan/decisions.h"

#include <signal.h>
#include <strings.h>

#define REASON_MAX_LEN 400
#define QUESTION_ROWS 6 /* an empty line, file, subject, the keys in two, one spare */
#define NOTHING_SHOWN SIZE_MAX
#define WORDS_A_LINE 8

struct review {
    struct plan *plan;
    const struct review_hooks *hooks;
    struct decisions *decisions;
    size_t at;
    size_t shown;         /**< whose text was shown last */
    bool was_interrupted; /**< by Ctrl-C, at the question that is asked again now */
};

enum command {
    COMMAND_NONE,
    COMMAND_APPROVE,
    COMMAND_REFUSE,
    COMMAND_SKIP,
    COMMAND_REST,
    COMMAND_BACK,
    COMMAND_SHOW,
    COMMAND_QUIT,
};

static enum command command_of(const char *typed)
{
    static const struct {
        const char *word;
        enum command command;
    } words[] = {
        {"r", COMMAND_REFUSE},        {"refuse", COMMAND_REFUSE}, {"s", COMMAND_SKIP}, {"skip", COMMAND_SKIP},
        {"b", COMMAND_BACK},          {"back", COMMAND_BACK},     {"q", COMMAND_QUIT}, {"quit", COMMAND_QUIT},
        {"approve", COMMAND_APPROVE}, {"rest", COMMAND_REST},     {"?", COMMAND_SHOW}, {"show", COMMAND_SHOW},
    };
    // The only letter whose case matters.
    if (strcasecmp(typed, "a") == 0)
        return *typed == 'a' ? COMMAND_APPROVE : COMMAND_REST;
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (strcasecmp(typed, words[i].word) == 0)
            return words[i].command;
    }
    return COMMAND_NONE;
}

static bool may_approve(const struct review *review)
{
    return decisions_may_approve(review->decisions, review->at);
}

static bool ask_reason(char **ret_reason, struct error *err)
{
    for (;;) {
        AUTO(builder_done) struct builder line = BUILDER_INIT;
        AUTO(builder_done) struct builder escaped = BUILDER_INIT;
        if (!ui_ask_line("reason (goes into the ledger)", &line, err))
            return false;
        size_t start = 0;
        while (start < line.len && (line.data[start] == ' ' || line.data[start] == '\t'))
            start++;
        quote_append(&escaped, bytes_slice(builder_bytes(&line), start, line.len), REASON_MAX_LEN);
        if (escaped.len == 0) {
            terminal_say_text("a refusal needs a reason\n");
            continue;
        }
        *ret_reason = builder_take_text(&escaped);
        return true;
    }
}

static void say_why_not(const struct review *review)
{
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    builder_add_text(&text, "it can't be approved here: ");
    plan_item_reasons(&review->plan->items[review->at], &text);
    builder_add_text(&text, "\nfix the request or the policy, and run it again\n");
    terminal_say(builder_bytes(&text));
}

static bool approve(struct review *review)
{
    bool is_approved = decisions_approve(review->decisions, review->at);
    if (!is_approved)
        say_why_not(review);
    return is_approved;
}

static bool refuse(struct review *review, bool *ret_moves_on, struct error *err)
{
    AUTO(free) char *reason = NULL;
    if (may_approve(review) && !ask_reason(&reason, err))
        return false;
    decisions_refuse(review->decisions, review->at, reason);
    *ret_moves_on = true;
    return true;
}

/** Approves this item and those after it that the policy allows. */
static bool approve_rest(struct review *review, struct error *err)
{
    AUTO(builder_done) struct builder question = BUILDER_INIT;
    bool is_sure = false;
    size_t allowed = decisions_count_approvable(review->decisions, review->at);
    builder_format(&question, "approve %zu unseen or open, leave %zu refused", allowed,
                   review->plan->count - review->at - allowed);
    if (!ui_confirm(builder_text(&question), &is_sure, err))
        return false;
    if (is_sure) {
        decisions_approve_rest(review->decisions, review->at);
        review->at = review->plan->count;
    }
    return true;
}

/** File, subject and keys, within the width; one column stays free for the key. */
static void put_question(const struct review *review, struct builder *ret_text)
{
    size_t columns = terminal_size().columns;
    bool is_allowed = may_approve(review);
    AUTO(builder_done) struct builder keys = BUILDER_INIT;
    AUTO(free) char *place = memory_format("%zu of %zu", review->at + 1, review->plan->count);
    review_item_title(&review->plan->items[review->at], place, columns, ret_text);
    builder_format(&keys, "%s, s skip, A approve the rest, b back, ? show again, q quit",
                   is_allowed ? "a approve, r refuse" : "r leave it refused");
    fit_list(ret_text, builder_bytes(&keys), columns > 3 ? columns - 3 : 0);
}

static bool ask_item(struct review *review, struct error *err)
{
    AUTO(builder_done) struct builder prompt = BUILDER_INIT;
    AUTO(builder_done) struct builder line = BUILDER_INIT;
    bool moves_on = false;
    put_question(review, &prompt);
    if (!ui_ask_line(builder_text(&prompt), &line, err))
        return false;
    switch (command_of(builder_text(&line))) {
    case COMMAND_APPROVE:
        moves_on = approve(review);
        break;
    case COMMAND_REFUSE:
        if (!refuse(review, &moves_on, err))
            return false;
        break;
    case COMMAND_SKIP:
        decisions_skip(review->decisions, review->at);
        moves_on = true;
        break;
    case COMMAND_REST:
        return approve_rest(review, err);
    case COMMAND_BACK:
        review->at -= review->at > 0 ? 1 : 0;
        break;
    case COMMAND_SHOW:
        review->shown = NOTHING_SHOWN;
        break;
    case COMMAND_QUIT:
        return error_set(err, ERROR_INTERRUPTED, 0, "review aborted; nothing was signed");
    case COMMAND_NONE:
    default:
        break;
    }
    review->at += moves_on ? 1 : 0;
    return true;
}

static bool show_item(struct review *review, struct error *err)
{
    const struct plan_item *item = &review->plan->items[review->at];
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    builder_format(&text, "\nrequest %zu of %zu\n", review->at + 1, review->plan->count);
    review_item_in_words(item, &text);
    if (!review_item_outcome(item, review->hooks, &text, err))
        return false;
    builder_add_u8(&text, '\n');
    review->shown = review->at; // a Ctrl-C on the way leads to the question
    return pager_show(builder_bytes(&text), QUESTION_ROWS, err);
}

/** Whether a failed question is asked again: after a first Ctrl-C, if decisions would be lost. Clears err then. */
static bool forgives(struct review *review, struct error *err)
{
    size_t made = decisions_made(review->decisions);
    if (err->kind != ERROR_INTERRUPTED || err->native != SIGINT || review->was_interrupted || made == 0)
        return false;
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    builder_format(&text,
                   "Ctrl-C again, or q, aborts the review and discards the %zu decision%s made so far\n",
                   made, made == 1 ? "" : "s");
    terminal_say(builder_bytes(&text));
    review->was_interrupted = true;
    error_clear(err);
    return true;
}

/** Asks until every item is decided; an item is shown again only when another one becomes the current one, or on demand. */
static bool decide_all(struct review *review, struct error *err)
{
    while (review->at < review->plan->count) {
        bool is_answered = (review->shown == review->at || show_item(review, err)) && ask_item(review, err);
        if (!is_answered && !forgives(review, err))
            return false;
        if (is_answered)
            review->was_interrupted = false;
    }
    return true;
}

static void say_plan(const struct plan *plan, const char *heading)
{
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    char hex[129];
    builder_format(&text, "\n%s: %zu to sign, %zu to re-deliver, %zu refused, %zu skipped\nplan %s\n",
                   heading, plan_count(plan, PLAN_SIGN) + plan_count(plan, PLAN_ALLOW),
                   plan_count(plan, PLAN_REPEAT), plan_count(plan, PLAN_REFUSE), plan_count(plan, PLAN_SKIP),
                   hex_of(BYTES(plan->sha256), hex));
    if (plan->admitted != NULL) {
        // What the approvers were read, to be compared by ear.
        words_of(BYTES(plan->sha256), WORDS_A_LINE, &text);
        builder_add_u8(&text, '\n');
    }
    terminal_say(builder_bytes(&text));
}

/** Whether a PIN that was not given, or not right, leads back to the last question. Clears err then. */
static bool returns(struct review *review, struct error *err)
{
    if (err->kind == ERROR_INTERRUPTED)
        return forgives(review, err);
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    builder_format(&text, "coldca: %s\nnothing was signed; your decisions are kept\n", err->text);
    terminal_say(builder_bytes(&text));
    error_clear(err);
    return true;
}

/** Asks for the last word until it is b, q, or a c for which the token could be opened. */
static bool last_word(struct review *review, char *ret_key, struct error *err)
{
    AUTO(free) char *question = memory_format("c %s, b back, q quit", review->hooks->end);
    for (;;) {
        bool is_answered = ui_ask_key(question, "cbq", ret_key, err);
        if (!is_answered && !forgives(review, err))
            return false;
        if (!is_answered)
            continue;
        review->was_interrupted = false;
        if (*ret_key != 'c' || review->hooks->unlock == NULL ||
            review->hooks->unlock(review->hooks->data, err))
            return true;
        if (!returns(review, err))
            return false;
    }
}

/** Shows the plan as decided and asks for the last word. \param ret_is_final false: back to the last item */
static bool conclude(struct review *review, bool *ret_is_final, struct error *err)
{
    char key = 0;
    decisions_apply(review->decisions);
    say_plan(review->plan, "decided");
    bool done = last_word(review, &key, err);
    if (done && key == 'q')
        done = error_set(err, ERROR_INTERRUPTED, 0, "review aborted; nothing was signed");
    if (!done || key == 'b')
        decisions_take_back(review->decisions);
    if (!done)
        return false;
    *ret_is_final = key == 'c';
    review->at -= key == 'b' ? 1 : 0;
    review->shown = NOTHING_SHOWN;
    return true;
}

bool ui_review(struct plan *plan, const struct review_hooks *hooks, struct error *err)
{
    bool is_final = plan->count == 0;
    if (!ui_has_terminal())
        return error_set(err, ERROR_USAGE, 0, "review needs a terminal; without one use check and sign");
    AUTO(decisions_free) struct decisions *decisions = decisions_new(plan);
    struct review review = {.plan = plan, .hooks = hooks, .decisions = decisions, .shown = NOTHING_SHOWN};
    AUTO(builder_done) struct builder heading = BUILDER_INIT;
    builder_format(&heading, "%zu request%s under policy %s", plan->count, plan->count == 1 ? "" : "s",
                   plan->policy_name);
    say_plan(plan, builder_text(&heading));
    while (!is_final) {
        if (!decide_all(&review, err) || !conclude(&review, &is_final, err))
            return false;
    }
    return true;
}
