/* SPDX-License-Identifier: Apache-2.0 */
/* Replays the seeds of a fuzz target: fuzz_NAME FOLDER... Fails if there is none. */
#include "fuzz.h"

#include "base/file.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>

#define MAX_SEED_LEN (1024 * 1024)

static bool replay_folder(const char *path, size_t *ret_count, struct error *err)
{
    AUTO(closedir) DIR *folder = opendir(path);
    if (folder == NULL)
        return error_set(err, ERROR_INPUT, 0, "can't open the directory %s", path);
    for (const struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        AUTO(builder_done) struct builder seed = BUILDER_INIT;
        if (entry->d_name[0] == '.')
            continue;
        if (!file_read(dirfd(folder), entry->d_name, MAX_SEED_LEN, &seed, err))
            return false;
        (void)LLVMFuzzerTestOneInput(seed.data, seed.len); // always 0
        (*ret_count)++;
    }
    return true;
}

int main(int argc, char **argv)
{
    struct error err = ERROR_INIT;
    size_t count = 0;
    for (int i = 1; i < argc; i++) {
        if (!replay_folder(argv[i], &count, &err)) {
            (void)fprintf(stderr, "%s\n", err.text);
            return 1;
        }
    }
    (void)printf("%zu seeds\n", count);
    return count > 0 ? 0 : 1;
}
