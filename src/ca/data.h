/*
 * Where policies and token profiles are looked for: in the home, beside the program (installed or in its build tree), in the
 * folder COLDCA_DATA names. A name is letters, digits, "-" and "_"; anything with a "/" or ".yaml" is a path.
 */
#ifndef COLDCA_CA_DATA_H
#define COLDCA_CA_DATA_H

#include "policy/policy.h"
#include "screen/screen.h"
#include "token/token.h"

#define CA_DATA_PLACES_MAX 3

/** The folders besides the home that are looked in, whether they are there or not; the caller frees the texts. \return their number */
size_t ca_data_places(char *ret_places[static CA_DATA_PLACES_MAX]);

/**
 * Loads a policy by name or path.
 * \param home_fd  the home whose policies/ is looked in first; -1: none
 * \return false: ERROR_INPUT, naming every place that was looked in
 */
MUST_USE bool ca_policy_find(int home_fd, const char *name, struct policy **ret_policy, struct error *err);

/** The bytes of a policy file, found the same way; ret_file gets the name for messages, the caller frees it. */
MUST_USE bool ca_policy_read(int home_fd, const char *name, struct builder *ret_text, char **ret_file,
                             struct error *err);

/** Names of the policies to be found, sorted, each once; the caller frees the texts and the array. */
MUST_USE bool ca_policy_names(int home_fd, char ***ret_names, size_t *ret_count, struct error *err);

/**
 * Opens the list of Debian's weak keys, screen/debian-weak-keys, found the same way.
 * \param ret_list  NULL and success if there is none anywhere
 */
MUST_USE bool ca_weak_list_find(int home_fd, struct screen_list **ret_list, struct error *err);

/** Loads a token profile (tokens/NAME.yaml) by name or path. */
MUST_USE bool ca_token_profile_find(const char *name, struct token_profile **ret_profile, struct error *err);

#endif
