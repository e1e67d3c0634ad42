/* SPDX-License-Identifier: Apache-2.0 */
/* One event of a ceremony on its transcript. For transcript.c only. */
#ifndef COLDCA_CEREMONY_TRANSCRIPT_PARTS_H
#define COLDCA_CEREMONY_TRANSCRIPT_PARTS_H

#include "ceremony/page.h"
#include "ceremony/transcript.h"

/** Where the drawing stands. */
struct transcript_place {
    const char *zone;    /**< the room's; NULL: not known */
    unsigned long steps; /**< that the script has; 0: not known */
    unsigned step;       /**< whose frame is open; 0: none */
};

/** "2026-11-28 18:02:11 UTC (19:02:11 CET)". \param zone  ends in "+01:00"; NULL or another form: UTC alone. The caller frees */
char *transcript_moment(int64_t at, const char *zone);
/** Draws what happened, in the frame of its step. Of files their digests; begun, present and blank are drawn elsewhere. */
void transcript_event(struct page *page, struct transcript_place *place, const struct record_ceremony *event);
/** Closes the frame that is open, if one is. */
void transcript_leave_step(struct page *page, struct transcript_place *place);
/** A file in full: a certificate in words, too; a checkpoint with its QR code. */
void transcript_file(struct page *page, const struct record_ceremony *event, transcript_draw_qr *draw_qr);

#endif
