/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A transcript that somebody holds, compared with a ledger: the transcript of each ceremony in it is drawn again from its records, and the one
 * that the file is, or was, is compared line by line.
 * It promises: a changed, missing or added line is named, with the record it should come from.
 * It does not: verify the ledger (ledger_verify()); without that, it says that two files agree, not that either is right.
 */
#ifndef COLDCA_CEREMONY_TRANSCRIPT_CHECK_H
#define COLDCA_CEREMONY_TRANSCRIPT_CHECK_H

#include "base/finding.h"
#include "ceremony/transcript.h"
#include "ledger/ledger.h"

/** The ceremonies of a ledger, as they are read. */
struct transcript_runs;
struct transcript_runs *transcript_runs_new(void);
void transcript_runs_free(struct transcript_runs *runs);
DEFINE_AUTO(struct transcript_runs *, transcript_runs_free);
/** Takes a record, in the ledger's order; others than ceremony.step are passed over. ERROR_LEDGER: it is not what its type demands */
MUST_USE bool transcript_runs_take(struct transcript_runs *runs, uint64_t seq, struct bytes line,
                                   struct error *err);
/** Takes all records of a ledger. */
MUST_USE bool transcript_runs_read(struct transcript_runs *runs, struct ledger *ledger, struct error *err);

struct transcript_result {
    char *run; /**< whose transcript it is; NULL: none of this ledger is near */
    uint64_t first_seq, last_seq;
    size_t lines; /**< of the file */
    char *
        drawn_by; /**< NULL; or the version that drew it, if its lines differ from this version's but its SHA-256 is recorded */
    struct findings findings; /**< rule "ledger.transcript"; empty: every line is as the records say */
};
void transcript_result_done(struct transcript_result *result);
DEFINE_AUTO_VALUE(struct transcript_result, transcript_result_done);

/**
 * \param file     a transcript, as text or as a page
 * \param name     the file's, for messages
 */
void transcript_runs_compare(const struct transcript_runs *runs, struct bytes file, const char *name,
                             transcript_draw_qr *draw_qr, struct transcript_result *ret_result);

#endif
