/* SPDX-License-Identifier: Apache-2.0 */
/* The commands of `coldca people` that change controls. */
#ifndef COLDCA_CLI_PEOPLE_H
#define COLDCA_CLI_PEOPLE_H

#include "cli/cli.h"

int cli_people_add(int argc, char **argv, struct error *err);
int cli_people_remove(int argc, char **argv, struct error *err);
int cli_people_set(int argc, char **argv, struct error *err);

#endif
