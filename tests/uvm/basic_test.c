/* SPDX-License-Identifier: Apache-2.0 */
/* The first steps of a program with libvitrine: load, create, call, host functions, destroy. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "abi/uvm.h"
#include "vitrine.h"

#define PATH_LEN 512

static void print_log(void *ctx, const struct vt_vm *vm, enum vt_log_level level, const char *text)
{
    (void)ctx;
    (void)vm;
    printf("log %d: %s\n", level, text);
}

static struct vt_image *load(const char *name)
{
    const struct vt_image_cfg cfg = { .size = sizeof(cfg), .log = print_log };
    struct vt_image *image = NULL;
    const char *dir = getenv("UVM_GUESTS");
    char path[PATH_LEN];

    (void)snprintf(path, sizeof(path), "%s/%s.elf", dir != NULL ? dir : ".", name);
    assert_int_equal(vt_image_load_file(path, &cfg, &image), VT_OK);
    return image;
}

static struct vt_vm *create_with(const char *name, const struct vt_cfg *cfg)
{
    struct vt_image *image = load(name);
    struct vt_vm *vm = NULL;

    assert_int_equal(vt_create(image, cfg, &vm), VT_OK);
    vt_image_free(image); /* the micro-VM keeps what it needs */
    return vm;
}

static struct vt_vm *create(const char *name)
{
    return create_with(name, NULL);
}

static void call_add(struct vt_vm *vm)
{
    const struct vt_value args[] = { { .type = CALL_I32, .i = 40 }, { .type = CALL_I32, .i = -2 } };
    struct vt_value result = { 0 };

    assert_int_equal(vt_call(vm, "add", args, 2, &result), VT_OK);
    assert_int_equal(result.type, CALL_I32);
    assert_int_equal(result.i, 38);
}

static void test_call(void **state)
{
    struct vt_vm *vm = create("calls");

    (void)state;
    for (unsigned i = 0; i < 100; i++) {
        call_add(vm);
    }
    vt_destroy(vm);
}

static void test_pie(void **state)
{
    struct vt_vm *vm = create("calls-pie");

    (void)state;
    call_add(vm);
    vt_destroy(vm);
}

static void test_data(void **state)
{
    const struct vt_value text = { .type = CALL_STR, .data = "hello", .len = 5 };
    struct vt_vm *vm = create("calls");
    struct vt_value result = { 0 };

    (void)state;
    assert_int_equal(vt_call(vm, "echo", &text, 1, &result), VT_OK);
    assert_int_equal(result.len, 5);
    assert_string_equal(result.data, "hello");
    assert_int_equal(vt_call(vm, "constructor_ran", NULL, 0, &result), VT_OK);
    assert_int_equal(result.u, 7);
    vt_destroy(vm);
}

static void keep_log(void *ctx, const struct vt_vm *vm, enum vt_log_level level, const char *text)
{
    (void)vm;
    if (level == VT_LOG_GUEST) {
        (void)snprintf(ctx, PATH_LEN, "%s", text);
    }
}

/* Text that is shown as it is, and such as a terminal would obey: ESC, CSI in UTF-8 and bare. */
static void test_log(void **state)
{
    static const struct {
        const char *said, *shown;
    } rows[] = {
        { "plain", "plain" },
        { "d\xc3\xa9j\xc3\xa0 \xe2\x80\x94 \xe2\x80\x9b",
          "d\xc3\xa9j\xc3\xa0 \xe2\x80\x94 \xe2\x80\x9b" },
        { "\x1b[2J\x7f\n", "?[2J?" },
        { "\xc2\x9b"
          "2J",
          "\xc2?2J" },
        { "\x9b\x9b"
          "2J",
          "??2J" },
    };
    char line[PATH_LEN] = "";
    struct vt_cfg cfg = { .size = sizeof(cfg), .log = keep_log, .log_ctx = line };
    struct vt_vm *vm = create_with("calls", &cfg);

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct vt_value text = { .type = CALL_STR,
                                       .data = rows[i].said,
                                       .len = strlen(rows[i].said) };

        assert_int_equal(vt_call(vm, "say", &text, 1, NULL), VT_OK);
        assert_string_equal(line, rows[i].shown);
    }
    vt_destroy(vm);
}

/* A result may be the next call's argument, where it lies. */
static void test_result_as_argument(void **state)
{
    char data[200];
    struct vt_value value = { .type = CALL_STR, .data = data, .len = sizeof(data) };
    struct vt_vm *vm = create("calls");

    (void)state;
    for (size_t i = 0; i < sizeof(data); i++) {
        data[i] = (char)('a' + i % 26);
    }
    for (int i = 0; i < 5; i++) {
        assert_int_equal(vt_call(vm, "echo", &value, 1, &value), VT_OK);
        assert_int_equal(value.len, sizeof(data));
        assert_memory_equal(value.data, data, sizeof(data));
    }
    vt_destroy(vm);
}

