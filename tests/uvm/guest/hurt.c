/* SPDX-License-Identifier: Apache-2.0 */
/* A program that harms itself in the way it is told to: faults, wild jumps, loops, recursion. */
#include "tests/uvm/guest/hurt.h"

#include "abi/uvm.h"
#include "vitrine-call.h"

#define FAR_AWAY     UINT64_C(0x7f0000000000)
#define NONCANONICAL UINT64_C(0x8000000000000000)

VG_IMPORT(host_note, uint64_t, uint64_t);

static const uint64_t constant = 7;
static uint8_t bytes[64] __attribute__((aligned(4))) = { 0xc3 };
static uint64_t written;

static uint64_t ok(void)
{
    return 42;
}
VG_EXPORT(ok, uint64_t);

/* Compilers may not know where an address comes from. */
static volatile uint64_t *place(uint64_t at)
{
    __asm__("" : "+r"(at));
    return (volatile uint64_t *)at;
}

static void poke(uint64_t at)
{
    *place(at) = 1;
}

static void jump(uint64_t to)
{
    ((void (*)(void))place(to))();
    __asm__ volatile("" : : : "memory"); /* no tail call */
}

/* clang-format off */
#define WAY(name, ...) \
    static void name(void) \
    { \
        __VA_ARGS__; \
    }

WAY(null_read, *place(8))
WAY(null_write, poke(8))
WAY(write_text, poke((uint64_t)&ok))
WAY(write_rodata, poke((uint64_t)&constant))
WAY(exec_data, jump((uint64_t)bytes))
WAY(exec_heap, vg_heap().base[0] = 0xc3; jump((uint64_t)vg_heap().base))
WAY(exec_stack, volatile uint32_t code[4] = { 0xc3 }; jump((uint64_t)code))
WAY(noncanonical, *place(NONCANONICAL))
WAY(read_supervisor, *place(UVM_FAULT_GVA))
WAY(write_supervisor, poke(UVM_CPU_GVA))
WAY(exec_supervisor, jump(UVM_IMAGE_GVA))
WAY(write_info, poke(UVM_INFO_GVA))
WAY(write_gate, poke(UVM_GATE_GVA))
WAY(far_read, *place(FAR_AWAY))
WAY(jump_null, jump(0))
WAY(jump_far, jump(FAR_AWAY))
WAY(jump_noncanonical, jump(NONCANONICAL))

static void (*const ways[HURT_COUNT])(void) = {
    [HURT_NULL_READ] = null_read,
    [HURT_NULL_WRITE] = null_write,
    [HURT_WRITE_TEXT] = write_text,
    [HURT_WRITE_RODATA] = write_rodata,
    [HURT_EXEC_DATA] = exec_data,
    [HURT_EXEC_HEAP] = exec_heap,
    [HURT_EXEC_STACK] = exec_stack,
    [HURT_NONCANONICAL] = noncanonical,
    [HURT_READ_SUPERVISOR] = read_supervisor,
    [HURT_WRITE_SUPERVISOR] = write_supervisor,
    [HURT_EXEC_SUPERVISOR] = exec_supervisor,
    [HURT_WRITE_INFO] = write_info,
    [HURT_WRITE_GATE] = write_gate,
    [HURT_FAR_READ] = far_read,
    [HURT_JUMP_NULL] = jump_null,
    [HURT_JUMP_FAR] = jump_far,
    [HURT_JUMP_NONCANONICAL] = jump_noncanonical,
};
/* clang-format on */

static uint64_t fault(uint32_t kind)
{
    enum hurt way = (enum hurt)(kind % HURT_COUNT);

    if (ways[way] != NULL) {
        ways[way]();
    } else if (hurt_own[way] != NULL) {
        hurt_own[way]();
    }
    return ++written;
}
VG_EXPORT(fault, uint64_t, uint32_t);

/* Each level touches a page of stack. */
static uint64_t deep(uint64_t levels)
{
    volatile uint8_t room[4096];

    room[0] = 1;
    return levels == 0 ? 0 : deep(levels - 1) + room[0];
}
VG_EXPORT(deep, uint64_t, uint64_t);

/* Without end and with small frames. */
static volatile bool endless = true;
static uint64_t recurse(uint64_t n)
{
    volatile uint64_t here = n;

    return endless ? recurse(here + 1) + here : 0;
}
VG_EXPORT(recurse, uint64_t, uint64_t);

static uint64_t stack_left(void)
{
    return vg_stack_left();
}
VG_EXPORT(stack_left, uint64_t);

static uint64_t spin(void)
{
    while (endless) {
    }
    return 0;
}
VG_EXPORT(spin, uint64_t);

/* A while, then back. */
static uint64_t count_to(uint64_t n)
{
    volatile uint64_t i = 0;

    while (i < n) {
        i = i + 1;
    }
    return i;
}
VG_EXPORT(count_to, uint64_t, uint64_t);

/* Calls the host without end. */
static uint64_t pester(void)
{
    for (uint64_t i = 0; endless; i++) {
        host_note(i);
    }
    return 0;
}
VG_EXPORT(pester, uint64_t);

static uint64_t note(uint64_t value)
{
    return host_note(value);
}
VG_EXPORT(note, uint64_t, uint64_t);

static uint64_t touch(uint64_t pages)
{
    struct vg_memory heap = vg_heap();

    for (uint64_t i = 0; i < pages && i < heap.size / 4096; i++) {
        heap.base[i * 4096] = 1;
    }
    return ++written;
}
VG_EXPORT(touch, uint64_t, uint64_t);

/* Overwrites all that user mode can write from the heap's start up; ends by a fault. */
static uint64_t rampage(void)
{
    for (volatile uint8_t *at = vg_heap().base; endless; at++) {
        *at = 0xa5;
    }
    return 0;
}
VG_EXPORT(rampage, uint64_t);

/* The call area in ones, then through the gate. */
static uint64_t scribble(uint64_t request)
{
    volatile uint64_t *at = (volatile uint64_t *)UVM_CALL_GVA;

    for (unsigned i = 0; i < UVM_CALL_SIZE_MIN / 8; i++) {
        at[i] = UINT64_MAX;
    }
    *(volatile uint32_t *)UVM_CALL_GVA = (uint32_t)request;
    ((void (*)(void))UVM_GATE_GVA)();
    return 1;
}
VG_EXPORT(scribble, uint64_t, uint64_t);
