/* SPDX-License-Identifier: Apache-2.0 */
/* Faults: the guest's records checked and completed, the user's answer; trusts no field. */
#include "host/vm.h"

#include <string.h>

int fault_forwarded(struct vt_vm *vm)
{
    memcpy(vm->record, vm->ram + UVM_FAULT_GVA + offsetof(struct fault_area, record),
           sizeof(vm->record));
    vm->record_count = 1;
    vm->metrics.faults++;
    return VT_ERR_FAULT;
}

int fault_made(struct vt_vm *vm, enum fault_reason reason, uint64_t address, bool write)
{
    struct fault_record *r = &vm->record[0];
    struct be_regs regs = { 0 };

    memset(r, 0, sizeof(*r));
    r->reason = (uint16_t)reason;
    r->address = address;
    r->access = write ? FAULT_ACCESS_WRITE : FAULT_ACCESS_READ;
    if (vm->ops->get_regs(vm->be, &regs) == VT_OK) {
        r->pc = regs.pc;
        memcpy(r->gpr, regs.gpr, sizeof(regs.gpr));
    }
    vm->record_count = 1;
    vm->metrics.faults++;
    return VT_ERR_FAULT;
}

int fault_not_emulated(struct vt_vm *vm, const struct be_event *event)
{
    (void)event;
    return fault_made(vm, FAULT_REASON_NOT_EMULATED, 0, false);
}
