/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A zone that supervises another: takes the records of its faults through their channel, checks
 * them, and answers as the key typed at its console says: r resume behind the instruction, t
 * terminate, n not at all (and power off, which tells the other), w wrongly first.
 */
#include "vitrine-guest.h"

#include "vitrine-channel.h"

#include "abi/supervise.h"
#include "lib/fault_check.h"
#include "tests/guest/check.h"

enum {
    WORD = sizeof(uint32_t),
    INSN_SIZE = 4,
    LAST_LINE_US = 200000 /* for the hypervisor's about the other zone */
};

static struct vch channel;
static volatile uint32_t rings;

static void on_ring(uint32_t intid, void *arg)
{
    (void)intid;
    rings += (vch_cause_take(arg) & CHANNEL_CAUSE_DOORBELL) != 0 ? 1 : 0;
}

static bool receive(struct supervise_fault *fault)
{
    uint32_t words[sizeof(*fault) / WORD];

    for (;;) {
        int count = vch_receive(&channel, words, sizeof(words) / WORD);

        if (count == (int)(sizeof(words) / WORD)) {
            __builtin_memcpy(fault, words, sizeof(*fault));
            return true;
        }
        if (count >= 0) {
            return false;
        }
        vg_wait();
    }
}

static void send(const struct supervise_answer *answer)
{
    uint32_t words[sizeof(*answer) / WORD];

    __builtin_memcpy(words, answer, sizeof(words));
    check("room for an answer", vch_send(&channel, words, sizeof(words) / WORD));
    vch_ring(&channel);
}

static void check_record(const struct fault_record *r)
{
    check("the record is good", fault_record_is_good(r));
    check("it is of this architecture", r->arch == FAULT_ARCH_AARCH64);
    check("a breakpoint", r->class == FAULT_CLASS_DEBUG && r->reason == FAULT_REASON_BREAKPOINT);
    check("in user code", r->level == FAULT_LEVEL_USER);
    check_equal("syndrome", r->error_code, UINT64_C(0xf2000001));
    check("in the image", r->pc >= 0x200000 && r->pc < 0x400000);
    check_equal("its instruction", r->instructions, 0xd4200020); /* brk #1 */
    check("a backtrace", r->backtrace_count >= 1 && r->backtrace[0] > 0x200000);
    check("the stack pointer is within memory", r->gpr[31] != 0 && r->gpr[31] < 0x2000000);
}

/* What the zone must not take for an answer: another serial, kind, length. */
static void mislead(const struct supervise_answer *good)
{
    struct supervise_answer bad = *good;
    uint32_t word = 0;

    bad.answer.pc = 0x10;
    bad.serial++;
    send(&bad);
    bad = *good;
    bad.answer.pc = 0x10;
    bad.kind = SUPERVISE_FAULT;
    send(&bad);
    check("room for a word", vch_send(&channel, &word, 1));
}

static void answer(const struct supervise_fault *fault, int key)
{
    struct supervise_answer reply = { .kind = SUPERVISE_ANSWER, .serial = fault->serial };

    reply.answer.action = key == 't' ? FAULT_ACTION_TERMINATE : FAULT_ACTION_RESUME;
    reply.answer.pc = fault->record.pc + INSN_SIZE;
    reply.answer.flags = fault->record.flags;
    for (unsigned i = 0; i < FAULT_GPRS; i++) {
        reply.answer.gpr[i] = fault->record.gpr[i];
    }
    reply.answer.fs_base = fault->record.sys[FAULT_TPIDR_EL0];
    reply.answer.gs_base = fault->record.sys[FAULT_TPIDRRO_EL0];
    if (key == 'w') {
        mislead(&reply);
        reply.answer.flags = ~UINT64_C(0); /* EL1, everything masked: only NZCV may pass */
    }
    send(&reply);
}

void guest_main(void)
{
    struct supervise_fault fault;
    int key;

    check("the channel", vch_start(&channel, "fault", on_ring));
    vg_puts("supervisor: ready\n");
    key = vg_getc_wait();
    check("a message", receive(&fault));
    check_equal("its kind", fault.kind, SUPERVISE_FAULT);
    check_equal("its serial", fault.serial, 1);
    check("the bell rang", rings > 0);
    check_record(&fault.record);
    if (key != 'n') {
        answer(&fault, key);
        while (vch_peer_is_up(&channel)) {
            vg_wait();
        }
        vg_delay_us(LAST_LINE_US);
    }
    check_sum("supervisor");
}
