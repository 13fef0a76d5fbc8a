/* SPDX-License-Identifier: Apache-2.0 */
/* What the attacks on a GICv3 and a GICv2 share: sweeps over registers, and counted SGIs. */
#ifndef TESTS_ATTACK_GIC_H
#define TESTS_ATTACK_GIC_H

#include <stdbool.h>
#include <stdint.h>

/* What one vCPU does of a sweep: every offset by every width; the rest is what it has found. */
struct sweep {
    uint64_t base, size;
    bool write;
    uint64_t unaligned, unaligned_held; /* made, and refused */
    uint64_t words, words_held;         /* aligned, 32 bits: answered */
    uint64_t strange;                   /* ended in another way than an abort of that address */
    uint32_t done;
};

/*
 * Runs sweep i on vCPU i, all at once, and judges what they found. By the window, which must show
 * their GiB as normal memory: else unaligned accesses fault in stage 1, before EL2.
 */
void sweep_all(struct sweep *sweeps, uint32_t count);

/* Bits of word n that the plan gave this zone. */
uint32_t gic_owned(uint32_t n);

#define GIC_SGIS 16u

struct sgi_sent {
    uint32_t intid;
    uint32_t targets; /* vCPUs that it must reach, by bit; others than the zone's don't count */
};

struct sgi_attack {
    uint32_t sends;
    void (*begin)(void); /* on each vCPU: its interface in service, no SGI pending or active */
    struct sgi_sent (*send)(uint32_t round);
};

/* Sends SGIs from vCPU 0: each must come to its targets, and to nobody else. */
void sgi_attack_run(const struct sgi_attack *attack);

#endif
