/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory of idle micro-VMs: many alive at once, what the machine and the process have less. Other
 * programs' memory disturbs the machine's figure, so it is only as good as the machine is quiet.
 */
#include <stdio.h>
#include <string.h>

#include "bench/uvm/bench.h"

enum { ALIVE = 400, LINE = 256, BASE = 16 };

/* The number behind `key` in a file of lines "key: n kB"; 0 when there is none. */
static double field_kib(const char *path, const char *key)
{
    FILE *file = fopen(path, "r");
    char line[LINE];
    double value = 0;

    if (file == NULL) {
        return 0;
    }
    while (fgets(line, sizeof(line), file) != NULL) {
        unsigned long number;
        size_t len = strlen(key);

        if (strncmp(line, key, len) == 0 && sscanf(line + len, ": %lu", &number) == 1) {
            value = (double)number;
            break;
        }
    }
    fclose(file);
    return value;
}

static double process_kib(void)
{
    return field_kib("/proc/self/smaps_rollup", "Pss");
}

static double machine_kib(void)
{
    return field_kib("/proc/meminfo", "MemAvailable");
}

void measure_memory(struct bench *bench)
{
    static struct vt_vm *vm[ALIVE];
    double process = 0;
    double machine = 0;
    unsigned count = 0;

    for (; count < ALIVE; count++) {
        if (count == BASE) { /* what is allocated once is there */
            process = process_kib();
            machine = machine_kib();
        }
        if (vt_create(bench->image, NULL, &vm[count]) != 0) {
            break;
        }
        bench_call(vm[count], "add", 1);
    }
    bench->alive = count;
    if (count > BASE) {
        bench->vm_user_kib = (process_kib() - process) / (count - BASE);
        bench->vm_kib = (machine - machine_kib()) / (count - BASE);
    }
    for (unsigned i = 0; i < count; i++) {
        bench_call(vm[i], "add", i);
        vt_destroy(vm[i]);
    }
}
