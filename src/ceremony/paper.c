/* SPDX-License-Identifier: Apache-2.0 */
#include "ceremony/paper.h"

#include "base/encode.h"
#include "base/memory.h"
#include "ceremony/assumed.h"
#include "ceremony/steps.h"

#include <string.h>

#define EXCEPTIONS 10 /* rows on the sheet for what goes wrong */
#define ROOM "____________________"

struct paper {
    const struct ceremony_script *script;
    const struct ceremony_site *site; /**< NULL: any machine */
    struct page *page;
};

/** A text of the script, its {blanks} as lines to fill in. The caller frees. */
static char *fillable(const struct ceremony_script *script, const char *text)
{
    AUTO(builder_done) struct builder filled = BUILDER_INIT;
    while (*text != '\0') {
        const struct ceremony_blank *found = NULL;
        for (unsigned i = 0; *text == '{' && i < script->blank_count && found == NULL; i++) {
            size_t len = strlen(script->blanks[i].name);
            if (strncmp(text + 1, script->blanks[i].name, len) == 0 && text[1 + len] == '}')
                found = &script->blanks[i];
        }
        if (found == NULL) {
            builder_add_u8(&filled, (uint8_t)*text++);
            continue;
        }
        builder_format(&filled, ROOM " (%s)", found->name);
        text += strlen(found->name) + 2;
    }
    return builder_take_text(&filled);
}

/* ---- before the steps ---- */

static void add_people(const struct paper *paper, const struct page_column *columns, bool is_to_sign)
{
    page_table(paper->page, columns, 4);
    for (unsigned i = 0; i < paper->script->role_count; i++) {
        const struct ceremony_role *role = &paper->script->roles[i];
        const char *cells[] = {role->role, is_to_sign ? NULL : role->about, NULL, NULL};
        if (!is_to_sign && role->about == NULL)
            cells[1] = "-";
        for (unsigned k = 0; k < role->count; k++)
            page_row(paper->page, cells);
    }
    page_table_end(paper->page);
}

static void add_present(const struct paper *paper)
{
    static const struct page_column columns[] = {{"role", 10}, {"does", 30}, {"name", 20}, {"initials", 8}};
    page_heading(paper->page, "Who is in the room");
    page_text(paper->page,
              "Each person writes name and initials; the same initials are typed for every yes.");
    add_people(paper, columns, false);
}

static void add_blanks(const struct paper *paper)
{
    if (paper->script->blank_count == 0)
        return;
    page_heading(paper->page, "To be filled in");
    for (unsigned i = 0; i < paper->script->blank_count; i++) {
        const struct ceremony_blank *blank = &paper->script->blanks[i];
        page_field(paper->page, blank->ask, "");
        if (blank->match != NULL) {
            AUTO(free) char *form = memory_format("has the form %s", blank->match);
            page_field(paper->page, "", form);
        }
    }
}

/** What is on the table: the tokens that homes and steps name, the homes, the media. */
static void add_things(const struct paper *paper)
{
    static const struct page_column columns[] = {{"thing", 24}, {"where", 28}, {"serial number", 18}};
    const struct ceremony_script *script = paper->script;
    page_heading(paper->page, "What is on the table");
    page_table(paper->page, columns, 3);
    for (unsigned i = 0; i < script->home_count; i++) {
        const struct ceremony_home *home = &script->homes[i];
        const struct site_token *token = paper->site == NULL ? NULL : site_token(paper->site, home->token);
        AUTO(free) char *token_line = memory_format("token %s", home->token);
        AUTO(free) char *home_line = memory_format("home %s", home->home);
        AUTO(free)
        char *label = token == NULL ? memory_text("with the keys of this home")
                                    : memory_format("label %s", token->label);
        const char *path = paper->site == NULL ? NULL : site_home_path(paper->site, home->home);
        page_row(paper->page, (const char *const[]){token_line, label, NULL});
        page_row(paper->page,
                 (const char *const[]){home_line, path == NULL ? "a directory of this machine" : path, "-"});
    }
    for (unsigned i = 0; i < script->medium_count; i++) {
        const struct ceremony_medium *medium = &script->media[i];
        AUTO(free) char *line = memory_format("medium %s", medium->medium);
        const char *path = paper->site == NULL ? NULL : site_medium_path(paper->site, medium->medium);
        page_row(paper->page, (const char *const[]){line,
                                                    path != NULL            ? path
                                                    : medium->about != NULL ? medium->about
                                                                            : "-",
                                                    NULL});
    }
    page_table_end(paper->page);
}

