/* SPDX-License-Identifier: Apache-2.0 */
/* What the commands of `coldca ceremony` share. */
#ifndef COLDCA_CLI_CEREMONY_H
#define COLDCA_CLI_CEREMONY_H

#include "ceremony/script.h"
#include "ceremony/site.h"
#include "cli/cli.h"

/**
 * Reads the one script a command names: a file, or a ready one.
 * \param command   for messages: "ceremony check"
 * \param ret_name  the file's, without directories, as it stands on the paper; the caller frees
 */
MUST_USE bool cli_ceremony_read(const struct options *options, const char *command,
                                struct ceremony_script **ret_script, char **ret_name, struct error *err);
/** Reads a site's file, and whether it has all that the script names. \param path  NULL: no site, *ret_site stays NULL */
MUST_USE bool cli_ceremony_site(const char *path, const struct ceremony_script *script,
                                struct ceremony_site **ret_site, struct error *err);

#endif
