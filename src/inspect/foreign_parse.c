/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in the parser process, and in tests/fuzz: nothing here knows what is true. */
#include "base/der.h"
#include "base/key_value.h"
#include "cert/pem.h"
#include "inspect/foreign.h"

#include <stdio.h>
#include <string.h>

/** DER, or the first PEM block of one of these labels, the last of which is NULL. */
static bool take_der(struct bytes file, const char *const *labels, struct builder *ret_der, struct error *err)
{
    struct bytes rest;
    struct bytes whole;
    struct bytes cursor = file;
    if (der_take_whole(&cursor, DER_SEQUENCE, &whole) && cursor.len == 0) {
        builder_add_bytes(ret_der, whole);
        return true;
    }
    for (size_t i = 0; labels[i] != NULL; i++) {
        error_clear(err);
        if (pem_take(labels[i], file, ret_der, &rest, err))
            return true;
    }
    return false;
}

static void note_issuer(const char *text, struct foreign_answer *answer)
{
    (void)snprintf(answer->issuer, sizeof(answer->issuer), "%s", text); // cut, if it is that long
}

/** Behind the words. */
static void add_findings(const struct findings *findings, struct builder *text)
{
    builder_add_u8(text, '\0');
    for (size_t i = 0; i < findings->count; i++)
        builder_format(text, "%s\t%s\t%s\t\n", findings->items[i].rule,
                       findings->items[i].source == NULL ? "" : findings->items[i].source,
                       findings->items[i].text);
}

/** One that can't be put into words may be looked up and revoked all the same. */
static void describe_certificate(struct bytes der, struct builder *text)
{
    struct error ignored = ERROR_INIT;
    AUTO(findings_done) struct findings findings = FINDINGS_INIT;
    if (!cert_describe(der, text, &ignored)) {
        text->len = 0;
        return;
    }
    cert_lint(der, NULL, &findings);
    add_findings(&findings, text);
}

static bool parse_certificate(struct bytes file, struct builder *der, struct builder *text,
                              struct foreign_answer *answer, struct error *err)
{
    AUTO(cert_facts_done) struct cert_facts facts = {.serial_len = 0};
    struct bytes tbs, signature, spki;
    enum signature_kind kind;
    if (!cert_from_file(file, der, NULL, err) || !cert_read(builder_bytes(der), &facts, err) ||
        !cert_split(builder_bytes(der), &tbs, &kind, &signature, err) || !cert_tbs_spki(tbs, &spki, err))
        return error_while(err, "reading the certificate");
    note_issuer(facts.issuer_text, answer);
    key_value(spki, answer->key_value);
    describe_certificate(builder_bytes(der), text);
    return true;
}

static bool parse_crl(struct bytes file, struct builder *der, struct builder *text,
                      struct foreign_answer *answer, struct error *err)
{
    AUTO(findings_done) struct findings findings = FINDINGS_INIT;
    if (!crl_from_file(file, der, err) || !crl_describe(builder_bytes(der), FOREIGN_ENTRIES_MAX, text, err))
        return false;
    const char *issuer = builder_text(text) + strlen("issuer: ");
    (void)snprintf(answer->issuer, sizeof(answer->issuer), "%.*s", (int)strcspn(issuer, "\n"), issuer);
    crl_lint(builder_bytes(der), NULL, &findings);
    add_findings(&findings, text);
    return true;
}

/** A SubjectPublicKeyInfo by itself, or that of a certificate or a request (RFC 2986 4.1). */
static bool find_spki(struct bytes der, struct bytes *ret_spki)
{
    struct public_key_facts facts;
    struct error ignored = ERROR_INIT;
    struct bytes whole, outer, body, tbs, number, name;
    struct bytes cursor = der;
    if (public_key_read(der, &facts, &ignored)) {
        *ret_spki = der;
        return true;
    }
    if (!der_take(&cursor, DER_SEQUENCE, &outer) || !der_take_whole(&outer, DER_SEQUENCE, &tbs))
        return false;
    if (key_of_tbs(tbs, ret_spki))
        return true;
    cursor = tbs;
    return der_take(&cursor, DER_SEQUENCE, &body) && der_take(&body, DER_INTEGER, &number) &&
           der_take_whole(&body, DER_SEQUENCE, &name) && der_take_whole(&body, DER_SEQUENCE, &whole) &&
           (*ret_spki = whole, true);
}

static bool parse_key(struct bytes file, struct builder *der, struct foreign_answer *answer,
                      struct error *err)
{
    static const char *const labels[] = {"PUBLIC KEY", "CERTIFICATE", "NEW CERTIFICATE REQUEST",
                                         "CERTIFICATE REQUEST", NULL};
    struct bytes spki;
    struct public_key_facts facts;
    if (!take_der(file, labels, der, err) || !find_spki(builder_bytes(der), &spki) ||
        !public_key_read(spki, &facts, err)) {
        error_clear(err);
        return error_set(err, ERROR_INPUT, 0,
                         "neither a public key nor a certificate or a request with one (`openssl pkey "
                         "-pubout` makes a public key of a private one)");
    }
    key_value(spki, answer->key_value);
    return true;
}

static bool parse_request(struct bytes file, struct builder *der, struct foreign_answer *answer,
                          struct error *err)
{
    static const char *const labels[] = {"NEW CERTIFICATE REQUEST", "CERTIFICATE REQUEST", NULL};
    struct bytes spki;
    if (!take_der(file, labels, der, err))
        return error_while(err, "reading the request");
    if (find_spki(builder_bytes(der), &spki))
        key_value(spki, answer->key_value);
    return true;
}

void foreign_parse(struct bytes input, struct builder *ret_output)
{
    static struct foreign_answer answer; // all of its bytes leave this process
    AUTO(builder_done) struct builder der = BUILDER_INIT;
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    struct bytes file = bytes_slice(input, 1, input.len);
    memset(&answer, 0, sizeof(answer));
    bool is_read = false;
    switch (input.len == 0 ? 255 : input.data[0]) {
    case FOREIGN_CERTIFICATE:
        is_read = parse_certificate(file, &der, &text, &answer, &answer.err);
        break;
    case FOREIGN_CRL:
        is_read = parse_crl(file, &der, &text, &answer, &answer.err);
        break;
    case FOREIGN_KEY:
        is_read = parse_key(file, &der, &answer, &answer.err);
        break;
    case FOREIGN_REQUEST:
        is_read = parse_request(file, &der, &answer, &answer.err);
        break;
    default:
        is_read = error_set(&answer.err, ERROR_INPUT, 0, "no kind of file");
    }
    if (is_read)
        error_clear(&answer.err);
    answer.der_len = is_read ? der.len : 0;
    answer.text_len = is_read ? text.len : 0;
    builder_add(ret_output, &answer, sizeof(answer));
    builder_add(ret_output, der.data, answer.der_len);
    builder_add(ret_output, text.data, answer.text_len);
}
