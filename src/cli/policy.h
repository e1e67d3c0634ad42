/* SPDX-License-Identifier: Apache-2.0 */
/* What the commands of `coldca policy` share. */
#ifndef COLDCA_CLI_POLICY_H
#define COLDCA_CLI_POLICY_H

#include "cli/cli.h"
#include "inspect/policies.h"

/** The home whose policies come first: -C, COLDCA_HOME or the current directory, if it is one. -1: none. */
int cli_policy_home(const struct options *options);

/** What `diff` and `approve` say of a policy. The caller frees. */
struct json *cli_policy_change_json(const struct policy_change *change);

#endif
