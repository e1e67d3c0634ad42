/* SPDX-License-Identifier: Apache-2.0 */
#include "ceremony/steps.h"

#include "ceremony/names.h"

#include <string.h>

#define F(field) (UINT32_C(1) << FIELD_##field)
#define OF_CEREMONY(fact)                                                                                    \
    {                                                                                                        \
        FACT_##fact, FIELD_HOME, true                                                                        \
    }
#define IS(fact)                                                                                             \
    {                                                                                                        \
        FACT_##fact, FIELD_HOME, true                                                                        \
    }
#define NOT(fact)                                                                                            \
    {                                                                                                        \
        FACT_##fact, FIELD_HOME, false                                                                       \
    }
#define THERE(field)                                                                                         \
    {                                                                                                        \
        FACT_FILE, FIELD_##field, true                                                                       \
    }
#define NOT_THERE(field)                                                                                     \
    {                                                                                                        \
        FACT_FILE, FIELD_##field, false                                                                      \
    }

/** What every step needs that the CA key or the ledger key is used in. */
#define SIGNS                                                                                                \
    OF_CEREMONY(CLOCK), OF_CEREMONY(PROGRAM), NOT(SEALED), IS(READY), IS(KEYS), IS(EXISTS), IS(COMPLETE)
/** What every step needs that makes keys. */
#define MAKES_KEYS OF_CEREMONY(CLOCK), OF_CEREMONY(PROGRAM), NOT(SEALED), IS(READY), NOT(KEYS), NOT(EXISTS)

