/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Measures libvitrine beside the floor, sample by sample in turn, so that what else the machine
 * does hits both. Prints a table, writes JSON, judges by the targets: exit status 1 when one is
 * missed. Usage: uvm-bench GUEST.elf [JSON]. Without /dev/kvm it says so and measures nothing.
 */
#include "bench/uvm/bench.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/uvm/floor.h"
#include "lib/field.h"

enum { INTERRUPTS = 500, BENCH_LINE = 40 };
enum { RAM = 16 << 20, CREATES = 200, CALLS = 2000, RESTORES = 100, CLONES = 100 };
enum { STARTS = 100, EXCEPTIONS = 50, FAULTS = 20, CALIBRATE_US = 20000 };

static int host_add(void *ctx, struct vt_vm *vm, const struct vt_value *args, unsigned count,
                    struct vt_value *result)
{
    (void)ctx;
    (void)vm;
    (void)count;
    result->u = args[0].u + 1;
    return 0;
}

void bench_die(const char *what, int err)
{
    fprintf(stderr, "uvm-bench: %s: %s\n", what, err < 0 ? vt_strerror(err) : strerror(errno));
    exit(2);
}

struct vt_vm *bench_create_with(const struct bench *bench, const struct vt_cfg *cfg)
{
    struct vt_vm *vm;
    call_signature signature = CALL_U64 | put(BENCH_ARG0, CALL_U64);
    int err = vt_create(bench->image, cfg, &vm);

    if (err == 0) {
        err = vt_register(vm, "host_add", signature, host_add, NULL);
    }
    if (err != 0) {
        bench_die("create", err);
    }
    return vm;
}

struct vt_vm *bench_create(const struct bench *bench)
{
    return bench_create_with(bench, NULL);
}

uint64_t bench_call(struct vt_vm *vm, const char *name, uint64_t value)
{
    struct vt_value arg = { .type = CALL_U64, .u = value };
    struct vt_value result;
    int err = vt_call(vm, name, &arg, 1, &result);

    if (err != 0) {
        bench_die(name, err);
    }
    return result.u;
}

static void check(const char *what, bool good)
{
    if (!good) {
        fprintf(stderr, "uvm-bench: %s: wrong result\n", what);
        exit(2);
    }
}

static struct floor_vm *floor_new(void)
{
    struct floor_vm *vm = floor_create();

    if (vm == NULL) {
        bench_die("floor: create", 0);
    }
    return vm;
}

/* From a loaded image to the first result; tearing down is not counted. */
static void measure_create(struct bench *bench)
{
    for (unsigned i = 0; i < CREATES; i++) {
        double t0 = sample_now();
        struct floor_vm *floor = floor_new();
        bool good = floor_call(floor, i) == i + 1;
        double t1 = sample_now();
        struct vt_vm *vm;

        floor_destroy(floor);
        sample_add(&bench->row[ROW_CREATE].floor, t1 - t0);
        t0 = sample_now();
        vm = bench_create(bench);
        good = good && bench_call(vm, "add", i) == i + 1;
        t1 = sample_now();
        vt_destroy(vm);
        sample_add(&bench->row[ROW_CREATE].ours, t1 - t0);
        check("create", good);
    }
}

static void measure_calls(struct bench *bench)
{
    struct floor_vm *floor = floor_new();
    struct vt_vm *vm = bench_create(bench);
    bool good = true;

    for (unsigned i = 0; i < CALLS; i++) {
        double t[5];

        t[0] = sample_now();
        good = floor_call(floor, i) == i + 1 && good;
        t[1] = sample_now();
        good = bench_call(vm, "add", i) == i + 1 && good;
        t[2] = sample_now();
        good = floor_call_host(floor, i) == i + 2 && good;
        t[3] = sample_now();
        good = bench_call(vm, "add_host", i) == i + 2 && good;
        t[4] = sample_now();
        if (i >= 10) { /* warm */
            sample_add(&bench->row[ROW_CALL].floor, t[1] - t[0]);
            sample_add(&bench->row[ROW_CALL].ours, t[2] - t[1]);
            sample_add(&bench->row[ROW_CALL_HOST].floor, t[3] - t[2]);
            sample_add(&bench->row[ROW_CALL_HOST].ours, t[4] - t[3]);
        }
    }
    check("call", good);
    floor_destroy(floor);
    vt_destroy(vm);
}

struct restored {
    struct floor_vm *floor;
    struct vt_vm *vm;
    struct vt_snapshot *snapshot;
    enum bench_row row;
};

