/* SPDX-License-Identifier: Apache-2.0 */
#include "batch/batch.h"

#include "base/encode.h"
#include "base/memory.h"
#include "batch/keys.h"
#include "batch/medium.h"
#include "batch/planned.h"
#include "batch/policies.h"
#include "batch/report.h"
#include "batch/stream.h"
#include "issue/directory.h"
#include "plan/inputs.h"
#include "plan/manifest.h"
#include "records/due.h"
#include "records/in_force.h"

#include <errno.h>
#include <string.h>
#include <sys/resource.h>

#define READ_FAULTS_MAX 3
#define DESCRIPTORS 4096 /* each certificate of the groups under way may go to a directory of its own */

struct batch {
    struct output output; /**< to the directory and the report */
    struct home *home;
    struct confined *confined;
    struct signer *signer;
    const struct console *console;
    struct batch_options options;
    struct medium medium;
    struct batch_policies policies;
    struct medium_manifest manifest;
    struct batch_keys keys;
    struct readers *readers;
    struct judge *judge;
    struct directory directory;
    struct plans *plans;
    struct batch_planned planned; /**< options.given */
    struct redraw *redraw;        /**< likewise */
    struct batch_report *report;
    unsigned read_faults; /**< of the medium, in a row */
    size_t *requests;     /**< items of the medium's walk that are requests */
    size_t requests_count;
};

/* ---- what is read ---- */

/** What the manifest has against a file as it was read; NULL: nothing. Only the reading thread asks. */
static const char *manifest_problem(const struct batch *batch, const struct media_item *item,
                                    struct bytes content)
{
    struct manifest *list = batch->manifest.list;
    return list == NULL ? NULL : manifest_answer_text(manifest_check(list, item->path, content));
}

/** One file may lie on a bad sector; several in a row mean that the medium is gone, and nothing more is to be refused for that. */
static bool is_medium_gone(struct batch *batch, unsigned long reason)
{
    bool is_fault = reason == EIO || reason == ENODEV || reason == ENXIO || reason == ESTALE;
    batch->read_faults = is_fault ? batch->read_faults + 1 : 0;
    return batch->read_faults >= READ_FAULTS_MAX;
}

static bool read_request(void *data, size_t index, struct plan_input *ret_input, struct error *err)
{
    struct batch *batch = data;
    const struct media_item *item = &batch->medium.walk.items[batch->requests[index]];
    static const struct batch_policy approved = {
        .problem = NULL}; // a plan has its policy, which people approved with it
    const struct batch_policy *policy =
        batch->options.given != NULL ? &approved : batch_policy_of(&batch->policies, item->path);
    struct error reason = ERROR_INIT;
    AUTO(builder_done) struct builder content = BUILDER_INIT;
    const char *problem = policy->problem != NULL ? policy->problem : item->problem;
    if (problem == NULL &&
        !media_read(batch->medium.requests_fd, item->path, REQUEST_MAX_FILE_LEN, &content, &reason))
        problem = reason.text;
    if (is_medium_gone(batch, reason.native))
        return error_set(err, ERROR_INPUT, reason.native,
                         "the medium can't be read any more: plug it in and run the same command again");
    *ret_input = (struct plan_input){
        .source = memory_format("requests/%s", item->shown),
        .name = input_output_name(item->path),
        .rule = policy->rule,
        .remedy = policy->remedy,
    };
    if (problem == NULL)
        batch_keys_see(&batch->keys, item->path, builder_bytes(&content));
    const char *listed = problem == NULL ? manifest_problem(batch, item, builder_bytes(&content)) : NULL;
    if (listed != NULL) {
        ret_input->rule = "medium.manifest";
        problem = listed;
    } else if (problem != NULL && batch->manifest.list != NULL) {
        (void)manifest_see(batch->manifest.list, item->path); // it is not missing, and refused anyway
    }
    if (problem != NULL)
        ret_input->problem = memory_text(problem);
    else
        ret_input->data = builder_take(&content, &ret_input->len);
    return true;
}

static const struct plan_options *options_of(void *data, size_t index)
{
    const struct batch *batch = data;
    return &batch_policy_of(&batch->policies, batch->medium.walk.items[batch->requests[index]].path)->options;
}

