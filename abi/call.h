/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls between host and guest through the call area, memory that both write. Host to guest: the
 * host fills `in` and lets the guest run; the guest writes in.ret and in.status, sets request =
 * CALL_REQUEST_DONE and goes through the gate (abi/uvm.h). Guest to host: the guest fills `out`,
 * sets CALL_REQUEST_HOST and goes through the gate; it finds out.ret and out.status when it goes
 * on. Strings and bytes lie in `data`, named by offset. The host reads each field once and checks
 * the copy; offsets and lengths of either side are bounded by the data's size.
 */
#ifndef ABI_CALL_H
#define ABI_CALL_H

#include <stdint.h>

#define CALL_MAX_ARGS 8u
#define CALL_NAME_MAX 64u /* of a function, with the final 0 */
#define CALL_LOG_MAX  1024u

enum call_type {
    CALL_VOID,
    CALL_I32,
    CALL_U32,
    CALL_I64,
    CALL_U64,
    CALL_F32,
    CALL_F64,
    CALL_BOOL,
    CALL_STR, /* `len` bytes, then a 0 that len does not count */
    CALL_BYTES,
    CALL_TYPE_COUNT
};

/* Integers are sign- or zero-extended to 64 bits; floats are their bits; else an offset. */
struct call_value {
    uint32_t type;
    uint32_t len;
    uint64_t bits; /* the value, or its offset in call_area.data */
};

enum call_status {
    CALL_OK,
    CALL_NO_FUNCTION,
    CALL_BAD_ARGS,
    CALL_TOO_BIG, /* no room in the data */
    CALL_FAILED,  /* the function said so */
};

struct call_frame {
    uint32_t index; /* of the callee: in the guest's export table, in its import table */
    uint32_t status;
    uint32_t arg_count;
    uint32_t data_used; /* out: bytes of the data that the guest still needs; results come behind */
    struct call_value ret;
    struct call_value arg[CALL_MAX_ARGS];
};

enum call_request {
    CALL_REQUEST_NONE,
    CALL_REQUEST_DONE, /* in.ret and in.status are valid */
    CALL_REQUEST_HOST, /* please run out.index */
    CALL_REQUEST_LOG,  /* out.arg[0]: level (CALL_U32), out.arg[1]: text (CALL_STR) */
    /* vCPU arg[0] is to begin at user address arg[1] with arguments arg[2] and arg[3] (only `bits`
     * count); out.ret.bits: 0 or a negative enum call_vcpu */
    CALL_REQUEST_VCPU_START,
    CALL_REQUEST_VCPU_OFF, /* the vCPU that asks; never goes on */
    CALL_REQUEST_VCPU_ON,  /* out.ret.bits: whether vCPU arg[0] is on */
    CALL_REQUEST_YIELD,    /* nothing to do before another vCPU has run */
    CALL_REQUEST_COUNT
};

/* Why a vCPU does not start: the numbers of PSCI. */
enum call_vcpu {
    CALL_VCPU_INVALID = -2, /* there is no such vCPU */
    CALL_VCPU_ALREADY_ON = -4,
    CALL_VCPU_FAILED = -6, /* the host lacks what it takes; its log says what */
};

#define CALL_LOCAL 16u

/* Each vCPU has its own. */
struct call_area {
    uint32_t request; /* enum call_request */
    uint32_t size;    /* of the whole area; the host keeps its own copy and never reads this one */
    uint32_t in_data; /* bytes of data that the host has filled for the call that runs */
    uint32_t reserved;
    struct call_frame in, out;
    uint64_t local[CALL_LOCAL]; /* the guest runtime's own; the host leaves them alone */
    uint8_t data[];
};

/* Types of a function: the result in bits 0-3, then one nibble an argument; CALL_VOID ends. */
typedef uint64_t call_signature;

/* Rows of the guest's tables, in read-only data of its image (abi/uvm.h says where). */
struct call_export {
    uint64_t name; /* gva of its name, 0-terminated, below CALL_NAME_MAX */
    uint64_t fn;   /* gva; for the guest's own use */
    call_signature signature;
};

struct call_import {
    uint64_t name;
    call_signature signature;
};

#endif
