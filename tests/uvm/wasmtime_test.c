/* SPDX-License-Identifier: Apache-2.0 */
/* What a WebAssembly engine asks of its platform: mappings, protection, traps, images. */
#include "tests/uvm/support.h"

#include <string.h>

#include "guest/wasmtime/area.h"
#include "guest/include/vitrine-wasmtime.h"

enum { PAGE = 4096, READ = 1, WRITE = 2, EXEC = 4, RW = READ | WRITE, RX = READ | EXEC };
enum { LOAD, STORE, CALL, UNDEFINED, DIVIDE, RECURSE, TOUCH };
enum { TRAP_COUNT, TRAP_IP, TRAP_FP, TRAP_HAS_ADDRESS, TRAP_ADDRESS };
enum { TEXT, DATA, HEAP, HEAP_SIZE, STACK };
enum { DECLINES = 1, FAULTS = 2 };

#define MIB       (UINT64_C(1) << 20)
#define GIB       (UINT64_C(1) << 30)
#define REGISTERS UINT64_C(87654322) /* what TOUCH adds up */

static struct vt_vm *vm;

/* ---- Calls ---- */

static int try4(const char *name, const uint64_t arg[4], unsigned count, uint64_t *result)
{
    struct vt_value args[4] = { 0 };
    struct vt_value value = { 0 };
    int err;

    for (unsigned i = 0; i < count; i++) {
        args[i].type = CALL_U64;
        args[i].u = arg[i];
    }
    err = vt_call(vm, name, args, count, &value);
    *result = value.u;
    return err;
}

static uint64_t ask(const char *name, uint64_t a, uint64_t b, uint64_t c)
{
    static const struct {
        const char *name;
        unsigned count;
    } counts[] = { { "map", 2 },        { "unmap", 2 }, { "image_new", 2 }, { "last_trap", 1 },
                   { "image_free", 1 }, { "arm", 1 },   { "where", 1 },     { "page_size", 0 },
                   { "storage", 0 },    { "locks", 0 } };
    const uint64_t args[4] = { a, b, c, 0 };
    unsigned count = 3;
    uint64_t result;

    for (unsigned i = 0; i < ARRAY_COUNT(counts); i++) {
        count = strcmp(name, counts[i].name) == 0 ? counts[i].count : count;
    }
    if (try4(name, args, count, &result) != VT_OK) {
        fail_msg("%s(%#llx, %#llx, %#llx)", name, (unsigned long long)a, (unsigned long long)b,
                 (unsigned long long)c);
    }
    return result;
}

static int access_of(uint64_t what, uint64_t at, uint64_t value, uint64_t *result)
{
    const uint64_t args[4] = { what, at, value, 0 };

    return try4("access", args, 3, result);
}

static uint64_t good(uint64_t what, uint64_t at, uint64_t value)
{
    uint64_t result;

    if (access_of(what, at, value, &result) != VT_OK) {
        fail_msg("access %u at %#llx", (unsigned)what, (unsigned long long)at);
    }
    return result;
}

/* It must come to the engine's handler, with this address. */
static void check_trap(uint64_t what, uint64_t at)
{
    uint64_t before = ask("last_trap", TRAP_COUNT, 0, 0);
    uint64_t result;

    if (access_of(what, at, 1, &result) != VT_ERR_GUEST) {
        fail_msg("access %u at %#llx did not trap", (unsigned)what, (unsigned long long)at);
    }
    assert_int_equal(ask("last_trap", TRAP_COUNT, 0, 0), before + 1);
    assert_int_equal(ask("last_trap", TRAP_HAS_ADDRESS, 0, 0), 1);
    assert_int_equal(ask("last_trap", TRAP_ADDRESS, 0, 0), at);
    if (what == CALL) {
        assert_int_equal(ask("last_trap", TRAP_IP, 0, 0), at);
    }
}

static uint64_t map(uint64_t size, uint64_t prot)
{
    uint64_t at = ask("map", size, prot, 0);

    assert_true(at >= AREA_GVA && at + size < AREA_END && at % PAGE == 0);
    return at;
}

static int64_t request(uint64_t what, uint64_t at, uint64_t pages, uint64_t from)
{
    const uint64_t args[4] = { what, at, pages, from };
    uint64_t result;

    assert_int_equal(try4("ask", args, 4, &result), VT_OK);
    return (int64_t)result;
}

static int setup(const char *name)
{
    struct vt_image *image = uvm_image(name);

    vm = uvm_vm(image);
    vt_image_free(image);
    (void)ask("arm", 0, 0, 0);
    return 0;
}

