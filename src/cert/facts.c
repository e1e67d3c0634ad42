/* SPDX-License-Identifier: Apache-2.0 */
#include "base/digest.h"
#include "base/memory.h"
#include "cert/asn1.h"
#include "cert/name.h"
#include "cert/parts.h"
#include "cert/pem.h"

#include <string.h>

void cert_facts_done(struct cert_facts *facts)
{
    free(facts->subject_text);
    free(facts->issuer_text);
    free(facts->sans_text);
    free(facts->key_text);
    *facts = (struct cert_facts){.serial_len = 0};
}

static bool read_serial(struct bytes serial, struct cert_facts *facts, struct error *err)
{
    if (serial.len > 1 && serial.data[0] == 0)
        serial = bytes_slice(serial, 1, serial.len - 1);
    if (serial.len == 0 || serial.len > CERT_SERIAL_LEN)
        return error_set(err, ERROR_INPUT, 0, "the serial has %zu octets, 20 are allowed (RFC 5280 4.1.2.2)",
                         serial.len);
    memcpy(facts->serial, serial.data, serial.len);
    facts->serial_len = serial.len;
    return true;
}

static bool read_sans(const struct cert_parts *parts, struct cert_facts *facts, struct error *err)
{
    struct cert_extension extension;
    struct bytes names;
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    if (parts_find(parts, 17, &extension) && (!der_take(&extension.value, DER_SEQUENCE, &names) ||
                                              extension.value.len > 0 || !name_general_text(names, &text)))
        return error_set(err, ERROR_INPUT, 0, "not a certificate: subjectAltName (RFC 5280 4.2.1.6)");
    facts->sans_text = builder_take_text(&text);
    return true;
}

static char *key_words(struct bytes spki)
{
    char buffer[32];
    struct public_key_facts key;
    struct error ignored = ERROR_INIT; // a key of an unknown form is still a certificate's
    if (!public_key_read(spki, &key, &ignored))
        return memory_text("damaged");
    return memory_text(key_name(key.kind, key.bits, buffer));
}

static bool read_parts(const struct cert_parts *parts, struct cert_facts *ret_facts, struct error *err)
{
    int path_len;
    AUTO(cert_facts_done)
    struct cert_facts facts = {.not_before = parts->not_before, .not_after = parts->not_after};
    AUTO(builder_done) struct builder subject = BUILDER_INIT;
    AUTO(builder_done) struct builder issuer = BUILDER_INIT;
    if (!read_serial(parts->serial, &facts, err))
        return false;
    if (!name_text(parts->subject, &subject) || !name_text(parts->issuer, &issuer))
        return error_set(err, ERROR_INPUT, 0, "not a certificate: subject or issuer (RFC 5280 4.1.2.4)");
    facts.subject_text = builder_take_text(&subject);
    facts.issuer_text = builder_take_text(&issuer);
    facts.key_text = key_words(parts->spki);
    digest_sha256(parts->spki, facts.spki_sha256);
    if (!read_sans(parts, &facts, err) || !parts_basic_constraints(parts, &facts.is_ca, &path_len, err))
        return false;
    *ret_facts = facts;
    facts = (struct cert_facts){.serial_len = 0}; // ret_facts owns the texts now
    return true;
}

bool cert_read(struct bytes certificate, struct cert_facts *ret_facts, struct error *err)
{
    struct cert_parts parts;
    return parts_read(certificate, &parts, err) && read_parts(&parts, ret_facts, err);
}

bool cert_read_tbs(struct bytes tbs, struct cert_facts *ret_facts, struct error *err)
{
    struct cert_parts parts;
    return parts_read_tbs(tbs, &parts, err) && read_parts(&parts, ret_facts, err);
}

static bool holds_another(struct bytes rest)
{
    return rest.len > 0 && memmem(rest.data, rest.len, "-----BEGIN ", 11) != NULL;
}

bool cert_from_file(struct bytes input, struct builder *ret_der, struct bytes *ret_rest, struct error *err)
{
    struct cert_parts parts;
    struct bytes rest = bytes_of(NULL, 0);
    struct bytes cursor = input;
    struct bytes whole;
    size_t start = ret_der->len;
    if (der_take_whole(&cursor, DER_SEQUENCE, &whole)) {
        builder_add_bytes(ret_der, whole);
        rest = cursor;
    } else if (!pem_take("CERTIFICATE", input, ret_der, &rest, err)) {
        return false;
    } else if (!holds_another(rest)) {
        rest = bytes_of(NULL, 0);
    }
    if (!parts_read(bytes_of(ret_der->data + start, ret_der->len - start), &parts, err)) {
        ret_der->len = start;
        return false;
    }
    if (ret_rest != NULL)
        *ret_rest = rest;
    return true;
}
