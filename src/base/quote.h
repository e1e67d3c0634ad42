/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Foreign text escaped for terminals, logs and the ledger: control characters, escape sequences, bidi and
 * zero-width marks and invalid UTF-8 become visible escapes (\x1b, \u{202e}); a backslash is doubled.
 * All text from requests, media or tokens goes through here before it enters a message.
 */
#ifndef COLDCA_BASE_QUOTE_H
#define COLDCA_BASE_QUOTE_H

#include "base/builder.h"

#include <stdarg.h>

/** Appends text in escaped form, at most max_len bytes of it, then "..." if it was cut. 0: no cut. */
void quote_append(struct builder *ret_text, struct bytes text, size_t max_len);

/**
 * The last guard before a terminal, for text whose parts are escaped already: escapes what is still harmful, leaves
 * backslashes and line ends alone. Appends; guarding twice changes nothing.
 */
void quote_guard(struct builder *ret_text, struct bytes text);

/** The same for JSON, whose texts keep their meaning: what is harmful outside ASCII becomes the escapes of RFC 8259 7. Appends. */
void quote_json(struct builder *ret_text, struct bytes json);

struct quoted {
    char text[200];
};

/** `error_set(err, ..., "\"%s\" ...", quoted(name, &(struct quoted){0}))`: escaped and cut to fit. */
const char *quoted(struct bytes text, struct quoted *buffer);
const char *quoted_text(const char *text, struct quoted *buffer);

/** Decodes one UTF-8 character at data[0..len). \return its length in bytes, or 0 if it is not valid UTF-8 */
size_t utf8_decode(const uint8_t *data, size_t len, uint32_t *ret_code_point);

/** For text that was cut at len bytes: how many of them are whole characters. What is not UTF-8 before the cut counts as whole. */
size_t utf8_whole(const char *text, size_t len);

/** vsnprintf() for words: what does not fit is cut off between characters, for the text may end up in JSON. */
void utf8_vformat(char *ret_text, size_t size, const char *format, va_list arguments) PRINTF_LIKE(3, 0);

/** Whether text is valid UTF-8 throughout (RFC 3629; no surrogates, no overlong forms). */
bool utf8_is_valid(struct bytes text);

#endif
