/* SPDX-License-Identifier: Apache-2.0 */
/* Opens /dev/kvm and finds out what it can do; knows no micro-VM but its own trial. */
#include "host/kvm.h"

#include <unistd.h>

#include "host/layout.h"
#include "host/sys.h"
#include "lib/field.h"

#define IPA_DEFAULT 40 /* bits, of VM type 0 */
#define IPA_NEEDED  39 /* for what lies behind LAYOUT_DEVICE_GPA */

#define TRIAL_RAM SIZE_2M

/* Capabilities without which nothing works. */
static const struct {
    int cap;
    const char *name;
} needed[] = {
    { KVM_CAP_USER_MEMORY, "KVM_CAP_USER_MEMORY" },
    { KVM_CAP_SYNC_MMU, "KVM_CAP_SYNC_MMU" },
    { KVM_CAP_ONE_REG, "KVM_CAP_ONE_REG" },
    { KVM_CAP_READONLY_MEM, "KVM_CAP_READONLY_MEM" },
    { KVM_CAP_IMMEDIATE_EXIT, "KVM_CAP_IMMEDIATE_EXIT" },
    { KVM_CAP_ARM_NISV_TO_USER, "KVM_CAP_ARM_NISV_TO_USER" },
};

int kvm_call(const struct log *log, int fd, unsigned long request, const char *what, void *arg)
{
    return sys_ioctl(fd, request, arg) < 0 ? log_errno(log, what) : VT_OK;
}

static int check_extension(const struct be_host *host, int cap)
{
    return sys_ioctl(host->fd, KVM_CHECK_EXTENSION, (void *)(uintptr_t)cap);
}

static int check_needed(const struct be_host *host, const struct log *log)
{
    int version = sys_ioctl(host->fd, KVM_GET_API_VERSION, NULL);

    if (version != KVM_API_VERSION) {
        log_print(log, VT_LOG_ERROR, "KVM_GET_API_VERSION gives %d, not %d", version,
                  KVM_API_VERSION);
        return VT_ERR_NO_BACKEND;
    }
    for (size_t i = 0; i < ARRAY_COUNT(needed); i++) {
        if (check_extension(host, needed[i].cap) <= 0) {
            log_print(log, VT_LOG_ERROR, "this kernel's KVM lacks %s", needed[i].name);
            return VT_ERR_NO_BACKEND;
        }
    }
    if (sysconf(_SC_PAGESIZE) != (long)SIZE_4K) {
        log_print(log, VT_LOG_ERROR, "this kernel's pages are not of 4 KiB");
        return VT_ERR_NO_BACKEND;
    }
    return VT_OK;
}

static int read_caps(struct be_host *host, const struct log *log)
{
    int size = sys_ioctl(host->fd, KVM_GET_VCPU_MMAP_SIZE, NULL);
    int slots = check_extension(host, KVM_CAP_NR_MEMSLOTS);
    int bits = check_extension(host, KVM_CAP_ARM_VM_IPA_SIZE);

    if (size < (int)sizeof(struct kvm_run)) {
        return log_errno(log, "KVM_GET_VCPU_MMAP_SIZE");
    }
    if (bits > 0 && bits < IPA_NEEDED) {
        log_print(log, VT_LOG_ERROR, "guest-physical addresses have %d bits, not %d", bits,
                  IPA_NEEDED);
        return VT_ERR_NO_BACKEND;
    }
    host->run_size = (size_t)size;
    host->vm_type = bits > 0 && bits < IPA_DEFAULT ? (uintptr_t)bits : 0;
    host->caps.mapping_max = slots > 1 ? (unsigned)slots - 1 : 0;
    host->caps.dirty_log = true;
    host->caps.native = true;
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

void kvm_close(struct be_host *host)
{
    if (host->fd >= 0) {
        sys_close(host->fd);
    }
    sys_free(host);
}

int kvm_open(const struct log *log, struct be_host **out)
{
    struct be_host *host = sys_alloc(sizeof(*host));
    int err = VT_OK;

    if (host == NULL) {
        return VT_ERR_NO_MEMORY;
    }
    host->fd = sys_open("/dev/kvm", true);
    if (host->fd < 0) {
        (void)log_errno(log, "open /dev/kvm");
        err = VT_ERR_NO_BACKEND;
    }
    err = err == VT_OK ? check_needed(host, log) : err;
    err = err == VT_OK ? read_caps(host, log) : err;
    err = err == VT_OK ? trial(host, log) : err;
    if (err != VT_OK) {
        kvm_close(host);
        return err;
    }
    *out = host;
    return VT_OK;
}
