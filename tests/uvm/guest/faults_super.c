/* SPDX-License-Identifier: Apache-2.0 */
/* The supervisor half of the fault test guest: one handler that does what its argument says. */
#include "tests/uvm/guest/faults.h"

const uint64_t super_secret[2] = { 0x5ec5e7, 1 };
uint64_t super_variable = 1;

static uint64_t constructed;

static void note(uint64_t digit)
{
    enum { HEX = 16 };

    *test_log_at = *test_log_at * HEX + digit % HEX;
}

static enum vg_verdict resumed(void (*edit)(struct vg_context *), struct vg_context *context)
{
    edit(context);
    return VG_RESUME;
}

static enum vg_verdict resolve(struct vg_context *context, unsigned action)
{
    switch (action) {
    case TEST_SKIP: return resumed(test_arch_skip, context);
    case TEST_NEXT: return VG_NEXT;
    case TEST_FORWARD: return VG_FORWARD;
    case TEST_FP_MASK: return resumed(test_arch_fp_mask, context);
    case TEST_STEP_OFF: return resumed(test_arch_step_off, context);
    case TEST_BAD_VERDICT: return (enum vg_verdict)77;
    case TEST_RETURN_7: return test_arch_return(context) ? VG_RESUME : VG_NEXT;
    case TEST_BAD_PC: context->pc = UINT64_C(0x8000000000000000); return VG_RESUME;
    default: return VG_NEXT;
    }
}

/* ---- Faults in supervisor mode ---- */

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
    case TEST_IN_EXEC_USER: call(test_user_code); break;
    case TEST_IN_RECURSION: recurse(UINT64_MAX); break;
    default: break;
    }
}

enum vg_verdict test_handler(struct vg_context *context, void *arg)
{
    unsigned action = (unsigned)(uint64_t)arg;

    note(context->depth > 1 ? 0xf : action);
    if (action == TEST_IN_RECURSIVE_FAULT) {
        test_arch_raise(TEST_IN_UNDEFINED);
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
    test_arch_raise(action);
    return resumed(test_arch_skip, context);
}
VG_HANDLER(test_handler);

enum vg_verdict test_undeclared(struct vg_context *context, void *arg)
{
    (void)context;
    (void)arg;
    return VG_RESUME;
}

/* Runs in supervisor mode before user code; registers a handler below all others. */
__attribute__((constructor)) static void construct(void)
{
    struct vg_handler last = { test_undeclared, NULL, VG_ON_VECTOR(0xf0), -1000 };

    constructed = (uint64_t)vg_handler_register(&last);
}
