/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/request_run.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/time.h"
#include "home/data.h"
#include "home/home.h"

#include <fcntl.h>

#define LIST_MAX_LEN (64 * 1024 * 1024)

void request_run_done(struct request_run *run)
{
    options_done(&run->options);
    option_list_done(&run->settings);
    option_list_done(&run->sans);
    enroll_orders_done(&run->orders);
    EVP_PKEY_free(run->key);
    if (run->policy != NULL)
        policy_free(run->policy);
    if (run->passphrase != NULL)
        secret_free(run->passphrase);
    if (run->enroll.csr_fd >= 0 && run->enroll.csr_fd != run->enroll.folder_fd)
        (void)close(run->enroll.csr_fd); // likewise
    if (run->enroll.folder_fd >= 0)
        (void)close(run->enroll.folder_fd); // a directory; what is in it was fsynced
    new_folder_done(&run->csr_own);
    new_folder_done(&run->own);
}

static bool check_usage(const struct request_run *run, struct error *err)
{
    bool is_many = run->list != NULL || run->csv != NULL;
    if (run->options.arguments.count > 0)
        return error_set(err, ERROR_USAGE, 0, "request takes options only; --cn gives the name");
    if (run->policy_name == NULL)
        return error_set(err, ERROR_USAGE, 0, "--policy is needed; `coldca policy list` shows them");
    if (run->list != NULL && run->csv != NULL)
        return error_set(err, ERROR_USAGE, 0, "--list and --csv don't go together");
    if (run->list != NULL && run->cn != NULL)
        return error_set(err, ERROR_USAGE, 0, "--cn doesn't go with --list: each id is a CN");
    if (is_many && (run->name != NULL || run->key_file != NULL))
        return error_set(err, ERROR_USAGE, 0, "--name and --key-file are for one request, not for many");
    if (run->key_file != NULL && (run->key_name != NULL || run->wants_encryption))
        return error_set(err, ERROR_USAGE, 0,
                         "--key-file uses a key as it is: leave --key and --encrypt out");
    if (run->passphrase_source != NULL && !run->wants_encryption && run->key_file == NULL)
        return error_set(err, ERROR_USAGE, 0, "--passphrase-source needs --encrypt or --key-file");
    return true;
}

static bool make_orders(struct request_run *run, struct error *err)
{
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    AUTO(enroll_order_done)
    struct enroll_order common = {.cn = memory_text(run->cn), .subject = memory_text(run->subject)};
    struct policy_variable *variables = NULL;
    if (!options_variables(&run->settings, &variables, err))
        return false;
    for (size_t i = 0; i < run->settings.count; i++)
        enroll_order_set(&common, variables[i].name, variables[i].value);
    options_variables_free(variables, run->settings.count);
    for (size_t i = 0; i < run->sans.count; i++)
        enroll_order_add_san(&common, run->sans.items[i]);
    const char *file = run->list != NULL ? run->list : run->csv;
    run->enroll.may_resume = file != NULL;
    if (file == NULL) {
        common.name = memory_text(run->name);
        run->orders.items = memory_new(1, sizeof(common));
        run->orders.items[run->orders.count++] = common;
        common = (struct enroll_order){.name = NULL};
        return true;
    }
    bool is_list = run->list != NULL;
    return file_read(AT_FDCWD, file, LIST_MAX_LEN, &text, err) &&
           (is_list ? enroll_orders_from_list(builder_bytes(&text), file, &common, &run->orders, err)
                    : enroll_orders_from_csv(builder_bytes(&text), file, &common, &run->orders, err)) &&
           enroll_check_names(&run->orders, err);
}

/** The policy by name or file; a home's own policies count when there is a home. */
static bool find_policy(struct request_run *run, struct error *err)
{
    AUTO(free) char *path = home_path(run->options.home);
    AUTO(free) char *config = memory_format("%s/ca.yaml", path);
    AUTO(close) int home_fd = -1;
    if ((run->options.home != NULL || file_exists(AT_FDCWD, config)) &&
        !file_open_folder(AT_FDCWD, path, &home_fd, err))
        return false;
    return home_policy_find(home_fd, run->policy_name, &run->policy, err);
}

bool request_run_prepare(struct request_run *run, struct error *err)
{
    if (!check_usage(run, err) || !find_policy(run, err) || !make_orders(run, err) ||
        !request_run_key(run, err) || !new_folder_open(run->folder, &run->own, &run->enroll.folder_fd, err))
        return false;
    if (run->csr_folder == NULL)
        run->enroll.csr_fd = run->enroll.folder_fd;
    else if (!new_folder_open(run->csr_folder, &run->csr_own, &run->enroll.csr_fd, err))
        return false;
    run->enroll.policy = run->policy;
    run->enroll.may_write_refused = run->is_forced;
    run->enroll.now = time_now();
    return true;
}
