/* Review at a pseudo-terminal: what is shown, what each key does, and that nothing is changed before the last word. */
#include "ui_person.h"

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

static bool describe(const struct plan_item *item, struct builder *ret_text, struct error *err)
{
    (void)err;
    builder_format(ret_text, "Subject: of %s\nSerial: 01\n", item->name);
    return true;
}

static bool describe_badly(const struct plan_item *item, struct builder *ret_text, struct error *err)
{
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
    bool done = ui_review(&plan, describe, &err);
    report_plan(report, done, &err);
}

static void child_bad_description(int report)
{
    struct error err = ERROR_INIT;
    make_plan();
    bool done = ui_review(&plan, describe_badly, &err);
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
    person_sees(
        person,
        "4 requests under policy mqtt-device: 1 to sign, 1 to hand out again, 2 refused, 0 put aside");
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
    person_sees(person, "the certificate that would come out:");
    person_sees(person, "    Subject: of device-1");
    answers(person, "1 of 4, device-1: a approve, r refuse", "a\n");
    person_sees(person, "names         none (no subjectAltName)");
    person_sees(person, "asks          to be a CA");
    person_sees(person, "verdict       REFUSED by the policy");
    person_sees(person, "because       key: rsa-1024 is not one of ec-p256");
    person_sees(person, "to do: make a new key");
    person_sees(person, "subject CN: \"printer 7\" does not match [a-z]+");
    answers(person, "2 of 4, printer: r leave it refused", "r\n");
    person_sees(person, "CN=sensor\\x1b[31m\\u{202e}");
    person_sees(person, "has its certificate already: serial 00ff, until 1970-01-01T00:00:00Z");
    person_sees(person, "the certificate it has:");
    answers(person, "3 of 4", "a\n");
    person_sees(person, "not a certificate request");
    answers(person, "4 of 4", "r\n");
    answers(person, "decided: 1 to sign, 1 to hand out again, 2 refused, 0 put aside", "c\n");
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
    answers(person, "decided: 0 to sign, 0 to hand out again, 2 refused, 2 put aside", "c\n");
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
    answers(person, "decided: 1 to sign, 1 to hand out again, 2 refused", "c\n");
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
    assert_untouched(person, "the review was left; nothing was signed");
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
    assert_untouched(person, "the review was left; nothing was signed");
}

static void ctrl_c_changes_nothing_at_any_question(void **state)
{
    struct person *person = *state;
    static const char stopped[] = "stopped at a question by Ctrl-C; run the command again";
    answers(person, "1 of 4", "\x03");
    assert_untouched(person, stopped);

    teardown(state);
    setup(state);
    answers(person, "1 of 4", "r\n");
    gives_reason(person, "half\x03");
    assert_untouched(person, stopped);

    teardown(state);
    setup(state);
    answers(person, "1 of 4", "A\n");
    person_sees(person, "[yes/no]: ");
    person_types(person, "\x03");
    assert_untouched(person, stopped);

    teardown(state);
    setup(state);
    answers(person, "1 of 4", "A\n");
    person_sees(person, "[yes/no]: ");
    person_types(person, "yes\n");
    answers(person, "decided", "\x03");
    assert_untouched(person, stopped);
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
        cmocka_unit_test_setup_teardown(ctrl_c_changes_nothing_at_any_question, setup, teardown),
        cmocka_unit_test(a_certificate_that_cannot_be_shown_stops_the_review),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
