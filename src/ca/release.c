#include "ca/release.h"

#include "base/encode.h"
#include "base/file.h"
#include "base/memory.h"
#include "media/media.h"

#include <fcntl.h>
#include <unistd.h>

#define CHECKPOINT_NAME "checkpoint"
#define CHECKPOINT_MAX_LEN 16384

bool release_open(struct ca_home *home, const char *folder, struct release *ret_release, struct error *err)
{
    int fd = -1;
    if (!file_make_folder(AT_FDCWD, folder, 0755, err) || !file_open_folder(AT_FDCWD, folder, &fd, err))
        return error_while(err, "opening the output folder");
    *ret_release = (struct release){.fd = fd, .home = home};
    return true;
}

void release_close(struct release *release)
{
    if (release->fd >= 0)
        (void)close(release->fd); // a folder; its files were fsynced
    release->fd = -1;
}

static char *file_name(const struct release *release, const char *name)
{
    return memory_format("%s.%s", name, release->format == RELEASE_DER ? "der" : "pem");
}

bool release_is_taken(void *data, const char *name)
{
    const struct release *release = data;
    AUTO(free) char *file = file_name(release, name);
    return file_exists(release->fd, file);
}

bool release_certificate(void *data, const struct plan_item *item, struct bytes certificate,
                         struct error *err)
{
    const struct release *release = data;
    AUTO(free) char *file = file_name(release, item->name);
    AUTO(builder_done) struct builder pem = BUILDER_INIT;
    encode_pem("CERTIFICATE", certificate, &pem);
    struct bytes data_out = release->format == RELEASE_DER ? certificate : builder_bytes(&pem);
    if (release->with_chain) {
        AUTO(free) char *chain_file = memory_format("%s-chain.pem", item->name);
        AUTO(builder_done) struct builder chain = BUILDER_INIT;
        builder_add_bytes(&chain, builder_bytes(&pem));
        encode_pem("CERTIFICATE", cert_issuer_der(release->home->issuer), &chain);
        builder_add_bytes(&chain, builder_bytes(&release->home->chain_pem));
        if (!media_deliver(release->fd, chain_file, builder_bytes(&chain), err))
            return false;
    }
    return media_deliver(release->fd, file, data_out, err);
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
