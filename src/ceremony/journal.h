/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The journal of a ceremony, EVIDENCE/journal.jsonl: its events, one JSON object a line as its ceremony.step record will be, each fsynced
 * before the next thing happens. Before there is a home it is the only place they are in; it is what a ceremony resumes from.
 * It promises: an event that journal_add() has returned for is on the disk; one process at a time; a torn last line is cut off.
 * It does not: keep the events for good. The ledger does (keep.h).
 */
#ifndef COLDCA_CEREMONY_JOURNAL_H
#define COLDCA_CEREMONY_JOURNAL_H

#include "ceremony/script.h"
#include "records/ceremony.h"

#define JOURNAL_FILE "journal.jsonl"

struct journal {
    int fd;
    char *run;      /**< run id */
    char *ceremony; /**< the script's name */
    uint8_t script_sha256[32];
    struct record_ceremony *events; /**< all of them, in their order */
    struct json **records;          /**< what they borrow from */
    size_t count;
};

/**
 * Opens the journal in a directory, which is made with mode 0700 if it is not there; count is 0 of a new one.
 * \return false: ERROR_INPUT: another process has it, it is of another script, or it is damaged
 */
MUST_USE bool journal_open(const char *folder, const struct ceremony_script *script,
                           struct journal **ret_journal, struct error *err);
void journal_close(struct journal *journal);
DEFINE_AUTO(struct journal *, journal_close);

/** Adds an event; run, ceremony, script_sha256, number are set here, and at if it is 0. Texts must be escaped UTF-8. ERROR_INPUT */
MUST_USE bool journal_add(struct journal *journal, const struct record_ceremony *event, struct error *err);

#endif
