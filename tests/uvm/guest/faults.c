/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One exported function for each fault that user code can raise, named for it; those that come back
 * (a handler or the host fixed the fault) return a number that the tests know. The handlers that
 * `with_handler` registers are in faults_super.c; what is of one architecture's in faults_ARCH.c.
 */
#include "tests/uvm/guest/faults.h"

#include "vitrine-call.h"

/* ---- Arithmetic ---- */

/* Those with a frame of their own can be made to return by a handler. */
#define FRAMED __attribute__((noinline)) static

FRAMED int32_t div0(int32_t a)
{
    volatile int32_t zero = 0;

    return a / zero;
}
VG_EXPORT(div0, int32_t, int32_t);

static int32_t div_overflow(void)
{
    volatile int32_t most = INT32_MIN;
    volatile int32_t minus = -1;

    return most / minus;
}
VG_EXPORT(div_overflow, int32_t);

/* ---- Memory ---- */

/* The compiler must not know where accesses go. */
static uint64_t hidden(uint64_t at)
{
    __asm__ volatile("" : "+r"(at));
    return at;
}

FRAMED uint64_t read_at(uint64_t at)
{
    return *(volatile uint64_t *)hidden(at);
}
VG_EXPORT(read_at, uint64_t, uint64_t);

static void write_at(uint64_t at, uint64_t value)
{
    *(volatile uint64_t *)hidden(at) = value;
}
VG_EXPORT(write_at, void, uint64_t, uint64_t);

FRAMED int32_t call_at(uint64_t at)
{
    int32_t done = 1;

    ((void (*)(void))hidden(at))();
    __asm__ volatile("" : "+r"(done)); /* no tail call, and callers don't know what comes back */
    return done;
}
VG_EXPORT(call_at, int32_t, uint64_t);

static uint64_t null_read(void)
{
    return read_at(0);
}
VG_EXPORT(null_read, uint64_t);

static void null_write(void)
{
    write_at(8, 1);
}
VG_EXPORT(null_write, void);

static int32_t null_call(void)
{
    return call_at(0);
}
VG_EXPORT(null_call, int32_t);

static uint64_t wild_read(void)
{
    return read_at(UINT64_C(0x7f0000001230));
}
VG_EXPORT(wild_read, uint64_t);

static int32_t wild_jump(void)
{
    return call_at(UINT64_C(0x7f0000001230));
}
VG_EXPORT(wild_jump, int32_t);

static uint64_t noncanonical_read(void)
{
    return read_at(UINT64_C(0x8000000000000000));
}
VG_EXPORT(noncanonical_read, uint64_t);

static int32_t noncanonical_jump(void)
{
    return call_at(UINT64_C(0x8000000000000000));
}
VG_EXPORT(noncanonical_jump, int32_t);

static const uint64_t constant[2] = { 0x1122334455667788, 2 };

static void write_rodata(void)
{
    write_at((uint64_t)constant, 1);
}
VG_EXPORT(write_rodata, void);

static void write_text(void)
{
    write_at((uint64_t)read_at, 0xcccccccccccccccc);
}
VG_EXPORT(write_text, void);

static void write_gate(void)
{
    write_at(0x1000, 0);
}
VG_EXPORT(write_gate, void);

static void write_info(void)
{
    write_at(0x2000, 0);
}
VG_EXPORT(write_info, void);

/* Code in memory that must not run: ret. */
static uint8_t code_in_data[16] = { 0xc3 };

static int32_t exec_data(void)
{
    return call_at((uint64_t)code_in_data);
}
VG_EXPORT(exec_data, int32_t);

static int32_t exec_rodata(void)
{
    static const uint8_t code[16] = { 0xc3 };

    return call_at((uint64_t)code);
}
VG_EXPORT(exec_rodata, int32_t);

static int32_t exec_stack(void)
{
    volatile uint8_t code[16] = { 0xc3 };

    return call_at((uint64_t)code);
}
VG_EXPORT(exec_stack, int32_t);

static int32_t exec_heap(void)
{
    vg_heap().base[0] = 0xc3;
    return call_at((uint64_t)vg_heap().base);
}
VG_EXPORT(exec_heap, int32_t);

