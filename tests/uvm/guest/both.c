/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One program, two worlds: its `main` does a list of things and logs a line for each, in a micro-VM
 * and, the same file, as a bare zone. tests/uvm/guest/both.expect has the lines. Last comes a fault
 * that no handler takes: if whoever answers it lets the program go on, main returns 0.
 */
#include "tests/uvm/guest/both.h"

#include "abi/uvm.h"
#include "vitrine-call.h"

VG_IMPORT(both_nobody, int32_t, int32_t);

static struct both_seen seen;
static uint32_t failures;

static void say(const char *what, bool is_ok)
{
    static char line[80];
    const char *parts[] = { "both: ", what, is_ok ? ": ok" : ": BAD" };
    size_t len = 0;

    for (size_t i = 0; i < 3; i++) {
        for (const char *at = parts[i]; *at != '\0' && len < sizeof(line) - 1; at++) {
            line[len++] = *at;
        }
    }
    line[len] = '\0';
    failures += is_ok ? 0 : 1;
    vg_log(VG_LOG_INFO, line);
}

/* ---- Faults that a handler answers ---- */

static const uint64_t constant[2] = { 1, 2 };
static uint64_t variable[2];

/* An address within the supervisor's fault area. */
#define SUPER_GVA (UVM_FAULT_GVA + 64)
#define WILD_GVA  UINT64_C(0x3000000000)

#define MEMORY(name, fn, at, reason, access)                                                       \
    {                                                                                              \
        name, fn, at, FAULT_CLASS_MEMORY, FAULT_REASON_##reason, FAULT_ACCESS_##access             \
    }

static const struct fault_row {
    const char *name;
    uint64_t (*fn)(uint64_t at);
    uint64_t at;
    uint32_t class, reason, access;
} fault_rows[] = {
    { "undefined", both_undefined, 0, FAULT_CLASS_ILLEGAL, FAULT_REASON_UNDEFINED, 0 },
    { "privileged", both_privileged, 0, FAULT_CLASS_ILLEGAL, FAULT_REASON_PRIVILEGED, 0 },
    { "breakpoint", both_breakpoint, 0, FAULT_CLASS_DEBUG, FAULT_REASON_BREAKPOINT, 0 },
    MEMORY("null read", both_read, 8, NOT_PRESENT, READ),
    MEMORY("null write", both_write, 8, NOT_PRESENT, WRITE),
    MEMORY("null call", both_call, 0, NOT_PRESENT, EXEC),
    MEMORY("wild read", both_read, WILD_GVA, NOT_PRESENT, READ),
    MEMORY("wild call", both_call, WILD_GVA, NOT_PRESENT, EXEC),
    MEMORY("write constant", both_write, (uint64_t)constant, PERMISSION, WRITE),
    MEMORY("write text", both_write, (uint64_t)both_read, PERMISSION, WRITE),
    MEMORY("write info", both_write, UVM_INFO_GVA, PERMISSION, WRITE),
    MEMORY("write gate", both_write, UVM_GATE_GVA, PERMISSION, WRITE),
    MEMORY("call data", both_call, (uint64_t)variable, FETCH, EXEC),
    MEMORY("call call area", both_call, UVM_CALL_GVA, FETCH, EXEC),
    MEMORY("read supervisor", both_read, SUPER_GVA, PERMISSION, READ),
    MEMORY("write supervisor", both_write, SUPER_GVA, PERMISSION, WRITE),
    MEMORY("call supervisor", both_call, (uint64_t)both_handler, FETCH, EXEC),
};

static int with_handler(uint32_t on)
{
    const struct vg_handler handler = { both_handler, &seen, on, 0 };

    seen = (struct both_seen){ 0 };
    return vg_handler_register(&handler);
}

