/* SPDX-License-Identifier: Apache-2.0 */
#include "status/crl_files.h"

#include "base/file.h"
#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#define CRL_FILES "crl-*.[dp]e[rm]" /* what put_files() makes */

/** A file that is there, held against what would be in it. */
struct held {
    int fd;
    bool is_same;
};

/** read() that no signal ends. */
static ssize_t read_on(int fd, void *room, size_t len)
{
    ssize_t got = read(fd, room, len);
    while (got < 0 && errno == EINTR)
        got = read(fd, room, len);
    return got;
}

static bool hold(void *data, struct bytes part, struct error *err)
{
    struct held *held = data;
    AUTO(builder_done) struct builder there = BUILDER_INIT;
    (void)err; // what can't be read is not the same
    uint8_t *room = builder_reserve(&there, part.len);
    for (size_t done = 0; room != NULL && done < part.len && held->is_same;) {
        ssize_t got = read_on(held->fd, room + done, part.len - done);
        held->is_same = got > 0;
        done += got > 0 ? (size_t)got : 0;
    }
    held->is_same = held->is_same && bytes_equal(builder_bytes(&there), part);
    return held->is_same;
}

static bool is_there(int fd, const char *name, bool is_pem, const struct crl_made *made)
{
    char more;
    struct error ignored = ERROR_INIT;
    struct held held = {.fd = -1, .is_same = true};
    if (!file_open_regular(fd, name, O_RDONLY | O_NOFOLLOW, &held.fd, &ignored))
        return false;
    bool is_same = crl_made_write(made, is_pem, hold, &held, &ignored) && read_on(held.fd, &more, 1) == 0;
    auto_close(&held.fd);
    return is_same;
}

struct filled {
    const struct crl_made *made;
    bool is_pem;
    int fd;
    const char *shown;
};

static bool write_part(void *data, struct bytes part, struct error *err)
{
    const struct filled *filled = data;
    return file_write_fd(filled->fd, filled->shown, part, err);
}

static bool fill(void *data, int fd, const char *shown, struct error *err)
{
    struct filled *filled = data;
    filled->fd = fd;
    filled->shown = shown;
    return crl_made_write(filled->made, filled->is_pem, write_part, filled, err);
}

/** Makes a file; one of the same bytes that is there already is as good. */
static bool put_file(int fd, const char *name, const char *ending, const struct crl_made *made,
                     struct error *err)
{
    AUTO(free) char *path = memory_format("%s.%s", name, ending);
    struct filled filled = {.made = made, .is_pem = strcmp(ending, "pem") == 0};
    if (!file_exists(fd, path))
        return file_create_by(fd, path, 0644, fill, &filled, err);
    return is_there(fd, path, filled.is_pem, made) ||
           error_set(err, ERROR_INPUT, 0, "another %s is there already: move it away", path);
}

static bool put_files(int fd, const char *name, const struct crl_made *made, struct error *err)
{
    return put_file(fd, name, "der", made, err) && put_file(fd, name, "pem", made, err);
}

void crl_places_done(struct crl_places *places)
{
    auto_close(&places->home_fd);
    new_folder_done(&places->home_own);
    directory_close(&places->out);
}

bool crl_places_open(const struct home *home, const char *out, struct crl_places *places, struct error *err)
{
    AUTO(free) char *crls = memory_format("%s/" HOME_CRLS, home->path);
    places->has_out = out != NULL;
    return new_folder_open(crls, &places->home_own, &places->home_fd, err) &&
           (!places->has_out || directory_open(home, out, &places->out, err));
}

bool crl_places_check(const struct crl_places *places, const char *name, struct error *err)
{
    AUTO(free) char *der_name = memory_format("%s.der", name);
    AUTO(free) char *pem_name = memory_format("%s.pem", name);
    if (file_exists(places->home_fd, der_name) || file_exists(places->home_fd, pem_name))
        return error_set(err, ERROR_LEDGER, 0,
                         HOME_CRLS
                         "/%s is there, but no record of its number: the ledger is older than what left "
                         "it; restore the newest copy of this home",
                         name);
    if (places->has_out && (file_exists(places->out.fd, der_name) || file_exists(places->out.fd, pem_name)))
        return error_set(err, ERROR_INPUT, 0,
                         "--out holds another %s already: name another --out, or move that file away", name);
    return true;
}

bool crl_places_deliver(const struct crl_places *places, const char *name, const struct crl_made *made,
                        const char *again, struct error *err)
{
    // A run that died here left a file that has no name yet; its number is not used again, so nobody else clears it away.
    file_sweep(places->home_fd, CRL_FILES);
    if (places->has_out)
        file_sweep(places->out.fd, CRL_FILES);
    return (put_files(places->home_fd, name, made, err) &&
            (!places->has_out ||
             (put_files(places->out.fd, name, made, err) && directory_put_checkpoint(&places->out, err)))) ||
           error_while(err, "writing %s; it is signed and in the ledger: %s", name, again);
}
