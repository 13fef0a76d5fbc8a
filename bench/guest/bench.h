/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The benchmark guest: bare AArch64 code at EL1 that measures what leaving the guest costs, on any
 * hypervisor and on the bare machine. One file for measuring (bench.c), one for the operations
 * (ops.c), one for entry and vectors (start.S).
 */
#ifndef BENCH_GUEST_BENCH_H
#define BENCH_GUEST_BENCH_H

#include <stdbool.h>
#include <stdint.h>

/* All is linked together: without this, addresses go through a table that would need relocation. */
#pragma GCC visibility push(hidden)

#define MAX_CPUS 2
#define BATCH    1024 /* operations in the averaged batch */
#define TICK     16   /* instructions per tick of the counter: 1 GHz against 62.5 MHz */

/* One per CPU, in TPIDR_EL1; start.S knows the layout. */
struct cpu_area {
    volatile uint64_t entry; /* counter at interrupt entry, 0: none since cleared */
    uint64_t sled;           /* where the vector jumps before it takes the stamp */
    uint64_t stack_top;
    volatile uint64_t online;
};

extern struct cpu_area cpu_areas[MAX_CPUS];
extern uint64_t first_tick; /* counter at the guest's first instruction */
extern volatile uint32_t probing, skipped;

/* ---- bench.c ---- */

void put_str(const char *s);
void put_hundredths(uint64_t v);
_Noreturn void bench_main(void);
_Noreturn void bench_secondary(struct cpu_area *me);
void irq_handler(struct cpu_area *me, uint64_t stamp);
_Noreturn void bench_die(uint64_t vector);

/* Prints one line: instructions of an operation, the trapping instruction included. */
void bench_op(const char *name, uint64_t (*ticks)(uint64_t n));

/* ---- ops.c ---- */

void ops_run(void);      /* all that one CPU can measure alone */
void ops_run_pair(void); /* those that need a second one */

/* ---- start.S ---- */

extern char secondary_entry[], stack1_top[], sled_end[];

/* Writes ICC_SGI1R_EL1 right after a step of the counter; returns the counter's new value. */
uint64_t send_on_tick(uint64_t sgi1r);

#endif
