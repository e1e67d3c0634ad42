/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The requester's side: a key and a request (PKCS #10) that match a policy, one or many.
 * It promises: a finished request is evaluated against the policy at once, so that a refusal is seen here and not after the medium was
 * carried away; NAME.key is for its owner only. The request is written after its key: where there is a request there is its key.
 * It does not: need a token, a home or a ledger, or write a private key beside requests that go to the CA (--csr-out).
 */
#ifndef COLDCA_ENROLL_ENROLL_H
#define COLDCA_ENROLL_ENROLL_H

#include "base/openssl_release.h"
#include "base/secret.h"
#include "policy/policy.h"

/** One request to make, as an operator or a line of a list asks for it. All texts owned. */
struct enroll_order {
    char *name; /**< base of the files' names as asked for; NULL: from the CN, else the first SAN */
    char *cn;
    char *subject;
    char **sans;
    size_t sans_count;
    char **variable_names;
    char **variable_values;
    size_t variables_count;
    size_t line; /**< of the list it came from; 0: from the command line */
};
void enroll_order_done(struct enroll_order *order);
DEFINE_AUTO_VALUE(struct enroll_order, enroll_order_done);
void enroll_order_add_san(struct enroll_order *order, const char *san);
/** Sets a variable, or sets it anew. */
void enroll_order_set(struct enroll_order *order, const char *name, const char *value);

struct enroll_orders {
    struct enroll_order *items;
    size_t count;
};
void enroll_orders_done(struct enroll_orders *orders);
DEFINE_AUTO_VALUE(struct enroll_orders, enroll_orders_done);

/**
 * One id per line, which becomes the CN; empty lines and lines that start with # are left out.
 * \param common  what every request has besides
 */
MUST_USE bool enroll_orders_from_list(struct bytes text, const char *file, const struct enroll_order *common,
                                      struct enroll_orders *ret_orders, struct error *err);
/**
 * CSV (RFC 4180) with a header row: the columns cn, san (several names, space between), subject, name, and the policy's variables.
 * A cell replaces what common says; SANs are added.
 */
MUST_USE bool enroll_orders_from_csv(struct bytes text, const char *file, const struct enroll_order *common,
                                     struct enroll_orders *ret_orders, struct error *err);

/** What all requests of a run have in common. */
struct enroll {
    const struct policy *policy;
    enum key_kind key_kind; /**< KEY_OTHER: the policy's first */
    unsigned key_bits;
    EVP_PKEY *key;                   /**< one to use instead of making one; NULL: make */
    const struct secret *passphrase; /**< NULL: keys are written unencrypted */
    int folder_fd;                   /**< where the keys go */
    int csr_fd;                      /**< where the requests go; may be the same descriptor */
    bool may_write_refused;          /**< --force */
    bool may_resume; /**< many at once: finished ones are left alone, a key without its request is used */
    int64_t now;
};

enum enroll_state {
    ENROLL_MADE,
    ENROLL_REFUSED, /**< the policy would refuse it; nothing was written */
    ENROLL_THERE,   /**< an earlier run made it */
};

struct enroll_answer {
    enum enroll_state state;
    char *name;              /**< safe: NAME.csr, NAME.key */
    bool has_new_key;        /**< NAME.key was written */
    struct request *request; /**< what was made; NULL if ENROLL_THERE, or if it got no shape */
    struct verdict *verdict; /**< NULL if ENROLL_THERE */
};
void enroll_answer_done(struct enroll_answer *answer);
DEFINE_AUTO_VALUE(struct enroll_answer, enroll_answer_done);

/**
 * Makes one: key, request, judgement, files. Never writes over a file.
 * \return false: ERROR_USAGE if the policy requires what the order lacks, ERROR_INPUT if a file is in the way or can't be written
 */
MUST_USE bool enroll_one(const struct enroll *enroll, const struct enroll_order *order,
                         struct enroll_answer *ret_answer, struct error *err);

/** The safe base of an order's file names; the caller frees. ERROR_USAGE if the order names nothing. */
MUST_USE bool enroll_name(const struct enroll_order *order, char **ret_name, struct error *err);

/** Refuses two orders of one name, upper and lower case being the same (as on vfat). ERROR_USAGE, naming the lines. */
MUST_USE bool enroll_check_names(const struct enroll_orders *orders, struct error *err);

#endif
