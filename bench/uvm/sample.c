/* SPDX-License-Identifier: Apache-2.0 */
/* Samples of one figure. Says nothing about what was measured. */
#include "bench/uvm/sample.h"

#include <stdlib.h>
#include <time.h>

double sample_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

void sample_add(struct sample *sample, double value)
{
    if (sample->count < SAMPLE_MAX) {
        sample->value[sample->count++] = value;
    }
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;

    return x < y ? -1 : x > y;
}

double sample_at(struct sample *sample, unsigned percent)
{
    if (sample->count == 0) {
        return 0;
    }
    qsort(sample->value, sample->count, sizeof(sample->value[0]), compare);
    return sample->value[(sample->count - 1) * percent / 100];
}
