/* SPDX-License-Identifier: Apache-2.0 */
/* Whole verdicts on subjects and names: what is taken, made, dropped and refused, with every reason. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "verdict_case.h"

static const struct verdict_case cases[] = {
    {.policy = P(OF_CN TEN_DAYS),
     .subject = "",
     .wanted = "subject.empty (RFC 5280 4.1.2.6): subject: it is empty and there is no subjectAltName | "
               "found - | wanted - | ask for a subject or a SAN\n"
               "taken key: ec-p256\n" DATED UNUSED},
    {.policy = P(OF_CN "san: [{type: hardware, required: true}, {type: dns, match: '[a-z]+', required: "
                       "true}, {type: ip, required: true}]\n" TEN_DAYS),
     .sans = {"ip:10.0.0.1"},
     .wanted = "san.required (policy p): san hardware: the policy requires one | found - | wanted - | make a "
               "request with one\n"
               "san.required (policy p): san dns: the policy requires one | found - | wanted [a-z]+ | make a "
               "request with one\n" TAKEN "taken san ip: 10.0.0.1\n" DATED UNUSED},
    {.policy = P("subject: [{field: CN, match: '[a-z]+', max: 2}, {field: O, match: b}, {field: OU, match: "
                 "a}, {field: C, values: [US, DE]}]\n" TEN_DAYS),
     .subject = "CN=a,CN=b,CN=c,OU=a,OU=a,C=usa",
     .wanted = "subject.CN (policy p): subject CN: it is there more than the rule's max allows | found - | "
               "wanted - | -\n"
               "subject.O (policy p): subject O: it is missing, and the policy requires it | found - | "
               "wanted b | make a request with it\n"
               "subject.OU (policy p): subject OU: it is there more than once | found - | wanted - | -\n"
               "subject.C (RFC 5280 appendix A): subject C: \"usa\" is not a country code of two capital "
               "letters | found usa | wanted two capital letters | -\n"
               "taken key: ec-p256\n"
               "taken subject CN: a\n"
               "taken subject CN: b\n"
               "taken subject OU: a\n" DATED UNUSED},
    {.policy =
         P("subject: [{field: CN, match: '[a-z]+', max: 2}, {field: O, value: 'x{CN}', from: policy}, "
           "{field: SN, match: x, optional: true}, {field: OU, value: 'x{SN}', from: policy}]\n" TEN_DAYS),
     .subject = "CN=a,CN=b",
     .wanted = "subject.OU (policy p): subject OU: the policy makes it of {SN}, which is not known | found - "
               "| wanted - | -\n"
               "taken key: ec-p256\n"
               "taken subject CN: a\n"
               "taken subject CN: b\n"
               "set subject O: xa\n" DATED UNUSED},
    {.policy = P("variables: [{name: v, match: '.*'}]\n"
                 "subject: [{field: CN, value: '{v}', from: policy}, {field: O, value: 'a{v}', from: "
                 "policy}]\n" TEN_DAYS),
     .subject = "",
     .value = "x\x01",
     .wanted = "subject.CN (RFC 5280 4.1.2.4): subject CN: \"x\\x01\" holds a control character | found "
               "x\\x01 | wanted - | -\n"
               "subject.O (RFC 5280 4.1.2.4): subject O: \"ax\\x01\" holds a control character | found "
               "ax\\x01 | wanted - | -\n"
               "subject.empty (RFC 5280 4.1.2.6): subject: it is empty and there is no subjectAltName | "
               "found - | wanted - | ask for a subject or a SAN\n"
               "taken key: ec-p256\n" DATED UNUSED},
    {.policy = P("variables: [{name: v, match: '.*'}]\n"
                 "subject: [{field: CN, value: '{v}', from: policy}, {field: O, value: 'ab{v}}', from: "
                 "policy}]\n" TEN_DAYS),
     .subject = "",
     .value = "x",
     .wanted = "taken key: ec-p256\n"
               "set subject CN: x\n"
               "set subject O: abx}\n" DATED UNUSED "subject 0 2.5.4.3 CN 0c x\n"
               "subject 1 2.5.4.10 O 0c abx}\n" DATES "CA 0, path length -1, key usage 0\n" PLAIN},
    {.policy = P(OF_CN "san: [{type: dns, value: '{CN}', from: policy}, {type: uri, value: 'urn:{CN}', from: "
                       "policy}, {type: email, value: '{CN}@a.example', from: policy, optional: true}, "
                       "{type: ip, value: '{CN}', from: policy}]\n" TEN_DAYS),
     .subject = "CN=a b/c",
     .wanted = "san.dns (RFC 5280 4.2.1.6): san dns, made by the policy: dns \"a b/c\" holds a character "
               "that no host name has (RFC 1034 3.5) | found - | wanted - | -\n"
               "san.uri (RFC 5280 4.2.1.6): san uri, made by the policy: CN \"a b/c\" would change the URI; "
               "letters, digits and -._~ can stand in one | found - | wanted - | -\n"
               "san.ip (RFC 5280 4.2.1.6): san ip, made by the policy: ip \"a b/c\" is not an IPv4 or IPv6 "
               "address | found - | wanted - | -\n"
               "taken key: ec-p256\n"
               "taken subject CN: a b/c\n"
               "dropped san email: email \"a b/c@a.example\" is not a mailbox of ASCII characters (RFC 5280 "
               "4.2.1.6)\n" DATED UNUSED},
    {.policy = P(OF_CN "san: [{type: dns, value: '{CN}.example', from: policy}, {type: uri, value: "
                       "'urn:{CN}', from: policy}, {type: email, value: '{CN}@a.example', from: policy}, "
                       "{type: dns, value: '{CN}.EXAMPLE', from: policy}]\n" TEN_DAYS),
     .subject = "CN=ab",
     .sans = {"dns:AB.example", "uri:urn:ab"},
     .wanted = "taken key: ec-p256\n"
               "taken subject CN: ab\n"
               "added san dns: ab.example\n"
               "added san uri: urn:ab\n"
               "added san email: ab@a.example\n" DATED UNUSED "subject 0 2.5.4.3 CN 0c ab\n"
               "san dns ab.example = 61622e6578616d706c65\n"
               "san uri urn:ab = 75726e3a6162\n"
               "san email ab@a.example = 616240612e6578616d706c65\n" DATES
               "CA 0, path length -1, key usage 0\n" PLAIN},
    {.policy = P("subject: [{field: CN, match: 'x'}]\n"
                 "san: [{type: dns, value: '{CN}', from: policy}, {type: dns, value: a.example, from: "
                 "policy}]\n" TEN_DAYS),
     .subject = "CN=y",
     .wanted = "subject.CN (policy p): subject CN: \"y\" does not match x | found y | wanted x | -\n"
               "taken key: ec-p256\n"
               "added san dns: a.example\n" DATED UNUSED},
    {.policy = P(OF_CN "san: [{type: dns, match: '[a-z]+\\.example'}, {type: email, values: [a@b.example]}, "
                       "{type: uri, match: 'urn:.*'}]\n" TEN_DAYS),
     .sans = {"dns:10.0.0.1", "dns:1.2", "dns:*.a.example", "dns:a.example", "email:x", "email:a@b.example",
              "uri:urn:%", "uri:urn:x", "ip:10.0.0.1"},
     .wanted =
         "san.dns (RFC 5280 4.2.1.6): san dns: \"10.0.0.1\" is an IP address, which belongs in a name of the "
         "type ip; ask for it as an IP address: --san ip:10.0.0.1 (openssl: IP:10.0.0.1) | found 10.0.0.1 | "
         "wanted - | ask for it as an IP address: --san ip:10.0.0.1 (openssl: IP:10.0.0.1)\n"
         "san.dns (RFC 5280 4.2.1.6): san dns: \"1.2\" ends in a number, so clients take it for an IP "
         "address; ask for a host name whose last label has a letter | found 1.2 | wanted - | ask for a host "
         "name whose last label has a letter\n"
         "san.dns (policy p): san dns: \"*.a.example\" is a wildcard no rule allows | found *.a.example | "
         "wanted [a-z]+\\.example | -\n"
         "san.email (RFC 5280 4.2.1.6): san email \"x\" is not a mailbox of ASCII characters (RFC 5280 "
         "4.2.1.6) | found x | wanted - | -\n"
         "san.uri (RFC 5280 4.2.1.6): san uri \"urn:%\" is not a URI: it has a character that no URI has, or "
         "a % without two hexadecimal digits (RFC 3986) | found urn:% | wanted - | -\n"
         "san.ip (policy p): san ip: \"10.0.0.1\" is not allowed by any rule | found 10.0.0.1 | wanted - | "
         "leave it out of the request, or add a rule for it\n" TAKEN "taken san dns: a.example\n"
         "taken san email: a@b.example\n"
         "taken san uri: urn:x\n" DATED UNUSED},
    {.policy = P(OF_CN "san: [{type: dns, match: '.*', max: 1}]\n"
                       "other_san: drop\n"
                       "other_subject: drop\n" TEN_DAYS),
     .subject = "CN=x,O=y",
     .sans = {"dns:a.example", "dns:b.example", "dns:c.example", "ip:10.0.0.1"},
     .wanted = "san.max (policy p): san dns: more than 1 names | found - | wanted - | ask for fewer names\n"
               "note subject.dropped (policy p): subject O: \"y\" is left out: no rule takes it | found y\n"
               "note san.dropped (policy p): san ip \"10.0.0.1\" is left out: no rule takes names of this "
               "type | found 10.0.0.1\n"
               "taken key: ec-p256\n"
               "taken subject CN: x\n"
               "dropped subject O: y\n"
               "taken san dns: a.example\n"
               "dropped san ip: 10.0.0.1\n" DATED UNUSED},
    {.policy = P(OF_CN "san: [{type: ip, match: x}, {type: ip, cidr: [10.0.0.0/8, 11.0.0.0/8]}]\n" TEN_DAYS),
     .sans = {"ip:12.0.0.1"},
     .wanted =
         "san.ip (policy p): san ip: \"12.0.0.1\" does not match x, 10.0.0.0/8, 11.0.0.0/8 | found 12.0.0.1 "
         "| wanted x, 10.0.0.0/8, 11.0.0.0/8 | -\n" TAKEN DATED UNUSED},
    {.policy = P(OF_CN "san: [{type: ip, cidr: [10.0.0.0/8]}, {type: uri, match: x}, {type: uri, match: y, "
                       "values: ['urn:z']}, {type: email, match: x, values: [a@b.example]}, {type: dns, "
                       "values: [x], cidr: []}, {type: dns, match: x}]\n" TEN_DAYS),
     .sans = {"ip:11.0.0.1", "uri:urn:q", "email:z@y.example", "dns:y"},
     .wanted =
         "san.ip (policy p): san ip: \"11.0.0.1\" does not match 10.0.0.0/8 | found 11.0.0.1 | wanted "
         "10.0.0.0/8 | -\n"
         "san.uri (policy p): san uri: \"urn:q\" does not match x, y, urn:z | found urn:q | wanted x, y, "
         "urn:z | -\n"
         "san.email (policy p): san email: \"z@y.example\" does not match x, a@b.example | found z@y.example "
         "| wanted x, a@b.example | -\n"
         "san.dns (policy p): san dns: \"y\" does not match x, x | found y | wanted x, x | -\n" TAKEN DATED
             UNUSED},
    {.policy = P(OF_CN "san: [{type: dns, match: x}]\n" TEN_DAYS),
     .sans = {"dns:y", "dns:*.a.example"},
     .wanted = "san.dns (policy p): san dns: \"y\" does not match x | found y | wanted x | -\n"
               "san.dns (policy p): san dns: \"*.a.example\" is a wildcard no rule allows | found "
               "*.a.example | wanted x | -\n" TAKEN DATED UNUSED},
    {.policy = P(OF_CN "san: [{type: dns, value: '{CN}', from: policy}, {type: uri, match: x}]\n" TEN_DAYS),
     .subject = "CN=10.3.0.11",
     .sans = {"dns:*.a.example"},
     .wanted = "san.dns (RFC 5280 4.2.1.6): san dns, made by the policy: \"10.3.0.11\" is an IP address, and "
               "no ip rule takes it; use a host name, or add {type: ip, cidr: ['10.3.0.11/32']} to the "
               "policy's san | found 10.3.0.11 | wanted - | use a host name, or add {type: ip, cidr: "
               "['10.3.0.11/32']} to the policy's san\n"
               "san.dns (policy p): san dns: \"*.a.example\" is not allowed by any rule | found *.a.example "
               "| wanted - | leave it out of the request, or add a rule for it\n"
               "taken key: ec-p256\n"
               "taken subject CN: 10.3.0.11\n" DATED UNUSED},
    {.policy = P(
         OF_CN "san: [{type: dns, value: '{CN}', from: policy}, {type: ip, cidr: [10.0.0.0/16]}]\n" TEN_DAYS),
     .subject = "CN=FD00:0::5",
     .wanted =
         "san.dns (RFC 5280 4.2.1.6): san dns, made by the policy: \"fd00::5\" is an IP address, and no ip "
         "rule takes it; use a host name, or add 'fd00::5/128' to cidr of the policy's ip rule | found "
         "fd00::5 | wanted - | use a host name, or add 'fd00::5/128' to cidr of the policy's ip rule\n"
         "taken key: ec-p256\n"
         "taken subject CN: FD00:0::5\n" DATED UNUSED},
    {.policy = P(
         OF_CN "san: [{type: dns, value: '{CN}', from: policy}, {type: ip, cidr: [10.0.0.0/8]}]\n" TEN_DAYS),
     .subject = "CN=10.3.0.11",
     .wanted = "taken key: ec-p256\n"
               "taken subject CN: 10.3.0.11\n"
               "added san ip: 10.3.0.11\n" DATED UNUSED "subject 0 2.5.4.3 CN 0c 10.3.0.11\n"
               "san ip 10.3.0.11 = 0a03000b\n" DATES "CA 0, path length -1, key usage 0\n" PLAIN},
    {.policy = P(
         OF_CN "san: [{type: dns, value: '{CN}', from: policy}, {type: ip, cidr: [10.0.0.0/8]}]\n" TEN_DAYS),
     .subject = "CN=[fd00::5]",
     .wanted = "san.dns (RFC 5280 4.2.1.6): san dns, made by the policy: ip \"[fd00::5]\" is not an IPv4 or "
               "IPv6 address | found - | wanted - | write an IPv6 address without brackets\n"
               "taken key: ec-p256\n"
               "taken subject CN: [fd00::5]\n" DATED UNUSED},
    {.policy = P(OF_CN "san: [{type: dns, value: '{CN}', from: policy, like_request: true}, {type: dns, "
                       "match: '[a-z]+.example'}, {type: ip, value: 10.0.0.1, from: policy}]\n" TEN_DAYS),
     .subject = "CN=*.a.example",
     .sans = {"ip:10.0.0.1"},
     .wanted = "san.dns (policy p): san dns: \"*.a.example\" is a wildcard no rule allows | found "
               "*.a.example | wanted [a-z]+.example | -\n"
               "taken key: ec-p256\n"
               "taken subject CN: *.a.example\n"
               "added san ip: 10.0.0.1\n" DATED UNUSED},
    {.policy = P(OF_CN "san: [{type: hardware, values: ['1.3.6.1.4.1.55555:534e']}]\n" TEN_DAYS),
     .extensions = "30{06{551d11}04{30{a0{06{2b06010505070804}a0{30{06{2b0601040183b203}04{'SN1'}}}}}}}",
     .wanted = "san.other (policy p): san other: \"1.3.6.1.5.5.7.8.4:1.3.6.1.4.1.55555:534e31\" does not "
               "match 1.3.6.1.4.1.55555:534e | found 1.3.6.1.5.5.7.8.4:1.3.6.1.4.1.55555:534e31 | wanted "
               "1.3.6.1.4.1.55555:534e | -\n" TAKEN DATED UNUSED},
};

static void each_verdict_is_this_one(void **state)
{
    (void)state;
    judge_each(cases, ARRAY_LEN(cases));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(each_verdict_is_this_one, case_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
