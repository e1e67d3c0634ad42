/* SPDX-License-Identifier: Apache-2.0 */
/* All forms that a sound request can have are taken; and a reader that keeps silent about a form that no request has is found out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/der.h"
#include "base/memory.h"
#include "csr_maker.h"
#include "request/csr.h"
#include "said.h"

#include <stdlib.h>

static EVP_PKEY *key;

static int make_key(void **state)
{
    (void)state;
    key = csr_key("ED25519");
    return 0;
}

static int free_key(void **state)
{
    (void)state;
    EVP_PKEY_free(key);
    return 0;
}

static struct request *read_recipe(struct csr_recipe recipe)
{
    AUTO(builder_done) struct builder der = BUILDER_INIT;
    recipe.key = key;
    csr_make(&recipe, &der);
    return csr_read(builder_bytes(&der));
}

#define ASKS(extensions) "30{06{2a864886f70d01090e}31{30{" extensions "}}}"
#define USAGE(value) "30{06{551d0f}04{" value "}}"
#define PURPOSES(value) "30{06{551d25}04{" value "}}"
#define A_CA(value) "30{06{551d13}04{" value "}}"
#define SANS(value) "30{06{551d11}04{" value "}}"

static void takes_after_crossing(const struct request *request)
{
    AUTO(builder_done) struct builder message = BUILDER_INIT;
    struct request *copy = NULL;
    struct error err = ERROR_INIT;
    csr_encode(request, &message);
    assert_true(csr_decode(builder_bytes(&message), &copy, &err));
    takes(copy);
    request_free(copy);
}

static void takes_every_form_of_what_is_asked_for(void **state)
{
    static const char *const extensions[] = {
        USAGE("03{0780}"),
        USAGE("03{0001}"),
        USAGE("03{077f80}"),
        A_CA("30{}"),
        A_CA("30{0101ff}"),
        A_CA("30{0101ff020100}"),
        A_CA("30{0101ff020200ff}"),
        PURPOSES("30{06{2a0305}}"),
        SANS("30{82{'a'}}"),
        SANS("30{81{'a@b'}86{'a:b'}87{20010db8000000000000000000000001}88{2a0304}a0{06{2a0304}a0{0c{'x'}}}"
             "a3{30{}}a4{30{31{30{06{550403}0c{'x'}}}}}a5{a1{0c{'z'}}}}"),
        "30{06{2a0304}0101ff04{}}30{06{2a0305}04{'not DER'}}",
        USAGE("03{0780}") PURPOSES("30{06{2a0305}}") A_CA("30{}") SANS("30{82{'a'}}"),
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(extensions); i++) {
        char *attribute = csr_extension_request(extensions[i]);
        struct request *request = read_recipe((struct csr_recipe){.attributes = attribute});
        assert_int_equal(request->problems.count, 0);
        takes(request);
        takes_after_crossing(request);
        request_free(request);
        free(attribute);
    }
}

static void takes_every_form_of_attributes(void **state)
{
#define CHALLENGE "30{06{2a864886f70d010907}31{0c{'s'}}}"
#define UNKNOWN "30{06{2b0601040182370d0203}31{16{'6.1.7601.2'}}}"
    static const char *const attributes[] = {
        "", CHALLENGE, UNKNOWN, CHALLENGE UNKNOWN,
        CHALLENGE UNKNOWN ASKS("30{06{2a0304}04{'longer than the others'}}")};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(attributes); i++) {
        struct request *request = read_recipe((struct csr_recipe){.attributes = attributes[i]});
        assert_int_equal(request->problems.count, 0);
        takes(request);
        request_free(request);
    }
}

/* ---- forms that no request has ---- */

/** Where these bytes are in the request's DER. */
static struct bytes place_of(const struct request *request, const char *text)
{
    AUTO(builder_done) struct builder part = BUILDER_INIT;
    der_assemble(text, &part);
    const uint8_t *found = memmem(request->der.data, request->der.len, part.data, part.len);
    assert_non_null(found);
    return bytes_of(found, part.len);
}

LIE(as_read, (void)said)
LIE(one_name, request->attributes_count = 1;
    said->attributes[0] = (struct request_attribute){
        .oid = "2.5.4.3", .tag = DER_UTF8_STRING, .value = BYTES_LITERAL("x")})
LIE(name_with_nul, one_name(said); said->attributes[0].value = BYTES_LITERAL("x\0y"))
LIE(one_extension, request->extensions_count = 1;
    said->extensions[0] = (struct request_extension){.oid = "1.2.3.4", .value = place_of(request, "0500")})
