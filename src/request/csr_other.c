/* SPDX-License-Identifier: Apache-2.0 */
#include "base/encode.h"
#include "request/csr_form.h"

/* What a file is that is not a request: people save, mail and export them in ways that are easily distinguished. */

struct kind {
    const char *text;
    const char *remedy;
};

static const struct kind utf16 = {"the file is UTF-16 text; PEM is ASCII (RFC 7468 3)",
                                  "save it as ASCII or UTF-8: iconv -f UTF-16 -t UTF-8 FILE"};
static const struct kind utf32 = {"the file is UTF-32 text; PEM is ASCII (RFC 7468 3)",
                                  "save it as ASCII or UTF-8: iconv -f UTF-32 -t UTF-8 FILE"};
static const struct kind indented = {
    "the PEM block is indented: its BEGIN line has to start at the line's start (RFC 7468 2)",
    "remove the blanks before each line"};
static const struct kind quoted_lines = {
    "something stands before BEGIN on its line, as in a mail or a script (RFC 7468 2)",
    "bring the block CERTIFICATE REQUEST alone, each of its lines whole"};
static const struct kind bad_dashes = {
    "the BEGIN line of the request does not have its five dashes before and behind (RFC 7468 2)",
    "have the request exported again, as a file"};
static const struct kind bare_base64 = {
    "bare base64: the lines BEGIN and END around it are missing (RFC 7468 2)",
    "put -----BEGIN CERTIFICATE REQUEST----- before it and -----END CERTIFICATE REQUEST----- behind it"};
static const struct kind certificate = {"a certificate, not a certificate request",
                                        "bring the request it was made from, or a new one"};
static const struct kind pkcs7 = {"a PKCS#7 message, not a certificate request",
                                  "bring the PKCS#10 request in it by itself"};
static const struct kind unknown = {"neither DER nor PEM: not a certificate request", NULL};

static bool has(struct bytes input, struct bytes needle)
{
    return memmem(input.data, input.len, needle.data, needle.len) != NULL;
}

static bool starts_with(struct bytes input, const void *start, size_t len)
{
    return input.len >= len && memcmp(input.data, start, len) == 0;
}

/** Without a byte order mark: ASCII with a zero beside each of its characters. */
static bool has_zeros_between(struct bytes input)
{
    size_t checked = input.len < 64 ? input.len & ~(size_t)1 : 64;
    size_t zeros[2] = {0, 0};
    for (size_t i = 0; i < checked; i++)
        zeros[i % 2] += input.data[i] == 0;
    return checked >= 16 &&
           ((zeros[0] == 0 && zeros[1] == checked / 2) || (zeros[1] == 0 && zeros[0] == checked / 2));
}

/** A BEGIN line that is where it can't be taken: every one that can was looked at before. */
static const struct kind *kind_of_begin(struct bytes input)
{
    static const char begin[] = "-----BEGIN ";
    const uint8_t *at = memmem(input.data, input.len, begin, sizeof(begin) - 1);
    if (at == NULL)
        return has(input, BYTES_LITERAL("BEGIN CERTIFICATE REQUEST")) ||
                       has(input, BYTES_LITERAL("BEGIN NEW CERTIFICATE REQUEST"))
                   ? &bad_dashes
                   : NULL;
    while (at > input.data && (at[-1] == ' ' || at[-1] == '\t'))
        at--;
    return at == input.data || at[-1] == '\n' || at[-1] == '\r' ? &indented : &quoted_lines;
}

const char *csr_name_of_der(struct bytes der, const char **ret_remedy)
{
    static const uint8_t signed_data[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07};
    const struct kind *kind = NULL;
    struct bytes outer;
    struct bytes inner;
    struct bytes part;
    if (!der_take(&der, DER_SEQUENCE, &outer))
        return NULL;
    if (der_take(&outer, DER_OID, &part))
        kind = starts_with(part, signed_data, sizeof(signed_data)) ? &pkcs7 : NULL;
    else if (der_take(&outer, DER_SEQUENCE, &inner))
        kind = der_is_next(inner, DER_CONTEXT_CONSTRUCTED_0) ? &certificate : NULL;
    *ret_remedy = kind == NULL ? NULL : kind->remedy;
    return kind == NULL ? NULL : kind->text;
}

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/** Base64 of a DER SEQUENCE and nothing else. */
static const struct kind *kind_of_base64(struct bytes input)
{
    AUTO(builder_done) struct builder packed = BUILDER_INIT;
    AUTO(builder_done) struct builder der = BUILDER_INIT;
    for (size_t i = 0; i < input.len; i++) {
        if (!is_blank(input.data[i]))
            builder_add_u8(&packed, input.data[i]);
    }
    bool is_base64 = decode_base64(builder_bytes(&packed), &der);
    return is_base64 && der.len > 3 && der.data[0] == DER_SEQUENCE ? &bare_base64 : NULL;
}

static const struct kind *kind_of(struct bytes input)
{
    if (starts_with(input, "\xff\xfe\0\0", 4) || starts_with(input, "\0\0\xfe\xff", 4))
        return &utf32;
    if (starts_with(input, "\xff\xfe", 2) || starts_with(input, "\xfe\xff", 2) || has_zeros_between(input))
        return &utf16;
    const struct kind *kind = kind_of_begin(input);
    if (kind == NULL)
        kind = kind_of_base64(input);
    return kind != NULL ? kind : &unknown;
}

struct request *csr_refuse_other(struct bytes input)
{
    const struct kind *kind = kind_of(input);
    return request_failed("request.pem", kind->text, kind->remedy);
}
