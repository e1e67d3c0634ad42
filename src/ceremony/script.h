/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A ceremony: one reviewed file that is checked, printed, rehearsed and run before witnesses (docs/decisions/0025). A ceremony process holds no
 * token: each step that acts is a coldca command of its own, confined as ever, and the paper has it word for word.
 *
 *   script.h   the file, read                   steps.h    the table of steps: fields, conditions, commands
 *   check.h    whether the order is possible    run.h      step by step, rehearsed or in earnest
 *
 * It promises: nothing of the machine is in a script (no module, slot, PIN, directory), so rehearsal and reality use the same bytes;
 * each event is in the journal, fsynced, before the next thing happens, and in the ledger as soon as there is one.
 * It does not: log in, sign, or see a PIN; print (cli/ does).
 *
 * Here: the script. Everything in it that is a text is the text of a reviewed file, not yet escaped: quote it before it is shown.
 */
#ifndef COLDCA_CEREMONY_SCRIPT_H
#define COLDCA_CEREMONY_SCRIPT_H

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/error.h"

#define CEREMONY_STEPS_MAX 200
#define CEREMONY_NAMES_MAX 16 /* homes, media, roles, blanks: of each */

enum step_kind {
    STEP_CLOCK,
    STEP_PROGRAM,
    STEP_COMPARE,
    STEP_TOKEN_INIT,
    STEP_ROOT,
    STEP_KEYS,
    STEP_REQUEST,
    STEP_COMPLETE,
    STEP_PLAN,
    STEP_APPROVE,
    STEP_SIGN,
    STEP_REVOKE,
    STEP_CRL,
    STEP_POLICY_APPROVE,
    STEP_PEOPLE,
    STEP_CHECKPOINT,
    STEP_NOTE,
    STEP_SEAL,
};
#define STEP_KIND_COUNT (STEP_SEAL + 1)

/** Fields of steps that are one text each. */
enum step_field {
    FIELD_HOME,        /**< name of a home */
    FIELD_TOKEN,       /**< name of a token */
    FIELD_FILE,        /**< place of a file */
    FIELD_SHA256,      /**< hex: of that file */
    FIELD_SUBJECT,     /**< "C=US,O=Example,CN=Example Root" */
    FIELD_KEY,         /**< kind of key: ec-p384 */
    FIELD_DAYS,        /**< a number */
    FIELD_POLICY,      /**< name of a policy */
    FIELD_CONTROLS,    /**< place of a file: who may decide what */
    FIELD_REQUEST,     /**< place of a request, or of a directory of them */
    FIELD_CERTIFICATE, /**< place of a certificate */
    FIELD_CHAIN,       /**< place of a chain */
    FIELD_PLAN,        /**< place of a plan */
    FIELD_TO,          /**< place that the step makes: a file, or of sign and crl a directory */
    FIELD_PERSON,      /**< who approves: name in the controls */
    FIELD_SERIAL,      /**< hex */
    FIELD_REASON,      /**< RFC 5280 5.3.1 */
    FIELD_EMERGENCY,   /**< why one person does it */
    FIELD_TEXT,        /**< what a note says, to be read aloud */
    FIELD_ASK,         /**< what is to be written down at a note */
    FIELD_BAG,         /**< number of the bag, or {blank} */
};
#define STEP_FIELD_COUNT (FIELD_BAG + 1)

/** A place is "NAME:PATH": a file or directory beneath a medium, or one of a home's own files, as "stick:certs/issuing.pem", "root:ca.pem". */
struct ceremony_step {
    enum step_kind kind;
    unsigned line;                  /**< in the script, 1 ... */
    char *word;                     /**< "token-init" */
    char *name;                     /**< its heading; NULL: the table's */
    char *says;                     /**< role that says yes; NULL: ceremony_says() */
    char *fails;                    /**< "retry", "go-on" or "stop": what a failure offers; NULL: retry */
    char *values[STEP_FIELD_COUNT]; /**< NULL: absent */
    char **approvals;               /**< places */
    unsigned approval_count;
    char **set; /**< "NAME=VALUE" of the policy */
    unsigned set_count;
};

struct ceremony_blank {
    char *name;  /**< "{name}" stands for what was filled in */
    char *ask;   /**< the question */
    char *match; /**< regular expression, anchored at both ends; NULL: anything */
};
struct ceremony_role {
    char *role;     /**< "operator" */
    char *about;    /**< NULL */
    unsigned count; /**< how many people; 0 in the file: 1 */
};
struct ceremony_home {
    char *home;
    char *token; /**< name of the token with its keys */
};
struct ceremony_medium {
    char *medium;
    char *about; /**< NULL */
};

struct ceremony_script {
    char *id, *title;
    char *about; /**< NULL */
    struct ceremony_blank *blanks;
    unsigned blank_count;
    struct ceremony_role *roles;
    unsigned role_count;
    char *ledger; /**< the home that keeps the records; never NULL once read */
    struct ceremony_home *homes;
    unsigned home_count;
    struct ceremony_medium *media;
    unsigned medium_count;
    struct ceremony_step *steps;
    unsigned step_count;
    uint8_t sha256[32]; /**< of the file's bytes */
};

/**
 * Reads a script: its form, names that fit, the fields each kind of step needs (steps.h). Not whether the order is possible (check.h).
 * \param name  the file's, for messages
 * \return false: ERROR_INPUT, with line, rule and remedy
 */
MUST_USE bool ceremony_script_read(struct bytes text, const char *name, struct ceremony_script **ret_script,
                                   struct error *err);
void ceremony_script_free(struct ceremony_script *script);
DEFINE_AUTO(struct ceremony_script *, ceremony_script_free);

/** NULL: absent. */
static inline const char *step_value(const struct ceremony_step *step, enum step_field field)
{
    return step->values[field];
}
/** The role that says yes to a step: its own, else "second", else the first. */
const char *ceremony_says(const struct ceremony_script *script, const struct ceremony_step *step);
/** NULL: none has this name. */
const struct ceremony_home *ceremony_home(const struct ceremony_script *script, const char *name);
const struct ceremony_medium *ceremony_medium(const struct ceremony_script *script, const char *name);
const struct ceremony_role *ceremony_role(const struct ceremony_script *script, const char *name);
/** The name of the token a step uses: its own, or its home's; NULL: none. */
const char *ceremony_token(const struct ceremony_script *script, const struct ceremony_step *step);

/** Splits a place. \param ret_name_len  of the part before ":" \return what is behind it; NULL: it is not a place */
const char *ceremony_place(const char *place, size_t *ret_name_len);

#endif
