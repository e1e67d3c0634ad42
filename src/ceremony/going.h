/* SPDX-License-Identifier: Apache-2.0 */
/* A ceremony under way: what run.c, people.c, attempt.c, shown.c and close.c share. Inside ceremony/ only. */
#ifndef COLDCA_CEREMONY_GOING_H
#define COLDCA_CEREMONY_GOING_H

#include "ceremony/journal.h"
#include "ceremony/keep.h"
#include "ceremony/run.h"

struct going {
    const struct ceremony_run_options *options;
    const struct ceremony_script *script;
    struct journal *journal;
    struct keep keep;
    bool is_keep_told; /**< that the ledger can't be written was said */
};

/** The step an event, a question or a line is of. */
struct going_step {
    const struct ceremony_step *step;
    unsigned number; /**< 1 ... */
    unsigned attempt;
};

/* ---- what is said and kept ---- */
void going_say(const struct going *going, const char *format, ...) PRINTF_LIKE(2, 3);
/** Text in lines of a terminal, broken between words; indented by so many columns. */
void going_say_text(const struct going *going, size_t indent, const char *text);
/** A digest in hex and in words, indented. */
void going_say_digest(const struct going *going, const char *what, const uint8_t sha256[static 32]);
/** Adds an event to the journal, and to the ledger if there is one; step and attempt are set if at is not NULL. */
MUST_USE bool going_add(struct going *going, const struct going_step *at, struct record_ceremony event,
                        struct error *err);
/** A fault of a step, said and kept. */
MUST_USE bool going_fault(struct going *going, const struct going_step *at, const char *text,
                          struct error *err);
/** Script text with "{blank}" filled in, escaped; the caller frees. */
char *going_fill(const struct going *going, const char *text);

/* ---- people (people.c) ---- */
/** Asks; "note" takes a remark and asks again, a Ctrl-C asks whether to stop here; both are recorded. ERROR_INTERRUPTED: stopped */
MUST_USE bool going_ask(struct going *going, const struct going_step *at, struct room_question question,
                        struct builder *ret_answer, struct error *err);
MUST_USE bool going_meet_people(struct going *going, struct error *err);
MUST_USE bool going_fill_blanks(struct going *going, struct error *err);
/** Whose name and initials the operator of the records is: the first person of the first role. NULL: nobody yet */
const char *going_operator(const struct going *going);
/** Asks the role of a step for a yes with initials, and keeps it. *ret_yes false: somebody said no */
MUST_USE bool going_ask_yes(struct going *going, const struct going_step *at, const char *question,
                            bool *ret_yes, struct error *err);

enum going_choice { CHOICE_RETRY, CHOICE_GO_ON, CHOICE_ABANDON };
/** After a failure: retry, go on, stop here (ERROR_INTERRUPTED), abandon; kept with initials and why. */
MUST_USE bool going_choose(struct going *going, const struct going_step *at, enum going_choice *ret_choice,
                           struct error *err);

/* ---- a step (attempt.c, shown.c) ---- */
/** Whether a condition is so now: the room's by the events, the others by the world. */
MUST_USE bool going_is_so(const struct going *going, const struct step_need *need, bool *ret_is,
                          struct error *err);
/** Whether an attempt before at a step that signs a CRL has signed it: of a plan the command itself finds out. Never fails: what can't be seen is not so. */
bool going_has_signed_crl(const struct going *going, const struct going_step *at);
/** One attempt at a step, up to the yes. *ret_is_done false: it failed, or somebody said no, which is kept */
MUST_USE bool going_try_step(struct going *going, struct going_step *at, bool *ret_is_done,
                             struct error *err);
/** A step without a command: shows what it has to show. *ret_is_fine false: what was shown is not as it should be, kept */
MUST_USE bool going_show(struct going *going, const struct going_step *at, bool *ret_is_fine,
                         struct error *err);
/** Keeps what lies at the places a step has written. *ret_is_fine false: it can't be read, which is kept */
MUST_USE bool going_keep_files(struct going *going, const struct going_step *at, struct bytes said,
                               bool *ret_is_fine, struct error *err);
/** Facts of this machine and program, for begun and resumed; the texts are owned by ret_texts. */
#define GOING_FACTS_MAX 10
struct going_facts {
    struct ceremony_fact items[GOING_FACTS_MAX];
    char *texts[GOING_FACTS_MAX];
    size_t count;
};
void going_facts_done(struct going_facts *facts);
DEFINE_AUTO_VALUE(struct going_facts, going_facts_done);
MUST_USE bool going_facts(const struct going *going, struct going_facts *ret_facts, struct error *err);

/* ---- the end (close.c) ---- */
/** Draws the transcript, keeps its digest, has the checkpoint signed. \param name  "done" or "stopped" */
MUST_USE bool going_close(struct going *going, const char *name, struct ceremony_outcome *outcome,
                          struct error *err);
/** What is left to do of one that was closed already: the records, the checkpoint. */
MUST_USE bool going_finish(struct going *going, struct ceremony_outcome *outcome, struct error *err);

#endif