static const struct step_row rows[STEP_KIND_COUNT] = {
    [STEP_CLOCK] = {.word = "clock",
                    .heading = "Confirm the clock",
                    .shows =
                        "The machine's time is shown, in UTC and as in the room; compare it with a watch.",
                    .yes = "Is this the time?",
                    .after = {OF_CEREMONY(CLOCK)},
                    .after_count = 1},
    [STEP_PROGRAM] = {.word = "program",
                      .heading = "Show the program",
                      .shows = "Version and SHA-256 of the program are shown, in hex and words; compare them "
                               "with the paper of the people who built it.",
                      .yes = "Is this the program that was reviewed?",
                      .after = {OF_CEREMONY(PROGRAM)},
                      .after_count = 1},
    [STEP_COMPARE] = {.word = "compare",
                      .heading = "Compare a file",
                      .shows = "The SHA-256 of the file is held against the one that was printed before.",
                      .yes = "Is this the file that was reviewed?",
                      .needed = F(FILE),
                      .optional = F(SHA256),
                      .before = {THERE(FILE)},
                      .before_count = 1},
    [STEP_TOKEN_INIT] = {.word = "token-init",
                         .heading = "Initialise the token",
                         .shows = "The empty token gets its label, the security officer's PIN and the PIN.",
                         .yes = "Is the token initialised, and are its PINs with the people who keep them?",
                         .needed = F(TOKEN),
                         .acts = true,
                         .before = {OF_CEREMONY(CLOCK), OF_CEREMONY(PROGRAM), NOT(SEALED), NOT(READY)},
                         .before_count = 4,
                         .after = {IS(READY), NOT(KEYS)},
                         .after_count = 2},
    [STEP_ROOT] = {.word = "root",
                   .heading = "Make the root",
                   .shows =
                       "Two keys are made in the token, for the CA and its ledger; the root certificate is "
                       "logged, then signed.",
                   .yes = "Is this the root certificate that was wanted?",
                   .needed = F(HOME) | F(SUBJECT),
                   .optional = F(KEY) | F(DAYS) | F(POLICY) | F(CONTROLS) | F(TO),
                   .takes_set = true,
                   .acts = true,
                   .before = {MAKES_KEYS, THERE(CONTROLS), NOT_THERE(TO)},
                   .before_count = 8,
                   .after = {IS(KEYS), IS(EXISTS), IS(COMPLETE), THERE(TO)},
                   .after_count = 4},
    [STEP_KEYS] = {.word = "keys",
                   .heading = "Show the keys",
                   .shows = "The keys in the token are listed, with what the token says of them.",
                   .yes = "Are these the keys that were made, and can none of them leave the token?",
                   .needed = F(HOME),
                   .acts = true,
                   .before = {OF_CEREMONY(CLOCK), OF_CEREMONY(PROGRAM), NOT(SEALED), IS(READY), IS(KEYS)},
                   .before_count = 5},
    [STEP_REQUEST] = {.word = "request",
                      .heading = "Make a request for the parent",
                      .shows = "Two keys are made in the token, for the CA and its ledger; a request for the "
                               "parent CA is signed.",
                      .yes = "Is this the request that was wanted?",
                      .needed = F(HOME) | F(SUBJECT) | F(TO),
                      .optional = F(KEY) | F(POLICY) | F(CONTROLS),
                      .takes_set = true,
                      .acts = true,
                      .before = {MAKES_KEYS, THERE(CONTROLS), NOT_THERE(TO)},
                      .before_count = 8,
                      .after = {IS(KEYS), IS(EXISTS), NOT(COMPLETE), THERE(TO)},
                      .after_count = 4},
    [STEP_COMPLETE] = {.word = "complete",
                       .heading = "Take the parent's certificate",
                       .shows = "The certificate that the parent issued completes the home.",
                       .yes = "Is this the certificate of the parent?",
                       .needed = F(HOME) | F(CERTIFICATE),
                       .optional = F(CHAIN),
                       .acts = true,
                       .before = {OF_CEREMONY(CLOCK), OF_CEREMONY(PROGRAM), NOT(SEALED), IS(READY), IS(KEYS),
                                  IS(EXISTS), NOT(COMPLETE), THERE(CERTIFICATE), THERE(CHAIN)},
                       .before_count = 9,
                       .after = {IS(COMPLETE)},
                       .after_count = 1},
    [STEP_PLAN] =
        {.word = "plan",
         .heading = "Plan what will be signed",
         .shows =
             "The requests are evaluated; the plan has the exact bytes that would be signed, and a digest.",
         .yes = "Is this what is to be signed?",
         .needed = F(HOME) | F(POLICY) | F(REQUEST) | F(TO),
         .optional = F(DAYS),
         .takes_set = true,
         .before = {OF_CEREMONY(CLOCK), OF_CEREMONY(PROGRAM), IS(EXISTS), IS(COMPLETE), THERE(REQUEST),
                    NOT_THERE(TO)},
         .before_count = 6,
         .after = {THERE(TO)},
         .after_count = 1},
    [STEP_APPROVE] = {.word = "approve",
                      .heading = "Approve the plan",
                      .shows = "The person takes the plan to a machine of their own, reads it there with "
                               "`coldca approve`, and brings the approval back.",
                      .yes = "Is the approval back?",
                      .needed = F(PLAN) | F(PERSON) | F(TO),
                      .before = {THERE(PLAN), NOT_THERE(TO)},
                      .before_count = 2,
                      .after = {THERE(TO)},
                      .after_count = 1},
    [STEP_SIGN] = {.word = "sign",
                   .heading = "Sign",
                   .shows = "What the policy allows is logged, then signed, then written to the medium.",
                   .yes = "Are these the certificates that were wanted?",
                   .needed = F(HOME) | F(POLICY) | F(REQUEST) | F(TO),
                   .optional = F(DAYS) | F(PLAN),
                   .takes_approvals = true,
                   .takes_set = true,
                   .acts = true,
                   .before = {SIGNS, THERE(REQUEST), THERE(PLAN)},
                   .before_count = 9,
                   .after = {THERE(TO)},
                   .after_count = 1},
    [STEP_REVOKE] = {.word = "revoke",
                     .heading = "Revoke",
                     .shows = "What is revoked is recorded in the ledger; the next CRL has it.",
                     .yes = "Are these the certificates that were to be revoked?",
                     .needed = F(HOME) | F(REASON),
                     .optional = F(SERIAL) | F(CERTIFICATE) | F(FILE) | F(PLAN) | F(EMERGENCY),
                     .takes_approvals = true,
                     .acts = true,
                     .before = {SIGNS, THERE(CERTIFICATE), THERE(FILE), THERE(PLAN)},
                     .before_count = 10},
    [STEP_CRL] = {.word = "crl",
                  .heading = "Sign the CRL",
                  .shows = "The list of all that is revoked is logged, then signed, then written.",
                  .yes = "Is this the CRL that was wanted?",
                  .needed = F(HOME) | F(TO),
                  .optional = F(DAYS) | F(PLAN) | F(EMERGENCY),
                  .takes_approvals = true,
                  .acts = true,
                  .before = {SIGNS, THERE(PLAN)},
                  .before_count = 8,
                  .after = {THERE(TO)},
                  .after_count = 1},
    [STEP_POLICY_APPROVE] = {.word = "policy-approve",
                             .heading = "Approve a policy",
                             .shows = "The policy's whole text is recorded: it may be used from here on.",
                             .yes = "Is this the policy that was reviewed?",
                             .needed = F(HOME) | F(POLICY),
                             .optional = F(FILE) | F(PLAN),
                             .takes_approvals = true,
                             .acts = true,
                             .before = {SIGNS, THERE(FILE), THERE(PLAN)},
                             .before_count = 9},
    [STEP_PEOPLE] = {.word = "people",
                     .heading = "Change who decides",
                     .shows = "The new controls are recorded: who may decide what from here on.",
                     .yes = "Are these the people, and these the numbers of approvals?",
                     .needed = F(HOME) | F(FILE),
                     .optional = F(PLAN),
                     .takes_approvals = true,
                     .acts = true,
                     .before = {SIGNS, THERE(FILE), THERE(PLAN)},
                     .before_count = 9},
    [STEP_CHECKPOINT] = {.word = "checkpoint",
                         .heading = "Sign a checkpoint",
                         .shows =
                             "The ledger's size and root are signed; write them down, photograph the code.",
                         .yes = "Is the checkpoint written down?",
                         .needed = F(HOME),
                         .acts = true,
                         .before = {SIGNS},
                         .before_count = 7},
    [STEP_NOTE] = {.word = "note",
                   .heading = "Note",
                   .shows = "The text is read aloud.",
                   .yes = "Is it done?",
                   .needed = F(TEXT),
                   .optional = F(ASK)},
    [STEP_SEAL] = {.word = "seal",
                   .heading = "Seal the token",
                   .shows = "The token goes into its bag; the bag's number is compared and written down.",
                   .yes = "Is the token in this bag, and is the bag closed?",
                   .needed = F(TOKEN) | F(BAG),
                   .before = {NOT(SEALED)},
                   .before_count = 1,
                   .after = {IS(SEALED)},
                   .after_count = 1},
};

