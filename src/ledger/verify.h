/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parts of ledger_verify(). A round of lines is read, taken apart on all cores, put in order by one thread, then its
 * certificates are checked on all cores, while the next round is already being taken apart.
 */
#ifndef COLDCA_LEDGER_VERIFY_H
#define COLDCA_LEDGER_VERIFY_H

#include "base/thread.h"
#include "ledger/log.h"
#include "ledger/notes.h"

#define VERIFY_ROUND_LINES 1024
#define VERIFY_ROUND_BYTES ((size_t)2 << 20)
#define VERIFY_ROUNDS 3 /* one is read, one taken apart, one has its certificates checked */
#define VERIFY_FINDINGS_MAX 1000

/** One line of ledger.jsonl. */
struct verify_item {
    struct line line;
    size_t start, len; /**< in the round's text */
    uint64_t position; /**< leaf index */
    bool is_record;
    struct record_facts facts; /**< views into the round's text */
    struct tree_hash leaf;
    bool has_certificate;              /**< a cert.issued whose cert.signing is at signing_offset */
    const struct verify_item *signing; /**< its cert.signing, if it is of the same round */
    uint64_t signing_offset;
    size_t signing_len;
    struct builder tbs;       /**< of a cert.signing */
    struct builder signature; /**< of a cert.issued; empty if it is wrong */
    bool has_digest;
    uint8_t sha256[32]; /**< of a cert.issued */
    struct findings findings;
};

struct verify_round {
    struct verifier *verifier;
    struct builder text;
    struct verify_item *items;
    size_t count;
    struct thread_job parsing, certifying;
};

struct verifier {
    int home_fd, log_fd, notes_fd;
    struct note_key key;
    const struct ledger_checks *checks;
    bool only_tree;
    bool has_since; /**< the auditor's checkpoint was not reached yet */
    struct checkpoint since;
    const struct ledger_known *known;
    size_t known_count;
    struct thread_pool *pool;
    struct verify_round rounds[VERIFY_ROUNDS];
    struct lines lines;
    struct notes notes;
    struct index *scratch; /**< what the records say, kept as the index would */
    struct tree tree;
    uint64_t next_seq; /**< the seq that must follow */
    int64_t newest_time;
    bool has_next_note; /**< a good checkpoint the tree has not reached yet */
    struct checkpoint next_note;
    struct builder last_note, note_before;
    bool is_newest_behind; /**< ledger.checkpoint is the note before the last */
    uint64_t last_note_size;
    struct ledger_report report;
    uint64_t findings_dropped;
};

/** Adds a finding about a record. */
void verify_say(struct verify_item *item, const char *rule, const char *format, ...) PRINTF_LIKE(3, 4);
/**
 * Adds what one of the checks found wrong with a record; if it gave no reason, this one.
 * \param rule  of all of them; NULL: each has its own
 */
void verify_say_found(struct verify_item *item, const char *rule, const struct findings *found,
                      const char *otherwise);
/** Adds a finding of its own to the report. */
void verify_report(struct verifier *verifier, const char *rule, const char *format, ...) PRINTF_LIKE(3, 4);

/* verify_record.c: called from any thread */
void verify_parse_piece(void *round, size_t piece);
void verify_certify_piece(void *round, size_t piece);

/* verify_notes.c */
/** Reads the next checkpoint that is worth anything. */
MUST_USE bool verify_next_note(struct verifier *verifier, struct error *err);
/** Compares every checkpoint of the size the tree has now. */
MUST_USE bool verify_notes_here(struct verifier *verifier, struct error *err);
/** Checkpoints of more records than there are; ledger.checkpoint against ledger.checkpoints. */
MUST_USE bool verify_notes_end(struct verifier *verifier, struct error *err);

/* verify_index.c */
/** Compares index.sqlite with what the records say. */
MUST_USE bool verify_index(struct verifier *verifier, struct index *stored, struct error *err);

#endif
