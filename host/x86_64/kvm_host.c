/* SPDX-License-Identifier: Apache-2.0 */
/* What KVM on x86_64 must have, and what it can do; knows no micro-VM but its own trial. */
#include "host/kvm.h"

#include <string.h>

#include "host/layout.h"
#include "host/sys.h"
#include "lib/field.h"

FIELD(CPUID1_VMX, 5, 1);
FIELD(CPUID_AMD_SVM, 2, 1);
FIELD(CPUID7_FSGSBASE, 0, 1);
FIELD(CPUID7_SMEP, 7, 1);

/* x87 SSE AVX, opmask ZMM-high ZMM, PKRU. AMX would need a permission of the process. */
#define XCR0_KNOWN UINT64_C(0x2e7)
#define XCR0_FPU   UINT64_C(0x3)

#define XSAVE_LEGACY 576u /* x87, SSE and the header */
#define XCR0_BITS    63u
#define MSR_LIST_MAX 1024u

const struct kvm_need kvm_arch_needs[] = {
    { KVM_CAP_USER_MEMORY, "KVM_CAP_USER_MEMORY" },
    { KVM_CAP_EXT_CPUID, "KVM_CAP_EXT_CPUID" },
    { KVM_CAP_SYNC_MMU, "KVM_CAP_SYNC_MMU" },
    { KVM_CAP_VCPU_EVENTS, "KVM_CAP_VCPU_EVENTS" },
    { KVM_CAP_DEBUGREGS, "KVM_CAP_DEBUGREGS" },
    { KVM_CAP_XSAVE, "KVM_CAP_XSAVE" },
    { KVM_CAP_XCRS, "KVM_CAP_XCRS" },
    { KVM_CAP_IMMEDIATE_EXIT, "KVM_CAP_IMMEDIATE_EXIT" },
    { 0, NULL },
};

/* What supervisor code can change and a restore must bring back: not what KVM_SET_SREGS has. The
 * last are KVM's own, by which the kernel would write into the guest's memory. */
static const uint32_t msrs_of_guests[] = {
    0x174,      0x175,      0x176,                              /* SYSENTER */
    0x277,                                                      /* PAT */
    0xc0000081, 0xc0000082, 0xc0000083, 0xc0000084, 0xc0000102, /* syscall, kernel GS base */
    0xc0000103, 0x4b564d00, 0x4b564d01, 0x4b564d02, 0x4b564d03, 0x4b564d04,
};
_Static_assert(ARRAY_COUNT(msrs_of_guests) <= KVM_MSR_MAX, "KVM_MSR_MAX");

static const struct kvm_cpuid_entry2 *cpuid_leaf(const struct be_host *host, uint32_t leaf,
                                                 uint32_t index)
{
    for (unsigned i = 0; i < host->cpuid->nent; i++) {
        const struct kvm_cpuid_entry2 *e = &host->cpuid->entries[i];

        if (e->function == leaf && e->index == index) {
            return e;
        }
    }
    return NULL;
}

/* Size of the standard format: the end of the component that lies last. */
static void find_xsave(struct be_host *host)
{
    const struct kvm_cpuid_entry2 *e = cpuid_leaf(host, 0xd, 0);
    uint64_t size = XSAVE_LEGACY;
    uint64_t mask = 0;

    if (e != NULL) {
        mask = (e->eax | (uint64_t)e->edx << 32) & XCR0_KNOWN;
    }
    for (unsigned bit = 2; bit < XCR0_BITS; bit++) {
        const struct kvm_cpuid_entry2 *part = cpuid_leaf(host, 0xd, bit);
        uint64_t end = part == NULL ? 0 : (uint64_t)part->ebx + part->eax;

        if ((mask & BIT64(bit)) == 0) {
            continue;
        }
        if (part == NULL || end > KVM_XSAVE_LEN || end > LAYOUT_XSAVE_MAX) {
            mask &= ~BIT64(bit);
            continue;
        }
        size = end > size ? end : size;
        if (bit < XSTATE_COMPONENTS) {
            host->caps.xsave_offset[bit] = part->ebx;
        }
    }
    host->caps.cpu.xcr0 = (mask & XCR0_FPU) == XCR0_FPU ? mask : 0;
    host->caps.xsave_size = size;
}

/*
 * A guest gets no virtual machines of its own: what KVM keeps of those is no part of a vCPU's
 * registers and memory, so that a restore would not end them; and it is much to attack.
 */
static void hide_nesting(struct kvm_cpuid2 *cpuid)
{
    for (unsigned i = 0; i < cpuid->nent; i++) {
        struct kvm_cpuid_entry2 *e = &cpuid->entries[i];

        if (e->function == 1) {
            e->ecx = (uint32_t)with(CPUID1_VMX, e->ecx, 0);
        } else if (e->function == 0x80000001) {
            e->ecx = (uint32_t)with(CPUID_AMD_SVM, e->ecx, 0);
        }
    }
}

static int read_cpuid(struct be_host *host, const struct log *log)
{
    const struct kvm_cpuid_entry2 *e;
    int err;

    host->cpuid = sys_alloc(sizeof(*host->cpuid) + KVM_CPUID_MAX * sizeof(struct kvm_cpuid_entry2));
    if (host->cpuid == NULL) {
        return VT_ERR_NO_MEMORY;
    }
    host->cpuid->nent = KVM_CPUID_MAX;
    err = KVM_CALL(log, host->fd, KVM_GET_SUPPORTED_CPUID, host->cpuid);
    if (err != VT_OK) {
        return err;
    }
    hide_nesting(host->cpuid);
    e = cpuid_leaf(host, 7, 0);
    if (e != NULL) {
        host->caps.cpu.fsgsbase = get(CPUID7_FSGSBASE, e->ebx) != 0;
        host->caps.cpu.smep = get(CPUID7_SMEP, e->ebx) != 0;
    }
    find_xsave(host);
    return VT_OK;
}

static int find_msrs(struct be_host *host, const struct log *log)
{
    uint32_t list[1 + MSR_LIST_MAX] = { MSR_LIST_MAX }; /* struct kvm_msr_list */
    int err = KVM_CALL(log, host->fd, KVM_GET_MSR_INDEX_LIST, list);

    for (size_t i = 0; err == VT_OK && i < ARRAY_COUNT(msrs_of_guests); i++) {
        for (uint32_t n = 1; n <= list[0] && n <= MSR_LIST_MAX; n++) {
            if (list[n] == msrs_of_guests[i]) {
                host->msr[host->msr_count++] = list[n];
                break;
            }
        }
    }
    return err;
}

void kvm_arch_close(struct be_host *host)
{
    sys_free(host->cpuid);
}

int kvm_arch_open(struct be_host *host, const struct log *log)
{
    int err;

    host->sync_regs = (kvm_extension(host, KVM_CAP_SYNC_REGS) & (int)KVM_SYNC_X86_VALID_FIELDS) ==
                      (int)KVM_SYNC_X86_VALID_FIELDS;
    err = read_cpuid(host, log);
    err = err == VT_OK ? find_msrs(host, log) : err;
    return err == VT_OK ? kvm_trial(host, log) : err;
}
