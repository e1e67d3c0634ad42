/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names of what lies in a CA's home; nobody else spells them. The ledger's own files (ledger.jsonl, ledger.checkpoint,
 * ledger.checkpoints, index.sqlite, lock) are named by ledger/, index.rsa by screen/.
 */
#ifndef COLDCA_HOME_FILES_H
#define COLDCA_HOME_FILES_H

#define HOME_CONFIG_FILE "ca.yaml"
#define HOME_CERTIFICATE_FILE "ca.pem"
#define HOME_REQUEST_FILE "ca.csr" /* `init --csr`: what goes to the parent */
#define HOME_CHAIN_FILE "chain.pem"
#define HOME_CRLS "crl"
#define HOME_POLICIES "policies"
#define HOME_DEFAULT_PATH "/var/lib/coldca"

#endif
