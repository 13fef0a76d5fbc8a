/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ELF core files as GDB reads them, from a description in host memory. Knows nothing of
 * micro-VMs; trusts the description, but not that memory of outside files can be read.
 */
#ifndef HOST_COREFILE_H
#define HOST_COREFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CORE_THREADS_MAX 64u
#define CORE_RANGES_MAX  1024u
#define CORE_REGS_MAX    34u
#define CORE_FP_MAX      528u
#define CORE_XSAVE_MIN   576u /* legacy area and header */
#define CORE_XSAVE_MAX   16384u

/* Registers of one vCPU, or of one fault of it. */
struct core_thread {
    uint64_t regs[CORE_REGS_MAX]; /* as Linux has them in NT_PRSTATUS */
    unsigned reg_count;
    int signal;     /* that a debugger shows as the reason; 0: none */
    const void *fp; /* NT_FPREGSET; NULL: unknown, or a part of the next */
    size_t fp_size;
    const void *xsave; /* x86_64: standard XSAVE format; NULL: unknown */
    size_t xsave_size;
    uint64_t xcr0;
};

/* Mapped guest-virtual memory, whole pages, ascending and disjoint. */
struct core_range {
    uint64_t gva, len;
    const void *host;
    uint32_t perm;   /* PF_R, PF_W, PF_X */
    bool is_outside; /* a file of the user's: may shrink at any time, and is not looked through */
};

struct core_file {
    uint16_t machine;                  /* ELF's e_machine */
    const struct core_thread *threads; /* the first is the one that a debugger shows */
    unsigned thread_count;
    const struct core_range *ranges;
    unsigned range_count;
    uint64_t entry;   /* where the image's ELF entry lies: tells a debugger how a PIE was moved */
    const char *name; /* of the program; NULL: unknown. A debugger compares it with its own. */
};

/*
 * Writes the core to fd, front to back, without seeking; pages of zeros are left out. Returns 0 or
 * a negative errno: -EINVAL when a count or size is beyond the limits above.
 */
int corefile_write(const struct core_file *core, int fd);

#endif
