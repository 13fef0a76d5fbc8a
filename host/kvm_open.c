/* SPDX-License-Identifier: Apache-2.0 */
/* Opens /dev/kvm and finds out what it can do; what an architecture asks of it is in kvm_host.c. */
#include "host/kvm.h"

#include "host/sys.h"

int kvm_call(const struct log *log, int fd, unsigned long request, const char *what, void *arg)
{
    return sys_ioctl(fd, request, arg) < 0 ? log_errno(log, what) : VT_OK;
}

int kvm_extension(const struct be_host *host, int cap)
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
    for (const struct kvm_need *need = kvm_arch_needs; need->name != NULL; need++) {
        if (kvm_extension(host, need->cap) <= 0) {
            log_print(log, VT_LOG_ERROR, "this kernel's KVM lacks %s", need->name);
            return VT_ERR_NO_BACKEND;
        }
    }
    return VT_OK;
}

static int read_caps(struct be_host *host, const struct log *log)
{
    int size = sys_ioctl(host->fd, KVM_GET_VCPU_MMAP_SIZE, NULL);
    int slots = kvm_extension(host, KVM_CAP_NR_MEMSLOTS);
    int vcpus = kvm_extension(host, KVM_CAP_MAX_VCPUS);

    if (size < (int)sizeof(struct kvm_run)) {
        return log_errno(log, "KVM_GET_VCPU_MMAP_SIZE");
    }
    host->run_size = (size_t)size;
    host->caps.mapping_max = slots > 1 ? (unsigned)slots - 1 : 0;
    host->caps.vcpu_max = vcpus > 1 ? (unsigned)vcpus : 1;
    host->caps.dirty_log = true; /* part of KVM_CAP_USER_MEMORY */
    return VT_OK;
}

void kvm_close(struct be_host *host)
{
    kvm_arch_close(host);
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
    err = err == VT_OK ? kvm_arch_open(host, log) : err;
    if (err != VT_OK) {
        kvm_close(host);
        return err;
    }
    *out = host;
    return VT_OK;
}
