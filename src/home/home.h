/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A CA's home: its configuration, certificate, chain, policies and ledger.
 * It promises: opening a home reads and checks all of it; a home that does not fit together is refused, and why is said.
 * It does not: sign, load a PKCS #11 module, or ask anybody for a PIN. Whoever signs makes a struct signer of it (signer/signer.h).
 */
#ifndef COLDCA_HOME_HOME_H
#define COLDCA_HOME_HOME_H

#include "base/console.h"
#include "cert/cert.h"
#include "home/config.h"
#include "home/data.h"
#include "home/files.h"
#include "ledger/ledger.h"

enum home_access {
    HOME_LOOK,      /**< read only; no lock, works on a read-only home */
    HOME_WRITE,     /**< takes the lock; closes what a run that died left open */
    HOME_SET_CHAIN, /**< HOME_WRITE for a home whose chain.pem is about to be replaced: it is not compared */
    HOME_COMPLETE,  /**< HOME_WRITE for a home that still awaits its parent's certificate */
};

struct home {
    int fd;
    char *path;
    struct home_config config;
    struct cert_issuer *issuer; /**< NULL while a parent's certificate is awaited */
    struct builder chain_pem;   /**< chain.pem, may be empty */
    struct error
        chain_fault;         /**< why chain.pem is not the issuer's chain, and not in issuer; kind 0: it is */
    enum home_access access; /**< the ledger was opened with */
    struct ledger *ledger;   /**< NULL after home_open_files() */
};

/** The home to use: option (-C), COLDCA_HOME, the current directory if it holds ca.yaml, /var/lib/coldca. The caller frees. */
char *home_path(const char *option);

/** \return false: ERROR_INPUT (no or bad ca.yaml, ca.pem), ERROR_LEDGER (also: chain.pem is not what the ledger has). Notices of the ledger go to console. */
MUST_USE bool home_open(const char *path, enum home_access access, const struct console *console,
                        struct home **ret_home, struct error *err);
/** Configuration and certificates only; the ledger is not opened (`ledger verify` reads a damaged one), and chain.pem not compared. */
MUST_USE bool home_open_files(const char *path, struct home **ret_home, struct error *err);
/** An empty one at a path, for init to fill: no file is read or made, fd is -1. */
struct home *home_new(const char *path);
/** Opens the ledger of a home that init has made the files of. */
MUST_USE bool home_open_ledger(struct home *home, enum home_access access, const struct console *console,
                               struct error *err);
void home_close(struct home *home);
DEFINE_AUTO(struct home *, home_close);

/** The kind of signature this CA makes for a template's wishes. ERROR_INPUT if they do not fit the key. */
MUST_USE bool home_signature_kind(const struct home *home, const struct template *template,
                                  enum signature_kind *ret_kind, struct error *err);

/**
 * Time (promise P8): ERROR_LEDGER if the clock is behind the newest ledger record, the issuer's notBefore or the build of this program.
 */
MUST_USE bool home_clock_check(const struct home *home, int64_t now, struct error *err);

#endif
