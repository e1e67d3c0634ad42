/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Secrets (PINs, passphrases): locked in memory, left out of core dumps, wiped in children and on release.
 * A PIN exists nowhere else in the process (promise P7).
 */
#ifndef COLDCA_BASE_SECRET_H
#define COLDCA_BASE_SECRET_H

#include "base/cleanup.h"
#include "base/error.h"

#define SECRET_MAX_LEN 255

struct secret;

/** An empty secret of up to SECRET_MAX_LEN bytes. ERROR_INPUT if the memory cannot be locked. */
MUST_USE bool secret_new(struct secret **ret_secret, struct error *err);
void secret_free(struct secret *secret); /**< wipes first; NULL is allowed */
DEFINE_AUTO(struct secret *, secret_free);

/** NUL-terminated; valid as long as the secret; never print it, never copy it. */
const char *secret_text(const struct secret *secret);
size_t secret_len(const struct secret *secret);

/** Appends one byte. \return false if it is full */
bool secret_push(struct secret *secret, char byte);
/** Removes the last byte, if there is one. */
void secret_pop(struct secret *secret);
void secret_clear(struct secret *secret);
bool secret_equal(const struct secret *a, const struct secret *b); /**< in constant time for equal lengths */

/**
 * Reads a secret as `--pin-source` names it: file:PATH (first line; a regular file is refused if others may read it), fd:N
 * (the next line), env:NAME (removed from the environment of this process, so that no child inherits it).
 * What can be read only once (a variable, a pipe, the last line of a descriptor) is kept in locked memory and given again when
 * the same source is read again. Never puts the secret itself in err. From any thread.
 */
MUST_USE bool secret_read(const char *source, struct secret **ret_secret, struct error *err);

/**
 * Takes the value of an env:NAME source out of the environment at once, for secret_read() to return later: a process that is
 * forked before the PIN is needed would carry it in its /proc/PID/environ. Other sources, and a variable
 * that is not set, are left alone. Call it for every source of a command line, before the first fork.
 */
MUST_USE bool secret_claim_environment(const char *source, struct error *err);

/**
 * For a process that is about to give up its files: looks at a file:PATH source, and opens and holds what is not a regular file,
 * such as the pipe of `file:<(COMMAND)` or /dev/stdin, until secret_read() wants it. Other sources are left alone.
 * \param ret_stays_path  a regular file, which secret_read() will open by its path, so it has to stay within reach
 * 
eturn false: ERROR_INPUT, as secret_read() would say
 */
MUST_USE bool secret_prepare(const char *source, bool *ret_stays_path, struct error *err);

/** Wipes what is kept for further reads. */
void secret_forget(void);

/** No core dumps, no ptrace by others, for the whole process. Called once at start. */
void secret_harden_process(void);

#endif
