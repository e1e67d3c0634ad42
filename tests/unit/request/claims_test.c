/* SPDX-License-Identifier: Apache-2.0 */
/* Every fact a reader tells is doubted: true ones are taken, each false one is named, and no fault of the DER hides behind true ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "csr_maker.h"
#include "der_faults.h"
#include "request/csr.h"
#include "request/csr_form.h"
#include "said.h"

#include <limits.h>

#define OID_SAN "2.5.29.17"

static EVP_PKEY *key;
static struct builder rich;    /* a request with some of everything */
static struct request *honest; /* what is true of it */

#define SUBJECT                                                                                              \
    "30{31{30{06{550406}13{'DE'}}}31{30{06{550405}13{'4711'}}30{06{550403}0c{'device-1'}}}"                  \
    "31{30{06{55040b}1e{004d00fc}}}}"
#define CHALLENGE "30{06{2a864886f70d010907}31{0c{'secret'}}}"
#define UNKNOWN "30{06{2b0601040182370d0203}31{16{'6.1.7601.2'}}}"
#define KEY_USAGE(value) "30{06{551d0f}0101ff04{" value "}}"
#define PURPOSES "30{06{551d25}04{30{06{2b06010505070302}06{2b06010505070303}}}}"
#define A_CA "30{06{551d13}0101ff04{30{0101ff020103}}}"
#define SANS                                                                                                 \
    "30{06{551d11}04{30{82{'a.example'}87{0a000001}86{'spiffe://a/b'}81{'m@a.example'}"                      \
    "a4{30{31{30{06{550403}0c{'x'}}}}}}}}"
#define OTHER "30{06{2a0304}04{30{'opaque'}}}"
#define ASKS(extensions) "30{06{2a864886f70d01090e}31{30{" extensions "}}}"

static int make_rich(void **state)
{
    (void)state;
    key = csr_key("ED25519");
    csr_make(&(struct csr_recipe){.key = key,
                                  .subject = SUBJECT,
                                  .attributes = CHALLENGE UNKNOWN ASKS(KEY_USAGE("03{070680}")
                                                                           PURPOSES A_CA SANS OTHER)},
             &rich);
    honest = csr_read(builder_bytes(&rich));
    return 0;
}

static int free_rich(void **state)
{
    (void)state;
    request_free(honest);
    builder_done(&rich);
    EVP_PKEY_free(key);
    return 0;
}

/* ---- each fact in turn ---- */

static struct bytes part_of(const struct request *request, const char *text)
{
    const uint8_t *found = memmem(request->der.data, request->der.len, text, strlen(text));
    assert_non_null(found);
    return bytes_of(found, strlen(text));
}

LIE(subject_is_shorter, request->subject.len--)
LIE(subject_is_elsewhere, request->subject = bytes_of(request->subject.data + 1, request->subject.len))
LIE(subject_is_a_copy, request->subject = bytes_of(said->attributes, request->subject.len))
LIE(subject_is_none, request->subject.len = 0)
LIE(key_is_shorter, request->spki.len--)
LIE(key_is_elsewhere, request->spki = bytes_of(request->spki.data + 1, request->spki.len))
LIE(name_has_another_type, said->attributes[0].oid = "2.5.4.10")
LIE(name_has_no_type, said->attributes[0].oid = NULL)
LIE(name_has_another_string_type, said->attributes[0].tag = DER_UTF8_STRING)
LIE(name_has_another_value, said->attributes[2].value = BYTES_LITERAL("device-2"))
LIE(name_is_cut, said->attributes[2].value.len--)
LIE(name_is_in_the_rdn_before, said->attributes[1].rdn = 0)
LIE(name_is_in_the_rdn_behind, said->attributes[2].rdn = 2)
LIE(names_are_fewer, request->attributes_count--)
LIE(names_are_none, request->attributes_count = 0; request->attributes = NULL)
LIE(names_are_more, said->attributes[request->attributes_count++] = said->attributes[0])
LIE(extension_is_not_critical, said->extensions[0].is_critical = false)
LIE(extension_is_critical, said->extensions[1].is_critical = true)
LIE(extension_is_another, said->extensions[4].oid = "1.2.3.5")
LIE(extension_has_no_type, said->extensions[4].oid = "")
LIE(extension_is_cut, said->extensions[4].value.len--)
LIE(extension_is_elsewhere, said->extensions[4].value.data--)
LIE(extensions_are_swapped, said->extensions[3] = said->extensions[4];
    said->extensions[4] = honest->extensions[3])