LIE(no_extension, request->extensions_count = 0)
LIE(one_usage, request->key_usage = 1)
LIE(one_purpose, request->extended_key_usage_count = 1; said->purposes[0] = "1.2.3.5")
LIE(one_san, request->sans_count = 1;
    said->sans[0] = (struct request_san){.kind = SAN_DNS, .value = place_of(request, "'a.b'")})
LIE(a_ca, request->asks_for_ca = true)
LIE(a_ca_with_1, request->asks_for_ca = true; request->path_len = 1)
LIE(a_ca_with_131, request->asks_for_ca = true; request->path_len = 0x83)

struct form {
    const char *text;
    void (*tell)(struct said *said); /**< besides: that nothing is wrong */
    const char *fact;                /**< what is false */
};

static void is_found_out(struct csr_recipe recipe, const struct form *form)
{
    struct said said;
    struct request *request = read_recipe(recipe);
    assert_true(request->problems.count > 0);
    say(request, &said);
    form->tell(&said);
    refuses(&said.request, form->fact);
    request_free(request);
}

#define NAME_FACT "each attribute of the Name"
#define LIST_FACT "the extensions asked for"
#define USAGE_FACT "the key usage asked for"
#define PURPOSE_FACT "the extended key usages asked for"
#define SAN_FACT "each subject alternative name"
#define CA_FACT "whether it asks to be a CA"
#define FORM_FACT "it calls something a request that is none"
#define DER_FACT "that it is exact DER"
#define VERSION_FACT "that it is version 1 and ends where the file ends"

static void names_of_no_form_are_found_out(void **state)
{
#define CN_X "30{06{550403}0c{'x'}}"
    static const struct form forms[] = {
        {"30{31{" CN_X "}31{}}", as_read, NAME_FACT},
        {"30{31{" CN_X "}30{" CN_X "}}", as_read, NAME_FACT},
        {"30{31{" CN_X "}0500}", as_read, NAME_FACT},
        {"30{31{}}", as_read, NAME_FACT},
        {"30{31{30{06{550403}0c{'x'}0500}}}", one_name, NAME_FACT},
        {"30{31{30{06{550403}}}}", one_name, NAME_FACT},
        {"30{31{30{04{550403}0c{'x'}}}}", one_name, NAME_FACT},
        {"30{31{31{06{550403}0c{'x'}}}}", one_name, NAME_FACT},
        {"30{31{30{06{550403}0c{'x'00'y'}}}}", name_with_nul, NAME_FACT},
        {"30{31{" CN_X "00}}", one_name, DER_FACT},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(forms); i++)
        is_found_out((struct csr_recipe){.subject = forms[i].text}, &forms[i]);
}

static void extensions_of_no_form_are_found_out(void **state)
{
    static const struct form forms[] = {
        {"30{06{2a0304}04{0500}0500}", one_extension, LIST_FACT},
        {"31{06{2a0304}04{0500}}", one_extension, DER_FACT},
        {"30{04{0500}}", one_extension, LIST_FACT},
        {"30{06{2a0304}}0500", as_read, LIST_FACT},
        {"30{06{2a0304}0c{0500}}", one_extension, LIST_FACT},
        {"30{06{2a0304}04{0500}}0500", one_extension, LIST_FACT},
        {"30{06{2a0304}01010104{0500}}", one_extension, DER_FACT},
        {USAGE("03{0780}0500"), one_usage, USAGE_FACT},
        {USAGE("04{0780}"), one_usage, USAGE_FACT},
        {USAGE("03{00}"), as_read, USAGE_FACT},
        {USAGE("03{}"), as_read, USAGE_FACT},
        {USAGE("03{00800001}"), one_usage, USAGE_FACT},
        {USAGE(""), as_read, USAGE_FACT},
        {PURPOSES("30{06{2a0305}}0500"), one_purpose, PURPOSE_FACT},
        {PURPOSES("31{06{2a0305}}"), one_purpose, PURPOSE_FACT},
        {PURPOSES("30{06{2a0305}0500}"), one_purpose, PURPOSE_FACT},
        {PURPOSES("30{04{2a0305}}"), one_purpose, PURPOSE_FACT},
        {PURPOSES("30{06{2a0305}00}"), one_purpose, PURPOSE_FACT},
        {PURPOSES(""), as_read, PURPOSE_FACT},
        {SANS("30{82{'a.b'}}0500"), one_san, SAN_FACT},
        {SANS("31{82{'a.b'}}"), one_san, SAN_FACT},
        {SANS("30{02{'a.b'}}"), one_san, SAN_FACT},
        {SANS("30{42{'a.b'}}"), one_san, SAN_FACT},
        {SANS("30{c2{'a.b'}}"), one_san, SAN_FACT},
        {SANS("30{92{'a.b'}}"), one_san, SAN_FACT},
        {SANS("30{82{'a.b'}00}"), one_san, SAN_FACT},
        {SANS(""), as_read, SAN_FACT},
        {A_CA("30{0101ff}0500"), a_ca, CA_FACT},
        {A_CA("31{0101ff}"), a_ca, CA_FACT},
        {A_CA("30{010101}"), a_ca, CA_FACT},
        {A_CA("30{010101}"), as_read, CA_FACT},
        {A_CA("30{0102ff00}"), a_ca, CA_FACT},
        {A_CA("30{0102}"), as_read, CA_FACT},
        {A_CA("30{0101ff0500}"), a_ca, CA_FACT},
        {A_CA("30{0101ff0201010500}"), a_ca_with_1, CA_FACT},
        {A_CA("30{0101ff02020100}"), a_ca_with_1, CA_FACT},
        {A_CA("30{0101ff020183}"), a_ca_with_131, CA_FACT},
        {A_CA("30{0101ff00}"), a_ca, CA_FACT},
        {A_CA(""), as_read, CA_FACT},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
        char *attribute = csr_extension_request(forms[i].text);
        is_found_out((struct csr_recipe){.attributes = attribute}, &forms[i]);
        free(attribute);
    }
}