static int setup_fixed(void **state)
{
    (void)state;
    return setup("wasmtime");
}

static int setup_pie(void **state)
{
    (void)state;
    return setup("wasmtime-pie");
}

static int teardown(void **state)
{
    (void)state;
    vt_destroy(vm);
    return 0;
}

/* ---- Mappings ---- */

static void test_map(void **state)
{
    uint64_t a, b;

    (void)state;
    assert_int_equal(ask("page_size", 0, 0, 0), PAGE);
    a = map(3 * PAGE, RW);
    b = map(1, RW);
    for (uint64_t at = a; at < a + 3 * PAGE; at += PAGE / 2) {
        assert_int_equal(good(LOAD, at, 0), 0);
        (void)good(STORE, at, 7);
        assert_int_equal(good(LOAD, at, 0), 7);
    }
    (void)good(STORE, b + PAGE - 1, 9);
    check_trap(LOAD, a - 1);
    check_trap(STORE, a + 3 * PAGE);
    check_trap(LOAD, b - 1);
    check_trap(LOAD, b + PAGE);
    assert_int_equal(ask("unmap", a + PAGE, PAGE, 0), 0);
    check_trap(LOAD, a + PAGE);
    assert_int_equal(good(LOAD, a, 0) + good(LOAD, a + 2 * PAGE, 0), 14);
    assert_int_equal(ask("unmap", a, 3 * PAGE, 0), 0);
    check_trap(STORE, a);
    check_trap(LOAD, a + 2 * PAGE);
    assert_int_equal(good(LOAD, map(3 * PAGE, READ), 0), 0);
}

static void test_remap(void **state)
{
    uint64_t a = map(8 * PAGE, RW);

    (void)state;
    for (uint64_t i = 0; i < 8; i++) {
        (void)good(STORE, a + i * PAGE, 5);
    }
    assert_int_equal(ask("remap", a + 2 * PAGE, 2 * PAGE, RW), 0);
    assert_int_equal(ask("remap", a + 4 * PAGE, 2 * PAGE, 0), 0);
    for (uint64_t i = 0; i < 8; i++) {
        if (i / 2 == 2) {
            check_trap(LOAD, a + i * PAGE);
        } else {
            assert_int_equal(good(LOAD, a + i * PAGE, 0), i / 2 == 1 ? 0 : 5);
        }
    }
    assert_int_equal(ask("protect", a, 8 * PAGE, RW), 0);
    assert_int_equal(good(LOAD, a + 4 * PAGE, 0), 0);
    assert_int_equal(ask("remap", a, 9 * PAGE, RW), VG_WASMTIME_INVALID);
    assert_int_equal(ask("remap", a + 1, PAGE, RW), VG_WASMTIME_INVALID);
    assert_int_equal(ask("remap", ask("where", HEAP, 0, 0), PAGE, RW), VG_WASMTIME_INVALID);
}

static void test_protection(void **state)
{
    uint64_t a = map(4 * PAGE, RW);

    (void)state;
    (void)good(STORE, a + PAGE, 3);
    assert_int_equal(ask("protect", a + PAGE, 2 * PAGE, READ), 0);
    assert_int_equal(good(LOAD, a + PAGE, 0), 3);
    check_trap(STORE, a + PAGE);
    check_trap(STORE, a + 2 * PAGE);
    (void)good(STORE, a, 1);
    (void)good(STORE, a + 3 * PAGE, 1);
    assert_int_equal(ask("protect", a, 4 * PAGE, 0), 0);
    for (uint64_t i = 0; i < 4; i++) {
        check_trap(LOAD, a + i * PAGE);
    }
    assert_int_equal(ask("protect", a, 4 * PAGE, RW), 0);
    assert_int_equal(good(LOAD, a + PAGE, 0), 3);
    (void)good(STORE, a + PAGE, 4);
    check_trap(CALL, a + PAGE);
    assert_int_equal(ask("protect", a, 5 * PAGE, RW), VG_WASMTIME_NO_MEMORY);
    assert_int_equal(ask("protect", a, PAGE, 8), VG_WASMTIME_INVALID);
    assert_int_equal(ask("protect", a, 0, RW), VG_WASMTIME_INVALID);
    assert_int_equal(ask("map", 0, RW, 0), VG_WASMTIME_INVALID);
    assert_int_equal(ask("map", UINT64_MAX, RW, 0), VG_WASMTIME_NO_MEMORY);
    assert_int_equal(ask("map", 128 * GIB, RW, 0), VG_WASMTIME_NO_MEMORY);
}

