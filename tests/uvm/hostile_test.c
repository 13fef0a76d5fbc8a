/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Guests whose ring 0 belongs to the attacker: any port, any contents of the areas that the host
 * reads, broken tables, endless loops. The host says what was wrong, stays unharmed, and a restore
 * brings a working micro-VM back.
 */
#include "tests/uvm/support.h"

#include <stdlib.h>
#include <string.h>

#include "abi/uvm.h"
#include "lib/field.h"
#include "tests/uvm/puppet.h"

enum { BUDGET_MS = 300, MS = 1000000, AREA = 0x4000, TRIES = 400 };

#define GOOD_BYTES 64u /* of the reply that `ok` gives */

static struct vt_image *image;
static struct vt_vm *vm;
static enum vt_action answer = VT_TERMINATE;
static unsigned faults;
static uint64_t seen; /* a sum of all bytes that callbacks were given */
static uint64_t seed = 1;

/* xorshift64* */
static uint64_t any(void)
{
    seed ^= seed >> 12;
    seed ^= seed << 25;
    seed ^= seed >> 27;
    return seed * UINT64_C(0x2545f4914f6cdd1d);
}

/* Mostly near what matters. */
static uint64_t wild(void)
{
    static const uint64_t edge[] = {
        0, 1, 8, 0xff0, 0xfff, 0x1000, 0xfe00, 0x10000, INT32_MAX, UINT32_MAX, INT64_MAX, UINT64_MAX
    };

    switch (any() % 4) {
    case 0: return any();
    case 1: return any() % 16;
    case 2: return edge[any() % ARRAY_COUNT(edge)];
    default: return edge[any() % ARRAY_COUNT(edge)] - any() % 32;
    }
}

static void see(const void *bytes, size_t len)
{
    const uint8_t *at = bytes;

    for (size_t i = 0; i < len; i++) {
        seen += at[i];
    }
}

static void see_value(const struct vt_value *value)
{
    assert_true(value->type < CALL_TYPE_COUNT);
    if (value->type == CALL_STR) {
        assert_int_equal(((const char *)value->data)[value->len], 0);
    }
    if (value->type >= CALL_STR) {
        assert_true(value->len <= UVM_CALL_SIZE_MAX);
        see(value->data, value->len);
    }
}

static int host(void *ctx, struct vt_vm *from, const struct vt_value *args, unsigned count,
                struct vt_value *result)
{
    (void)ctx;
    assert_ptr_equal(from, vm);
    for (unsigned i = 0; i < count; i++) {
        see_value(&args[i]);
    }
    if (result->type >= CALL_STR) {
        result->data = "result";
        result->len = 6;
    }
    return 0;
}

static enum vt_action on_fault(void *ctx, struct vt_vm *from, struct fault_record *record,
                               unsigned count)
{
    char text[2048];

    (void)ctx;
    assert_ptr_equal(from, vm);
    assert_in_range(count, 1, FAULT_DEPTH);
    for (unsigned i = 0; i < count; i++) {
        assert_true(record[i].class < FAULT_CLASS_COUNT);
        assert_true(record[i].reason < FAULT_REASON_COUNT);
        assert_true(record[i].access <= FAULT_ACCESS_EXEC);
        assert_true(record[i].level <= FAULT_LEVEL_SUPERVISOR);
        assert_true(record[i].backtrace_count <= FAULT_BACKTRACE);
        assert_non_null(memchr(record[i].map_name, 0, FAULT_NAME));
        assert_true(vt_fault_text(&record[i], text, sizeof(text)) > 0);
    }
    faults++;
    return faults > 20 ? VT_TERMINATE : answer;
}

/* What a guest may say of a call itself. */
static bool is_status(int err)
{
    return err == VT_ERR_NO_FUNCTION || err == VT_ERR_SIGNATURE || err == VT_ERR_TOO_BIG;
}

/* Anything but damage; the reasons are the guest's. */
static void check_error(int err, const struct puppet_step *step)
{
    if (err != VT_OK && err != VT_ERR_FAULT && err != VT_ERR_GUEST && err != VT_ERR_BUDGET &&
        err != VT_ERR_STOPPED && err != VT_ERR_HOST_FUNCTION && !is_status(err)) {
        print_error("step %llu (%llx, %llx, %llx): %s\n", (unsigned long long)step->op,
                    (unsigned long long)step->a, (unsigned long long)step->b,
                    (unsigned long long)step->c, vt_strerror(err));
        fail();
    }
}

