/* SPDX-License-Identifier: Apache-2.0 */
/* Review at a pseudo-terminal: what is shown, what each key does, and that nothing is changed before the last word. */
#include "person.h"

#include "base/encode.h"
#include "base/memory.h"
#include "ui/ui.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define DEVICE 0
#define PRINTER 1
#define SENSOR 2
#define GARBAGE 3
#define COUNT 4

static const struct request_san device_sans[] = {
    {.kind = SAN_URI, .text = "spiffe://iot.example/device/device-1"},
    {.kind = SAN_DNS, .text = "device-1.local"},
};
static struct request device_request = {
    .subject_text = "CN=device-1,O=Acme IoT",
    .sans = device_sans,
    .sans_count = ARRAY_LEN(device_sans),
    .key_name = "ec-p256",
    .spki = {.data = (const uint8_t *)"spki", .len = 4},
    .spki_sha256 = {0xab, 0xcd},
};
static struct decision device_decisions[] = {
    {DECISION_TAKEN, "subject CN", "device-1"},
    {DECISION_DROPPED, "subject L", "Berlin"},
    {DECISION_SET, "validity", "365 days"},
    {DECISION_ADDED, "san dns", "device-1.local"},
};
static struct verdict device_verdict = {
    .is_allowed = true, .decisions = device_decisions, .decisions_count = ARRAY_LEN(device_decisions)};

static struct request printer_request = {
    .subject_text = "CN=printer 7",
    .key_name = "rsa-1024",
    .spki = {.data = (const uint8_t *)"spki", .len = 4},
    .asks_for_ca = true,
};
static struct finding printer_findings[] = {
    {.rule = "key.allow", .text = "key: rsa-1024 is not one of ec-p256", .remedy = "make a new key"},
    {.rule = "subject.CN", .text = "subject CN: \"printer 7\" does not match [a-z]+"},
};
static struct verdict printer_verdict = {.findings = {printer_findings, ARRAY_LEN(printer_findings)}};

// A part below that forgot to make its text harmless must not reach the terminal with it.
static struct request sensor_request = {
    .subject_text = "CN=sensor\x1b[31m\xe2\x80\xae",
    .key_name = "ed25519",
    .spki = {.data = (const uint8_t *)"spki", .len = 4},
};
static struct verdict sensor_verdict = {.is_allowed = true};

static struct finding garbage_findings[] = {{.rule = "request.der", .text = "not a certificate request"}};
static struct verdict garbage_verdict = {.findings = {garbage_findings, 1}};

static struct plan_item items[COUNT];
static struct plan plan = {.items = items, .count = COUNT, .policy_name = "mqtt-device"};

static void make_plan(void)
{
    items[DEVICE] = (struct plan_item){.source = "in/device-1.csr",
                                       .name = "device-1",
                                       .request = &device_request,
                                       .verdict = &device_verdict,
                                       .action = PLAN_SIGN};
    items[PRINTER] = (struct plan_item){.source = "in/printer.csr",
                                        .name = "printer",
                                        .request = &printer_request,
                                        .verdict = &printer_verdict,
                                        .action = PLAN_REFUSE};
    items[SENSOR] = (struct plan_item){.source = "in/sensor.csr",
                                       .name = "sensor",
                                       .request = &sensor_request,
                                       .verdict = &sensor_verdict,
                                       .action = PLAN_REPEAT,
                                       .earlier = {.serial = "00ff", .not_after = 0}};
    items[GARBAGE] = (struct plan_item){
        .source = "in/garbage.csr", .name = "garbage", .verdict = &garbage_verdict, .action = PLAN_REFUSE};
    plan_seal(&plan);
}

static bool describe(void *data, const struct plan_item *item, struct builder *ret_text, struct error *err)
{
    (void)data;
    (void)err;
    builder_format(ret_text, "Subject: of %s\nSerial: 01\n", item->name);
    return true;
}

static bool describe_badly(void *data, const struct plan_item *item, struct builder *ret_text,
                           struct error *err)
{
    (void)data;
    (void)item;
    (void)ret_text;
    return error_set(err, ERROR_LEDGER, 0, "the plan holds no certificate");
}

static void report_plan(int report, bool done, const struct error *err)
{
    char hex[129];
    (void)dprintf(report, "%s", done ? "done" : err->text);
    for (size_t i = 0; i < COUNT; i++)
        (void)dprintf(report, "|%s %s", plan_action_name(items[i].action),
                      items[i].reason == NULL ? "-" : items[i].reason);
    (void)dprintf(report, "|%s", hex_of(BYTES(plan.sha256), hex));
}

