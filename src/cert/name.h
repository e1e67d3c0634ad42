/* SPDX-License-Identifier: Apache-2.0 */
/* Distinguished names and general names: template -> DER, DER -> text. Used inside cert/ only. */
#ifndef COLDCA_CERT_NAME_H
#define COLDCA_CERT_NAME_H

#include "base/builder.h"
#include "policy/issuer.h"

/** The Name of a template's subject; members of one RDN are sorted (DER SET OF). ERROR_INPUT names the attribute. */
MUST_USE bool name_add(const struct template *template, struct builder *out, struct error *err);
/** A Name as text, first RDN first: "C=US,O=Acme\, Inc,CN=x"; escaped. \return false: not a Name */
MUST_USE bool name_text(struct bytes name, struct builder *ret_text);
/** A Name attribute by attribute, values as UTF-8; the caller frees with name_parts_free(). \return false: not a Name */
MUST_USE bool name_parts(struct bytes name, struct policy_name *ret_name);
void name_parts_free(struct policy_name *name);
/** One GeneralName. */
void name_add_general(struct builder *out, enum san_kind kind, struct bytes value);
/** GeneralNames' content as text: "DNS:a, IP:1.2.3.4"; escaped. \return false: not GeneralNames */
MUST_USE bool name_general_text(struct bytes names, struct builder *ret_text);
/** "CN" for 2.5.4.3, ...; NULL if the OID has no short name. */
const char *name_field(const char *oid);

#endif
