/* SPDX-License-Identifier: Apache-2.0 */
/* The ring-0 half of the fault test guest: one handler that does what its argument says. */
#include "tests/uvm/guest/faults.h"

const uint64_t super_secret[2] = { 0x5ec5e7, 1 };
uint64_t super_variable = 1;

static uint64_t constructed;

static void note(uint64_t digit)
{
    enum { HEX = 16 };

    *test_log_at = *test_log_at * HEX + digit % HEX;
}

static enum vg_verdict skip(struct vg_context *context, uint64_t bytes)
{
    context->pc += bytes;
    return VG_RESUME;
}

static enum vg_verdict fp_mask(void)
{
    enum { ALL = 0x3f, MXCSR_ALL = 0x1f80 };
    struct vg_fp fp;

    vg_fp_get(&fp, NULL);
    fp.control |= ALL;
    fp.simd |= MXCSR_ALL;
    vg_fp_put(&fp);
    return VG_RESUME;
}

/* As if the function that stands at rbp returned 7. */
static enum vg_verdict return_7(struct vg_context *context)
{
    const uint64_t *frame = (const uint64_t *)context->gpr[FAULT_RBP];

    if (!vg_is_user((uint64_t)frame, 2 * sizeof(*frame), true)) {
        return VG_NEXT;
    }
    context->gpr[FAULT_RAX] = 7;
    context->gpr[FAULT_RSP] = (uint64_t)(frame + 2);
    context->gpr[FAULT_RBP] = frame[0];
    context->pc = frame[1];
    return VG_RESUME;
}

static enum vg_verdict resolve(struct vg_context *context, unsigned action)
{
    enum { TF_AND_AC = 0x40100 };

    switch (action) {
    case TEST_SKIP: return skip(context, 2);
    case TEST_SKIP_3: return skip(context, 3);
    case TEST_NEXT: return VG_NEXT;
    case TEST_FORWARD: return VG_FORWARD;
    case TEST_FP_MASK: return fp_mask();
    case TEST_STEP_OFF: context->flags &= ~(uint64_t)TF_AND_AC; return VG_RESUME;
    case TEST_BAD_VERDICT: return (enum vg_verdict)77;
    case TEST_RETURN_7: return return_7(context);
    case TEST_BAD_PC: context->pc = UINT64_C(0x8000000000000000); return VG_RESUME;
    default: return VG_NEXT;
    }
}

/* ---- Faults in ring 0 ---- */

static uint8_t code_in_data[16] = { 0xc3 };

static uint64_t recurse(uint64_t depth)
{
    volatile uint64_t page[64];

    page[0] = depth;
    return depth == 0 ? 0 : recurse(depth - 1) + page[0];
}

static void access(uint64_t at, bool write)
{
    if (write) {
        *(volatile uint64_t *)at = 1;
    } else {
        (void)*(volatile uint64_t *)at;
    }
}

static void call(uint64_t at)
{
    ((void (*)(void))at)();
}

static void in_memory(unsigned action)
{
    switch (action) {
    case TEST_IN_NULL_READ: access(0, false); break;
    case TEST_IN_WRITE_RODATA: access((uint64_t)super_secret, true); break;
    case TEST_IN_WRITE_TEXT: access((uint64_t)test_handler, true); break;
    case TEST_IN_NONCANONICAL: access(UINT64_C(0x8000000000000000), false); break;
    case TEST_IN_EXEC_DATA: call((uint64_t)code_in_data); break;
    case TEST_IN_WILD_JUMP: call(UINT64_C(0x7f0000001230)); break;
    case TEST_IN_EXEC_USER: call(UINT64_C(0x1002)); break; /* the gate's ret */
    case TEST_IN_RECURSION: recurse(UINT64_MAX); break;
    default: break;
    }
}

static void in_instruction(unsigned action)
{
    uint64_t scratch;

    switch (action) {
    case TEST_IN_DIV0:
        __asm__ volatile("xor %%ecx, %%ecx; xor %%edx, %%edx; div %%ecx"
                         :
                         :
                         : "rax", "rcx", "rdx", "cc");
        break;
    case TEST_IN_UD2: __asm__ volatile("ud2"); break;
    case TEST_IN_INT3: __asm__ volatile("int3"); break;
    case TEST_IN_INT_N: __asm__ volatile("int $0x80"); break;
    case TEST_IN_SSE: __asm__ volatile("pxor %xmm0, %xmm0"); break;
    case TEST_IN_X87: __asm__ volatile("fld1; fstp %st(0)"); break;
    case TEST_IN_PRIVILEGED:
        __asm__ volatile("rdmsr" : "=a"(scratch) : "c"(0x12345678) : "rdx");
        break;
    case TEST_IN_SEGMENT: __asm__ volatile("mov %0, %%ds" : : "r"(0x48)); break;
    case TEST_IN_STEP:
        __asm__ volatile("pushfq; orl $0x100, (%%rsp); popfq; nop; nop" : : : "memory", "cc");
        break;
    case TEST_IN_HLT: __asm__ volatile("hlt"); break;
    default: break;
    }
}

enum vg_verdict test_handler(struct vg_context *context, void *arg)
{
    unsigned action = (unsigned)(uint64_t)arg;

    note(context->depth > 1 ? 0xf : action);
    if (action == TEST_IN_RECURSIVE_FAULT) {
        __asm__ volatile("ud2");
    }
    if (action == TEST_IN_LOOP) {
        for (;;) {
            __asm__ volatile("" : : : "memory");
        }
    }
    if (action < TEST_IN_DIV0) {
        return resolve(context, action);
    }
    if (context->depth > 1) { /* of what this handler did itself: to the host */
        return VG_NEXT;
    }
    in_memory(action);
    in_instruction(action);
    return skip(context, 2);
}
VG_HANDLER(test_handler);

enum vg_verdict test_undeclared(struct vg_context *context, void *arg)
{
    (void)context;
    (void)arg;
    return VG_RESUME;
}

/* Runs in ring 0 before user code; registers a handler below all others. */
__attribute__((constructor)) static void construct(void)
{
    struct vg_handler last = { test_undeclared, NULL, VG_ON_VECTOR(0xf0), -1000 };

    constructed = (uint64_t)vg_handler_register(&last);
}
