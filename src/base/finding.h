/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Findings: the answers of a rule. A finding is not an error (the check was done); all findings of a request
 * are collected, so a person sees every reason at once.
 */
#ifndef COLDCA_BASE_FINDING_H
#define COLDCA_BASE_FINDING_H

#include "base/cleanup.h"
#include "base/error.h"

struct finding {
    char *rule;   /**< stable, dotted: "key.allow", "subject.CN", "request.signature", "san.dns" */
    char *source; /**< "RFC 5280 4.2.1.6", "policy mqtt-device"; may be NULL */
    char *found;  /**< the value found, escaped already (quote.h); may be NULL */
    char *wanted; /**< what would be accepted; may be NULL */
    char *text;   /**< the whole reason in one escaped line: "key: rsa-1024 is not one of ec-p256, ..." */
    char *remedy; /**< the next step; may be NULL */
};

/** A growing list; owns its findings. */
struct findings {
    struct finding *items;
    size_t count;
};

#define FINDINGS_INIT                                                                                        \
    {                                                                                                        \
        .items = NULL                                                                                        \
    }

void findings_done(struct findings *findings);
DEFINE_AUTO_VALUE(struct findings, findings_done);

/** Appends a finding; every string is copied; rule and text must not be NULL, the others may. */
void findings_add(struct findings *findings, const struct finding *finding);

/** Appends a finding that has only a rule, a source and a formatted text. */
void findings_say(struct findings *findings, const char *rule, const char *source, const char *format, ...)
    PRINTF_LIKE(4, 5);

/** Copies all of from to the end of to. */
void findings_copy(struct findings *to, const struct findings *from);

/** Whether a finding has exactly this rule. */
bool findings_has(const struct findings *findings, const char *rule);

#endif