static void child_review(int report)
{
    struct error err = ERROR_INIT;
    make_plan();
    const struct review_hooks hooks = {.describe = describe};
    bool done = ui_review(&plan, &hooks, &err);
    report_plan(report, done, &err);
}

static void child_bad_description(int report)
{
    struct error err = ERROR_INIT;
    make_plan();
    const struct review_hooks hooks = {.describe = describe_badly};
    bool done = ui_review(&plan, &hooks, &err);
    report_plan(report, done, &err);
}

static int setup(void **state)
{
    static struct person person;
    person = (struct person){.go = -1, .screen = -1, .answers = -1};
    *state = &person;
    make_plan(); // for the hash it has before anybody decided
    person_start(&person, child_review, 200);
    person_lets_go(&person);
    return 0;
}

static int teardown(void **state)
{
    person_done(*state);
    return 0;
}

static void answers(struct person *person, const char *seen, const char *typed)
{
    person_sees(person, seen);
    person_sees(person, "q quit");
    person_sees(person, ": ");
    person_types(person, typed);
}

static void gives_reason(struct person *person, const char *reason)
{
    person_sees(person, "reason (goes into the ledger): ");
    person_types(person, reason);
}

/** The report up to the hash, and that the hash was drawn. */
static void assert_report(struct person *person, const char *wanted)
{
    char *report = person_hears(person);
    char *hash = strrchr(report, '|');
    assert_non_null(hash);
    *hash++ = '\0';
    assert_string_equal(report, wanted);
    assert_int_equal(strlen(hash), 64);
    assert_true(person_saw(person, hash));
    free(report);
}

/** Nothing was changed, and it ended as an interruption. */
static void assert_untouched(struct person *person, const char *reason)
{
    char hex[129];
    char *wanted =
        memory_format("%s|sign -|refused -|repeat -|refused -|%s", reason, hex_of(BYTES(plan.sha256), hex));
    char *report = person_hears(person);
    assert_string_equal(report, wanted);
    assert_true(person_has_echo(person));
    free(wanted);
    free(report);
}

static void every_request_is_told_in_words(void **state)
{
    struct person *person = *state;
    person_sees(person,
                "4 requests under policy mqtt-device: 1 to sign, 1 to re-deliver, 2 refused, 0 skipped");
    person_sees(person, "plan ");
    person_sees(person, "request 1 of 4");
    person_sees(person, "file          in/device-1.csr");
    person_sees(person, "subject       CN=device-1,O=Acme IoT");
    person_sees(person, "names         uri spiffe://iot.example/device/device-1");
    person_sees(person, "dns device-1.local");
    person_sees(person, "key           ec-p256");
    person_sees(person, "SHA-256 abcd000000000000000000000000000000000000000000000000000000000000");
    person_sees(person, "verdict       allowed by the policy");
    person_sees(person, "policy takes  subject CN: device-1");
    person_sees(person, "policy drops  subject L: Berlin");
    person_sees(person, "policy sets   validity: 365 days");
    person_sees(person, "policy adds   san dns: device-1.local");
    person_sees(person, "the certificate to be issued:");
    person_sees(person, "    Subject: of device-1");
    person_sees(person, "\n1 of 4: in/device-1.csr\r\nsubject: CN=device-1,O=Acme IoT\r\n");
    answers(person, "a approve, r refuse, s skip, A approve the rest, b back, ? show again, ", "a\n");
    person_sees(person, "names         none (no subjectAltName)");
    person_sees(person, "asks          to be a CA");
    person_sees(person, "verdict       REFUSED by the policy");
    person_sees(person, "because       key: rsa-1024 is not one of ec-p256");
    person_sees(person, "to do: make a new key");
    person_sees(person, "subject CN: \"printer 7\" does not match [a-z]+");
    person_sees(person, "\n2 of 4: in/printer.csr\r\nsubject: CN=printer 7\r\n");
    answers(person, "r leave it refused, s skip, ", "r\n");
    person_sees(person, "CN=sensor\\x1b[31m\\u{202e}");
    person_sees(person, "has its certificate already: serial 00ff, until 1970-01-01T00:00:00Z");
    person_sees(person, "the certificate already issued:");
    answers(person, "3 of 4", "a\n");
    person_sees(person, "not a certificate request");
    person_sees(person, "\n4 of 4: in/garbage.csr\r\nsubject: (not a request)\r\n");
    answers(person, "r leave it refused", "r\n");
    answers(person, "decided: 1 to sign, 1 to re-deliver, 2 refused, 0 skipped", "c\n");
    assert_report(person, "done|sign -|refused -|repeat -|refused -");
}