/* Runs steps, then those of a good call, in a fresh micro-VM. */
static int run(const char *function, const struct puppet_step *steps, unsigned count)
{
    struct puppet_step all[16];
    struct puppet_step tail[] = {
        { PUPPET_COPY, UVM_CALL_GVA, PUPPET_END - GOOD_BYTES, 6 },
        { PUPPET_OUT8, UVM_PORT_GATE, 0, 0 },
        { PUPPET_GOTO, PUPPET_SCRIPT + count * sizeof(*steps), 0, 0 },
    };
    int err;

    assert_true(count + ARRAY_COUNT(tail) <= ARRAY_COUNT(all));
    memcpy(all, steps, count * sizeof(*steps));
    memcpy(all + count, tail, sizeof(tail));
    puppet_script(vm, all, count + ARRAY_COUNT(tail));
    faults = 0;
    err = uvm_try(vm, function, 0, NULL);
    check_error(err, &steps[count - 1]);
    if (getenv("UVM_VERBOSE") != NULL) {
        print_message("step %llu, %llx: %s\n", (unsigned long long)steps[0].op,
                      (unsigned long long)steps[0].a, vt_strerror(err));
    }
    return err;
}

/* A good reply lies at the end of what can be copied; the rest is for tests. */
static void fresh(void)
{
    struct {
        uint32_t head[8];
        struct call_value ret;
    } good = { { CALL_REQUEST_DONE }, { CALL_U64, 0, 42 } };

    assert_int_equal(vt_restore(vm, NULL), VT_OK);
    assert_int_equal(vt_write(vm, PUPPET_END - GOOD_BYTES, &good, sizeof(good)), VT_OK);
}

static void test_good(void **state)
{
    (void)state;
    fresh();
    for (int i = 0; i < 100; i++) {
        uvm_check_alive(vm);
    }
}

static void test_stops(void **state)
{
    static const struct puppet_step step[] = {
        { PUPPET_HLT, 0, 0, 0 },
        { PUPPET_CLI_HLT, 0, 0, 0 },
        { PUPPET_STI_HLT, 0, 0, 0 },
        { PUPPET_UD2, 0, 0, 0 },
        { PUPPET_INT3, 0, 0, 0 },
        { PUPPET_INT80, 0, 0, 0 },
        { PUPPET_SSE, 0, 0, 0 },
        { PUPPET_VMCALL, 0, 0, 0 },
        { PUPPET_VMMCALL, 0, 0, 0 },
        { PUPPET_TRIPLE, 0, 0, 0 },
        { PUPPET_SPIN, 0, 0, 0 },
        { PUPPET_CR3, 0, 0, 0 },
        { PUPPET_CR3, PUPPET_SCRIPT, 0, 0 },
        { PUPPET_CR3, 0xfffff000, 0, 0 },
        { PUPPET_CR3, UINT64_C(0x7ffffffff000), 0, 0 },
        { PUPPET_CR0, 0x11, 0, 0 },
        { PUPPET_CR0, 0, 0, 0 },
        { PUPPET_CR0, UINT64_MAX, 0, 0 },
        { PUPPET_CR4, 0, 0, 0 },
        { PUPPET_CR4, UINT64_MAX, 0, 0 },
        { PUPPET_JUMP, 0, 0, 0 },
        { PUPPET_JUMP, PUPPET_SCRIPT, 0, 0 },
        { PUPPET_JUMP, UINT64_C(0x8000000000000000), 0, 0 },
        { PUPPET_JUMP, UINT64_C(0x7ffffffff000), 0, 0 },
        { PUPPET_IRET, PUPPET_USER, PUPPET_END, 0 },
        { PUPPET_IRET, 0, 0, 0 },
        { PUPPET_IRET, UVM_GATE_GVA, PUPPET_END - 64, 0 },
        { PUPPET_IRET, UINT64_C(0x8000000000000000), 0, 0 },
        { PUPPET_STORE, 8, 1, 0 },
        { PUPPET_LOAD, UINT64_C(0x7f0000000000), 0, 0 },
        { PUPPET_LOAD, UINT64_C(0x8000000000000000), 0, 0 },
    };

    (void)state;
    for (unsigned i = 0; i < ARRAY_COUNT(step); i++) {
        int err;

        fresh();
        err = run("ok", &step[i], 1);
        assert_true(err != VT_OK || step[i].op == PUPPET_STORE || step[i].op == PUPPET_CR4 ||
                    step[i].op == PUPPET_CR0 || step[i].op == PUPPET_VMCALL ||
                    step[i].op == PUPPET_VMMCALL || step[i].op == PUPPET_SSE ||
                    step[i].op == PUPPET_INT80 || step[i].op == PUPPET_IRET);
    }
    fresh();
    uvm_check_alive(vm);
}

