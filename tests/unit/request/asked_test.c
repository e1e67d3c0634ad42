/* SPDX-License-Identifier: Apache-2.0 */
/* What a request asks for, read from its attributes: each form on both sides of its bound, all that comes of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "csr_maker.h"
#include "request/csr_parts.h"

#include <stdio.h>

/** All that was read, in the order of struct request, and then the problems. */
static void describe(const struct request *request, struct builder *out)
{
    for (size_t i = 0; i < request->extensions_count; i++)
        builder_format(out, "%s%s%s:%zu ", request->extensions[i].oid,
                       request->extensions[i].is_critical ? "!" : "",
                       request->extensions[i].is_der ? "" : "?", request->extensions[i].value.len);
    if (request->has_key_usage)
        builder_format(out, "usage=%x ", request->key_usage);
    if (request->has_extended_key_usage)
        builder_format(out, "purposes=%zu ", request->extended_key_usage_count);
    for (size_t i = 0; i < request->extended_key_usage_count && i < 3; i++)
        builder_format(out, "%s ", request->extended_key_usage[i]);
    if (request->has_basic_constraints)
        builder_format(out, "ca=%d,%d ", request->asks_for_ca, request->path_len);
    if (request->has_san_extension)
        builder_format(out, "sans=%zu ", request->sans_count);
    for (size_t i = 0; i < request->sans_count && i < 3; i++)
        builder_format(out, "%s:%s ", san_kind_name(request->sans[i].kind), request->sans[i].text);
    if (request->has_challenge_password)
        builder_add_text(out, "password ");
    for (size_t i = 0; i < request->problems.count; i++) {
        const struct finding *problem = &request->problems.items[i];
        builder_format(out, "| %s (%s): %s ", problem->rule, problem->source == NULL ? "-" : problem->source,
                       problem->text);
    }
}

static void attributes_are_read_as(const char *attributes, const char *result)
{
    AUTO(builder_done) struct builder der = BUILDER_INIT;
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    struct request *request = request_new();
    der_assemble(attributes, &der);
    csr_read_attributes(request, builder_bytes(&der));
    describe(request, &text);
    assert_string_equal(builder_text(&text), result);
    request_free(request);
}

static void extensions_are_read_as(const char *extensions, const char *result)
{
    char *attribute = csr_extension_request(extensions);
    attributes_are_read_as(attribute, result);
    free(attribute);
}

struct reading_case {
    const char *value;
    const char *result;
};

static void values_are_read_as(const char *oid, const struct reading_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        AUTO(builder_done) struct builder extension = BUILDER_INIT;
        builder_format(&extension, "30{06{%s}04{%s}}", oid, cases[i].value);
        extensions_are_read_as(builder_text(&extension), cases[i].result);
    }
}

static void reads_key_usages(void **state)
{
#define BAD_USAGE "usage=0 | request.key-usage (RFC 5280 4.2.1.3): the key usage extension is malformed "
    static const struct reading_case cases[] = {
        {"03{0780}", "2.5.29.15:4 usage=1 "},     {"03{06c0}", "2.5.29.15:4 usage=3 "},
        {"03{0640}", "2.5.29.15:4 usage=2 "},     {"03{0001}", "2.5.29.15:4 usage=80 "},
        {"03{00ff}", "2.5.29.15:4 usage=ff "},    {"03{070080}", "2.5.29.15:5 usage=100 "},
        {"03{07ff80}", "2.5.29.15:5 usage=1ff "}, {"03{0080}", "2.5.29.15:4 " BAD_USAGE},
        {"03{0740}", "2.5.29.15?:4 " BAD_USAGE},  {"03{0880}", "2.5.29.15?:4 " BAD_USAGE},
        {"03{0900}", "2.5.29.15?:4 " BAD_USAGE},  {"03{068040}", "2.5.29.15:5 " BAD_USAGE},
        {"03{000001}", "2.5.29.15:5 " BAD_USAGE}, {"03{0780ff80}", "2.5.29.15:6 " BAD_USAGE},
        {"03{00}", "2.5.29.15:3 " BAD_USAGE},     {"03{}", "2.5.29.15?:2 " BAD_USAGE},
        {"04{0780}", "2.5.29.15:4 " BAD_USAGE},   {"03{0780}0500", "2.5.29.15:6 " BAD_USAGE},
        {"", "2.5.29.15?:0 " BAD_USAGE},
    };
    (void)state;
    values_are_read_as("551d0f", cases, ARRAY_LEN(cases));
}