static void add_assumed_one(void *data, const struct step_need *need)
{
    AUTO(builder_done) struct builder words = BUILDER_INIT;
    step_need_words(need, &words);
    page_check(data, builder_text(&words));
}

static void add_assumed(const struct paper *paper)
{
    page_heading(paper->page, "Before the first step");
    page_text(paper->page, "What the steps count on, and none of them makes. Tick it the day before.");
    ceremony_assumed(paper->script, add_assumed_one, paper->page);
}

static void add_rules(const struct paper *paper)
{
    page_heading(paper->page, "How it goes");
    page_text(paper->page, "The program leads through the steps in this order and says at each what comes "
                           "and what was. A step is begun only "
                           "if what stands under \"before\" is so. Whoever says yes compares the screen with "
                           "this paper first, types their "
                           "initials there, and writes time (UTC) and initials here.");
    page_text(paper->page, "If a step fails, the program says why and offers what stands under \"if it "
                           "fails\". Whatever happens, nothing is "
                           "signed twice: Ctrl-C, a power cut and a pulled stick are safe, and the same "
                           "command resumes at the same step. Write "
                           "what was out of the ordinary on the exception sheet.");
    page_text(paper->page, "PINs are typed where the program asks for them, never written here.");
}

/* ---- a step ---- */

static char *needs_words(const struct step_need *needs, size_t count)
{
    AUTO(builder_done) struct builder words = BUILDER_INIT;
    for (size_t i = 0; i < count; i++) {
        builder_add_text(&words, i > 0 ? "; " : "");
        step_need_words(&needs[i], &words);
    }
    return builder_take_text(&words);
}

static void add_conditions(const struct paper *paper, const struct ceremony_step *step)
{
    struct step_need needs[STEP_NEEDS_MAX];
    size_t count = step_needs(paper->script, step, needs);
    AUTO(free) char *before = needs_words(needs, count);
    page_field(paper->page, "before", count == 0 ? NULL : before);
    count = step_effects(paper->script, step, needs);
    AUTO(free) char *after = needs_words(needs, count);
    page_field(paper->page, "after", count == 0 ? NULL : after);
}

static const char *offers_of(const struct ceremony_step *step)
{
    if (step->fails != NULL && strcmp(step->fails, "go-on") == 0)
        return "try it again; go on without it; stop here and resume later; abandon for good";
    if (step->fails != NULL && strcmp(step->fails, "stop") == 0)
        return "stop here and resume later; abandon for good";
    return "try it again; stop here and resume later; abandon for good";
}

/** What of a step's fields is not in its command. */
static void add_fields(const struct paper *paper, const struct ceremony_step *step)
{
    uint8_t sha256[32];
    const char *hex = step_value(step, FIELD_SHA256);
    const char *text = step_value(step, FIELD_TEXT);
    const char *bag = step_value(step, FIELD_BAG);
    AUTO(free) char *filled_text = text == NULL ? NULL : fillable(paper->script, text);
    AUTO(free) char *filled_bag = bag == NULL ? NULL : fillable(paper->script, bag);
    page_field(paper->page, "text", filled_text);
    page_field(paper->page, "token", step->kind == STEP_SEAL ? step_value(step, FIELD_TOKEN) : NULL);
    page_field(paper->page, "bag", filled_bag);
    if (step->kind == STEP_COMPARE)
        page_code(paper->page, "file", step_value(step, FIELD_FILE));
    if (hex != NULL && decode_hex_exactly(bytes_of_text(hex), sha256, sizeof(sha256)))
        page_digest(paper->page, "SHA-256", sha256);
}

