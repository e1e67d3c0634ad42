/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The commands that take the CA's token or write its home: only coldca has them, on the CA's machine.
 * It promises: what cli/cli.h does: options in, one call down, result out, and the contract of README.md.
 * It does not: know an order of steps; that is issue/run.h's, batch/batch.h's and init/init.h's.
 */
#ifndef COLDCA_OPERATOR_OPERATOR_H
#define COLDCA_OPERATOR_OPERATOR_H

#include "cli/program.h"

int operator_init(int argc, char **argv, struct error *err);
int operator_sign(int argc, char **argv, struct error *err);
int operator_plan(int argc, char **argv, struct error *err);
int operator_batch(int argc, char **argv, struct error *err);
int operator_review(int argc, char **argv, struct error *err);
int operator_revoke(int argc, char **argv, struct error *err);
int operator_crl(int argc, char **argv, struct error *err);
int operator_cert_chain(int argc, char **argv, struct error *err);
int operator_policy_approve(int argc, char **argv, struct error *err);
int operator_people_add(int argc, char **argv, struct error *err);
int operator_people_remove(int argc, char **argv, struct error *err);
int operator_people_set(int argc, char **argv, struct error *err);
int operator_ledger_cosign(int argc, char **argv, struct error *err);
int operator_ledger_index(int argc, char **argv, struct error *err);
int operator_ceremony_rehearse(int argc, char **argv, struct error *err);
int operator_ceremony_run(int argc, char **argv, struct error *err);
int operator_token(int argc, char **argv, struct error *err);
int operator_token_list(int argc, char **argv, struct error *err);
int operator_token_init(int argc, char **argv, struct error *err);
int operator_token_show(int argc, char **argv, struct error *err);

/** What commands that both programs have do with tokens; from now on a token that does not answer is reported, and ends the program. */
const struct program_tokens *operator_tokens(void);

#endif