/* A stack that is nowhere, then a fault: nothing can be delivered. */
static void test_no_stack(void **state)
{
    static const uint64_t where[] = { 0,
                                      8,
                                      0x20000,
                                      0x18000,
                                      PUPPET_CODE,
                                      UINT64_MAX - 7,
                                      UINT64_C(0x800000000000),
                                      UVM_STACK_DF_TOP - 4096 };

    (void)state;
    for (unsigned i = 0; i < ARRAY_COUNT(where); i++) {
        struct puppet_step step[] = { { PUPPET_STACK, where[i], 0, 0 }, { PUPPET_UD2, 0, 0, 0 } };

        fresh();
        assert_int_not_equal(run("ok", step, 2), VT_OK);
    }
    fresh();
    uvm_check_alive(vm);
}

static void test_ports(void **state)
{
    static const uint64_t port[] = {
        0,    0x60,  0xcf8, UVM_PORT_GATE, UVM_PORT_FAULT, UVM_PORT_XSAVE, UVM_PORT_XRSTOR,
        0xe4, 0x1e0, 0xffff
    };
    static const enum puppet_op op[] = { PUPPET_OUT8, PUPPET_OUT16, PUPPET_OUT32,
                                         PUPPET_IN8,  PUPPET_OUTS,  PUPPET_INS };

    (void)state;
    for (unsigned i = 0; i < ARRAY_COUNT(op); i++) {
        for (unsigned k = 0; k < ARRAY_COUNT(port); k++) {
            struct puppet_step step = { op[i], port[k], PUPPET_SCRIPT, 1 + k * k * 50 };

            fresh();
            (void)run("ok", &step, 1);
            fresh();
            uvm_check_alive(vm);
        }
    }
}

static void test_registers(void **state)
{
    static const struct puppet_step step[] = {
        { PUPPET_WRMSR, 0, 1, 0 }, /* aarch64: the timer, now */
        { PUPPET_WRMSR, 0, UINT64_MAX, 0 },
        { PUPPET_WRMSR, 0xc0000080, 0, 0 },          /* EFER */
        { PUPPET_WRMSR, 0xc0000080, UINT64_MAX, 0 }, /* EFER */
        { PUPPET_WRMSR, 0xc0000100, UINT64_C(0x8000000000000000), 0 },
        { PUPPET_WRMSR, 0xc0000082, UINT64_MAX, 0 },
        { PUPPET_WRMSR, 0x1b, UINT64_MAX, 0 },
        { PUPPET_WRMSR, 0x10, UINT64_MAX, 0 },
        { PUPPET_WRMSR, 0x4b564d00, UINT64_MAX, 0 },
        { PUPPET_WRMSR, 0x12345678, UINT64_MAX, 0 },
    };

    (void)state;
    for (unsigned i = 0; i < ARRAY_COUNT(step); i++) {
        fresh();
        (void)run("ok", &step[i], 1);
    }
    fresh();
    uvm_check_alive(vm);
}

/* Virtual machines of its own: their state would outlive a restore (host/kvm_host.c). */
static void test_no_nesting(void **state)
{
    static const struct puppet_step step[] = {
        { PUPPET_WRMSR, 0xc0000080, 0x1d00, 0 }, /* EFER: SVME beside what it has */
        { PUPPET_CR4, 0x2620, 0, 0 },            /* VMXE */
    };

    (void)state;
    if (uvm_on("kvm_arm64")) {
        uvm_skip("EL1 has no instruction for it");
    }
    for (unsigned i = 0; i < ARRAY_COUNT(step); i++) {
        fresh();
        assert_int_not_equal(run("ok", &step[i], 1), VT_OK);
    }
    fresh();
    uvm_check_alive(vm);
}

/* Every page of the low 2 MiB overwritten, one by one and all at once. */
static void test_tables(void **state)
{
    (void)state;
    for (uint64_t page = 0; page < PUPPET_VECTORS; page += 4096 * 3) {
        struct puppet_step step[] = { { PUPPET_COPY, page, PUPPET_REPLY, 512 },
                                      { PUPPET_UD2, 0, 0, 0 } };
        uint8_t junk[64];
        uint64_t word;

        fresh();
        (void)run("ok", step, 2);
        (void)!vt_read(vm, page, junk, sizeof(junk));
        assert_int_equal(vt_read(vm, UINT64_MAX - 8, &word, sizeof(word)), VT_ERR_INVALID);
    }
    fresh();
    uvm_check_alive(vm);
}

