/* SPDX-License-Identifier: Apache-2.0 */
/* Structures in DER with one fault each: every element in turn is left out, doubled, emptied, retagged, made longer and shorter. */
#ifndef COLDCA_TESTS_DER_FAULTS_H
#define COLDCA_TESTS_DER_FAULTS_H

#include "base/der.h"

/** LONGER: by an element where elements are, else by a byte; BYTE_LONGER: by a byte that is no element. */
enum der_fault {
    DER_LEFT_OUT,
    DER_TWICE,
    DER_EMPTY,
    DER_RETAGGED,
    DER_LONGER,
    DER_BYTE_LONGER,
    DER_SHORTER,
    DER_FAULT_COUNT
};

/** What was done, for people: "element 12 left out". Lives until the next call. */
const char *der_fault_text(enum der_fault fault, size_t index);

/**
 * The structure with one fault; all lengths around it are right again. Elements are counted in the order of their bytes, those inside an
 * OCTET STRING that holds DER among them.
 * \param ret_der  appends
 * \return false: there is no such element, or the fault would change nothing
 */
bool der_fault_plant(struct bytes der, enum der_fault fault, size_t index, struct builder *ret_der);
/** How many elements there are. */
size_t der_fault_places(struct bytes der);

#endif
