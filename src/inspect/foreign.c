/* SPDX-License-Identifier: Apache-2.0 */
#include "inspect/foreign.h"

#include "base/der.h"
#include "base/digest.h"
#include "base/file.h"
#include "base/key_value.h"
#include "base/memory.h"
#include "base/quote.h"
#include "sandbox/call.h"

#include <fcntl.h>
#include <string.h>

#define TEXT_MAX_LEN ((size_t)4 << 20)
#define FINDINGS_MAX 1000

void foreign_done(struct foreign *foreign)
{
    builder_done(&foreign->der);
    free(foreign->issuer);
    free(foreign->words);
    findings_done(&foreign->findings);
    *foreign = (struct foreign){.issuer = NULL};
}

/** The first digest and the first look at a point on a curve load what can't be loaded later. */
static void warm_up(void)
{
    uint8_t digest[32];
    digest_sha256(BYTES_LITERAL(""), digest);
    key_value_warm_up();
}

static bool is_wrong(struct error *err)
{
    return error_set(err, ERROR_INPUT, 0, "the process that read it gave an answer that is none");
}

static bool is_text(const uint8_t *data, size_t len)
{
    return memchr(data, '\0', len) == NULL && utf8_is_valid(bytes_of(data, len));
}

/** "rule TAB source TAB text TAB LF", again and again. */
static bool take_findings(char *lines, struct findings *ret_findings)
{
    char *rest = lines;
    while (*rest != '\0') {
        const char *fields[3];
        for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
            fields[i] = strsep(&rest, "\t");
            if (rest == NULL)
                return false;
        }
        if (*rest++ != '\n' || ret_findings->count == FINDINGS_MAX)
            return false;
        findings_say(ret_findings, fields[0], *fields[1] == '\0' ? NULL : fields[1], "%s", fields[2]);
    }
    return true;
}

static bool take_text(const uint8_t *text, size_t len, struct foreign *foreign)
{
    const uint8_t *end = len == 0 ? NULL : memchr(text, '\0', len);
    if (len == 0)
        return true;
    if (end == NULL || !is_text(text, (size_t)(end - text)) ||
        !is_text(end + 1, len - (size_t)(end - text) - 1))
        return false;
    foreign->words = memory_text((const char *)text);
    AUTO(free) char *lines = memory_text_of(end + 1, len - (size_t)(end - text) - 1);
    return take_findings(lines, &foreign->findings);
}

bool foreign_take(struct bytes output, struct foreign *foreign, struct error *err)
{
    struct foreign_answer answer;
    if (output.len < sizeof(answer))
        return is_wrong(err);
    memcpy(&answer, output.data, sizeof(answer));
    answer.err.text[sizeof(answer.err.text) - 1] = '\0';
    answer.issuer[sizeof(answer.issuer) - 1] = '\0';
    size_t left = output.len - sizeof(answer);
    if (answer.err.kind != ERROR_NONE)
        return error_set(err, ERROR_INPUT, 0, "%s", answer.err.text);
    if (answer.der_len > left || answer.text_len != left - answer.der_len || answer.der_len == 0)
        return is_wrong(err);
    builder_add(&foreign->der, output.data + sizeof(answer), answer.der_len);
    memcpy(foreign->key_value, answer.key_value, sizeof(foreign->key_value));
    foreign->issuer = memory_text(answer.issuer);
    return take_text(output.data + sizeof(answer) + answer.der_len, answer.text_len, foreign) ||
           is_wrong(err);
}

bool foreign_read(enum foreign_kind kind, struct bytes file, struct foreign *ret_foreign, struct error *err)
{
    AUTO(builder_done) struct builder input = BUILDER_INIT;
    AUTO(builder_done) struct builder output = BUILDER_INIT;
    AUTO(foreign_done) struct foreign foreign = {.issuer = NULL};
    const struct sandbox_call call = {.warm_up = warm_up,
                                      .run = foreign_parse,
                                      .max_output_len =
                                          sizeof(struct foreign_answer) + file.len + TEXT_MAX_LEN};
    builder_add_u8(&input, (uint8_t)kind);
    builder_add_bytes(&input, file);
    if (!sandbox_call(&call, builder_bytes(&input), &output, err) ||
        !foreign_take(builder_bytes(&output), &foreign, err))
        return false;
    *ret_foreign = foreign;
    foreign = (struct foreign){.issuer = NULL}; // ret_foreign owns them now
    return true;
}

bool foreign_read_file(enum foreign_kind kind, const char *path, struct foreign *ret_foreign,
                       struct error *err)
{
    struct quoted buffer;
    AUTO(builder_done) struct builder file = BUILDER_INIT;
    return (file_read(AT_FDCWD, path, FOREIGN_FILE_MAX_LEN, &file, err) &&
            foreign_read(kind, builder_bytes(&file), ret_foreign, err)) ||
           error_while(err, "reading %s", quoted_text(path, &buffer));
}

bool foreign_is_ours(const struct foreign *foreign, const struct cert_issuer *issuer, struct error *err)
{
    // A walk over three headers, nothing more, before the signature: what it covers is then this CA's own.
    struct bytes outer, tbs, algorithm, signature;
    struct bytes cursor = builder_bytes(&foreign->der);
    struct error why = ERROR_INIT;
    bool is_cut = der_take(&cursor, DER_SEQUENCE, &outer) && cursor.len == 0 &&
                  der_take_whole(&outer, DER_SEQUENCE, &tbs) &&
                  der_take_whole(&outer, DER_SEQUENCE, &algorithm) &&
                  der_take_octet_bits(&outer, &signature) && outer.len == 0;
    return (is_cut &&
            public_key_verify(cert_issuer_key(issuer), signature_of_der(algorithm), tbs, signature, &why)) ||
           error_set(err, ERROR_INPUT, 0, "it is not signed by this CA's key; its issuer is %s",
                     foreign->issuer);
}
