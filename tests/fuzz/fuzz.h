/* SPDX-License-Identifier: Apache-2.0 */
/* What all fuzz targets share: input as a stream of numbers, and the check that ends a run. */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Called by libFuzzer with each input; what it finds is said by FUZZ_CHECK or a sanitizer. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Optional: once, before the first input. */
int LLVMFuzzerInitialize(int *argc, char ***argv);

/* Input that is not yet used; reads past its end give 0. */
struct fuzz_in {
    const uint8_t *data;
    size_t left;
};

uint8_t fuzz_u8(struct fuzz_in *in);
uint16_t fuzz_u16(struct fuzz_in *in);
uint32_t fuzz_u32(struct fuzz_in *in);
uint64_t fuzz_u64(struct fuzz_in *in);

/* A number of few bytes that is often near what matters: small, all ones, one bit, or random. */
uint64_t fuzz_word(struct fuzz_in *in);

/* An invariant of the code under test; false ends the run with place and text. */
#define FUZZ_CHECK(condition) ((condition) ? (void)0 : fuzz_broken(__FILE__, __LINE__, #condition))
_Noreturn void fuzz_broken(const char *file, int line, const char *what);

#endif
