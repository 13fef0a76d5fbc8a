/* SPDX-License-Identifier: Apache-2.0 */
/* Calls of guest functions: arguments into the call area, the guest's requests, the result. */
#include "host/vm.h"

#include <string.h>

#include "host/debug.h"
#include "host/signature.h"
#include "host/value.h"

static struct value_data data_of(const struct vcpu *vcpu)
{
    struct value_data data = { .bytes = vcpu_call_area(vcpu)->data,
                               .size = vm_data_size(vcpu->vm) };

    return data;
}

/* ---- Into the guest ---- */

static int put_args(struct vcpu *vcpu, unsigned index, const struct vt_value *args, unsigned count)
{
    const struct program *p = vcpu->vm->program;
    call_signature signature = p->exports[index].signature;
    struct call_area *area = vcpu_call_area(vcpu);
    struct value_data data = data_of(vcpu);
    int err = count == signature_args(signature) ? VT_OK : VT_ERR_SIGNATURE;

    for (unsigned i = 0; i < count && err == VT_OK; i++) {
        err = value_put(&data, signature_type(signature, i + 1), &args[i], &area->in.arg[i]);
    }
    if (err != VT_OK) {
        return err;
    }
    area->in.index = index;
    area->in.status = CALL_OK;
    area->in.arg_count = count;
    area->in.ret = (struct call_value){ 0 };
    area->in_data = (uint32_t)data.used;
    area->size = (uint32_t)p->layout.call_size;
    area->request = CALL_REQUEST_NONE;
    vcpu->in_data = data.used;
    return VT_OK;
}

/* ---- Out of the guest ---- */

static int status_error(const struct vt_vm *vm, uint32_t status)
{
    static const int errors[] = {
        [CALL_OK] = VT_OK,
        [CALL_NO_FUNCTION] = VT_ERR_NO_FUNCTION,
        [CALL_BAD_ARGS] = VT_ERR_SIGNATURE,
        [CALL_TOO_BIG] = VT_ERR_TOO_BIG,
        [CALL_FAILED] = VT_ERR_GUEST,
    };

    if (status < ARRAY_COUNT(errors)) {
        return errors[status];
    }
    log_print(&vm->log, VT_LOG_ERROR, "call: status %u has no meaning", status);
    return VT_ERR_GUEST;
}

static int take_result(const struct vcpu *vcpu, unsigned index, struct vt_value *result)
{
    const volatile struct call_frame *in = &vcpu_call_area(vcpu)->in;
    struct call_value ret = { in->ret.type, in->ret.len, in->ret.bits };
    struct value_data data = data_of(vcpu);
    uint32_t type = signature_type(vcpu->vm->program->exports[index].signature, 0);
    int err = status_error(vcpu->vm, in->status);

    if (err == VT_OK && !value_take(&data, type, ret, result)) {
        log_print(&vcpu->vm->log, VT_LOG_ERROR, "call: the result is of type %u, or out of bounds",
                  ret.type);
        err = VT_ERR_GUEST;
    }
    return err;
}

/*
 * Unprintable characters could fool a terminal: those of ASCII, and U+0080 to U+009F, as which a
 * terminal may also take bytes that are within no character of UTF-8.
 */
static void make_printable(char *line, size_t len)
{
    unsigned char before = 0;

    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)line[i];
        bool is_high = c >= 0x80 && c < 0xa0 && (before < 0x80 || before == 0xc2);

        if (c < ' ' || c == 0x7f || is_high) {
            line[i] = c == '\n' || c == '\t' ? ' ' : '?';
        }
        before = (unsigned char)line[i];
    }
}

/* A line for the log. */
static int guest_log(struct vcpu *vcpu)
{
    static const enum vt_log_level guest_level = VT_LOG_GUEST;
    struct vt_vm *vm = vcpu->vm;
    const volatile struct call_frame *out = &vcpu_call_area(vcpu)->out;
    struct call_value text = { out->arg[1].type, out->arg[1].len, out->arg[1].bits };
    struct value_data data = data_of(vcpu);
    struct vt_value value;
    char line[CALL_LOG_MAX];
    size_t len;

    if (!value_take(&data, CALL_STR, text, &value)) {
        log_print(&vm->log, VT_LOG_ERROR, "log: the text is out of bounds");
        return VT_ERR_GUEST;
    }
    if (vm->log.fn == NULL) {
        return RUN_AGAIN;
    }
    len = value.len < sizeof(line) ? value.len : sizeof(line) - 1;
    memcpy(line, value.data, len);
    while (len > 0 && (line[len - 1] == '\n' || line[len - 1] == '\r')) {
        len--;
    }
    make_printable(line, len);
    line[len] = 0;
    vm_callback_begin(vm);
    vm->log.fn(vm->log.ctx, vm, guest_level, line);
    vm_callback_end(vm);
    return RUN_AGAIN;
}