static void reads_purposes(void **state)
{
#define BAD_PURPOSES                                                                                         \
    "purposes=0 | request.extended-key-usage (RFC 5280 4.2.1.12): the extended key usage extension is "      \
    "malformed or has more than 64 OIDs "
    static const struct reading_case cases[] = {
        {"30{06{2a03}}", "2.5.29.37:6 purposes=1 1.2.3 "},
        {"30{06{2a04}06{2a03}}", "2.5.29.37:10 purposes=2 1.2.4 1.2.3 "},
        {"30{}", "2.5.29.37:2 " BAD_PURPOSES},
        {"31{06{2a03}}", "2.5.29.37:6 " BAD_PURPOSES},
        {"30{04{2a03}}", "2.5.29.37:6 " BAD_PURPOSES},
        {"30{06{2a03}0500}", "2.5.29.37:8 " BAD_PURPOSES},
        {"30{06{2a80}}", "2.5.29.37?:6 " BAD_PURPOSES},
        {"30{06{2a03}}0500", "2.5.29.37:8 " BAD_PURPOSES},
        {"30{06{2a03}06}", "2.5.29.37?:7 " BAD_PURPOSES},
        {"", "2.5.29.37?:0 " BAD_PURPOSES},
    };
    (void)state;
    values_are_read_as("551d25", cases, ARRAY_LEN(cases));
    for (size_t count = CSR_MAX_USAGES; count <= CSR_MAX_USAGES + 1; count++) {
        AUTO(builder_done) struct builder extension = BUILDER_INIT;
        builder_add_text(&extension, "30{06{551d25}04{30{");
        for (size_t i = 0; i < count; i++)
            builder_add_text(&extension, "06{2a03}");
        builder_add_text(&extension, "}}}");
        extensions_are_read_as(builder_text(&extension), count == CSR_MAX_USAGES
                                                             ? "2.5.29.37:260 purposes=64 1.2.3 1.2.3 1.2.3 "
                                                             : "2.5.29.37:264 " BAD_PURPOSES);
    }
}

static void reads_basic_constraints(void **state)
{
#define BAD_CONSTRAINTS                                                                                      \
    "ca=0,-1 | request.basic-constraints (RFC 5280 4.2.1.9): the basic constraints extension is malformed "
    static const struct reading_case cases[] = {
        {"30{}", "2.5.29.19:2 ca=0,-1 "},
        {"30{0101ff}", "2.5.29.19:5 ca=1,-1 "},
        {"30{0101ff020100}", "2.5.29.19:8 ca=1,0 "},
        {"30{0101ff020101}", "2.5.29.19:8 ca=1,1 "},
        {"30{0101ff020200ff}", "2.5.29.19:9 ca=1,255 "},
        {"30{0101ff02020100}", "2.5.29.19:9 " BAD_CONSTRAINTS},
        {"30{0101ff0201ff}", "2.5.29.19:8 " BAD_CONSTRAINTS},
        {"30{0101ff0200}", "2.5.29.19?:7 " BAD_CONSTRAINTS},
        {"30{0101ff0201000500}", "2.5.29.19:10 " BAD_CONSTRAINTS},
        {"30{0101ff0500}", "2.5.29.19:7 " BAD_CONSTRAINTS},
        {"30{0101ff00}", "2.5.29.19?:6 " BAD_CONSTRAINTS},
        {"30{020100}", "2.5.29.19:5 " BAD_CONSTRAINTS},
        {"30{010100}", "2.5.29.19:5 " BAD_CONSTRAINTS},
        {"30{010101}", "2.5.29.19?:5 " BAD_CONSTRAINTS},
        {"30{0102ffff}", "2.5.29.19?:6 " BAD_CONSTRAINTS},
        {"30{0101}", "2.5.29.19?:4 " BAD_CONSTRAINTS},
        {"31{0101ff}", "2.5.29.19:5 " BAD_CONSTRAINTS},
        {"30{0101ff}0500", "2.5.29.19:7 " BAD_CONSTRAINTS},
        {"", "2.5.29.19?:0 " BAD_CONSTRAINTS},
    };
    (void)state;
    values_are_read_as("551d13", cases, ARRAY_LEN(cases));
}

#define BAD_LIST                                                                                             \
    "| request.extension-request (RFC 2985 5.4.2): the requested extensions are malformed or more than 64 "
#define X(value) "30{06{2a03}04{" value "}}"
#define Y "30{06{2a04}04{0500}}"

