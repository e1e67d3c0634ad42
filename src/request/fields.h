/* SPDX-License-Identifier: Apache-2.0 */
/* The short names of subject attributes (RFC 4514 3, RFC 5280 appendix A, OpenSSL's for the rest) and their OIDs. */
#ifndef COLDCA_REQUEST_FIELDS_H
#define COLDCA_REQUEST_FIELDS_H

/** "CN" for "2.5.4.3"; NULL if the OID has no short name here. */
const char *request_field_of_oid(const char *oid);
/** "2.5.4.3" for "CN"; NULL if there is no such short name. */
const char *request_oid_of_field(const char *field);

#endif
