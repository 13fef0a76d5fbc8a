/* SPDX-License-Identifier: Apache-2.0 */
/* A fault record as text for people; works on any bytes, whoever wrote the record. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "host/arch.h"
#include "host/include/vitrine.h"
#include "lib/field.h"

static const char *const class_names[] = {
    [FAULT_CLASS_NONE] = "none",
    [FAULT_CLASS_MEMORY] = "memory",
    [FAULT_CLASS_ARITHMETIC] = "arithmetic",
    [FAULT_CLASS_FLOAT] = "floating point",
    [FAULT_CLASS_ILLEGAL] = "illegal instruction",
    [FAULT_CLASS_DEBUG] = "debug",
    [FAULT_CLASS_SYSTEM] = "system",
};
_Static_assert(ARRAY_COUNT(class_names) == FAULT_CLASS_COUNT, "a class has no name");

static const char *const reason_names[] = {
    [FAULT_REASON_NONE] = "none",
    [FAULT_REASON_NOT_PRESENT] = "page not present",
    [FAULT_REASON_PERMISSION] = "no permission",
    [FAULT_REASON_RESERVED] = "reserved bit in a page-table entry",
    [FAULT_REASON_FETCH] = "fetch from what is not executable",
    [FAULT_REASON_ALIGNMENT] = "alignment",
    [FAULT_REASON_STACK_OVERFLOW] = "stack overflow",
    [FAULT_REASON_NO_MEMORY] = "no memory at this address",
    [FAULT_REASON_DIVIDE] = "division by zero or overflow",
    [FAULT_REASON_OVERFLOW] = "overflow",
    [FAULT_REASON_BOUND] = "bound",
    [FAULT_REASON_FP_INVALID] = "invalid operation",
    [FAULT_REASON_FP_DENORMAL] = "denormal operand",
    [FAULT_REASON_FP_DIVIDE] = "division by zero",
    [FAULT_REASON_FP_OVERFLOW] = "overflow",
    [FAULT_REASON_FP_UNDERFLOW] = "underflow",
    [FAULT_REASON_FP_INEXACT] = "inexact result",
    [FAULT_REASON_FP_STACK] = "x87 stack",
    [FAULT_REASON_FP_UNAVAILABLE] = "not available",
    [FAULT_REASON_FP_OTHER] = "cause not known",
    [FAULT_REASON_UNDEFINED] = "undefined instruction",
    [FAULT_REASON_PRIVILEGED] = "privileged instruction",
    [FAULT_REASON_NOT_EMULATED] = "not possible on this machine at this level",
    [FAULT_REASON_BREAKPOINT] = "breakpoint",
    [FAULT_REASON_STEP] = "single step",
    [FAULT_REASON_WATCHPOINT] = "watchpoint",
    [FAULT_REASON_HW_BREAKPOINT] = "hardware breakpoint",
    [FAULT_REASON_PROTECTION] = "general protection",
    [FAULT_REASON_SEGMENT] = "segment",
    [FAULT_REASON_DOUBLE_FAULT] = "double fault",
    [FAULT_REASON_NMI] = "non-maskable interrupt",
    [FAULT_REASON_MACHINE_CHECK] = "machine check",
    [FAULT_REASON_INTERRUPT] = "interrupt without handler",
    [FAULT_REASON_DEPTH] = "faults in fault handlers",
    [FAULT_REASON_SHUTDOWN] = "triple fault",
    [FAULT_REASON_ABORT] = "abort",
    [FAULT_REASON_OTHER] = "other",
};
_Static_assert(ARRAY_COUNT(reason_names) == FAULT_REASON_COUNT, "a reason has no name");

static const char *const access_names[] = { "", " read", " write", " fetch" };

/* Text so far; goes on counting when the buffer is full, as snprintf() does. */
struct text {
    char *buf;
    size_t size;
    size_t len;
};

__attribute__((format(printf, 2, 3))) static void add(struct text *t, const char *format, ...)
{
    bool room = t->len < t->size;
    va_list args;
    int n;

    va_start(args, format);
    n = vsnprintf(room ? t->buf + t->len : NULL, room ? t->size - t->len : 0, format, args);
    va_end(args);
    t->len += n > 0 ? (size_t)n : 0;
}

static const char *name_of(const char *const *names, size_t count, unsigned value)
{
    return value < count ? names[value] : "?";
}

static void add_map(struct text *t, const struct fault_record *r)
{
    unsigned perm = r->map_perm;

    if (r->map_name[0] == 0) {
        add(t, "  in      nothing\n");
        return;
    }
    add(t, "  in      %.*s 0x%" PRIx64 "+0x%" PRIx64 " %s%s%s %s\n", (int)FAULT_NAME, r->map_name,
        r->map_start, r->map_size, perm % 2 != 0 ? "r" : "-", perm / 2 % 2 != 0 ? "w" : "-",
        perm / 4 % 2 != 0 ? "x" : "-", perm / 8 % 2 != 0 ? "user" : "supervisor");
}

/* Records of an architecture that is not known here show no registers. */
static void add_registers(struct text *t, const struct fault_record *r)
{
    const struct arch *arch = arch_find(r->arch);

    for (unsigned i = 0; arch != NULL && i < arch->gpr_count; i++) {
        add(t, "%s%-3s 0x%016" PRIx64 "%s", i % 4 == 0 ? "  " : " ", arch->gpr_names[i], r->gpr[i],
            i % 4 == 3 ? "\n" : "");
    }
}

static void add_float(struct text *t, const struct fault_record *r)
{
    if (r->arch == FAULT_ARCH_AARCH64) {
        add(t, "  fpcr 0x%x fpsr 0x%x\n", r->fp_control, r->fp_status);
    } else {
        add(t, "  fcw 0x%x fsw 0x%x mxcsr 0x%x\n", r->fp_control, r->fp_status, r->fp_simd);
    }
}

static void add_backtrace(struct text *t, const struct fault_record *r)
{
    add(t, "  from   ");
    for (unsigned i = 0; i < r->backtrace_count && i < FAULT_BACKTRACE; i++) {
        add(t, " 0x%" PRIx64, r->backtrace[i]);
    }
    add(t, "\n");
}

int vt_fault_text(const struct fault_record *record, char *buf, size_t len)
{
    struct text t = { .buf = buf, .size = buf == NULL ? 0 : len };
    const struct fault_record *r = record;

    if (r == NULL) {
        return VT_ERR_INVALID;
    }
    add(&t, "%s fault: %s%s, vector %u, error code 0x%" PRIx64 ", in %s mode\n",
        name_of(class_names, ARRAY_COUNT(class_names), r->class),
        name_of(reason_names, ARRAY_COUNT(reason_names), r->reason),
        name_of(access_names, ARRAY_COUNT(access_names), r->access), r->vector, r->error_code,
        r->level == FAULT_LEVEL_USER ? "user" : "supervisor");
    if (r->vcpu != 0) {
        add(&t, "  vCPU    %u\n", r->vcpu);
    }
    add(&t, "  address 0x%" PRIx64 "\n", r->address);
    add_map(&t, r);
    add(&t, "  pc      0x%" PRIx64 " flags 0x%" PRIx64 " bytes", r->pc, r->flags);
    for (unsigned i = 0; i < sizeof(r->instructions); i++) {
        add(&t, " %02x", ((const unsigned char *)&r->instructions)[i]);
    }
    add(&t, "\n");
    add_registers(&t, r);
    if (r->fp_valid != 0) {
        add_float(&t, r);
    }
    add_backtrace(&t, r);
    return (int)t.len;
}
