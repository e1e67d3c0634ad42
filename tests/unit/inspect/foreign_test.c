/* SPDX-License-Identifier: Apache-2.0 */
/* Files from elsewhere, by a parser process: what they hold, what is wrong with them, and whether this CA made them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cert_maker.h"

#include "base/encode.h"
#include "base/key_value.h"
#include "inspect/foreign.h"

#include <string.h>

static EVP_PKEY *keys[2];
static struct cert_issuer *issuers[2]; /**< of the same name */

static int setup(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        keys[i] = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
        issuers[i] = maker_root("CN=Root", keys[i], SIGNATURE_ECDSA_SHA256);
    }
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        cert_issuer_free(issuers[i]);
        EVP_PKEY_free(keys[i]);
    }
    return 0;
}

static void make_certificate(struct builder *ret_der)
{
    struct template *template = maker_template("CN=device", keys[1]);
    maker_certificate(template, issuers[0], keys[0], SIGNATURE_ECDSA_SHA256, ret_der);
    template_free(template);
}

static void make_crl(struct builder *ret_der)
{
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder tbs = BUILDER_INIT;
    AUTO(builder_done) struct builder entries = BUILDER_INIT;
    AUTO(builder_done) struct builder signature = BUILDER_INIT;
    uint8_t serial[] = {0x11, 0x22};
    const struct crl_frame frame = {.issuer = issuers[0],
                                    .kind = SIGNATURE_ECDSA_SHA256,
                                    .number = 7,
                                    .this_update = MAKER_NOW,
                                    .next_update = MAKER_NOW + 86400,
                                    .expired_since = CRL_NO_TIME};
    crl_entry_add(&(struct crl_entry){.serial = BYTES(serial),
                                      .revoked_at = MAKER_NOW,
                                      .reason = CRL_SUPERSEDED,
                                      .invalidity_date = CRL_NO_TIME},
                  &entries);
    assert_true(crl_tbs(&frame, builder_bytes(&entries), &tbs, &err));
    maker_sign(keys[0], SIGNATURE_ECDSA_SHA256, builder_bytes(&tbs), &signature);
    cert_seal(builder_bytes(&tbs), SIGNATURE_ECDSA_SHA256, builder_bytes(&signature), ret_der);
}

static void read_all(enum foreign_kind kind, struct bytes file, struct foreign *ret_foreign)
{
    struct error err = ERROR_INIT;
    if (!foreign_read(kind, file, ret_foreign, &err))
        fail_msg("%s", err.text);
}

static void refuses(enum foreign_kind kind, struct bytes file, const char *part)
{
    struct error err = ERROR_INIT;
    struct foreign foreign = {.issuer = NULL};
    assert_false(foreign_read(kind, file, &foreign, &err));
    assert_int_equal(err.kind, ERROR_INPUT);
    if (strstr(err.text, part) == NULL)
        fail_msg("\"%s\" is not in: %s", part, err.text);
}

static void a_certificate_is_read_and_known_by_its_signature(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder der = BUILDER_INIT;
    AUTO(builder_done) struct builder pem = BUILDER_INIT;
    AUTO(foreign_done) struct foreign plain = {.issuer = NULL};
    AUTO(foreign_done) struct foreign armoured = {.issuer = NULL};
    uint8_t value[32];
    make_certificate(&der);
    encode_pem("CERTIFICATE", builder_bytes(&der), &pem);
    read_all(FOREIGN_CERTIFICATE, builder_bytes(&der), &plain);
    read_all(FOREIGN_CERTIFICATE, builder_bytes(&pem), &armoured);
    assert_true(bytes_equal(builder_bytes(&plain.der), builder_bytes(&der)));
    assert_true(bytes_equal(builder_bytes(&armoured.der), builder_bytes(&der)));
    assert_string_equal(plain.issuer, "CN=Root");
    assert_non_null(strstr(plain.words, "issuer      CN=Root\n"));
    assert_string_equal(plain.words, armoured.words);
    key_value(cert_issuer_spki(issuers[1]), value);
    assert_memory_equal(plain.key_value, value, sizeof(value));
    assert_true(foreign_is_ours(&plain, issuers[0], &err));
    assert_false(foreign_is_ours(&plain, issuers[1], &err));
    assert_int_equal(err.kind, ERROR_INPUT);
    error_clear(&err);
    plain.der.data[plain.der.len - 1] ^= 1;
    assert_false(foreign_is_ours(&plain, issuers[0], &err));
}

static void a_crl_is_read_with_its_words(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder der = BUILDER_INIT;
    AUTO(foreign_done) struct foreign foreign = {.issuer = NULL};
    make_crl(&der);
    read_all(FOREIGN_CRL, builder_bytes(&der), &foreign);
    assert_non_null(strstr(foreign.words, "number: 7"));
    assert_non_null(strstr(foreign.words, "1122  revoked"));
    assert_int_equal(foreign.findings.count, 0);
    assert_string_equal(foreign.issuer, "CN=Root");
    assert_true(foreign_is_ours(&foreign, issuers[0], &err));
    assert_false(foreign_is_ours(&foreign, issuers[1], &err));
}

