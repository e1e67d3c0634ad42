/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The site: where on this machine the things are that a script names. It is never part of the script, nor of its digest.
 */
#ifndef COLDCA_CEREMONY_SITE_H
#define COLDCA_CEREMONY_SITE_H

#include "base/builder.h"
#include "ceremony/script.h"

struct site_token {
    char *token;
    char *module; /**< path of the PKCS#11 module; NULL: the profile's */
    char *model;  /**< profile in tokens/; NULL: softhsm2 */
    char *label;
    char *pin_source, *so_pin_source; /**< NULL: asked for on the terminal */
};
struct site_home {
    char *home;
    char *path; /**< absolute */
};
struct site_medium {
    char *medium;
    char *path;        /**< where it is mounted, absolute */
    bool is_directory; /**< it is a plain directory, and nothing is mounted there */
};
/** A variable of the environment that a vendor's module needs. */
struct site_variable {
    char *name, *value;
};
struct ceremony_site {
    struct site_token *tokens;
    unsigned token_count;
    struct site_home *homes;
    unsigned home_count;
    struct site_medium *media;
    unsigned medium_count;
    struct site_variable *environment;
    unsigned environment_count;
};

/** \return false: ERROR_INPUT, with line, rule and remedy */
MUST_USE bool ceremony_site_read(struct bytes text, const char *name, struct ceremony_site **ret_site,
                                 struct error *err);
void ceremony_site_free(struct ceremony_site *site);
DEFINE_AUTO(struct ceremony_site *, ceremony_site_free);
/** Whether it has all that the script names; ERROR_INPUT naming what is missing. */
MUST_USE bool ceremony_site_fits(const struct ceremony_site *site, const struct ceremony_script *script,
                                 struct error *err);

/** NULL: it has none of this name. */
const struct site_token *site_token(const struct ceremony_site *site, const char *name);
const char *site_home_path(const struct ceremony_site *site, const char *name);
const struct site_medium *site_medium(const struct ceremony_site *site, const char *name);
const char *site_medium_path(const struct ceremony_site *site, const char *name);
/** The path of a place; the caller frees. \return NULL: neither a medium nor a home of this site */
char *site_place_path(const struct ceremony_site *site, const char *place);

#endif
