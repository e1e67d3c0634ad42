/* SPDX-License-Identifier: Apache-2.0 */
#include "media/stream.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/openssl_release.h"
#include "media/name.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <string.h>
#include <unistd.h>

#define BUFFER_LEN ((size_t)64 * 1024)

struct media_stream {
    int folder_fd; /**< ours */
    int fd;
    char *name;
    char *temporary;
    struct builder buffer;
    EVP_MD_CTX *digest;
    struct error err; /**< the first thing that failed */
};

void media_stream_free(struct media_stream *stream)
{
    if (stream->fd >= 0) {
        (void)close(stream->fd);                                 // it is given up
        (void)unlinkat(stream->folder_fd, stream->temporary, 0); // the next try clears it too
    }
    auto_close(&stream->folder_fd);
    EVP_MD_CTX_free(stream->digest);
    builder_done(&stream->buffer);
    free(stream->name);
    free(stream->temporary);
    free(stream);
}

void media_stream_clear(int folder_fd, const char *name)
{
    AUTO(free) char *temporary = memory_format(".coldca-%s.part", name);
    (void)unlinkat(folder_fd, temporary, 0); // mostly there is none
}

bool media_stream_open(int folder_fd, const char *name, struct media_stream **ret_stream, struct error *err)
{
    AUTO(media_stream_free) struct media_stream *stream = memory_new(1, sizeof(*stream));
    stream->fd = -1;
    stream->folder_fd = openat(folder_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (stream->folder_fd < 0)
        return error_errno(err, ERROR_INPUT, errno, "can't open the directory for %s", name);
    stream->name = memory_text(name);
    stream->temporary = memory_format(".coldca-%s.part", name);
    if (media_name_fault(name, strlen(name)) != NULL || strchr(name, '/') != NULL)
        return error_set(err, ERROR_INPUT, 0, "%s is not a name for a report", name);
    stream->digest = EVP_MD_CTX_new();
    if (stream->digest == NULL || EVP_DigestInit_ex(stream->digest, EVP_sha256(), NULL) != 1)
        return error_openssl(err, ERROR_INPUT, "can't hash %s", name);
    if (unlinkat(stream->folder_fd, stream->temporary, 0) != 0 && errno != ENOENT)
        return error_errno(err, ERROR_INPUT, errno, "can't clear %s away", stream->temporary);
    stream->fd = openat(stream->folder_fd, stream->temporary,
                        O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (stream->fd < 0)
        return error_errno(err, ERROR_INPUT, errno, "can't write %s", name);
    *ret_stream = TAKE(stream);
    return true;
}

static void flush(struct media_stream *stream)
{
    struct bytes data = builder_bytes(&stream->buffer);
    if (stream->err.kind == ERROR_NONE && file_write_fd(stream->fd, stream->name, data, &stream->err) &&
        EVP_DigestUpdate(stream->digest, data.data, data.len) != 1)
        (void)error_openssl(&stream->err, ERROR_INPUT, "can't hash %s", stream->name);
    builder_clear(&stream->buffer);
}

void media_stream_add(struct media_stream *stream, struct bytes data)
{
    builder_add_bytes(&stream->buffer, data);
    if (stream->buffer.len >= BUFFER_LEN)
        flush(stream);
}

void media_stream_add_text(struct media_stream *stream, const char *text)
{
    media_stream_add(stream, bytes_of_text(text));
}

bool media_stream_commit(struct media_stream *stream, uint8_t ret_sha256[static 32], struct error *err)
{
    flush(stream);
    if (stream->err.kind != ERROR_NONE) {
        *err = stream->err;
        return false;
    }
    if (EVP_DigestFinal_ex(stream->digest, ret_sha256, NULL) != 1)
        return error_openssl(err, ERROR_INPUT, "can't hash %s", stream->name);
    if (fsync(stream->fd) != 0)
        return error_errno(err, ERROR_INPUT, errno, "can't make %s durable", stream->name);
    if (renameat(stream->folder_fd, stream->temporary, stream->folder_fd, stream->name) != 0)
        return error_errno(err, ERROR_INPUT, errno, "can't put %s in its place", stream->name);
    (void)close(stream->fd); // fsynced
    stream->fd = -1;
    return file_sync_folder(stream->folder_fd, stream->name, err);
}
