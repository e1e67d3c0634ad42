/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON values as they cross the socket of a parser process: tags, lengths and bytes, so that who receives them needs no parser of text.
 * One value is a tag byte and what it has: "n", "t", "f"; "i" and 8 octets; "s", length and UTF-8; "a", count and values; "o", count, and
 * for each member key length, key, value. Lengths and counts have 4 octets; all numbers are big-endian.
 * It promises: what is read is well-formed, whoever sent it. It does not: make it true.
 */
#ifndef COLDCA_BASE_JSON_WIRE_H
#define COLDCA_BASE_JSON_WIRE_H

#include "base/json.h"

/** Deeper values than that are not taken; no plan is half as deep. */
#define JSON_WIRE_DEPTH_MAX 32

/** Appends a value. A builder that would grow past 4 GiB of one text fails. */
void json_wire_write(const struct json *json, struct builder *ret_message);
/** Takes the one value that a message is. \return false: ERROR_INPUT, it is not one */
MUST_USE bool json_wire_read(struct bytes message, struct json **ret_json, struct error *err);

#endif