static int host_add(void *ctx, struct vt_vm *vm, const struct vt_value *args, unsigned count,
                    struct vt_value *result)
{
    unsigned *calls = ctx;

    (void)vm;
    assert_int_equal(count, 2);
    result->i = args[0].i + args[1].i;
    ++*calls;
    return 0;
}

static int host_nothing(void *ctx, struct vt_vm *vm, const struct vt_value *args, unsigned count,
                        struct vt_value *result)
{
    (void)ctx;
    (void)args;
    (void)result;
    assert_int_equal(count, 0);
    assert_int_equal(vt_call(vm, "nothing", NULL, 0, NULL), VT_ERR_BUSY);
    return 0;
}

#define SIGNATURE_I32_I32_I32 0x111

static void test_host_function(void **state)
{
    const struct vt_value args[] = { { .type = CALL_I32, .i = 1 }, { .type = CALL_I32, .i = 2 } };
    struct vt_vm *vm = create("calls");
    struct vt_value result = { 0 };
    unsigned calls = 0;

    (void)state;
    assert_int_equal(vt_register(vm, "host_nothing", 0, host_nothing, NULL), VT_OK);
    assert_int_equal(vt_register(vm, "host_add", 0x11, host_add, &calls), VT_ERR_SIGNATURE);
    assert_int_equal(vt_register(vm, "host_add", SIGNATURE_I32_I32_I32, host_add, &calls), VT_OK);
    assert_int_equal(vt_call(vm, "add_by_host", args, 2, &result), VT_OK);
    assert_int_equal(result.i, 3);
    assert_int_equal(calls, 1);
    vt_destroy(vm);
}

static uint64_t count(struct vt_vm *vm)
{
    struct vt_value result = { 0 };

    assert_int_equal(vt_call(vm, "count", NULL, 0, &result), VT_OK);
    return result.u;
}

static void test_snapshot(void **state)
{
    struct vt_vm *vm = create("calls");
    struct vt_snapshot *at_two = NULL;
    struct vt_vm *clone = NULL;

    (void)state;
    assert_int_equal(count(vm), 1);
    assert_int_equal(count(vm), 2);
    assert_int_equal(vt_snapshot(vm, &at_two), VT_OK);
    assert_int_equal(count(vm), 3);
    assert_int_equal(vt_clone(at_two, NULL, &clone), VT_OK);
    assert_int_equal(count(clone), 3);
    assert_int_equal(count(clone), 4);
    assert_int_equal(vt_restore(vm, at_two), VT_OK);
    assert_int_equal(count(vm), 3);
    assert_int_equal(vt_restore(vm, NULL), VT_OK);
    assert_int_equal(count(vm), 1);
    assert_int_equal(vt_restore(vm, at_two), VT_OK);
    vt_snapshot_free(at_two);
    assert_int_equal(count(vm), 3);
    assert_int_equal(count(clone), 5);
    vt_destroy(vm);
    assert_int_equal(count(clone), 6);
    vt_destroy(clone);
}

/* The seed that a micro-VM has is in no other, and not in itself after a restore. */
static void test_seed(void **state)
{
    struct vt_vm *vm = create("calls");
    struct vt_snapshot *snapshot = NULL;
    struct vt_vm *clone = NULL;
    struct uvm_info info[5];

    (void)state;
    assert_int_equal(vt_read(vm, UVM_INFO_GVA, &info[0], sizeof(info[0])), VT_OK);
    assert_int_equal(vt_restore(vm, NULL), VT_OK);
    assert_int_equal(vt_read(vm, UVM_INFO_GVA, &info[1], sizeof(info[1])), VT_OK);
    assert_int_equal(vt_snapshot(vm, &snapshot), VT_OK);
    assert_int_equal(vt_restore(vm, snapshot), VT_OK);
    assert_int_equal(vt_read(vm, UVM_INFO_GVA, &info[2], sizeof(info[2])), VT_OK);
    assert_int_equal(vt_clone(snapshot, NULL, &clone), VT_OK);
    assert_int_equal(vt_read(clone, UVM_INFO_GVA, &info[3], sizeof(info[3])), VT_OK);
    assert_int_equal(vt_restore(clone, snapshot), VT_OK);
    assert_int_equal(vt_read(clone, UVM_INFO_GVA, &info[4], sizeof(info[4])), VT_OK);
    for (unsigned i = 0; i < 5; i++) {
        for (unsigned k = 0; k < i; k++) {
            assert_memory_not_equal(info[i].seed, info[k].seed, sizeof(info[i].seed));
        }
    }
    vt_destroy(clone);
    vt_snapshot_free(snapshot);
    vt_destroy(vm);
}