static void what_a_linter_finds_comes_along(void **state)
{
    (void)state;
    AUTO(builder_done) struct builder der = BUILDER_INIT;
    AUTO(foreign_done) struct foreign foreign = {.issuer = NULL};
    make_crl(&der);
    // The outer algorithm's last octet: ecdsa-with-SHA384, where SHA256 is inside.
    static const uint8_t oid[] = {0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02};
    for (size_t i = der.len - sizeof(oid); i > 0; i--) {
        if (memcmp(der.data + i, oid, sizeof(oid)) == 0) {
            der.data[i + sizeof(oid) - 1] = 3;
            break;
        }
    }
    read_all(FOREIGN_CRL, builder_bytes(&der), &foreign);
    assert_true(foreign.findings.count > 0);
    assert_non_null(foreign.findings.items[0].source);
}

static void a_key_is_found_wherever_it_is(void **state)
{
    (void)state;
    AUTO(builder_done) struct builder der = BUILDER_INIT;
    AUTO(foreign_done) struct foreign of_certificate = {.issuer = NULL};
    AUTO(foreign_done) struct foreign alone = {.issuer = NULL};
    make_certificate(&der);
    read_all(FOREIGN_KEY, builder_bytes(&der), &of_certificate);
    read_all(FOREIGN_KEY, cert_issuer_spki(issuers[1]), &alone);
    assert_memory_equal(of_certificate.key_value, alone.key_value, sizeof(alone.key_value));
}

static void what_is_something_else_is_refused(void **state)
{
    (void)state;
    AUTO(builder_done) struct builder crl = BUILDER_INIT;
    AUTO(builder_done) struct builder certificate = BUILDER_INIT;
    make_crl(&crl);
    make_certificate(&certificate);
    refuses(FOREIGN_CRL, builder_bytes(&certificate), "not a CRL");
    refuses(FOREIGN_CERTIFICATE, builder_bytes(&crl), "certificate");
    refuses(FOREIGN_KEY, builder_bytes(&crl), "neither a public key");
    refuses(FOREIGN_CRL, BYTES_LITERAL(""), "");
    refuses(FOREIGN_REQUEST, BYTES_LITERAL("-----BEGIN X-----"), "request");
    refuses(FOREIGN_CRL, bytes_slice(builder_bytes(&crl), 0, crl.len - 1), "");
}

/* ---- a parser process that was taken over ---- */

/** The answer to a certificate in a file, as it should be: with words and findings. */
static void answer(struct foreign_answer *ret_front, struct builder *ret_rest)
{
    AUTO(builder_done) struct builder der = BUILDER_INIT;
    AUTO(builder_done) struct builder input = BUILDER_INIT;
    AUTO(builder_done) struct builder output = BUILDER_INIT;
    make_certificate(&der);
    builder_add_u8(&input, FOREIGN_CERTIFICATE);
    builder_add_bytes(&input, builder_bytes(&der));
    foreign_parse(builder_bytes(&input), &output);
    memcpy(ret_front, output.data, sizeof(*ret_front));
    builder_add(ret_rest, output.data + sizeof(*ret_front), output.len - sizeof(*ret_front));
    assert_int_equal(ret_front->err.kind, ERROR_NONE);
    assert_int_equal(ret_front->der_len + ret_front->text_len, ret_rest->len);
}

static bool take(const struct foreign_answer *front, struct bytes rest, struct foreign *ret_foreign,
                 struct error *err)
{
    AUTO(builder_done) struct builder output = BUILDER_INIT;
    builder_add(&output, front, sizeof(*front));
    builder_add_bytes(&output, rest);
    error_clear(err);
    return foreign_take(builder_bytes(&output), ret_foreign, err);
}

static void assert_doubted(const struct foreign_answer *front, struct bytes rest)
{
    struct error err = ERROR_INIT;
    AUTO(foreign_done) struct foreign foreign = {.issuer = NULL};
    assert_false(take(front, rest, &foreign, &err));
    assert_string_equal(err.text, "the process that read it gave an answer that is none");
    assert_int_equal(err.kind, ERROR_INPUT);
}

static void lengths_that_do_not_add_up_are_doubted(void **state)
{
    struct error err = ERROR_INIT;
    struct foreign_answer front;
    AUTO(builder_done) struct builder rest = BUILDER_INIT;
    AUTO(foreign_done) struct foreign foreign = {.issuer = NULL};
    AUTO(foreign_done) struct foreign none = {.issuer = NULL};
    (void)state;
    answer(&front, &rest);
    assert_true(take(&front, builder_bytes(&rest), &foreign, &err));
    assert_int_equal(foreign.der.len, front.der_len);
    assert_non_null(strstr(foreign.words, "subject"));
    assert_false(foreign_take(bytes_of((const uint8_t *)&front, sizeof(front) - 1), &none, &err));
    assert_false(foreign_take(bytes_of(NULL, 0), &none, &err));
    size_t *lengths[] = {&front.der_len, &front.text_len};
    for (size_t i = 0; i < ARRAY_LEN(lengths); i++) {
        const size_t sound = *lengths[i];
        const size_t wrong[] = {sound + 1, sound - 1, 0, rest.len + 1, SIZE_MAX};
        for (size_t j = 0; j < ARRAY_LEN(wrong); j++) {
            *lengths[i] = wrong[j];
            assert_doubted(&front, builder_bytes(&rest));
        }
        *lengths[i] = sound;
    }
    front.text_len += front.der_len; // no certificate, all words
    front.der_len = 0;
    assert_doubted(&front, builder_bytes(&rest));
}

