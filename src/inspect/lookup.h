/* SPDX-License-Identifier: Apache-2.0 */
/* Which certificates `cert show` and `cert list` are about: by serial, by a file, by a key. Files go to a parser process (foreign.h). */
#ifndef COLDCA_INSPECT_LOOKUP_H
#define COLDCA_INSPECT_LOOKUP_H

#include "home/home.h"
#include "inspect/foreign.h"
#include "inspect/listing.h"

/** One certificate, as a person names it. */
struct lookup {
    const char *serial;     /**< hex, borrowed; NULL: the file says it */
    struct foreign foreign; /**< the certificate of the file */
};
void lookup_done(struct lookup *lookup);
DEFINE_AUTO_VALUE(struct lookup, lookup_done);

/** Before a home is opened. \param text  a serial number in hex, or the path of a certificate; a file whose name is hex is "./ab12" */
MUST_USE bool lookup_read(const char *text, struct lookup *ret_lookup, struct error *err);
/**
 * Finds it in the ledger.
 * \param revocations     of the same ledger
 * \param ret_der         the certificate
 * \param ret_entry       what the ledger says of it; of one from before the ledger: serial, subject, end, revoked or not
 * \param ret_is_foreign  the CA's key signed it, and no record has it: it is from before the ledger
 * \return false: ERROR_INPUT: there is none, or another issuer's; ERROR_LEDGER: the ledger's of this serial is another
 */
MUST_USE bool lookup_find(const struct lookup *lookup, struct home *home,
                          const struct revocations *revocations, struct builder *ret_der,
                          struct ledger_entry *ret_entry, bool *ret_is_foreign, struct error *err);

/** A key, as a person names it: the SHA-256 of its SubjectPublicKeyInfo in hex, or a file that has it (FOREIGN_KEY). */
MUST_USE bool lookup_key(const char *text, uint8_t ret_sha256[static 32], struct error *err);
/** Whether a certificate has this key, however it is written (base/key_value.h). */
bool lookup_has_key(const struct ledger_entry *entry, const uint8_t sha256[static 32]);

#endif