static uint64_t private_memory(const struct vt_vm *vm)
{
    struct vt_metrics metrics = { .size = sizeof(metrics) };

    assert_int_equal(vt_metrics(vm, &metrics), VT_OK);
    return metrics.memory;
}

/* A call that wrote to all of the heap leaves a bounded part of it behind, then little. */
static void test_memory_returns(void **state)
{
    struct vt_vm *vm = create("calls");
    struct vt_value pages = { 0 };
    uint64_t before;

    (void)state;
    assert_int_equal(count(vm), 1);
    before = private_memory(vm);
    assert_in_range(before, 1, 256u << 10);
    assert_int_equal(vt_call(vm, "heap_sum", NULL, 0, &pages), VT_OK);
    assert_true(pages.u > 2048);
    assert_true(private_memory(vm) >= pages.u * 4096);
    assert_int_equal(vt_restore(vm, NULL), VT_OK);
    assert_in_range(private_memory(vm), 0, before + (5u << 20));
    assert_int_equal(count(vm), 1);
    assert_int_equal(vt_restore(vm, NULL), VT_OK);
    assert_in_range(private_memory(vm), 0, before + (256u << 10));
    assert_int_equal(count(vm), 1);
    vt_destroy(vm);
}

static void test_fault(void **state)
{
    const struct vt_value one = { .type = CALL_I32, .i = 1 };
    struct vt_vm *vm = create("faults");
    const struct fault_record *record;
    char text[2048];
    unsigned records = 0;

    (void)state;
    assert_null(vt_fault(vm, NULL));
    assert_int_equal(vt_call(vm, "null_read", NULL, 0, NULL), VT_ERR_FAULT);
    record = vt_fault(vm, &records);
    assert_non_null(record);
    assert_int_equal(records, 1);
    assert_int_equal(record->class, FAULT_CLASS_MEMORY);
    assert_int_equal(record->reason, FAULT_REASON_NOT_PRESENT);
    assert_int_equal(record->address, 0);
    assert_true(vt_fault_text(record, text, sizeof(text)) > 0);
    assert_int_equal(vt_call(vm, "null_read", NULL, 0, NULL), VT_ERR_POISONED);
    assert_int_equal(vt_restore(vm, NULL), VT_OK);
    assert_null(vt_fault(vm, NULL));
    assert_int_equal(vt_call(vm, "without_handler", &one, 1, NULL), VT_OK);
    vt_destroy(vm);
}

static void test_budget(void **state)
{
    struct vt_vm *vm = create("faults");

    (void)state;
    assert_int_equal(vt_set_budget(vm, 20000000, 0), VT_OK);
    assert_int_equal(vt_call(vm, "loop_forever", NULL, 0, NULL), VT_ERR_BUDGET);
    assert_int_equal(vt_restore(vm, NULL), VT_OK);
    assert_int_equal(vt_set_budget(vm, 0, 20000000), VT_OK);
    assert_int_equal(vt_call(vm, "loop_forever", NULL, 0, NULL), VT_ERR_BUDGET);
    vt_destroy(vm);
}

static void test_map(void **state)
{
    static uint8_t buffer[8192] __attribute__((aligned(4096)));
    const struct vt_map map = { .size = sizeof(map), .host = buffer, .len = sizeof(buffer) };
    struct vt_vm *vm = create("faults");
    struct vt_value arg = { .type = CALL_U64 };
    struct vt_value result = { 0 };
    uint64_t seen = 0;

    (void)state;
    memset(buffer, 0x5a, sizeof(buffer));
    assert_int_equal(vt_map(vm, &map, &arg.u), VT_OK);
    assert_int_equal(vt_read(vm, arg.u + 8184, &seen, sizeof(seen)), VT_OK);
    assert_int_equal(seen, 0x5a5a5a5a5a5a5a5a);
    assert_int_equal(vt_read(vm, arg.u + 8185, &seen, sizeof(seen)), VT_ERR_INVALID);
    assert_int_equal(vt_call(vm, "read_at", &arg, 1, &result), VT_OK);
    assert_int_equal(result.u, 0x5a5a5a5a5a5a5a5a);
    assert_int_equal(vt_unmap(vm, arg.u), VT_OK);
    assert_int_equal(vt_unmap(vm, arg.u), VT_ERR_INVALID);
    assert_int_equal(vt_call(vm, "read_at", &arg, 1, &result), VT_ERR_FAULT);
    vt_destroy(vm);
}

