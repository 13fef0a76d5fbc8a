/* SPDX-License-Identifier: Apache-2.0 */
/* Translations must not outlive a restore, even when no page table tells that there were others. */
#include "tests/uvm/support.h"

#include <stdlib.h>
#include <string.h>

#include "abi/uvm.h"
#include "host/layout.h"
#include "lib/field.h"
#include "tests/uvm/puppet.h"

FIELD(PTE_ADDRESS, 12, 40);
FIELD(PTE_WRITE, 1, 1);

enum { ENTRY_FLAGS = 0x65 }; /* present, user, accessed, dirty */

/* Where the entry of the page at gva is, found by the tables' own contents. */
static uint64_t entry_of(struct vt_vm *from, uint64_t gva)
{
    uint64_t table = LAYOUT_TABLES_GVA;

    for (unsigned lsb = 39; lsb > 12; lsb -= 9) {
        uint64_t entry = 0;

        assert_int_equal(vt_read(from, table + (gva >> lsb) % 512 * 8, &entry, 8), VT_OK);
        table = get(PTE_ADDRESS, entry) * 4096;
    }
    return table + gva / 4096 % 512 * 8;
}

/* The same in every micro-VM of the puppet's. */
static uint64_t entry_place(void)
{
    struct vt_image *image = puppet_image();
    struct vt_vm *vm = uvm_vm(image);
    uint64_t place = entry_of(vm, PUPPET_USER);

    vt_destroy(vm);
    vt_image_free(image);
    return place;
}

/*
 * Ring 0 makes user text writable, user code writes to it, and the vector of its breakpoint puts
 * the entry back without telling the processor: nothing differs in memory. After a restore the page
 * must be read-only again.
 */
static void test_stale_translation(void **state)
{
    static const uint8_t code[] = { 0x48, 0x89, 0x04, 0x25, 0x00, 0x31, 0x20, 0x00, 0xcc };
    /* movq $entry, place; out %al, $0xe0; again */
    uint8_t vector[] = { 0x48, 0xc7, 0x04, 0x25, 0, 0, 0, 0, 0, 0, 0, 0, 0xe6, 0xe0, 0xeb, 0xfc };
    uint64_t place = entry_place();
    uint64_t entry = 0;
    uint64_t word = 0;
    struct puppet_file file;
    struct vt_snapshot *snapshot;
    struct vt_image *own;
    struct vt_vm *other;

    (void)state;
    memcpy(vector + 4, &place, 4);
    entry = PUPPET_USER | ENTRY_FLAGS;
    memcpy(vector + 8, &entry, 4);
    file = puppet_file(vector, sizeof(vector));
    assert_int_equal(vt_image_load(file.bytes, file.len, NULL, &own), VT_OK);
    free(file.bytes);
    other = uvm_vm(own);
    assert_int_equal(vt_read(other, place, &word, sizeof(word)), VT_OK);
    assert_int_equal(word, entry);
    assert_int_equal(vt_write(other, PUPPET_USER, code, sizeof(code)), VT_OK);
    assert_int_equal(vt_snapshot(other, &snapshot), VT_OK);
    for (unsigned i = 0; i < 4; i++) {
        struct puppet_step step[] = {
            { PUPPET_COPY, UVM_CALL_GVA, PUPPET_REPLY, 6 },
            { PUPPET_STORE, place, i % 2 == 0 ? entry : with(PTE_WRITE, entry, 1), 0 },
            { PUPPET_IRET, PUPPET_USER, PUPPET_END, 0 },
        };

        assert_int_equal(vt_restore(other, snapshot), VT_OK);
        puppet_script(other, step, 3);
        uvm_check_alive(other);
        assert_int_equal(vt_read(other, PUPPET_USER + 0x100, &word, sizeof(word)), VT_OK);
        assert_true((word == UINT64_C(0x9090909090909090)) == (i % 2 == 0));
    }
    vt_snapshot_free(snapshot);
    vt_destroy(other);
    vt_image_free(own);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stale_translation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
