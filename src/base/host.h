/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a text that stands where a host name belongs is to the programs that connect to it. WHATWG URL, curl, Go and every stub
 * resolver read a name that ends in a number as an IP address and never look it up, so no certificate may call it a DNS name.
 */
#ifndef COLDCA_BASE_HOST_H
#define COLDCA_BASE_HOST_H

#include "base/bytes.h"

enum host_kind {
    HOST_NAME,    /**< no address; whether it is a valid host name is not looked at */
    HOST_ADDRESS, /**< four numbers with dots, or an IPv6 address, which may stand in brackets */
    HOST_NUMBER, /**< no address as it is written, but its last label is a number: digits, or 0x and hex digits */
};

/** \param text  may have a dot at its end, which counts for nothing */
enum host_kind host_kind_of(struct bytes text);

#endif
