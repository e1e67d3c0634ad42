/* SPDX-License-Identifier: Apache-2.0 */
#include "base/host.h"
#include "base/memory.h"
#include "policy/rules.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

/*
 * IP addresses where a host name was meant. Clients that connect to an address look for an iPAddress and for nothing else
 * (RFC 5280 4.2.1.6, RFC 9525 6.5), so an address is a name of the type ip or it is refused; it is never a dNSName.
 */

#define SOURCE "RFC 5280 4.2.1.6"

bool address_name(const struct rules *rules, const char *text, struct template_name *ret_name,
                  unsigned *ret_rule, struct error *err)
{
    char shown[INET6_ADDRSTRLEN];
    struct template_name name = {.value = NULL};
    if (!name_from_text(SAN_IP, text, false, &name, err))
        return false;
    // As a request's own address is written for patterns and people.
    if (inet_ntop(name.value_len == 4 ? AF_INET : AF_INET6, name.value, shown, sizeof(shown)) == NULL)
        abort(); // there is room for every address
    free(name.text);
    name.text = memory_text(shown);
    const struct request_san san = {
        .kind = SAN_IP, .value = bytes_of(name.value, name.value_len), .text = name.text};
    *ret_rule = san_rule_for(rules, &san);
    *ret_name = name;
    return true;
}

char *address_remedy(struct bytes name)
{
    switch (host_kind_of(name)) {
    case HOST_ADDRESS: {
        AUTO(free) char *text = memory_text_of(name.data, name.len);
        return memory_format("ask for it as an IP address: --san ip:%s (openssl: IP:%s)", text, text);
    }
    case HOST_NUMBER:
        return memory_text("ask for a host name whose last label has a letter");
    case HOST_NAME:
    default:
        return NULL;
    }
}

/** Whether an ip rule of the policy's own makes this very name. */
static bool is_made_by_ip_rule(const struct judgement *judgement, const struct template_name *name)
{
    const struct rules *rules = judgement->rules;
    for (unsigned i = 0; i < rules->san_count; i++) {
        struct error ignored = ERROR_INIT;
        struct template_name made = {.value = NULL};
        AUTO(builder_done) struct builder value = BUILDER_INIT;
        if (rules->san[i].from != FROM_POLICY || rules->san[i].type != SAN_IP ||
            !judge_render(judgement, rules->san[i].value, false, &value, &ignored) ||
            !name_from_text(SAN_IP, builder_text(&value), false, &made, &ignored))
            continue;
        bool is_same =
            bytes_equal(bytes_of(made.value, made.value_len), bytes_of(name->value, name->value_len));
        free(made.value);
        free(made.text);
        if (is_same)
            return true;
    }
    return false;
}

static bool has_ip_rule(const struct rules *rules)
{
    for (unsigned i = 0; i < rules->san_count; i++) {
        if (rules->san[i].from == FROM_REQUEST && rules->san[i].type == SAN_IP)
            return true;
    }
    return false;
}

static void refuse_address(struct judgement *judgement, const struct template_name *name)
{
    unsigned bits = (unsigned)name->value_len * 8;
    AUTO(free)
    char *remedy =
        has_ip_rule(judgement->rules)
            ? memory_format("use a host name, or add '%s/%u' to cidr of the policy's ip rule", name->text,
                            bits)
            : memory_format("use a host name, or add {type: ip, cidr: ['%s/%u']} to the policy's san",
                            name->text, bits);
    judge_refuse(judgement, "san.dns", SOURCE, name->text, NULL, remedy,
                 "san dns, made by the policy: \"%s\" is an IP address, and no ip rule takes it; %s",
                 name->text, remedy);
}

void judge_address(struct judgement *judgement, const char *text, unsigned *taken)
{
    unsigned rule = 0;
    struct error err = ERROR_INIT;
    struct template_name name = {.value = NULL};
    if (!address_name(judgement->rules, text, &name, &rule, &err)) {
        judge_refuse(judgement, "san.dns", SOURCE, NULL, NULL, "write an IPv6 address without brackets",
                     "san dns, made by the policy: %s", err.text);
        return;
    }
    bool is_taken = rule < judgement->rules->san_count;
    if (is_taken && !template_has_san(judgement->template, SAN_IP, bytes_of(name.value, name.value_len))) {
        taken[rule]++;
        judge_decide(judgement, DECISION_ADDED, "san ip", name.text);
        template_add_san(judgement->template, &name);
        return;
    }
    if (!is_taken && !is_made_by_ip_rule(judgement, &name))
        refuse_address(judgement, &name);
    free(name.value);
    free(name.text);
}
