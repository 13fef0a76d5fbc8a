/* SPDX-License-Identifier: Apache-2.0 */
/* Samples of one figure: collected, sorted, and asked for median and 99th percentile. */
#ifndef BENCH_UVM_SAMPLE_H
#define BENCH_UVM_SAMPLE_H

#include <stddef.h>
#include <stdint.h>

#define SAMPLE_MAX 4000u

struct sample {
    double value[SAMPLE_MAX];
    size_t count;
};

/* Monotonic microseconds. */
double sample_now(void);

/* Beyond SAMPLE_MAX it is dropped. */
void sample_add(struct sample *sample, double value);

/* 0 when there is none; sorts. `percent` is 0..100. */
double sample_at(struct sample *sample, unsigned percent);

#endif
