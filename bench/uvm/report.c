/* SPDX-License-Identifier: Apache-2.0 */
/* The benchmark's table, its JSON and its verdict. */
#include <stdio.h>

#include "bench/uvm/bench.h"

/* Slope of restores: a page of 1000 may cost this much more than one of 100. */
#define LINEAR_MAX    1.5
#define QUIET_PERCENT 10u
#define GIB8_KIB      (8.0 * 1024 * 1024)

struct row {
    const char *key, *label;
    double target;       /* ours / base at most; 0: only shown */
    enum bench_row base; /* whose floor it is compared with */
    bool emulated_only;  /* judged on a complete KVM only */
};

static const struct row rows[ROW_COUNT] = {
    [ROW_CREATE] = { "create", "create, loaded image to first result", 1.3, ROW_CREATE, false },
    [ROW_CALL] = { "call", "warm call", 1.15, ROW_CALL, false },
    [ROW_CALL_HOST] = { "call-host", "call with a host function", 0, ROW_CALL_HOST, false },
    [ROW_EXIT] = { "exit", "plain exit and back", 0, ROW_EXIT, false },
    [ROW_RESTORE_1] = { "restore-1", "restore, 1 page touched", 6, ROW_EXIT, false },
    [ROW_RESTORE_10] = { "restore-10", "restore, 10 pages", 0, ROW_EXIT, false },
    [ROW_RESTORE_100] = { "restore-100", "restore, 100 pages", 0, ROW_EXIT, false },
    [ROW_RESTORE_1000] = { "restore-1000", "restore, 1,000 pages", 0, ROW_EXIT, false },
    [ROW_RESTORE_CALL] = { "restore-call", "restore and next call", 0, ROW_EXIT, false },
    [ROW_SNAPSHOT] = { "snapshot", "snapshot, 100 pages touched", 0, ROW_EXIT, false },
    [ROW_CLONE] = { "clone", "clone", 0, ROW_CREATE, false },
    [ROW_CLONE_CALL] = { "clone-call", "clone to first result", 0, ROW_CREATE, false },
    [ROW_VCPU_START] = { "vcpu-start", "vCPU's first start", 0, ROW_VCPU_START, false },
    [ROW_VCPU_AGAIN] = { "vcpu-again", "vCPU's start after it was off", 0, ROW_VCPU_START, false },
    [ROW_INTERRUPT] = { "interrupt", "interrupt to its handler, and back", 1.15, ROW_INTERRUPT,
                        false },
    [ROW_FAST_EXCEPTION] = { "exception-fast", "#UD, fast handler, resume", 0, ROW_FAST_EXCEPTION,
                             true },
    [ROW_FAST_BREAKPOINT] = { "breakpoint-fast", "#BP, fast handler, resume", 1.25,
                              ROW_FAST_BREAKPOINT, true },
    [ROW_EXCEPTION] = { "exception", "#UD, chained handler, resume", 0, ROW_EXCEPTION, true },
    [ROW_BREAKPOINT] = { "breakpoint", "#BP, chained handler, resume", 0, ROW_BREAKPOINT, true },
};

static double ratio(struct bench *bench, enum bench_row row, unsigned percent)
{
    double base = sample_at(&bench->row[rows[row].base].floor, percent);

    return base > 0 ? sample_at(&bench->row[row].ours, percent) / base : 0;
}

/* What targets are judged by: on a busy machine half of all samples are of the scheduler. */
static double judged_ratio(struct bench *bench, enum bench_row row)
{
    double median = ratio(bench, row, 50);
    double quiet = ratio(bench, row, QUIET_PERCENT);

    return median < quiet ? median : quiet;
}

/* Exceptions are judged where supervisor code runs natively, all else on the machine's own KVM. */
static bool judged(const struct bench *bench, enum bench_row row)
{
    return rows[row].target > 0 && bench->row[row].ours.count > 0 &&
           (rows[row].emulated_only ? !bench->slow_supervisor : bench->native);
}

static bool missed(struct bench *bench, enum bench_row row)
{
    return judged(bench, row) && judged_ratio(bench, row) > rows[row].target;
}

