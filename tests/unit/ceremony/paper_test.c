/* SPDX-License-Identifier: Apache-2.0 */
/* The paper of a ceremony: to the byte as in tests/data/ceremony, with everything of the script on it, and nothing of a machine unless its site is given. */
#include "ceremony/paper.h"

#include "base/file.h"
#include "base/memory.h"
#include "ceremony/assumed.h"

#include <fcntl.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const char script_text[] =
    "ceremony: root\n"
    "title: The root CA of Example\n"
    "about: A root, and a CA below it.\n"
    "blanks:\n"
    "  - {name: room, ask: Room and building}\n"
    "  - {name: bag, ask: Number of the bag, match: '[A-Z]{2}[0-9]{6}'}\n"
    "roles:\n"
    "  - {role: operator, about: types}\n"
    "  - {role: second}\n"
    "  - {role: witness, count: 2, about: watch}\n"
    "homes: [{home: root, token: root}]\n"
    "media: [{medium: stick, about: the blue one}]\n"
    "steps:\n"
    "  - {step: note, name: The room, text: 'We are in {room}, not elsewhere.', ask: Who has the key}\n"
    "  - {step: clock}\n"
    "  - {step: program}\n"
    "  - {step: compare, file: 'stick:controls.yaml', "
    "sha256: e58294f2e9a227486e8b061b31cc528fd7fa3f190000000000000000000000ff}\n"
    "  - {step: token-init, token: root, fails: stop}\n"
    "  - {step: root, home: root, subject: 'CN=Example Root', controls: 'stick:controls.yaml', to: "
    "'stick:root.pem'}\n"
    "  - {step: keys, home: root, says: witness}\n"
    "  - {step: sign, home: root, policy: sub-ca, request: 'stick:issuing.csr', to: 'stick:certificates', "
    "fails: go-on}\n"
    "  - {step: checkpoint, home: root}\n"
    "  - {step: seal, token: root, bag: '{bag}'}\n";

static const char site_text[] =
    "tokens: [{token: root, label: vault-7, module: /usr/lib/vendor.so, pin_source: 'file:/run/pin'}]\n"
    "homes: [{home: root, path: /var/lib/coldca/root}]\n"
    "media: [{medium: stick, path: /media/blue}]\n";

static struct page *paper_of(const char *text, const struct ceremony_site *site)
{
    struct error err = ERROR_INIT;
    struct page *page = NULL;
    AUTO(ceremony_script_free) struct ceremony_script *script = NULL;
    if (!ceremony_script_read(bytes_of_text(text), "root.yaml", &script, &err) ||
        !ceremony_paper(script, "root.yaml", site, &page, &err))
        fail_msg("%s", err.text);
    return page;
}

static char *copy(struct bytes form)
{
    return memory_text_of(form.data, form.len);
}

static void is_file(struct bytes made, const char *path)
{
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder wanted = BUILDER_INIT;
    AUTO(free) char *text = copy(made);
    if (!file_read(AT_FDCWD, path, 1 << 20, &wanted, &err))
        fail_msg("%s", err.text);
    assert_string_equal(text, builder_text(&wanted));
}

static void this_script_makes_these_bytes(void **state)
{
    (void)state;
    AUTO(page_free) struct page *page = paper_of(script_text, NULL);
    is_file(page_as_text(page), TEST_DATA "/ceremony/paper.txt");
    is_file(page_as_html(page), TEST_DATA "/ceremony/paper.html");
}

static void plain_text_fits_the_sheet(void **state)
{
    (void)state;
    AUTO(page_free) struct page *page = paper_of(script_text, NULL);
    AUTO(free) char *text = copy(page_as_text(page));
    for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n")) {
        if (strlen(line) > 78)
            fail_msg("%zu columns: %s", strlen(line), line);
    }
}

