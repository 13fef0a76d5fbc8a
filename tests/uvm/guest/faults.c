/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One exported function for each fault that user code can raise, named for it; those that come back
 * (a handler or the host fixed the fault) return a number that the tests know. The handlers that
 * `with_handler` and `in_handler` register are in faults_super.c.
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

/* Through the frame pointer: #SS. */
static void noncanonical_stack(void)
{
    __asm__ volatile("push %%rbp\n\t"
                     "mov %0, %%rbp\n\t"
                     "movb $1, (%%rbp)\n\t"
                     "pop %%rbp"
                     :
                     : "r"(UINT64_C(0x8000000000000000))
                     : "memory");
}
VG_EXPORT(noncanonical_stack, void);

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

/* ---- Illegal instructions ---- */

/* Exports a function that executes some assembly and returns 1. */
#define INSTRUCTION(name_, ...)                                                                    \
    static int32_t name_(void)                                                                     \
    {                                                                                              \
        __asm__ volatile(__VA_ARGS__);                                                             \
        return 1;                                                                                  \
    }                                                                                              \
    VG_EXPORT(name_, int32_t)

INSTRUCTION(ud2, "ud2");
INSTRUCTION(ud1, "ud1 %%eax, %%eax" : : : "memory");
INSTRUCTION(bad_opcode, ".byte 0x06, 0x90"); /* push es: not in 64-bit mode */
INSTRUCTION(bad_lock, ".byte 0xf0, 0x90");   /* lock nop */
INSTRUCTION(privileged, "hlt");
INSTRUCTION(cli, "cli");
INSTRUCTION(port_in, "in $0xe0, %%al" : : : "rax");
INSTRUCTION(port_out, "out %%al, $0xe0" : : : "memory");
INSTRUCTION(wrmsr, "wrmsr" : : "c"(0xc0000082), "a"(0), "d"(0));
INSTRUCTION(rdmsr, "rdmsr" : : "c"(0xc0000080) : "rax", "rdx");
INSTRUCTION(mov_cr0, "mov %%cr0, %%rax" : : : "rax");
INSTRUCTION(mov_cr3, "mov %0, %%cr3" : : "r"(UINT64_C(0)));
INSTRUCTION(mov_dr7, "mov %0, %%dr7" : : "r"(UINT64_C(0x400)));
INSTRUCTION(lgdt, "lgdt 0x100000");
INSTRUCTION(lidt, "lidt 0x100000");
INSTRUCTION(invlpg, "invlpg 0x100000");
INSTRUCTION(wbinvd, "wbinvd");
INSTRUCTION(swapgs, "swapgs");
INSTRUCTION(iret_kernel, "push $0x10; push %%rsp; push $2; push $8; push $0x1000; iretq"
            :
            :
            : "memory");
INSTRUCTION(int_n, "int $0x80");
INSTRUCTION(int_de, "int $0"); /* not a division: refused by the gate's privilege */
INSTRUCTION(overflow, "int $4");
INSTRUCTION(bad_segment, "mov %0, %%ds" : : "r"(0x48));
INSTRUCTION(kernel_segment, "mov %0, %%ss" : : "r"(0x10));

/* ---- Debug ---- */

INSTRUCTION(int3, "int3");
INSTRUCTION(icebp, ".byte 0xf1");
INSTRUCTION(step, "pushfq; orl $0x100, (%%rsp); popfq; nop; nop" : : : "memory", "cc");

/* ---- Alignment ---- */

/* EFLAGS.AC makes it a fault; it stays set when the host skips, so it is cleared. */
static uint32_t misaligned(void)
{
    static uint32_t two[2] = { 0x11223344, 0x55667788 };
    uint32_t value;

    __asm__ volatile("pushfq; orl $0x40000, (%%rsp); popfq\n\t"
                     "mov 1(%1), %0\n\t"
                     "pushfq; andl $~0x40000, (%%rsp); popfq"
                     : "=&r"(value)
                     : "r"(two)
                     : "memory", "cc");
    return value;
}
VG_EXPORT(misaligned, uint32_t);

/* movaps: a general protection fault whatever AC says. */
static void misaligned_sse(void)
{
    static uint8_t bytes[64];

    __asm__ volatile("movaps (%0), %%xmm0" : : "r"((uint64_t)bytes | 1) : "xmm0", "memory");
}
VG_EXPORT(misaligned_sse, void);

/* ---- Floating point: x87 ---- */

/* Each sets up one condition with all exceptions trapping but inexact, and returns 1 afterwards. */
#define X87(name_, trap, ...)                                                                      \
    static int32_t name_(void)                                                                     \
    {                                                                                              \
        vg_fp_trap(trap);                                                                          \
        __asm__ volatile(__VA_ARGS__ "\n\tfwait\n\tfninit" : : : "memory");                        \
        return 1;                                                                                  \
    }                                                                                              \
    VG_EXPORT(name_, int32_t)

