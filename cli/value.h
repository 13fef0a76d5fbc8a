/* SPDX-License-Identifier: Apache-2.0 */
/* Words of a command line <-> values of the types that guest functions have. */
#ifndef CLI_VALUE_H
#define CLI_VALUE_H

#include <stdio.h>

#include "host/include/vitrine.h"

/* Type of argument n of a signature, CALL_VOID behind the last; of its result. */
uint32_t signature_arg(call_signature signature, unsigned n);
uint32_t signature_result(call_signature signature);
unsigned signature_count(call_signature signature);

/* As C would declare it: "i32 add(i32, str)". */
void signature_print(FILE *out, const char *name, call_signature signature);

/*
 * The value of type `type` that the word spells. Strings: as is, or behind "text:". Bytes:
 * "hex:0a1b", "text:WORDS", or "@FILE". Returns NULL, or what is wrong. value_free() releases it.
 */
const char *value_parse(uint32_t type, const char *word, struct vt_value *out);
void value_free(struct vt_value *value);

/* One line; nothing for CALL_VOID. */
void value_print(FILE *out, const struct vt_value *value);

/* Text of a guest, and a newline: control characters do not reach the terminal. */
void text_print(FILE *out, const char *text, size_t len);

/* A time in ns such as 250ms, 1.5s, 2. False: the word is none. */
bool time_parse(const char *word, uint64_t *ns);

#endif
