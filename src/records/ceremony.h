/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ceremony.step: one event of a ceremony (docs/ledger-format.md 11). Events of one ceremony have one run id and are numbered from 0; the
 * transcript is drawn from them and from nothing else.
 * It promises: what is written is read back equal; texts are bounded so that an event fits a record, and what was cut off is named by
 * its length and SHA-256.
 * It does not: escape. Whoever makes an event has passed what is foreign through base/quote.h.
 */
#ifndef COLDCA_RECORDS_CEREMONY_H
#define COLDCA_RECORDS_CEREMONY_H

#include "base/time.h"
#include "records/record.h"

#define RECORD_CEREMONY_STEP "ceremony.step"

#define CEREMONY_LINES_MAX 400              /* lines of one command that an event keeps */
#define CEREMONY_LINES_MAX_LEN (24u * 1024) /* bytes of them */
#define CEREMONY_FILE_MAX_LEN (40u * 1024)  /* bytes of a file that an event holds in full */

enum ceremony_event {
    CEREMONY_BEGUN,   /**< the first; facts: title, version, program, host, zone, mode */
    CEREMONY_PRESENT, /**< role, person, initials */
    CEREMONY_BLANK,   /**< name: the blank's, text: what was filled in */
    CEREMONY_STEP, /**< an attempt at a step begins: name: its heading, text: the command or what is to be done */
    CEREMONY_ENDED,  /**< the attempt's command came to its end: exit_code, lines, digests, wrong_pins */
    CEREMONY_FILE,   /**< a file the step made or read: name: its place, digests[0], text: PEM, or NULL */
    CEREMONY_ANSWER, /**< a person said yes: text: to what; role, person, initials */
    CEREMONY_CHOICE, /**< after a failure: name: "retry", "go-on" or "abandon", text: why, person's initials */
    CEREMONY_NOTE,   /**< text, initials: a remark */
    CEREMONY_FAULT,  /**< a step could not be begun, or what was shown was not what was wanted: text */
    CEREMONY_INTERRUPTED, /**< text: by what: "Ctrl-C at the question ..." or "no end was recorded" */
    CEREMONY_RESUMED,     /**< step: where; facts as CEREMONY_BEGUN */
    CEREMONY_CLOSED,      /**< the last; name: "done" or "stopped"; digests: transcript, page */
};
#define CEREMONY_EVENT_COUNT (CEREMONY_CLOSED + 1)
/** "begun", "present", ... as the record has it. */
const char *ceremony_event_name(enum ceremony_event event);

struct ceremony_fact {
    const char *name, *value;
};
struct ceremony_digest {
    const char *what; /**< a place or a word: "stick:issuing.csr", "transcript", "page" */
    uint8_t sha256[32];
};

/** Texts are borrowed: of the maker, or of the record that was read. NULL and 0 where an event has none. */
struct record_ceremony {
    const char *run;      /**< run id (records/session.h) */
    const char *ceremony; /**< the script's name */
    uint8_t script_sha256[32];
    uint64_t number; /**< of the event: 0, 1, ... */
    enum ceremony_event event;
    int64_t at;       /**< when it happened; the record's own time is when it was appended */
    unsigned step;    /**< 1 ...; 0: of the whole ceremony */
    unsigned attempt; /**< 1 ...; 0: of no step */
    const char *name, *text;
    const char *role, *person, *initials;
    int exit_code;       /**< CEREMONY_ENDED; -1: it was killed */
    unsigned wrong_pins; /**< PINs the token refused in this attempt */
    char **lines;        /**< what the command said, escaped; owned after reading */
    size_t line_count;
    uint64_t cut_len; /**< bytes that lines leaves out at its end; 0: none */
    uint8_t cut_sha256[32];
    struct ceremony_digest *digests; /**< owned after reading */
    size_t digest_count;
    struct ceremony_fact *facts; /**< owned after reading */
    size_t fact_count;
};
/** Frees the arrays of one that was read. */
void record_ceremony_done(struct record_ceremony *record);
DEFINE_AUTO_VALUE(struct record_ceremony, record_ceremony_done);

/** The value of a fact; NULL: there is none of this name. */
const char *record_ceremony_fact(const struct record_ceremony *record, const char *name);

/** The members of its record; the caller frees. */
struct json *record_ceremony_write(const struct record_ceremony *record);
/** \param json  borrowed as long as ret_record is used \return false: ERROR_LEDGER */
MUST_USE bool record_ceremony_read(const struct json *json, struct record_ceremony *ret_record,
                                   struct error *err);

#endif
