/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A guest without our runtime, made in memory: ring-0 code that does what a script in its memory
 * says, so that a test can put anything before the host: contents of the areas, ports, registers,
 * page tables. Also the well-formed ELF file that loader tests damage.
 */
#ifndef TESTS_UVM_PUPPET_H
#define TESTS_UVM_PUPPET_H

#include <stddef.h>
#include <stdint.h>

#include "host/include/vitrine.h"

/* Guest addresses. */
enum {
    PUPPET_VECTORS = 0x200000, /* supervisor RX */
    PUPPET_CODE = 0x201000,
    PUPPET_USER = 0x203000,   /* user RX */
    PUPPET_RODATA = 0x204000, /* user R: note, names, exports, imports */
    PUPPET_STATE = 0x205000,  /* supervisor RW, 8 KiB */
    PUPPET_SCRIPT = 0x207000, /* user RW */
    PUPPET_REPLY = 0x208000,  /* user RW, 32 KiB: what COPY takes its bytes from */
    PUPPET_END = 0x210000,
};

/* An entry of the script; the next one follows unless it says otherwise. */
enum puppet_op {
    PUPPET_COPY,  /* c words from b to a */
    PUPPET_OUT8,  /* port a */
    PUPPET_OUT16, /* port a */
    PUPPET_OUT32, /* port a */
    PUPPET_IN8,   /* port a */
    PUPPET_GOTO,  /* entry at address a */
    PUPPET_HLT,
    PUPPET_CLI_HLT,
    PUPPET_UD2,
    PUPPET_INT3,
    PUPPET_VMCALL,
    PUPPET_VMMCALL,
    PUPPET_TRIPLE, /* no IDT, then a fault */
    PUPPET_CR3,    /* = a */
    PUPPET_SPIN,
    PUPPET_STORE, /* b to address a */
    PUPPET_LOAD,  /* from address a */
    PUPPET_OUTS,  /* c bytes from b to port a */
    PUPPET_IRET,  /* to ring 3, pc a, stack b */
    PUPPET_WRMSR, /* register a = b */
    PUPPET_STACK, /* rsp = a */
    PUPPET_INT80,
    PUPPET_CR0,  /* = a */
    PUPPET_CR4,  /* = a */
    PUPPET_JUMP, /* to a */
    PUPPET_SSE,
    PUPPET_INS, /* c bytes to b from port a */
    PUPPET_STI_HLT,
    PUPPET_OP_COUNT
};

struct puppet_step {
    uint64_t op, a, b, c;
};

struct puppet_file {
    uint8_t *bytes;
    size_t len;
};

/* ---- The architecture's: puppet_ARCH.c ---- */

extern const uint16_t puppet_machine; /* ELF's e_machine */
extern const uint32_t puppet_stride, puppet_vector_count;
extern const uint8_t puppet_code[], puppet_code_end[], puppet_vector[], puppet_vector_end[];

/* Code of vectors that fault themselves, or never end. */
struct puppet_bytes {
    const uint8_t *bytes;
    size_t len;
};

enum { PUPPET_BAD_VECTORS = 4 };
extern const struct puppet_bytes puppet_bad_vector[PUPPET_BAD_VECTORS];

/* ---- Any ---- */

/* The file; free() its bytes. `vector` (within the stride) is the code of all vectors. */
struct puppet_file puppet_file(const void *vector, size_t vector_len);

/* With vectors that exit by the fault port again and again. */
struct puppet_file puppet_good_file(void);

/* The same, loaded. */
struct vt_image *puppet_image(void);

/* Replaces the script and the bytes that it may copy. */
void puppet_script(struct vt_vm *vm, const struct puppet_step *steps, unsigned count);
void puppet_reply(struct vt_vm *vm, const void *bytes, size_t len);

#endif
