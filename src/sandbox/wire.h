/* SPDX-License-Identifier: Apache-2.0 */
/* Whole messages over a blocking socket, and a descriptor with one. Used by the modules of sandbox/ and by what runs in it. */
#ifndef COLDCA_SANDBOX_WIRE_H
#define COLDCA_SANDBOX_WIRE_H

#include "base/bytes.h"
#include "base/error.h"

/** Writes all of data. \return false: the other side is gone (errno) */
MUST_USE bool wire_write(int fd, struct bytes data);
/** Reads exactly len bytes. \return false: the other side is gone; errno 0 if it closed in good order */
MUST_USE bool wire_read(int fd, void *ret_data, size_t len);
/** Reads at most len bytes, at least one. \return bytes; 0: the other side closed, or an error */
size_t wire_read_some(int fd, void *ret_data, size_t len);

/** Sends one message and, unless it is -1, a descriptor with it. */
MUST_USE bool wire_send(int fd, const void *message, size_t len, int passed_fd);
/** Receives one message of exactly len bytes. \param ret_fd the descriptor that came with it (close-on-exec), or -1 */
MUST_USE bool wire_receive(int fd, void *ret_message, size_t len, int *ret_fd);

#endif
