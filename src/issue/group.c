/* SPDX-License-Identifier: Apache-2.0 */
#include "issue/group.h"

#include "ledger/proof.h"

bool group_is_empty(const struct issue_group *group)
{
    return group->count == 0 && !group->ends_plan;
}

void group_clear(struct issue_group *group)
{
    for (size_t i = 0; i < group->count; i++)
        logged_done(&group->jobs[i]);
    if (group->plan != NULL)
        plan_free(group->plan);
    group->plan = NULL;
    group->ends_plan = false;
    group->count = 0;
    group->issued = group->repeated = group->dealt_with = 0;
}

size_t group_count_new(const struct issue_group *group)
{
    size_t count = 0;
    for (size_t i = 0; i < group->count; i++)
        count += group->jobs[i].tbs.len > 0 ? 1 : 0;
    return count;
}

size_t group_fitting_len(const struct issue_group *group, size_t before)
{
    size_t count = group_count_new(group);
    if (count < GROUP_LEN_MIN)
        return before;
    size_t fitting = count * GROUP_MS / (size_t)(group->ended_ms - group->begun_ms + 1);
    return fitting < GROUP_LEN_MIN ? GROUP_LEN_MIN : fitting < GROUP_LEN ? fitting : GROUP_LEN;
}

bool group_is_durable(struct signer *signer, const struct issue_group *group)
{
    uint64_t durable = ledger_durable_size(signer_home(signer)->ledger);
    for (size_t i = 0; i < group->count; i++) {
        const struct logged *job = &group->jobs[i];
        if (job->tbs.len > 0 && (job->signing_seq >= durable || (job->is_done && job->issued_seq >= durable)))
            return false;
    }
    return true;
}

bool group_all_signed(const struct issue_group *group, struct error *err)
{
    for (size_t i = 0; i < group->count; i++) {
        const struct logged *job = &group->jobs[i];
        if (job->is_done || !job->is_begun)
            continue;
        *err = job->err;
        return job->tbs.len > 0
                   ? error_while(err, "signing for %s", job->name)
                   : error_while(err, "rebuilding the certificate of %s from the ledger", job->name);
    }
    return true;
}

bool group_log(struct signer *signer, struct issue_group *group, struct error *err)
{
    for (size_t i = 0; i < group->count; i++) {
        if (!logged_append_signature(signer, &group->jobs[i], err))
            return false;
    }
    return true;
}

/** Proofs are made under a checkpoint, so one must cover the record. */
static bool cover(struct signer *signer, uint64_t issued_seq, struct error *err)
{
    return ledger_checkpoint_size(signer_home(signer)->ledger) > issued_seq ||
           signer_checkpoint(signer, err) ||
           error_while(err, "signing the checkpoint the proofs are made under");
}

bool group_prove(struct signer *signer, struct issue_group *group, size_t *ret_proofs, struct error *err)
{
    for (size_t i = 0; group->wants_proofs && i < group->count; i++) {
        struct logged *job = &group->jobs[i];
        if (!job->is_done)
            continue;
        if (!cover(signer, job->issued_seq, err) ||
            !ledger_prove(signer_home(signer)->ledger, job->issued_seq, &job->proof, err))
            return error_while(
                err, "proving the certificate of %s; it is in the ledger, run the same command again",
                job->name);
        ++*ret_proofs;
    }
    return true;
}
