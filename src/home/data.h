/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where policies and token profiles are looked for: in the home, beside the program (installed or in its build tree), in the
 * directory COLDCA_DATA names. A name is letters, digits, "-" and "_"; anything with a "/" or ".yaml" is a path.
 */
#ifndef COLDCA_HOME_DATA_H
#define COLDCA_HOME_DATA_H

#include "policy/policy.h"

#define HOME_DATA_PLACES_MAX 3

/** The directories besides the home that are looked in, whether they are there or not; the caller frees the texts. \return their number */
size_t home_data_places(char *ret_places[static HOME_DATA_PLACES_MAX]);

/**
 * Loads a policy by name or path.
 * \param home_fd  the home whose policies/ is looked in first; -1: none
 * \return false: ERROR_INPUT, naming every place that was looked in
 */
MUST_USE bool home_policy_find(int home_fd, const char *name, struct policy **ret_policy, struct error *err);

/** The bytes of a policy file, found the same way; ret_file gets the name for messages, the caller frees it. */
MUST_USE bool home_policy_read(int home_fd, const char *name, struct builder *ret_text, char **ret_file,
                               struct error *err);

/** Names of the policies to be found, sorted, each once; the caller frees the texts and the array. */
MUST_USE bool home_policy_names(int home_fd, char ***ret_names, size_t *ret_count, struct error *err);

/**
 * The path of a file that comes with the program, KIND/NAME, from the first place that has it. The caller frees.
 * \return NULL: no place has it
 */
char *home_data_find(const char *name);

/** The bytes of KIND/NAME.yaml (or of a path), found as a policy is; ret_file gets the name for messages, the caller frees it. */
MUST_USE bool home_data_read(int home_fd, const char *kind, const char *name, struct builder *ret_text,
                             char **ret_file, struct error *err);

#endif
