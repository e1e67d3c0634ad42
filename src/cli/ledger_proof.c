/* SPDX-License-Identifier: Apache-2.0 */
/* `ledger verify --proof`: works on any machine, with no home and no token. */
#include "ledger/proof.h"

#include "base/file.h"
#include "cli/cli.h"
#include "cli/ledger_proof.h"
#include "cli/print.h"
#include "cli/report.h"
#include "witness/evidence.h"

#include <fcntl.h>

static bool check_record(const struct cli_proof *asked, struct bytes proof, struct error *err)
{
    AUTO(ledger_proof_done) struct ledger_proof found = {.record = NULL};
    uint8_t digest[32];
    bool has_certificate = asked->certificate != NULL;
    const struct ledger_witnesses *witnesses = asked->witnesses.count > 0 ? &asked->witnesses : NULL;
    if (has_certificate && !witness_certificate_sha256(asked->certificate, digest, err))
        return false;
    if (!ledger_proof_verify(proof, asked->vkey, has_certificate ? digest : NULL, witnesses, &found, err))
        return false;
    if (asked->wants_json) {
        AUTO(json_free) struct json *json = json_new_object();
        json_put_bool(json, "ok", true);
        json_put_int(json, "seq", (int64_t)found.seq);
        json_put_int(json, "checkpoint_size", (int64_t)found.checkpoint_size);
        json_put(json, "record", json_clone(found.record));
        report_json(json);
        return true;
    }
    cli_print(stdout, "the proof holds: record %llu of a ledger of %llu, %s, %s\n",
              (unsigned long long)found.seq, (unsigned long long)found.checkpoint_size,
              json_text(found.record, "type"), json_text(found.record, "time"));
    return true;
}

static bool check_consistency(const struct cli_proof *asked, struct bytes proof, struct error *err)
{
    AUTO(builder_done) struct builder old_note = BUILDER_INIT;
    uint64_t old_size = 0;
    uint64_t size = 0;
    if (asked->since == NULL)
        return error_set(err, ERROR_USAGE, 0,
                         "a consistency proof is checked against --since CHECKPOINT, the older one");
    if (!file_read(AT_FDCWD, asked->since, LEDGER_PROOF_MAX_LEN, &old_note, err) ||
        !ledger_consistency_verify(proof, builder_bytes(&old_note), asked->vkey, &old_size, &size, err))
        return false;
    if (asked->wants_json) {
        AUTO(json_free) struct json *json = json_new_object();
        json_put_bool(json, "ok", true);
        json_put_int(json, "old_size", (int64_t)old_size);
        json_put_int(json, "size", (int64_t)size);
        report_json(json);
        return true;
    }
    printf("the proof holds: the ledger of %llu records continues the one of %llu\n",
           (unsigned long long)size, (unsigned long long)old_size);
    return true;
}

int cli_check_proof(const struct cli_proof *asked, struct error *err)
{
    AUTO(builder_done) struct builder proof = BUILDER_INIT;
    if (asked->vkey == NULL)
        (void)error_set(err, ERROR_USAGE, 0,
                        "--proof needs --vkey: the ledger's verifier key, which `ca.yaml` names");
    if (asked->vkey == NULL || !file_read(AT_FDCWD, asked->path, LEDGER_PROOF_MAX_LEN, &proof, err))
        return (int)err->kind;
    bool is_consistency = proof.len > 4 && memcmp(proof.data, "old ", 4) == 0;
    bool holds = is_consistency ? check_consistency(asked, builder_bytes(&proof), err)
                                : check_record(asked, builder_bytes(&proof), err);
    return holds ? EXIT_DONE : (int)err->kind;
}
