/* SPDX-License-Identifier: Apache-2.0 */
/* Storage and recording behind console_double.h; holds no logic of the units under test. */
#include "console_double.h"

#include <stdlib.h>
#include <string.h>

#include "hw.h"
#include "hyp/arch.h"
#include "hyp/core/pl011.h"
#include "hyp/core/vuart.h"

struct machine machine;
struct wire wire;

static struct plan plan;
static struct zone zone_array[ZONES];
static struct vcpu vcpu_array[ZONES];
static struct pcpu pcpu_array[ZONES];
static uint8_t uart_page[0x1000];

const struct plan *the_plan = &plan;
struct zone *zones = zone_array;
struct pcpu *pcpus = pcpu_array;

/* ---- architecture ---- */

uint64_t arch_now(void)
{
    return machine.now += machine.step;
}
uint64_t arch_tick_rate(void)
{
    return machine.rate;
}
struct pcpu *arch_cpu_this(void)
{
    return &pcpu_array[0];
}
void arch_alarm_set(uint64_t when)
{
    machine.alarm = when;
}

void arch_virq_set(struct zone *zone, uint32_t intid, bool level)
{
    machine.line[zone->id] = level;
    machine.line_intid = intid;
    machine.line_changes++;
}

void arch_pirq_assign(uint32_t intid, const struct pcpu *cpu)
{
    (void)cpu;
    machine.pirq = intid;
}

void arch_machine_off(void)
{
    machine.offs++;
}

_Noreturn void arch_crash(const char *why)
{
    (void)why;
    abort();
}

uint64_t arch_vcpu_get(const struct vcpu *vcpu, unsigned n)
{
    (void)vcpu;
    (void)n;
    return 0;
}

void arch_vcpu_set(struct vcpu *vcpu, unsigned n, uint64_t value)
{
    (void)vcpu;
    (void)n;
    (void)value;
}

/* ---- life cycle of zones ---- */

void zone_stop(struct zone *zone, enum stop_reason why)
{
    machine.stopped = zone;
    machine.stop_reason = why;
}

enum err zone_start(struct zone *zone)
{
    machine.started = zone;
    return machine.start_answer;
}

enum zone_state zone_state(const struct zone *zone)
{
    return machine.state[zone->id];
}
const char *zone_state_name(enum zone_state state)
{
    return state == ZONE_OFF ? "off" : "running";
}

const char *zone_reason_name(enum stop_reason reason)
{
    (void)reason;
    return "none";
}

/* ---- the machine's UART ---- */

static void show(unsigned offset, uint32_t value)
{
    memcpy(uart_page + offset, &value, sizeof(value));
}

uint32_t wire_reg(unsigned offset)
{
    uint32_t value;

    memcpy(&value, uart_page + offset, sizeof(value));
    return value;
}

static void show_state(void)
{
    bool empty = wire.in_at == wire.in_used;

    show(PL011_FR, (wire.room == 0 ? PL011_FR_TXFF : 0) | (empty ? PL011_FR_RXFE : 0));
    show(PL011_DR, empty ? 0 : wire.in[wire.in_at]);
}

static void on_access(uint64_t offset, unsigned size, bool write, uint64_t value)
{
    void (*on_mask)(void) = wire.on_mask;

    (void)size;
    if (write && offset == PL011_IMSC && on_mask) {
        wire.on_mask = NULL;
        on_mask();
    }
    if (offset != PL011_DR) {
        return;
    }
    if (write && wire.room > 0 && wire.out_used + 1 < sizeof(wire.out)) {
        wire.out[wire.out_used++] = (char)value;
        wire.room--;
    } else if (!write && wire.in_at < wire.in_used) {
        wire.in_at++;
    }
    show_state();
}

void wire_type(const char *bytes, size_t count)
{
    memcpy(wire.in, bytes, count);
    wire.in_used = count;
    wire.in_at = 0;
    show_state();
}

void wire_clear(void)
{
    memset(wire.out, 0, wire.out_used);
    wire.out_used = 0;
}

void wire_room(unsigned room)
{
    wire.room = room;
    show_state();
}

/* ---- zones and their guests ---- */

uint32_t guest_rd(struct zone *zone, unsigned offset)
{
    struct mmio_access access = { .offset = offset, .size = 4 };

    return vuart_access(&zone->vcpus[0], &access) ? (uint32_t)access.value : UINT32_MAX;
}

void guest_wr(struct zone *zone, unsigned offset, uint32_t value)
{
    struct mmio_access access = { .offset = offset, .size = 4, .value = value, .write = true };

    (void)vuart_access(&zone->vcpus[0], &access);
}

void guest_puts(struct zone *zone, const char *text)
{
    for (; *text != 0; text++) {
        guest_wr(zone, PL011_DR, (uint8_t)*text);
    }
}

void double_reset(void)
{
    static const char *const names[ZONES] = { "linux0", "linux1", "tick" };
    const struct fake_mmio range = { UART_BASE, sizeof(uart_page), uart_page, on_access };

    fake_reset();
    fake_mmio_add(&range);
    memset(&machine, 0, sizeof(machine));
    memset(uart_page, 0, sizeof(uart_page));
    memset(&plan, 0, sizeof(plan));
    memset(zone_array, 0, sizeof(zone_array));
    wire_clear();
    wire.in_at = 0;
    wire.in_used = 0;
    wire.on_mask = NULL;
    wire_room(UINT32_MAX);
    machine.now = 5 * RATE;
    machine.rate = RATE;
    machine.alarm = UINT64_MAX;
    plan.zone_count = ZONES;
    plan.board.uart_intid = UART_INTID;
    for (uint32_t i = 0; i < ZONES; i++) {
        strcpy(plan.zone[i].name, names[i]);
        plan.zone[i].role = i == 0 ? PLAN_ROLE_ZONE0 : PLAN_ROLE_USER;
        plan.zone[i].console = i < 2 ? PLAN_CONSOLE_EMULATED : PLAN_CONSOLE_PASSTHROUGH;
        plan.zone[i].vuart_gpa = 0x1c090000;
        plan.zone[i].vuart_intid = 40 + i;
        vcpu_array[i] = (struct vcpu){ .zone = &zone_array[i], .cpu = &pcpu_array[i] };
        pcpu_array[i] =
            (struct pcpu){ .id = i, .alarm_vuart = UINT64_MAX, .alarm_look = UINT64_MAX };
        zone_array[i].plan = &plan.zone[i];
        zone_array[i].id = i;
        zone_array[i].vcpus = &vcpu_array[i];
        zone_array[i].vcpu_count = 1;
        machine.state[i] = ZONE_RUNNING;
    }
}