/** An answer of a byte of DER and this text. */
static void answer_text(const char *text, size_t len, struct foreign_answer *ret_front,
                        struct builder *ret_rest)
{
    memset(ret_front, 0, sizeof(*ret_front));
    builder_clear(ret_rest);
    builder_add_u8(ret_rest, 0x30);
    builder_add(ret_rest, text, len);
    ret_front->der_len = 1;
    ret_front->text_len = len;
}

static void texts_that_are_none_are_doubted(void **state)
{
    static const struct {
        const char *text;
        size_t len;
    } wrong[] = {{"words", 5},
                 {"words\0rule\tsource\ttext\t", 24},
                 {"words\0rule\tsource\ttext\n", 24},
                 {"words\0rule\tsource\n", 18},
                 {"words\0rule\t", 11},
                 {"words\0rule\tsource\ttext\tx", 25},
                 {"words\0rule\tsource\ttext\t\n\0", 26},
                 {"wor\xffs\0", 6},
                 {"words\0rule\tso\xffrce\ttext\t\n", 25}};
    struct error err = ERROR_INIT;
    struct foreign_answer front;
    AUTO(builder_done) struct builder rest = BUILDER_INIT;
    AUTO(foreign_done) struct foreign foreign = {.issuer = NULL};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        answer_text(wrong[i].text, wrong[i].len, &front, &rest);
        assert_doubted(&front, builder_bytes(&rest));
    }
    static const char sound[] = "words\0rule\tsource\ttext\t\nother\t\ttext\t\n";
    answer_text(sound, sizeof(sound) - 1, &front, &rest);
    if (!take(&front, builder_bytes(&rest), &foreign, &err))
        fail_msg("%s", err.text);
    assert_string_equal(foreign.words, "words");
    assert_int_equal(foreign.findings.count, 2);
    assert_string_equal(foreign.findings.items[0].rule, "rule");
    assert_string_equal(foreign.findings.items[0].source, "source");
    assert_string_equal(foreign.findings.items[0].text, "text");
    assert_null(foreign.findings.items[1].source);
}

static void findings_without_end_are_doubted(void **state)
{
    struct error err = ERROR_INIT;
    struct foreign_answer front;
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    AUTO(builder_done) struct builder rest = BUILDER_INIT;
    (void)state;
    builder_add(&text, "w", 2);
    for (int i = 0; i < 1000; i++)
        builder_add_text(&text, "r\ts\tt\t\n");
    AUTO(foreign_done) struct foreign foreign = {.issuer = NULL};
    answer_text((const char *)text.data, text.len, &front, &rest);
    assert_true(take(&front, builder_bytes(&rest), &foreign, &err));
    assert_int_equal(foreign.findings.count, 1000);
    builder_add_text(&text, "r\ts\tt\t\n");
    answer_text((const char *)text.data, text.len, &front, &rest);
    assert_doubted(&front, builder_bytes(&rest));
}

static void texts_of_a_front_end_in_it(void **state)
{
    struct error err = ERROR_INIT;
    struct foreign_answer front;
    AUTO(builder_done) struct builder rest = BUILDER_INIT;
    AUTO(foreign_done) struct foreign foreign = {.issuer = NULL};
    AUTO(foreign_done) struct foreign none = {.issuer = NULL};
    (void)state;
    answer_text("", 0, &front, &rest);
    memset(front.issuer, 'x', sizeof(front.issuer));
    assert_true(take(&front, builder_bytes(&rest), &foreign, &err));
    assert_int_equal(strlen(foreign.issuer), sizeof(front.issuer) - 1);
    assert_null(foreign.words);
    front.err.kind = ERROR_LEDGER;
    memset(front.err.text, 'x', sizeof(front.err.text));
    assert_false(take(&front, builder_bytes(&rest), &none, &err));
    assert_int_equal(err.kind, ERROR_INPUT);
    assert_int_equal(strspn(err.text, "x"), sizeof(front.err.text) - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_certificate_is_read_and_known_by_its_signature),
        cmocka_unit_test(a_crl_is_read_with_its_words),
        cmocka_unit_test(what_a_linter_finds_comes_along),
        cmocka_unit_test(a_key_is_found_wherever_it_is),
        cmocka_unit_test(what_is_something_else_is_refused),
        cmocka_unit_test(lengths_that_do_not_add_up_are_doubted),
        cmocka_unit_test(texts_that_are_none_are_doubted),
        cmocka_unit_test(findings_without_end_are_doubted),
        cmocka_unit_test(texts_of_a_front_end_in_it),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
