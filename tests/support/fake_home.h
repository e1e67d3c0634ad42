/* SPDX-License-Identifier: Apache-2.0 */
/* A CA in a temporary directory whose keys are in the fake token: made by init_ca(), opened as a run opens it. */
#ifndef COLDCA_TESTS_FAKE_HOME_H
#define COLDCA_TESTS_FAKE_HOME_H

#include "fake_token.h"
#include "folder.h"
#include "init/init.h"
#include "plan/judge.h"
#include "signer/signer.h"

struct fake_home {
    struct folder folder;
    char path[80]; /**< of the home */
    struct home *home;
    struct confined *confined;
    struct signer *signer;
};

/** The person: gives the right PIN, and collects what is said. */
extern const struct console fake_console;
/** What was said since fake_home_make(), a line each. */
const char *fake_console_said(void);
/** From now on may_go_on() says no after it was asked so often. */
void fake_console_stops_after(unsigned count);

/** A root with an EC P-256 key; fails the test if it can't be made. Not open. */
void fake_home_make(struct fake_home *own);
/** From what the caller sets, with the token as it is (fake_token_reset() first); the path is set here. */
bool fake_home_init(struct fake_home *own, struct init_options *options, struct error *err);
/** Opens home and signer; fails the test if it can't. */
void fake_home_open(struct fake_home *own);
/** Opens the home alone, with two further tokens in its pool, "second" and "third", that hold the CA key; two sessions each. */
void fake_home_open_pool(struct fake_home *own);
void fake_home_close(struct fake_home *own);
/** Closes, and removes everything. */
void fake_home_remove(struct fake_home *own);

/** The types of all records that are on the disk: "cert.signing cert.issued "; the caller frees. */
char *fake_home_types(const struct fake_home *own);
/** The nth record of a type from the end, 1 the last, of the open home; fails the test if there is none. The caller frees. */
struct json *fake_home_record(const struct fake_home *own, const char *type, unsigned nth);
/** How many records of a type are on the disk. */
size_t fake_home_count(const struct fake_home *own, const char *type);
/** Whether ledger.jsonl on the disk holds these words. */
bool fake_home_logged(const struct fake_home *own, const char *words);

#define FAKE_POLICY                                                                                          \
    "policy: test\n"                                                                                         \
    "subject:\n"                                                                                             \
    "  - {field: CN, match: 'device-[0-9]+'}\n"                                                              \
    "other_subject: refuse\n"                                                                                \
    "other_san: refuse\n"                                                                                    \
    "key: {allow: [ec-p256, ed25519], unique: true}\n"                                                       \
    "validity: {days: 90}\n"                                                                                 \
    "key_usage: [digitalSignature]\n"                                                                        \
    "extended_key_usage: [clientAuth]\n"

/** A plan of requests for CN=device-FIRST and so on, each with a key of its own, not judged yet. The caller frees. */
struct plan *fake_plan(const struct policy *policy, unsigned first, unsigned count);
/** Adds a request: CN of a device and its key. */
void fake_plan_add(struct plan *plan, const char *name, unsigned device, EVP_PKEY *key);
/** The same requests, which are taken from a plan, in one of their own, not judged yet. The caller frees both. */
struct plan *fake_plan_again(const struct policy *policy, struct plan *plan);
/** Judges it by the open home; fails the test if it can't. \param output  NULL */
void fake_plan_judge(const struct fake_home *own, struct plan *plan, const struct policy *policy,
                     struct output *output);
/** FAKE_POLICY and further lines; the caller frees. */
struct policy *fake_policy(const char *more);

#endif
