/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The end: an exception in EL2 or a broken invariant. Says everything it knows, stops the other
 * CPUs and parks. Runs on the emergency stack and trusts nothing it need not.
 */
#include "crash.h"

#include "hw.h"
#include "hyp/arch.h"
#include "hyp/core/console.h"
#include "hyp/core/zone.h"
#include "layout.h"

_Static_assert(offsetof(struct crash_frame, sp) == CRASH_SP, "entry.S");
_Static_assert(offsetof(struct crash_frame, elr) == CRASH_ELR, "entry.S");
_Static_assert(offsetof(struct crash_frame, esr) == CRASH_ESR, "entry.S");
_Static_assert(offsetof(struct crash_frame, hpfar) == CRASH_HPFAR, "entry.S");
_Static_assert(sizeof(struct crash_frame) == CRASH_SIZE, "entry.S");

enum { EC_DATA_EL2 = 0x25 };

#define BACKTRACE_MAX 24u
#define HEX_DIGITS    16u

static _Atomic uint32_t crashes;
static const char *crash_reason;

/* clang-format off */
static const struct { uint8_t class; const char *name; } class_names[] = {
    { 0x00, "unknown instruction" },      { 0x07, "FP or SIMD access" },
    { 0x0e, "illegal execution state" },  { 0x18, "system register access" },
    { 0x21, "instruction abort in EL2" }, { 0x22, "PC alignment" },
    { 0x25, "data abort in EL2" },        { 0x26, "SP alignment" },
    { 0x2f, "SError" },                   { 0x3c, "BRK: broken invariant" },
};
/* clang-format on */

static const char *class_name(uint64_t esr)
{
    for (size_t i = 0; i < ARRAY_COUNT(class_names); i++) {
        if (class_names[i].class == get(ESR_EC, esr)) {
            return class_names[i].name;
        }
    }
    return "other";
}

static void put_hex(const char *name, uint64_t value)
{
    char text[HEX_DIGITS + 1];

    for (unsigned i = 0; i < HEX_DIGITS; i++) {
        text[HEX_DIGITS - 1 - i] = "0123456789abcdef"[value & 0xf];
        value >>= 4;
    }
    text[HEX_DIGITS] = 0;
    console_crash_puts(name);
    console_crash_puts(text);
}

static void put_registers(const struct crash_frame *frame)
{
    char name[] = "  x00=";

    for (unsigned i = 0; i < ARRAY_COUNT(frame->x); i++) {
        name[3] = (char)('0' + i / 10);
        name[4] = (char)('0' + i % 10);
        put_hex(name, frame->x[i]);
        if (i % 4 == 3) {
            console_crash_puts("\n");
        }
    }
    put_hex("   sp=", frame->sp);
    put_hex("\n   pc=", frame->elr);
    put_hex(" pstate=", frame->spsr);
    put_hex("\n  esr=", frame->esr);
    put_hex("   far=", frame->far);
    put_hex(" hpfar=", frame->hpfar);
    console_crash_puts("\n");
}

/* Only addresses inside a CPU's stack slots are followed. */
static bool is_stack(uint64_t fp)
{
    return fp >= VA_STACKS && fp < VA_STACKS + (uint64_t)PLAN_MAX_CPUS * STACK_SLOT &&
           (fp & (STACK_SLOT - 1)) >= STACK_OFFSET &&
           (fp & (STACK_SLOT - 1)) <= STACK_OFFSET + STACK_SIZE - 16 && (fp & 7) == 0;
}

static void put_backtrace(const struct crash_frame *frame)
{
    uint64_t fp = frame->x[29];

    put_hex("backtrace:\n  ", frame->elr);
    put_hex("\n  ", frame->x[30]);
    for (unsigned i = 0; i < BACKTRACE_MAX && is_stack(fp); i++) {
        const uint64_t *record = (const uint64_t *)fp;

        put_hex("\n  ", record[1]);
        if (record[0] <= fp) {
            break;
        }
        fp = record[0];
    }
    console_crash_puts("\n");
}

static void stop_others(void)
{
    for (uint32_t i = 0; the_plan && pcpus && i < the_plan->cpu_count; i++) {
        if (&pcpus[i] != arch_cpu_this()) {
            pcpu_request(&pcpus[i], REQUEST_HALT);
        }
    }
}

/* Whether it is the AT of entry.S, which a guest's broken tables may abort. Not a crash then. */
static bool is_probe(const struct crash_frame *frame)
{
    const struct pcpu *cpu = arch_cpu_this();

    if ((frame->elr != (uintptr_t)probe_insn1 && frame->elr != (uintptr_t)probe_insn0) || !cpu ||
        !cpu->vcpu || get(ESR_EC, frame->esr) != EC_DATA_EL2) {
        return false;
    }
    /* crash_entry has used these as scratch. */
    wr_vpidr_el2(rd_midr_el1());
    wr_cntvoff_el2(0);
    return true;
}

void crash_report(const struct crash_frame *frame)
{
    if (is_probe(frame)) {
        return;
    }
    /* The first CPU reports; a crash while reporting, or of another CPU meanwhile, only parks. */
    if (atomic_fetch_add(&crashes, 1) == 0) {
        console_crash_begin();
        console_crash_puts("\nEL2 crash: ");
        console_crash_puts(class_name(frame->esr));
        if (crash_reason) {
            console_crash_puts("\n  ");
            console_crash_puts(crash_reason);
        }
        put_hex("\n  cpu=", arch_cpu_this() ? arch_cpu_this()->id : 0);
        put_hex(" vector=", frame->vector);
        console_crash_puts("\n");
        put_registers(frame);
        put_backtrace(frame);
        stop_others(); /* last: the doorbell may be what is broken */
        console_crash_puts("The machine is stopped. addr2line -e hyp.elf names the lines.\n");
    }
    arch_cpu_park();
}

_Noreturn void arch_crash(const char *why)
{
    crash_reason = why;
    __asm__ volatile("brk #1" : : : "memory"); /* into the vector, which saves all registers */
    arch_cpu_park();
}
