/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A zone0 that sends any requests, writes anything over the control region, registers and
 * configuration space, while zones print, start and stop. What must hold after each step: the line
 * is what causes, mask and command register say; nobody else's interrupt moves; nothing outside of
 * the region is written; heads of rings never go back; zone0 itself is not paused.
 */
#include <string.h>

#include "hyp/core/log.h"
#include "hyp/core/pause.h"
#include "hyp/core/pl011.h"
#include "lib/field.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/control_double.h"

#define STEPS_MAX 400u
#define COMMAND   0x04u

enum step {
    STEP_REQUEST,
    STEP_SCRIBBLE,
    STEP_REGISTER,
    STEP_CONFIG,
    STEP_TURN,
    STEP_PRINT,
    STEP_STOP,
    STEP_TIME,
    STEP_COUNT,
};

static struct {
    uint64_t event, log, console;
} seen;

static void request(struct fuzz_in *in)
{
    struct ctl_slot *slot = (struct ctl_slot *)((uint8_t *)control_double_shared() +
                                                CONTROL_SLOTS) +
                            fuzz_u8(in) % CTL_SLOTS;
    uint32_t number = (uint32_t)fuzz_word(in);
    bool is_told = fuzz_u8(in) % 4 != 0;

    slot->op = (uint32_t)fuzz_word(in) % (CTL_OP_COUNT + 2);
    slot->zone = (uint32_t)fuzz_word(in);
    slot->arg[0] = fuzz_word(in);
    slot->size = (uint32_t)fuzz_word(in);
    slot->status = INT32_MAX;
    if (is_told) {
        number = (uint32_t)(slot - (struct ctl_slot *)((uint8_t *)control_double_shared() +
                                                       CONTROL_SLOTS));
    }
    FUZZ_CHECK(control_double_access(fuzz_u8(in) % 2, CTL_REQUEST, &number, true));
    if (is_told) {
        FUZZ_CHECK(slot->status <= CTL_OK && slot->status >= CTL_ERR_FULL);
        FUZZ_CHECK(slot->size <= CTL_DATA_SIZE);
    }
}

static void scribble(struct fuzz_in *in)
{
    uint32_t at = fuzz_u32(in) % DOUBLE_REGION, size = fuzz_u16(in);

    memset(control_double.region + at, fuzz_u8(in),
           size < DOUBLE_REGION - at ? size : DOUBLE_REGION - at);
}

static void reach(struct fuzz_in *in)
{
    uint32_t value = fuzz_u32(in), offset = fuzz_u8(in) * 4u;

    (void)control_double_access(fuzz_u8(in) % 2, offset, &value, fuzz_u8(in) % 2 != 0);
}

static void configure(struct fuzz_in *in)
{
    uint32_t value = fuzz_u32(in), offset = fuzz_u8(in) % 2 != 0 ? COMMAND : fuzz_u8(in) * 4u;

    (void)control_double_config(offset, &value, true);
}

static void print(struct fuzz_in *in)
{
    for (unsigned i = fuzz_u8(in); i > 0; i--) {
        struct mmio_access access = {
            .offset = PL011_DR, .size = 4, .value = fuzz_u8(in), .write = true
        };

        FUZZ_CHECK(vuart_access(&zones[USER].vcpus[0], &access));
    }
    LOG(LOG_WARN, "a line", LOG_DEC("n", fuzz_u8(in)));
}

static void take(struct fuzz_in *in)
{
    switch ((enum step)(fuzz_u8(in) % STEP_COUNT)) {
    case STEP_REQUEST: request(in); break;
    case STEP_SCRIBBLE: scribble(in); break;
    case STEP_REGISTER: reach(in); break;
    case STEP_CONFIG: configure(in); break;
    case STEP_TURN: control_double_turn(); break;
    case STEP_PRINT: print(in); break;
    case STEP_STOP:
        zone_stop(&zones[fuzz_u8(in) % DOUBLE_ZONES], (enum stop_reason)(1 + fuzz_u8(in) % 5));
        break;
    case STEP_TIME: fake_arch.now += fuzz_u16(in); break;
    case STEP_COUNT:
    default: break;
    }
}

static void check(void)
{
    bool wants = (control.cause & control.mask) != 0 && (control.fn.state.command & 0x400) == 0;

    FUZZ_CHECK(control.cause <= CTL_CAUSE_ALL && control.mask <= CTL_CAUSE_ALL);
    FUZZ_CHECK(control_double.foreign_lines == 0 && control.fn.line == control_double.line);
    /* A cause that was announced is settled by zone0's first CPU, which has been asked to. */
    FUZZ_CHECK(control_double.line == wants || (pcpus[0].requests & REQUEST_LOOK) != 0);
    FUZZ_CHECK(control.has_server == ((control.fn.state.command & 4) != 0));
    FUZZ_CHECK(control.event.head >= seen.event && control.log.head >= seen.log &&
               control.console[USER].head >= seen.console);
    FUZZ_CHECK(zones[OWNER].pause == PAUSE_NONE);
    for (uint32_t i = 0; i < DOUBLE_ZONES; i++) {
        FUZZ_CHECK(zone_state(&zones[i]) <= ZONE_STOPPING);
        FUZZ_CHECK(zones[i].paused_at <= fake_arch.now);
    }
    seen.event = control.event.head;
    seen.log = control.log.head;
    seen.console = control.console[USER].head;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_in in = { data, size };

    log_set_level(LOG_INFO);
    control_double_reset(true);
    memset(&seen, 0, sizeof(seen));
    for (unsigned i = 0; i < STEPS_MAX && in.left > 0; i++) {
        take(&in);
        check();
    }
    control_double_turn();
    for (uint32_t i = 0; i < DOUBLE_REGION; i += 64) {
        FUZZ_CHECK(control_double.region[DOUBLE_REGION + i] == 0xa5);
    }
    control_double_free();
    return 0;
}