static void restore(struct vt_vm *vm, const struct vt_snapshot *snapshot)
{
    int err = vt_restore(vm, snapshot);

    if (err != 0) {
        bench_die("restore", err);
    }
}

/* One restore after so many pages, beside a plain exit of the floor. */
static void sample_restore(struct bench *bench, const struct restored *r, uint64_t pages)
{
    double t[4];

    bench_call(r->vm, "touch", pages);
    t[0] = sample_now();
    check("exit", floor_exit(r->floor) == 0);
    t[1] = sample_now();
    restore(r->vm, r->snapshot);
    t[2] = sample_now();
    check("call after restore", bench_call(r->vm, "add", 1) == 2);
    t[3] = sample_now();
    sample_add(&bench->row[ROW_EXIT].floor, t[1] - t[0]);
    sample_add(&bench->row[r->row].ours, t[2] - t[1]);
    if (r->row == ROW_RESTORE_1) {
        sample_add(&bench->row[ROW_RESTORE_CALL].ours, t[3] - t[1]);
    }
}

/* A micro-VM for each number of pages: what it touched before tells the library what it needs. */
static void measure_restore(struct bench *bench)
{
    static const uint64_t pages[] = { 1, 10, 100, 1000 };
    struct restored r[ARRAY_COUNT(pages)];
    struct floor_vm *floor = floor_new();

    for (unsigned i = 0; i < ARRAY_COUNT(pages); i++) {
        r[i].floor = floor;
        r[i].row = (enum bench_row)(ROW_RESTORE_1 + i);
        r[i].vm = bench_create(bench);
        bench_call(r[i].vm, "touch", 0);
        if (vt_snapshot(r[i].vm, &r[i].snapshot) != 0) {
            bench_die("snapshot", -1);
        }
    }
    for (unsigned n = 0; n < RESTORES * ARRAY_COUNT(pages); n++) {
        unsigned i = n % ARRAY_COUNT(pages);

        sample_restore(bench, &r[i], pages[i]);
    }
    for (unsigned i = 0; i < ARRAY_COUNT(pages); i++) {
        vt_snapshot_free(r[i].snapshot);
        vt_destroy(r[i].vm);
    }
    floor_destroy(floor);
}

static void measure_clone(struct bench *bench)
{
    struct vt_vm *vm = bench_create(bench);

    bench_call(vm, "touch", 100);
    for (unsigned i = 0; i < CLONES; i++) {
        struct vt_snapshot *snapshot;
        struct vt_vm *clone;
        double t[4];
        int err;

        t[0] = sample_now();
        err = vt_snapshot(vm, &snapshot);
        t[1] = sample_now();
        err = err != 0 ? err : vt_clone(snapshot, NULL, &clone);
        if (err != 0) {
            bench_die("clone", err);
        }
        t[2] = sample_now();
        check("call of a clone", bench_call(clone, "add_host", 1) == 3);
        t[3] = sample_now();
        sample_add(&bench->row[ROW_SNAPSHOT].ours, t[1] - t[0]);
        sample_add(&bench->row[ROW_CLONE].ours, t[2] - t[1]);
        sample_add(&bench->row[ROW_CLONE_CALL].ours, t[3] - t[1]);
        vt_destroy(clone);
        vt_snapshot_free(snapshot);
    }
    vt_destroy(vm);
}

static double handler_began;

static int host_seen(void *ctx, struct vt_vm *vm, const struct vt_value *args, unsigned count,
                     struct vt_value *result)
{
    (void)ctx;
    (void)count;
    (void)result;
    handler_began = sample_now();
    return vt_irq_lower(vm, (uint32_t)args[0].u);
}

/* From the host's decision, between calls, to its knowledge that a handler runs. */
static void measure_interrupt(struct bench *bench)
{
    struct floor_vm *floor = floor_new();
    struct vt_vm *vm = bench_create(bench);
    call_signature signature = CALL_U64 | put(BENCH_ARG0, CALL_U64);
    bool good = vt_register(vm, "seen", signature, host_seen, NULL) == 0;

    bench_call(vm, "listen", BENCH_LINE);
    for (unsigned i = 0; i < INTERRUPTS; i++) {
        double t0, t1;

        good = floor_call(floor, i) == i + 1 && good;
        t0 = sample_now();
        good = floor_interrupt(floor) == 0 && good;
        t1 = sample_now();
        sample_add(&bench->row[ROW_INTERRUPT].floor, t1 - t0);
        t0 = sample_now();
        good = vt_irq_raise(vm, BENCH_LINE) == 0 && bench_call(vm, "add", i) == i + 1 && good;
        sample_add(&bench->row[ROW_INTERRUPT].ours, handler_began - t0);
    }
    check("interrupt", good);
    floor_destroy(floor);
    vt_destroy(vm);
}

