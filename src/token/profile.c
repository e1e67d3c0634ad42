#include "token/profile.h"

const char *token_profile_name(const struct token_profile *profile)
{
    return profile->name;
}

bool token_profile_is_tested(const struct token_profile *profile)
{
    return profile->tested;
}

const char *token_profile_module(const struct token_profile *profile)
{
    return profile->found;
}

const char *profile_init_args(const struct token_profile *profile)
{
    return profile->init_args;
}

struct token_limits profile_limits(const struct token_profile *profile)
{
    if (profile == NULL)
        return (struct token_limits){.max_sessions = 0};
    return (struct token_limits){
        .max_sessions = profile->max_sessions,
        .refuses_always_authenticate = !profile->always_authenticate,
        .ed25519_params = profile->ed25519_params,
        .may_omit = profile->may_omit,
    };
}
