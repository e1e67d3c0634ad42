/* SPDX-License-Identifier: Apache-2.0 */
/* A file written bit by bit (a report): under its name it is whole and durable, or not there. */
#ifndef COLDCA_MEDIA_STREAM_H
#define COLDCA_MEDIA_STREAM_H

#include "base/builder.h"
#include "base/cleanup.h"
#include "base/error.h"

struct media_stream;

/** \param name  one part, no "/"; replaced at the commit if it is there. ERROR_INPUT if it can't be written */
MUST_USE bool media_stream_open(int folder_fd, const char *name, struct media_stream **ret_stream,
                                struct error *err);
/** What can't be written is reported by the commit. */
void media_stream_add(struct media_stream *stream, struct bytes data);
void media_stream_add_text(struct media_stream *stream, const char *text);
/** Puts it in its place. \param ret_sha256  of all that was added */
MUST_USE bool media_stream_commit(struct media_stream *stream, uint8_t ret_sha256[static 32],
                                  struct error *err);
/** Removes what a writer that died left of a file of that name. */
void media_stream_clear(int folder_fd, const char *name);
/** Gives up what was not committed. */
void media_stream_free(struct media_stream *stream);
DEFINE_AUTO(struct media_stream *, media_stream_free);

#endif