static void refusals_need_a_reason_and_skips_do_not(void **state)
{
    struct person *person = *state;
    answers(person, "1 of 4", "refuse\n");
    gives_reason(person, "  \n");
    person_sees(person, "a refusal needs a reason");
    gives_reason(person, " not \x1b[1mours\xe2\x80\xae\n");
    answers(person, "2 of 4", "s\n");
    answers(person, "3 of 4", "S\n");
    answers(person, "4 of 4", "r\n");
    answers(person, "decided: 0 to sign, 0 to re-deliver, 2 refused, 2 skipped", "c\n");
    assert_report(person, "done|refused not \\x1b[1mours\\u{202e}|skipped -|skipped -|refused -");
}

static void what_the_policy_refused_cannot_be_approved(void **state)
{
    struct person *person = *state;
    answers(person, "1 of 4", "a\n");
    answers(person, "2 of 4", "a\n");
    person_sees(person,
                "it can't be approved here: key: rsa-1024 is not one of ec-p256; subject CN: \"printer 7\"");
    answers(person, "2 of 4", "approve\n");
    answers(person, "it can't be approved here", "A\n");
    person_sees(person, "approve 1 unseen or open, leave 2 refused [yes/no]: ");
    person_types(person, "yes\n");
    answers(person, "decided", "c\n");
    assert_report(person, "done|sign -|refused -|repeat -|refused -");
}

static void the_rest_is_approved_only_after_a_yes(void **state)
{
    struct person *person = *state;
    answers(person, "1 of 4", "rest\n");
    person_sees(person, "approve 2 unseen or open, leave 2 refused [yes/no]: ");
    person_types(person, "no\n");
    answers(person, "1 of 4", "A\n");
    person_sees(person, "[yes/no]: ");
    person_types(person, "yes\n");
    answers(person, "decided: 1 to sign, 1 to re-deliver, 2 refused", "c\n");
    assert_report(person, "done|sign -|refused -|repeat -|refused -");
}

static void a_decision_can_be_taken_back_even_at_the_end(void **state)
{
    struct person *person = *state;
    answers(person, "1 of 4", "r\n");
    gives_reason(person, "wrong site\n");
    answers(person, "2 of 4", "b\n");
    answers(person, "1 of 4", "b\n"); // there is nothing before the first
    answers(person, "1 of 4", "a\n");
    answers(person, "2 of 4", "A\n");
    person_sees(person, "[yes/no]: ");
    person_types(person, "yes\n");
    answers(person, "decided", "b\n");
    answers(person, "4 of 4", "b\n");
    answers(person, "3 of 4", "r\n");
    gives_reason(person, "lost\n");
    answers(person, "4 of 4", "r\n");
    answers(person, "decided", "c\n");
    assert_report(person, "done|sign -|refused -|refused lost|refused -");
}

static void what_is_no_command_is_asked_again(void **state)
{
    struct person *person = *state;
    answers(person, "1 of 4", "\n");
    answers(person, "1 of 4", "x\n");
    answers(person, "1 of 4", "aa\n");
    answers(person, "1 of 4", "q\n");
    assert_untouched(person, "review aborted; nothing was signed");
}

static void leaving_at_the_end_changes_nothing(void **state)
{
    struct person *person = *state;
    answers(person, "1 of 4", "r\n");
    gives_reason(person, "no\n");
    answers(person, "2 of 4", "A\n");
    person_sees(person, "[yes/no]: ");
    person_types(person, "y\n");
    answers(person, "decided: 0 to sign", "q\n");
    assert_untouched(person, "review aborted; nothing was signed");
}

static const char stopped[] = "stopped at a question by Ctrl-C; run the command again";

static void ctrl_c_before_any_decision_ends_the_review(void **state)
{
    struct person *person = *state;
    answers(person, "1 of 4", "\x03");
    assert_untouched(person, stopped);

    teardown(state);
    setup(state);
    answers(person, "1 of 4", "A\n");
    person_sees(person, "[yes/no]: ");
    person_types(person, "\x03");
    assert_untouched(person, stopped);
}

