/* SPDX-License-Identifier: Apache-2.0 */
/* Several constraints at once, of several kinds: each name is held to those of its own kind, and every reason is said once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/memory.h"
#include "policy/policy.h"

#include <stdlib.h>
#include <string.h>

#define MOST 4

/** "dns:a.example", "dir:O=x,CN=y", an address with its mask as "ip:10.0.0.0/255.0.0.0"; other kinds with any text: "rid:x". */
struct set_case {
    const char *permitted[MOST];
    const char *excluded[MOST];
    const char *subject; /**< NULL: empty */
    const char *sans[MOST];
    const char *wanted; /**< the findings' texts, a line each */
};

struct set {
    struct template_name subtrees[MOST];
    struct policy_name names[MOST];
    struct template *subjects[MOST];
    size_t count;
};

static uint8_t *octets_of_net(char *text, size_t *ret_len)
{
    struct error err = ERROR_INIT;
    struct template *template = template_new();
    char *slash = strchr(text, '/');
    *slash = '\0';
    AUTO(free) char *address = memory_format("ip:%s", text);
    AUTO(free) char *mask = memory_format("ip:%s", slash + 1);
    *slash = '/';
    assert_true(template_parse_san(address, template, &err) && template_parse_san(mask, template, &err));
    size_t len = template->sans[0].value_len;
    uint8_t *octets = memory_new(2 * len, 1);
    memcpy(octets, template->sans[0].value, len);
    memcpy(octets + len, template->sans[1].value, len);
    template_free(template);
    *ret_len = 2 * len;
    return octets;
}

static void add_subtree(struct set *set, const char *given)
{
    struct error err = ERROR_INIT;
    const char *colon = strchr(given, ':');
    AUTO(free) char *kind = memory_text_of(given, (size_t)(colon - given));
    struct template_name *subtree = &set->subtrees[set->count];
    *subtree = (struct template_name){.kind = SAN_DIRECTORY, .text = memory_text(colon + 1)};
    if (strcmp(kind, "dir") == 0) {
        struct template *subject = template_new();
        set->subjects[set->count] = subject;
        if (colon[1] != '\0' && !template_parse_subject(colon + 1, subject, &err))
            fail_msg("%s", err.text);
        for (size_t i = 0; i < subject->attributes_count; i++)
            subject->attributes[i].tag = template_attribute_tag(&subject->attributes[i]);
        set->names[set->count] = (struct policy_name){subject->attributes, subject->attributes_count};
    } else {
        assert_true(san_kind_parse(kind, &subtree->kind));
    }
    if (subtree->kind == SAN_IP) {
        subtree->value = octets_of_net(subtree->text, &subtree->value_len);
    } else {
        subtree->value = (uint8_t *)memory_text(colon + 1);
        subtree->value_len = strlen(colon + 1);
    }
    set->count++;
}

static void make_set(const char *const given[MOST], struct set *ret_set)
{
    *ret_set = (struct set){.count = 0};
    for (size_t i = 0; i < MOST && given[i] != NULL; i++)
        add_subtree(ret_set, given[i]);
}

static void drop_set(struct set *set)
{
    for (size_t i = 0; i < set->count; i++) {
        free(set->subtrees[i].value);
        free(set->subtrees[i].text);
        if (set->subjects[i] != NULL)
            template_free(set->subjects[i]);
    }
}

static char *judged(const struct set_case *given)
{
    struct error err = ERROR_INIT;
    struct set permitted, excluded;
    AUTO(template_free) struct template *names = template_new();
    AUTO(findings_done) struct findings found = FINDINGS_INIT;
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    make_set(given->permitted, &permitted);
    make_set(given->excluded, &excluded);
    if (given->subject != NULL && !template_parse_subject(given->subject, names, &err))
        fail_msg("%s", err.text);
    for (size_t i = 0; i < MOST && given->sans[i] != NULL; i++) {
        if (!template_parse_san(given->sans[i], names, &err))
            fail_msg("%s", err.text);
    }
    const struct policy_constraints constraints = {.permitted = permitted.subtrees,
                                                   .permitted_count = permitted.count,
                                                   .excluded = excluded.subtrees,
                                                   .excluded_count = excluded.count,
                                                   .permitted_names = permitted.names,
                                                   .excluded_names = excluded.names};
    policy_constraints_judge(names, &constraints, &found);
    for (size_t i = 0; i < found.count; i++) {
        assert_string_equal(found.items[i].rule, "name_constraints");
        assert_string_equal(found.items[i].source, "RFC 5280 4.2.1.10");
        assert_non_null(found.items[i].remedy);
        builder_format(&text, "%s\n", found.items[i].text);
    }
    drop_set(&permitted);
    drop_set(&excluded);
    return builder_take_text(&text);
}