/* Cycles of the guest's clock in a microsecond. */
static double cycles_per_us(void)
{
    double begin = sample_now();
    uint64_t cycles = __builtin_ia32_rdtsc();

    while (sample_now() - begin < CALIBRATE_US) {
    }
    return (double)(__builtin_ia32_rdtsc() - cycles) / (sample_now() - begin);
}

/* From the guest's call to the first instruction of what it starts: seen by vCPU 0, which waits. */
static void measure_vcpu(struct bench *bench)
{
    const struct vt_cfg cfg = { .size = sizeof(cfg), .vcpus = 2 };
    double unit = cycles_per_us();

    for (unsigned i = 0; i < STARTS; i++) {
        struct floor_vm *floor = floor_new();
        struct vt_vm *vm = bench_create_with(bench, &cfg);
        bool good = floor_call(floor, 1) == 2 && bench_call(vm, "add", 1) == 2;
        double begin = sample_now();

        good = floor_start(floor) == 0 && good;
        sample_add(&bench->row[ROW_VCPU_START].floor, sample_now() - begin);
        sample_add(&bench->row[ROW_VCPU_START].ours, (double)bench_call(vm, "start", 1) / unit);
        sample_add(&bench->row[ROW_VCPU_AGAIN].ours, (double)bench_call(vm, "start", 2) / unit);
        check("vCPU start", good);
        floor_destroy(floor);
        vt_destroy(vm);
    }
}

/* By the guest's own clock, a number of faults at a time. */
static void measure_exception(struct bench *bench)
{
    struct floor_vm *floor = floor_new();
    struct vt_vm *vm = bench_create(bench);
    double unit = cycles_per_us() * FAULTS;

    check("floor: call", floor_call(floor, 0) == 1);
    for (unsigned i = 0; i < EXCEPTIONS; i++) {
        double bare = (double)floor_exception(floor, FAULTS, false) / unit;
        double bare_bp = (double)floor_exception(floor, FAULTS, true) / unit;

        for (unsigned fast = 0; fast < 2; fast++) {
            enum bench_row ud = fast != 0 ? ROW_FAST_EXCEPTION : ROW_EXCEPTION;
            enum bench_row bp = fast != 0 ? ROW_FAST_BREAKPOINT : ROW_BREAKPOINT;

            (void)bench_call(vm, "fast", fast);
            sample_add(&bench->row[ud].floor, bare);
            sample_add(&bench->row[ud].ours, (double)bench_call(vm, "exception", FAULTS) / unit);
            sample_add(&bench->row[bp].floor, bare_bp);
            sample_add(&bench->row[bp].ours, (double)bench_call(vm, "breakpoint", FAULTS) / unit);
        }
    }
    floor_destroy(floor);
    vt_destroy(vm);
}

static void load(struct bench *bench, const char *path)
{
    struct vt_image_cfg cfg = { .size = sizeof(cfg), .mem_size = RAM };
    int err = vt_image_load_file(path, &cfg, &bench->image);

    if (err != 0) {
        bench_die(path, err);
    }
}

int main(int argc, char **argv)
{
    static struct bench bench;
    const char *platform = getenv("UVM_PLATFORM");
    struct vt_probe probe = { .size = sizeof(probe) };

    if (argc < 2) {
        fprintf(stderr, "usage: uvm-bench GUEST.elf [JSON]\n");
        return 2;
    }
    if (floor_load(RAM) != 0) {
        printf("uvm-bench: /dev/kvm: %s: micro-VMs are not measured\n", strerror(errno));
        return 0;
    }
    if (vt_probe(&probe, 1) < 1 || !probe.usable) {
        printf("uvm-bench: %s: micro-VMs are not measured\n", probe.why);
        return 0;
    }
    bench.native = platform == NULL || strcmp(platform, "native") == 0;
    bench.slow_supervisor = !probe.native_supervisor;
    load(&bench, argv[1]);
    if (bench.native) { /* an emulated machine's system calls say nothing */
        measure_create(&bench);
        measure_calls(&bench);
        measure_restore(&bench);
        measure_clone(&bench);
        measure_vcpu(&bench);
        measure_interrupt(&bench);
        measure_memory(&bench);
    }
    measure_exception(&bench);
    vt_image_free(bench.image);
    floor_unload();
    return report(&bench, argc > 2 ? argv[2] : NULL);
}
