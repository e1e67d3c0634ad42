/* SPDX-License-Identifier: Apache-2.0 */
#include "token/profile.h"

void token_profile_free(struct token_profile *profile)
{
    free(profile->name);
    free(profile->init_args);
    free(profile->hint);
    free(profile->module);
    for (size_t i = 0; i < profile->file_count; i++) {
        free(profile->files[i].path);
        free(profile->origins[i].variable);
    }
    free(profile->files);
    free(profile->origins);
    free(profile->variable);
    free(profile);
}

const char *token_profile_name(const struct token_profile *profile)
{
    return profile->name;
}

bool token_profile_is_tested(const struct token_profile *profile)
{
    return profile->is_tested;
}

const char *token_profile_module(const struct token_profile *profile)
{
    return profile->module;
}

const char *profile_init_args(const struct token_profile *profile)
{
    return profile->init_args;
}

struct token_limits profile_limits(const struct token_profile *profile)
{
    const struct token_limits unknown = {.max_sessions = 0, .timeout_seconds = PROFILE_TIMEOUT_SECONDS};
    return profile == NULL ? unknown : profile->limits;
}

bool token_profile_files(const struct token_profile *profile, const struct token_file **ret_files,
                         size_t *ret_count, bool *ret_needs_network)
{
    if (!profile->knows_files)
        return false;
    *ret_files = profile->files;
    *ret_count = profile->file_count;
    *ret_needs_network = profile->needs_network;
    return true;
}
