/* SPDX-License-Identifier: Apache-2.0 */
#include "request/readers.h"

#include "base/memory.h"
#include "base/time.h"
#include "request/claims.h"
#include "request/csr.h"
#include "request/reader.h"
#include "request/storage.h"
#include "sandbox/sandbox.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/uio.h>

#define WINDOW                                                                                               \
    32 /* inputs a parser process may hold unanswered: enough to keep it busy while the signer does other things */
#define MAX_READERS 64
#define READ_TIMEOUT_MS 5000
#define INPUTS_A_LIFE 20000
#define MEMORY_BYTES ((size_t)64 * 1024 * 1024)
#define CPU_SECONDS 600 /* for INPUTS_A_LIFE inputs; a single one is bounded by READ_TIMEOUT_MS */

/** An input on its way. */
struct flight {
    uint64_t ticket;
    uint8_t *frame; /**< length and input */
    size_t len;
};

/** A parser process and what it owes; flights[first] is the next to be answered. */
struct reader {
    struct sandbox_child child;
    bool is_alive;
    struct flight flights[WINDOW];
    size_t first;
    size_t count;
    size_t sent;       /**< flights handed over whole */
    size_t sent_bytes; /**< of the next one */
    size_t served;     /**< since it was forked */
    int64_t due_ms;    /**< when the first flight must be answered */
    struct builder in; /**< what came and is not yet a whole answer */
    size_t in_done;    /**< of it, taken already */
};

struct readers {
    struct readers_settings settings;
    struct sandbox *sandbox;
    struct reader *items;
    int64_t listened_ms; /**< when the signer last looked at what the parser processes had sent */
    size_t pending;
    struct reading **ready; /**< answered, not yet asked for; a queue */
    size_t ready_first;
    size_t ready_count;
    size_t ready_capacity;
    uint8_t block[65536]; /**< what one read() brings */
};

static struct flight *flight_at(struct reader *reader, size_t place)
{
    return &reader->flights[(reader->first + place) % WINDOW];
}

static void add_ready(struct readers *readers, struct reading *reading)
{
    if (readers->ready_first > 0 && readers->ready_first == readers->ready_count) {
        readers->ready_first = 0;
        readers->ready_count = 0;
    }
    if (readers->ready_count == readers->ready_capacity) {
        readers->ready_capacity = readers->ready_capacity == 0 ? 64 : readers->ready_capacity * 2;
        readers->ready = memory_grow(readers->ready, readers->ready_capacity, sizeof(*readers->ready));
    }
    readers->ready[readers->ready_count++] = reading;
}

static bool start(struct readers *readers, struct reader *reader, struct error *err)
{
    if (!sandbox_spawn(readers->sandbox, &reader->child, err))
        return false;
    int flags = fcntl(reader->child.fd, F_GETFL);
    if (flags < 0 || fcntl(reader->child.fd, F_SETFL, flags | O_NONBLOCK) != 0)
        return error_errno(err, ERROR_INPUT, errno, "lost connection to the parser process");
    reader->is_alive = true;
    reader->sent = 0;
    reader->sent_bytes = 0;
    reader->served = 0;
    reader->in_done = 0;
    reader->due_ms = time_monotonic_ms() + readers->settings.timeout_ms;
    builder_clear(&reader->in);
    return true;
}

/** Ends a parser process. \param ret_end how it had ended */
static bool stop(struct readers *readers, struct reader *reader, struct sandbox_end *ret_end,
                 struct error *err)
{
    reader->is_alive = false;
    (void)close(reader->child.fd); // nothing more is wanted from it
    return sandbox_reap(readers->sandbox, reader->child.pid, ret_end, err);
}

/** Answers the first flight; takes over requests. */
static void settle(struct readers *readers, struct reader *reader, struct reading *reading)
{
    struct flight *flight = flight_at(reader, 0);
    reading->ticket = flight->ticket;
    free(flight->frame);
    *flight = (struct flight){.frame = NULL};
    reader->first = (reader->first + 1) % WINDOW;
    reader->count--;
    if (reader->sent > 0)
        reader->sent--;
    else
        reader->sent_bytes = 0;
    reader->due_ms = time_monotonic_ms() + readers->settings.timeout_ms;
    add_ready(readers, reading);
}

