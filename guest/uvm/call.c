/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls between host and program, in user mode: takes a call out of the call area, runs it, and
 * carries calls of host functions. A damaged call area hurts the program, never the host.
 */
#include "vitrine-call.h"

#include "abi/uvm.h"
#include "guest/uvm/user.h"

/* From the linker script. */
extern const struct call_export __vg_exports_start[], __vg_exports_end[];
extern const struct call_import __vg_imports_start[], __vg_imports_end[];
extern void (*const __vg_init_start[])(void), (*const __vg_init_end[])(void);

enum { TYPE_BITS = 4, TYPE_MASK = 15, ALIGN = 8 };

static struct call_area *const area = (struct call_area *)UVM_CALL_GVA;
static struct vg_local *const local = (struct vg_local *)((struct call_area *)UVM_CALL_GVA)->local;
static bool failed; /* the call, on whatever vCPU that was found out */

/* ---- The data ---- */

static uint64_t data_size(void)
{
    return vg_info()->call_size - offsetof(struct call_area, data);
}

/* The value's bytes, `extra` more behind them, or NULL when they do not lie in the data. */
static const void *data_at(const struct call_value *value, uint64_t extra)
{
    uint64_t size = data_size();

    if (value->bits > size || value->len + extra > size - value->bits) {
        return NULL;
    }
    return &area->data[value->bits];
}

/* Copies bytes into the data from *used on and names them in *value. */
static bool data_put(struct call_value *value, struct vg_bytes bytes, uint64_t *used)
{
    uint64_t at = (*used + ALIGN - 1) / ALIGN * ALIGN;
    uint64_t extra = value->type == CALL_STR ? 1 : 0;
    uint64_t size = data_size();

    if (at > size || bytes.len > UINT32_MAX || bytes.len + extra > size - at) {
        return false;
    }
    memmove(&area->data[at], bytes.data, bytes.len);
    if (extra != 0) {
        area->data[at + bytes.len] = 0;
    }
    value->len = (uint32_t)bytes.len;
    value->bits = at;
    *used = at + bytes.len + extra;
    return true;
}

static struct vg_bytes string_bytes(const char *text)
{
    size_t len = 0;

    while (text[len] != '\0') {
        len++;
    }
    return (struct vg_bytes){ text, len };
}

/* ---- Arguments and results of the program's functions ---- */

int32_t vg_arg_i32(const struct call_frame *frame, unsigned n)
{
    return (int32_t)frame->arg[n].bits;
}

uint32_t vg_arg_u32(const struct call_frame *frame, unsigned n)
{
    return (uint32_t)frame->arg[n].bits;
}

int64_t vg_arg_i64(const struct call_frame *frame, unsigned n)
{
    return (int64_t)frame->arg[n].bits;
}

uint64_t vg_arg_u64(const struct call_frame *frame, unsigned n)
{
    return frame->arg[n].bits;
}

/* A number and its bits. */
union f32 {
    uint32_t bits;
    float value;
};

union f64 {
    uint64_t bits;
    double value;
};

float vg_arg_f32(const struct call_frame *frame, unsigned n)
{
    return (union f32){ .bits = (uint32_t)frame->arg[n].bits }.value;
}

double vg_arg_f64(const struct call_frame *frame, unsigned n)
{
    return (union f64){ .bits = frame->arg[n].bits }.value;
}

bool vg_arg_bool(const struct call_frame *frame, unsigned n)
{
    return frame->arg[n].bits != 0;
}

const char *vg_arg_str(const struct call_frame *frame, unsigned n)
{
    return data_at(&frame->arg[n], 1);
}

struct vg_bytes vg_arg_bytes(const struct call_frame *frame, unsigned n)
{
    return (struct vg_bytes){ data_at(&frame->arg[n], 0), frame->arg[n].len };
}

static void ret_bits(struct call_frame *frame, enum call_type type, uint64_t bits)
{
    frame->ret = (struct call_value){ .type = type, .bits = bits };
}

void vg_ret_void(struct call_frame *frame, int nothing)
{
    (void)nothing;
    ret_bits(frame, CALL_VOID, 0);
}

