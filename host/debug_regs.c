/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Registers of stopped vCPUs on x86_64: in the vCPU, in a fault record, or, when a vector's exit
 * has stopped it, what the processor pushed on ring 0's stack together with the vCPU's. The stack
 * pointer is the guest's word: it is followed only where ring 0's stacks are.
 */
#include "host/debug.h"

#include <string.h>

#include "gdb/x86_64.h"
#include "host/mem.h"
#include "lib/field.h"

/* iretq, at which a vector stands behind its exit. */
static const uint8_t insn_iretq[] = { 0x48, 0xcf };

FIELD(SEL_CS, 0, 16);
FIELD(SEL_SS, 16, 16);
FIELD(SEL_DS, 32, 16);
FIELD(SEL_ES, 48, 16);

/* As the processor pushes it (SDM 3 6.14.2). */
struct pushed {
    uint64_t rip, cs, rflags, rsp, ss;
};

/* What a debugger may change of the flags: CF PF AF ZF SF TF DF OF AC. */
#define RFLAGS_EDITABLE UINT64_C(0x40dd5)

/* ---- Where they are ---- */

static uint8_t *pushed_at(struct vcpu *vcpu, uint64_t rsp)
{
    uint64_t low = UVM_STACK_DF_TOP - SIZE_4K;

    return is_aligned(rsp, sizeof(uint64_t)) && rsp >= low &&
                   rsp <= UVM_STACK0_TOP - sizeof(struct pushed)
               ? vcpu->low + rsp
               : NULL;
}

/* A program that stands at an iretq with its stack there is shown what lies on it, and no more. */
static bool is_at_iretq(struct vcpu *vcpu, const struct debug_vcpu *v)
{
    uint8_t bytes[sizeof(insn_iretq)];

    return pushed_at(vcpu, v->raw.gpr[FAULT_RSP]) != NULL &&
           mem_read(vcpu->vm, v->raw.pc, bytes, sizeof(bytes)) &&
           memcmp(bytes, insn_iretq, sizeof(bytes)) == 0;
}

static void take_pushed(struct vcpu *vcpu, struct debug_vcpu *v)
{
    struct pushed p;

    v->place = DEBUG_FRAME;
    v->frame = v->raw.gpr[FAULT_RSP];
    memcpy(&p, pushed_at(vcpu, v->frame), sizeof(p));
    v->regs.pc = p.rip;
    v->regs.flags = p.rflags;
    v->regs.gpr[FAULT_RSP] = p.rsp;
}

/* Steps need none of these, and they take as long as all the rest. */
static bool load_sys(struct vcpu *vcpu, struct debug_vcpu *v)
{
    uint64_t *sel = &v->sys[FAULT_SELECTORS];
    struct pushed p;

    if (v->has_sys) {
        return true;
    }
    v->has_sys = vcpu->vm->ops->get_sys(vcpu->be, v->sys) == VT_OK;
    if (v->has_sys && v->place == DEBUG_FRAME) {
        memcpy(&p, pushed_at(vcpu, v->frame), sizeof(p));
        *sel = with(SEL_SS, with(SEL_CS, *sel, p.cs), p.ss);
    }
    return v->has_sys;
}

bool debug_load(struct debug *d, struct vcpu *vcpu)
{
    const struct be_ops *ops = vcpu->vm->ops;
    struct debug_vcpu *v = debug_vcpu_of(d, vcpu);

    if (v->loaded) {
        return true;
    }
    if (vcpu->be == NULL || ops->settle(vcpu->be) != VT_OK ||
        ops->get_regs(vcpu->be, &v->raw) != VT_OK) {
        return false;
    }
    v->regs = v->raw;
    v->place = DEBUG_RAW;
    v->dirty = false;
    v->loaded = true;
    v->has_sys = false;
    if (is_at_iretq(vcpu, v)) {
        take_pushed(vcpu, v);
    }
    return true;
}

void debug_load_record(struct debug *d, struct vcpu *vcpu)
{
    const struct fault_record *r = &vcpu->vm->record[0];
    struct debug_vcpu *v = debug_vcpu_of(d, vcpu);

    v->place = DEBUG_RECORD;
    v->loaded = true;
    v->has_sys = true;
    v->dirty = false;
    memcpy(v->regs.gpr, r->gpr, sizeof(v->regs.gpr));
    memcpy(v->sys, r->sys, sizeof(v->sys));
    v->regs.pc = r->pc;
    v->regs.flags = r->flags;
}

/* ---- Back ---- */

static void put_pushed(struct vcpu *vcpu, const struct debug_vcpu *v)
{
    uint8_t *at = pushed_at(vcpu, v->frame);
    struct pushed p;

    if (at == NULL) {
        return;
    }
    memcpy(&p, at, sizeof(p));
    p.rip = v->regs.pc;
    p.rflags = v->regs.flags;
    p.rsp = v->regs.gpr[FAULT_RSP];
    memcpy(at, &p, sizeof(p));
}

/* The general registers are the vCPU's own, all but the stack pointer. */
static int put_frame(struct vcpu *vcpu, struct debug_vcpu *v)
{
    struct be_regs raw = v->raw;
    bool same;

    memcpy(raw.gpr, v->regs.gpr, sizeof(raw.gpr));
    raw.gpr[FAULT_RSP] = v->raw.gpr[FAULT_RSP];
    same = memcmp(raw.gpr, v->raw.gpr, sizeof(raw.gpr)) == 0;
    put_pushed(vcpu, v);
    v->raw = raw;
    return same ? VT_OK : vcpu->vm->ops->set_regs(vcpu->be, &raw);
}

