/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/proof.h"

#include "base/file.h"
#include "base/memory.h"
#include "cli/cli.h"
#include "home/certificate.h"

#include <fcntl.h>

#define SERIAL_MIN_DIGITS 16 /* what has fewer digits is a record's number */

static const struct command_help help = {
    .usage = "ledger prove SERIAL|SEQ [--out FILE]\n       coldca ledger prove --consistency OLD [NEW]",
    .text =
        "Writes a proof that anyone checks with `coldca ledger verify --proof`, with no home and no token.\n"
        "For a certificate (by its serial) or a record (by its number): a C2SP tlog-proof under the newest\n"
        "checkpoint. With --consistency: that the ledger of NEW (a checkpoint file; the newest if not "
        "given)\n"
        "continues the one of OLD (a checkpoint file or a number of records).",
    .example = "  coldca ledger prove 3fd2ab6c2e60f6f1c57f3a6cf5e1a1b0aa10c8d2 > device-0001.tlog-proof\n"
               "  coldca ledger prove --consistency last-year.checkpoint > since-then.proof",
};

/** The number of the record that issued a certificate, or the number itself. */
static bool find_record(struct home *home, const char *text, uint64_t *ret_seq, struct error *err)
{
    AUTO(builder_done) struct builder serial = BUILDER_INIT;
    AUTO(ledger_entry_done) struct ledger_entry entry = {.serial = NULL};
    bool found = false;
    if (strlen(text) < SERIAL_MIN_DIGITS && cli_parse_seq(text, ret_seq))
        return true;
    if (!home_serial_parse(text, &serial, err))
        return error_while(err, "looking for a serial in hex or the number of a record");
    if (!ledger_find_serial(home->ledger, builder_bytes(&serial), &entry, &found, err))
        return false;
    if (!found || entry.issued_seq == UINT64_MAX)
        return error_set(err, ERROR_INPUT, 0, "no certificate with this serial was issued");
    *ret_seq = entry.issued_seq;
    return true;
}

static bool prove_consistency(struct home *home, const struct option_list *arguments,
                              struct builder *ret_proof, struct error *err)
{
    AUTO(builder_done) struct builder old_note = BUILDER_INIT;
    AUTO(builder_done) struct builder new_note = BUILDER_INIT;
    uint64_t old_size = 0;
    if (arguments->count < 1 || arguments->count > 2)
        return error_set(err, ERROR_USAGE, 0,
                         "--consistency needs an older checkpoint, and may have a newer one");
    if (!cli_parse_seq(arguments->items[0], &old_size) &&
        (!file_read(AT_FDCWD, arguments->items[0], LEDGER_PROOF_MAX_LEN, &old_note, err) ||
         !ledger_note_size(builder_bytes(&old_note), home->config.ledger_vkey, &old_size, err)))
        return error_while(err, "reading the older checkpoint %s", arguments->items[0]);
    if (arguments->count == 2 &&
        !file_read(AT_FDCWD, arguments->items[1], LEDGER_PROOF_MAX_LEN, &new_note, err))
        return false;
    return ledger_prove_consistency(home->ledger, old_size, builder_bytes(&new_note), ret_proof, err);
}

static bool prove_record(struct home *home, const struct option_list *arguments, struct builder *ret_proof,
                         struct error *err)
{
    uint64_t seq = 0;
    if (arguments->count != 1)
        return error_set(err, ERROR_USAGE, 0, "ledger prove needs one serial or one number of a record");
    return find_record(home, arguments->items[0], &seq, err) &&
           ledger_prove(home->ledger, seq, ret_proof, err);
}

int cli_ledger_prove(int argc, char **argv, struct error *err)
{
    const char *out = NULL;
    bool is_consistency = false;
    AUTO(options_done) struct options options = {.home = NULL};
    const struct option_row rows[] = {
        {"out", 'o', OPTION_TEXT, "FILE", "write the proof there instead of to stdout", &out},
        {"consistency", 0, OPTION_FLAG, NULL, "between two checkpoints", &is_consistency},
    };
    AUTO(home_close) struct home *home = NULL;
    AUTO(builder_done) struct builder proof = BUILDER_INIT;
    if (!options_parse(argc, argv, rows, ARRAY_LEN(rows), &options, err))
        return (int)err->kind;
    if (cli_is_help(&options, &help, rows, ARRAY_LEN(rows)))
        return EXIT_DONE;
    struct console console = cli_console(&options);
    AUTO(free) char *path = home_path(options.home);
    if (!home_open(path, HOME_LOOK, &console, &home, err))
        return (int)err->kind;
    bool is_made = is_consistency ? prove_consistency(home, &options.arguments, &proof, err)
                                  : prove_record(home, &options.arguments, &proof, err);
    if (!is_made || (out != NULL && !file_replace(AT_FDCWD, out, 0644, builder_bytes(&proof), err)))
        return (int)err->kind;
    if (out == NULL)
        (void)fwrite(proof.data, 1, proof.len, stdout); // main() looks whether stdout took it
    return EXIT_DONE;
}
