#include "base/memory.h"
#include "ca/confine.h"
#include "ca/release.h"
#include "ca/show.h"
#include "cli/judging.h"
#include "cli/report.h"
#include "ui/ui.h"

static const struct command_help help = {
    .usage = "review --policy NAME --out DIR [OPTIONS] FILE|FOLDER...",
    .text = "Shows each request in words: what it asks for, what the policy takes, drops and sets, and the "
            "certificate\n"
            "to be issued. You approve, refuse with a reason, skip, approve the rest that are allowed, or "
            "quit; then the PIN\n"
            "is asked for and what you approved is signed. Your decisions go to the ledger.",
    .example = "  coldca -C ca review --policy tls-server --out media/issued media/requests",
};

/** Promise P8: on a console a person confirms the time before anything is signed. */
static bool confirm_clock(const struct ca_console *console, struct error *err)
{
    char now[TIME_TEXT_SIZE];
    bool is_right = false;
    AUTO(free)
    char *question = memory_format("the clock says %s UTC; is that right?", time_format(time_now(), now));
    if (console->confirm == NULL)
        return error_set(err, ERROR_USAGE, 0, "review needs a terminal; `coldca sign` works without one");
    if (!console->confirm(console->data, question, &is_right, err))
        return false;
    return is_right ||
           error_set(err, ERROR_INTERRUPTED, 0, "set the clock, then run again; nothing was signed");
}

/** What ui_review() hands back to its hooks. */
struct reviewed {
    struct ca_home *home;
    const struct ca_console *console;
};

static bool describe(void *data, const struct plan_item *item, struct builder *ret_text, struct error *err)
{
    const struct reviewed *reviewed = data;
    return ca_show_item(reviewed->home, item, ret_text, err);
}

static bool unlock(void *data, struct error *err)
{
    const struct reviewed *reviewed = data;
    return ca_home_login(reviewed->home, reviewed->console, err);
}

static bool decide(struct ca_home *home, struct plan *plan, const struct ca_console *console,
                   struct error *err)
{
    struct reviewed reviewed = {.home = home, .console = console};
    const struct review_hooks hooks = {.describe = describe, .unlock = unlock, .data = &reviewed};
    return confirm_clock(console, err) && ui_review(plan, &hooks, err);
}

static bool carry_out(struct ca_home *home, struct release *release, const struct plan *plan,
                      const struct ca_console *console, struct issue_result *ret_result, struct error *err)
{
    struct issue_options issue = {
        .command = "review",
        .release = release_certificate,
        .flush = release_flush,
        .data = release,
        .wants_proofs = release->with_proof,
        .is_confirmed_by_person = true,
    };
    // An empty plan was not asked about.
    return ca_home_login(home, console, err) && ca_issue(home, plan, &issue, console, ret_result, err) &&
           release_checkpoint(release, err);
}

int cli_review(int argc, char **argv, struct error *err)
{
    const char *folder = NULL;
    bool without_proof = false;
    AUTO(options_done) struct options options = {.home = NULL};
    AUTO(judging_done) struct judging judging = {.policy = NULL};
    const struct option_row rows[] = {
        JUDGING_ROWS(&judging),
        {"out", 'o', OPTION_TEXT, "DIR", "where the certificates go", &folder},
        {"no-proof", 0, OPTION_FLAG, NULL, "no NAME.tlog-proof beside the certificates", &without_proof},
        {"reissue", 0, OPTION_FLAG, NULL, "a new certificate even if the request has one",
         &judging.may_reissue},
    };
    struct issue_result result = {.issued = 0};
    AUTO(plan_free) struct plan *plan = NULL;
    AUTO(ca_home_close) struct ca_home *home = NULL;
    AUTO(release_close) struct release release = {.fd = -1};
    if (!options_parse(argc, argv, rows, ARRAY_LEN(rows), &options, err))
        return (int)err->kind;
    if (cli_is_help(&options, &help, rows, ARRAY_LEN(rows)))
        return EXIT_DONE;
    struct ca_console console = cli_console(&options);
    AUTO(free) char *path = ca_home_path(options.home);
    if (folder == NULL) {
        (void)error_set(err, ERROR_USAGE, 0, "--out DIR is needed: where the certificates go");
        return (int)err->kind;
    }
    if (!ca_home_open(path, CA_WRITE, &console, &home, err) ||
        !judging_prepare(&judging, &options, home->fd, &console, err) ||
        !release_open(home, folder, &release, err) ||
        !ca_confine(home, folder, options.pin_source, &console, err) ||
        !release_meet_checkpoint(&release, err))
        return (int)err->kind;
    release.with_proof = !without_proof && policy_wants_proof(judging.policy);
    if (!judging_plan(&judging, home, release_is_taken, &release, &console, &plan, err) ||
        !decide(home, plan, &console, err) || !carry_out(home, &release, plan, &console, &result, err))
        return (int)err->kind;
    if (options.wants_json) {
        AUTO(json_free) struct json *json = report_issue_json(plan, &result, folder);
        report_json(json);
    } else {
        report_issue(plan, &result, folder);
    }
    return plan_count(plan, PLAN_REFUSE) > 0 ? EXIT_SOME_REFUSED : EXIT_DONE;
}