LIE(extensions_are_fewer, request->extensions_count--)
LIE(extensions_are_none, request->extensions_count = 0; request->extensions = NULL; request->sans_count = 0;
    request->extended_key_usage_count = 0; request->key_usage = 0; request->asks_for_ca = false;
    request->path_len = -1)
LIE(extensions_are_more, said->extensions[request->extensions_count++] = said->extensions[4])
LIE(san_is_of_another_kind, said->sans[0].kind = SAN_URI)
LIE(san_is_cut, said->sans[0].value.len--)
LIE(san_is_another_part, said->sans[0].value = part_of(request, "m@a.examp"))
LIE(sans_are_swapped, said->sans[0] = honest->sans[1]; said->sans[1] = honest->sans[0])
LIE(sans_are_fewer, request->sans_count--)
LIE(sans_are_none, request->sans_count = 0; request->sans = NULL)
LIE(sans_are_more, said->sans[request->sans_count++] = said->sans[0])
LIE(usage_is_more, request->key_usage |= 1U << 0)
LIE(usage_is_less, request->key_usage &= (uint16_t) ~(1U << 5))
LIE(usage_lacks_the_last, request->key_usage &= (uint16_t) ~(1U << 8))
LIE(usage_is_none, request->key_usage = 0)
LIE(purpose_is_another, said->purposes[1] = "2.5.29.37.0")
LIE(purpose_is_no_text, said->purposes[0] = NULL)
LIE(purposes_are_swapped, said->purposes[0] = honest->extended_key_usage[1];
    said->purposes[1] = honest->extended_key_usage[0])
LIE(purposes_are_fewer, request->extended_key_usage_count--)
LIE(purposes_are_none, request->extended_key_usage_count = 0; request->extended_key_usage = NULL)
LIE(purposes_are_more, said->purposes[request->extended_key_usage_count++] = "2.5.29.37.0")
LIE(is_no_ca, request->asks_for_ca = false)
LIE(path_is_longer, request->path_len++)
LIE(path_is_endless, request->path_len = -1)
LIE(has_no_password, request->has_challenge_password = false)

static const struct lie {
    void (*tell)(struct said *said);
    const char *fact; /* the one that is false */
} lies[] = {
    {subject_is_shorter, "where the Name is"},
    {subject_is_elsewhere, "where the Name is"},
    {subject_is_a_copy, "where the Name is"},
    {subject_is_none, "where the Name is"},
    {key_is_shorter, "where the public key is"},
    {key_is_elsewhere, "where the public key is"},
    {name_has_another_type, "each attribute of the Name"},
    {name_has_no_type, "each attribute of the Name"},
    {name_has_another_string_type, "each attribute of the Name"},
    {name_has_another_value, "each attribute of the Name"},
    {name_is_cut, "each attribute of the Name"},
    {name_is_in_the_rdn_before, "each attribute of the Name"},
    {name_is_in_the_rdn_behind, "each attribute of the Name"},
    {names_are_fewer, "each attribute of the Name"},
    {names_are_none, "each attribute of the Name"},
    {names_are_more, "each attribute of the Name"},
    {extension_is_not_critical, "the extensions asked for"},
    {extension_is_critical, "the extensions asked for"},
    {extension_is_another, "the extensions asked for"},
    {extension_has_no_type, "the extensions asked for"},
    {extension_is_cut, "the extensions asked for"},
    {extension_is_elsewhere, "the extensions asked for"},
    {extensions_are_swapped, "the extensions asked for"},
    {extensions_are_fewer, "the extensions asked for"},
    {extensions_are_none, "the extensions asked for"},
    {extensions_are_more, "the extensions asked for"},
    {san_is_of_another_kind, "each subject alternative name"},
    {san_is_cut, "each subject alternative name"},
    {san_is_another_part, "each subject alternative name"},
    {sans_are_swapped, "each subject alternative name"},
    {sans_are_fewer, "each subject alternative name"},
    {sans_are_none, "each subject alternative name"},
    {sans_are_more, "each subject alternative name"},
    {usage_is_more, "the key usage asked for"},
    {usage_is_less, "the key usage asked for"},
    {usage_lacks_the_last, "the key usage asked for"},
    {usage_is_none, "the key usage asked for"},
    {purpose_is_another, "the extended key usages asked for"},
    {purpose_is_no_text, "the extended key usages asked for"},
    {purposes_are_swapped, "the extended key usages asked for"},
    {purposes_are_fewer, "the extended key usages asked for"},
    {purposes_are_none, "the extended key usages asked for"},
    {purposes_are_more, "the extended key usages asked for"},
    {is_no_ca, "whether it asks to be a CA"},
    {path_is_longer, "whether it asks to be a CA"},
    {path_is_endless, "whether it asks to be a CA"},
    {has_no_password, "whether it has a challenge password"},
};

