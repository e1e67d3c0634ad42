#include "base/memory.h"
#include "ca/confine.h"
#include "ca/release.h"
#include "cli/answers.h"
#include "cli/judging.h"
#include "cli/report.h"

#include <string.h>

static const struct command_help help = {
    .usage = "sign --policy NAME --out DIR [OPTIONS] FILE|FOLDER|-...",
    .text =
        "Signs the requests the policy allows and writes NAME.pem for each NAME.csr, and NAME.tlog-proof: "
        "that it is in\nthe ledger, for anyone to check with `coldca ledger verify --proof`. Before the "
        "token is "
        "asked, the ledger\n"
        "holds the exact bytes; before a certificate is handed out, the ledger holds it. The same "
        "request under the same\n"
        "policy gets the same certificate back. Without --out a single request from stdin is answered on "
        "stdout:\nthe certificate, or with --json the report with the certificate in it; why it is refused "
        "is said on stderr.",
    .example =
        "  coldca -C ca sign --policy mqtt-device --set domain=iot.example --out media/issued media/requests",
};

struct sign_options {
    const char *folder;
    const char *format;
    bool with_chain;
    bool without_proof;
    bool is_dry_run;
};

/** Options that contradict each other are found before anything is touched. */
static bool check_options(const struct sign_options *sign, const struct options *options, struct error *err)
{
    bool is_stdin = options->arguments.count == 1 && strcmp(options->arguments.items[0], "-") == 0;
    if (sign->folder == NULL && !sign->is_dry_run && !is_stdin)
        return error_set(err, ERROR_USAGE, 0, "--out DIR is needed: where the certificates go");
    if (sign->format != NULL && strcmp(sign->format, "pem") != 0 && strcmp(sign->format, "der") != 0)
        return error_set(err, ERROR_USAGE, 0, "--format is pem or der");
    return true;
}

static bool carry_out(struct ca_home *home, struct release *release, const struct sign_options *sign,
                      struct answers *answers, const struct ca_console *console,
                      struct issue_result *ret_result, struct error *err)
{
    const struct plan *plan = answers->plan;
    struct issue_options issue = {
        .command = "sign",
        .release = sign->folder != NULL ? release_certificate : answers_keep,
        .flush = sign->folder != NULL ? release_flush : NULL,
        .data = sign->folder != NULL ? (void *)release : (void *)answers,
        .wants_proofs = release->with_proof,
    };
    return ca_home_login(home, console, err) && ca_issue(home, plan, &issue, console, ret_result, err) &&
           (sign->folder == NULL || release_checkpoint(release, err));
}

static void report(const struct options *options, const struct sign_options *sign,
                   const struct answers *answers, const struct issue_result *result)
{
    const struct plan *plan = answers->plan;
    bool is_answer = !sign->is_dry_run && sign->folder == NULL;
    if (options->wants_json) {
        AUTO(json_free)
        struct json *json =
            sign->is_dry_run ? report_plan_json(plan) : report_issue_json(plan, result, sign->folder);
        if (is_answer)
            answers_put(answers, json);
        report_json(json);
    } else if (sign->is_dry_run) {
        report_plan(plan, true);
    } else if (sign->folder != NULL) {
        report_issue(plan, result, sign->folder);
    } else {
        answers_print(answers);
    }
}

int cli_sign(int argc, char **argv, struct error *err)
{
    struct sign_options sign = {.folder = NULL};
    AUTO(options_done) struct options options = {.home = NULL};
    AUTO(judging_done) struct judging judging = {.policy = NULL};
    const struct option_row rows[] = {
        JUDGING_ROWS(&judging),
        {"out", 'o', OPTION_TEXT, "DIR", "where the certificates go", &sign.folder},
        {"format", 0, OPTION_TEXT, "pem|der", "form of the certificates (pem)", &sign.format},
        {"chain", 0, OPTION_FLAG, NULL, "also write NAME-chain.pem: the certificate and those above it",
         &sign.with_chain},
        {"no-proof", 0, OPTION_FLAG, NULL, "no NAME.tlog-proof beside the certificates", &sign.without_proof},
        {"reissue", 0, OPTION_FLAG, NULL, "a new certificate even if the request has one",
         &judging.may_reissue},
        {"dry-run", 'n', OPTION_FLAG, NULL, "show the plan, sign nothing", &sign.is_dry_run},
    };
    struct issue_result result = {.issued = 0};
    AUTO(plan_free) struct plan *plan = NULL;
    AUTO(answers_done) struct answers answers = {.plan = NULL};
    AUTO(ca_home_close) struct ca_home *home = NULL;
    AUTO(release_close) struct release release = {.fd = -1};
    if (!options_parse(argc, argv, rows, ARRAY_LEN(rows), &options, err))
        return (int)err->kind;
    if (cli_is_help(&options, &help, rows, ARRAY_LEN(rows)))
        return EXIT_DONE;
    struct ca_console console = cli_console(&options);
    AUTO(free) char *path = ca_home_path(options.home);
    if (!check_options(&sign, &options, err) ||
        !ca_home_open(path, sign.is_dry_run ? CA_LOOK : CA_WRITE, &console, &home, err) ||
        !judging_prepare(&judging, &options, home->fd, &console, err) ||
        (sign.folder != NULL && !sign.is_dry_run && !release_open(home, sign.folder, &release, err)) ||
        !ca_confine(home, sign.is_dry_run ? NULL : sign.folder, sign.is_dry_run ? NULL : options.pin_source,
                    &console, err))
        return (int)err->kind;
    release.format = sign.format != NULL && strcmp(sign.format, "der") == 0 ? RELEASE_DER : RELEASE_PEM;
    release.with_chain = sign.with_chain;
    release.with_proof = release.fd >= 0 && !sign.without_proof && policy_wants_proof(judging.policy);
    if ((release.fd >= 0 && !release_meet_checkpoint(&release, err)) ||
        !judging_plan(&judging, home, release.fd >= 0 ? release_is_taken : NULL, &release, &console, &plan,
                      err))
        return (int)err->kind;
    answers_begin(&answers, plan);
    if (!sign.is_dry_run && !carry_out(home, &release, &sign, &answers, &console, &result, err))
        return (int)err->kind;
    report(&options, &sign, &answers, &result);
    return plan_count(plan, PLAN_REFUSE) > 0 ? EXIT_SOME_REFUSED : EXIT_DONE;
}