static struct reading *failed_reading(const char *text)
{
    struct reading *reading = memory_new(1, sizeof(*reading));
    reading->requests = memory_new(1, sizeof(struct request *));
    reading->requests[0] =
        request_failed("request.reader", text, "set the file aside and look at it: it may be an attack");
    reading->count = 1;
    return reading;
}

/**
 * A parser process failed: the input it had is answered with what happened, a fresh parser process gets the rest.
 * \param reason  NULL: its process ended by itself
 */
static bool replace(struct readers *readers, struct reader *reader, const char *reason, struct error *err)
{
    struct sandbox_end end;
    char how[128];
    char text[700];
    if (!stop(readers, reader, &end, err))
        return false;
    (void)snprintf(text, sizeof(text), "the process that read it failed: %s",
                   reason != NULL ? reason : sandbox_describe_end(&end, how)); // both are cut to fit
    if (reader->count > 0)
        settle(readers, reader, failed_reading(text));
    return start(readers, reader, err);
}

/** Sends what the socket takes. That a parser process is gone is found when its last answers have been read. */
static void send_flights(struct readers *readers, struct reader *reader)
{
    while (reader->sent < reader->count) {
        struct iovec parts[WINDOW];
        int count = 0;
        for (size_t i = reader->sent; i < reader->count; i++) {
            const struct flight *flight = flight_at(reader, i);
            size_t skip = i == reader->sent ? reader->sent_bytes : 0;
            parts[count++] = (struct iovec){.iov_base = flight->frame + skip, .iov_len = flight->len - skip};
        }
        struct msghdr message = {.msg_iov = parts, .msg_iovlen = (size_t)count};
        ssize_t written = sendmsg(reader->child.fd, &message, MSG_NOSIGNAL);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return;
        if (reader->sent == 0 && reader->sent_bytes == 0)
            reader->due_ms = time_monotonic_ms() + readers->settings.timeout_ms;
        size_t left = (size_t)written;
        while (left > 0) {
            size_t rest = flight_at(reader, reader->sent)->len - reader->sent_bytes;
            size_t taken = left < rest ? left : rest;
            reader->sent_bytes += taken;
            left -= taken;
            if (taken == rest) {
                reader->sent++;
                reader->sent_bytes = 0;
            }
        }
    }
}

static size_t number_at(const uint8_t *data)
{
    return (size_t)data[0] << 24 | (size_t)data[1] << 16 | (size_t)data[2] << 8 | data[3];
}

/** Whether an answer is about the input and says what its bytes say. */
static bool is_true(const struct reading *reading, const struct flight *flight, struct error *why)
{
    if (!claims_fit_input(bytes_of(flight->frame + 4, flight->len - 4), reading, why))
        return false;
    for (size_t i = 0; i < reading->count; i++) {
        // What has a problem is refused whatever else is said of it.
        if (reading->requests[i]->problems.count == 0 && !claims_fit_der(reading->requests[i], why))
            return false;
    }
    return true;
}

/** Takes whole answers out of what came. \return false: the parser process sent something that is not an answer; why */
static bool take_answers(struct readers *readers, struct reader *reader, struct error *why)
{
    struct bytes in = builder_bytes(&reader->in);
    while (in.len - reader->in_done >= 4) {
        size_t len = number_at(in.data + reader->in_done);
        if (len > READER_MAX_ANSWER)
            return error_set(why, ERROR_INPUT, 0, "its result is longer than any can be");
        if (in.len - reader->in_done - 4 < len)
            break;
        // An answer to something that was not sent yet is none.
        if (reader->count == 0 || reader->sent == 0)
            return error_set(why, ERROR_INPUT, 0, "it answered without being asked");
        AUTO(reading_free) struct reading *reading = memory_new(1, sizeof(*reading));
        if (!reader_answer_decode(bytes_slice(in, reader->in_done + 4, len), reading, why))
            return false;
        if (!is_true(reading, flight_at(reader, 0), why))
            return false;
        reader->in_done += 4 + len;
        reader->served++;
        settle(readers, reader, TAKE(reading));
    }
    if (reader->in_done == in.len) {
        builder_clear(&reader->in);
        reader->in_done = 0;
    } else if (reader->in_done > 0) {
        memmove(reader->in.data, reader->in.data + reader->in_done, in.len - reader->in_done);
        reader->in.len -= reader->in_done;
        reader->in_done = 0;
    }
    return true;
}