void vg_ret_i32(struct call_frame *frame, int32_t value)
{
    ret_bits(frame, CALL_I32, (uint64_t)(int64_t)value);
}

void vg_ret_u32(struct call_frame *frame, uint32_t value)
{
    ret_bits(frame, CALL_U32, value);
}

void vg_ret_i64(struct call_frame *frame, int64_t value)
{
    ret_bits(frame, CALL_I64, (uint64_t)value);
}

void vg_ret_u64(struct call_frame *frame, uint64_t value)
{
    ret_bits(frame, CALL_U64, value);
}

void vg_ret_f32(struct call_frame *frame, float value)
{
    ret_bits(frame, CALL_F32, (union f32){ .value = value }.bits);
}

void vg_ret_f64(struct call_frame *frame, double value)
{
    ret_bits(frame, CALL_F64, (union f64){ .value = value }.bits);
}

void vg_ret_bool(struct call_frame *frame, bool value)
{
    ret_bits(frame, CALL_BOOL, value);
}

static void ret_data(struct call_frame *frame, enum call_type type, struct vg_bytes bytes)
{
    struct call_value value = { .type = type };
    uint64_t used = local->data_used;

    if (!data_put(&value, bytes, &used)) {
        frame->status = CALL_TOO_BIG;
    }
    frame->ret = value;
}

void vg_ret_str(struct call_frame *frame, const char *value)
{
    ret_data(frame, CALL_STR, string_bytes(value == NULL ? "" : value));
}

void vg_ret_bytes(struct call_frame *frame, struct vg_bytes value)
{
    ret_data(frame, CALL_BYTES, value);
}

/* ---- A call by the host ---- */

static enum call_status check_args(const struct call_frame *in, call_signature signature)
{
    call_signature types = signature >> TYPE_BITS;

    for (uint32_t i = 0; i < in->arg_count && i < CALL_MAX_ARGS; i++) {
        uint64_t type = types & TYPE_MASK;

        if (in->arg[i].type != type ||
            (type >= CALL_STR && data_at(&in->arg[i], type == CALL_STR ? 1 : 0) == NULL)) {
            return CALL_BAD_ARGS;
        }
        types >>= TYPE_BITS;
    }
    return types == 0 && in->arg_count <= CALL_MAX_ARGS ? CALL_OK : CALL_BAD_ARGS;
}

void vg_user_call(void)
{
    struct call_frame *in = &area->in;
    uint32_t index = in->index;

    local->data_used = area->in_data;
    failed = false;
    if (index >= (size_t)(__vg_exports_end - __vg_exports_start)) {
        in->status = CALL_NO_FUNCTION;
    } else {
        in->status = check_args(in, __vg_exports_start[index].signature);
    }
    if (in->status == CALL_OK) {
        ((void (*)(struct call_frame *))__vg_exports_start[index].fn)(in);
    }
    if (failed) {
        in->status = CALL_FAILED;
    }
    area->request = CALL_REQUEST_DONE;
}

void vg_user_init(void)
{
    for (void (*const *fn)(void) = __vg_init_start; fn < __vg_init_end; fn++) {
        (*fn)();
    }
}

void vg_fail(void)
{
    failed = true;
}

/* ---- Calls of the host's functions ---- */

void vg_out_begin(const struct call_import *row)
{
    area->out.index = (uint32_t)(row - __vg_imports_start);
    area->out.status = CALL_OK;
    area->out.arg_count = 0;
    area->out.data_used = (uint32_t)local->data_used;
    local->out_used = local->data_used;
    local->host_status = CALL_OK;
}

static void out_bits(enum call_type type, uint64_t bits)
{
    area->out.arg[area->out.arg_count++ % CALL_MAX_ARGS] = (struct call_value){ .type = type,
                                                                                .bits = bits };
}

void vg_out_i32(int32_t value)
{
    out_bits(CALL_I32, (uint64_t)(int64_t)value);
}

void vg_out_u32(uint32_t value)
{
    out_bits(CALL_U32, value);
}

void vg_out_i64(int64_t value)
{
    out_bits(CALL_I64, (uint64_t)value);
}

void vg_out_u64(uint64_t value)
{
    out_bits(CALL_U64, value);
}

