/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a person sees and types: the only directory besides cli/ that prints. Everything goes to the controlling terminal or stderr;
 * data goes to stdout by cli/.
 * It promises: all text is escaped (base/quote.h) before it is drawn; a PIN is not echoed and not kept (P7).
 * It does not: decide or choose. A person's decisions are plan/'s; here they are asked for.
 */
#ifndef COLDCA_UI_UI_H
#define COLDCA_UI_UI_H

#include "base/secret.h"
#include "plan/plan.h"

#include <stdio.h>

/** What is drawn is UTF-8, whatever the environment says. Called by main() before anything else: before threads and confining. */
void ui_use_utf8(void);

/* ---- terminal ---- */
bool ui_says_next(void); /**< what comes next is ours to say: not inside a ceremony, whose script says it */
bool ui_has_terminal(void);      /**< a person can be asked: /dev/tty can be opened */
bool ui_may_color(FILE *stream); /**< a terminal, no NO_COLOR, TERM not dumb */
unsigned ui_width(FILE *stream); /**< columns; 80 if unknown */
/* A prompt is the question alone, escaped: the keys and the ": " are added here. What was typed before it was drawn is thrown away. */
/** Asks on the terminal, one line; ERROR_INTERRUPTED on Ctrl-C, Ctrl-D; the terminal is restored whatever happens. */
MUST_USE bool ui_ask_line(const char *prompt, struct builder *ret_line, struct error *err);
/** One key out of `keys` ("arsq"), upper or lower case, with Enter; asks again on anything else. */
MUST_USE bool ui_ask_key(const char *prompt, const char *keys, char *ret_key, struct error *err);
MUST_USE bool ui_confirm(const char *question, bool *ret_yes, struct error *err);
/**
 * Without echo, into locked memory.
 * \param option  that gives this secret without a terminal, without dashes: "pin-source"
 * \return false: ERROR_TOKEN if there is no terminal, naming the option
 */
MUST_USE bool ui_ask_pin(const char *prompt, const char *option, struct secret **ret_pin, struct error *err);
/** Twice, until both are equal (three tries). */
MUST_USE bool ui_ask_new_pin(const char *prompt, const char *option, struct secret **ret_pin,
                             struct error *err);

/* ---- progress ---- */
/** Draws at most ten times a second, only on a terminal; done == total ends the line. */
void ui_progress(const char *what, size_t done, size_t total);
/** Wipes a half-drawn progress line before other text. */
void ui_progress_clear(void);

/* ---- tables (libsmartcols) ---- */
struct ui_table;
struct ui_table *ui_table_new(const char *const *headings, size_t count, FILE *stream);
void ui_table_free(struct ui_table *table);
DEFINE_AUTO(struct ui_table *, ui_table_free);
/** A row of escaped texts, one a column; "\n" inside a cell makes further lines. color: "red", "green", "yellow" or NULL. */
void ui_table_row(struct ui_table *table, const char *const *cells, const char *color);
void ui_table_print(struct ui_table *table);

/* ---- QR ---- */
/** A QR code of text in half blocks, with its quiet zone. ERROR_INPUT if it does not fit a QR code. */
MUST_USE bool ui_qr(struct bytes text, struct builder *ret_drawing, struct error *err);

/** The same as an SVG image for a page; appends. */
MUST_USE bool ui_qr_svg(struct bytes text, struct builder *ret_svg, struct error *err);

/* ---- review ---- */
/** What a review needs of others; all get data. */
struct review_hooks {
    /** Writes the lines of the certificate an item has or would become (plan_item_describe()); NULL: not shown. */
    bool (*describe)(void *data, const struct plan_item *item, struct builder *ret_text, struct error *err);
    /** Asks for the PIN; called at c, and at each further c if it failed; NULL: nothing is asked. */
    bool (*unlock)(void *data, struct error *err);
    void *data;
    const char *end; /**< what c does at the end: "carry this out", "write the plan" */
};

/**
 * Line-mode review: shows every request in words (subject, SANs, key with fingerprint, what the policy takes, drops, sets, and
 * the certificate to be issued), a screen at a time, and asks below its file and subject: approve, refuse (with a reason), skip,
 * approve the rest that are allowed, quit. Keys, each with Enter: a approve, r refuse, s skip, A (or "rest") approve the rest that
 * are allowed, b back, ? the text again, q quit; at the end the plan as decided and c carry out, b back, q quit. What the policy
 * refused cannot be approved. Only after c are the plan's actions changed and the plan sealed again; its hash is shown at the
 * start and at the end.
 *
 * Decisions are not lost by a slip: a first Ctrl-C asks the question again if something was decided, and a PIN that is wrong or was
 * not given returns to the last question.
 * \return false: ERROR_INTERRUPTED on a second Ctrl-C or quit; the plan must then not be carried out
 */
MUST_USE bool ui_review(struct plan *plan, const struct review_hooks *hooks, struct error *err);

#endif
