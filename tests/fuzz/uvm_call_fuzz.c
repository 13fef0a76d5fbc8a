/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A guest that fills the call area with anything. What must hold: arguments of host functions have
 * the types that were registered and lie in private memory; results lie in the call area; an error
 * is one of those that a guest can cause; a restore brings the micro-VM back.
 */
#include <string.h>

#include "abi/uvm.h"
#include "tests/fuzz/uvm_double.h"

#define LOG_MAX 1024u

static struct vt_vm *vm;
static volatile uint8_t sum; /* so that reads are not left out */

static struct call_area *area(void)
{
    return (struct call_area *)(void *)(uvm_double.ram + UVM_CALL_GVA);
}

static void read_all(const void *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        sum = (uint8_t)(sum + ((const uint8_t *)bytes)[i]);
    }
}

static void log_line(void *ctx, const struct vt_vm *of, enum vt_log_level level, const char *text)
{
    (void)ctx;
    (void)of;
    FUZZ_CHECK(strlen(text) <= LOG_MAX);
    for (; level == VT_LOG_GUEST && *text != 0; text++) {
        const uint8_t next = (uint8_t)text[1];

        FUZZ_CHECK((uint8_t)*text >= ' ' && *text != 0x7f);
        FUZZ_CHECK((uint8_t)*text != 0xc2 || next < 0x80 || next >= 0xa0); /* C1 in UTF-8 */
    }
}

static int host(void *ctx, struct vt_vm *from, const struct vt_value *args, unsigned count,
                struct vt_value *result)
{
    const call_signature *signature = ctx;
    const uint8_t *low = uvm_double.ram;

    FUZZ_CHECK(from == vm && result->type == (*signature & 15));
    for (unsigned i = 0; i < count; i++) {
        FUZZ_CHECK(args[i].type == (*signature >> (4 * (i + 1)) & 15));
        if (args[i].type < CALL_STR) {
            continue;
        }
        FUZZ_CHECK(args[i].len <= UVM_CALL_SIZE_MAX);
        FUZZ_CHECK((const uint8_t *)args[i].data < low ||
                   (const uint8_t *)args[i].data >= low + uvm_double.ram_size);
        read_all(args[i].data, args[i].len + (args[i].type == CALL_STR));
        FUZZ_CHECK(args[i].type != CALL_STR || ((const char *)args[i].data)[args[i].len] == 0);
    }
    if (result->type >= CALL_STR) {
        result->data = args[0].data;
        result->len = args[0].len;
    }
    return fuzz_u8(&uvm_double.in) == 0xff;
}

static void fill_value(struct fuzz_in *in, struct call_value *value)
{
    value->type = (uint32_t)fuzz_word(in);
    value->len = (uint32_t)fuzz_word(in);
    value->bits = fuzz_word(in);
}

static void fill_data(struct fuzz_in *in)
{
    uint32_t at = fuzz_u16(in);
    unsigned count = fuzz_u8(in) % 32;

    for (unsigned i = 0; i < count && at + i < UVM_CALL_SIZE_MIN; i++) {
        area()->data[at + i] = fuzz_u8(in);
    }
}

static bool enter(struct uvm_double *self, struct be_event *event)
{
    struct fuzz_in *in = &self->in;
    unsigned count;

    if (in->left == 0) {
        return false;
    }
    event->exit = BE_EXIT_PORT;
    event->port = UVM_PORT_GATE;
    area()->request = (uint32_t)fuzz_word(in);
    area()->size = (uint32_t)fuzz_word(in);
    area()->in_data = (uint32_t)fuzz_word(in);
    area()->in.status = (uint32_t)fuzz_word(in);
    fill_value(in, &area()->in.ret);
    area()->out.index = (uint32_t)fuzz_word(in);
    area()->out.arg_count = (uint32_t)fuzz_word(in);
    count = fuzz_u8(in) % (CALL_MAX_ARGS + 1);
    for (unsigned i = 0; i < count; i++) {
        fill_value(in, &area()->out.arg[i]);
    }
    fill_data(in);
    return true;
}

static void check_result(const struct vt_value *result)
{
    const uint8_t *low = area()->data;
    const uint8_t *data = result->data;

    if (result->type < CALL_STR) {
        return;
    }
    FUZZ_CHECK(data >= low && result->len <= UVM_CALL_SIZE_MAX);
    FUZZ_CHECK(data + result->len <= uvm_double.ram + UVM_CALL_GVA + UVM_CALL_SIZE_MAX);
    FUZZ_CHECK(result->type != CALL_STR || data[result->len] == 0);
    read_all(data, result->len);
}

static bool is_guests(int err)
{
    return err == VT_OK || err == VT_ERR_GUEST || err == VT_ERR_HOST_FUNCTION ||
           err == VT_ERR_NO_FUNCTION || err == VT_ERR_SIGNATURE || err == VT_ERR_TOO_BIG;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    static const struct {
        const char *name;
        call_signature signature;
    } functions[] = {
        { "host_note", CALL_U64 | CALL_U64 << 4 },
        { "host_str", CALL_STR | CALL_STR << 4 },
        { "host_bytes", CALL_BYTES | CALL_BYTES << 4 | CALL_U32 << 8 },
    };
    struct vt_cfg cfg = { .size = sizeof(cfg), .log = log_line };

    (void)argc;
    (void)argv;
    vm = uvm_double_vm(&cfg);
    for (unsigned i = 0; i < 3; i++) {
        FUZZ_CHECK(vt_register(vm, functions[i].name, functions[i].signature, host,
                               (void *)(uintptr_t)&functions[i].signature) == VT_OK);
    }
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = { "ok",  "i32",   "f32",     "f64",
                                         "str", "bytes", "boolean", "nothing" };
    struct vt_value result = { 0 };
    int err;

    uvm_double.in = (struct fuzz_in){ data, size };
    uvm_double.enter = enter;
    uvm_double.entries = 0;
    err = vt_call(vm, names[fuzz_u8(&uvm_double.in) % 8], NULL, 0, &result);
    FUZZ_CHECK(is_guests(err));
    if (err == VT_OK) {
        check_result(&result);
    }
    FUZZ_CHECK(vt_restore(vm, NULL) == VT_OK);
    return 0;
}
