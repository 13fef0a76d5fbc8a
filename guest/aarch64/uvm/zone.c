/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A micro-VM's image as a bare zone: EL1 plays the host. Makes what a host would have made, runs
 * the program's exported `main` at EL0, prints its log, has no host functions. Trusts no field of
 * the call area, which user code can write.
 */
#include "guest/aarch64/uvm/zone.h"

#include <stdbool.h>

#include "abi/call.h"
#include "abi/irq.h"
#include "guest/aarch64/hw.h"
#include "guest/aarch64/psci.h"
#include "guest/aarch64/uvm/super.h"
#include "lib/field.h"

void zone_build(const struct boot_info *given);
void zone_start(void);

extern const struct call_export __vg_exports_start[], __vg_exports_end[];

#define SIGNATURE_MAIN ((call_signature)CALL_I32) /* int32_t main(void) */

FIELD(ISAR0_RNDR, 60, 4);
enum { CONDUIT_SMC = 0 };

enum { GATE_SVC = 0xd4000001, GATE_RET = 0xd65f03c0 };

static struct boot_info boot;

const struct boot_info *zone_boot(void)
{
    return &boot;
}

static struct call_area *area(void)
{
    return (struct call_area *)UVM_CALL_GVA;
}

static void say(const char *text)
{
    size_t len = 0;

    while (text[len] != '\0') {
        len++;
    }
    zone_print(text, len);
}

/* Zeros where the processor has no random numbers, or none at the moment. */
static void find_seed(uint64_t seed[2])
{
    if (get(ISAR0_RNDR, rd_id_aa64isar0_el1()) != 0) {
        seed[0] = rd_rndr();
        seed[1] = rd_rndr();
    }
}

/* With caches off. */
void zone_build(const struct boot_info *given)
{
    struct uvm_info *info = (struct uvm_info *)UVM_INFO_GVA;
    uint32_t *gate = (uint32_t *)UVM_GATE_GVA;
    uint32_t *irq_gate = (uint32_t *)IRQ_GATE_GVA;

    if (given == NULL || given->magic != BOOT_INFO_MAGIC || given->version != BOOT_INFO_VERSION) {
        zone_off();
    }
    __builtin_memcpy(&boot, given, given->size < sizeof(boot) ? given->size : sizeof(boot));
    gate[0] = GATE_SVC;
    gate[1] = GATE_RET;
    irq_gate[0] = GATE_SVC;
    irq_gate[1] = GATE_RET;
    info->magic = UVM_INFO_MAGIC;
    info->version = UVM_INFO_VERSION;
    info->size = sizeof(*info);
    info->flags = UVM_FLAG_ZONE;
    info->vcpu_count = boot.vcpu_count < UVM_VCPUS_MAX ? boot.vcpu_count : UVM_VCPUS_MAX;
    info->tick_rate = rd_cntfrq_el0();
    find_seed(info->seed);
    if (!zone_map(given, info)) {
        say("vitrine: too little memory\n");
        zone_off();
    }
}

/* ---- The program's main ---- */

static bool is_main(const struct call_export *row)
{
    const char *name = (const char *)row->name;
    const char *text = "main";

    while (*name == *text && *text != '\0') {
        name++;
        text++;
    }
    return *name == *text && row->signature == SIGNATURE_MAIN;
}

static void say_number(int32_t value)
{
    enum { DIGITS = 11, TEN = 10 };
    char text[DIGITS + 1];
    unsigned at = DIGITS;
    uint32_t left = value < 0 ? 0 - (uint32_t)value : (uint32_t)value;

    text[at] = '\0';
    do {
        text[--at] = (char)('0' + left % TEN);
        left /= TEN;
    } while (left != 0);
    if (value < 0) {
        text[--at] = '-';
    }
    say(&text[at]);
}

/* The call that waits when user code begins. */
void zone_start(void)
{
    uint32_t count = (uint32_t)(__vg_exports_end - __vg_exports_start);

    zone_irq_init();
    for (uint32_t i = 0; i < count; i++) {
        if (is_main(&__vg_exports_start[i])) {
            area()->size = (uint32_t)vg_info()->call_size;
            area()->in.index = i;
            return;
        }
    }
    say("vitrine: the program exports no int32_t main(void)\n");
    zone_off();
}

/* ---- The gate ---- */

static void log_line(void)
{
    static const char *const levels[] = { "error: ", "warning: ", "", "debug: " };
    struct call_value level = area()->out.arg[0];
    struct call_value text = area()->out.arg[1];
    uint64_t size = vg_info()->call_size - offsetof(struct call_area, data);

    if (text.bits > size || text.len > size - text.bits || text.len > CALL_LOG_MAX) {
        return;
    }
    zone_lock();
    say(level.bits < ARRAY_COUNT(levels) ? levels[level.bits] : "");
    zone_print((const char *)&area()->data[text.bits], text.len);
    say("\n");
    zone_unlock();
}

static _Noreturn void finish(void)
{
    struct call_value ret = area()->in.ret;

    zone_lock();
    if (vg_info()->vcpu_id != 0) {
        say("vitrine: another vCPU than the first said that main is done\n");
    } else if (area()->in.status != CALL_OK) {
        say("vitrine: main failed\n");
    } else {
        say("vitrine: main returned ");
        say_number((int32_t)ret.bits);
        say("\n");
    }
    zone_off();
}

/* The first vCPU runs main. */
static _Noreturn void turn_off(void)
{
    if (vg_info()->vcpu_id == 0) {
        say("vitrine: main turned its vCPU off\n");
        zone_off();
    }
    zone_vcpu_off();
}

static void answer(int64_t value)
{
    area()->out.ret.bits = (uint64_t)value;
}

void zone_gate(void)
{
    const struct call_value *args = area()->out.arg;

    switch (area()->request) {
    case CALL_REQUEST_DONE: finish();
    case CALL_REQUEST_LOG:
        log_line();
        area()->out.status = CALL_OK;
        break;
    case CALL_REQUEST_VCPU_START: answer(zone_vcpu_start(args)); break;
    case CALL_REQUEST_VCPU_ON: answer(zone_vcpu_is_on(args[0].bits)); break;
    case CALL_REQUEST_VCPU_OFF: turn_off();
    case CALL_REQUEST_YIELD: hw_yield(); break;
    default: area()->out.status = CALL_NO_FUNCTION; break;
    }
}

/* ---- Calls ---- */

void zone_call(struct vg_call *call)
{
    if (boot.conduit == CONDUIT_SMC) {
        hw_smc(call);
    } else {
        hw_hvc(call);
    }
}

_Noreturn void zone_off(void)
{
    struct vg_call call = { .x = { PSCI_SYSTEM_OFF } };

    for (;;) {
        zone_call(&call);
    }
}