/** Reads what came from one parser process, and replaces it if it is gone, wrong or late: one that sends byte by byte as well. */
static bool attend(struct readers *readers, struct reader *reader, bool is_readable, struct error *err)
{
    struct error why = ERROR_INIT;
    if (is_readable) {
        ssize_t got = read(reader->child.fd, readers->block, sizeof(readers->block));
        bool is_nothing = got < 0 && (errno == EINTR || errno == EAGAIN);
        if (got <= 0 && !is_nothing)
            return replace(readers, reader, NULL, err);
        if (got > 0)
            builder_add(&reader->in, readers->block, (size_t)got);
        if (got > 0 && !take_answers(readers, reader, &why))
            return replace(readers, reader, why.text, err);
    }
    if (reader->count > 0 && time_monotonic_ms() >= reader->due_ms) {
        (void)snprintf(why.text, sizeof(why.text), "it returned nothing within %d ms",
                       readers->settings.timeout_ms);
        return replace(readers, reader, why.text, err);
    }
    return true;
}

/** Time in which the signer did something else is not the parser processes': an answer may have waited for it all along. */
static void grant_absence(struct readers *readers)
{
    int64_t now = time_monotonic_ms();
    int64_t absence = now - readers->listened_ms;
    for (size_t i = 0; i < readers->settings.count; i++) {
        struct reader *reader = &readers->items[i];
        int64_t most = now + readers->settings.timeout_ms; // an input that was handed over meanwhile
        reader->due_ms = reader->due_ms + absence < most ? reader->due_ms + absence : most;
    }
}

/** One round: sends, waits until something happens, takes what came. */
static bool pump(struct readers *readers, struct error *err)
{
    struct pollfd waits[MAX_READERS];
    int64_t soonest = INT64_MAX;
    grant_absence(readers);
    for (size_t i = 0; i < readers->settings.count; i++) {
        struct reader *reader = &readers->items[i];
        send_flights(readers, reader);
        waits[i] = (struct pollfd){.fd = reader->child.fd, .events = POLLIN};
        if (reader->sent < reader->count)
            waits[i].events |= POLLOUT;
        if (reader->count > 0 && reader->due_ms < soonest)
            soonest = reader->due_ms;
    }
    int64_t left = soonest == INT64_MAX ? readers->settings.timeout_ms : soonest - time_monotonic_ms();
    int ready = poll(waits, readers->settings.count, left < 0 ? 0 : (int)left);
    if (ready < 0 && errno != EINTR)
        return error_errno(err, ERROR_INPUT, errno, "can't wait for the parser processes");
    for (size_t i = 0; i < readers->settings.count; i++) {
        bool is_readable = ready > 0 && (waits[i].revents & (POLLIN | POLLHUP | POLLERR)) != 0;
        if (!attend(readers, &readers->items[i], is_readable, err))
            return false;
    }
    readers->listened_ms = time_monotonic_ms();
    return true;
}

bool readers_open_with(const struct readers_settings *settings, struct readers **ret_readers,
                       struct error *err)
{
    AUTO(readers_close) struct readers *readers = memory_new(1, sizeof(*readers));
    readers->settings = *settings;
    if (readers->settings.count == 0) {
        long cores = sysconf(_SC_NPROCESSORS_ONLN);
        readers->settings.count = cores < 1 ? 1 : (size_t)cores;
    }
    if (readers->settings.count > MAX_READERS)
        readers->settings.count = MAX_READERS;
    readers->items = memory_new(readers->settings.count, sizeof(*readers->items));
    struct sandbox_plan plan = {.warm_up = reader_warm_up,
                                .run = reader_run,
                                .context = &readers->settings.read,
                                .memory_bytes = MEMORY_BYTES,
                                .cpu_seconds = CPU_SECONDS};
    if (!sandbox_open(&plan, &readers->sandbox, err))
        return error_while(err, "starting the parser processes");
    readers->listened_ms = time_monotonic_ms();
    for (size_t i = 0; i < readers->settings.count; i++) {
        if (!start(readers, &readers->items[i], err))
            return error_while(err, "starting the parser processes");
    }
    *ret_readers = TAKE(readers);
    return true;
}