/* Code: written, made executable, run; never both. */
static void test_code(void **state)
{
    static const uint8_t code[] = { 0x8d, 0x47, 0x01, 0xc3 }; /* lea 1(%rdi), %eax; ret */
    uint64_t a = map(2 * PAGE, RW);

    (void)state;
    for (uint64_t i = 0; i < sizeof(code); i++) {
        (void)good(STORE, a + PAGE + i, code[i]);
    }
    check_trap(CALL, a + PAGE);
    assert_int_equal(ask("protect", a + PAGE, PAGE, RW | EXEC), VG_WASMTIME_DENIED);
    assert_int_equal(ask("protect", a + PAGE, PAGE, WRITE | EXEC), VG_WASMTIME_DENIED);
    assert_int_equal(ask("map", PAGE, RW | EXEC, 0), VG_WASMTIME_DENIED);
    assert_int_equal(ask("remap", a, PAGE, RW | EXEC), VG_WASMTIME_DENIED);
    check_trap(CALL, a + PAGE);
    assert_int_equal(ask("protect", a + PAGE, PAGE, RX), 0);
    assert_int_equal(good(CALL, a + PAGE, 41), 42);
    check_trap(STORE, a + PAGE);
    assert_int_equal(good(CALL, a + PAGE, 41), 42);
    check_trap(CALL, a);
    assert_int_equal(ask("protect", a + PAGE, PAGE, RW), 0);
    check_trap(CALL, a + PAGE);
    (void)good(STORE, a + PAGE + 2, 2);
    assert_int_equal(ask("protect", a + PAGE, PAGE, RX), 0);
    assert_int_equal(good(CALL, a + PAGE, 41), 43);
}

/* Much more than there is memory can be reserved; what is touched comes, until the heap is full. */
static void test_large(void **state)
{
    uint64_t size = ask("where", HEAP_SIZE, 0, 0);
    uint64_t a = map(6 * GIB, 0);
    uint64_t b = map(2 * GIB, RW);
    uint64_t at = b, result;
    int err;

    (void)state;
    check_trap(LOAD, a);
    assert_int_equal(ask("protect", a + 4 * GIB - 16 * PAGE, 16 * PAGE, RW), 0);
    (void)good(STORE, a + 4 * GIB - 1, 1);
    check_trap(STORE, a + 4 * GIB);
    check_trap(STORE, a + 6 * GIB - 1);
    (void)good(STORE, b + 2 * GIB - 1, 1);
    for (err = VT_OK; err == VT_OK && at < b + 2 * size; at += 16 * PAGE) {
        err = access_of(TOUCH, at, 0, &result);
        assert_true(err != VT_OK || result == REGISTERS);
    }
    assert_int_equal(err, VT_ERR_FAULT); /* no trap of the engine's */
    assert_int_equal(vt_fault(vm, NULL)->address, at - 16 * PAGE);
    assert_true(at - b > size / 2);
    assert_int_equal(vt_restore(vm, NULL), VT_OK);
    (void)ask("arm", 0, 0, 0);
    for (unsigned i = 0; i < 5; i++) { /* pages come back */
        b = map(2 * GIB, RW);
        for (at = b; at < b + size / 4; at += 16 * PAGE) {
            assert_int_equal(good(LOAD, at, 0), 0);
            (void)good(STORE, at + PAGE, 1);
        }
        assert_int_equal(ask("unmap", b, 2 * GIB, 0), 0);
    }
}

/* Lists are bounded, and what does not fit is refused. */
static void test_lists(void **state)
{
    uint64_t a = map(2 * GIB, RW), err = 0;
    unsigned count = 0;

    (void)state;
    while (err == 0 && count < 2000) {
        err = ask("protect", a + 2 * count * PAGE, PAGE, READ);
        count += err == 0 ? 1 : 0;
    }
    assert_int_equal(err, VG_WASMTIME_NO_MEMORY);
    assert_in_range(count, 500, 1024);
    for (unsigned i = 0; i < count; i++) {
        assert_int_equal(ask("protect", a + 2 * i * PAGE, PAGE, RW), 0);
    }
    (void)good(STORE, a, 1);
    assert_int_equal(ask("unmap", a, 2 * GIB, 0), 0);
}

/* ---- Traps ---- */

