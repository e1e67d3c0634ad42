/* SPDX-License-Identifier: Apache-2.0 */
#include "status/crl_files.h"

#include "base/encode.h"
#include "base/file.h"
#include "base/memory.h"

#define CRL_FILES "crl-*.[dp]e[rm]" /* what put_files() makes */

/** Makes a file; one of the same bytes that is there already is as good. */
static bool put_file(int fd, const char *name, struct bytes content, struct error *err)
{
    AUTO(builder_done) struct builder there = BUILDER_INIT;
    struct error ignored = ERROR_INIT;
    if (file_exists(fd, name) && file_read(fd, name, content.len, &there, &ignored) &&
        bytes_equal(builder_bytes(&there), content))
        return true;
    return file_create(fd, name, 0644, content, err);
}

#define PEM_PART_LEN ((size_t)1024 * ENCODE_PEM_LINE_LEN)

/** As PEM, part by part: it is a third longer. \param data  struct bytes, the DER */
static bool fill_pem(void *data, int fd, const char *shown, struct error *err)
{
    struct bytes der = *(const struct bytes *)data;
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    builder_add_text(&text, "-----BEGIN X509 CRL-----\n");
    while (der.len > 0) {
        encode_pem_lines(bytes_slice(der, 0, PEM_PART_LEN), &text);
        der = bytes_slice(der, PEM_PART_LEN, der.len);
        if (!file_write_fd(fd, shown, builder_bytes(&text), err))
            return false;
        builder_clear(&text);
    }
    return file_write_fd(fd, shown, BYTES_LITERAL("-----END X509 CRL-----\n"), err);
}

static bool put_pem(int fd, const char *name, struct bytes der, struct error *err)
{
    AUTO(builder_done) struct builder pem = BUILDER_INIT;
    if (!file_exists(fd, name))
        return file_create_by(fd, name, 0644, fill_pem, &der, err);
    encode_pem("X509 CRL", der, &pem);
    return put_file(fd, name, builder_bytes(&pem), err);
}

static bool put_files(int fd, const char *name, struct bytes der, struct error *err)
{
    AUTO(free) char *der_name = memory_format("%s.der", name);
    AUTO(free) char *pem_name = memory_format("%s.pem", name);
    return put_file(fd, der_name, der, err) && put_pem(fd, pem_name, der, err);
}

void crl_places_done(struct crl_places *places)
{
    auto_close(&places->home_fd);
    directory_close(&places->out);
}
bool crl_places_open(const struct home *home, const char *out, struct crl_places *places, struct error *err)
{
    places->has_out = out != NULL;
    return file_make_folder(home->fd, HOME_CRLS, 0755, err) &&
           file_open_folder(home->fd, HOME_CRLS, &places->home_fd, err) &&
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

bool crl_places_deliver(const struct crl_places *places, const char *name, struct bytes der,
                        struct error *err)
{
    // A run that died here left a file that has no name yet; its number is not used again, so nobody else clears it away.
    file_sweep(places->home_fd, CRL_FILES);
    if (places->has_out)
        file_sweep(places->out.fd, CRL_FILES);
    return (put_files(places->home_fd, name, der, err) &&
            (!places->has_out ||
             (put_files(places->out.fd, name, der, err) && directory_put_checkpoint(&places->out, err)))) ||
           error_while(
               err,
               "writing %s; it is signed and in the ledger: run `coldca crl` again, which makes the next one",
               name);
}