static void reads_lists_of_extensions(void **state)
{
    static const struct reading_case cases[] = {
        {X("0500") Y, "1.2.3:2 1.2.4:2 "},
        {X("") Y, "1.2.3?:0 1.2.4:2 "},
        {X("00") Y, "1.2.3?:1 1.2.4:2 "},
        {"30{06{2a03}0101ff04{0500}}" Y, "1.2.3!:2 1.2.4:2 "},
        {"30{06{2a03}01010004{0500}}" Y, BAD_LIST},
        {"30{06{2a03}01010104{0500}}" Y, BAD_LIST},
        {"30{06{2a03}010004{0500}}" Y, BAD_LIST},
        {Y "30{06{2a03}01}", "1.2.4:2 " BAD_LIST},
        {Y "30{06{2a03}}", "1.2.4:2 " BAD_LIST},
        {Y "30{06{2a03}0c{0500}}", "1.2.4:2 " BAD_LIST},
        {Y "30{06{2a03}04{0500}0500}", "1.2.4:2 " BAD_LIST},
        {Y "30{06{2a80}04{0500}}", "1.2.4:2 " BAD_LIST},
        {Y "30{04{0500}}", "1.2.4:2 " BAD_LIST},
        {Y "31{06{2a03}04{0500}}", "1.2.4:2 " BAD_LIST},
        {Y "00", "1.2.4:2 " BAD_LIST},
        {"", BAD_LIST},
        // One that comes twice is read once, and what follows is read.
        {X("0500") X("30{}") Y,
         "1.2.3:2 1.2.4:2 | request.extension (RFC 5280 4.2): extension 1.2.3 is asked for twice "},
        {X("0500") Y X("30{}"),
         "1.2.3:2 1.2.4:2 | request.extension (RFC 5280 4.2): extension 1.2.3 is asked for twice "},
        // A name in BER reads like one in DER.
        {"30{06{551d11}04{30{a0{06{2a03}a0{2c{0c{'x'}}}}}}}",
         "2.5.29.17?:15 sans=1 other:1.2.3:#2c030c0178 | request.extension (RFC 5280 4.2): extension "
         "2.5.29.17: the "
         "value is not DER "},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        extensions_are_read_as(cases[i].value, cases[i].result);
}

static void lists_have_bounds(void **state)
{
    (void)state;
    for (size_t count = CSR_MAX_EXTENSIONS; count <= CSR_MAX_EXTENSIONS + 1; count++) {
        AUTO(builder_done) struct builder extensions = BUILDER_INIT;
        AUTO(builder_done) struct builder result = BUILDER_INIT;
        for (size_t i = 0; i < count; i++)
            builder_format(&extensions, "30{06{2a%02zx}04{0500}}", i + 1);
        for (size_t i = 0; i < CSR_MAX_EXTENSIONS; i++)
            builder_format(&result, "1.2.%zu:2 ", i + 1);
        builder_add_text(&result, count == CSR_MAX_EXTENSIONS ? "" : BAD_LIST);
        extensions_are_read_as(builder_text(&extensions), builder_text(&result));
    }
    for (size_t count = CSR_MAX_OTHERS; count <= CSR_MAX_OTHERS + 1; count++) {
        AUTO(builder_done) struct builder attributes = BUILDER_INIT;
        for (size_t i = 0; i < count; i++)
            builder_format(&attributes, "30{06{2a%02zx}31{0500}}", i + 1);
        attributes_are_read_as(
            builder_text(&attributes),
            count == CSR_MAX_OTHERS ? "" : "| request.attributes (-): there are more than 32 attributes ");
    }
}

static void reads_attributes(void **state)
{
#define ASK "06{2a864886f70d01090e}"
#define BAD_ATTRIBUTES "| request.attributes (RFC 2986 4.1): the attributes are malformed "
#define DISORDER "| request.der (X.690 11.6): the attributes are not in DER's order "
#define NOT_ONE "| request.extension-request (RFC 2985 5.4.2): extensionRequest must have exactly one value "
    static const struct reading_case cases[] = {
        {"", ""},
        {"30{06{2a03}31{0500}}", ""},
        {"30{06{2a03}31{05000500}}", ""},
        {"30{06{2a864886f70d010907}31{0c{'x'}}}", "password "},
        {"30{06{2a03}31{0500}}30{06{2a03}31{0c00}}",
         "| request.attributes (RFC 2986 4.1): the attribute 1.2.3 is there twice "},
        {"30{06{2a03}31{0500}}30{06{2a04}31{0500}}30{06{2a05}31{0500}}", ""},
        {"30{06{2a04}31{0500}}30{06{2a03}31{0500}}", DISORDER},
        {"30{06{2a03}31{}}", BAD_ATTRIBUTES},
        {"30{06{2a03}}", BAD_ATTRIBUTES},
        {"30{06{2a03}30{0500}}", BAD_ATTRIBUTES},
        {"30{06{2a03}31{0500}0500}", BAD_ATTRIBUTES},
        {"30{06{2a80}31{0500}}", BAD_ATTRIBUTES},
        {"30{31{0500}}", BAD_ATTRIBUTES},
        {"31{06{2a03}31{0500}}", BAD_ATTRIBUTES},
        {"30{06{2a03}31{0500}}00", DISORDER BAD_ATTRIBUTES},
        // What stands before what is malformed is known.
        {"30{06{2a864886f70d010907}31{0c{'x'}}}30{06{2a864886f70d010908}31{}}",
         "password " DISORDER BAD_ATTRIBUTES},
        {"30{" ASK "31{30{" Y "}}}", "1.2.4:2 "},
        {"30{" ASK "31{30{" Y "}30{" Y "}}}", NOT_ONE},
        {"30{" ASK "31{31{" Y "}}}", NOT_ONE},
        {"30{" ASK "31{0500}}", NOT_ONE},
        {"30{06{2b0601040182370201 0e}31{30{" Y "}}}",
         "| request.extension-request (RFC 2985 5.4.2): extensions are asked for by Microsoft's attribute "
         "1.3.6.1.4.1.311.2.1.14; only 1.2.840.113549.1.9.14 is read "},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        attributes_are_read_as(cases[i].value, cases[i].result);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_key_usages),        cmocka_unit_test(reads_purposes),
        cmocka_unit_test(reads_basic_constraints), cmocka_unit_test(reads_lists_of_extensions),
        cmocka_unit_test(lists_have_bounds),       cmocka_unit_test(reads_attributes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
