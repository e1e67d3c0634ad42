#include "ca/batch.h"

#include "base/encode.h"
#include "base/memory.h"
#include "ca/batch_keys.h"
#include "ca/batch_policies.h"
#include "ca/batch_report.h"
#include "ca/inputs.h"
#include "ca/manifest.h"
#include "ca/medium.h"
#include "ca/plans.h"
#include "ca/release.h"
#include "ca/screen.h"

#include <errno.h>
#include <string.h>
#include <sys/resource.h>

#define READ_FAULTS_MAX 3
#define DESCRIPTORS 4096 /* each certificate of the groups under way may go to a folder of its own */

struct batch {
    struct ca_home *home;
    const struct ca_console *console;
    struct batch_options options;
    struct medium medium;
    struct batch_policies policies;
    struct ca_manifest manifest;
    struct batch_keys keys;
    struct readers *readers;
    struct seen *seen;
    struct release release;
    struct plans *plans;
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
    const struct batch_policy *policy = batch_policy_of(&batch->policies, item->path);
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

static bool is_taken(void *data, const char *name, struct bytes certificate)
{
    struct batch *batch = data;
    // A folder made for this run holds nothing but what this run puts there.
    return batch->medium.is_resumed && release_is_taken(&batch->release, name, certificate);
}

/** A finished batch on this very medium holds it: nothing is to be done. */
static bool is_present(void *data, const char *name, struct bytes certificate)
{
    const struct batch *batch = data;
    AUTO(free) char *file = memory_format("%s.pem", name);
    AUTO(builder_done) struct builder pem = BUILDER_INIT;
    encode_pem("CERTIFICATE", certificate, &pem);
    return medium_holds(&batch->medium, file, builder_bytes(&pem));
}

/* ---- what is written ---- */

static bool release_one(void *data, size_t group, const struct plan_item *item, struct bytes certificate,
                        struct bytes proof, struct error *err)
{
    struct batch *batch = data;
    batch_report_certificate(batch->report, item, certificate);
    return release_certificate(&batch->release, group, item, certificate, proof, err);
}

static bool flush(void *data, size_t group, struct error *err)
{
    struct batch *batch = data;
    return release_flush(&batch->release, group, err);
}

static void note_file(void *data, const char *file, struct bytes content)
{
    struct batch *batch = data;
    batch_report_file(batch->report, file, content);
}

static bool finish_plan(void *data, const struct plan *plan, struct error *err)
{
    (void)err; // what the report could not take is told when it is put in its place
    struct batch *batch = data;
    batch_report_plan(batch->report, plan);
    plans_give_back(batch->plans, plan);
    return true;
}

static bool next_plan(void *data, unsigned wait_ms, const struct plan **ret_plan, bool *ret_is_last,
                      struct error *err)
{
    struct batch *batch = data;
    *ret_plan = NULL;
    if (!plans_next(batch->plans, wait_ms, ret_plan, ret_is_last, err))
        return false;
    if (*ret_plan != NULL)
        ca_plan_tell(*ret_plan, batch->console);
    return true;
}

/* ---- the whole ---- */

static bool find_requests(struct batch *batch, struct error *err)
{
    const struct media_walk *walk = &batch->medium.walk;
    batch->requests = memory_new(walk->count, sizeof(*batch->requests));
    for (size_t i = 0; i < walk->count; i++) {
        if (!input_is_request(walk->items[i].path)) {
            if (batch->manifest.list != NULL)
                (void)manifest_see(batch->manifest.list, walk->items[i].path); // left alone, but there
            continue;
        }
        batch->requests[batch->requests_count++] = i;
        if (!batch_policies_want(&batch->policies, walk->items[i].path, err))
            return false;
    }
    return batch->requests_count > 0 ||
           error_set(err, ERROR_INPUT, 0,
                     "no requests found below requests/; a request's name ends in .csr, .req, .p10, .pem or "
                     ".der");
}

/** As many descriptors as are allowed, up to what a batch can use; fewer do for media of few folders. */
static void raise_descriptors(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= DESCRIPTORS)
        return;
    limit.rlim_cur = limit.rlim_max < DESCRIPTORS ? limit.rlim_max : DESCRIPTORS;
    (void)setrlimit(RLIMIT_NOFILE, &limit); // up to the hard limit always works
}