/* What a clone gives back stays with the snapshot and with other clones. */
static void test_map_of_clones(void **state)
{
    static uint8_t buffer[4096] __attribute__((aligned(4096)));
    const struct vt_map map = { .size = sizeof(map), .host = buffer, .len = sizeof(buffer) };
    struct vt_vm *vm = create("faults");
    struct vt_value arg = { .type = CALL_U64 };
    struct vt_snapshot *mapped = NULL;
    struct vt_vm *clone[2];

    (void)state;
    assert_int_equal(vt_map(vm, &map, &arg.u), VT_OK);
    assert_int_equal(vt_snapshot(vm, &mapped), VT_OK);
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(vt_clone(mapped, NULL, &clone[i]), VT_OK);
        assert_int_equal(vt_call(clone[i], "read_at", &arg, 1, NULL), VT_OK);
        assert_int_equal(vt_restore(clone[i], NULL), VT_OK);
        assert_int_equal(vt_call(clone[i], "read_at", &arg, 1, NULL), VT_ERR_FAULT);
    }
    assert_int_equal(vt_restore(clone[0], mapped), VT_OK);
    assert_int_equal(vt_call(clone[0], "read_at", &arg, 1, NULL), VT_OK);
    assert_int_equal(vt_call(vm, "read_at", &arg, 1, NULL), VT_OK);
    vt_destroy(clone[0]);
    vt_destroy(clone[1]);
    vt_snapshot_free(mapped);
    vt_destroy(vm);
}

/* A snapshot's page tables may show memory that is gone; the fault is the host's to tell. */
static void test_map_gone(void **state)
{
    static uint8_t buffer[4096] __attribute__((aligned(4096)));
    const struct vt_map map = { .size = sizeof(map), .host = buffer, .len = sizeof(buffer) };
    struct vt_vm *vm = create("faults");
    struct vt_value arg = { .type = CALL_U64 };
    struct vt_snapshot *mapped = NULL;
    const struct fault_record *record;

    (void)state;
    assert_int_equal(vt_map(vm, &map, &arg.u), VT_OK);
    assert_int_equal(vt_snapshot(vm, &mapped), VT_OK);
    assert_int_equal(vt_call(vm, "read_at", &arg, 1, NULL), VT_OK);
    assert_int_equal(vt_unmap(vm, arg.u), VT_OK);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(vt_restore(vm, mapped), VT_OK);
        assert_int_equal(vt_call(vm, "read_at", &arg, 1, NULL), VT_ERR_FAULT);
        record = vt_fault(vm, NULL);
        assert_int_equal(record->reason, FAULT_REASON_NO_MEMORY);
        assert_int_equal(record->address, arg.u);
    }
    assert_int_equal(vt_restore(vm, NULL), VT_OK);
    assert_int_equal(vt_call(vm, "stack_left", NULL, 0, NULL), VT_OK);
    vt_snapshot_free(mapped);
    vt_destroy(vm);
}

/* A mapped file that somebody cuts off ends the guest's call, not the program. */
static void test_map_cut(void **state)
{
    char path[] = "/tmp/vitrine-map-XXXXXX";
    struct vt_map map = { .size = sizeof(map), .len = 8192, .writable = true, .name = "file" };
    struct vt_vm *vm = create("faults");
    struct vt_value arg = { .type = CALL_U64 };
    struct vt_value result = { 0 };
    uint64_t word = 0x1122334455667788;

    (void)state;
    map.fd = mkstemp(path);
    assert_true(map.fd >= 0);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(ftruncate(map.fd, 8192), 0);
    assert_int_equal(vt_map(vm, &map, &arg.u), VT_OK);
    assert_int_equal(vt_write(vm, arg.u, &word, sizeof(word)), VT_OK);
    assert_int_equal(pread(map.fd, &word, sizeof(word), 0), sizeof(word));
    assert_int_equal(vt_call(vm, "read_at", &arg, 1, &result), VT_OK);
    assert_int_equal(result.u, word);
    assert_int_equal(ftruncate(map.fd, 0), 0);
    assert_int_equal(close(map.fd), 0);
    assert_int_equal(vt_read(vm, arg.u, &word, sizeof(word)), VT_ERR_INVALID);
    assert_int_equal(vt_call(vm, "read_at", &arg, 1, &result), VT_ERR_FAULT);
    assert_int_equal(vt_fault(vm, NULL)->reason, FAULT_REASON_NO_MEMORY);
    assert_int_equal(vt_restore(vm, NULL), VT_OK);
    assert_int_equal(vt_call(vm, "stack_left", NULL, 0, NULL), VT_OK);
    vt_destroy(vm);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_call),
        cmocka_unit_test(test_pie),
        cmocka_unit_test(test_data),
        cmocka_unit_test(test_host_function),
        cmocka_unit_test(test_log),
        cmocka_unit_test(test_result_as_argument),
        cmocka_unit_test(test_snapshot),
        cmocka_unit_test(test_seed),
        cmocka_unit_test(test_memory_returns),
        cmocka_unit_test(test_fault),
        cmocka_unit_test(test_budget),
        cmocka_unit_test(test_map),
        cmocka_unit_test(test_map_gone),
        cmocka_unit_test(test_map_of_clones),
        cmocka_unit_test(test_map_cut),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