static int call_done(struct vcpu *vcpu)
{
    if (vcpu->id == 0) {
        return VT_OK;
    }
    log_print(&vcpu->vm->log, VT_LOG_ERROR, "call: vCPU %u has none to end", vcpu->id);
    return VT_ERR_GUEST;
}

static int (*const requests[])(struct vcpu *vcpu) = {
    [CALL_REQUEST_NONE] = NULL,
    [CALL_REQUEST_DONE] = call_done,
    [CALL_REQUEST_HOST] = hostfn_call,
    [CALL_REQUEST_LOG] = guest_log,
    [CALL_REQUEST_VCPU_START] = vcpu_request_start,
    [CALL_REQUEST_VCPU_OFF] = vcpu_request_off,
    [CALL_REQUEST_VCPU_ON] = vcpu_request_on,
    [CALL_REQUEST_YIELD] = vcpu_request_yield,
};
_Static_assert(ARRAY_COUNT(requests) == CALL_REQUEST_COUNT, "a request has no handler");

int call_gate(struct vcpu *vcpu)
{
    uint32_t request = ((const volatile struct call_area *)vcpu_call_area(vcpu))->request;

    if (request >= ARRAY_COUNT(requests) || requests[request] == NULL) {
        log_print(&vcpu->vm->log, VT_LOG_ERROR, "call: request %u has no meaning", request);
        return VT_ERR_GUEST;
    }
    return requests[request](vcpu);
}

/* ---- The call ---- */

static int run(struct vt_vm *vm)
{
    int err = budget_begin(&vm->budget, vm->ops, vm->first.be, &vm->log);

    if (err != VT_OK) {
        return err;
    }
    vm->state = VT_RUNNING;
    vm->record_count = 0;
    vm->first.not_emulated_pc = 0;
    vm->metrics.calls++;
    err = irq_begin(&vm->first);
    err = err == VT_OK ? debug_begin(vm) : err;
    if (err == RUN_AGAIN && vm->vcpu_count == 1) {
        err = run_call(&vm->first);
    } else if (err == RUN_AGAIN) {
        vcpu_share_others(vm);
        err = gang_call(vm);
    }
    debug_end(vm);
    irq_end(&vm->first);
    budget_end(&vm->budget);
    if (err == VT_OK) {
        vm->state = VT_READY;
    } else {
        vm->state = err == VT_ERR_STOPPED ? VT_STATE_STOPPED : VT_STATE_POISONED;
    }
    return err;
}

static int call(struct vt_vm *vm, unsigned index, const struct vt_value *args, unsigned count)
{
    int err;

    if (vm->state != VT_READY) {
        return VT_ERR_POISONED;
    }
    if (index >= vm->program->export_count) {
        return VT_ERR_NO_FUNCTION;
    }
    if ((args == NULL && count != 0) || count > CALL_MAX_ARGS) {
        return VT_ERR_INVALID;
    }
    err = put_args(&vm->first, index, args, count);
    return err == VT_OK ? run(vm) : err;
}

int vt_call_index(struct vt_vm *vm, unsigned index, const struct vt_value *args, unsigned count,
                  struct vt_value *result)
{
    struct vt_value value = { 0 };
    int err = vm_enter(vm);

    if (err != VT_OK) {
        return err;
    }
    err = call(vm, index, args, count);
    if (err == VT_OK) {
        err = take_result(&vm->first, index, &value);
    }
    if (err == VT_OK && result != NULL) {
        *result = value;
    }
    vm_leave(vm);
    return err;
}

int vt_call(struct vt_vm *vm, const char *name, const struct vt_value *args, unsigned count,
            struct vt_value *result)
{
    unsigned index;
    int err = vt_find(vm, name, &index);

    return err == VT_OK ? vt_call_index(vm, index, args, count, result) : err;
}
