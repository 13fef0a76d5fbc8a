/* SPDX-License-Identifier: Apache-2.0 */
/* Faults that nothing in the guest resolves become records, and the host's answer registers. */
#include <stddef.h>

#include "guest/handler.h"
#include "guest/super/super.h"

static void record_fill(struct fault_record *record, const struct vg_context *context)
{
    record->magic = FAULT_MAGIC;
    record->version = FAULT_VERSION;
    record->size = sizeof(*record);
    record->arch = super_arch.machine;
    record->level = context->level;
    record->class = context->class;
    record->reason = context->reason;
    record->vector = context->vector;
    record->access = context->access;
    record->error_code = context->error_code;
    record->pc = context->pc;
    record->flags = context->flags;
    record->address = context->address;
    for (unsigned i = 0; i < super_arch.gpr_count; i++) {
        record->gpr[i] = context->gpr[i];
    }
    super_record_sys(record, context);
}

static void answer_take(const struct fault_answer *answer, struct vg_context *context)
{
    context->pc = answer->pc;
    context->flags = answer->flags;
    for (unsigned i = 0; i < super_arch.gpr_count; i++) {
        context->gpr[i] = answer->gpr[i];
    }
    context->fs_base = answer->fs_base;
    context->gs_base = answer->gs_base;
}

static void forward(struct vg_context *innermost)
{
    struct fault_area *out = (struct fault_area *)UVM_FAULT_GVA;
    uint32_t total = 0;

    for (const struct vg_context *at = innermost; at != NULL; at = at->outer) {
        if (total < FAULT_DEPTH) {
            record_fill(&out->record[total], at);
        }
        total++;
    }
    out->version = FAULT_VERSION;
    out->count = total < FAULT_DEPTH ? total : FAULT_DEPTH;
    out->total = total;
    do {
        out->answer.action = FAULT_ACTION_TERMINATE;
        super_ask_host();
    } while (out->answer.action != FAULT_ACTION_RESUME);
    answer_take(&out->answer, innermost);
}

void super_handle(struct vg_context *context, bool ask_handlers)
{
    if (context->depth >= FAULT_DEPTH) {
        context->class = FAULT_CLASS_SYSTEM;
        context->reason = FAULT_REASON_DEPTH;
        forward(context);
    } else if (!ask_handlers || handler_run(context) != VG_RESUME) {
        forward(context);
    }
}