static const char *const field_names[STEP_FIELD_COUNT] = {
    [FIELD_HOME] = "home",
    [FIELD_TOKEN] = "token",
    [FIELD_FILE] = "file",
    [FIELD_SHA256] = "sha256",
    [FIELD_SUBJECT] = "subject",
    [FIELD_KEY] = "key",
    [FIELD_DAYS] = "days",
    [FIELD_POLICY] = "policy",
    [FIELD_CONTROLS] = "controls",
    [FIELD_REQUEST] = "request",
    [FIELD_CERTIFICATE] = "certificate",
    [FIELD_CHAIN] = "chain",
    [FIELD_PLAN] = "plan",
    [FIELD_TO] = "to",
    [FIELD_PERSON] = "person",
    [FIELD_SERIAL] = "serial",
    [FIELD_REASON] = "reason",
    [FIELD_EMERGENCY] = "emergency",
    [FIELD_TEXT] = "text",
    [FIELD_ASK] = "ask",
    [FIELD_BAG] = "bag",
};

const struct step_row *step_row(enum step_kind kind)
{
    return &rows[kind];
}

bool step_kind_parse(const char *word, enum step_kind *ret_kind)
{
    for (int i = 0; i < STEP_KIND_COUNT; i++) {
        if (strcmp(rows[i].word, word) == 0) {
            *ret_kind = (enum step_kind)i;
            return true;
        }
    }
    return false;
}

const char *step_field_name(enum step_field field)
{
    return field_names[field];
}

bool step_field_is_place(enum step_field field)
{
    static const uint32_t places =
        F(FILE) | F(CONTROLS) | F(REQUEST) | F(CERTIFICATE) | F(CHAIN) | F(PLAN) | F(TO);
    return (places >> field & 1) != 0;
}

const char *step_heading(const struct ceremony_step *step)
{
    return step->name != NULL ? step->name : rows[step->kind].heading;
}

/* ---- what a table of single fields can't say ---- */

bool step_rules(const struct ceremony_script *script, const struct ceremony_step *step, const char *file,
                struct error *err)
{
    int ways = 0;
    bool has_plan = step_value(step, FIELD_PLAN) != NULL;
    if (step->kind == STEP_REVOKE) {
        ways = (step_value(step, FIELD_SERIAL) != NULL) + (step_value(step, FIELD_CERTIFICATE) != NULL) +
               (step_value(step, FIELD_FILE) != NULL);
        if (ways != 1)
            return step_fault(script, step, file, err,
                              "it names what is revoked by one of serial, certificate and file (a list)");
    }
    if (has_plan && step_value(step, FIELD_EMERGENCY) != NULL)
        return step_fault(
            script, step, file, err,
            "there is a plan that people approved, so it is not an emergency: leave one of the two out");
    if (rows[step->kind].takes_approvals && has_plan && step->approval_count == 0)
        return step_fault(script, step, file, err,
                          "a plan is carried out with its approvals; name them: approvals: [PLACE, ...]");
    return true;
}
