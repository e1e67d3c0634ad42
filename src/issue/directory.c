/* SPDX-License-Identifier: Apache-2.0 */
#include "issue/directory.h"

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

static struct media_group *group_of(const struct directory *directory, size_t group)
{
    return directory->groups[group % ISSUE_UNFLUSHED_MAX];
}

static char *file_name(const struct directory *directory, const char *name)
{
    return memory_format("%s.%s", name, directory->format == DIRECTORY_DER ? "der" : "pem");
}

/** The bytes of NAME.pem or NAME.der. */
static void add_output(const struct directory *directory, struct bytes certificate, struct builder *ret_data)
{
    if (directory->format == DIRECTORY_DER)
        builder_add_bytes(ret_data, certificate);
    else
        encode_pem("CERTIFICATE", certificate, ret_data);
}

/** The proof that is there, if it holds for this certificate. */
static bool read_good_proof(const struct directory *directory, const char *file, struct bytes certificate,
                            struct builder *ret_found)
{
    struct error ignored = ERROR_INIT; // what can't be read proves nothing
    AUTO(ledger_proof_done) struct ledger_proof facts = {.record = NULL};
    uint8_t digest[32];
    if (!file_exists(directory->fd, file))
        return false;
    digest_sha256(certificate, digest);
    return media_read(directory->fd, file, LEDGER_PROOF_MAX_LEN, ret_found, &ignored) &&
           ledger_proof_verify(builder_bytes(ret_found), directory->home->config.ledger_vkey, digest, NULL,
                               &facts, &ignored);
}

/** Whether something other than this certificate's proof (empty: any) is at the proof's name. */
static bool is_proof_taken(const struct directory *directory, const char *name, struct bytes certificate)
{
    AUTO(free) char *file = memory_format("%s.tlog-proof", name);
    AUTO(builder_done) struct builder found = BUILDER_INIT;
    return directory->output.wants_proof && file_exists(directory->fd, file) &&
           (certificate.len == 0 || !read_good_proof(directory, file, certificate, &found));
}

static bool is_taken(struct output *output, const char *name, struct bytes certificate)
{
    const struct directory *directory = (const struct directory *)output;
    struct error ignored = ERROR_INIT; // what can't be read is something else
    AUTO(free) char *file = file_name(directory, name);
    AUTO(builder_done) struct builder wanted = BUILDER_INIT;
    AUTO(builder_done) struct builder found = BUILDER_INIT;
    if (is_proof_taken(directory, name, certificate))
        return true;
    if (!file_exists(directory->fd, file))
        return false;
    if (certificate.len == 0 || !media_read(directory->fd, file, OUTPUT_MAX_LEN, &found, &ignored))
        return true;
    add_output(directory, certificate, &wanted);
    return !bytes_equal(builder_bytes(&wanted), builder_bytes(&found));
}

static bool add_file(const struct directory *directory, size_t group, const char *file, struct bytes content,
                     struct error *err)
{
    if (directory->delivered != NULL)
        directory->delivered(directory->data, file, content);
    return media_group_add(group_of(directory, group), directory->fd, file, content, err);
}

static bool add_proof(const struct directory *directory, size_t group, const char *name,
                      struct bytes certificate, struct bytes proof, struct error *err)
{
    AUTO(free) char *file = memory_format("%s.tlog-proof", name);
    AUTO(builder_done) struct builder found = BUILDER_INIT;
    bool is_there = !directory->is_fresh && read_good_proof(directory, file, certificate, &found);
    return add_file(directory, group, file, is_there ? builder_bytes(&found) : proof, err);
}

static bool add_chain(const struct directory *directory, size_t group, const char *name,
                      struct bytes certificate, struct error *err)
{
    AUTO(free) char *file = memory_format("%s-chain.pem", name);
    AUTO(builder_done) struct builder chain = BUILDER_INIT;
    encode_pem("CERTIFICATE", certificate, &chain);
    builder_add_bytes(&chain, builder_bytes(&directory->above));
    return add_file(directory, group, file, builder_bytes(&chain), err);
}

static bool put(struct output *output, size_t group, const struct plan_item *item, struct bytes certificate,
                struct bytes proof, struct error *err)
{
    const struct directory *directory = (const struct directory *)output;
    AUTO(free) char *file = file_name(directory, item->name);
    AUTO(builder_done) struct builder file_data = BUILDER_INIT;
    add_output(directory, certificate, &file_data);
    // The certificate comes last: where it is, all that belongs to it is.
    return (proof.len == 0 || add_proof(directory, group, item->name, certificate, proof, err)) &&
           (!directory->with_chain || add_chain(directory, group, item->name, certificate, err)) &&
           add_file(directory, group, file, builder_bytes(&file_data), err);
}

static bool flush(struct output *output, size_t group, struct error *err)
{
    const struct directory *directory = (const struct directory *)output;
    return media_group_commit(group_of(directory, group), directory->fd, err);
}

void directory_begin(struct directory *directory, const struct home *home, int fd, bool is_fresh)
{
    *directory = (struct directory){
        .output = {.is_taken = is_taken, .put = put, .flush = flush},
        .fd = fd,
        .home = home,
        .is_fresh = is_fresh,
    };
    encode_pem("CERTIFICATE", cert_issuer_der(home->issuer), &directory->above);
    builder_add_bytes(&directory->above, builder_bytes(&home->chain_pem));
    for (size_t i = 0; i < ISSUE_UNFLUSHED_MAX; i++) {
        directory->groups[i] = media_group_new();
        if (is_fresh)
            media_group_is_fresh(directory->groups[i]);
    }
}

void directory_end(struct directory *directory)
{
    for (size_t i = 0; i < ISSUE_UNFLUSHED_MAX; i++) {
        if (directory->groups[i] != NULL)
            media_group_free(directory->groups[i]);
        directory->groups[i] = NULL;
    }
    builder_done(&directory->above);
}

bool directory_open(const struct home *home, const char *path, struct directory *ret_directory,
                    struct error *err)
{
    int fd = -1;
    struct new_folder own = {.made = NULL};
    if (!new_folder_open(path, &own, &fd, err))
        return error_while(err, "opening the output directory");
    directory_begin(ret_directory, home, fd, false);
    ret_directory->own = own;
    return true;
}

void directory_close(struct directory *directory)
{
    directory_end(directory);
    if (directory->fd >= 0)
        (void)close(directory->fd); // its files were fsynced
    directory->fd = -1;
    new_folder_done(&directory->own);
}

bool directory_put_checkpoint(const struct directory *directory, struct error *err)
{
    AUTO(builder_done) struct builder note = BUILDER_INIT;
    return ledger_checkpoint_newest(directory->home->ledger, &note, err) &&
           media_deliver_over(directory->fd, CHECKPOINT_NAME, builder_bytes(&note), err);
}

bool directory_meet_checkpoint(const struct directory *directory, struct error *err)
{
    bool is_ours = false;
    AUTO(builder_done) struct builder note = BUILDER_INIT;
    if (!media_read(directory->fd, CHECKPOINT_NAME, CHECKPOINT_MAX_LEN, &note, err)) {
        if (!media_is_absent(err))
            return error_while(err, "looking for a checkpoint in the output directory");
        error_clear(err);
        return true;
    }
    return ledger_checkpoint_meet(directory->home->ledger, builder_bytes(&note), &is_ours, err) ||
           error_while(err, "comparing with the checkpoint in the output directory");
}
