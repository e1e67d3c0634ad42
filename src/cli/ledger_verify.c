/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"
#include "cli/ledger_memory.h"
#include "cli/ledger_proof.h"
#include "cli/ledger_verify_around.h"
#include "cli/ledger_verify_report.h"
#include "cli/program.h"
#include "records/verify.h"

#include <fcntl.h>

static const struct command_help help = {
    .usage = "ledger verify [OPTIONS]\n       coldca ledger verify --proof FILE --vkey KEY [OPTIONS]",
    .text =
        "Reads the ledger from its first byte, trusting no index: canonical form, sequence, times, every "
        "checkpoint, every\n"
        "certificate against the bytes logged before it was signed. Exit 5 if anything is wrong.\n"
        "With --token: also against what the home's token remembers, which takes a PIN and finds a home that "
        "was put "
        "back whole.\n"
        "With --transcript: also that a ceremony's transcript (text or page) is what the records say, line "
        "by line.\n"
        "With --vkey: of the ledger that this key signs, whatever ca.yaml says; for a copy of a home.\n"
        "With --proof: checks a proof by `coldca ledger prove`, on any machine, with no home and no token.",
    .example = "  coldca ledger verify --proof device-0001.tlog-proof --certificate device-0001.pem --vkey "
               "\"$(cat vkey)\"",
};

/** What was asked beyond the files themselves. */
struct demands {
    struct cli_proof proof;
    bool only_tree;
    bool asks_token;
    const char *transcript;
    long quorum;
    struct option_list witnesses;
};

static int verify_home(const struct options *options, const struct demands *demands, struct error *err)
{
    AUTO(ledger_report_done) struct ledger_report report = {.records = 0};
    AUTO(home_close) struct home *home = NULL;
    AUTO(builder_done) struct builder since = BUILDER_INIT;
    AUTO(cli_memory_done) struct cli_memory memory = {.known = NULL};
    const struct cli_memory *asked = demands->asks_token ? &memory : NULL;
    AUTO(free) char *path = home_path(options->home);
    // Not opened as a ledger: a damaged one is just what this command must be able to read.
    if (!home_open_files(path, &home, err) ||
        (demands->proof.since != NULL &&
         !file_read(AT_FDCWD, demands->proof.since, LEDGER_PROOF_MAX_LEN, &since, err)) ||
        (demands->asks_token && !program_running()->tokens->recall(home, options, &memory, err)))
        return (int)err->kind;
    AUTO(records_checker_free) struct records_checker *checker = records_checker_new(home);
    struct ledger_checks checks = records_checks(checker);
    const struct ledger_scope scope = {
        .checks = home->issuer != NULL ? &checks : NULL,
        .since = builder_bytes(&since),
        .known = memory.known,
        .known_count = memory.count,
        .only_tree = demands->only_tree,
    };
    if (!ledger_verify_scope(home->fd, home->config.ledger_vkey, &scope, &report, err))
        return (int)err->kind;
    ledger_check_vkey(home, demands->proof.vkey, &report);
    ledger_check_witnesses(home, &demands->proof.witnesses, &report);
    ledger_check_created(home, &report);
    records_checker_end(checker, home, &report);
    AUTO(transcript_result_done) struct transcript_result transcript = {.run = NULL};
    if (demands->transcript != NULL &&
        !ledger_check_transcript(home, demands->transcript, &report, &transcript, err))
        return (int)err->kind;
    ledger_verify_report(&report, asked, demands->transcript == NULL ? NULL : &transcript,
                         options->wants_json);
    return report.findings.count == 0 ? EXIT_DONE : (int)ERROR_LEDGER;
}

int cli_ledger_verify(int argc, char **argv, struct error *err)
{
    AUTO(options_done) struct options options = {.home = NULL};
    struct demands demands = {.quorum = 0};
    struct cli_proof *proof = &demands.proof;
    const struct option_row rows[] = {
        {"since", 0, OPTION_TEXT, "CHECKPOINT", "a checkpoint kept elsewhere that history must continue",
         &proof->since},
        {"tree-only", 0, OPTION_FLAG, NULL, "only the Merkle tree and the checkpoints", &demands.only_tree},
        {"witness", 0, OPTION_LIST, "VKEY", "a witness whose cosignature counts; repeatable",
         &demands.witnesses},
        {"quorum", 0, OPTION_NUMBER, "K", "how many of them are needed; all if not given", &demands.quorum},
        {"transcript", 0, OPTION_TEXT, "FILE", "of a ceremony: every line must be by the records",
         &demands.transcript},
        {"proof", 0, OPTION_TEXT, "FILE", "check this proof, no home", &proof->path},
        {"certificate", 0, OPTION_TEXT, "FILE", "the certificate the proof must be of", &proof->certificate},
        {"vkey", 0, OPTION_TEXT, "KEY", "the ledger's verifier key, which was kept elsewhere", &proof->vkey},
        {"token", 't', OPTION_FLAG, NULL, "log in, and compare with what the token remembers",
         &demands.asks_token},
    };
    const size_t count = ARRAY_LEN(rows) - (program_running()->tokens == NULL); // the last one's
    bool is_parsed = options_parse(argc, argv, rows, count, &options, err);
    AUTO(option_list_done) struct option_list witnesses = demands.witnesses;
    if (!is_parsed)
        return (int)err->kind;
    if (cli_is_help(&options, &help, rows, count))
        return EXIT_DONE;
    proof->wants_json = options.wants_json;
    proof->witnesses = (struct ledger_witnesses){
        witnesses.items, witnesses.count, demands.quorum > 0 ? (size_t)demands.quorum : witnesses.count};
    if (!ledger_witnesses_check(&proof->witnesses, err)) // an argument, which says nothing of the ledger
        return (int)(err->kind = ERROR_USAGE);
    return proof->path != NULL ? cli_check_proof(proof, err) : verify_home(&options, &demands, err);
}
