/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A policy file: if it loads, it is linted, told in words and made a shape of, and judges a request that brings something for every
 * rule. What no policy may allow must not come out, and judging twice gives one answer.
 */
#include "fuzz.h"

#include "base/time.h"
#include "policy/policy.h"

#include <stdlib.h>
#include <string.h>

#define NOW INT64_C(1795233600)

#define TEXT_BYTES(literal)                                                                                  \
    {                                                                                                        \
        (const uint8_t *)(literal), sizeof(literal) - 1                                                      \
    }

static const struct request_attribute attributes[] = {
    {"2.5.4.6", "C", TEXT_BYTES("DE"), 0x13, 0},
    {"2.5.4.10", "O", TEXT_BYTES("Acme \xc3\x84\xe2\x80\xae"), 0x0c, 1},
    {"2.5.4.11", "OU", TEXT_BYTES("one"), 0x0c, 2},
    {"2.5.4.11", "OU", TEXT_BYTES("two"), 0x0c, 2},
    {"2.5.4.3", "CN", TEXT_BYTES("device-1"), 0x0c, 3},
    {"2.5.4.97", "organizationIdentifier", TEXT_BYTES("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!"), 0x0c, 4},
    {"2.5.4.5", "serialNumber", TEXT_BYTES("4711"), 0x13, 5},
};

/* otherName hardwareModuleName (RFC 4108 5): 1.3.6.1.4.1.1 and 00 01. */
static const uint8_t hardware[] = {0x06, 0x08, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x08,
                                   0x04, 0xa0, 0x0d, 0x30, 0x0b, 0x06, 0x05, 0x2b, 0x06,
                                   0x01, 0x04, 0x01, 0x04, 0x02, 0x00, 0x01};

static const struct request_san sans[] = {
    {SAN_DNS, TEXT_BYTES("device-1.iot.example"), "device-1.iot.example"},
    {SAN_DNS, TEXT_BYTES("*.iot.example"), "*.iot.example"},
    {SAN_DNS, TEXT_BYTES("localhost"), "localhost"},
    {SAN_IP, TEXT_BYTES("\x0a\x00\x00\x01"), "10.0.0.1"},
    {SAN_IP, TEXT_BYTES("\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01"), "2001:db8::1"},
    {SAN_URI, TEXT_BYTES("spiffe://iot.example/device/device-1"), "spiffe://iot.example/device/device-1"},
    {SAN_EMAIL, TEXT_BYTES("a@iot.example"), "a@iot.example"},
    {SAN_OTHER_NAME, {hardware, sizeof(hardware)}, "hardwareModuleName"},
};

static const struct request_extension extensions[] = {
    {"2.5.29.17", false, true, TEXT_BYTES("\x30\x00")},
    {"2.5.29.19", true, true, TEXT_BYTES("\x30\x00")},
    {"1.3.6.1.4.1.55555.1", false, true, TEXT_BYTES("\x05\x00")},
};

static const char *const usages[] = {"1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"};

static const struct request full = {
    .subject = TEXT_BYTES("\x30\x00"),
    .subject_text = "",
    .attributes = attributes,
    .attributes_count = ARRAY_LEN(attributes),
    .sans = sans,
    .sans_count = ARRAY_LEN(sans),
    .has_san_extension = true,
    .extensions = extensions,
    .extensions_count = ARRAY_LEN(extensions),
    .key_kind = KEY_EC_P256,
    .key_name = "ec-p256",
    .spki = TEXT_BYTES("\x30\x00"),
    .has_key_usage = true,
    .key_usage = 0x1ff,
    .has_extended_key_usage = true,
    .extended_key_usage = usages,
    .extended_key_usage_count = ARRAY_LEN(usages),
    .has_basic_constraints = true,
    .path_len = -1,
    .has_proof_of_possession = true,
};

/* A device that asks for its CN and no more: more policies allow it than the full one. */
static const struct request plain = {
    .subject = TEXT_BYTES("\x30\x00"),
    .subject_text = "CN=device-1",
    .attributes = &attributes[4],
    .attributes_count = 1,
    .key_kind = KEY_RSA,
    .key_bits = 2048,
    .key_name = "rsa-2048",
    .spki = TEXT_BYTES("\x30\x01\x00"),
    .path_len = -1,
    .has_proof_of_possession = true,
};

