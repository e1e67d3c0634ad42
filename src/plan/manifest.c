/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/manifest.h"

#include "base/digest.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/quote.h"
#include "base/time.h"
#include "sandbox/sandbox.h"
#include "sandbox/wire.h"

#include <openssl/crypto.h>
#include <time.h>

#define SIGNER_MAX_LEN (64U * 1024)
#define VERIFY_MEMORY_BYTES ((size_t)64 * 1024 * 1024)
#define VERIFY_CPU_SECONDS 60

/** What is verified; the confined process inherits it. */
struct job {
    struct builder text;
    struct builder signature;
    struct manifest_signer *signers;
    size_t signer_count;
    int64_t now;
};

/** What the confined process says. */
struct outcome {
    size_t signer;
    struct error err; /**< ERROR_NONE: it is signer's signature */
};

static void job_done(struct job *job)
{
    for (size_t i = 0; i < job->signer_count; i++)
        manifest_signer_done(&job->signers[i]);
    free(job->signers);
    builder_done(&job->text);
    builder_done(&job->signature);
}
DEFINE_AUTO_VALUE(struct job, job_done);

void medium_manifest_done(struct medium_manifest *manifest)
{
    if (manifest->list != NULL)
        manifest_free(manifest->list);
    free(manifest->signer);
    *manifest = (struct medium_manifest){.list = NULL};
}

static bool load_signers(const struct home *home, struct job *job, struct error *err)
{
    const struct home_config *config = &home->config;
    job->signers = memory_new(config->manifest_signer_count, sizeof(*job->signers));
    job->signer_count = config->manifest_signer_count;
    for (size_t i = 0; i < job->signer_count; i++) {
        struct manifest_signer *signer = &job->signers[i];
        signer->name = memory_text(config->manifest_signers[i].name);
        if (!file_read(home->fd, config->manifest_signers[i].file, SIGNER_MAX_LEN, &signer->pem, err) ||
            !manifest_signer_check(signer, err))
            return error_while(err, "loading manifest_signers of ca.yaml");
    }
    return true;
}

/** Once confined a process can open nothing: the C library's time zone is read here. libcrypto's configuration never is (main.c). */
static void warm_up(void)
{
    tzset();
    (void)OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_ADD_ALL_DIGESTS, NULL);
}

static int verify(int fd, void *context)
{
    const struct job *job = context;
    struct outcome outcome = {.signer = SIZE_MAX};
    bool is_good = manifest_verify(builder_bytes(&job->text), builder_bytes(&job->signature), job->signers,
                                   job->signer_count, job->now, &outcome.signer, &outcome.err);
    if (is_good)
        error_clear(&outcome.err);
    return wire_write(fd, bytes_of(&outcome, sizeof(outcome))) ? 0 : 1;
}

/** What the process said, looked at again: it may have been taken over. */
static bool judge(const struct job *job, struct outcome *outcome, size_t *ret_signer, struct error *err)
{
    outcome->err.text[sizeof(outcome->err.text) - 1] = '\0';
    if (outcome->err.kind != ERROR_NONE) {
        AUTO(builder_done) struct builder shown = BUILDER_INIT;
        quote_guard(&shown, bytes_of_text(outcome->err.text));
        return error_set(err, ERROR_INPUT, 0, "%s", builder_text(&shown));
    }
    if (outcome->signer >= job->signer_count)
        return error_set(err, ERROR_INPUT, 0,
                         "the process that checked the manifest's signature returned an invalid result");
    *ret_signer = outcome->signer;
    return true;
}

static bool verify_confined(struct job *job, size_t *ret_signer, struct error *err)
{
    struct sandbox_child child;
    struct outcome outcome;
    struct sandbox_end end;
    char how[128];
    AUTO(sandbox_close) struct sandbox *sandbox = NULL;
    struct sandbox_plan plan = {.warm_up = warm_up,
                                .run = verify,
                                .context = job,
                                .memory_bytes = VERIFY_MEMORY_BYTES,
                                .cpu_seconds = VERIFY_CPU_SECONDS};
    if (!sandbox_open(&plan, &sandbox, err) || !sandbox_spawn(sandbox, &child, err))
        return false;
    bool is_told = wire_read(child.fd, &outcome, sizeof(outcome));
    (void)close(child.fd); // nothing more is wanted from it
    if (is_told)
        return judge(job, &outcome, ret_signer, err);
    if (!sandbox_reap(sandbox, child.pid, &end, err))
        return false;
    return error_set(err, ERROR_INPUT, 0,
                     "the process that checked the manifest's signature failed: %s; set the medium aside and "
                     "look at it: it may be an attack",
                     sandbox_describe_end(&end, how));
}

bool medium_manifest_open(const struct home *home, int medium_fd, struct medium_manifest *ret_manifest,
                          struct error *err)
{
    AUTO(job_done) struct job job = {.now = time_now()};
    AUTO(medium_manifest_done) struct medium_manifest manifest = {.list = NULL};
    bool is_there = false;
    size_t signer = 0;
    if (!manifest_fetch(medium_fd, &is_there, &job.text, &job.signature, err))
        return false;
    if (!is_there && home->config.require_manifest)
        return error_set(err, ERROR_INPUT, 0,
                         "the medium has no " MANIFEST_NAME
                         " and ca.yaml requires one (require_manifest); have the list made and signed");
    if (is_there) {
        digest_sha256(builder_bytes(&job.text), manifest.sha256);
        if (!load_signers(home, &job, err) || !verify_confined(&job, &signer, err) ||
            !manifest_parse(&job.text, &manifest.list, err))
            return false;
        manifest.signer = memory_text(job.signers[signer].name);
    }
    *ret_manifest = manifest;
    manifest = (struct medium_manifest){.list = NULL}; // ret_manifest owns it now
    return true;
}
