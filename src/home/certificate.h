/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates that this CA has issued: found by serial, rebuilt from the ledger, put into words. */
#ifndef COLDCA_HOME_CERTIFICATE_H
#define COLDCA_HOME_CERTIFICATE_H

#include "home/home.h"

/**
 * An issued certificate, by serial (hex, with or without colons), rebuilt from the ledger.
 * \param ret_der    the certificate
 * \param ret_entry  what the ledger says of it
 * \return false: ERROR_INPUT if the ledger has no issued certificate of that serial
 */
MUST_USE bool home_certificate_find(struct home *home, const char *serial, struct builder *ret_der,
                                    struct ledger_entry *ret_entry, struct error *err);
/** Any certificate's lines, and what a linter finds; appends. */
MUST_USE bool home_certificate_describe(const struct home *home, struct bytes der, struct builder *ret_text,
                                        struct findings *ret_findings, struct error *err);
/** TBS and signature from the ledger as a certificate; its algorithm is the one inside the TBS. ERROR_LEDGER. */
MUST_USE bool home_certificate_remake(struct ledger *ledger, const struct ledger_entry *entry,
                                      struct builder *ret_der, struct error *err);

/** A serial number as people write it: hex with colons or without, upper or lower case. ERROR_USAGE */
MUST_USE bool home_serial_parse(const char *text, struct builder *ret_serial, struct error *err);

#endif
