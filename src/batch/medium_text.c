/* SPDX-License-Identifier: Apache-2.0 */
#include "batch/medium.h"

#include "base/memory.h"
#include "base/quote.h"
#include "plan/inputs.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#define REQUESTS "requests"
#define ISSUED "issued"
#define NAMES_SHOWN 6
#define ENTRIES_MAX 10000 /* of one directory; whoever has more knows where they are */

/** What lies in a directory of the medium, no deeper. */
struct lies {
    size_t requests;        /**< files named like requests */
    size_t others;          /**< all else that is not hidden */
    char *misspelt;         /**< a directory "Requests"; NULL */
    char *holder;           /**< a directory that holds requests, not where they are looked for; NULL */
    size_t held;            /**< in it */
    struct builder listing; /**< the first names, quoted */
};

static void lies_done(struct lies *lies)
{
    free(lies->misspelt);
    free(lies->holder);
    builder_done(&lies->listing);
}
DEFINE_AUTO_VALUE(struct lies, lies_done);

static bool is_folder_at(int fd, const char *name)
{
    struct stat status;
    return fstatat(fd, name, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(status.st_mode);
}

static size_t count_requests(int fd, const char *name)
{
    size_t count = 0;
    struct error ignored = ERROR_INIT; // what can't be opened holds nothing of use
    int folder_fd = -1;
    if (!media_open_folder(fd, name, false, &folder_fd, &ignored))
        return 0;
    AUTO(closedir) DIR *folder = fdopendir(folder_fd);
    if (folder == NULL) {
        (void)close(folder_fd); // only read from
        return 0;
    }
    for (struct dirent *entry = readdir(folder); entry != NULL && count < ENTRIES_MAX;
         entry = readdir(folder))
        count += entry->d_name[0] != '.' && input_is_request(entry->d_name);
    return count;
}

static void note_folder(struct lies *lies, int fd, const char *name)
{
    if (strcmp(name, REQUESTS) == 0 || strcmp(name, ISSUED) == 0)
        return;
    if (strcasecmp(name, REQUESTS) == 0 && lies->misspelt == NULL)
        lies->misspelt = memory_text(name);
    size_t held = lies->holder == NULL ? count_requests(fd, name) : 0;
    if (held > 0) {
        lies->holder = memory_text(name);
        lies->held = held;
    }
}

static void note_entry(struct lies *lies, int fd, const char *name)
{
    struct quoted buffer;
    size_t seen = lies->requests + lies->others;
    bool is_folder = is_folder_at(fd, name);
    bool is_request = !is_folder && input_is_request(name);
    lies->requests += is_request;
    lies->others += !is_request;
    if (seen < NAMES_SHOWN)
        builder_format(&lies->listing, "%s%s%s", seen > 0 ? ", " : "", quoted_text(name, &buffer),
                       is_folder ? "/" : "");
    else if (seen == NAMES_SHOWN)
        builder_add_text(&lies->listing, ", ...");
    if (is_folder)
        note_folder(lies, fd, name);
}

static void look(int medium_fd, struct lies *lies)
{
    int fd = openat(medium_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    AUTO(closedir) DIR *folder = fd < 0 ? NULL : fdopendir(fd);
    for (struct dirent *entry = folder == NULL ? NULL : readdir(folder);
         entry != NULL && lies->requests + lies->others < ENTRIES_MAX; entry = readdir(folder)) {
        if (entry->d_name[0] != '.')
            note_entry(lies, medium_fd, entry->d_name);
    }
}

/** "/media/stick/requests" is not the medium, "/media/stick" is. */
static bool is_requests_itself(const char *path)
{
    size_t len = strlen(path);
    while (len > 1 && path[len - 1] == '/')
        len--;
    size_t name_len = strlen(REQUESTS);
    return len >= name_len && strncasecmp(path + len - name_len, REQUESTS, name_len) == 0 &&
           (len == name_len || path[len - name_len - 1] == '/');
}

void medium_tell_what_lies(int medium_fd, const char *path, struct builder *ret_text)
{
    struct quoted shown;
    struct quoted name;
    AUTO(lies_done) struct lies lies = {.requests = 0};
    look(medium_fd, &lies);
    (void)quoted_text(path, &shown);
    if (lies.requests > 0 && is_requests_itself(path))
        builder_format(
            ret_text,
            "that is the directory of the requests itself: name the medium, which is the one above");
    else if (lies.misspelt != NULL)
        builder_format(ret_text, "there is %s/%s/: rename it to " REQUESTS ", in small letters", shown.text,
                       quoted_text(lies.misspelt, &name));
    else if (lies.requests > 0)
        builder_format(ret_text, "%zu %s directly in %s: move %s into %s/" REQUESTS "/", lies.requests,
                       lies.requests == 1 ? "request lies" : "requests lie", shown.text,
                       lies.requests == 1 ? "it" : "them", shown.text);
    else if (lies.holder != NULL)
        builder_format(ret_text, "%zu %s in %s/%s/: rename that to " REQUESTS, lies.held,
                       lies.held == 1 ? "request lies" : "requests lie", shown.text,
                       quoted_text(lies.holder, &name));
    else if (lies.others > 0)
        builder_format(ret_text,
                       "there are only %s: is this the right medium? Put requests into %s/" REQUESTS "/",
                       builder_text(&lies.listing), shown.text);
    else
        builder_format(ret_text, "it is empty: is it mounted? Put requests into %s/" REQUESTS "/",
                       shown.text);
}
