/* SPDX-License-Identifier: Apache-2.0 */
/* A back end without a processor; registers and memory are the fuzzer's. */
#include "tests/fuzz/uvm_double.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "abi/uvm.h"
#include "host/sys.h"
#include "tests/uvm/puppet.h"

enum { ENTRIES_MAX = 64, XSAVE_SIZE = 832 };

struct uvm_double uvm_double;

static const struct be_caps caps = {
    .cpu = { .xcr0 = 7 }, .xsave_size = XSAVE_SIZE, .mapping_max = 32, .tick_rate = 1000000000
};

static int open_host(const struct log *log, struct be_host **out)
{
    (void)log;
    *out = (struct be_host *)(void *)&uvm_double;
    return VT_OK;
}

static void close_host(struct be_host *host)
{
    (void)host;
}

static const struct be_caps *get_caps(const struct be_host *host)
{
    (void)host;
    return &caps;
}

static int new_state(struct be_state **out)
{
    *out = sys_alloc(1);
    return *out == NULL ? VT_ERR_NO_MEMORY : VT_OK;
}

static int start(const struct be_host *host, const struct elf_image *image, struct be_state **out)
{
    (void)host;
    (void)image;
    return new_state(out);
}

static void state_free(struct be_state *state)
{
    sys_free(state);
}

static int create(const struct be_cfg *cfg, struct be_vm **out)
{
    uvm_double.ram = cfg->ram;
    uvm_double.ram_size = cfg->ram_size;
    *out = (struct be_vm *)(void *)&uvm_double;
    return VT_OK;
}

static void destroy(struct be_vm *vm)
{
    (void)vm;
}

static int vcpu_create(struct be_vm *vm, unsigned id, struct be_vcpu **out)
{
    (void)id;
    *out = (struct be_vcpu *)(void *)vm;
    return VT_OK;
}

static void vcpu_destroy(struct be_vcpu *vcpu)
{
    (void)vcpu;
}

/* A good end: no result but zeros. */
static void done(struct be_event *event)
{
    struct call_area *area = (struct call_area *)(void *)(uvm_double.ram + UVM_CALL_GVA);

    area->request = CALL_REQUEST_DONE;
    area->in.status = CALL_FAILED;
    *event = (struct be_event){ .exit = BE_EXIT_PORT, .port = UVM_PORT_GATE };
}

static int run(struct be_vcpu *vcpu, struct be_event *event)
{
    (void)vcpu;
    *event = (struct be_event){ .exit = BE_EXIT_OTHER };
    if (++uvm_double.entries > ENTRIES_MAX || !uvm_double.enter(&uvm_double, event)) {
        done(event);
    }
    return VT_OK;
}

static int set_mask(struct be_vcpu *vcpu, const sigset_t *mask)
{
    (void)vcpu;
    (void)mask;
    return VT_OK;
}

static int nothing(struct be_vcpu *vcpu)
{
    (void)vcpu;
    return VT_OK;
}

static int get_regs(struct be_vcpu *vcpu, struct be_regs *out)
{
    (void)vcpu;
    *out = uvm_double.regs;
    return VT_OK;
}

static int set_regs(struct be_vcpu *vcpu, const struct be_regs *regs)
{
    (void)vcpu;
    uvm_double.regs = *regs;
    return VT_OK;
}

static int get_sys(struct be_vcpu *vcpu, uint64_t sys[FAULT_SYS])
{
    (void)vcpu;
    memset(sys, 0, FAULT_SYS * sizeof(sys[0]));
    return VT_OK;
}

static int inject(struct be_vcpu *vcpu, uint8_t vector)
{
    (void)vcpu;
    FUZZ_CHECK(vector < 32);
    return VT_OK;
}

static int interrupt(struct be_vcpu *vcpu, uint64_t entry, struct be_interrupted *was, bool *taken)
{
    (void)vcpu;
    *was = (struct be_interrupted){ .pc = UVM_GATE_GVA, .flags = 2 };
    *taken = uvm_double.takes_interrupts;
    if (uvm_double.interrupted != NULL) {
        uvm_double.interrupted(entry);
    }
    return VT_OK;
}

static uint64_t ticks(void)
{
    return uvm_double.ticks;
}

static int tick_offset(struct be_vcpu *vcpu, uint64_t *offset)
{
    (void)vcpu;
    *offset = 0;
    return VT_OK;
}

static int save(struct be_vcpu *vcpu, struct be_state **out)
{
    (void)vcpu;
    return new_state(out);
}

static int load(struct be_vcpu *vcpu, const struct be_state *state)
{
    (void)vcpu;
    (void)state;
    return VT_OK;
}

static int get_fp(struct be_vcpu *vcpu, void *buf, size_t size)
{
    (void)vcpu;
    memset(buf, 0, size);
    return VT_OK;
}

static int set_fp(struct be_vcpu *vcpu, const void *buf, size_t size)
{
    (void)vcpu;
    return size >= 2 && ((const uint8_t *)buf)[1] == 0xff ? VT_ERR_SYSTEM : VT_OK;
}

static int flush(struct be_vm *vm)
{
    (void)vm;
    return VT_OK;
}

static int map(struct be_vm *vm, const struct be_mapping *mapping)
{
    (void)vm;
    (void)mapping;
    return VT_OK;
}

static int unmap(struct be_vm *vm, const struct be_mapping *mapping)
{
    (void)vm;
    (void)mapping;
    return VT_OK;
}

const struct be_ops kvm_ops = {
    .name = "kvm",
    .machine = EM_X86_64,
    .open = open_host,
    .close = close_host,
    .caps = get_caps,
    .start = start,
    .state_free = state_free,
    .create = create,
    .destroy = destroy,
    .vcpu_create = vcpu_create,
    .vcpu_destroy = vcpu_destroy,
    .run = run,
    .set_mask = set_mask,
    .settle = nothing,
    .finish = nothing,
    .get_regs = get_regs,
    .set_regs = set_regs,
    .get_sys = get_sys,
    .inject = inject,
    .interrupt = interrupt,
    .ticks = ticks,
    .tick_offset = tick_offset,
    .save = save,
    .load = load,
    .get_fp = get_fp,
    .set_fp = set_fp,
    .flush = flush,
    .map = map,
    .unmap = unmap,
};

struct vt_vm *uvm_double_vm(const struct vt_cfg *cfg)
{
    static struct vt_vm *vm;
    static struct vt_image *image;

    if (vm == NULL) {
        struct puppet_file file = puppet_file("", 0);

        FUZZ_CHECK(vt_image_load(file.bytes, file.len, NULL, &image) == VT_OK);
        free(file.bytes);
        FUZZ_CHECK(vt_create(image, cfg, &vm) == VT_OK);
    }
    return vm;
}