bool batch_prepare(struct ca_home *home, const struct batch_options *options,
                   const struct ca_console *console, struct batch **ret_batch, struct error *err)
{
    AUTO(batch_free) struct batch *batch = memory_new(1, sizeof(*batch));
    raise_descriptors();
    batch->home = home;
    batch->console = console;
    batch->options = *options;
    batch->release.fd = -1;
    batch->medium = (struct medium){.fd = -1, .requests_fd = -1, .batch_fd = -1};
    batch->seen = seen_new();
    const struct plan_options shared = {
        .is_taken = is_taken, .is_present = is_present, .data = batch, .seen = batch->seen};
    if (!ca_screen_open(home, err) || !medium_open(options->medium, &batch->medium, err) ||
        !ca_manifest_open(home, batch->medium.fd, &batch->manifest, err) ||
        !batch_policies_open(&batch->policies, home->fd, &batch->options, &shared, err) ||
        !find_requests(batch, err) || !batch_policies_check(&batch->policies, err) ||
        !medium_choose_batch(&batch->medium, home, err) || !readers_open(0, &batch->readers, err))
        return false;
    *ret_batch = TAKE(batch);
    return true;
}

void batch_free(struct batch *batch)
{
    if (batch->plans != NULL)
        plans_close(batch->plans); // its threads use all the rest
    if (batch->report != NULL)
        batch_report_free(batch->report);
    release_end(&batch->release);
    if (batch->readers != NULL)
        readers_close(batch->readers);
    if (batch->medium.batch_fd >= 0 && !batch->medium.is_resumed)
        medium_drop_empty_batch(&batch->medium);
    medium_close(&batch->medium);
    ca_manifest_done(&batch->manifest);
    batch_keys_done(&batch->keys);
    batch_policies_done(&batch->policies);
    seen_free(batch->seen);
    free(batch->requests);
    free(batch);
}

static bool start(struct batch *batch, struct error *err)
{
    const struct plans_settings settings = {
        .home = batch->home,
        .readers = batch->readers,
        .count = batch->requests_count,
        .input = read_request,
        .options = options_of,
        .data = batch,
    };
    batch->release = (struct release){
        .fd = batch->medium.batch_fd,
        .with_chain = true,
        .with_proof = !batch->options.without_proofs,
        .delivered = note_file,
        .data = batch,
        .home = batch->home,
        .is_fresh = !batch->medium.is_resumed,
    };
    release_begin(&batch->release);
    return batch_report_open(batch->medium.batch_fd, batch->medium.batch, &batch->report, err) &&
           plans_open(&settings, &batch->plans, err);
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
        batch_report_free(TAKE(batch->report)); // so that the folder is empty
        return true;
    }
    const struct batch_summary summary = {.home = batch->home,
                                          .release = &batch->release,
                                          .manifest = &batch->manifest,
                                          .result = result,
                                          .draw_qr = batch->options.draw_qr};
    result->has_answers = batch_report_finish(batch->report, &summary, err);
    return result->has_answers ||
           error_while(err,
                       "writing the report; all certificates are handed out, run the same command again");
}

bool batch_run(struct batch *batch, struct batch_result *ret_result, struct error *err)
{
    *ret_result = (struct batch_result){.id = batch->medium.batch,
                                        .is_resumed = batch->medium.is_resumed,
                                        .requests = batch->requests_count,
                                        .other_files = batch->medium.walk.count - batch->requests_count};
    if (batch->medium.is_resumed)
        ca_notice(batch->console, "going on with the batch %s, which an earlier run left unfinished",
                  batch->medium.batch);
    batch_keys_look(&batch->keys, &batch->medium, batch->console);
    if (!start(batch, err))
        return false;
    const struct issue_source source = {
        .next = next_plan, .finished = finish_plan, .data = batch, .total = batch->requests_count};
    const struct issue_options issue = {
        .command = "batch",
        .batch = batch->medium.batch,
        .release = release_one,
        .flush = flush,
        .data = batch,
        .wants_proofs = batch->release.with_proof,
    };
    if (!ca_issue_each(batch->home, &source, &issue, batch->console, &ret_result->issue, err))
        return false;
    return finish(batch, ret_result, err);
}
