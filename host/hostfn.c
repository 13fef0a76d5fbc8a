/* SPDX-License-Identifier: Apache-2.0 */
/* Calls of the program's functions by the guest: checked copies in, a checked result out. */
#include "host/vm.h"

#include <string.h>

#include "host/signature.h"
#include "host/sys.h"
#include "host/value.h"

/* One call, copied out of the call area. */
struct request {
    struct call_frame frame;
    const struct function *function;
    const struct hostfn *hostfn;
    struct vt_value args[CALL_MAX_ARGS];
    uint64_t data_end; /* the guest's data for this call ends here */
    uint64_t copied;   /* bytes of vm->copy in use */
};

static int broken(const struct vt_vm *vm, const char *why)
{
    log_print(&vm->log, VT_LOG_ERROR, "host function: %s", why);
    return VT_ERR_GUEST;
}

/* Moves an argument's data, which the guest could reach, to private memory. */
static bool copy_data(struct vt_vm *vm, struct request *r, struct vt_value *arg)
{
    uint64_t size = arg->len + (arg->type == CALL_STR ? 1 : 0);

    if (size > vm->program->layout.call_size - r->copied) {
        return false;
    }
    memcpy(vm->copy + r->copied, arg->data, size);
    arg->data = vm->copy + r->copied;
    r->copied += size;
    return true;
}

static int take_args(struct vcpu *vcpu, struct request *r)
{
    struct vt_vm *vm = vcpu->vm;
    call_signature signature = r->function->signature;
    struct value_data data = { .bytes = vcpu_call_area(vcpu)->data, .size = vm_data_size(vm) };

    r->data_end = r->frame.data_used <= data.size && r->frame.data_used > vcpu->in_data
                      ? r->frame.data_used
                      : vcpu->in_data;
    if (r->frame.arg_count != signature_args(signature)) {
        return broken(vm, "wrong number of arguments");
    }
    for (unsigned i = 0; i < r->frame.arg_count; i++) {
        uint32_t type = signature_type(signature, i + 1);
        uint64_t end;

        if (!value_take(&data, type, r->frame.arg[i], &r->args[i])) {
            return broken(vm, "an argument has another type or is out of bounds");
        }
        if (!type_has_data(type)) {
            continue;
        }
        end = r->frame.arg[i].bits + r->args[i].len + 1;
        r->data_end = end > r->data_end ? end : r->data_end;
        if (!copy_data(vm, r, &r->args[i])) {
            return broken(vm, "arguments are larger than the call area");
        }
    }
    return VT_OK;
}

static int find(struct vt_vm *vm, struct request *r)
{
    if (r->frame.index >= vm->program->import_count) {
        return broken(vm, "no such import");
    }
    r->function = &vm->program->imports[r->frame.index];
    r->hostfn = &vm->hostfn[r->frame.index];
    if (r->hostfn->fn == NULL) {
        log_print(&vm->log, VT_LOG_ERROR, "host function %s is not registered", r->function->name);
        return VT_ERR_HOST_FUNCTION;
    }
    if (vm->copy == NULL) {
        vm->copy = sys_alloc(vm->program->layout.call_size);
    }
    return vm->copy == NULL ? VT_ERR_NO_MEMORY : VT_OK;
}

static int put_result(struct vcpu *vcpu, const struct request *r, const struct vt_value *result)
{
    struct call_area *area = vcpu_call_area(vcpu);
    struct value_data data = { .bytes = area->data, .size = vm_data_size(vcpu->vm) };
    struct call_value ret = { 0 };
    int err;

    data.used = r->data_end;
    err = value_put(&data, signature_type(r->function->signature, 0), result, &ret);
    if (err != VT_OK && err != VT_ERR_TOO_BIG) {
        log_print(&vcpu->vm->log, VT_LOG_ERROR, "host function %s: its result is not valid: %s",
                  r->function->name, vt_strerror(err));
        return VT_ERR_HOST_FUNCTION;
    }
    area->out.ret = ret;
    area->out.status = err == VT_OK ? CALL_OK : CALL_TOO_BIG;
    return RUN_AGAIN;
}

int hostfn_call(struct vcpu *vcpu)
{
    struct vt_vm *vm = vcpu->vm;
    struct request r = { 0 };
    struct vt_value result = { 0 };
    int err;

    /* One read of memory that the guest owns; all checks are of the copy. */
    memcpy(&r.frame, &vcpu_call_area(vcpu)->out, sizeof(r.frame));
    err = find(vm, &r);
    err = err == VT_OK ? take_args(vcpu, &r) : err;
    if (err != VT_OK) {
        return err;
    }
    result.type = signature_type(r.function->signature, 0);
    vm->metrics.host_calls++;
    vm_callback_begin(vm);
    err = r.hostfn->fn(r.hostfn->ctx, vm, r.args, r.frame.arg_count, &result);
    vm_callback_end(vm);
    if (err != 0) {
        log_print(&vm->log, VT_LOG_ERROR, "host function %s failed: %d", r.function->name, err);
        return VT_ERR_HOST_FUNCTION;
    }
    return put_result(vcpu, &r, &result);
}