static void put_record(struct vcpu *vcpu, const struct debug_vcpu *v)
{
    struct fault_record *r = &vcpu->vm->record[0];

    memcpy(r->gpr, v->regs.gpr, sizeof(r->gpr));
    r->sys[FAULT_FS_BASE] = v->sys[FAULT_FS_BASE];
    r->sys[FAULT_GS_BASE] = v->sys[FAULT_GS_BASE];
    r->pc = v->regs.pc;
    r->flags = v->regs.flags;
}

int debug_flush(struct debug *d, struct vcpu *vcpu)
{
    struct debug_vcpu *v = debug_vcpu_of(d, vcpu);
    int err = VT_OK;

    if (v->loaded && v->dirty) {
        switch (v->place) {
        case DEBUG_RAW: err = vcpu->vm->ops->set_regs(vcpu->be, &v->regs); break;
        case DEBUG_FRAME: err = put_frame(vcpu, v); break;
        case DEBUG_RECORD: put_record(vcpu, v); break;
        default: break;
        }
    }
    v->loaded = false;
    v->dirty = false;
    return err;
}

int debug_decline(struct debug *d, struct vcpu *vcpu)
{
    struct debug_vcpu *v = debug_vcpu_of(d, vcpu);
    int err;

    if (!debug_load(d, vcpu) || v->place != DEBUG_FRAME) {
        return VT_ERR_GUEST;
    }
    v->raw.pc += sizeof(insn_iretq);
    err = vcpu->vm->ops->set_regs(vcpu->be, &v->raw);
    v->loaded = false;
    return err == VT_OK ? RUN_AGAIN : err;
}

/* ---- One by one ---- */

/* A register's bytes lie in what is loaded; NULL: it is none of these. */
static void *general(struct debug_vcpu *v, unsigned reg)
{
    static const uint8_t order[] = { FAULT_RAX, FAULT_RBX, FAULT_RCX, FAULT_RDX,
                                     FAULT_RSI, FAULT_RDI, FAULT_RBP, FAULT_RSP };

    if (reg <= X86_RSP) {
        return &v->regs.gpr[order[reg]];
    }
    if (reg <= X86_R15) {
        return &v->regs.gpr[FAULT_R8 + (reg - X86_R8)];
    }
    return reg == X86_RIP ? &v->regs.pc : reg == X86_EFLAGS ? &v->regs.flags : NULL;
}

static bool is_system(unsigned reg)
{
    return (reg >= X86_CS && reg <= X86_ES) || (reg >= X86_FS_BASE && reg < X86_REG_COUNT);
}

static bool system_value(struct vcpu *vcpu, struct debug_vcpu *v, unsigned reg, uint64_t *value)
{
    uint64_t sel = is_system(reg) && load_sys(vcpu, v) ? v->sys[FAULT_SELECTORS] : 0;

    switch (reg) {
    case X86_CS: *value = get(SEL_CS, sel); return true;
    case X86_SS: *value = get(SEL_SS, sel); return true;
    case X86_DS: *value = get(SEL_DS, sel); return true;
    case X86_ES: *value = get(SEL_ES, sel); return true;
    case X86_FS_BASE: *value = v->sys[FAULT_FS_BASE]; return true;
    case X86_GS_BASE: *value = v->sys[FAULT_GS_BASE]; return true;
    case X86_CR0: *value = v->sys[FAULT_CR0]; return true;
    case X86_CR3: *value = v->sys[FAULT_CR3]; return true;
    case X86_CR4: *value = v->sys[FAULT_CR4]; return true;
    case X86_EFER: *value = v->sys[FAULT_EFER]; return true;
    default: return false;
    }
}

static struct debug_vcpu *loaded(struct debug *d, unsigned thread, struct vcpu **vcpu)
{
    if (thread == 0 || thread > d->vm->vcpu_count) {
        return NULL;
    }
    *vcpu = vm_vcpu(d->vm, thread - 1);
    return debug_load(d, *vcpu) ? debug_vcpu_of(d, *vcpu) : NULL;
}

bool debug_read_reg(void *ctx, unsigned thread, unsigned reg, uint8_t *bytes)
{
    struct debug *d = ctx;
    struct vcpu *vcpu;
    struct debug_vcpu *v = loaded(d, thread, &vcpu);
    size_t len = dbg_reg_bytes(&dbg_x86_64.reg[reg]);
    uint64_t value;
    void *at;

    if (v == NULL) {
        return false;
    }
    at = general(v, reg);
    if (at != NULL) {
        memcpy(bytes, at, len);
        return true;
    }
    if (system_value(vcpu, v, reg, &value)) {
        memcpy(bytes, &value, len);
        return true;
    }
    return debug_read_fp(d, vcpu, reg, bytes);
}

bool debug_write_reg(void *ctx, unsigned thread, unsigned reg, const uint8_t *bytes)
{
    struct debug *d = ctx;
    struct vcpu *vcpu;
    struct debug_vcpu *v = loaded(d, thread, &vcpu);
    size_t len = dbg_reg_bytes(&dbg_x86_64.reg[reg]);
    uint64_t flags, value;
    void *at;

    if (v == NULL) {
        return false;
    }
    at = general(v, reg);
    if (at == NULL && system_value(vcpu, v, reg, &value)) {
        return memcmp(&value, bytes, len) == 0; /* GDB puts back all that it has read */
    }
    if (at == NULL) {
        return debug_write_fp(d, vcpu, reg, bytes);
    }
    flags = v->regs.flags;
    memcpy(at, bytes, len);
    v->regs.flags = (flags & ~RFLAGS_EDITABLE) | (v->regs.flags & RFLAGS_EDITABLE);
    v->dirty = true;
    return true;
}
