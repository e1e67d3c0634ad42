/* Certificates in words, for `cert` and `review`. */
#ifndef COLDCA_CA_SHOW_H
#define COLDCA_CA_SHOW_H

#include "ca/home.h"
#include "ca/plan.h"

/** The lines of the certificate a plan's item has already (PLAN_REPEAT, PLAN_PRESENT; from the ledger) or would become. */
MUST_USE bool ca_show_item(struct ca_home *home, const struct plan_item *item, struct builder *ret_text,
                           struct error *err);
/**
 * An issued certificate, by serial (hex, with or without colons), made again from the ledger.
 * \param ret_der    the certificate
 * \param ret_entry  what the ledger says of it
 * \return false: ERROR_INPUT if the ledger knows no issued certificate of that serial
 */
MUST_USE bool ca_show_find(struct ca_home *home, const char *serial, struct builder *ret_der,
                           struct ledger_entry *ret_entry, struct error *err);
/** Any certificate's lines, and what a linter finds; appends. */
MUST_USE bool ca_show_certificate(const struct ca_home *home, struct bytes der, struct builder *ret_text,
                                  struct findings *ret_findings, struct error *err);
/** TBS and signature from the ledger as a certificate; its algorithm is the one inside the TBS. ERROR_LEDGER. */
MUST_USE bool ca_certificate_of(struct ca_home *home, const struct ledger_entry *entry,
                                struct builder *ret_der, struct error *err);

/** A serial number as people write it: hex with colons or without, upper or lower case. ERROR_USAGE */
MUST_USE bool ca_serial_parse(const char *text, struct builder *ret_serial, struct error *err);

#endif
