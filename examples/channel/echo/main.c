/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A bare guest that answers the peer of its channel, and tells when the peer comes and goes. Asleep
 * between doorbells.
 */
#include "examples/channel/message.h"
#include "vitrine-guest.h"

#include "vitrine-channel.h"

struct tally {
    uint32_t messages, words, sum, bad;
    uint64_t since; /* vg_now() of the first */
};

static struct vch channel;
static struct tally tally;
static uint32_t causes; /* taken by the interrupt handler, for the main loop */

static void on_cause(uint32_t intid, void *arg)
{
    (void)intid;
    __atomic_fetch_or(&causes, vch_cause_take(arg), __ATOMIC_SEQ_CST);
}

static void report(void)
{
    uint32_t answer[] = { MESSAGE_REPORT, tally.messages, tally.words, tally.sum };
    uint64_t us = vg_ticks_to_ns(vg_now() - tally.since) / 1000;

    vg_put_named("echo: ", tally.messages);
    vg_put_named(" messages, ", (uint64_t)tally.words * VCH_WORD);
    vg_put_named(" bytes, ", us);
    vg_put_named(" us, bad ", tally.bad);
    vg_put_named_hex(", sum ", tally.sum);
    vg_puts("\n");
    (void)vch_send(&channel, answer, 4);
    vch_ring(&channel);
    tally = (struct tally){ .messages = 0 };
}

static void answer(uint32_t *data, uint32_t count)
{
    if (tally.messages == 0) {
        tally.since = vg_now();
    }
    if (count == 0) {
        tally.bad++;
    } else if (data[0] == MESSAGE_REPORT) {
        report();
    } else if (data[0] == MESSAGE_ECHO || data[0] == MESSAGE_COUNT) {
        tally.messages++;
        tally.words += count;
        tally.sum = message_sum(tally.sum, data, count);
        if (data[0] == MESSAGE_ECHO) {
            tally.bad += vch_send(&channel, data, count) ? 0 : 1;
            vch_ring(&channel);
        }
    } else {
        tally.bad++;
    }
}

static void serve(uint32_t cause)
{
    static uint32_t data[MESSAGE_WORDS];
    int count;

    if ((cause & CHANNEL_CAUSE_PEER) != 0) {
        vg_puts(vch_peer_is_up(&channel) ? "echo: peer is up" : "echo: peer is down");
        vg_put_named(", starts ", vch_read(&channel, CHANNEL_PEER_STARTS));
        vg_puts("\n");
    }
    while ((count = vch_receive(&channel, data, MESSAGE_WORDS)) >= 0) {
        answer(data, (uint32_t)count);
    }
}

static void obey(int key)
{
    switch (key) {
    case 'q': vg_puts("echo: power off\n"); vg_power_off();
    case 'r': vg_puts("echo: reset\n"); vg_reset();
    case 'f': /* rings without end, until a key */
        vg_puts("echo: storm\n");
        while (vg_getc() < 0) {
            vch_ring(&channel);
        }
        vg_puts("echo: calm\n");
        break;
    default: break;
    }
}

void guest_main(void)
{
    if (!vch_start(&channel, MESSAGE_CHANNEL, on_cause)) {
        vg_puts("echo: no channel\n");
        return;
    }
    vg_put_named("echo: ready, side ", channel.side);
    vg_put_named(", ring of words ", channel.words);
    vg_puts("; keys: f storm, q power off, r reset\n");
    for (;;) {
        bool unmasked = vg_irq_mask();
        uint32_t cause = __atomic_exchange_n(&causes, 0, __ATOMIC_SEQ_CST);
        int key = vg_getc();

        if (cause == 0 && key < 0) {
            vg_wait();
        }
        vg_irq_restore(unmasked);
        serve(cause);
        obey(key);
    }
}
