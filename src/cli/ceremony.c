/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/ceremony.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/yaml.h"
#include "home/data.h"

#include <fcntl.h>

bool cli_ceremony_read(const struct options *options, const char *command,
                       struct ceremony_script **ret_script, char **ret_name, struct error *err)
{
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    AUTO(free) char *file = NULL;
    if (options->arguments.count != 1)
        return error_set(err, ERROR_USAGE, 0,
                         "%s needs one script: a file, or the name of a ready one, as in `coldca %s root`",
                         command, command);
    if (!home_data_read(-1, "ceremonies", options->arguments.items[0], &text, &file, err) ||
        !ceremony_script_read(builder_bytes(&text), file, ret_script, err))
        return false;
    *ret_name = memory_text(file_name_of(file));
    return true;
}

bool cli_ceremony_site(const char *path, const struct ceremony_script *script,
                       struct ceremony_site **ret_site, struct error *err)
{
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    AUTO(ceremony_site_free) struct ceremony_site *site = NULL;
    if (path == NULL)
        return true;
    if (!file_read(AT_FDCWD, path, YAML_MAX_LEN, &text, err) ||
        !ceremony_site_read(builder_bytes(&text), path, &site, err) || !ceremony_site_fits(site, script, err))
        return false;
    *ret_site = TAKE(site);
    return true;
}
