/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What becomes of certificates after they are issued: revoking them, putting them on hold and releasing them; CRLs are crl.h's.
 * It promises: one record per certificate, on the disk and under a checkpoint before this returns; the next CRL has them.
 * It does not: issue certificates, publish CRLs, or change a record that is there.
 *
 *   open the home - read files - confine - find the certificates - a person decides - log in - log - checkpoint
 */
#ifndef COLDCA_STATUS_REVOKE_H
#define COLDCA_STATUS_REVOKE_H

#include "base/console.h"
#include "base/time.h"
#include "cert/crl.h"
#include "records/admit.h"

enum revoke_action {
    REVOKE_REVOKE,
    REVOKE_RELEASE,
    REVOKE_NOTHING, /**< it is so already, or, of a release of many, not on hold */
};

/** One certificate. */
struct revoke_target {
    enum revoke_action action;
    uint8_t serial[64];
    size_t serial_len;
    char *serial_text; /**< hex */
    char *subject;     /**< escaped; NULL: unknown */
    char *note;        /**< what is worth knowing: "already revoked ..."; NULL */
    int64_t not_after; /**< CRL_NO_TIME: unknown */
    enum crl_reason reason;
    int64_t invalidity_date;
    uint64_t signing_seq; /**< UINT64_MAX: foreign */
    uint64_t ref; /**< for the record: its cert.issued, or the cert.revoked that is taken back; UINT64_MAX */
    uint8_t key_value[32];
    bool has_key_value;
    bool is_foreign;
    bool
        is_key; /**< no certificate: a key that is refused from now on; serial_text is "key " and its value in hex */
};
void revoke_target_done(struct revoke_target *target);
DEFINE_AUTO_VALUE(struct revoke_target, revoke_target_done);

/** What would be done. */
struct revoke_plan {
    struct revoke_target *targets;
    size_t count;
    size_t to_do;       /**< of them, those with an action */
    size_t done_before; /**< of those without one: done by the same command when it was stopped */
    char **problems;    /**< lines of --list that can't be carried out, or serials: each a reason */
    size_t problem_count;
    uint8_t plan_sha256[32]; /**< with plan_out */
    bool is_many;            /**< asked for by --where or --list */
    bool is_release;         /**< holds are taken back; else it is revoked or put on hold */
};
void revoke_plan_done(struct revoke_plan *plan);
DEFINE_AUTO_VALUE(struct revoke_plan, revoke_plan_done);

struct revoke_options {
    const char *home;            /**< path */
    const char *pin_source;      /**< NULL */
    const char *reason;          /**< as RFC 5280 5.3.1 names it; NULL: unspecified */
    const char *invalidity_date; /**< a day or a time; NULL: none */
    bool is_hold;
    bool is_release;
    bool is_foreign;
    bool is_dry_run;
    bool may_skip; /**< --skip-bad */
    const char *const *serials;
    size_t serial_count;
    const char *certificate; /**< file; NULL */
    const char *request;     /**< file; NULL */
    const char *key;         /**< file with a public key, or a certificate or request that has one; NULL */
    const char *list;        /**< file; NULL */
    const char *where;       /**< NULL */
    const char *plan_out;    /**< write a plan instead of doing it; NULL */
    int64_t valid_for;       /**< plan_out: seconds */
    const struct plan_given *given; /**< revoke_planned() */
    const char *emergency;          /**< why one person does what people should approve; NULL */
    /** Shows the plan, and asks. \return false: nothing is done. words: the lines on its only target; "" */
    bool (*decide)(void *data, const struct revoke_plan *plan, const char *words, struct error *err);
    void *data;
};
/** The reason a target is revoked for, as RFC 5280 5.3.1 names it. */
const char *revoke_reason_name(const struct revoke_target *target);
/** Its end as a time; NULL: nobody knows. */
const char *revoke_end(const struct revoke_target *target, char buffer[static TIME_TEXT_SIZE]);

/**
 * Carries out a plan that people approved.
 * \param ret_done  items
 */
MUST_USE bool revoke_planned(const struct revoke_options *options, const struct console *console,
                             uint64_t *ret_done, struct error *err);

/** \param ret_plan  what was done, or would be; also on failure, as far as it came */
MUST_USE bool revoke_run(const struct revoke_options *options, const struct console *console,
                         struct revoke_plan *ret_plan, struct error *err);

#endif
