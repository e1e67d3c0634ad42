/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of steps: for each kind its fields, what it shows, what is said yes to, what must be true before it and what is true after it.
 * check walks the conditions over facts that it simulates, print shows them, run and rehearse hold them against the facts they find.
 */
#ifndef COLDCA_CEREMONY_STEPS_H
#define COLDCA_CEREMONY_STEPS_H

#include "ceremony/script.h"
#include "ceremony/site.h"

/** What can be true or false of a thing that a step names. */
enum fact {
    FACT_CLOCK,    /**< the room has confirmed the time; of the ceremony */
    FACT_PROGRAM,  /**< the room has seen which program this is; of the ceremony */
    FACT_SEALED,   /**< of a token: it is in its bag */
    FACT_READY,    /**< of a token: it is there, and initialised */
    FACT_KEYS,     /**< of a token: it holds the keys of a home */
    FACT_EXISTS,   /**< of a home: there is one */
    FACT_COMPLETE, /**< of a home: it has its certificate */
    FACT_MOUNTED,  /**< of a medium: it is where the site says */
    FACT_FILE,     /**< of a place: something is there */
};
#define FACT_COUNT (FACT_FILE + 1)

struct step_condition {
    enum fact fact;
    enum step_field of; /**< of a fact about a place: which field; of others: FIELD_HOME */
    bool is;
};
#define STEP_CONDITIONS_MAX 12

struct step_row {
    const char *word;          /**< "token-init" */
    const char *heading;       /**< "Initialise the token" */
    const char *shows;         /**< what it shows and does, a sentence */
    const char *yes;           /**< what the person says yes to, a question */
    uint32_t needed, optional; /**< fields, bits 1 << FIELD_... */
    bool takes_approvals, takes_set;
    bool acts; /**< by a command that needs the token */
    struct step_condition before[STEP_CONDITIONS_MAX];
    size_t before_count;
    struct step_condition after[STEP_CONDITIONS_MAX];
    size_t after_count;
};
const struct step_row *step_row(enum step_kind kind);
/** \return false: no kind of step has this word */
bool step_kind_parse(const char *word, enum step_kind *ret_kind);
/** The field's name in the script: "sha256". */
const char *step_field_name(enum step_field field);
/** Whether a field is a place: of a file that the step reads, or of what it makes. */
bool step_field_is_place(enum step_field field);
/** Its own heading, or the table's. */
const char *step_heading(const struct ceremony_step *step);

/** A condition of one step: of what, by name. */
struct step_need {
    enum fact fact;
    const char
        *of; /**< name of a token, home or medium, or a place; "" of the ceremony; borrowed from the script */
    bool is;
};
#define STEP_NEEDS_MAX (STEP_CONDITIONS_MAX + 2 * CEREMONY_NAMES_MAX)
/** What must be true before a step: media first; what its absent fields would be of is left out, each approval is in. \return how many */
size_t step_needs(const struct ceremony_script *script, const struct ceremony_step *step,
                  struct step_need ret_needs[static STEP_NEEDS_MAX]);
/** What is true after it, likewise. */
size_t step_effects(const struct ceremony_script *script, const struct ceremony_step *step,
                    struct step_need ret_effects[static STEP_NEEDS_MAX]);
/** As a sentence: "the token root is there and initialised", "stick:issuing.csr is there"; appends. */
void step_need_words(const struct step_need *need, struct builder *ret_words);

/* ---- the command of a step ---- */

#define STEP_ARGUMENTS_MAX 64
/** argv[0] is "coldca"; no PIN is ever in it. All texts owned. */
struct step_command {
    char *argv[STEP_ARGUMENTS_MAX + 1]; /**< NULL-terminated */
    size_t count;                       /**< 0: the step has no command */
    char *copy_from, *copy_to;          /**< a file the ceremony copies, never over another; NULL: none */
    bool copies_first; /**< before the command, and over what was there: a policy's new text */
};
void step_command_done(struct step_command *command);
DEFINE_AUTO_VALUE(struct step_command, step_command_done);
/** What a step's command depends on besides the script. */
struct step_setting {
    const struct ceremony_site
        *site;        /**< NULL: the paper of an unknown machine: <home root>, <token root>, <stick>/file */
    const char *mark; /**< rehearsal: put before the CN of subjects; NULL: none */
    const char *operator_name; /**< for --operator; NULL: left out */
    const char *approver_keys; /**< rehearsal: a directory with PERSON.pem; NULL: people approve elsewhere */
    bool crl_again;            /**< an attempt before has signed the CRL of this step: it is delivered */
};
MUST_USE bool step_command(const struct ceremony_script *script, const struct ceremony_step *step,
                           const struct step_setting *setting, struct step_command *ret_command,
                           struct error *err);
/** As it is typed in a shell, quoted where needed; appends. A copy is a line of its own: "cp FROM TO". */
void step_command_words(const struct step_command *command, struct builder *ret_words);

#endif