/* Beyond RAM, by tables of its own: the first entry of a level points into nothing. */
static void test_no_memory(void **state)
{
    uint64_t table[512];

    (void)state;
    for (unsigned i = 0; i < 512; i++) {
        table[i] = UINT64_C(0x4000000003) + i * 0x200000;
    }
    for (unsigned k = 0; k < 3; k++) {
        struct puppet_step step[] = { { PUPPET_CR3, PUPPET_REPLY, 0, 0 }, { PUPPET_UD2, 0, 0, 0 } };

        fresh();
        table[0] = k == 0 ? UINT64_C(0x4000000003) : k == 1 ? PUPPET_REPLY | 3 : UINT64_MAX;
        puppet_reply(vm, table, sizeof(table));
        assert_int_not_equal(run("ok", step, 2), VT_OK);
    }
    fresh();
    uvm_check_alive(vm);
}

/* Every type of result, every field of the reply. */
static void test_replies(void **state)
{
    static const char *const function[] = { "ok",  "i32",   "f32",     "f64",
                                            "str", "bytes", "boolean", "nothing" };
    unsigned good = 0;

    (void)state;
    fresh();
    for (unsigned i = 0; i < TRIES; i++) {
        struct puppet_step step[] = {
            { PUPPET_COPY, UVM_CALL_GVA, PUPPET_REPLY, 6 },
            { PUPPET_OUT8, UVM_PORT_GATE, 0, 0 },
        };
        uint32_t head[12] = { any() % 4 == 0 ? (uint32_t)wild() : CALL_REQUEST_DONE };
        struct vt_value result = { 0 };
        uint64_t bits = wild();
        int err;

        head[1] = (uint32_t)wild();
        head[5] = any() % 2 == 0 ? (uint32_t)wild() : CALL_OK;
        head[8] = any() % 8 == 0 ? (uint32_t)wild() : (uint32_t)(any() % CALL_TYPE_COUNT);
        head[9] = (uint32_t)wild();
        memcpy(&head[10], &bits, sizeof(bits));
        puppet_reply(vm, head, sizeof(head));
        puppet_script(vm, step, 2);
        err = vt_call(vm, function[i % ARRAY_COUNT(function)], NULL, 0, &result);
        check_error(err, step);
        if (err == VT_OK) {
            see_value(&result);
            good++;
        }
        fresh();
    }
    assert_true(good > 0);
    uvm_check_alive(vm);
}

static void out_fill(struct call_frame *out)
{
    out->index = any() % 4 == 0 ? (uint32_t)wild() : (uint32_t)(any() % 4);
    out->arg_count = any() % 4 == 0 ? (uint32_t)wild() : 1 + (uint32_t)(any() % 2);
    for (unsigned i = 0; i < CALL_MAX_ARGS; i++) {
        static const uint32_t type[] = { CALL_U64, CALL_STR, CALL_BYTES, CALL_U32 };

        out->arg[i].type = any() % 8 == 0 ? (uint32_t)wild() : type[any() % 4];
        out->arg[i].len = (uint32_t)wild();
        out->arg[i].bits = wild();
    }
}

/* Requests of host functions and log lines, with anything in their arguments. */
static void test_requests(void **state)
{
    struct puppet_step step[] = {
        { PUPPET_COPY, UVM_CALL_GVA, PUPPET_REPLY, sizeof(struct call_area) / 8 },
        { PUPPET_OUT8, UVM_PORT_GATE, 0, 0 },
    };
    unsigned good = 0;

    (void)state;
    fresh();
    for (unsigned i = 0; i < TRIES; i++) {
        struct call_area area = { .request = i % 3 == 0 ? CALL_REQUEST_LOG : CALL_REQUEST_HOST };

        out_fill(&area.out);
        if (area.request == CALL_REQUEST_LOG && any() % 2 == 0) {
            area.out.arg_count = 2;
            area.out.arg[0].type = CALL_U32;
            area.out.arg[1].type = CALL_STR;
        }
        puppet_reply(vm, &area, sizeof(area));
        if (run("ok", step, 2) == VT_OK) {
            good++;
        } else {
            fresh();
        }
    }
    assert_true(good > 0);
    fresh();
    uvm_check_alive(vm);
}

