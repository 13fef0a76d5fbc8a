/* SPDX-License-Identifier: Apache-2.0 */
/* All of the guest irq that needs no host, in one function: a zone's program, too. */
#include "abi/uvm.h"
#include "tests/uvm/guest/irq.h"
#include "vitrine-call.h"
#include "vitrine-irq.h"
#include "vitrine-vcpu.h"

static int32_t failures;

static void say(const char *what, bool is_ok)
{
    failures += is_ok ? 0 : 1;
    vg_log(is_ok ? VG_LOG_INFO : VG_LOG_ERROR, what);
}

static bool once_is_in_time(void)
{
    uint64_t took = once(2000);

    return took >= 2000 && took < 1000000 && too_early() == 0;
}

/* A timer of 1 ms that began then: a busy machine gets time for its last deadlines. */
static bool has_caught_up(uint64_t begin)
{
    enum { TRIES = 100, FEW = 3 };

    for (int i = 0; i < TRIES; i++) {
        if (counted() + FEW >= (now_us() - begin) / 1000) {
            return true;
        }
        spin(5000);
    }
    return false;
}

/* A timer of 1 ms. */
static void periodic(void)
{
    uint64_t begin = now_us();

    start(1000);
    spin(20000);
    say("irq: periodic", await(100) >= 100 && now_us() - begin >= 100000);
    say("irq: masked", masked(20000) == 0);
    say("irq: asleep though masked", masked_wait() == 0);
    say("irq: none lost", has_caught_up(begin));
    stop();
    say("irq: none early", too_early() == 0);
    say("irq: stopped", spin(3000) == 0);
}

static bool clocks_are_there(void)
{
    const struct uvm_info *info = (const struct uvm_info *)UVM_INFO_GVA;
    bool is_zone = (info->flags & UVM_FLAG_ZONE) != 0;
    uint64_t before = vg_now();

    return vg_tick_rate() >= 1000000 && vg_now() >= before && (vg_wall_ns() == 0) == is_zone;
}

static int32_t main(void)
{
    failures = 0;
    say("irq: clocks", clocks_are_there());
    say("irq: once", once_is_in_time());
    periodic();
    say("irq: floor", storm(100) >= UINT64_C(99) * 50);
    say("irq: priorities", priorities() == 0x0302050604);
    say("irq: nested", nested() == 0x0502ee09);
    say("irq: sent", send_self(7) == 7);
    say("irq: refused", refused() == 0);
    say("irq: preserved", preserved(100) == 0);
    say("irq: stack of handlers", handler_stack() == 1);
    if (vg_vcpu_count() > 1) {
        say("irq: between vCPUs", ping_pong(20) == 20);
    }
    return failures;
}
VG_EXPORT(main, int32_t);
