/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON values (jansson underneath) and their canonical form, RFC 8785 (JCS), which is what the ledger hashes.
 *
 * Numbers are 64-bit integers only: a fraction or an exponent is refused by json_parse(). Text is UTF-8.
 * Objects and arrays own what is put in them.
 */
#ifndef COLDCA_BASE_JSON_H
#define COLDCA_BASE_JSON_H

#include "base/builder.h"

struct json;

struct json *json_new_object(void);
struct json *json_new_array(void);
void json_free(struct json *json);
DEFINE_AUTO(struct json *, json_free);
struct json *json_clone(const struct json *json); /**< deep */

/* Writing. Text that is not valid UTF-8 is a bug of the caller (quote it first) and aborts. */
void json_put_text(struct json *object, const char *key, const char *value); /**< NULL: nothing is put */
void json_put_text_bytes(struct json *object, const char *key, struct bytes value);
void json_put_int(struct json *object, const char *key, int64_t value);
void json_put_bool(struct json *object, const char *key, bool value);
void json_put_null(struct json *object, const char *key);
void json_put_base64(struct json *object, const char *key, struct bytes value);
void json_put_hex(struct json *object, const char *key, struct bytes value); /**< lower case */
void json_put(struct json *object, const char *key, struct json *value);     /**< takes value */
struct json *json_put_object(struct json *object, const char *key);          /**< made inside, borrowed */
struct json *json_put_array(struct json *object, const char *key);           /**< made inside, borrowed */
void json_add_text(struct json *array, const char *value);
void json_add(struct json *array, struct json *value); /**< takes value */
struct json *json_add_object(struct json *array);      /**< made inside, borrowed */

/* Reading. A wrong type reads like a missing key. */
const struct json *json_get(const struct json *object, const char *key); /**< NULL if missing */
const char *json_text(const struct json *object, const char *key);       /**< NULL if missing; borrowed */
MUST_USE bool json_int(const struct json *object, const char *key, int64_t *ret_value);
bool json_bool(const struct json *object, const char *key);
/** Decodes strict base64 of a text member. */
MUST_USE bool json_base64(const struct json *object, const char *key, struct builder *ret_data);
MUST_USE bool json_hex(const struct json *object, const char *key, struct builder *ret_data);
size_t json_count(const struct json *array);                        /**< 0 if not an array */
const struct json *json_at(const struct json *array, size_t index); /**< NULL past the end */
const char *json_text_at(const struct json *array, size_t index);   /**< NULL if not text */
bool json_is_record(const struct json *json);
bool json_is_bool(const struct json *json);
/** The value itself as text, NULL if it is not text. */
const char *json_as_text(const struct json *json);
/** Calls visit for each member, in no order, until it returns false. */
void json_each(const struct json *object,
               bool (*visit)(const char *key, const struct json *value, void *data), void *data);

/** Parses one value; duplicate keys, trailing bytes, fractions and invalid UTF-8 are ERROR_INPUT. */
MUST_USE bool json_parse(struct bytes text, struct json **ret_json, struct error *err);

/** Appends the canonical form (RFC 8785 restricted to integers). */
void json_canonical(const struct json *json, struct builder *ret_text);
/** Appends an indented form for people, keys sorted. */
void json_pretty(const struct json *json, struct builder *ret_text);

#endif