static bool is_taken(struct output *output, const char *name, struct bytes certificate)
{
    struct batch *batch = (struct batch *)output;
    // A directory made for this run holds nothing but what this run puts there.
    return batch->medium.is_resumed &&
           batch->directory.output.is_taken(&batch->directory.output, name, certificate);
}

/** A finished batch on this very medium holds it: nothing is to be done. */
static bool is_present(struct output *output, const char *name, struct bytes certificate)
{
    const struct batch *batch = (const struct batch *)output;
    AUTO(free) char *file = memory_format("%s.pem", name);
    AUTO(builder_done) struct builder pem = BUILDER_INIT;
    encode_pem("CERTIFICATE", certificate, &pem);
    return medium_holds(&batch->medium, file, builder_bytes(&pem));
}

/* ---- what is written ---- */

static bool put(struct output *output, size_t group, const struct plan_item *item, struct bytes certificate,
                struct bytes proof, struct error *err)
{
    struct batch *batch = (struct batch *)output;
    batch_report_certificate(batch->report, item, certificate);
    return batch->directory.output.put(&batch->directory.output, group, item, certificate, proof, err);
}

static bool flush(struct output *output, size_t group, struct error *err)
{
    struct batch *batch = (struct batch *)output;
    return batch->directory.output.flush(&batch->directory.output, group, err);
}

static void note_file(void *data, const char *file, struct bytes content)
{
    struct batch *batch = data;
    batch_report_file(batch->report, file, content);
}

static bool finish_plan(void *data, const struct plan *plan, struct error *err)
{
    (void)err; // what the report could not take is reported when it is put in its place
    struct batch *batch = data;
    batch_report_plan(batch->report, plan);
    return true;
}

static bool next_plan(void *data, unsigned wait_ms, struct plan **ret_plan, bool *ret_is_last,
                      struct error *err)
{
    struct batch *batch = data;
    *ret_plan = NULL;
    if (batch->options.given != NULL) {
        *ret_plan = TAKE(batch->planned.plan);
        *ret_is_last = true;
    } else if (!plans_next(batch->plans, wait_ms, ret_plan, ret_is_last, err)) {
        return false;
    }
    if (*ret_plan != NULL)
        plan_tell(*ret_plan, batch->console);
    return true;
}

/* ---- the whole ---- */

static bool refuse_empty(const struct batch *batch, struct error *err)
{
    size_t others = batch->medium.walk.count;
    AUTO(builder_done) struct builder lies = BUILDER_INIT;
    AUTO(free)
    char *files = others == 0 ? NULL : memory_format(" (%zu other file%s)", others, others == 1 ? "" : "s");
    medium_tell_what_lies(batch->medium.fd, batch->options.medium, &lies);
    return error_set(
        err, ERROR_INPUT, 0,
        "no requests found below requests/%s; a request's name ends in .csr, .req, .p10, .pem or "
        ".der; %s",
        files == NULL ? "" : files, builder_text(&lies));
}

static bool find_requests(struct batch *batch, struct error *err)
{
    const struct media_walk *walk = &batch->medium.walk;
    batch->requests = memory_new(walk->count, sizeof(*batch->requests));
    inputs_tell_unread(walk, "requests", batch->console);
    for (size_t i = 0; i < walk->count; i++) {
        if (!input_is_request(walk->items[i].path)) {
            if (batch->manifest.list != NULL)
                (void)manifest_see(batch->manifest.list, walk->items[i].path); // left alone, but there
            continue;
        }
        if (batch->options.given != NULL &&
            batch_policies_is_other(&batch->policies, walk->items[i].path,
                                    batch->planned.admitted.file.header.policy)) {
            batch->planned.of_other_policies++;
            continue;
        }
        batch->requests[batch->requests_count++] = i;
        if (batch->options.given == NULL && !batch_policies_want(&batch->policies, walk->items[i].path, err))
            return false;
    }
    return batch->requests_count > 0 || refuse_empty(batch, err);
}

/** As many descriptors as are allowed, up to what a batch can use; fewer do for media of few directories. */
static void raise_descriptors(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= DESCRIPTORS)
        return;
    limit.rlim_cur = limit.rlim_max < DESCRIPTORS ? limit.rlim_max : DESCRIPTORS;
    (void)setrlimit(RLIMIT_NOFILE, &limit); // up to the hard limit always works
}