static int32_t exec_call_area(void)
{
    return call_at(UINT64_C(0x100000));
}
VG_EXPORT(exec_call_area, int32_t);

/* What belongs to the supervisor: its code, its data, the fault area, processor tables, stack. */
static uint64_t super_read(void)
{
    return read_at((uint64_t)super_secret);
}
VG_EXPORT(super_read, uint64_t);

static void super_write(void)
{
    write_at((uint64_t)&super_variable, 1);
}
VG_EXPORT(super_write, void);

static int32_t super_exec(void)
{
    return call_at((uint64_t)test_handler);
}
VG_EXPORT(super_exec, int32_t);

static void fault_area_write(void)
{
    write_at(0x4000, 1);
}
VG_EXPORT(fault_area_write, void);

static void idt_write(void)
{
    write_at(0x8000, 0);
}
VG_EXPORT(idt_write, void);

static void stack0_write(void)
{
    write_at(0x1fff8, 0);
}
VG_EXPORT(stack0_write, void);

/* ---- Stack ---- */

static uint64_t recurse(uint64_t depth)
{
    volatile uint64_t page[64];

    page[0] = depth;
    if (depth == 0) {
        return 0;
    }
    return recurse(depth - 1) + (page[0] != 0 ? 1 : 0);
}

static uint64_t stack_recurse(void)
{
    return recurse(UINT64_MAX);
}
VG_EXPORT(stack_recurse, uint64_t);

/* Within the limit when depth * about 600 bytes is. */
static uint64_t stack_deep(uint64_t depth)
{
    return recurse(depth);
}
VG_EXPORT(stack_deep, uint64_t, uint64_t);

static uint64_t stack_left(void)
{
    return vg_stack_left();
}
VG_EXPORT(stack_left, uint64_t);

/* Touches one byte `below` bytes under the frame, without touching what lies between. */
static void stack_touch(uint64_t below)
{
    *(volatile uint8_t *)hidden((uint64_t)__builtin_frame_address(0) - below) = 1;
}
VG_EXPORT(stack_touch, void, uint64_t);

/* ---- Giving up, hanging ---- */

static void give_up(uint64_t code)
{
    vg_abort(code, "the guest gives up");
}
VG_EXPORT(give_up, void, uint64_t);

/* A call area full of ones, then through the gate; and one that names nonsense. */
static void smash_call_area(uint32_t byte)
{
    volatile uint8_t *at = (volatile uint8_t *)UINT64_C(0x100000);

    for (size_t i = 0; i < 0x4000; i++) {
        at[i] = (uint8_t)byte;
    }
    ((void (*)(void))UINT64_C(0x1000))();
}
VG_EXPORT(smash_call_area, void, uint32_t);

/* ---- Handlers ---- */

/* Registers test_handler to do `what`; the next call raises the fault. Returns its number. */
static int32_t with_handler(uint32_t on, uint32_t what, int32_t priority)
{
    struct vg_handler handler = { test_handler, (void *)(uint64_t)what, on, priority };

    return vg_handler_register(&handler);
}
VG_EXPORT(with_handler, int32_t, uint32_t, uint32_t, int32_t);

static int32_t without_handler(int32_t number)
{
    return vg_handler_unregister(number);
}
VG_EXPORT(without_handler, int32_t, int32_t);

/* What user code may not register: functions that were not declared, of either half. */
static int32_t register_undeclared(uint64_t offset)
{
    struct vg_handler handler = { .on = VG_ON_ALL };

    handler.fn = (enum vg_verdict(*)(struct vg_context *, void *))((uint64_t)test_handler + offset);
    return vg_handler_register(&handler);
}
VG_EXPORT(register_undeclared, int32_t, uint64_t);

/* Where the handlers write down what they saw, one digit a call; read and cleared. */
static uint64_t handler_log;

static uint64_t handlers_seen(void)
{
    uint64_t log = handler_log;

    handler_log = 0;
    return log;
}
VG_EXPORT(handlers_seen, uint64_t);

uint64_t *const test_log_at = &handler_log;
