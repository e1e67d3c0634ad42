/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/call.h"

#include "base/memory.h"
#include "base/time.h"
#include "sandbox/sandbox.h"
#include "sandbox/wire.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <sys/socket.h>

#define SECONDS 60
#define BYTES_A_SECOND                                                                                       \
    100000 /* of a plan, whose requests are each verified, where others want the processor, too */
#define MEMORY_BYTES ((size_t)64 * 1024 * 1024)
#define COPIES 8 /* of the input and what comes of it, and what growing takes */

unsigned sandbox_call_seconds(size_t len)
{
    size_t more = len / BYTES_A_SECOND;
    return more > UINT_MAX - SECONDS ? UINT_MAX : SECONDS + (unsigned)more;
}

/* ---- in the confined process ---- */

/** One input, one answer: a length (size_t; both sides are one program), and so many bytes. */
static int answer(int fd, void *context)
{
    const struct sandbox_call *call = context;
    AUTO(builder_done) struct builder output = {.max_len = call->max_output_len};
    size_t len = 0;
    if (!wire_read(fd, &len, sizeof(len)))
        return 1;
    AUTO(free) uint8_t *input = memory_new(len == 0 ? 1 : len, 1);
    if (!wire_read(fd, input, len))
        return 1;
    call->run(bytes_of(input, len), &output);
    len = output.len;
    return !output.has_failed && wire_write(fd, bytes_of(&len, sizeof(len))) &&
                   wire_write(fd, builder_bytes(&output))
               ? 0
               : 1;
}

/* ---- in the program ---- */

/** Writes all of it; no SIGPIPE, if the process is gone. */
static bool tell(int fd, const void *data, size_t len)
{
    const uint8_t *rest = data;
    while (len > 0) {
        ssize_t sent = send(fd, rest, len, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0)
            return false;
        rest += sent;
        len -= (size_t)sent;
    }
    return true;
}

/** Reads so many bytes by a time. \return false: the process is gone, or late (then *ret_is_late) */
static bool hear(int fd, uint8_t *data, size_t len, int64_t due_ms, bool *ret_is_late)
{
    while (len > 0) {
        int64_t left_ms = due_ms - time_monotonic_ms();
        struct pollfd wait = {.fd = fd, .events = POLLIN};
        int ready = left_ms <= 0 ? 0 : poll(&wait, 1, (int)left_ms);
        if (ready < 0 && errno == EINTR)
            continue;
        *ret_is_late = ready == 0;
        size_t got = ready > 0 ? wire_read_some(fd, data, len) : 0;
        if (got == 0)
            return false;
        data += got;
        len -= got;
    }
    return true;
}

static bool converse(int fd, const struct sandbox_call *call, struct bytes input, struct builder *ret_output,
                     bool *ret_is_late)
{
    int64_t due_ms = time_monotonic_ms() + (int64_t)sandbox_call_seconds(input.len) * 1000;
    size_t len = input.len;
    if (!tell(fd, &len, sizeof(len)) || !tell(fd, input.data, input.len) ||
        !hear(fd, (uint8_t *)&len, sizeof(len), due_ms, ret_is_late) || len > call->max_output_len)
        return false;
    uint8_t *room = builder_reserve(ret_output, len);
    return len == 0 || (room != NULL && hear(fd, room, len, due_ms, ret_is_late));
}

bool sandbox_call(const struct sandbox_call *call, struct bytes input, struct builder *ret_output,
                  struct error *err)
{
    AUTO(sandbox_close) struct sandbox *sandbox = NULL;
    struct sandbox_child child;
    struct sandbox_end end;
    char how[128];
    bool is_late = false;
    struct sandbox_call copy = *call;
    const struct sandbox_plan plan = {.warm_up = call->warm_up,
                                      .run = answer,
                                      .context = &copy,
                                      .memory_bytes = MEMORY_BYTES + COPIES * input.len,
                                      .cpu_seconds = sandbox_call_seconds(input.len)};
    if (!sandbox_open(&plan, &sandbox, err) || !sandbox_spawn(sandbox, &child, err))
        return error_while(err, "starting the parser process");
    size_t before = ret_output->len;
    bool is_heard = converse(child.fd, call, input, ret_output, &is_late);
    (void)close(child.fd); // nothing more is wanted from it
    if (!sandbox_reap(sandbox, child.pid, &end, err))
        return false;
    if (is_heard)
        return true;
    ret_output->len = before;
    return error_set(err, ERROR_INPUT, 0,
                     "the process that read it failed: %s; set the file aside and look at it: it may be an "
                     "attack",
                     is_late ? "it gave no answer in time" : sandbox_describe_end(&end, how));
}