static bool is_permitted(const struct batch *batch, struct error *err)
{
    for (size_t i = 0; i < batch->policies.count; i++) {
        enum act act = policy_is_ca(batch->policies.items[i]->policy) ? ACT_ISSUE_CA : ACT_ISSUE;
        if (!issue_is_permitted(batch->home, act, "batch", err))
            return false;
    }
    return true;
}

/** What is to be judged: the policies of all requests, and who reads those. */
static bool prepare_judging(struct batch *batch, struct error *err)
{
    return find_requests(batch, err) && batch_policies_check(&batch->policies, err) &&
           batch_policies_compare(&batch->policies, batch->home, batch->console, err) &&
           medium_choose_batch(&batch->medium, batch->home, err) && readers_open(0, &batch->readers, err) &&
           is_permitted(batch, err);
}

static bool prepare(struct batch *batch, struct error *err)
{
    const struct plan_options shared = {.output = &batch->output};
    raise_descriptors();
    if (!home_open(batch->options.home, HOME_WRITE, batch->console, &batch->home, err))
        return false;
    due_notice(batch->home, batch->console);
    bool is_prepared =
        control_permits_extractable(batch->home->ledger, batch->home->config.allow_extractable, err) &&
        control_permits_manifest(batch->home->ledger, batch->home->config.require_manifest, err) &&
        judge_open_lists(batch->judge = judge_new(batch->home), err) &&
        medium_open(batch->options.medium, &batch->medium, err) &&
        medium_manifest_open(batch->home, batch->medium.fd, &batch->manifest, err) &&
        batch_policies_open(&batch->policies, batch->home->fd, &batch->options, &shared, err) &&
        (batch->options.given != NULL ? medium_choose_batch(&batch->medium, batch->home, err) &&
                                            redraw_open(batch->home, &batch->redraw, err)
                                      : prepare_judging(batch, err));
    if (!is_prepared)
        return false;
    directory_begin(&batch->directory, batch->home, batch->medium.batch_fd, !batch->medium.is_resumed);
    batch->directory.with_chain = true;
    batch->directory.delivered = note_file;
    batch->directory.data = batch;
    batch->output.wants_proof = batch->directory.output.wants_proof = !batch->options.without_proofs;
    return true;
}

/** The plan is foreign, and what it says of this medium is found out before anybody logs in. */
static bool hold_against_medium(struct batch *batch, struct error *err)
{
    int64_t now = time_now();
    struct batch_planned *planned = &batch->planned;
    if (!batch_planned_admit(batch->home, batch->options.given, now, planned, err) ||
        !find_requests(batch, err))
        return false;
    if (planned->of_other_policies > 0)
        console_notice(batch->console,
                       "%zu requests are in directories of other policies than the plan's and are left alone",
                       planned->of_other_policies);
    const struct batch_planned_requests requests = {
        .count = batch->requests_count, .input = read_request, .data = batch};
    return batch_planned_make(batch->home, &requests, batch->redraw, &batch->output, now, planned, err);
}

static struct batch *batch_new(const struct batch_options *options, const struct console *console)
{
    struct batch *batch = memory_new(1, sizeof(*batch));
    batch->output =
        (struct output){.is_taken = is_taken, .is_present = is_present, .put = put, .flush = flush};
    batch->console = console;
    batch->options = *options;
    batch->directory.fd = -1;
    batch->medium = (struct medium){.fd = -1, .requests_fd = -1, .batch_fd = -1};
    return batch;
}

static void batch_free(struct batch *batch)
{
    if (batch->plans != NULL)
        plans_close(batch->plans); // its threads use all the rest
    batch_planned_done(&batch->planned);
    if (batch->redraw != NULL)
        redraw_close(batch->redraw);
    if (batch->report != NULL)
        batch_report_free(batch->report);
    directory_end(&batch->directory);
    if (batch->readers != NULL)
        readers_close(batch->readers);
    if (batch->medium.batch_fd >= 0 && !batch->medium.is_resumed)
        medium_drop_empty_batch(&batch->medium);
    medium_close(&batch->medium);
    medium_manifest_done(&batch->manifest);
    batch_keys_done(&batch->keys);
    batch_policies_done(&batch->policies);
    if (batch->judge != NULL)
        judge_free(batch->judge);
    free(batch->requests);
    signer_close(batch->signer);
    if (batch->confined != NULL)
        confined_free(batch->confined);
    if (batch->home != NULL)
        home_close(batch->home);
    free(batch);
}
DEFINE_AUTO(struct batch *, batch_free);