static void a_site_puts_its_own_places_into_the_commands_and_no_pin(void **state)
{
    struct error err = ERROR_INIT;
    AUTO(ceremony_site_free) struct ceremony_site *site = NULL;
    (void)state;
    if (!ceremony_site_read(bytes_of_text(site_text), "site.yaml", &site, &err))
        fail_msg("%s", err.text);
    AUTO(page_free) struct page *page = paper_of(script_text, site);
    AUTO(free) char *text = copy(page_as_html(page));
    assert_non_null(strstr(
        text, "coldca -C /var/lib/coldca/root --pin-source file:/run/pin init --subject 'CN=Example Root'"));
    assert_non_null(strstr(text, "--token vault-7 --module /usr/lib/vendor.so"));
    assert_non_null(strstr(text, "cp /var/lib/coldca/root/ca.pem /media/blue/root.pem"));
    assert_non_null(strstr(text, "<td>/media/blue</td>"));
    assert_null(strstr(text, "&lt;home root"));
}

static void without_a_site_no_machine_is_in_it(void **state)
{
    (void)state;
    AUTO(page_free) struct page *page = paper_of(script_text, NULL);
    AUTO(free) char *text = copy(page_as_text(page));
    assert_non_null(strstr(text, "coldca -C <home root> init --subject 'CN=Example Root'"));
    assert_null(strstr(text, "/var/"));
    assert_null(strstr(text, "--module"));
}

static void collect(void *data, const struct step_need *need)
{
    struct builder *list = data;
    step_need_words(need, list);
    builder_add_text(list, "\n");
}

static void what_it_counts_on_is_named_once_and_nothing_it_makes(void **state)
{
    struct error err = ERROR_INIT;
    AUTO(ceremony_script_free) struct ceremony_script *script = NULL;
    AUTO(builder_done) struct builder list = BUILDER_INIT;
    (void)state;
    assert_true(ceremony_script_read(bytes_of_text(script_text), "root.yaml", &script, &err));
    ceremony_assumed(script, collect, &list);
    assert_string_equal(builder_text(&list), "the medium stick is mounted\n"
                                             "stick:controls.yaml is there\n"
                                             "the token root is not initialised\n"
                                             "the home root does not exist\n"
                                             "stick:root.pem is not there\n"
                                             "stick:issuing.csr is there\n");
}

/** Each word a reviewer wrote is on the paper. */
static void nothing_of_the_script_is_left_out(void **state)
{
    static const char *const parts[] = {"The root CA of Example",
                                        "A root, and a CA below it.",
                                        "Room and building",
                                        "[A-Z]{2}[0-9]{6}",
                                        "watch",
                                        "the blue one",
                                        "not elsewhere",
                                        "Who has the key",
                                        "topmost Istanbul Pluto",
                                        "witness, initials",
                                        "go on without it; stop here and resume later",
                                        "sub-ca",
                                        "Exception sheet"};
    (void)state;
    AUTO(page_free) struct page *page = paper_of(script_text, NULL);
    AUTO(free) char *text = copy(page_as_html(page));
    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        if (strstr(text, parts[i]) == NULL)
            fail_msg("%s is not on the paper", parts[i]);
    }
}

static void a_title_is_only_text(void **state)
{
    static const char text[] =
        "ceremony: x\ntitle: '<script>x</script>'\nroles: [{role: second}]\n"
        "homes: [{home: root, token: root}]\nsteps: [{step: note, text: '</section><img src=x>'}]\n";
    (void)state;
    AUTO(page_free) struct page *page = paper_of(text, NULL);
    AUTO(free) char *html = copy(page_as_html(page));
    assert_null(strstr(html, "<script"));
    assert_null(strstr(html, "<img"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(this_script_makes_these_bytes),
        cmocka_unit_test(plain_text_fits_the_sheet),
        cmocka_unit_test(a_site_puts_its_own_places_into_the_commands_and_no_pin),
        cmocka_unit_test(without_a_site_no_machine_is_in_it),
        cmocka_unit_test(what_it_counts_on_is_named_once_and_nothing_it_makes),
        cmocka_unit_test(nothing_of_the_script_is_left_out),
        cmocka_unit_test(a_title_is_only_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