static void every_false_fact_is_named(void **state)
{
    (void)state;
    assert_int_equal(honest->problems.count, 0);
    takes(honest);
    for (size_t i = 0; i < ARRAY_LEN(lies); i++) {
        struct said said;
        say(honest, &said);
        lies[i].tell(&said);
        refuses(&said.request, lies[i].fact);
    }
}

/* ---- what a request does not ask for ---- */

LIE(it_is_a_ca, request->asks_for_ca = true)
LIE(it_has_a_path, request->path_len = 0)
LIE(it_has_a_usage, request->key_usage = 1)
LIE(it_has_a_purpose, said->purposes[request->extended_key_usage_count++] = "2.5.29.37.0")
LIE(it_has_a_san, said->sans[request->sans_count++] = (struct request_san){.kind = SAN_DNS})
LIE(it_has_an_extension,
    said->extensions[request->extensions_count++] = (struct request_extension){.oid = "1.2.3.4"})
LIE(it_has_a_password, request->has_challenge_password = true)
LIE(it_has_a_name,
    said->attributes[request->attributes_count++] = (struct request_attribute){.oid = "2.5.4.3"})

static void nothing_is_added_to_a_request_that_asks_for_nothing(void **state)
{
    static const struct lie additions[] = {
        {it_is_a_ca, "whether it asks to be a CA"},
        {it_has_a_path, "whether it asks to be a CA"},
        {it_has_a_usage, "the key usage asked for"},
        {it_has_a_purpose, "the extended key usages asked for"},
        {it_has_a_san, "each subject alternative name"},
        {it_has_an_extension, "the extensions asked for"},
        {it_has_a_password, "whether it has a challenge password"},
        {it_has_a_name, "each attribute of the Name"},
    };
    static const struct csr_recipe recipes[] = {{.subject = "30{}"},
                                                {.subject = "30{}", .has_no_attributes = true}};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(recipes); i++) {
        struct builder der = BUILDER_INIT;
        struct csr_recipe recipe = recipes[i];
        recipe.key = key;
        csr_make(&recipe, &der);
        struct request *request = csr_read(builder_bytes(&der));
        takes(request);
        for (size_t j = 0; j < ARRAY_LEN(additions); j++) {
            struct said said;
            say(request, &said);
            additions[j].tell(&said);
            refuses(&said.request, additions[j].fact);
        }
        request_free(request);
        builder_done(&der);
    }
}

/* ---- true facts of a request with a fault ---- */

/** The content of the extension with this OID, wherever it stands; none: empty. */
static struct bytes value_of(struct bytes der, const char *dotted)
{
    for (size_t at = 0; at < der.len; at++) {
        char text[CSR_MAX_OID_TEXT];
        uint8_t tag = 0;
        struct bytes oid;
        struct bytes content = {.data = NULL, .len = 0};
        struct bytes rest = bytes_slice(der, at, der.len);
        if (der.data[at] != DER_OID || !der_take(&rest, DER_OID, &oid) ||
            !der_oid_text(oid, text, sizeof(text)) || strcmp(text, dotted) != 0)
            continue;
        if (der_is_next(rest, DER_BOOLEAN) && !der_take(&rest, DER_BOOLEAN, &content))
            return bytes_of(NULL, 0);
        return der_take_any(&rest, &tag, &content, NULL) ? content : bytes_of(NULL, 0);
    }
    return bytes_of(NULL, 0);
}