static void attributes_of_no_form_are_found_out(void **state)
{
#define EXTENSION "30{06{2a0304}04{0500}}"
#define ASK_OID "06{2a864886f70d01090e}"
    static const struct form forms[] = {
        {ASKS(EXTENSION) ASKS(EXTENSION), one_extension, FORM_FACT},
        {"30{" ASK_OID "31{30{" EXTENSION "}30{" EXTENSION "}}}", one_extension, FORM_FACT},
        {"30{" ASK_OID "31{31{" EXTENSION "}}}", one_extension, FORM_FACT},
        {"30{" ASK_OID "31{30{" EXTENSION "}}0500}", one_extension, FORM_FACT},
        {"30{" ASK_OID "30{30{" EXTENSION "}}}", one_extension, FORM_FACT},
        {"31{" ASK_OID "31{30{" EXTENSION "}}}", one_extension, FORM_FACT},
        {"30{31{30{" EXTENSION "}}}", one_extension, FORM_FACT},
        {"30{" ASK_OID "31{30{}}}", no_extension, FORM_FACT},
        {"30{" ASK_OID "31{}}", no_extension, FORM_FACT},
        {"30{" ASK_OID "}", no_extension, FORM_FACT},
        {ASKS(EXTENSION) "00", one_extension, FORM_FACT},
        {"30{" ASK_OID "31{30{" EXTENSION "}}00}", one_extension, FORM_FACT},
        {"30{" ASK_OID "31{30{" EXTENSION "}00}}", one_extension, FORM_FACT},
        {ASKS(EXTENSION) "0500", one_extension, FORM_FACT},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(forms); i++)
        is_found_out((struct csr_recipe){.attributes = forms[i].text}, &forms[i]);
}

static void requests_of_no_form_are_found_out(void **state)
{
    static const struct form version_1 = {"", as_read, VERSION_FACT};
    static const struct form not_der = {"", as_read, DER_FACT};
    (void)state;
    is_found_out((struct csr_recipe){.version = "02{01}"}, &version_1);
    is_found_out((struct csr_recipe){.version = "02{0001}"}, &version_1);
    is_found_out((struct csr_recipe){.version = "02{}"}, &version_1);
    is_found_out((struct csr_recipe){.trailing = "0500"}, &version_1);
    is_found_out((struct csr_recipe){.trailing = "00"}, &version_1);
    is_found_out((struct csr_recipe){.attributes = "30{06{2a0304}31{010101}}"}, &not_der);
}

/** A name of one character is that one, and not another that is as long. */
static void one_octet_elsewhere_is_another(void **state)
{
    struct said said;
    (void)state;
    struct request *request = read_recipe((struct csr_recipe){.attributes = ASKS(SANS("30{82{'a'}}"))});
    assert_int_equal(request->problems.count, 0);
    say(request, &said);
    takes(&said.request);
    said.sans[0].value.data--;
    refuses(&said.request, SAN_FACT);
    request_free(request);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_every_form_of_what_is_asked_for),
        cmocka_unit_test(takes_every_form_of_attributes),
        cmocka_unit_test(names_of_no_form_are_found_out),
        cmocka_unit_test(extensions_of_no_form_are_found_out),
        cmocka_unit_test(attributes_of_no_form_are_found_out),
        cmocka_unit_test(requests_of_no_form_are_found_out),
        cmocka_unit_test(one_octet_elsewhere_is_another),
    };
    return cmocka_run_group_tests(tests, make_key, free_key);
}
