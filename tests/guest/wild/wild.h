/* SPDX-License-Identifier: Apache-2.0 */
/* Ways to break oneself; none of them returns to a state that can go on. */
#ifndef TESTS_GUEST_WILD_WILD_H
#define TESTS_GUEST_WILD_WILD_H

#include <stdint.h>

void wild_vectors(uint64_t nowhere); /* exceptions go to an address that is not there */
void wild_jump(uint64_t nowhere);    /* the next instruction is not there */
void wild_tables(uint64_t nowhere);  /* the page tables are not there */
void wild_stack(uint64_t nowhere);   /* neither is the stack of exceptions */

#endif
