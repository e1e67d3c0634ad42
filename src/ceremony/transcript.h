/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What happened at a ceremony, for people: drawn from its ceremony.step records and nothing else, as plain text and as a page. Who has the
 * ledger draws it again, byte for byte (transcript_check.h).
 * It promises: the same events make the same bytes, on any machine, in any year; each line is known to come from a record.
 * It does not: read the ledger, the clock or the machine. Of CEREMONY_CLOSED it draws all but the digests, which are those of what is drawn here.
 */
#ifndef COLDCA_CEREMONY_TRANSCRIPT_H
#define COLDCA_CEREMONY_TRANSCRIPT_H

#include "records/ceremony.h"

/** How a transcript is drawn, in the fact "transcript" of CEREMONY_BEGUN: another one for every change of the bytes that the same events make. */
#define TRANSCRIPT_FORMAT "1"

/** Draws a QR code of text as an SVG; appends. \return false: it is too long for one */
typedef bool transcript_draw_qr(struct bytes text, struct builder *ret_svg, struct error *err);

/** The events of one ceremony, from CEREMONY_BEGUN on, in their order; all borrowed. */
struct transcript_events {
    const struct record_ceremony *items;
    const uint64_t *seqs; /**< of each one's record; NULL: not in a ledger yet */
    size_t count;
    transcript_draw_qr *draw_qr; /**< NULL: the page has no QR codes */
};

struct transcript;
/** \return false: ERROR_LEDGER, there is no event, or the first is not CEREMONY_BEGUN */
MUST_USE bool transcript_make(const struct transcript_events *events, struct transcript **ret_transcript,
                              struct error *err);
void transcript_free(struct transcript *transcript);
DEFINE_AUTO(struct transcript *, transcript_free);

/** Views, valid until the transcript is freed. */
struct bytes transcript_text(struct transcript *transcript);
struct bytes transcript_html(struct transcript *transcript);
/** The record a line (1: the first) comes from; UINT64_MAX: from none, it is the same in every transcript. */
uint64_t transcript_record_of(const struct transcript *transcript, bool is_html, size_t line);

#endif
