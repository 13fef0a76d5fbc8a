/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A first micro-VM of a few instructions: some KVMs emulate supervisor code and know only a part of
 * the instructions, which no capability tells.
 */
#include "host/kvm.h"

#include <string.h>

#include "host/layout.h"
#include "host/sys.h"

#define TRIAL_RAM   SIZE_2M
#define TRIAL_CODE  UINT64_C(0x1000)
#define TRIAL_XSAVE UINT64_C(0x2000) /* what rdi points to: XSAVE area, zeroed */
#define TRIAL_PML4  UINT64_C(0x10000)
#define TRIAL_PDPT  UINT64_C(0x11000)
#define TRIAL_PD    UINT64_C(0x12000)
#define TRIAL_TABLE UINT64_C(0x27) /* present, writable, user, accessed */
#define HZ_PER_KHZ  UINT64_C(1000)
#define TRIAL_LARGE UINT64_C(0xe3) /* present, writable, accessed, dirty, 2 MiB */

/* fld1; out */
static const uint8_t code_x87[] = { 0xd9, 0xe8, 0xe6, UVM_PORT_GATE };
/* xor ecx, ecx; xgetbv; xsave [rdi]; fld1; out */
static const uint8_t code_xsave[] = { 0x31, 0xc9, 0x0f, 0x01, 0xd0, 0x0f,
                                      0xae, 0x27, 0xd9, 0xe8, 0xe6, UVM_PORT_GATE };

static void put64(uint8_t *ram, uint64_t at, uint64_t value)
{
    memcpy(ram + at, &value, sizeof(value));
}

static void fill(const struct be_host *host, uint8_t *ram)
{
    put64(ram, TRIAL_PML4, TRIAL_PDPT | TRIAL_TABLE);
    put64(ram, TRIAL_PDPT, TRIAL_PD | TRIAL_TABLE);
    put64(ram, TRIAL_PD, TRIAL_LARGE);
    if (host->caps.cpu.xcr0 != 0) {
        memcpy(ram + TRIAL_CODE, code_xsave, sizeof(code_xsave));
    } else {
        memcpy(ram + TRIAL_CODE, code_x87, sizeof(code_x87));
    }
}

static int run(struct be_vcpu *vcpu, const struct be_state *state, struct be_event *event)
{
    int err = kvm_load(vcpu, state);

    while (err == VT_OK) {
        err = kvm_run(vcpu, event);
        if (event->exit != BE_EXIT_KICK) {
            break;
        }
    }
    return err;
}

/* Keeps those that can be read and written; others would make each restore fail. */
static int filter_msrs(struct be_host *host, const struct be_vcpu *vcpu, const struct log *log)
{
    unsigned kept = 0;

    for (unsigned i = 0; i < host->msr_count; i++) {
        uint64_t one[3] = { 1 }; /* struct kvm_msrs with one entry */
        struct kvm_msrs *msrs = (struct kvm_msrs *)(void *)one;
        int done;

        msrs->entries[0].index = host->msr[i];
        done = sys_ioctl(vcpu->fd, KVM_GET_MSRS, one);
        done = done == 1 ? sys_ioctl(vcpu->fd, KVM_SET_MSRS, one) : done;
        if (done < 0) {
            return log_errno(log, "KVM_GET_MSRS, KVM_SET_MSRS");
        }
        if (done == 1) {
            host->msr[kept++] = host->msr[i];
        }
    }
    host->msr_count = kept;
    return VT_OK;
}

/* KVM may scale the clock; it does not unless it is asked to. */
static void find_rate(struct be_host *host, const struct be_vcpu *vcpu)
{
    int khz = sys_ioctl(vcpu->fd, KVM_GET_TSC_KHZ, NULL);

    host->caps.tick_rate = khz > 0 ? (uint64_t)khz * HZ_PER_KHZ : 0;
}

static int try(struct be_host *host, const struct log *log, uint8_t *ram, struct be_event *event)
{
    const struct be_cfg cfg = { .host = host, .log = log, .ram = ram, .ram_size = TRIAL_RAM };
    const struct elf_image image = { .entry = TRIAL_CODE };
    struct be_state *state = NULL;
    struct be_vm *vm = NULL;
    struct be_vcpu *vcpu = NULL;
    int err;

    err = kvm_start(host, &image, &state);
    if (err == VT_OK) {
        state->sregs.cr3 = TRIAL_PML4;
        state->regs.rdi = TRIAL_XSAVE;
        err = kvm_create(&cfg, &vm);
    }
    if (err == VT_OK) {
        err = kvm_vcpu_create(vm, 0, &vcpu);
    }
    if (err == VT_OK) {
        err = run(vcpu, state, event);
    }
    if (err == VT_OK) {
        err = filter_msrs(host, vcpu, log);
        find_rate(host, vcpu);
    }
    if (vcpu != NULL) {
        kvm_vcpu_destroy(vcpu);
    }
    if (vm != NULL) {
        kvm_destroy(vm);
    }
    if (state != NULL) {
        kvm_state_free(state);
    }
    return err;
}

int kvm_trial(struct be_host *host, const struct log *log)
{
    const struct sys_map map = { .len = TRIAL_RAM, .kind = SYS_MAP_FRESH };
    struct be_event event = { .exit = BE_EXIT_OTHER };
    uint8_t *ram = sys_mmap(&map);
    int err;

    if (ram == NULL) {
        return log_errno(log, "mmap for the trial");
    }
    fill(host, ram);
    err = try(host, log, ram, &event);
    host->caps.native = err == VT_OK && event.exit == BE_EXIT_PORT;
    sys_munmap(ram, TRIAL_RAM);
    return err;
}
