/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A guest that reports any fault with any exit. What must hold: the user sees records whose fields
 * are in range and whose text ends; what the guest gets back differs from what it said in allowed
 * flags only; an error is one of those that a guest can cause; a restore brings the micro-VM back.
 * The last byte of the input says of which architecture the guest is.
 */
#include <string.h>

#include "abi/uvm.h"
#include "host/arch.h"
#include "host/vm.h"
#include "tests/fuzz/uvm_double.h"

#define ARITHMETIC UINT64_C(0x8d5)
#define NZCV       UINT64_C(0xf0000000)
#define X29        29u
#define TEXT_MAX   4096u

static struct vt_vm *vm;
static uint64_t flags; /* of the fault that was answered */
static bool resumed;
static bool is_aarch64;

static struct fault_area *area(void)
{
    return (struct fault_area *)(void *)(uvm_double.ram + UVM_FAULT_GVA);
}

static void check_record(const struct fault_record *record)
{
    char text[TEXT_MAX];
    int len = vt_fault_text(record, text, sizeof(text));

    FUZZ_CHECK(len > 0 && (len >= (int)sizeof(text) || strlen(text) == (size_t)len));
    FUZZ_CHECK(record->class > FAULT_CLASS_NONE && record->class < FAULT_CLASS_COUNT);
    FUZZ_CHECK(record->reason > FAULT_REASON_NONE && record->reason < FAULT_REASON_COUNT);
    FUZZ_CHECK(record->level <= FAULT_LEVEL_SUPERVISOR && record->access <= FAULT_ACCESS_EXEC);
    FUZZ_CHECK(record->backtrace_count <= FAULT_BACKTRACE && record->fp_valid <= 1);
    FUZZ_CHECK(memchr(record->map_name, 0, sizeof(record->map_name)) != NULL);
    FUZZ_CHECK(record->map_perm <= 15);
    for (unsigned i = record->backtrace_count; i < FAULT_BACKTRACE; i++) {
        FUZZ_CHECK(record->backtrace[i] == 0);
    }
}

static enum vt_action on_fault(void *ctx, struct vt_vm *from, struct fault_record *record,
                               unsigned count)
{
    uint8_t action = fuzz_u8(&uvm_double.in);

    (void)ctx;
    FUZZ_CHECK(from == vm && count >= 1 && count <= FAULT_DEPTH);
    for (unsigned i = 0; i < count; i++) {
        check_record(&record[i]);
    }
    flags = record->flags;
    resumed = true;
    record->flags ^= fuzz_word(&uvm_double.in);
    record->pc ^= fuzz_u8(&uvm_double.in);
    return (enum vt_action)(action % 5);
}

/* What the guest finds when it goes on after a fault. */
static void check_answer(void)
{
    FUZZ_CHECK(area()->answer.action == FAULT_ACTION_RESUME);
    FUZZ_CHECK(((area()->answer.flags ^ flags) & ~(is_aarch64 ? NZCV : ARITHMETIC)) == 0);
}

static void fill_record(struct fuzz_in *in, struct fault_record *record)
{
    uint8_t *bytes = (uint8_t *)record;
    unsigned changes = fuzz_u8(in) % 16;

    memset(record, fuzz_u8(in), sizeof(*record));
    record->magic = FAULT_MAGIC;
    record->version = FAULT_VERSION;
    record->size = sizeof(*record);
    record->arch = is_aarch64 ? FAULT_ARCH_AARCH64 : FAULT_ARCH_X86_64;
    record->level = fuzz_u8(in) & 1;
    record->class = (uint16_t)(1 + fuzz_u8(in) % (FAULT_CLASS_COUNT - 1));
    record->reason = (uint16_t)(1 + fuzz_u8(in) % (FAULT_REASON_COUNT - 1));
    record->vector = fuzz_u8(in) % 32;
    record->access = fuzz_u8(in) % 4;
    record->pc = fuzz_word(in);
    record->address = fuzz_word(in);
    record->gpr[is_aarch64 ? X29 : FAULT_RBP] = fuzz_word(in);
    for (unsigned i = 0; i < changes; i++) {
        bytes[fuzz_u16(in) % sizeof(*record)] = fuzz_u8(in);
    }
}

static void fill_area(struct fuzz_in *in)
{
    area()->version = fuzz_u8(in) < 0xf0 ? FAULT_VERSION : fuzz_u8(in);
    area()->count = (uint32_t)fuzz_word(in);
    area()->total = (uint32_t)fuzz_word(in);
    for (unsigned i = 0; i < FAULT_DEPTH && i < area()->count; i++) {
        fill_record(in, &area()->record[i]);
    }
}

static bool enter(struct uvm_double *self, struct be_event *event)
{
    static const enum be_exit others[] = { BE_EXIT_MMIO, BE_EXIT_SHUTDOWN, BE_EXIT_HALT,
                                           BE_EXIT_NOT_EMULATED, BE_EXIT_OTHER };
    struct fuzz_in *in = &self->in;
    uint8_t how = fuzz_u8(in);

    if (resumed) {
        check_answer();
        resumed = false;
    }
    if (in->left == 0) {
        return false;
    }
    self->regs.pc = fuzz_word(in);
    self->regs.gpr[is_aarch64 ? X29 : FAULT_RBP] = fuzz_word(in);
    event->exit = BE_EXIT_PORT;
    event->port = (uint16_t)(UVM_PORT_FAULT + how % 4);
    if (how >= 0xc0) {
        event->exit = others[how % 5];
        event->address = fuzz_word(in);
        event->insn_len = how % BE_INSN_MAX;
        event->insn[0] = fuzz_u8(in);
    } else if (event->port == UVM_PORT_FAULT) {
        fill_area(in);
    } else {
        memset(self->ram + 0x20000, how, 64);
    }
    return true;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    struct vt_cfg cfg = { .size = sizeof(cfg), .fault = on_fault };

    (void)argc;
    (void)argv;
    vm = uvm_double_vm(&cfg);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct fault_record *record;
    unsigned count = 0;
    int err;

    uvm_double.in = (struct fuzz_in){ data, size };
    uvm_double.enter = enter;
    uvm_double.entries = 0;
    resumed = false;
    is_aarch64 = size != 0 && data[size - 1] % 2 != 0;
    vm->program->elf.arch = is_aarch64 ? &arch_aarch64 : &arch_x86_64;
    err = vt_call(vm, "ok", NULL, 0, NULL);
    FUZZ_CHECK(err == VT_ERR_GUEST || err == VT_ERR_FAULT || err == VT_ERR_STOPPED);
    record = vt_fault(vm, &count);
    FUZZ_CHECK((err == VT_ERR_GUEST) || (record != NULL && count >= 1));
    FUZZ_CHECK(vt_restore(vm, NULL) == VT_OK);
    return 0;
}
