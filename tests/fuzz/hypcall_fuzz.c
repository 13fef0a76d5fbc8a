/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hypervisor's own calls with any numbers, arguments and memory: what is copied lies in the
 * zone's RAM, what is accepted is a sound record, a line of the log names only what exists.
 */
#include <string.h>

#include "abi/fault.h"
#include "abi/hypcall.h"
#include "hyp/arch.h"
#include "hyp/core/hypcall.h"
#include "hyp/core/log.h"
#include "hyp/core/zone.h"
#include "tests/fuzz/fuzz.h"

#define RAM  UINT64_C(0x40000000)
#define SIZE (2 * SIZE_2M)

static struct plan_zone plan_zone = { .name = "fuzz" };
static struct zone zone = { .plan = &plan_zone };
static struct vcpu vcpu = { .zone = &zone };
static uint8_t block[SIZE_2M] __attribute__((aligned(8))); /* both blocks of RAM look alike */
static bool stopped, said;
static uint64_t found;

/* At the very end of memory, so that a read beyond it is seen. */
void *arch_window_map(hpa_t pa)
{
    FUZZ_CHECK(pa.v == found && pa.v >= RAM && pa.v - RAM < SIZE);
    return block + pa.v % SIZE_2M;
}

void arch_window_unmap(void) {}

bool zone_ram_find(const struct zone *of, gpa_t at, uint64_t size, hpa_t *out)
{
    FUZZ_CHECK(of == &zone && size == sizeof(struct fault_record));
    if (at.v < RAM || at.v - RAM > SIZE || size > SIZE - (at.v - RAM)) {
        return false;
    }
    found = at.v;
    *out = hpa(at.v);
    return true;
}

void zone_stop(struct zone *of, enum stop_reason why)
{
    FUZZ_CHECK(of == &zone && why == STOP_FAULT);
    stopped = true;
}

bool log_guest(struct vcpu *of)
{
    FUZZ_CHECK(of == &vcpu);
    return true;
}

void log_line(enum log_level level, const char *text, const struct log_arg *args)
{
    unsigned count = 0;

    FUZZ_CHECK(level == LOG_WARN && text[0] != '\0');
    for (; args[count].name != NULL; count++) {
        FUZZ_CHECK(args[count].name[0] != 's' ||
                   strlen((const char *)(uintptr_t)args[count].value) < PLAN_NAME_SIZE);
    }
    FUZZ_CHECK(count <= LOG_MAX_ARGS);
    said = true;
}

/* A sound record with some bytes of the input's, somewhere in memory. */
static uint64_t write_record(struct fuzz_in *in)
{
    struct fault_record record = {
        .magic = FAULT_MAGIC,
        .version = FAULT_VERSION,
        .size = sizeof(record),
        .arch = FAULT_ARCH_AARCH64,
        .class = FAULT_CLASS_MEMORY,
        .reason = FAULT_REASON_NOT_PRESENT,
    };
    uint64_t last = SIZE_2M - sizeof(record);
    uint64_t at = fuzz_u32(in) % (last + 1);

    for (uint8_t changes = fuzz_u8(in) % 8; changes > 0; changes--) {
        uint16_t where = fuzz_u16(in) % sizeof(record);

        ((uint8_t *)&record)[where] = fuzz_u8(in);
    }
    at = fuzz_u8(in) < 0x20 ? last : at;
    at -= fuzz_u8(in) < 0xc0 ? at % 8 : 0;
    memcpy(block + at, &record, sizeof(record));
    return at;
}

static bool is_sound(const struct fault_record *r)
{
    return r->magic == FAULT_MAGIC && r->size == sizeof(*r) && r->class - 1u < 6 &&
           r->reason - 1u < FAULT_REASON_COUNT - 1u && r->level < 2 && r->access < 4;
}

static void call(struct fuzz_in *in)
{
    uint64_t arg[HYPCALL_ARGS] = { RAM + write_record(in), sizeof(struct fault_record),
                                   fuzz_u8(in) % 4 };
    uint32_t number = fuzz_u8(in) < 0xe0 ? HYPCALL_FAULT : HYPCALL_VERSION + fuzz_u8(in);
    uint8_t how = fuzz_u8(in);
    uint32_t before = atomic_load(&zone.faults);
    int64_t answer;

    arg[0] = how < 0x80 ? arg[0] : how < 0xc0 ? arg[0] + SIZE_2M : fuzz_word(in);
    arg[1] = how % 32 == 31 ? fuzz_word(in) : how % 32 == 29 ? 0 : arg[1];
    arg[2] = how % 32 == 30 ? fuzz_word(in) : arg[2];
    plan_zone.role = fuzz_u8(in) % 4;
    said = stopped = false;
    answer = hypcall_run(&vcpu, number, arg);
    FUZZ_CHECK(number == HYPCALL_VERSION || answer <= 0);
    FUZZ_CHECK(said == (number == HYPCALL_FAULT && answer == 0 && arg[1] != 0));
    FUZZ_CHECK(stopped == (answer == 0 && arg[2] == HYPCALL_FAULT_STOP));
    FUZZ_CHECK(atomic_load(&zone.faults) - before == said);
    FUZZ_CHECK(plan_zone.role <= PLAN_ROLE_REALTIME || answer < 0);
    if (said) {
        FUZZ_CHECK(arg[0] == found && arg[0] % 8 == 0);
        FUZZ_CHECK(is_sound((const struct fault_record *)(block + arg[0] % SIZE_2M)));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_in in = { data, size };

    while (in.left != 0) {
        call(&in);
    }
    return 0;
}
