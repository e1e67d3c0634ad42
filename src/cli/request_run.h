/* SPDX-License-Identifier: Apache-2.0 */
/* What the command line of `coldca request` asks for, and everything that is read before the first key is made. */
#ifndef COLDCA_CLI_REQUEST_RUN_H
#define COLDCA_CLI_REQUEST_RUN_H

#include "base/new_folder.h"
#include "cli/options.h"
#include "enroll/enroll.h"

struct request_run {
    /* the command line; texts are argv's */
    struct options options;
    const char *policy_name;
    const char *cn;
    const char *subject;
    const char *name;
    const char *key_name;
    const char *key_file;
    const char *folder;
    const char *csr_folder; /**< NULL: requests go where the keys go */
    const char *list;
    const char *csv;
    const char *passphrase_source;
    struct option_list settings;
    struct option_list sans;
    bool wants_encryption;
    bool is_forced;
    /* by request_run_prepare() */
    struct enroll enroll; /**< csr_fd is folder_fd where csr_folder is NULL */
    struct new_folder own, csr_own;
    struct policy *policy;
    EVP_PKEY *key;
    struct secret *passphrase;
    struct enroll_orders orders;
};

#define REQUEST_RUN_INIT                                                                                     \
    {                                                                                                        \
        .folder = ".", .enroll = {.folder_fd = -1, .csr_fd = -1 }                                            \
    }

void request_run_done(struct request_run *run);
DEFINE_AUTO_VALUE(struct request_run, request_run_done);

/** Checks that the options go together; loads policy, list, key and passphrase; opens the directory. Writes no file. */
MUST_USE bool request_run_prepare(struct request_run *run, struct error *err);

/** The part of it that is the key: the kind of a new one and its passphrase, or the one of --key-file. ERROR_USAGE, ERROR_INPUT */
MUST_USE bool request_run_key(struct request_run *run, struct error *err);

#endif
