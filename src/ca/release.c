#include "ca/release.h"

#include "base/digest.h"
#include "base/encode.h"
#include "base/file.h"
#include "base/memory.h"
#include "ledger/proof.h"
#include "media/media.h"

#include <fcntl.h>
#include <unistd.h>

#define CHECKPOINT_NAME "checkpoint"
#define CHECKPOINT_MAX_LEN 16384
#define OUTPUT_MAX_LEN 131072

void release_begin(struct release *release)
{
    encode_pem("CERTIFICATE", cert_issuer_der(release->home->issuer), &release->above);
    builder_add_bytes(&release->above, builder_bytes(&release->home->chain_pem));
    for (size_t i = 0; i < ISSUE_UNFLUSHED_MAX; i++) {
        release->groups[i] = media_group_new();
        if (release->is_fresh)
            media_group_is_fresh(release->groups[i]);
    }
}

void release_end(struct release *release)
{
    for (size_t i = 0; i < ISSUE_UNFLUSHED_MAX; i++) {
        if (release->groups[i] != NULL)
            media_group_free(release->groups[i]);
        release->groups[i] = NULL;
    }
    builder_done(&release->above);
}

static struct media_group *group_of(const struct release *release, size_t group)
{
    return release->groups[group % ISSUE_UNFLUSHED_MAX];
}

bool release_open(struct ca_home *home, const char *folder, struct release *ret_release, struct error *err)
{
    int fd = -1;
    if (!file_make_folder(AT_FDCWD, folder, 0755, err) || !file_open_folder(AT_FDCWD, folder, &fd, err))
        return error_while(err, "opening the output folder");
    *ret_release = (struct release){.fd = fd, .home = home};
    release_begin(ret_release);
    return true;
}

void release_close(struct release *release)
{
    release_end(release);
    if (release->fd >= 0)
        (void)close(release->fd); // a folder; its files were fsynced
    release->fd = -1;
}

static char *file_name(const struct release *release, const char *name)
{
    return memory_format("%s.%s", name, release->format == RELEASE_DER ? "der" : "pem");
}

/** The bytes of NAME.pem or NAME.der. */
static void add_output(const struct release *release, struct bytes certificate, struct builder *ret_data)
{
    if (release->format == RELEASE_DER)
        builder_add_bytes(ret_data, certificate);
    else
        encode_pem("CERTIFICATE", certificate, ret_data);
}

/** The proof that is there, if it holds for this certificate. */
static bool read_good_proof(const struct release *release, const char *file, struct bytes certificate,
                            struct builder *ret_found)
{
    struct error ignored = ERROR_INIT; // what can't be read proves nothing
    AUTO(ledger_proof_done) struct ledger_proof facts = {.record = NULL};
    uint8_t digest[32];
    if (!file_exists(release->fd, file))
        return false;
    digest_sha256(certificate, digest);
    return media_read(release->fd, file, LEDGER_PROOF_MAX_LEN, ret_found, &ignored) &&
           ledger_proof_verify(builder_bytes(ret_found), release->home->config.ledger_vkey, digest, NULL,
                               &facts, &ignored);
}

/** Whether something other than this certificate's proof (empty: any) is at the proof's name. */
static bool is_proof_taken(const struct release *release, const char *name, struct bytes certificate)
{
    AUTO(free) char *file = memory_format("%s.tlog-proof", name);
    AUTO(builder_done) struct builder found = BUILDER_INIT;
    return release->with_proof && file_exists(release->fd, file) &&
           (certificate.len == 0 || !read_good_proof(release, file, certificate, &found));
}

bool release_is_taken(void *data, const char *name, struct bytes certificate)
{
    const struct release *release = data;
    struct error ignored = ERROR_INIT; // what can't be read is something else
    AUTO(free) char *file = file_name(release, name);
    AUTO(builder_done) struct builder wanted = BUILDER_INIT;
    AUTO(builder_done) struct builder found = BUILDER_INIT;
    if (is_proof_taken(release, name, certificate))
        return true;
    if (!file_exists(release->fd, file))
        return false;
    if (certificate.len == 0 || !media_read(release->fd, file, OUTPUT_MAX_LEN, &found, &ignored))
        return true;
    add_output(release, certificate, &wanted);
    return !bytes_equal(builder_bytes(&wanted), builder_bytes(&found));
}

static bool add_file(const struct release *release, size_t group, const char *file, struct bytes content,
                     struct error *err)
{
    if (release->delivered != NULL)
        release->delivered(release->data, file, content);
    return media_group_add(group_of(release, group), release->fd, file, content, err);
}

static bool add_proof(const struct release *release, size_t group, const char *name, struct bytes certificate,
                      struct bytes proof, struct error *err)
{
    AUTO(free) char *file = memory_format("%s.tlog-proof", name);
    AUTO(builder_done) struct builder found = BUILDER_INIT;
    bool is_there = !release->is_fresh && read_good_proof(release, file, certificate, &found);
    return add_file(release, group, file, is_there ? builder_bytes(&found) : proof, err);
}

static bool add_chain(const struct release *release, size_t group, const char *name, struct bytes certificate,
                      struct error *err)
{
    AUTO(free) char *file = memory_format("%s-chain.pem", name);
    AUTO(builder_done) struct builder chain = BUILDER_INIT;
    encode_pem("CERTIFICATE", certificate, &chain);
    builder_add_bytes(&chain, builder_bytes(&release->above));
    return add_file(release, group, file, builder_bytes(&chain), err);
}

bool release_certificate(void *data, size_t group, const struct plan_item *item, struct bytes certificate,
                         struct bytes proof, struct error *err)
{
    const struct release *release = data;
    AUTO(free) char *file = file_name(release, item->name);
    AUTO(builder_done) struct builder output = BUILDER_INIT;
    add_output(release, certificate, &output);
    // The certificate comes last: where it is, all that belongs to it is.
    return (proof.len == 0 || add_proof(release, group, item->name, certificate, proof, err)) &&
           (!release->with_chain || add_chain(release, group, item->name, certificate, err)) &&
           add_file(release, group, file, builder_bytes(&output), err);
}

bool release_flush(void *data, size_t group, struct error *err)
{
    const struct release *release = data;
    return media_group_commit(group_of(release, group), release->fd, err);
}

bool release_checkpoint(const struct release *release, struct error *err)
{
    AUTO(builder_done) struct builder note = BUILDER_INIT;
    return ledger_checkpoint_newest(release->home->ledger, &note, err) &&
           media_deliver_over(release->fd, CHECKPOINT_NAME, builder_bytes(&note), err);
}

bool release_meet_checkpoint(const struct release *release, struct error *err)
{
    bool is_ours = false;
    struct error reading = ERROR_INIT;
    AUTO(builder_done) struct builder note = BUILDER_INIT;
    if (!file_exists(release->fd, CHECKPOINT_NAME) ||
        !media_read(release->fd, CHECKPOINT_NAME, CHECKPOINT_MAX_LEN, &note, &reading))
        return true; // a checkpoint that can't be read is no evidence
    return ledger_checkpoint_meet(release->home->ledger, builder_bytes(&note), &is_ours, err) ||
           error_while(err, "comparing with the checkpoint in the output folder");
}
