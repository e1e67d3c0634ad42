/* SPDX-License-Identifier: Apache-2.0 */
#include "init/parts.h"

#include "base/file.h"
#include "base/key_value.h"
#include "base/quote.h"
#include "request/csr.h"

#include <fcntl.h>
#include <string.h>

#define CERTIFICATE_MAX_LEN (256 * 1024)

/** The SubjectPublicKeyInfo a request asks for; empty if it is not a request. Appends. */
static void key_of_request(struct bytes file, struct builder *ret_spki)
{
    struct request **requests = NULL;
    size_t count = 0;
    csr_read_all(file, &requests, &count);
    builder_add_bytes(ret_spki, requests[0]->spki);
    for (size_t i = 0; i < count; i++)
        request_free(requests[i]);
    free(requests);
}

static bool read_first(const char *path, struct builder *file, struct builder *ret_der,
                       struct bytes *ret_rest, struct error *err)
{
    struct quoted buffer;
    AUTO(builder_done) struct builder spki = BUILDER_INIT;
    if (!file_read(AT_FDCWD, path, CERTIFICATE_MAX_LEN, file, err))
        return error_while(err, "reading the CA's certificate");
    if (cert_from_file(builder_bytes(file), ret_der, ret_rest, err))
        return true;
    key_of_request(builder_bytes(file), &spki);
    if (spki.len > 0)
        return error_set(err, ERROR_INPUT, 0,
                         "%s is a request, not a certificate: bring it to the parent CA, and give "
                         "--certificate what it issues",
                         quoted_text(path, &buffer));
    return error_while(err, "reading %s", quoted_text(path, &buffer));
}

static bool check_time(const struct home *home, const char *file, struct error *err)
{
    char text[TIME_TEXT_SIZE];
    int64_t not_after = cert_issuer_facts(home->issuer)->not_after;
    return not_after >= time_now() ||
           error_set(err, ERROR_INPUT, 0, "%s, or one above it, ended on %s; bring one that is valid", file,
                     time_format(not_after, text));
}

bool init_read_certificate(struct home *home, const struct init_options *options,
                           const struct console *console, struct error *err)
{
    AUTO(builder_done) struct builder file = BUILDER_INIT;
    AUTO(builder_done) struct builder der = BUILDER_INIT;
    AUTO(builder_done) struct builder chain_file = BUILDER_INIT;
    struct bytes rest = {.data = NULL, .len = 0};
    struct quoted buffer;
    (void)quoted_text(options->certificate, &buffer);
    if (!read_first(options->certificate, &file, &der, &rest, err))
        return false;
    if (options->chain != NULL) {
        if (!file_read(AT_FDCWD, options->chain, CERTIFICATE_MAX_LEN, &chain_file, err))
            return error_while(err, "reading the chain");
        rest = builder_bytes(&chain_file);
    }
    if (!init_chain_take(home, builder_bytes(&der), rest, err))
        return error_while(err, "reading %s", buffer.text);
    return check_time(home, buffer.text, err) &&
           init_chain_check(home->issuer, options->chain_incomplete, console, err);
}

bool init_check_answer(const struct home *home, const struct init_options *options, struct error *err)
{
    struct quoted buffer;
    AUTO(builder_done) struct builder file = BUILDER_INIT;
    AUTO(builder_done) struct builder spki = BUILDER_INIT;
    if (!file_exists(home->fd, HOME_REQUEST_FILE))
        return true; // the key in the token is compared as well
    if (!file_read(home->fd, HOME_REQUEST_FILE, CERTIFICATE_MAX_LEN, &file, err))
        return false;
    key_of_request(builder_bytes(&file), &spki);
    return key_is_same(builder_bytes(&spki), cert_issuer_spki(home->issuer)) ||
           error_set(err, ERROR_INPUT, 0,
                     "%s (%s) answers another request: its key is not the one of %s/" HOME_REQUEST_FILE
                     "; bring the certificate that the parent made for that",
                     quoted_text(options->certificate, &buffer),
                     cert_issuer_facts(home->issuer)->subject_text, home->path);
}

bool init_check_adopted(const struct home *home, const struct init_options *options,
                        const struct token_key *key, struct error *err)
{
    struct quoted buffer;
    return key_is_same(cert_issuer_spki(home->issuer), token_key_spki(key)) ||
           error_set(err, ERROR_INPUT, 0,
                     "%s (%s) is not the certificate of the key %s; bring that key's certificate, or name "
                     "its key with --use-key",
                     quoted_text(options->certificate, &buffer),
                     cert_issuer_facts(home->issuer)->subject_text, token_key_uri(key));
}