static void test_traps(void **state)
{
    uint64_t result;

    (void)state;
    assert_int_equal(access_of(UNDEFINED, 0, 0, &result), VT_ERR_GUEST);
    assert_int_equal(ask("last_trap", TRAP_HAS_ADDRESS, 0, 0), 0);
    assert_int_equal(access_of(DIVIDE, 1, 0, &result), VT_ERR_GUEST);
    assert_int_equal(ask("last_trap", TRAP_HAS_ADDRESS, 0, 0), 0);
    assert_int_equal(good(DIVIDE, 84, 2), 42);
    check_trap(STORE, 0);
    check_trap(STORE, ask("where", TEXT, 0, 0));
    check_trap(CALL, ask("where", DATA, 0, 0));
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(access_of(RECURSE, 0, 0, &result), VT_ERR_GUEST);
        assert_int_equal(ask("last_trap", TRAP_HAS_ADDRESS, 0, 0), 1);
        assert_in_range(ask("where", STACK, 0, 0) - ask("last_trap", TRAP_ADDRESS, 0, 0), PAGE,
                        2 * MIB);
    }
    assert_true(ask("last_trap", TRAP_FP, 0, 0) != 0);
}

/* What the handler does not take is the host's, as it was; so is its own fault. */
static void test_declined(void **state)
{
    uint64_t a = map(PAGE, READ), result;
    const struct fault_record *record;

    (void)state;
    (void)ask("arm", DECLINES, 0, 0);
    assert_int_equal(access_of(STORE, a, 1, &result), VT_ERR_FAULT);
    record = vt_fault(vm, NULL);
    assert_int_equal(record->address, a);
    assert_int_equal(record->class, FAULT_CLASS_MEMORY);
    assert_int_equal(record->access, FAULT_ACCESS_WRITE);
    assert_int_equal(vt_restore(vm, NULL), VT_OK);
    (void)ask("arm", DECLINES, 0, 0);
    assert_int_equal(access_of(DIVIDE, 1, 0, &result), VT_ERR_FAULT);
    assert_int_equal(vt_fault(vm, NULL)->class, FAULT_CLASS_ARITHMETIC);
    assert_int_equal(vt_restore(vm, NULL), VT_OK);
    (void)ask("arm", FAULTS, 0, 0);
    assert_int_equal(access_of(UNDEFINED, 0, 0, &result), VT_ERR_FAULT);
    assert_int_equal(vt_fault(vm, NULL)->address, 1);
}

/* ---- Images ---- */

static uint64_t filled(uint64_t pages)
{
    uint64_t a = map(pages * PAGE, RW);

    for (uint64_t i = 0; i < pages; i++) {
        (void)good(STORE, a + i * PAGE, i + 1);
    }
    return a;
}

static void test_image(void **state)
{
    enum { PAGES = 40 };
    uint64_t source = filled(PAGES), a = map(PAGES * PAGE, 0), b = map(2 * PAGES * PAGE, RW);
    uint64_t image = ask("image_new", source, PAGES * PAGE, 0);

    (void)state;
    assert_true(image > VG_WASMTIME_INVALID);
    (void)good(STORE, source, 99); /* the image has a copy */
    (void)good(STORE, b + PAGE, 99);
    assert_int_equal(ask("image_map", image, a, PAGES * PAGE), 0);
    assert_int_equal(ask("image_map", image, b, PAGES * PAGE), 0);
    for (uint64_t i = 0; i < PAGES; i++) {
        assert_int_equal(good(LOAD, a + i * PAGE, 0), i + 1);
        if (i % 2 == 0) {
            (void)good(STORE, a + i * PAGE, 200);
        }
        assert_int_equal(good(LOAD, b + i * PAGE, 0), i + 1);
        assert_int_equal(good(LOAD, a + i * PAGE, 0), i % 2 == 0 ? 200 : i + 1);
    }
    assert_int_equal(good(LOAD, b + PAGES * PAGE, 0), 0);
    assert_int_equal(good(TOUCH, b, 0), REGISTERS); /* a copy at the first touch, by a write */
    assert_int_equal(ask("image_map", image, a, PAGES * PAGE), 0);
    for (uint64_t i = 0; i < PAGES; i++) {
        assert_int_equal(good(LOAD, a + i * PAGE, 0), i + 1);
    }
    (void)ask("image_free", image, 0, 0);
    assert_int_equal(good(LOAD, a + PAGE, 0), 2);
    (void)good(STORE, a + PAGE, 3);
    assert_int_equal(good(LOAD, b + PAGE, 0), 2);
    assert_int_equal(ask("remap", a, PAGES * PAGE, 0), 0);
    check_trap(LOAD, a + PAGE);
    assert_int_equal(good(LOAD, b + PAGE, 0), 2);
}