/** What is on the screen and belongs on the paper. */
static void add_room(const struct paper *paper, const struct ceremony_step *step)
{
    const char *ask = step_value(step, FIELD_ASK);
    if (ask != NULL)
        page_field(paper->page, ask, "");
    switch (step->kind) {
    case STEP_CLOCK:
        page_field(paper->page, "watch, UTC", "");
        break;
    case STEP_PROGRAM:
        page_field(paper->page, "version", "");
        page_field(paper->page, "first four words", "");
        break;
    case STEP_COMPARE:
    case STEP_ROOT:
    case STEP_REQUEST:
    case STEP_SIGN:
    case STEP_PLAN:
    case STEP_CRL:
        page_field(paper->page, "first four words", "");
        break;
    case STEP_CHECKPOINT:
        page_field(paper->page, "records", "");
        page_field(paper->page, "first four words", "");
        break;
    default:
        break;
    }
}

static bool add_step(const struct paper *paper, unsigned index, struct error *err)
{
    const struct ceremony_step *step = &paper->script->steps[index];
    const struct step_row *row = step_row(step->kind);
    const struct step_setting setting = {.site = paper->site};
    AUTO(step_command_done) struct step_command command = {.count = 0};
    AUTO(builder_done) struct builder words = BUILDER_INIT;
    if (!step_command(paper->script, step, &setting, &command, err))
        return false;
    step_command_words(&command, &words);
    page_step(paper->page, index + 1, paper->script->step_count, step_heading(step));
    page_field(paper->page, "what happens", row->shows);
    add_fields(paper, step);
    page_command(paper->page, "command", words.len == 0 ? NULL : builder_text(&words));
    add_conditions(paper, step);
    page_field(paper->page, "if it fails", offers_of(step));
    page_field(paper->page, "question", row->yes);
    add_room(paper, step);
    page_tick(paper->page, ceremony_says(paper->script, step));
    page_step_end(paper->page);
    return true;
}

/* ---- after the steps ---- */

static void add_exceptions(const struct paper *paper)
{
    static const struct page_column columns[] = {
        {"step", 5}, {"UTC", 6}, {"what happened, and what was done", 48}, {"initials", 8}};
    static const char *const row[] = {NULL, NULL, NULL, NULL};
    page_break(paper->page);
    page_heading(paper->page, "Exception sheet");
    page_text(paper->page, "One line for each thing that was not as this paper says, however small; who "
                           "wrote it signs it. More lines than these "
                           "go on a second copy of this sheet.");
    page_table(paper->page, columns, 4);
    for (int i = 0; i < EXCEPTIONS; i++)
        page_row(paper->page, row);
    page_table_end(paper->page);
}

static void add_signatures(const struct paper *paper)
{
    static const struct page_column columns[] = {{"role", 10}, {"name", 26}, {"signature", 24}, {"date", 10}};
    page_heading(paper->page, "Signatures");
    page_text(
        paper->page,
        "We were present from the first step to the last. What is written on this paper is what happened.");
    add_people(paper, columns, true);
}

bool ceremony_paper(const struct ceremony_script *script, const char *name, const struct ceremony_site *site,
                    struct page **ret_page, struct error *err)
{
    AUTO(free) char *what = memory_format("script %s", name);
    const struct page_frame frame = {
        .title = script->title, .what = what, .sha256 = script->sha256, .seq = PAGE_NO_RECORD};
    AUTO(page_free) struct page *page = page_new(&frame);
    struct paper paper = {.script = script, .site = site, .page = page};
    if (script->about != NULL)
        page_text(page, "%s", script->about);
    page_field(page, "ceremony", script->id);
    page_digest(page, "script", script->sha256);
    page_field(page, "date", "");
    add_present(&paper);
    add_blanks(&paper);
    add_things(&paper);
    add_assumed(&paper);
    add_rules(&paper);
    page_heading(page, "Steps");
    for (unsigned i = 0; i < script->step_count; i++) {
        if (!add_step(&paper, i, err))
            return false;
    }
    add_exceptions(&paper);
    add_signatures(&paper);
    *ret_page = TAKE(page);
    return true;
}
