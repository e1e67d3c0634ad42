/* SPDX-License-Identifier: Apache-2.0 */
/* What clients take for an IP address is not a host name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/host.h"

#include <string.h>

static void tells_names_addresses_and_numbers_apart(void **state)
{
    static const struct {
        const char *text;
        enum host_kind kind;
    } cases[] = {
        {"10.3.0.11", HOST_ADDRESS},
        {"203.0.113.9.", HOST_ADDRESS},
        {"::1", HOST_ADDRESS},
        {"fd00::5", HOST_ADDRESS},
        {"[2001:db8::1]", HOST_ADDRESS},
        {"::ffff:10.0.0.1", HOST_ADDRESS},
        {"1234567", HOST_NUMBER},
        {"10.1", HOST_NUMBER},
        {"1.2.3.4.5", HOST_NUMBER},
        {"300.1.2.3", HOST_NUMBER},
        {"010.0.0.1", HOST_NUMBER},
        {"a.example.5", HOST_NUMBER},
        {"*.5", HOST_NUMBER},
        {"127.0x1", HOST_NUMBER},
        {"0x7F000001", HOST_NUMBER},
        {"0x", HOST_NUMBER},
        {"10.3.0.11.example", HOST_NAME},
        {"5", HOST_NUMBER},
        {"5a", HOST_NAME},
        {"0xcafe.example", HOST_NAME},
        {"0xg", HOST_NAME},
        {"a.example", HOST_NAME},
        {"www.example:443", HOST_NAME},
        {"[a]", HOST_NAME},
        {"[]", HOST_NAME},
        {"", HOST_NAME},
        {".", HOST_NAME},
        {"1..", HOST_NAME},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        if (host_kind_of(bytes_of_text(cases[i].text)) != cases[i].kind)
            fail_msg("\"%s\" is not of kind %d", cases[i].text, (int)cases[i].kind);
    }
    assert_int_equal(host_kind_of(bytes_of("10.0.0.1\0.a", 11)), HOST_NAME);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(tells_names_addresses_and_numbers_apart)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
