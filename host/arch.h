/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What differs between architectures of guests, as data and pure functions. Each library has all of
 * them, so that one machine's tests see them all; back ends are for one.
 */
#ifndef HOST_ARCH_H
#define HOST_ARCH_H

#include "host/layout.h"

struct be_regs;

/* Page-table entries of the architecture. Bit 0 of each says that it is valid. */
struct paging_format {
    bool has_root; /* a table above the one that has an entry a GiB */
    uint64_t (*table)(uint64_t gpa);
    /* A page of 4 KiB or 2 MiB; perm as in struct region. */
    uint64_t (*leaf)(uint64_t gpa, uint32_t perm, bool is_large);
};

#define ARCH_CORE_REGS 34u

struct arch {
    uint16_t machine; /* ELF's e_machine, enum fault_arch */

    /* Images. */
    uint32_t rel_none, rel_relative; /* relocations */
    uint32_t vector_count, vector_align;
    uint32_t vector_stride; /* 0: the image's choice */

    /* Memory: the fixed part of abi/uvm.h, ascending, but for the call area, whose size varies. */
    const struct region *low;
    unsigned low_count;
    const struct paging_format *paging;
    const uint8_t *gate; /* code of the gate page */
    size_t gate_size;
    /* Writes tables of the processor's that go with the image; NULL: there are none. */
    void (*build)(const struct elf_image *image, uint8_t *ram);

    /* Faults. */
    unsigned gpr_count, frame_gpr; /* the latter points to (caller's frame, return address) */
    const char *const *gpr_names;
    uint32_t vector_limit;  /* of a record's vector */
    uint32_t vector_memory; /* of an access to no memory, which the host itself sees */
    uint64_t flags_user;    /* what a fault callback may change */
    /* Length of the instruction, 0: there is none. */
    unsigned (*insn_length)(const uint8_t *bytes, size_t count);
    /* Whether pc is already behind what raised it. */
    bool (*is_trap)(const struct fault_record *record);
    bool (*is_supervisor)(const struct be_regs *regs, const uint64_t sys[FAULT_SYS]);
    /* Fills the record's fp_ fields from FP state in the back end's form, of which it needs
     * fp_size bytes. */
    void (*fill_fp)(const uint8_t *fp, struct fault_record *record);
    size_t fp_size;

    /* pr_reg of a core's NT_PRSTATUS; returns how many. */
    unsigned (*core_regs)(const struct be_regs *regs, const uint64_t sys[FAULT_SYS],
                          uint64_t out[ARCH_CORE_REGS]);
};

extern const struct arch arch_x86_64;
extern const struct arch arch_aarch64;

/* NULL: none of ours. */
const struct arch *arch_find(uint16_t machine);

#endif
