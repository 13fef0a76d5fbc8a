/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Measures WebAssembly in a micro-VM beside the same code in this process, with wabt's own runtime,
 * call by call in turn. Prints a table, writes JSON; exit status 1 when a target is missed. Usage:
 * wasm-bench GUEST.elf [JSON]. Without KVM it says so and measures nothing.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench/uvm/sample.h"
#include "host/include/vitrine.h"
#include "bench/uvm/wasm_native.h"
#include "lib/field.h"

enum { ROUNDS = 60, TRAPS = 500, WARM = 3, QUIET_PERCENT = 10 };

static struct row {
    const char *name, *label;
    uint64_t (*native)(uint32_t arg);
    uint32_t arg;
    int err;       /* what vt_call() returns */
    double target; /* ours / native at most; 0: only shown */
    struct sample floor, ours;
} rows[] = {
    { .name = "matmul",
      .label = "12 products of 128 x 128 doubles",
      .native = native_matmul,
      .arg = 12,
      .target = 1.05 },
    { .name = "sha256",
      .label = "SHA-256 of 4 MiB",
      .native = native_sha256,
      .arg = 64,
      .target = 1.05 },
    { .name = "nbody",
      .label = "6 bodies, 160,000 steps",
      .native = native_nbody,
      .arg = 160000,
      .target = 1.05 },
    { .name = "trap", .label = "call that does not trap", .native = native_trap },
    { .name = "trap",
      .label = "unreachable, to the host and back",
      .native = native_trap,
      .arg = 1,
      .err = VT_ERR_GUEST },
    { .name = "trap",
      .label = "out of bounds, to the host and back",
      .native = native_trap,
      .arg = 0x10000,
      .err = VT_ERR_GUEST },
};

static _Noreturn void die(const char *what, int err)
{
    fprintf(stderr, "wasm-bench: %s: %s\n", what, err < 0 ? vt_strerror(err) : strerror(errno));
    exit(2);
}

/* Microseconds of this thread: what others do on a busy machine is not in it. */
static double now(void)
{
    struct timespec at;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &at);
    return (double)at.tv_sec * 1e6 + (double)at.tv_nsec / 1e3;
}

static void measure(struct vt_vm *vm, struct row *row)
{
    unsigned rounds = row->target > 0 ? ROUNDS : TRAPS;

    for (unsigned i = 0; i < rounds; i++) {
        const struct vt_value arg = { .type = CALL_U32, .u = row->arg };
        struct vt_value result = { 0 };
        double t0 = now();
        uint64_t native = row->native(row->arg);
        double t1 = now();
        int err = vt_call(vm, row->name, &arg, 1, &result);
        double t2 = now();

        if (err != row->err || (err == VT_OK && result.u != native)) {
            die(row->label, err);
        }
        if (i >= WARM) {
            sample_add(&row->floor, t1 - t0);
            sample_add(&row->ours, t2 - t1);
        }
    }
}

/* On a busy machine half of all samples are of the scheduler. */
static double ratio(struct row *row)
{
    double median = sample_at(&row->ours, 50) / sample_at(&row->floor, 50);
    double quiet = sample_at(&row->ours, QUIET_PERCENT) / sample_at(&row->floor, QUIET_PERCENT);

    return median < quiet ? median : quiet;
}

static bool print_row(struct row *row)
{
    bool missed = row->target > 0 && ratio(row) > row->target;

    printf("%-38s %10.1f %10.1f", row->label, sample_at(&row->floor, 50),
           sample_at(&row->ours, 50));
    if (row->target > 0) {
        printf(" %7.3f <= %.2f%s", ratio(row), row->target, missed ? "  MISSED" : "");
    }
    printf("\n");
    return missed;
}

static void write_json(const char *path)
{
    FILE *out = fopen(path, "w");

    if (out == NULL) {
        die(path, 0);
    }
    fprintf(out, "{\n  \"unit\": \"us\",\n  \"rows\": {\n");
    for (unsigned i = 0; i < ARRAY_COUNT(rows); i++) {
        fprintf(out, "    \"%s\": { \"native\": %.3f, \"vitrine\": %.3f, \"ratio\": %.4f }%s\n",
                rows[i].label, sample_at(&rows[i].floor, 50), sample_at(&rows[i].ours, 50),
                ratio(&rows[i]), i + 1 < ARRAY_COUNT(rows) ? "," : "");
    }
    fprintf(out, "  }\n}\n");
    if (fclose(out) != 0) {
        die(path, 0);
    }
}

static int report(const char *json)
{
    bool missed = false;

    printf("%-38s %10s %10s %7s\n", "WebAssembly, CPU time [us]", "native", "micro-VM", "ratio");
    for (unsigned i = 0; i < ARRAY_COUNT(rows); i++) {
        missed = print_row(&rows[i]) || missed;
    }
    if (json != NULL) {
        write_json(json);
    }
    return missed ? 1 : 0;
}

int main(int argc, char **argv)
{
    struct vt_probe probe = { .size = sizeof(probe) };
    struct vt_image *image;
    struct vt_vm *vm;
    int err;

    if (argc < 2) {
        fprintf(stderr, "usage: wasm-bench GUEST.elf [JSON]\n");
        return 2;
    }
    if (vt_probe(&probe, 1) < 1 || !probe.usable) {
        printf("wasm-bench: no usable KVM: WebAssembly is not measured\n");
        return 0;
    }
    err = vt_image_load_file(argv[1], NULL, &image);
    err = err != VT_OK ? err : vt_create(image, NULL, &vm);
    if (err != VT_OK) {
        die(argv[1], err);
    }
    native_init();
    for (unsigned i = 0; i < ARRAY_COUNT(rows); i++) {
        measure(vm, &rows[i]);
    }
    vt_destroy(vm);
    vt_image_free(image);
    return report(argc > 2 ? argv[2] : NULL);
}
