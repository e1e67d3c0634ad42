/* SPDX-License-Identifier: Apache-2.0 */
/*
 * YAML with fixed schemas (libcyaml underneath). Unknown keys, duplicate keys and wrong types are refused with
 * line and column. The schemas are made with the CYAML_* macros, so this header brings them in; nobody but
 * yaml.c calls libcyaml.
 */
#ifndef COLDCA_BASE_YAML_H
#define COLDCA_BASE_YAML_H

#include "base/bytes.h"
#include "base/error.h"

#include <cyaml/cyaml.h>

#define YAML_MAX_LEN (256 * 1024)

/*
 * libcyaml reads every word but false, no, disable and 0 as true, so that "off", "flase" and "n" would open what they were to
 * close. Here a bool is the word true or false; anything else is refused.
 */
extern const cyaml_strval_t yaml_booleans[2];
#undef CYAML_FIELD_BOOL
#undef CYAML_VALUE_BOOL
#define CYAML_FIELD_BOOL(key, flags, structure, member)                                                      \
    CYAML_FIELD_ENUM(key, (flags) | CYAML_FLAG_STRICT, structure, member, yaml_booleans, 2)
#define CYAML_VALUE_BOOL(flags, type) CYAML_VALUE_ENUM((flags) | CYAML_FLAG_STRICT, type, yaml_booleans, 2)

/**
 * Loads text by schema.
 * \param name        the file's name, for messages
 * \param ret_value   made by libcyaml; free with yaml_value_free() and the same schema; untouched on failure
 * \return false: ERROR_INPUT; the text names line, column, key and what is wrong: "mqtt.yaml line 7, column 3:
 *         unknown key \"lifetime\""
 */
MUST_USE bool yaml_load(struct bytes text, const char *name, const cyaml_schema_value_t *schema,
                        void **ret_value, struct error *err);
/**
 * The line (1 ...) on which each item of a sequence begins that is a value of the topmost mapping, of text that yaml_load() took.
 * \return how many items were found, at most max
 */
size_t yaml_item_lines(struct bytes text, const char *key, unsigned *ret_lines, size_t max);
void yaml_value_free(const cyaml_schema_value_t *schema, void *value);

#endif
