/* SPDX-License-Identifier: Apache-2.0 */
/* coldca: the CA's own machine. */
#include "commands.h"
#include "operator/operator.h"

int main(int argc, char **argv)
{
    const struct program program = {
        .name = "coldca",
        .about = "A certificate authority for a machine with no network: the key stays in a token, a policy "
                 "decides,\n"
                 "every signature is in the ledger before anyone receives it.\n",
        .version = "coldca " COLDCA_VERSION " (" COLDCA_COMMIT ")",
        .commands = commands,
        .count = ARRAY_LEN(commands),
        .tokens = operator_tokens(),
    };
    return program_main(&program, argc, argv);
}