bool readers_open(size_t count, struct readers **ret_readers, struct error *err)
{
    struct readers_settings settings = {
        .count = count, .read = csr_read_all, .timeout_ms = READ_TIMEOUT_MS, .inputs_a_life = INPUTS_A_LIFE};
    return readers_open_with(&settings, ret_readers, err);
}

void readers_close(struct readers *readers)
{
    if (readers->sandbox != NULL)
        sandbox_close(readers->sandbox);
    for (size_t i = 0; i < readers->settings.count; i++) {
        struct reader *reader = &readers->items[i];
        if (reader->is_alive)
            (void)close(reader->child.fd); // nobody is there any more
        while (reader->count > 0) {
            free(flight_at(reader, 0)->frame);
            reader->first = (reader->first + 1) % WINDOW;
            reader->count--;
        }
        builder_done(&reader->in);
    }
    for (size_t i = readers->ready_first; i < readers->ready_count; i++)
        reading_free(readers->ready[i]);
    free(readers->ready);
    free(readers->items);
    free(readers);
}

/** The parser process with the fewest inputs that takes another one; NULL if all have enough. */
static struct reader *find_free(const struct readers *readers)
{
    struct reader *best = NULL;
    for (size_t i = 0; i < readers->settings.count; i++) {
        struct reader *reader = &readers->items[i];
        bool is_worn = reader->count > 0 && reader->served + reader->count >= readers->settings.inputs_a_life;
        if (reader->count < WINDOW && !is_worn && (best == NULL || reader->count < best->count))
            best = reader;
    }
    return best;
}

bool readers_may_submit(const struct readers *readers)
{
    return find_free(readers) != NULL;
}

/** What a taken-over parser process could do to later inputs ends with its life. */
static bool renew_if_worn(struct readers *readers, struct reader *reader, struct error *err)
{
    struct sandbox_end end;
    if (reader->count > 0 || reader->served < readers->settings.inputs_a_life)
        return true;
    return stop(readers, reader, &end, err) && start(readers, reader, err);
}

bool readers_submit(struct readers *readers, uint64_t ticket, struct bytes input, struct error *err)
{
    if (input.len > REQUEST_MAX_FILE_LEN)
        return error_set(err, ERROR_INPUT, EFBIG, "a request of %zu bytes is larger than the %d allowed",
                         input.len, REQUEST_MAX_FILE_LEN);
    struct reader *reader = find_free(readers);
    while (reader == NULL) {
        if (!pump(readers, err))
            return false;
        reader = find_free(readers);
    }
    if (!renew_if_worn(readers, reader, err))
        return false;
    struct flight flight = {.ticket = ticket, .len = 4 + input.len};
    flight.frame = memory_new(flight.len, 1);
    for (size_t i = 0; i < 4; i++)
        flight.frame[i] = (uint8_t)(input.len >> (24 - 8 * i));
    if (input.len > 0)
        memcpy(flight.frame + 4, input.data, input.len);
    if (reader->count == 0)
        reader->due_ms = time_monotonic_ms() + readers->settings.timeout_ms;
    *flight_at(reader, reader->count) = flight;
    reader->count++;
    readers->pending++;
    // A parser process that has enough to do gets more in one go, not one by one; whatever is left goes out with the next wait.
    if (reader->sent < WINDOW / 4 || reader->count - reader->sent >= WINDOW / 4)
        send_flights(readers, reader);
    return true;
}

size_t readers_pending(const struct readers *readers)
{
    return readers->pending;
}

bool readers_next(struct readers *readers, struct reading **ret_reading, struct error *err)
{
    assert(readers->pending > 0);
    while (readers->ready_first == readers->ready_count) {
        if (!pump(readers, err))
            return false;
    }
    *ret_reading = readers->ready[readers->ready_first++];
    readers->pending--;
    return true;
}
