/* SPDX-License-Identifier: Apache-2.0 */
/* What KVM on aarch64 must have, and what it can do; knows no micro-VM but its own trial. */
#include "host/kvm.h"

#include <unistd.h>

#include "host/layout.h"
#include "host/sys.h"
#include "lib/field.h"

#define IPA_DEFAULT 40 /* bits, of VM type 0 */
#define IPA_NEEDED  39 /* for what lies behind LAYOUT_DEVICE_GPA */

#define TRIAL_RAM SIZE_2M

const struct kvm_need kvm_arch_needs[] = {
    { KVM_CAP_USER_MEMORY, "KVM_CAP_USER_MEMORY" },
    { KVM_CAP_SYNC_MMU, "KVM_CAP_SYNC_MMU" },
    { KVM_CAP_ONE_REG, "KVM_CAP_ONE_REG" },
    { KVM_CAP_READONLY_MEM, "KVM_CAP_READONLY_MEM" },
    { KVM_CAP_IMMEDIATE_EXIT, "KVM_CAP_IMMEDIATE_EXIT" },
    { KVM_CAP_ARM_NISV_TO_USER, "KVM_CAP_ARM_NISV_TO_USER" },
    { 0, NULL },
};

static int check_sizes(struct be_host *host, const struct log *log)
{
    int bits = kvm_extension(host, KVM_CAP_ARM_VM_IPA_SIZE);

    if (sysconf(_SC_PAGESIZE) != (long)SIZE_4K) {
        log_print(log, VT_LOG_ERROR, "this kernel's pages are not of 4 KiB");
        return VT_ERR_NO_BACKEND;
    }
    if (bits > 0 && bits < IPA_NEEDED) {
        log_print(log, VT_LOG_ERROR, "guest-physical addresses have %d bits, not %d", bits,
                  IPA_NEEDED);
        return VT_ERR_NO_BACKEND;
    }
    host->vm_type = bits > 0 && bits < IPA_DEFAULT ? (uintptr_t)bits : 0;
    return VT_OK;
}

/* Registers can only be listed on a vCPU. */
static int trial(struct be_host *host, const struct log *log)
{
    const struct sys_map map = { .len = TRIAL_RAM, .kind = SYS_MAP_FRESH };
    struct be_cfg cfg = { .host = host, .log = log, .ram_size = TRIAL_RAM };
    struct be_vcpu *vcpu = NULL;
    struct be_vm *vm = NULL;
    int err;

    cfg.ram = sys_mmap(&map);
    if (cfg.ram == NULL) {
        return log_errno(log, "mmap for the trial");
    }
    err = kvm_create(&cfg, &vm);
    err = err == VT_OK ? kvm_vcpu_create(vm, 0, &vcpu) : err;
    err = err == VT_OK ? kvm_find_regs(host, vcpu) : err;
    if (vcpu != NULL) {
        kvm_vcpu_destroy(vcpu);
    }
    if (vm != NULL) {
        kvm_destroy(vm);
    }
    sys_munmap(cfg.ram, TRIAL_RAM);
    return err;
}

void kvm_arch_close(struct be_host *host)
{
    (void)host;
}

int kvm_arch_open(struct be_host *host, const struct log *log)
{
    int err = check_sizes(host, log);

    host->caps.native = true;
    __asm__("mrs %0, cntfrq_el0" : "=r"(host->caps.tick_rate));
    return err == VT_OK ? trial(host, log) : err;
}