/* How much dearer a page of 1000 is than one of the first 100; at most 1 when it is linear. */
static double linear(struct bench *bench)
{
    double one = sample_at(&bench->row[ROW_RESTORE_1].ours, 50);
    double hundred = sample_at(&bench->row[ROW_RESTORE_100].ours, 50);
    double thousand = sample_at(&bench->row[ROW_RESTORE_1000].ours, 50);

    return hundred > one ? (thousand - hundred) / 900 / ((hundred - one) / 99) : 0;
}

static void print_row(struct bench *bench, enum bench_row row)
{
    struct sample *floor = &bench->row[row].floor;
    struct sample *ours = &bench->row[row].ours;

    printf("%-38s", rows[row].label);
    if (floor->count > 0) {
        printf(" %9.1f %9.1f", sample_at(floor, 50), sample_at(floor, 99));
    } else {
        printf(" %19s", "");
    }
    if (ours->count > 0) {
        printf(" %9.1f %9.1f %6.2f", sample_at(ours, 50), sample_at(ours, 99),
               ratio(bench, row, 50));
    }
    if (judged(bench, row)) {
        printf(" <= %.2f%s", rows[row].target, missed(bench, row) ? "  MISSED" : "");
    }
    printf("\n");
}

static void print_memory(const struct bench *bench)
{
    printf(
        "\nidle micro-VM of 16 MiB, %u alive at once: %.0f KiB, of which the process's %.0f KiB\n",
        bench->alive, bench->vm_kib, bench->vm_user_kib);
    if (bench->vm_kib > 0) {
        printf("8 GiB would hold %.0f (extrapolated)\n", GIB8_KIB / bench->vm_kib);
    }
}

static void write_sample(FILE *out, const char *name, struct sample *sample)
{
    if (sample->count > 0) {
        fprintf(out, ", \"%s\": { \"median\": %.3f, \"p99\": %.3f, \"samples\": %zu }", name,
                sample_at(sample, 50), sample_at(sample, 99), sample->count);
    }
}

static int write_json(struct bench *bench, const char *path)
{
    FILE *out = fopen(path, "w");

    if (out == NULL) {
        bench_die(path, 0);
    }
    fprintf(out, "{\n  \"unit\": \"us\",\n  \"native\": %s,\n  \"rows\": {\n",
            bench->native ? "true" : "false");
    for (enum bench_row row = 0; row < ROW_COUNT; row++) {
        fprintf(out, "    \"%s\": { \"target\": %.2f, \"ratio\": %.3f", rows[row].key,
                rows[row].target, ratio(bench, row, 50));
        write_sample(out, "floor", &bench->row[row].floor);
        write_sample(out, "vitrine", &bench->row[row].ours);
        fprintf(out, " }%s\n", row + 1 < ROW_COUNT ? "," : "");
    }
    fprintf(out, "  },\n  \"restore_linear\": %.3f,\n  \"alive\": %u,\n", linear(bench),
            bench->alive);
    fprintf(out, "  \"idle_kib\": %.1f,\n  \"idle_process_kib\": %.1f\n}\n", bench->vm_kib,
            bench->vm_user_kib);
    return fclose(out);
}

int report(struct bench *bench, const char *json)
{
    bool bent = linear(bench) > LINEAR_MAX && bench->native;
    int status = bent;

    printf("%-38s %9s %9s %9s %9s %6s\n", "micro-VMs [us]", "floor", "p99", "Vitrine", "p99",
           "ratio");
    for (enum bench_row row = 0; row < ROW_COUNT; row++) {
        if (bench->native || rows[row].emulated_only) {
            print_row(bench, row);
        }
        status = status != 0 || missed(bench, row);
    }
    if (!bench->native) {
        return status;
    }
    printf("%-38s %46.2f <= %.2f%s\n", "a page of 1,000 against one of 100", linear(bench),
           LINEAR_MAX, bent ? "  MISSED" : "");
    print_memory(bench);
    if (json != NULL && write_json(bench, json) != 0) {
        bench_die(json, 0);
    }
    return status;
}
