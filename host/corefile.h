/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ELF core files of x86_64 as GDB reads them, from a description in host memory. Knows nothing of
 * micro-VMs; trusts the description, but not that memory of outside files can be read.
 */
#ifndef HOST_COREFILE_H
#define HOST_COREFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/user.h>

#define CORE_THREADS_MAX 64u
#define CORE_RANGES_MAX  1024u
#define CORE_XSAVE_MIN   576u /* legacy area and header */
#define CORE_XSAVE_MAX   16384u

/* Registers of one vCPU, or of one fault of it. */
struct core_thread {
    struct user_regs_struct regs;
    int signal;        /* that a debugger shows as the reason; 0: none */
    const void *xsave; /* standard XSAVE format; NULL: unknown */
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