static void a_first_ctrl_c_keeps_decisions_and_a_second_ends(void **state)
{
    static const char kept_1[] =
        "Ctrl-C again, or q, aborts the review and discards the 1 decision made so far";
    struct person *person = *state;
    answers(person, "1 of 4", "r\n");
    gives_reason(person, "no\n");
    answers(person, "2 of 4", "\x03");
    person_sees(person, kept_1);
    answers(person, "2 of 4", "\n"); // any answer: the next Ctrl-C is a first one again
    answers(person, "2 of 4", "\x03");
    person_sees(person, kept_1);
    answers(person, "2 of 4", "b\n");
    answers(person, "1 of 4", "r\n");
    gives_reason(person, "half\x03");
    person_sees(person, kept_1);
    answers(person, "1 of 4", "A\n");
    person_sees(person, "[yes/no]: ");
    person_types(person, "yes\n");
    answers(person, "decided: 1 to sign", "\x03");
    person_sees(person, "discards the 4 decisions made so far");
    person_sees(person, "q quit [c/b/q]: ");
    person_types(person, "c\n");
    assert_report(person, "done|sign -|refused -|repeat -|refused -");

    teardown(state);
    setup(state);
    answers(person, "1 of 4", "A\n");
    person_sees(person, "[yes/no]: ");
    person_types(person, "yes\n");
    answers(person, "decided", "\x03");
    person_sees(person, "q quit [c/b/q]: ");
    person_types(person, "\x03");
    assert_untouched(person, stopped);
}

static void the_end_of_input_is_not_forgiven(void **state)
{
    struct person *person = *state;
    answers(person, "1 of 4", "s\n");
    answers(person, "2 of 4", "\x04");
    assert_untouched(person, "stopped at a question by the end of its input (Ctrl-D); run the command again");
}

/** Asks for a PIN until it is 7391. */
static bool unlock(void *data, struct error *err)
{
    AUTO(secret_free) struct secret *pin = NULL;
    (void)data;
    return ui_ask_pin("PIN", "pin-source", &pin, err) &&
           (strcmp(secret_text(pin), "7391") == 0 || error_set(err, ERROR_TOKEN, 0, "the PIN is wrong"));
}

static void child_unlock(int report)
{
    struct error err = ERROR_INIT;
    const struct review_hooks hooks = {.describe = describe, .unlock = unlock};
    make_plan();
    bool done = ui_review(&plan, &hooks, &err);
    report_plan(report, done, &err);
}

static void to_the_pin(struct person *person)
{
    person_start(person, child_unlock, 80);
    person_lets_go(person);
    answers(person, "1 of 4", "r\n");
    gives_reason(person, "lost\n");
    answers(person, "2 of 4", "A\n");
    person_sees(person, "[yes/no]: ");
    person_types(person, "yes\n");
    answers(person, "decided", "c\n");
    person_sees(person, "PIN: ");
}

static void a_wrong_pin_and_ctrl_c_return_to_the_last_question(void **state)
{
    struct person person;
    (void)state;
    to_the_pin(&person);
    person_types(&person, "1234\n");
    person_sees(&person, "coldca: the PIN is wrong\r\nnothing was signed; your decisions are kept");
    person_sees(&person, "q quit [c/b/q]: ");
    person_types(&person, "c\n");
    person_sees(&person, "PIN: ");
    person_types(&person, "12\x03");
    person_sees(&person, "discards the 4 decisions made so far");
    person_sees(&person, "q quit [c/b/q]: ");
    person_types(&person, "c\n");
    person_sees(&person, "PIN: ");
    person_types(&person, "7391\n");
    assert_report(&person, "done|refused lost|refused -|repeat -|refused -");
    person_done(&person);

    to_the_pin(&person);
    person_types(&person, "\x03");
    person_sees(&person, "q quit [c/b/q]: ");
    person_types(&person, "\x03");
    assert_untouched(&person, stopped);
    person_done(&person);
}

/** How many rows of 80 columns were drawn from one place in what was seen to another, of ASCII. */
static size_t rows_between(struct person *person, size_t from, size_t to)
{
    size_t rows = 0;
    size_t column = 0;
    const char *seen = builder_text(&person->seen);
    for (size_t i = from; i < to; i++) {
        column = seen[i] == '\n' ? 0 : column + (seen[i] == '\r' ? 0 : 1);
        rows += seen[i] == '\n' || column == 81 ? 1 : 0;
        column = column == 81 ? 1 : column;
    }
    return rows;
}

static bool describe_at_length(void *data, const struct plan_item *item, struct builder *ret_text,
                               struct error *err)
{
    (void)data;
    (void)err;
    builder_format(ret_text, "Subject: of %s\n", item->name);
    for (int i = 1; i <= 40; i++)
        builder_format(ret_text, "line %d%s\n", i,
                       i % 10 == 0 ? " that is longer than the eighty columns a terminal has, so that it "
                                     "takes two rows of the screen"
                                   : "");
    return true;
}

