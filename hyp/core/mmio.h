/* SPDX-License-Identifier: Apache-2.0 */
/* Emulated devices of a zone: which one answers an address, and how its answer is written back. */
#ifndef HYP_CORE_MMIO_H
#define HYP_CORE_MMIO_H

#include <stdbool.h>
#include <stdint.h>

struct trap;
struct trap_mem;
struct vcpu;
struct zone;

struct mmio_access {
    uint64_t offset; /* within the device */
    uint64_t value;  /* in: written value, zero-extended; out: read value */
    uint8_t size;    /* 1, 2, 4, 8; naturally aligned */
    bool write;
};

/* Answers one access. false: the device takes no such access, the guest gets an external abort. */
typedef bool (*mmio_fn)(struct vcpu *vcpu, struct mmio_access *access);

struct mmio_dev {
    uint64_t gpa, size;
    mmio_fn fn;
};

#define MMIO_MAX_DEVS 8u

/* Adds a device while zones are being built at boot; ranges never overlap (plan_check). */
void mmio_add(struct zone *zone, const struct mmio_dev *dev);

/* Who answers an access of `size` bytes at a guest address; NULL: nobody, or not as such. */
const struct mmio_dev *mmio_find(const struct zone *zone, uint64_t at, uint8_t size);

/* What a store of `size` bytes takes of its register. */
uint64_t mmio_stored(uint64_t value, uint8_t size);

/* What a load leaves in its register: extended to 32 or 64 bits as the instruction says. */
uint64_t mmio_loaded(const struct trap_mem *mem, uint64_t value);

/* Answers a decoded TRAP_MMIO of the running vCPU; false: nobody there, or not as such. */
bool mmio_handle(struct vcpu *vcpu, const struct trap *trap);

#endif