static void test_image_protection(void **state)
{
    uint64_t source = filled(4), a = map(4 * PAGE, RW);
    uint64_t image = ask("image_new", source, 4 * PAGE, 0);

    (void)state;
    assert_int_equal(ask("image_map", image, a, 4 * PAGE), 0);
    assert_int_equal(good(LOAD, a, 0), 1);
    (void)good(STORE, a + PAGE, 7);
    assert_int_equal(ask("protect", a, 4 * PAGE, READ), 0);
    check_trap(STORE, a);
    check_trap(STORE, a + PAGE);
    assert_int_equal(good(LOAD, a + PAGE, 0), 7);
    assert_int_equal(ask("protect", a, 4 * PAGE, 0), 0);
    check_trap(LOAD, a);
    assert_int_equal(ask("protect", a, 4 * PAGE, RW), 0);
    (void)good(STORE, a, 8);
    (void)good(STORE, a + PAGE + 1, 9);
    assert_int_equal(good(LOAD, a + PAGE, 0), 7);
    assert_int_equal(ask("image_map", image, a, PAGE), 0); /* its beginning only */
    assert_int_equal(good(LOAD, a, 0), 1);
    assert_int_equal(good(LOAD, a + PAGE, 0), 7);
    assert_int_equal(ask("image_map", image, a, 5 * PAGE), VG_WASMTIME_INVALID);
    assert_int_equal(ask("image_map", image, a + 4 * PAGE, PAGE), VG_WASMTIME_INVALID);
    assert_int_equal(ask("image_new", source + 1, PAGE, 0), VG_WASMTIME_INVALID);
}

/* Images that are made, mapped and freed leave nothing behind; one too large is not made. */
static void test_image_memory(void **state)
{
    uint64_t size = ask("where", HEAP_SIZE, 0, 0) / MIB / 8 * MIB;
    uint64_t source = map(8 * size, RW), a = map(size, RW);

    (void)state;
    for (unsigned i = 0; i < 10; i++) {
        uint64_t image = ask("image_new", source, size, 0);

        assert_true(image > VG_WASMTIME_INVALID);
        assert_int_equal(ask("image_map", image, a, size), 0);
        (void)good(STORE, a + i * PAGE, 1);
        (void)ask("image_free", image, 0, 0);
        assert_int_equal(good(LOAD, a + size - 1, 0), 0);
    }
    assert_int_equal(ask("unmap", source + size, 7 * size, 0), 0);
    source = map(8 * size, READ);
    assert_int_equal(ask("image_new", map(2 * PAGE, RW), 2 * PAGE, 0) > VG_WASMTIME_INVALID, 1);
}

/* ---- The machine around it ---- */

static void test_restore(void **state)
{
    uint64_t a = map(4 * PAGE, RW);
    struct vt_snapshot *snapshot = NULL;

    (void)state;
    (void)good(STORE, a, 5);
    assert_int_equal(vt_snapshot(vm, &snapshot), VT_OK);
    (void)good(STORE, a, 6);
    (void)good(STORE, a + 2 * PAGE, 6);
    assert_int_equal(ask("protect", a + PAGE, PAGE, 0), 0);
    (void)map(PAGE, RW);
    assert_int_equal(vt_restore(vm, snapshot), VT_OK);
    assert_int_equal(good(LOAD, a, 0), 5);
    assert_int_equal(good(LOAD, a + PAGE, 0) + good(LOAD, a + 2 * PAGE, 0), 0);
    assert_int_equal(ask("unmap", a, 4 * PAGE, 0), 0);
    check_trap(LOAD, a);
    vt_snapshot_free(snapshot);
}

/* 800 changes and accesses by chance; what a page holds, and whether it traps, is known. */
static void test_chance(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 4; seed++) {
        struct vt_value args[] = { { .type = CALL_U64, .u = seed },
                                   { .type = CALL_U32, .u = 200 } };
        struct vt_value step = { 0 };

        assert_int_equal(vt_call(vm, "torture", args, ARRAY_COUNT(args), &step), VT_OK);
        if (step.u != 0) {
            fail_msg("seed %u: step %u went wrong", (unsigned)seed, (unsigned)step.u);
        }
    }
}

static void test_rest(void **state)
{
    (void)state;
    assert_true(ask("storage", 0, 0, 0) != 0);
    assert_true(ask("locks", 0, 0, 0) != 0);
}

