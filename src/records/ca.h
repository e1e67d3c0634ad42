/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ca.created: the CA's certificate, its keys and what their token said of them, when the CA was made or completed.
 * chain.set: what chain.pem holds from then on (docs/ledger-format.md 1.2).
 */
#ifndef COLDCA_RECORDS_CA_H
#define COLDCA_RECORDS_CA_H

#include "records/record.h"

#define RECORD_CA_CREATED "ca.created"
#define RECORD_CHAIN_SET "chain.set"

/** A key, and the token's answers on its attributes: "yes", "no", "unknown". All borrowed. */
struct record_key {
    const char *uri;
    const char *kind; /**< "ec-p384" */
    const char *is_private, *is_sensitive, *is_always_sensitive, *is_extractable, *is_never_extractable,
        *is_local, *may_sign;
};

struct record_ca_created {
    struct bytes certificate;
    const char *origin;
    const char *ledger_vkey;
    const char *command;          /**< "init", "init --certificate" */
    const char *chain_incomplete; /**< why the chain of an adopted certificate ends below a root; NULL */
    const struct json *policies;  /**< "NAME": SHA-256 in hex, of the policies the CA begins with; NULL */
    const struct json *continues; /**< a lost ledger that this one follows, and what was known of it; NULL */
    bool allow_extractable;
    struct record_key ca_key, ledger_key;
};
/** The caller frees. */
struct json *record_ca_created_write(const struct record_ca_created *record);
/**
 * Reads back what every reader relies on: certificate, origin, ledger_vkey, command.
 * \param buffer  holds the certificate
 */
MUST_USE bool record_ca_created_read(const struct json *json, struct builder *buffer,
                                     struct record_ca_created *ret_record, struct error *err);

/** The chain above the CA, by its digest. */
struct record_chain_set {
    uint8_t sha256[32];           /**< home_chain_digest() */
    uint64_t certificates;        /**< how many there are */
    const char *command;          /**< "init", "cert chain" */
    const char *chain_incomplete; /**< why they end below a root; NULL: they don't */
};
/** The caller frees. */
struct json *record_chain_set_write(const struct record_chain_set *record);
/** Texts are borrowed from json. */
MUST_USE bool record_chain_set_read(const struct json *json, struct record_chain_set *ret_record,
                                    struct error *err);

#endif