static const struct policy_variable variables[] = {{"domain", "iot.example"}, {"site", "HH7"}};

static struct policy_issuer make_issuer(struct template_name names[static 2])
{
    static uint8_t domain[] = "iot.example";
    static uint8_t network[] = {10, 0, 0, 0, 255, 0, 0, 0};
    static char text[] = "constraint";
    names[0] = (struct template_name){SAN_DNS, domain, sizeof(domain) - 1, text};
    names[1] = (struct template_name){SAN_IP, network, sizeof(network), text};
    return (struct policy_issuer){
        .not_before = NOW - 60,
        .not_after = NOW + 90 * TIME_DAY_SECONDS,
        .is_ca = true,
        .path_len = 1,
    };
}

static void demand(bool is_true)
{
    if (!is_true)
        abort();
}

/** What holds for every certificate a policy allows. */
static void check_template(const struct policy *policy, const struct policy_question *question,
                           const struct template *template)
{
    const struct request *request = question->request;
    demand(template->is_ca == policy_is_ca(policy));
    demand(template->is_ca || (template->key_usage & KEY_USAGE_KEY_CERT_SIGN) == 0);
    demand(template->is_ca || template->permitted_count + template->excluded_count == 0);
    demand(!template->is_ca || !template->has_no_expiry);
    demand(template->not_before <= template->not_after && template->not_after <= TIME_9999_END);
    demand(template->attributes_count + template->sans_count > 0);
    demand(bytes_equal(bytes_of(template->spki, template->spki_len), request->spki));
    demand(request->key_kind == KEY_RSA || (template->key_usage & KEY_USAGE_KEY_ENCIPHERMENT) == 0);
    for (size_t i = 0; i < template->sans_count; i++) {
        for (size_t j = 0; j < i; j++)
            demand(template->sans[i].kind != template->sans[j].kind ||
                   !bytes_equal(bytes_of(template->sans[i].value, template->sans[i].value_len),
                                bytes_of(template->sans[j].value, template->sans[j].value_len)));
    }
    if (question->issuer != NULL)
        demand(template->not_before >= question->issuer->not_before &&
               (template->not_after <= question->issuer->not_after || template->validity_note != NULL));
}

static void judge(const struct policy *policy, const struct request *request,
                  const struct policy_issuer *issuer)
{
    struct policy_question question = {
        .request = request,
        .issuer = issuer,
        .variables = variables,
        .variables_count = ARRAY_LEN(variables),
        .now = NOW,
    };
    AUTO(verdict_free) struct verdict *once = policy_judge(policy, &question);
    AUTO(verdict_free) struct verdict *twice = policy_judge(policy, &question);
    demand(once->is_allowed == (once->findings.count == 0));
    demand(once->is_allowed == (once->template != NULL));
    demand(once->findings.count == twice->findings.count && once->decisions_count == twice->decisions_count);
    for (size_t i = 0; i < once->findings.count; i++)
        demand(strcmp(once->findings.items[i].text, twice->findings.items[i].text) == 0);
    if (once->is_allowed)
        check_template(policy, &question, once->template);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct error err = ERROR_INIT;
    struct template_name names[2];
    struct policy_shape shape = {.template = NULL};
    struct policy_issuer issuer = make_issuer(names);
    struct policy_constraints constraints = {.permitted = names, .permitted_count = ARRAY_LEN(names)};
    AUTO(policy_free) struct policy *policy = NULL;
    AUTO(findings_done) struct findings findings = FINDINGS_INIT;
    AUTO(builder_done) struct builder words = BUILDER_INIT;
    if (!policy_load(bytes_of(data, len), "fuzzed.yaml", &policy, &err)) {
        demand(err.kind == ERROR_INPUT && err.len > 0);
        return 0;
    }
    policy_lint(policy, &findings);
    policy_describe(policy, &words);
    judge(policy, &full, NULL);
    judge(policy, &plain, NULL);
    judge(policy, &plain, &issuer);
    issuer.constraints = &constraints;
    issuer.constraints_count = 1;
    judge(policy, &full, &issuer);
    const struct policy_wish wish = {
        .cn = "device-1", .variables = variables, .variables_count = ARRAY_LEN(variables)};
    if (policy_shape(policy, &wish, &shape, &err))
        policy_shape_done(&shape);
    return 0;
}
