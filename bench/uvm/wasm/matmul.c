/* SPDX-License-Identifier: Apache-2.0 */
/* A program that is compiled to WebAssembly for the benchmark: products of matrices. */
#include <stdint.h>

__attribute__((export_name("run"))) uint64_t run(uint32_t count);

enum { SIZE = 128 };

static double a[SIZE][SIZE], b[SIZE][SIZE], c[SIZE][SIZE];

static void fill(uint32_t seed)
{
    for (uint32_t i = 0; i < SIZE; i++) {
        for (uint32_t j = 0; j < SIZE; j++) {
            a[i][j] = (double)((i * 7 + j * 3 + seed) % 11) - 5;
            b[i][j] = (double)((i * 5 + j + seed) % 13) / 8;
        }
    }
}

static void multiply(void)
{
    for (uint32_t i = 0; i < SIZE; i++) {
        for (uint32_t j = 0; j < SIZE; j++) {
            double sum = 0;

            for (uint32_t k = 0; k < SIZE; k++) {
                sum += a[i][k] * b[k][j];
            }
            c[i][j] = sum;
        }
    }
}

uint64_t run(uint32_t count)
{
    double trace = 0;

    for (uint32_t n = 0; n < count; n++) {
        fill(n);
        multiply();
        for (uint32_t i = 0; i < SIZE; i++) {
            trace += c[i][i];
        }
    }
    return (uint64_t)(int64_t)trace;
}