static bool start(struct batch *batch, struct error *err)
{
    const struct plans_settings settings = {
        .judge = batch->judge,
        .readers = batch->readers,
        .count = batch->requests_count,
        .input = read_request,
        .options = options_of,
        .data = batch,
    };
    return batch_report_open(batch->medium.batch_fd, batch->medium.batch, &batch->report, err) &&
           (batch->options.given != NULL || plans_open(&settings, &batch->plans, err));
}

/** A run that found everything done leaves nothing behind; any other ends with its report. */
static bool finish(struct batch *batch, struct batch_result *result, struct error *err)
{
    const struct issue_result *issue = &result->issue;
    size_t at = 0;
    batch_keys_tell(&batch->keys, batch->console);
    batch_keys_warn(&batch->keys, batch_report_warnings(batch->report));
    result->private_keys = batch->keys.found.count;
    while (batch->manifest.list != NULL && manifest_next_missing(batch->manifest.list, &at) != NULL)
        result->missing++;
    if (issue->issued == 0 && issue->repeated == 0 && issue->refused == 0 && result->missing == 0 &&
        !batch->medium.is_resumed) {
        batch_report_free(TAKE(batch->report)); // so that the directory is empty
        medium_drop_empty_batch(&batch->medium);
        return true;
    }
    const struct batch_summary summary = {.home = batch->home,
                                          .directory = &batch->directory,
                                          .manifest = &batch->manifest,
                                          .result = result,
                                          .draw_qr = batch->options.draw_qr};
    result->has_answers = batch_report_finish(batch->report, &summary, err);
    return result->has_answers ||
           error_while(err, "writing the report; all certificates are delivered, run the same command again");
}

static bool carry_out(struct batch *batch, struct batch_result *result, struct error *err)
{
    const struct issue_source source = {
        .next = next_plan, .finished = finish_plan, .data = batch, .total = batch->requests_count};
    const struct issue_options issue = {
        .command = "batch",
        .batch = batch->medium.batch,
        .is_resumed = batch->medium.is_resumed,
        .admitted = batch->options.given != NULL ? &batch->planned.admitted : NULL,
        .manifest_sha256 = batch->manifest.list != NULL ? batch->manifest.sha256 : NULL};
    return start(batch, err) &&
           issue_each(batch->signer, &source, &batch->output, &issue, batch->console, &result->issue, err) &&
           finish(batch, result, err);
}

static struct batch_result result_of(const struct batch *batch)
{
    struct batch_result result = {.is_resumed = batch->medium.is_resumed,
                                  .requests = batch->requests_count,
                                  .absent = batch->planned.absent,
                                  .of_other_policies = batch->planned.of_other_policies,
                                  .other_files = batch->medium.walk.count - batch->requests_count -
                                                 batch->planned.of_other_policies};
    memcpy(result.id, batch->medium.batch, sizeof(result.id));
    return result;
}

bool batch_run(const struct batch_options *options, const struct console *console,
               struct batch_result *ret_result, struct error *err)
{
    AUTO(batch_free) struct batch *batch = batch_new(options, console);
    if (!prepare(batch, err))
        return false;
    const struct confine_written medium = {.path = options->medium};
    if (!signer_confine(batch->home, &medium, options->pin_source, console, &batch->confined, err) ||
        (options->given != NULL && !hold_against_medium(batch, err)))
        return false;
    *ret_result = result_of(batch);
    if (!signer_open(batch->confined, console, &batch->signer, err))
        return false;
    if (batch->medium.is_resumed)
        console_notice(console, "resuming batch %s, which an earlier run left unfinished",
                       batch->medium.batch);
    batch_keys_look(&batch->keys, &batch->medium, console);
    return carry_out(batch, ret_result, err) && medium_sync(&batch->medium, err);
}
