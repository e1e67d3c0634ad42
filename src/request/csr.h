/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CSR bytes to facts. Runs inside a reader (readers.h); also called directly by tests and the fuzzer.
 * Strict: exact DER, version 0, one extensionRequest with one value, no OID twice, no explicit EC parameters, proof of
 * possession (RFC 2986, RFC 2985 5.4.2, RFC 5280). Everything wrong is collected in request.problems.
 */
#ifndef COLDCA_REQUEST_CSR_H
#define COLDCA_REQUEST_CSR_H

#include "base/builder.h"
#include "request/request.h"

/** Reads one DER CSR. Always returns a request; what was wrong is in its problems. der is copied. */
struct request *csr_read(struct bytes der);

/**
 * Cuts an input into CSRs: one DER, or PEM blocks "CERTIFICATE REQUEST" / "NEW CERTIFICATE REQUEST" (RFC 7468) with
 * any text around them. Other PEM labels become a request with a problem ("request.pem").
 * \param ret_requests  an array the caller frees after request_free() of each; never empty
 */
void csr_read_all(struct bytes input, struct request ***ret_requests, size_t *ret_count);

/**
 * Verifies the request's signature with its own key (RFC 2986 3), in this process: what a reader says of it is not asked.
 * \param request  sound as far as a reader knows, with its DER
 * \return false: it does not verify; the request then has no proof, and a problem ("request.reader")
 */
MUST_USE bool csr_prove(struct request *request);

/** The form a request crosses the reader's socket in. */
void csr_encode(const struct request *request, struct builder *ret_message);
/** Checks shape and bounds of every field: the sender may be taken over. ERROR_INPUT if it is malformed. */
MUST_USE bool csr_decode(struct bytes message, struct request **ret_request, struct error *err);

#endif
