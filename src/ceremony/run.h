/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A ceremony, step by step: what will happen is shown, then it happens, then what happened is shown, and a person says yes. The same for a
 * rehearsal and in earnest; they differ in the site, the mark, and who answers.
 * It promises: an event is in the journal before the next thing happens; a step begins only if what must be true before it is true; one that
 * was interrupted is begun again, one whose command came to its end is not.
 */
#ifndef COLDCA_CEREMONY_RUN_H
#define COLDCA_CEREMONY_RUN_H

#include "ceremony/transcript.h"
#include "ceremony/world.h"

#define CEREMONY_MARK "REHEARSAL"

/* ---- who is asked ---- */

/** The answer to any question but the last three of room_asks: a remark is to be written first. */
#define CEREMONY_NOTE_WORD "note"

enum room_asks {
    ROOM_NAME,     /**< the name of a person of a role */
    ROOM_INITIALS, /**< that person's initials */
    ROOM_BLANK,    /**< what is filled in */
    ROOM_GO,       /**< Enter, before a command begins */
    ROOM_YES,      /**< a role's initials, or "no" */
    ROOM_CHOICE,   /**< one of choices, after a failure */
    ROOM_WHY,      /**< why that was chosen */
    ROOM_WORDS,    /**< words of a digest, from paper */
    ROOM_REMARK,   /**< what a note asks for */
    ROOM_STOP,     /**< "y" or "n": whether to stop here */
    ROOM_NOTE,     /**< the text of a remark; empty: none after all */
    ROOM_WHOSE,    /**< initials of anybody who is present, whose remark it is */
};

struct room_question {
    enum room_asks asks;
    const char *prompt;  /**< escaped; without the ": " */
    const char *of;      /**< the role or the blank; NULL */
    const char *choices; /**< ROOM_CHOICE: the keys, "rgs"; NULL */
    unsigned step, attempt;
    unsigned again; /**< how often it was asked before, because the answer did not fit */
};

struct ceremony_room {
    /** Lines for the people, escaped, each with LF. */
    void (*say)(void *data, const char *text);
    /** \return false: ERROR_INTERRUPTED: Ctrl-C, Ctrl-D; others: nobody answers */
    bool (*ask)(void *data, const struct room_question *question, struct builder *ret_answer,
                struct error *err);
    void *data;
};

/* ---- the run ---- */

struct ceremony_run_options {
    const struct ceremony_script *script;
    const char *script_name; /**< the file's, for the transcript */
    const struct ceremony_site *site;
    const char *evidence; /**< directory: journal, transcript */
    bool is_rehearsal;
    const char *approver_keys; /**< rehearsal: directory with PERSON.pem; NULL: none */
    const char *version;       /**< of the program */
    struct ceremony_world world;
    struct ceremony_room room;
    transcript_draw_qr *draw_qr;
};

struct ceremony_outcome {
    bool is_closed;           /**< the transcript was drawn, and its digest is in the records */
    unsigned steps_done;      /**< of all */
    unsigned deviations;      /**< attempts that failed, interruptions */
    char *transcript;         /**< path; NULL: not yet */
    uint8_t sha256[32];       /**< of the transcript */
    bool is_under_checkpoint; /**< the ledger's newest checkpoint covers the closing event */
};
void ceremony_outcome_done(struct ceremony_outcome *outcome);
DEFINE_AUTO_VALUE(struct ceremony_outcome, ceremony_outcome_done);

/**
 * Begins a ceremony, or resumes the one in the evidence directory.
 * \return false: ERROR_INTERRUPTED, the room stopped; the same command resumes. Others: it could not go on; likewise
 */
MUST_USE bool ceremony_run(const struct ceremony_run_options *options, struct ceremony_outcome *ret_outcome,
                           struct error *err);

#endif
