/* SPDX-License-Identifier: Apache-2.0 */
/* What debuggers look at in the guest debug.c; others than the compiler call these functions. */
#ifndef TESTS_UVM_GUEST_DEBUG_H
#define TESTS_UVM_GUEST_DEBUG_H

#include <stdbool.h>
#include <stdint.h>

struct pair {
    int32_t a;
    double b;
};

extern volatile uint64_t debug_counter;
extern volatile uint64_t debug_seen[4];
extern volatile int32_t debug_array[16];
extern volatile struct pair debug_pair;
extern volatile bool debug_go_on;

int32_t debug_add(int32_t a, int32_t b);
double debug_scale(double x, float by);
struct pair debug_swap(struct pair p);
void debug_tick(uint64_t n);
uint64_t debug_nest(uint64_t depth);
uint64_t debug_flags(void);
uint64_t debug_load(const volatile uint64_t *from);
void debug_turn(uint64_t vcpu);

#endif
