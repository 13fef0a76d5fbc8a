/* SPDX-License-Identifier: Apache-2.0 */
/* A bare guest that measures its channel to a peer that answers (examples/channel/echo). */
#include "vitrine-guest.h"

#include "examples/channel/client.h"

#define ROUNDS 1000u
#define PUSHES 2000u

static uint32_t causes;

static void on_cause(uint32_t intid, void *arg)
{
    (void)intid;
    __atomic_fetch_or(&causes, vch_cause_take(arg), __ATOMIC_SEQ_CST);
}

static void on_late(const struct vg_expiry *expiry)
{
    (void)expiry;
}

static void wait_cause(struct client *client)
{
    bool unmasked = vg_irq_mask();

    (void)client;
    if (__atomic_exchange_n(&causes, 0, __ATOMIC_SEQ_CST) == 0) {
        vg_timer_once(VG_TIMER_VIRT, vg_now() + vg_tick_rate(), on_late, NULL);
        vg_wait();
    }
    vg_irq_restore(unmasked);
}

static uint64_t now_ns(void)
{
    return vg_ticks_to_ns(vg_now());
}

static void put_result(const char *what, const struct client_result *r)
{
    uint64_t us = r->ns / 1000;

    vg_puts("perf: ");
    vg_puts(what);
    vg_put_named(" messages ", r->messages);
    vg_put_named(" bad ", r->bad);
    vg_put_named(" bytes ", r->bytes);
    vg_put_named(" us ", us);
    vg_put_named(" ns/message ", r->messages == 0 ? 0 : r->ns / r->messages);
    vg_put_named(" least ", r->least_ns);
    vg_put_named(" kB/s ", us == 0 ? 0 : r->bytes * 1000 / us);
    vg_puts("\n");
}

static void measure(struct client *client)
{
    struct client_result result;

    vch_clear(&client->channel);
    result = client_verify(client, ROUNDS);
    put_result("verify", &result);
    result = client_push(client, PUSHES);
    put_result("push", &result);
}

void guest_main(void)
{
    static struct client client = { .wait = wait_cause, .now_ns = now_ns };

    if (!vch_start(&client.channel, MESSAGE_CHANNEL, on_cause)) {
        vg_puts("perf: no channel\n");
        return;
    }
    vg_puts("perf: keys: m measure, r reset, q power off\n");
    for (;;) {
        switch (vg_getc_wait()) {
        case 'm': measure(&client); break;
        case 'r': vg_reset();
        case 'q': vg_power_off();
        default: break;
        }
    }
}