void vg_out_f32(float value)
{
    out_bits(CALL_F32, (union f32){ .value = value }.bits);
}

void vg_out_f64(double value)
{
    out_bits(CALL_F64, (union f64){ .value = value }.bits);
}

void vg_out_bool(bool value)
{
    out_bits(CALL_BOOL, value);
}

static void out_data(enum call_type type, struct vg_bytes bytes)
{
    struct call_value value = { .type = type };

    if (!data_put(&value, bytes, &local->out_used)) {
        local->host_status = CALL_TOO_BIG;
    }
    area->out.arg[area->out.arg_count++ % CALL_MAX_ARGS] = value;
}

void vg_out_str(const char *value)
{
    out_data(CALL_STR, string_bytes(value == NULL ? "" : value));
}

void vg_out_bytes(struct vg_bytes value)
{
    out_data(CALL_BYTES, value);
}

/* Goes to the host and comes back; the result is all zeros unless the host function ran. */
static const struct call_value *run(enum call_request request)
{
    static const struct call_value nothing;

    if (local->host_status != CALL_OK) {
        return &nothing;
    }
    area->request = request;
    vg_gate();
    local->host_status = area->out.status;
    return local->host_status == CALL_OK ? &area->out.ret : &nothing;
}

void vg_res_void(void)
{
    run(CALL_REQUEST_HOST);
}

int32_t vg_res_i32(void)
{
    return (int32_t)run(CALL_REQUEST_HOST)->bits;
}

uint32_t vg_res_u32(void)
{
    return (uint32_t)run(CALL_REQUEST_HOST)->bits;
}

int64_t vg_res_i64(void)
{
    return (int64_t)run(CALL_REQUEST_HOST)->bits;
}

uint64_t vg_res_u64(void)
{
    return run(CALL_REQUEST_HOST)->bits;
}

float vg_res_f32(void)
{
    return (union f32){ .bits = (uint32_t)run(CALL_REQUEST_HOST)->bits }.value;
}

double vg_res_f64(void)
{
    return (union f64){ .bits = run(CALL_REQUEST_HOST)->bits }.value;
}

bool vg_res_bool(void)
{
    return run(CALL_REQUEST_HOST)->bits != 0;
}

/* The data of a result, or NULL: none. */
static struct vg_bytes res_data(uint64_t extra)
{
    const struct call_value *value = run(CALL_REQUEST_HOST);
    struct vg_bytes bytes = { data_at(value, extra), value->len };

    return local->host_status == CALL_OK && bytes.data != NULL ? bytes
                                                               : (struct vg_bytes){ NULL, 0 };
}

const char *vg_res_str(void)
{
    const char *text = res_data(1).data;

    return text == NULL ? "" : text;
}

struct vg_bytes vg_res_bytes(void)
{
    return res_data(0);
}

enum call_status vg_host_status(void)
{
    return (enum call_status)local->host_status;
}

void vg_log(enum vg_log_level level, const char *text)
{
    struct vg_bytes bytes = string_bytes(text);

    if (bytes.len > CALL_LOG_MAX) {
        bytes.len = CALL_LOG_MAX;
    }
    area->out.arg_count = 0;
    area->out.data_used = (uint32_t)local->data_used;
    local->out_used = local->data_used;
    local->host_status = CALL_OK;
    out_bits(CALL_U32, level);
    out_data(CALL_STR, bytes);
    run(CALL_REQUEST_LOG);
}

/* ---- Calls by handlers that interrupt a call ---- */

/* Behind arguments that are being put together, and the last result. */
static uint64_t data_end(void)
{
    const struct call_value *ret = &area->out.ret;
    uint64_t end = local->out_used > local->data_used ? local->out_used : local->data_used;

    if (ret->type >= CALL_STR && data_at(ret, 1) != NULL && ret->bits + ret->len >= end) {
        end = ret->bits + ret->len + 1;
    }
    return end;
}

void vg_call_save(struct vg_call_saved *saved)
{
    saved->request = area->request;
    saved->local = *local;
    saved->out = area->out;
    local->data_used = data_end();
}

void vg_call_restore(const struct vg_call_saved *saved)
{
    area->request = saved->request;
    *local = saved->local;
    area->out = saved->out;
}