/** What is true of the honest request, said of this one. \return false: it has no outline */
static bool say_of(struct bytes der, struct said *ret_said)
{
    struct csr_outline outline = {.trailing = 0};
    uint8_t tag = 0;
    struct bytes names = {.data = NULL, .len = 0};
    if (!csr_take_outline(der, &outline))
        return false;
    say(honest, ret_said);
    struct request *request = &ret_said->request;
    request->der = der;
    request->subject = outline.subject;
    request->spki = outline.spki;
    for (size_t i = 0; i < request->extensions_count; i++)
        ret_said->extensions[i].value = value_of(der, request->extensions[i].oid);
    struct bytes value = value_of(der, OID_SAN);
    if (value.len > 0 && !der_take_any(&value, &tag, &names, NULL))
        names = bytes_of(NULL, 0);
    for (size_t i = 0; i < request->sans_count; i++) {
        if (!der_take_any(&names, &tag, &ret_said->sans[i].value, NULL))
            ret_said->sans[i].value = bytes_of(NULL, 0);
    }
    return true;
}

#define ANY UINT_MAX
#define CONTENT (1U << DER_EMPTY | 1U << DER_LONGER | 1U << DER_BYTE_LONGER | 1U << DER_SHORTER)

/** Faults that leave what is said true, or that others look for; elements are counted as der_faults.h does. */
static const struct excuse {
    size_t first, last;
    unsigned faults; /**< a bit each */
} excuses[] = {
    {19, 22, ANY}, // in the key, which csr_decode() reads again
    // the challenge password's value, and all of an attribute that nobody asks about
    {24, 24, 1U << DER_TWICE},
    {26, 26, 1U << DER_EMPTY},
    {27, 27, ANY},
    {28, 28, 1U << DER_LEFT_OUT | 1U << DER_TWICE},
    {29, 29, 1U << DER_LONGER | 1U << DER_SHORTER},
    {30, 30, 1U << DER_EMPTY},
    {31, 31, ANY},
    // what the names, and an extension that is not known, hold: it is said where they are
    {58, 62, CONTENT},
    {63, 67, ANY},
    {70, 70, CONTENT},
    {71, 71, ANY},
    {72, 74,
     ANY}, // the algorithm, which csr_decode() reads again, and the signature, which csr_prove() verifies
};

static bool is_excused(size_t place, enum der_fault fault)
{
    for (size_t i = 0; i < ARRAY_LEN(excuses); i++) {
        if (place >= excuses[i].first && place <= excuses[i].last && (excuses[i].faults & 1U << fault) != 0)
            return true;
    }
    return false;
}

static void no_fault_hides_behind_facts_that_were_true(void **state)
{
    struct bytes der = builder_bytes(&rich);
    (void)state;
    for (size_t place = 0; place < der_fault_places(der); place++) {
        for (enum der_fault fault = 0; fault < DER_FAULT_COUNT; fault++) {
            AUTO(builder_done) struct builder faulty = BUILDER_INIT;
            struct said said;
            struct error why;
            if (is_excused(place, fault) || !der_fault_plant(der, fault, place, &faulty))
                continue;
            if (say_of(builder_bytes(&faulty), &said) && fits(&said.request, &why))
                fail_msg("not seen: %s", der_fault_text(fault, place));
        }
    }
}

static bool is_sound_but_for_its_signature(const struct request *request)
{
    for (size_t i = 0; i < request->problems.count; i++) {
        if (strcmp(request->problems.items[i].rule, "request.signature") != 0)
            return false;
    }
    return true;
}

/** Many of those faults make another sound request, and what an honest reader says of that is taken. */
static void what_is_true_of_another_request_is_taken(void **state)
{
    struct bytes der = builder_bytes(&rich);
    size_t taken = 0;
    (void)state;
    for (size_t place = 0; place < der_fault_places(der); place++) {
        for (enum der_fault fault = 0; fault < DER_FAULT_COUNT; fault++) {
            AUTO(builder_done) struct builder faulty = BUILDER_INIT;
            if (!der_fault_plant(der, fault, place, &faulty))
                continue;
            AUTO(request_free) struct request *request = csr_read(builder_bytes(&faulty));
            if (is_sound_but_for_its_signature(request)) {
                takes(request);
                taken++;
            }
        }
    }
    assert_true(taken > 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_false_fact_is_named),
        cmocka_unit_test(nothing_is_added_to_a_request_that_asks_for_nothing),
        cmocka_unit_test(no_fault_hides_behind_facts_that_were_true),
        cmocka_unit_test(what_is_true_of_another_request_is_taken),
    };
    return cmocka_run_group_tests(tests, make_rich, free_rich);
}