static void child_long(int report)
{
    static struct plan_item long_items[] = {
        {.source =
             "in/a/very/long/way/below/the/folder/of/requests/that/somebody/made/to/see/it/cut/end-of-it.csr",
         .name = "device-1",
         .request = &device_request,
         .verdict = &device_verdict,
         .action = PLAN_SIGN}};
    static struct plan long_plan = {.items = long_items, .count = 1, .policy_name = "mqtt-device"};
    struct error err = ERROR_INIT;
    const struct review_hooks hooks = {.describe = describe_at_length};
    device_request.subject_text =
        "CN=a-subject-of-many-parts,OU=that-is-longer,OU=than-the-line,OU=it-stands-in,O=and-cut-here";
    bool done = ui_review(&long_plan, &hooks, &err);
    (void)dprintf(report, "%s", done ? "done" : err.text);
}

/** Sees the text page by page; a page with the prompt below it is never longer than the screen. */
static void pages_through(struct person *person)
{
    person_sees(person, "request 1 of 1");
    size_t from = person->seen_to;
    for (int page = 1; page < 4; page++) {
        person_sees(person, "Enter shows them, q goes to the question: ");
        if (rows_between(person, from, person->seen_to) > 23)
            fail_msg("a page of %zu rows", rows_between(person, from, person->seen_to));
        from = person->seen_to;
        person_types(person, "\n");
    }
    person_sees(person, "line 40 that");
}

static void a_long_text_is_paged_and_its_question_fits_the_width(unsigned short columns, unsigned short rows)
{
    struct person person;
    person_start_at(&person, child_long, columns, rows);
    person_lets_go(&person);
    pages_through(&person);
    person_sees(&person, "\n1 of 1: ");
    size_t question = person.seen_to;
    person_sees(&person, "/it/cut/end-of-it.csr\r\nsubject: CN=a-subject-of-many-parts,");
    person_sees(&person, "...\r\na approve, r refuse, ");
    person_sees(&person, "q quit: ");
    assert_int_equal(rows_between(&person, question, person.seen_to), 2); // three lines, none of them wrapped
    person_types(&person, "?\n");
    person_sees(&person, "request 1 of 1");
    person_sees(&person, "names         uri spiffe");
    person_sees(&person, "Enter shows them, q goes to the question: ");
    person_types(&person, "q\n");
    answers(&person, "1 of 1", "q\n");
    char *report = person_hears(&person);
    assert_string_equal(report, "review aborted; nothing was signed");
    free(report);
    person_done(&person);
}

static void a_long_text_is_paged_at_80x24(void **state)
{
    (void)state;
    a_long_text_is_paged_and_its_question_fits_the_width(80, 24);
}

static void a_terminal_of_unknown_size_is_80x24(void **state)
{
    (void)state;
    a_long_text_is_paged_and_its_question_fits_the_width(0, 0);
}

static void a_certificate_that_cannot_be_shown_stops_the_review(void **state)
{
    struct person person;
    (void)state;
    person_start(&person, child_bad_description, 80);
    person_lets_go(&person);
    char *report = person_hears(&person);
    assert_int_equal(
        strncmp(report, "the plan holds no certificate\nwhile describing the certificate of in/device-1.csr|",
                82),
        0);
    free(report);
    person_done(&person);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_request_is_told_in_words, setup, teardown),
        cmocka_unit_test_setup_teardown(refusals_need_a_reason_and_skips_do_not, setup, teardown),
        cmocka_unit_test_setup_teardown(what_the_policy_refused_cannot_be_approved, setup, teardown),
        cmocka_unit_test_setup_teardown(the_rest_is_approved_only_after_a_yes, setup, teardown),
        cmocka_unit_test_setup_teardown(a_decision_can_be_taken_back_even_at_the_end, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_no_command_is_asked_again, setup, teardown),
        cmocka_unit_test_setup_teardown(leaving_at_the_end_changes_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(ctrl_c_before_any_decision_ends_the_review, setup, teardown),
        cmocka_unit_test_setup_teardown(a_first_ctrl_c_keeps_decisions_and_a_second_ends, setup, teardown),
        cmocka_unit_test_setup_teardown(the_end_of_input_is_not_forgiven, setup, teardown),
        cmocka_unit_test(a_wrong_pin_and_ctrl_c_return_to_the_last_question),
        cmocka_unit_test(a_long_text_is_paged_at_80x24),
        cmocka_unit_test(a_terminal_of_unknown_size_is_80x24),
        cmocka_unit_test(a_certificate_that_cannot_be_shown_stops_the_review),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
