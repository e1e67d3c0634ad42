/* SPDX-License-Identifier: Apache-2.0 */
/* coldca-tools: for who approves plans, audits the ledger or makes requests, on another machine. No code for tokens is linked. */
#define COLDCA_TOOLS
#include "cli/program.h"
#include "commands.h"

int main(int argc, char **argv)
{
    static const struct program program = {
        .name = "coldca-tools",
        .about = "What approvers, auditors and requesters do on machines of their own: no token, no CA is "
                 "needed.\n"
                 "With -C: a copy of the CA's home, which stays as it is. Signing is done by coldca, on the "
                 "CA's machine.\n",
        .version = "coldca-tools " COLDCA_VERSION " (" COLDCA_COMMIT ")",
        .commands = commands,
        .count = ARRAY_LEN(commands),
    };
    return program_main(&program, argc, argv);
}