#define OUTSIDE(what) what " is outside the names the issuer may certify\n"
#define AMONG(what, subtree) what " is among the names the issuer must not certify (" subtree ")\n"
#define HOST_CN "the CN, which counts where there is no dns name, "
#define ADDRESS_CN "the CN, which counts where there is no ip name, "
#define SUBJECT_OUTSIDE "subject: it is outside the directory names the issuer may certify\n"
#define SUBJECT_AMONG(name)                                                                                  \
    "subject: it is among the directory names the issuer must not certify (" name ")\n"
#define UNKNOWN(kind) "the issuer has name constraints of the kind " kind ", which coldca can't apply\n"

static const struct set_case cases[] = {
    {{NULL}, {NULL}, "CN=a.example", {"dns:a.example", "ip:10.0.0.1"}, ""},
    // Only what is of its kind permits a name, or has it permitted at all.
    {{"email:a.example", "uri:a.example"}, {NULL}, "CN=x", {"dns:b.example"}, ""},
    {{"dns:b.example", "email:a.example", "uri:a.example"},
     {NULL},
     "CN=x",
     {"dns:a.example"},
     OUTSIDE("dns \"a.example\"")},
    {{"uri:b.example", "dns:a.example"},
     {NULL},
     "CN=x",
     {"uri:https://a.example/"},
     OUTSIDE("uri \"https://a.example/\"")},
    {{"email:b.example", "dns:a.example"},
     {NULL},
     "CN=x",
     {"email:x@a.example"},
     OUTSIDE("email \"x@a.example\"")},
    {{"dns:b.example", "dns:a.example"}, {NULL}, "CN=x", {"dns:a.example", "dns:x.b.example"}, ""},
    {{NULL}, {"email:a.example", "uri:a.example"}, "CN=x", {"dns:a.example"}, ""},
    {{NULL}, {"dns:a.example"}, "CN=x", {"email:x@a.example", "uri:https://a.example/"}, ""},
    {{NULL},
     {"dns:b.example", "email:a.example", "dns:a.example"},
     "CN=x",
     {"dns:x.a.example", "dns:c.example"},
     AMONG("dns \"x.a.example\"", "a.example")},
    {{"dns:a.example"},
     {"dns:x.a.example"},
     "CN=x",
     {"dns:x.a.example", "dns:b.example"},
     AMONG("dns \"x.a.example\"", "x.a.example") OUTSIDE("dns \"b.example\"")},
    {{"dns:a.example"},
     {"dns:b.example"},
     "CN=x",
     {"dns:b.example"},
     OUTSIDE("dns \"b.example\"") AMONG("dns \"b.example\"", "b.example")},
    // Networks, bit by bit.
    {{"ip:10.1.0.0/255.255.0.0"},
     {NULL},
     "CN=x",
     {"ip:10.1.255.255", "ip:10.2.0.0"},
     OUTSIDE("ip \"10.2.0.0\"")},
    {{"ip:10.1.2.0/255.255.255.0", "ip:10.1.3.0/255.255.255.252"},
     {NULL},
     "CN=x",
     {"ip:10.1.2.255", "ip:10.1.3.3", "ip:10.1.3.4", "ip:10.0.2.1"},
     OUTSIDE("ip \"10.1.3.4\"") OUTSIDE("ip \"10.0.2.1\"")},
    {{NULL},
     {"ip:10.1.2.3/255.255.255.255"},
     "CN=x",
     {"ip:10.1.2.3", "ip:10.1.2.2"},
     AMONG("ip \"10.1.2.3\"", "10.1.2.3/255.255.255.255")},
    {{"ip:2001:db8::/ffff:ffff::"},
     {NULL},
     "CN=x",
     {"ip:2001:db8:1::1", "ip:2001:db9::1", "ip:10.0.0.1"},
     OUTSIDE("ip \"2001:db9::1\"") OUTSIDE("ip \"10.0.0.1\"")},
    // A URI that can't be held to constraints is told once, and held to nothing else.
    {{"uri:a.example"},
     {"uri:", "uri:b.example"},
     "CN=x",
     {"uri:urn:x", "uri:https://10.0.0.1/"},
     "uri \"urn:x\" has no host, so the issuer's URI constraints can't be met\n"
     "uri \"https://10.0.0.1/\" has an address for a host, so the issuer's URI constraints can't be met\n"},
    {{"dns:a.example", "ip:10.0.0.0/255.0.0.0"}, {NULL}, "CN=x", {"uri:urn:x"}, ""},
    // Directory names.
    {{"dir:O=Acme"}, {NULL}, "O=Acme,CN=x", {NULL}, ""},
    {{"dir:O=Acme"}, {NULL}, "O=acme,CN=x", {NULL}, SUBJECT_OUTSIDE},
    {{"dir:O=Acme"}, {NULL}, "CN=x", {NULL}, SUBJECT_OUTSIDE},
    {{"dir:O=Acme"}, {NULL}, NULL, {"dns:a.example"}, ""}, // no subject, none to hold
    {{"dir:O=Other", "dir:O=Acme"}, {NULL}, "O=Acme,CN=x", {NULL}, ""},
    {{"dir:O=Acme", "dir:O=Other"}, {NULL}, "O=Acme,CN=x", {NULL}, ""},
    {{"dir:O=One", "dir:O=Other"}, {NULL}, "O=Acme,CN=x", {NULL}, SUBJECT_OUTSIDE},
    {{"dns:a.example", "dir:O=Acme"}, {NULL}, "O=Acme,CN=x", {"dns:a.example"}, ""},
    {{"edi:x", "dir:O=Acme"}, {NULL}, "O=Acme,CN=x", {NULL}, UNKNOWN("edi")},
    {{NULL}, {"dir:O=Acme"}, "O=ACME ,CN=x", {NULL}, SUBJECT_AMONG("O=Acme")},
    {{NULL}, {"dir:O=Acme"}, "O=Other,CN=x", {NULL}, ""},
    {{NULL}, {"dir:"}, "O=Other,CN=x", {NULL}, SUBJECT_AMONG("")},
    {{NULL}, {"dir:"}, NULL, {"dns:a.example"}, ""},
    {{NULL}, {"dns:x", "dir:O=Other", "dir:O=Acme"}, "O=Acme,CN=y", {NULL}, SUBJECT_AMONG("O=Acme")},
    {{"dir:O=Acme"},
     {"dir:O=Acme,OU=Secret"},
     "O=Acme,OU=Secret,CN=x",
     {NULL},
     SUBJECT_AMONG("O=Acme,OU=Secret")},
    // The common name and the mailbox in a subject.
    {{"dns:a.example"}, {NULL}, "CN=*.e.example", {NULL}, OUTSIDE(HOST_CN "\"*.e.example\"")},
    {{"dns:a.example"}, {NULL}, "CN=b-c_d.0.example", {NULL}, OUTSIDE(HOST_CN "\"b-c_d.0.example\"")},
    {{"dns:a.example"}, {NULL}, "CN=b.c", {NULL}, OUTSIDE(HOST_CN "\"b.c\"")},
    {{"dns:a.example"}, {NULL}, "CN=*.b", {NULL}, ""}, // one word
    {{"dns:a.example"}, {NULL}, "CN=-b.example", {NULL}, ""},
    {{"dns:a.example"}, {NULL}, "CN=b.example-", {NULL}, ""},
    {{"dns:a.example"}, {NULL}, "CN=b-.example", {NULL}, ""},
    {{"dns:a.example"}, {NULL}, "CN=b.-example", {NULL}, ""},
    {{"dns:a.example"}, {NULL}, "CN=b-c.example", {NULL}, OUTSIDE(HOST_CN "\"b-c.example\"")},
    {{"dns:a.example"}, {NULL}, "CN=-c.example", {NULL}, ""},
    {{"dns:a.example"}, {NULL}, "CN=.b.example", {NULL}, ""},
    {{"dns:a.example"}, {NULL}, "CN=b.example.", {NULL}, ""},
    {{"dns:a.example"}, {NULL}, "CN=b..example", {NULL}, ""},
    {{"dns:a.example"}, {NULL}, "CN=b c.example", {NULL}, ""},
    {{"dns:a.example"}, {NULL}, "CN=b.example", {"uri:https://x/", "dns:a.example"}, ""},
    {{NULL},
     {"dns:b.example"},
     "CN=c.b.example",
     {"ip:10.0.0.1"},
     AMONG(HOST_CN "\"c.b.example\"", "b.example")},
    {{"email:b.example", "x400:b.example"}, {NULL}, "CN=c.example", {NULL}, UNKNOWN("x400")},
    {{"ip:10.0.0.0/255.0.0.0"}, {NULL}, "CN=11.0.0.1", {"dns:a.example"}, OUTSIDE(ADDRESS_CN "\"11.0.0.1\"")},
    {{"ip:10.0.0.0/255.0.0.0"}, {NULL}, "CN=11.0.0.1", {"ip:10.0.0.1"}, ""},
    {{"rid:x"}, {NULL}, "CN=11.0.0.1", {NULL}, UNKNOWN("rid")},
    {{"email:b.example"},
     {NULL},
     "CN=x,emailAddress=a@c.example,OU=d@c.example",
     {NULL},
     OUTSIDE("subject emailAddress \"a@c.example\"")},
    {{"dns:b.example"}, {NULL}, "CN=x,emailAddress=a@c.example", {NULL}, ""},
    {{"other:x", "rid:x", "rid:y"},
     {"x400:x", "edi:x"},
     "CN=x",
     {NULL},
     UNKNOWN("other") UNKNOWN("rid") UNKNOWN("x400") UNKNOWN("edi")},
};

static void each_name_is_held_to_the_constraints_of_its_kind(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        AUTO(free) char *text = judged(&cases[i]);
        if (strcmp(text, cases[i].wanted) != 0)
            fail_msg("%zu, %s: \"%s\" instead of \"%s\"", i, cases[i].subject, text, cases[i].wanted);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_name_is_held_to_the_constraints_of_its_kind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