static uint64_t op(enum area_op what, uint64_t prot)
{
    return put(AREA_OP, what) | put(AREA_PROT, prot);
}

/* Ring 3 may say anything: no page is ever writable and executable, by whatever addresses, and none
 * but those of the heap are given. */
static void test_refused(void **state)
{
    const uint64_t at = AREA_END - 64 * MIB;
    uint64_t frame = ask("where", HEAP, 0, 0) + 4 * MIB;
    const uint64_t foreign[] = { 0x2000,
                                 0x8000,
                                 0x100000,
                                 ask("where", TEXT, 0, 0) & ~0xfffull,
                                 ask("where", DATA, 0, 0) & ~0xfffull,
                                 ask("where", STACK, 0, 0) & ~0xfffull,
                                 frame + 1,
                                 frame + GIB,
                                 UINT64_MAX & ~0xfffull,
                                 at };

    (void)state;
    for (unsigned i = 0; i < ARRAY_COUNT(foreign); i++) {
        assert_true(request(op(AREA_MAP, RW), at, 1, foreign[i]) <= 0);
        assert_true(request(op(AREA_SHARE, READ), at, 1, foreign[i]) <= 0);
        assert_true(request(op(AREA_MAP, RW), foreign[i] - (foreign[i] == at), 1, frame) <= 0);
        assert_true(request(op(AREA_PROTECT, READ), foreign[i] - (foreign[i] == at), 1, 0) <= 0);
    }
    assert_true(request(op(AREA_MAP, RW | EXEC), at, 1, frame) < 0);
    assert_true(request(op(AREA_OP_COUNT, RW), at, 1, frame) < 0);
    assert_true(request(op(AREA_MAP, RW), at, 513, frame) < 0);
    assert_true(request(op(AREA_MAP, RW), AREA_END - PAGE, 2, frame) < 0);
    assert_int_equal(request(op(AREA_MAP, RX), at, 1, frame), 1);
    check_trap(STORE, frame); /* not at home */
    check_trap(STORE, at);
    assert_true(request(op(AREA_MAP, RW), at + PAGE, 1, frame) <= 0);
    assert_true(request(op(AREA_MAP, RW), at, 1, frame + PAGE) <= 0);
    assert_int_equal(request(op(AREA_SHARE, RW), at + PAGE, 1, at), 1);
    check_trap(STORE, at + PAGE);
    assert_int_equal(request(op(AREA_PROTECT, RW), at + PAGE, 1, 0), 1);
    check_trap(STORE, at + PAGE);
    assert_true(request(op(AREA_PROTECT, RW | EXEC), at, 1, 0) < 0);
    assert_int_equal(request(op(AREA_UNMAP, 0), at, 1, 0), 1);
    check_trap(STORE, frame); /* it is still at the other place */
    assert_int_equal(request(op(AREA_PROTECT, RW), at + PAGE, 1, 0), 1);
    (void)good(STORE, at + PAGE, 1);
    assert_true(request(op(AREA_SHARE, READ), at, 1, at + PAGE) <= 0); /* writable there */
    assert_int_equal(request(op(AREA_UNMAP, 0), at + PAGE, 1, 0), 1);
    assert_int_equal(good(LOAD, frame, 0), 1);
    check_trap(CALL, frame);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_map, setup_fixed, teardown),
        cmocka_unit_test_setup_teardown(test_remap, setup_pie, teardown),
        cmocka_unit_test_setup_teardown(test_protection, setup_fixed, teardown),
        cmocka_unit_test_setup_teardown(test_code, setup_pie, teardown),
        cmocka_unit_test_setup_teardown(test_large, setup_fixed, teardown),
        cmocka_unit_test_setup_teardown(test_lists, setup_fixed, teardown),
        cmocka_unit_test_setup_teardown(test_traps, setup_pie, teardown),
        cmocka_unit_test_setup_teardown(test_declined, setup_fixed, teardown),
        cmocka_unit_test_setup_teardown(test_image, setup_fixed, teardown),
        cmocka_unit_test_setup_teardown(test_image_protection, setup_pie, teardown),
        cmocka_unit_test_setup_teardown(test_image_memory, setup_fixed, teardown),
        cmocka_unit_test_setup_teardown(test_restore, setup_fixed, teardown),
        cmocka_unit_test_setup_teardown(test_chance, setup_pie, teardown),
        cmocka_unit_test_setup_teardown(test_rest, setup_fixed, teardown),
        cmocka_unit_test_setup_teardown(test_refused, setup_fixed, teardown),
    };

    uvm_keep();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
