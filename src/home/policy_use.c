/* SPDX-License-Identifier: Apache-2.0 */
#include "home/policy_use.h"

#include "base/digest.h"
#include "base/encode.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/quote.h"
#include "home/created.h"

#include <inttypes.h>
#include <string.h>

#define POLICIES_NOTED_MAX 256 /* that their digests fit into one record */

bool home_policy_digests(const struct home *home, struct json **ret_digests, struct error *err)
{
    char **names = NULL;
    char hex[129];
    uint8_t digest[32];
    size_t count = 0;
    if (!home_policy_names(home->fd, &names, &count, err))
        return false;
    struct json *digests = json_new_object();
    bool is_fine = true;
    for (size_t i = 0; i < count; i++) {
        AUTO(builder_done) struct builder text = BUILDER_INIT;
        AUTO(free) char *file = NULL;
        AUTO(free) char *name = names[i];
        if (!is_fine || i >= POLICIES_NOTED_MAX)
            continue;
        is_fine = home_policy_read(home->fd, name, &text, &file, err);
        digest_sha256(builder_bytes(&text), digest);
        json_put_text(digests, name, hex_of(BYTES(digest), hex));
    }
    free(names);
    if (!is_fine) {
        json_free(digests);
        return false;
    }
    *ret_digests = digests;
    return true;
}

/** What init noted. \return false: nothing of this name */
static bool read_first(const struct home *home, const char *name, uint8_t ret_digest[static 32],
                       uint64_t *ret_seq)
{
    AUTO(builder_done) struct builder digest = BUILDER_INIT;
    AUTO(json_free) struct json *created = NULL;
    struct error ignored = ERROR_INIT; // there is none in a home of before
    if (!home_created_record(home, &created, ret_seq, &ignored) || json_get(created, "policies") == NULL ||
        !json_hex(json_get(created, "policies"), name, &digest) || digest.len != 32)
        return false;
    memcpy(ret_digest, digest.data, 32);
    return true;
}

bool home_policy_compare(const struct home *home, const struct policy *policy, struct builder *ret_text,
                         struct error *err)
{
    uint8_t digest[32];
    uint64_t seq = 0;
    bool is_known = false;
    struct quoted room;
    const char *name = policy_name(policy);
    if (home->ledger == NULL)
        return true;
    if (!ledger_policy_last_used(home->ledger, name, digest, &seq, &is_known, err))
        return false;
    if ((is_known || read_first(home, name, digest, &seq)) &&
        memcmp(digest, policy_sha256(policy), sizeof(digest)) != 0)
        builder_format(ret_text,
                       "the policy %s is not the one last used (record %" PRIu64
                       "): what it allows may have changed; `coldca policy show` tells what it allows now",
                       quoted_text(name, &room), seq);
    return true;
}
