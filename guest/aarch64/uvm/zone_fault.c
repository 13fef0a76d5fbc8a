/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A bare zone's fault that nothing in the zone resolves: told to the hypervisor, and to the zone
 * that supervises this one (abi/supervise.h), whose answer is checked and obeyed. No answer, or
 * nobody to ask: the zone stops. Never believes what lies in a channel's memory.
 */
#include <stddef.h>

#include "abi/hypcall.h"
#include "abi/supervise.h"
#include "guest/aarch64/hw.h"
#include "guest/aarch64/uvm/super.h"
#include "guest/aarch64/uvm/zone.h"
#include "vitrine-channel.h"

enum { WORD = sizeof(uint32_t), SENDS_PER_SECOND = 10, FRAME_POINTER = 29 };

_Static_assert(sizeof(struct supervise_fault) <= VCH_MSG_LIMIT, "one message");
_Static_assert(sizeof(struct supervise_fault) % WORD == 0, "whole words");
_Static_assert(sizeof(struct supervise_answer) % WORD == 0, "whole words");

static struct fault_area *area(void)
{
    return (struct fault_area *)UVM_FAULT_GVA;
}

/* ---- What a host would fill in: of user code that can be read ---- */

static bool is_text(uint64_t at)
{
    return at % WORD == 0 && at >= (uint64_t)__vg_text_start && at < (uint64_t)__vg_text_end;
}

/* Frames are pairs of (caller's frame, return address), each above the one before. */
static void fill_backtrace(struct fault_record *r)
{
    const uint64_t *frame = (const uint64_t *)r->gpr[FRAME_POINTER];

    r->backtrace_count = 0;
    while (r->backtrace_count < FAULT_BACKTRACE && (uint64_t)frame % sizeof(*frame) == 0 &&
           vg_is_user((uint64_t)frame, 2 * sizeof(*frame), true) && is_text(frame[1])) {
        r->backtrace[r->backtrace_count++] = frame[1];
        if (frame[0] <= (uint64_t)frame) {
            return;
        }
        frame = (const uint64_t *)frame[0];
    }
}

static void fill(struct fault_record *r)
{
    r->instructions = is_text(r->pc) ? *(const uint32_t *)r->pc : 0;
    r->backtrace_count = 0;
    if (r->level == FAULT_LEVEL_USER) {
        fill_backtrace(r);
    }
}

/* ---- The hypervisor; one that does not know the call lets the zone go on ---- */

static void report(enum hypcall_fault how, bool has_record)
{
    struct vg_call call = { .x = { HYPCALL_FAULT, zone_gpa((uint64_t)&area()->record[0]),
                                   has_record ? sizeof(area()->record[0]) : 0, how } };

    zone_call(&call);
}

/* ---- The supervisor ---- */

static bool is_ours(const char *name)
{
    const char *prefix = SUPERVISE_CHANNEL;

    while (*prefix != '\0' && *name == *prefix) {
        name++;
        prefix++;
    }
    return *prefix == '\0';
}

/* Opened once, so that messages of before are not lost; NULL: there is none. */
static const struct vch *supervisor(void)
{
    static struct vch channel;
    static bool is_open;
    const struct boot_info *boot = zone_boot();

    for (uint32_t i = 0; i < boot->channel_count && i < BOOT_MAX_CHANNELS && !is_open; i++) {
        const struct boot_channel *c = &boot->channel[i];

        is_open = is_ours(c->name) &&
                  vch_open(&channel, (volatile void *)c->regs_gpa, (volatile void *)c->mem_gpa);
    }
    return is_open ? &channel : NULL;
}

/* Ticks since a time of the virtual counter. */
static uint64_t since(uint64_t start)
{
    return rd_cntvct_el0() - start;
}

/* It may start later than this zone, or be starting anew. */
static bool is_up_soon(const struct vch *channel)
{
    uint64_t start = rd_cntvct_el0();

    while (!vch_peer_is_up(channel)) {
        if (since(start) > SUPERVISE_PATIENCE * rd_cntfrq_el0()) {
            return false;
        }
        hw_yield();
    }
    return true;
}

/* A message that is the answer to this serial, copied; false: none came, or another. */
static bool receive(const struct vch *channel, uint32_t serial, struct supervise_answer *out)
{
    uint32_t words[sizeof(*out) / WORD];

    if (vch_receive(channel, words, sizeof(words) / WORD) != sizeof(words) / WORD) {
        return false;
    }
    __builtin_memcpy(out, words, sizeof(*out));
    return out->kind == SUPERVISE_ANSWER && out->serial == serial;
}

/*
 * Nobody takes interrupts here, so memory is watched. The message is sent again now and then: a
 * supervisor that has just begun to use the channel has forgotten what was in it.
 */
static bool ask(const struct vch *channel, struct supervise_answer *answer)
{
    static uint32_t serial;
    struct supervise_fault fault = { SUPERVISE_FAULT, ++serial, area()->record[0] };
    uint32_t words[sizeof(fault) / WORD];
    uint64_t sent;

    __builtin_memcpy(words, &fault, sizeof(fault));
    while (is_up_soon(channel)) {
        (void)vch_send(channel, words, sizeof(words) / WORD);
        vch_ring(channel);
        sent = rd_cntvct_el0();
        while (since(sent) < rd_cntfrq_el0() / SENDS_PER_SECOND) {
            if (receive(channel, serial, answer)) {
                return true;
            }
            hw_yield();
        }
    }
    return false;
}

void zone_fault(void)
{
    struct supervise_answer answer;
    const struct vch *channel;

    zone_lock();
    channel = supervisor();
    fill(&area()->record[0]);
    report(channel != NULL ? HYPCALL_FAULT_GO_ON : HYPCALL_FAULT_STOP, true);
    if (channel != NULL && ask(channel, &answer) && answer.answer.action == FAULT_ACTION_RESUME) {
        area()->answer = answer.answer;
        zone_unlock();
        return;
    }
    report(HYPCALL_FAULT_STOP, false);
    zone_off();
}