static bool raise_fault(const struct fault_row *row)
{
    int number = with_handler(VG_ON_CLASS(row->class));

    row->fn(row->at);
    return vg_handler_unregister(number) == 0 && seen.count == 1 && seen.class == row->class &&
           seen.reason == row->reason && seen.access == row->access &&
           seen.level == FAULT_LEVEL_USER &&
           (row->class != FAULT_CLASS_MEMORY || seen.address == row->at);
}

static void faults(void)
{
    for (size_t i = 0; i < sizeof(fault_rows) / sizeof(fault_rows[0]); i++) {
        say(fault_rows[i].name, raise_fault(&fault_rows[i]));
    }
}

static bool registers_survive(void)
{
    int number = with_handler(VG_ON_CLASS(FAULT_CLASS_ILLEGAL));
    uint64_t bad;

    seen.skip = 1;
    bad = both_registers();
    return vg_handler_unregister(number) == 0 && seen.count == 1 && bad == 0;
}

/* A processor that can't trap says so, and computes. */
static bool fp_traps(void)
{
    unsigned trapping = vg_fp_trap(VG_FP_DIVIDE);
    int number = with_handler(VG_ON_CLASS(FAULT_CLASS_FLOAT));
    bool is_ok = true;

    if (trapping == 0) {
        double result = both_divide(1.0, 0.0);

        is_ok = result > 1e308 && seen.count == 0;
    }
    vg_fp_trap(0);
    return vg_handler_unregister(number) == 0 && is_ok && both_divide(3.0, 2.0) > 1.4;
}

/* ---- Memory ---- */

static uint64_t recurse(uint64_t depth)
{
    volatile uint64_t page[64];

    page[0] = depth;
    return depth == 0 ? 0 : recurse(depth - 1) + (page[0] != 0 ? 1 : 0);
}

static bool heap_is_there(void)
{
    struct vg_memory heap = vg_heap();
    volatile uint8_t *last = heap.base + heap.size - 1;
    bool was_zero = heap.base[0] == 0 && *last == 0;

    heap.base[0] = 1;
    *last = 2;
    return was_zero && heap.size >= 0x10000 && heap.base[0] == 1 && *last == 2;
}

static bool data_is_there(void)
{
    variable[0]++;
    return variable[0] == 1 && variable[1] == 0 && constant[1] == 2;
}

static bool guard_is_there(void)
{
    enum { PAGE = 4096 };
    struct fault_row below = MEMORY("", both_write, 0, STACK_OVERFLOW, WRITE);

    below.at = (uint64_t)__builtin_frame_address(0) - vg_stack_left() - PAGE;
    return raise_fault(&below);
}

/* ---- All ---- */

static uint32_t constructed;
__attribute__((constructor)) static void construct(void)
{
    constructed++;
}

static bool undeclared_is_refused(void)
{
    struct vg_handler handler = { .on = VG_ON_ALL };

    handler.fn = (enum vg_verdict(*)(struct vg_context *, void *))(uint64_t)both_read;
    return vg_handler_register(&handler) == VG_ERR_INVALID;
}

/* A host has it and returns 0; a zone has no host. */
static bool host_function_answers(void)
{
    const struct uvm_info *info = (const struct uvm_info *)UVM_INFO_GVA;
    bool is_zone = (info->flags & UVM_FLAG_ZONE) != 0;

    return both_nobody(1) == 0 && vg_host_status() == (is_zone ? CALL_NO_FUNCTION : CALL_OK);
}

static int32_t main(void)
{
    say("constructor", constructed == 1);
    say("data", data_is_there());
    say("heap", heap_is_there());
    say("stack grows", vg_stack_left() > 0x40000 && recurse(400) == 400);
    say("stack guard", guard_is_there());
    faults();
    say("registers", registers_survive());
    say("floating point", fp_traps());
    say("host function", host_function_answers());
    say("undeclared handler", undeclared_is_refused());
    say("a fault that is forwarded comes", failures == 0);
    both_breakpoint(0);
    say("resumed", true);
    return (int32_t)failures;
}

VG_EXPORT(main, int32_t);