enum {
    MOST = VG_FP_INVALID | VG_FP_DIVIDE | VG_FP_OVERFLOW | VG_FP_UNDERFLOW,
    DENORMAL = VG_FP_DENORMAL,
    INEXACT = VG_FP_INEXACT,
};

X87(fp_div_x87, MOST, "fld1; fldz; fdivrp");
X87(fp_invalid_x87, MOST, "fldz; fldz; fdivrp");
X87(fp_stack_x87, MOST, "fstp %%st(0)");
X87(fp_inexact_x87, INEXACT, "fld1; fldpi; fdivrp");
X87(fp_overflow_x87, MOST,
    "pushq $0x7ffe; movabs $0x8000000000000000, %%rax; push %%rax; fldt (%%rsp);"
    "fld %%st(0); fmulp; add $16, %%rsp");
X87(fp_underflow_x87, MOST,
    "pushq $1; movabs $0x8000000000000000, %%rax; push %%rax; fldt (%%rsp);"
    "fld %%st(0); fmulp; add $16, %%rsp");
X87(fp_denormal_x87, DENORMAL, "push $1; fldl (%%rsp); fld1; faddp; pop %%rax");

/* ---- Floating point: SSE ---- */

static double sse(double a, double b, char op)
{
    volatile double x = a;
    volatile double y = b;

    switch (op) {
    case '/': return x / y;
    case '*': return x * y;
    default: return x + y;
    }
}

#define SSE(name_, trap, a, op, b)                                                                 \
    static double name_(void)                                                                      \
    {                                                                                              \
        vg_fp_trap(trap);                                                                          \
        return sse(a, b, op);                                                                      \
    }                                                                                              \
    VG_EXPORT(name_, double)

SSE(fp_div_sse, MOST, 1.0, '/', 0.0);
SSE(fp_invalid_sse, MOST, 0.0, '/', 0.0);
SSE(fp_overflow_sse, MOST, 1e308, '*', 1e308);
SSE(fp_underflow_sse, MOST, 1e-300, '*', 1e-300);
SSE(fp_inexact_sse, INEXACT, 1.0, '/', 3.0);
SSE(fp_denormal_sse, DENORMAL, 4e-320, '+', 1.0);

/* ---- Giving up, hanging ---- */

static void give_up(uint64_t code)
{
    vg_abort(code, "the guest gives up");
}
VG_EXPORT(give_up, void, uint64_t);

static void loop_forever(void)
{
    for (;;) {
        __asm__ volatile("pause" : : : "memory");
    }
}
VG_EXPORT(loop_forever, void);

/* Faults again and again, in case the host always says skip. */
static void fault_forever(void)
{
    for (;;) {
        __asm__ volatile("ud2");
    }
}
VG_EXPORT(fault_forever, void);

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

/* ---- State across a fault ---- */

/* Registers, flags, vectors and FS survive a fault that somebody resumes after the ud2; the number
 * of what did not. */
static int32_t survives(void)
{
    int32_t bad = 0;

    __asm__ volatile("mov $0x1111, %%r12; mov $0x2222, %%r13; mov $0x3333, %%r14\n\t"
                     "mov $0x4444, %%r15; mov $0x5555, %%rbx\n\t"
                     "movq %%r12, %%xmm0; movq %%r13, %%xmm15; fld1; fldpi\n\t"
                     "mov $0x6666, %%eax; wrfsbase %%rax; stc\n\t"
                     "ud2\n\t"
                     "jc 1f; inc %0\n\t"
                     "1: cmp $0x1111, %%r12; je 1f; inc %0\n\t"
                     "1: cmp $0x2222, %%r13; je 1f; inc %0\n\t"
                     "1: cmp $0x3333, %%r14; je 1f; inc %0\n\t"
                     "1: cmp $0x4444, %%r15; je 1f; inc %0\n\t"
                     "1: cmp $0x5555, %%rbx; je 1f; inc %0\n\t"
                     "1: cmp $0x6666, %%rax; je 1f; inc %0\n\t"
                     "1: rdfsbase %%rcx; cmp $0x6666, %%rcx; je 1f; inc %0\n\t"
                     "1: movq %%xmm0, %%rcx; cmp $0x1111, %%rcx; je 1f; inc %0\n\t"
                     "1: movq %%xmm15, %%rcx; cmp $0x2222, %%rcx; je 1f; inc %0\n\t"
                     "1: fldpi; fcomip; fstp %%st(0); je 1f; inc %0\n\t"
                     "1: fld1; fcomip; fstp %%st(0); je 1f; inc %0\n\t"
                     "1: xor %%eax, %%eax; wrfsbase %%rax"
                     : "+S"(bad)
                     :
                     : "rax", "rbx", "rcx", "r12", "r13", "r14", "r15", "xmm0", "xmm15", "cc",
                       "memory", "st", "st(1)");
    return bad;
}
VG_EXPORT(survives, int32_t);

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
