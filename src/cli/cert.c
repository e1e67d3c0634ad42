/* SPDX-License-Identifier: Apache-2.0 */
#include "base/bytes.h"
#include "cli/cli.h"

int cli_cert(int argc, char **argv, struct error *err)
{
    static const struct subcommand table[] = {
        {"list", cli_cert_list, "the certificates of the ledger"},
        {"show", cli_cert_show, "one certificate in words and PEM"},
        {"chain", cli_cert_chain, "the certificates above the CA, or others with --set"},
    };
    return cli_dispatch("cert", table, ARRAY_LEN(table), argc, argv, err);
}