/* Any fault area, any answer. */
static void test_records(void **state)
{
    struct puppet_step step[] = {
        { PUPPET_COPY, UVM_FAULT_GVA, PUPPET_REPLY, sizeof(struct fault_area) / 8 },
        { PUPPET_OUT8, UVM_PORT_FAULT, 0, 0 },
    };
    static struct fault_area area;

    (void)state;
    for (unsigned i = 0; i < TRIES; i++) {
        uint64_t *word = (uint64_t *)(void *)&area;

        for (unsigned k = 0; k < sizeof(area) / sizeof(*word); k++) {
            word[k] = wild();
        }
        if (any() % 4 != 0) {
            area.version = FAULT_VERSION;
            area.count = 1 + (uint32_t)(any() % FAULT_DEPTH);
            area.total = area.count;
        }
        for (unsigned k = 0; k < FAULT_DEPTH && any() % 4 != 0; k++) {
            area.record[k].magic = FAULT_MAGIC;
            area.record[k].version = FAULT_VERSION;
            area.record[k].size = sizeof(area.record[k]);
            area.record[k].arch = puppet_machine;
        }
        fresh();
        puppet_reply(vm, &area, sizeof(area));
        answer = (enum vt_action)(any() % 4);
        (void)run("ok", step, 2);
    }
    answer = VT_TERMINATE;
    fresh();
    uvm_check_alive(vm);
}

/* Floating-point state out of a buffer that the guest filled. */
static void test_xsave(void **state)
{
    struct uvm_info info;
    static uint64_t junk[1024];

    (void)state;
    fresh();
    assert_int_equal(vt_read(vm, UVM_INFO_GVA, &info, sizeof(info)), VT_OK);
    for (unsigned i = 0; i < 50 && info.xsave_gva != 0; i++) {
        uint64_t size = info.xsave_size < sizeof(junk) ? info.xsave_size : sizeof(junk);
        struct puppet_step step[] = {
            { PUPPET_OUT8, UVM_PORT_XSAVE, 0, 0 },
            { PUPPET_COPY, info.xsave_gva + i % 2 * 512, PUPPET_REPLY, (size - 512) / 8 },
            { PUPPET_OUT8, UVM_PORT_XRSTOR, 0, 0 },
        };

        fresh();
        for (unsigned k = 0; k < ARRAY_COUNT(junk); k++) {
            junk[k] = wild();
        }
        puppet_reply(vm, junk, sizeof(junk));
        (void)run("ok", step, 3);
    }
    fresh();
    uvm_check_alive(vm);
}

/* Vectors that fault themselves: no end but that of the stack or of the budget. */
static void test_vectors_fault(void **state)
{
    struct puppet_step step[] = { { PUPPET_LOAD, UINT64_C(0x7f0000000000), 0, 0 } };
    struct vt_cfg cfg = { .size = sizeof(cfg), .wall_ns = (uint64_t)BUDGET_MS * MS };

    (void)state;
    for (unsigned i = 0; i < PUPPET_BAD_VECTORS; i++) {
        struct puppet_file file = puppet_file(puppet_bad_vector[i].bytes, puppet_bad_vector[i].len);
        struct vt_image *own;
        struct vt_vm *other;
        int err;

        assert_int_equal(vt_image_load(file.bytes, file.len, NULL, &own), VT_OK);
        assert_int_equal(vt_create(own, &cfg, &other), VT_OK);
        uvm_check_alive(other);
        puppet_script(other, step, 1);
        assert_int_equal(vt_restore(other, NULL), VT_OK);
        puppet_script(other, step, 1);
        err = uvm_try(other, "ok", 0, NULL);
        assert_true(err == VT_ERR_FAULT || err == VT_ERR_BUDGET || err == VT_ERR_GUEST);
        uvm_check_restored(other);
        vt_destroy(other);
        vt_image_free(own);
        free(file.bytes);
    }
}

static int setup(void **state)
{
    struct vt_cfg cfg = { .size = sizeof(cfg),
                          .fault = on_fault,
                          .wall_ns = (uint64_t)BUDGET_MS * MS };

    (void)state;
    image = puppet_image();
    assert_int_equal(vt_create(image, &cfg, &vm), VT_OK);
    assert_int_equal(vt_register(vm, "host_note", CALL_U64 | CALL_U64 << 4, host, NULL), VT_OK);
    assert_int_equal(vt_register(vm, "host_str", CALL_STR | CALL_STR << 4, host, NULL), VT_OK);
    assert_int_equal(
        vt_register(vm, "host_bytes", CALL_BYTES | CALL_BYTES << 4 | CALL_U32 << 8, host, NULL),
        VT_OK);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    vt_destroy(vm);
    vt_image_free(image);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),       cmocka_unit_test(test_stops),
        cmocka_unit_test(test_no_stack),   cmocka_unit_test(test_ports),
        cmocka_unit_test(test_registers),  cmocka_unit_test(test_tables),
        cmocka_unit_test(test_no_memory),  cmocka_unit_test(test_replies),
        cmocka_unit_test(test_requests),   cmocka_unit_test(test_records),
        cmocka_unit_test(test_xsave),      cmocka_unit_test(test_vectors_fault),
        cmocka_unit_test(test_no_nesting),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
