/* SPDX-License-Identifier: Apache-2.0 */
/* A test guest that faults in many ways and answers each by handlers of vitrine-fault.h. */
#include "lib/field.h"
#include "tests/guest/check.h"
#include "vitrine-fault.h"
#include "vitrine-guest.h"

enum { EC_SVC = 0x15, EC_BRK = 0x3c, INSN_SIZE = 4 };

#define NOWHERE UINT64_C(0x4000000000000) /* beyond what the tables can map */

/* What the handlers saw of the last fault, and who was asked: one digit each. */
static struct vg_context last;
static uint32_t asked;
static uint64_t resume_at; /* 0: after the instruction */

static enum vg_verdict fix(struct vg_context *context, void *arg)
{
    asked = asked * 10 + (uint32_t)(uintptr_t)arg;
    last = *context;
    if (resume_at != 0) {
        context->pc = resume_at;
    } else if (context->vector != EC_SVC) { /* whose pc is behind it */
        context->pc += INSN_SIZE;
    }
    return VG_RESUME;
}

static enum vg_verdict pass(struct vg_context *context, void *arg)
{
    (void)context;
    asked = asked * 10 + (uint32_t)(uintptr_t)arg;
    return VG_NEXT;
}

static enum vg_verdict forward(struct vg_context *context, void *arg)
{
    (void)context;
    asked = asked * 10 + (uint32_t)(uintptr_t)arg;
    return VG_FORWARD;
}

static int add(enum vg_verdict (*fn)(struct vg_context *, void *), uint32_t on, int32_t priority)
{
    static uintptr_t number;
    struct vg_handler handler = { fn, (void *)++number, on, priority };

    return vg_handler_register(&handler);
}

/* Handlers have changed memory behind the compiler's back. */
static void forget(void)
{
    __asm__ volatile("" : : : "memory");
}

static void begin(void)
{
    asked = 0;
    resume_at = 0;
    last = (struct vg_context){ 0 };
}

/* clang-format off */
#define RAISE(...) do { begin(); __asm__ volatile(__VA_ARGS__); forget(); } while (0)
/* clang-format on */

static void expect(const char *name, uint16_t class, uint16_t reason)
{
    check(name, last.class == class && last.reason == reason);
}

static void test_classes(void)
{
    static uint8_t bytes[16] __attribute__((aligned(16)));

    RAISE("udf #0");
    expect("udf is undefined", FAULT_CLASS_ILLEGAL, FAULT_REASON_UNDEFINED);
    RAISE("brk #7");
    expect("brk is a breakpoint", FAULT_CLASS_DEBUG, FAULT_REASON_BREAKPOINT);
    RAISE("svc #0");
    expect("svc is of the system", FAULT_CLASS_SYSTEM, FAULT_REASON_OTHER);
    RAISE("ldr x0, [%0]" : : "r"(NOWHERE) : "x0");
    expect("a read of nothing", FAULT_CLASS_MEMORY, FAULT_REASON_NOT_PRESENT);
    check("its address and access", last.address == NOWHERE && last.access == FAULT_ACCESS_READ);
    RAISE("str xzr, [%0]" : : "r"(NOWHERE + 8) : "memory");
    check("a write of nothing", last.access == FAULT_ACCESS_WRITE && last.address == NOWHERE + 8);
    RAISE("str xzr, [%0]" : : "r"(fix) : "memory");
    expect("text is read-only", FAULT_CLASS_MEMORY, FAULT_REASON_PERMISSION);
    RAISE("ldxr x0, [%0]" : : "r"(bytes + 1) : "x0");
    expect("an exclusive wants alignment", FAULT_CLASS_MEMORY, FAULT_REASON_ALIGNMENT);
}

/* The handler comes back behind the call, not after the instruction that could not be fetched. */
static void call(uint64_t at)
{
    begin();
    __asm__ volatile("adr x1, 1f\n\t"
                     "str x1, [%1]\n\t"
                     "blr %0\n"
                     "1:"
                     :
                     : "r"(at), "r"(&resume_at)
                     : "x1", "x30", "memory");
}

static void test_fetches(void)
{
    static uint32_t code[4] = { 0xd65f03c0 };

    call((uint64_t)code);
    expect("data does not run", FAULT_CLASS_MEMORY, FAULT_REASON_FETCH);
    check("fetched there", last.access == FAULT_ACCESS_EXEC && last.address == (uint64_t)code);
    call(NOWHERE);
    expect("nothing there to run", FAULT_CLASS_MEMORY, FAULT_REASON_NOT_PRESENT);
    call((uint64_t)fix + 2);
    expect("code is aligned", FAULT_CLASS_MEMORY, FAULT_REASON_ALIGNMENT);
}

static void test_context(void)
{
    uint64_t value = 0;

    begin();
    __asm__ volatile("mov x9, #0x1234\n\t"
                     "udf #1\n\t"
                     "mov %0, x9"
                     : "=r"(value)
                     :
                     : "x9", "memory");
    check_equal("registers are the program's", last.gpr[9], 0x1234);
    check_equal("and come back", value, 0x1234);
    check("the stack pointer, too", last.gpr[31] > 0x40000000 && last.gpr[31] % 16 == 0);
    check("level and depth", last.level == FAULT_LEVEL_SUPERVISOR && last.depth == 1);
}

static bool old_handler(struct vg_frame *frame, void *arg)
{
    (void)arg;
    asked = asked * 10 + 9;
    frame->pc += INSN_SIZE;
    return true;
}

static void test_chain(int first)
{
    int by_vector, by_class, stop;

    by_vector = add(pass, VG_ON_VECTOR(EC_BRK), 1);
    by_class = add(pass, VG_ON_CLASS(FAULT_CLASS_DEBUG), 5);
    RAISE("brk #1");
    check_equal("priority decides", asked, 321);
    stop = add(forward, VG_ON_CLASS(FAULT_CLASS_DEBUG), 3);
    vg_fault_handler(old_handler, NULL);
    RAISE("brk #1");
    check_equal("forward passes the rest", asked, 349);
    RAISE("udf #1");
    check_equal("others are not asked", asked, 1);
    check("a number is good once",
          vg_handler_unregister(stop) == 0 && vg_handler_unregister(stop) == VG_ERR_UNKNOWN);
    check("all can go", vg_handler_unregister(by_vector) == 0 &&
                            vg_handler_unregister(by_class) == 0 &&
                            vg_handler_unregister(first) == 0);
    RAISE("brk #1");
    check_equal("then only the old handler is asked", asked, 9);
    vg_fault_handler(NULL, NULL);
}

void guest_main(void)
{
    int first;

    vg_puts("faults: begins\n");
    first = add(fix, VG_ON_ALL, 0);
    check("a handler has a number", first >= 0);
    test_classes();
    test_fetches();
    test_context();
    test_chain(first);
    check_sum("faults");
    vg_power_off();
}
