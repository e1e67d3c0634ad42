/*
 * Handing certificates out into a folder: NAME.pem (or NAME.der), NAME-chain.pem, NAME.tlog-proof, and the newest checkpoint.
 * Durable, never over a different file. A proof that is there and holds for the certificate stays, though it was made under
 * an earlier checkpoint than today's.
 */
#ifndef COLDCA_CA_RELEASE_H
#define COLDCA_CA_RELEASE_H

#include "ca/issue.h"
#include "media/media.h"

enum release_format { RELEASE_PEM, RELEASE_DER };

struct release {
    int fd; /**< the output folder */
    enum release_format format;
    bool
        with_chain; /**< also NAME-chain.pem: the certificate, the CA's, the chain above without the root's need */
    bool with_proof; /**< also NAME.tlog-proof; issue_options.wants_proofs must say the same */
    /** Told of each file that is, or will be with the next flush, in the folder; NULL: nobody. */
    void (*delivered)(void *data, const char *file, struct bytes content);
    void *data;
    struct ca_home *home;
    struct builder above;                            /**< what follows the certificate in NAME-chain.pem */
    struct media_group *groups[ISSUE_UNFLUSHED_MAX]; /**< files on their way */
    bool is_fresh; /**< the folder was made for this run: it is not looked whether files are there */
};

/** Makes the room for files on their way; release_open() does it for its own. is_fresh is set before. */
void release_begin(struct release *release);
/** Undoes release_begin(): what was not flushed is cleared away. */
void release_end(struct release *release);
/** Opens (and makes, one level) the output folder. */
MUST_USE bool release_open(struct ca_home *home, const char *folder, struct release *ret_release,
                           struct error *err);
void release_close(struct release *release);
DEFINE_AUTO_VALUE(struct release, release_close);

/** For plan_options.is_taken: whether something other than this certificate (empty: any) is at its name. data is the struct release. */
bool release_is_taken(void *data, const char *name, struct bytes certificate);
/** For issue_options.release. data is the struct release. */
MUST_USE bool release_certificate(void *data, size_t group, const struct plan_item *item,
                                  struct bytes certificate, struct bytes proof, struct error *err);
/** For issue_options.flush. data is the struct release. */
MUST_USE bool release_flush(void *data, size_t group, struct error *err);
/** Copies the newest checkpoint into the folder. */
MUST_USE bool release_checkpoint(const struct release *release, struct error *err);
/** ERROR_LEDGER if the folder holds a later or inconsistent checkpoint of this ledger. */
MUST_USE bool release_meet_checkpoint(const struct release *release, struct error *err);

#endif
