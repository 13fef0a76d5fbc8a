/* SPDX-License-Identifier: Apache-2.0 */
/* Translations must not outlive a restore, even when no page table tells that there were others. */
#include "tests/uvm/support.h"

#include <stdlib.h>
#include <string.h>

#include "abi/uvm.h"
#include "host/layout.h"
#include "lib/field.h"
#include "tests/uvm/puppet.h"
#include "tests/uvm/stale.h"

FIELD(PTE_ADDRESS, 12, 36); /* of both architectures */

/* Where the entry of the page at gva is, found by the tables' own contents. */
static uint64_t entry_of(struct vt_vm *from, uint64_t gva)
{
    uint64_t table = LAYOUT_TABLES_GVA;

    for (unsigned lsb = stale_arch.top_lsb; lsb > 12; lsb -= 9) {
        uint64_t entry = 0;

        assert_int_equal(vt_read(from, table + (gva >> lsb) % 512 * 8, &entry, 8), VT_OK);
        table = get(PTE_ADDRESS, entry) * 4096;
    }
    return table + gva / 4096 % 512 * 8;
}

/* Where it is, and its value: the same in every micro-VM of the puppet's. */
static uint64_t entry_place(uint64_t *entry)
{
    struct vt_image *image = puppet_image();
    struct vt_vm *vm = uvm_vm(image);
    uint64_t place = entry_of(vm, PUPPET_USER);

    assert_int_equal(vt_read(vm, place, entry, sizeof(*entry)), VT_OK);
    vt_destroy(vm);
    vt_image_free(image);
    return place;
}

/* An image whose vectors write the entry to its place. */
static struct vt_image *image_of(uint64_t place, uint64_t entry)
{
    struct vt_image *image = NULL;
    uint8_t vector[STALE_CODE_MAX];
    struct puppet_file file;

    memcpy(vector, stale_arch.vector, sizeof(vector));
    memcpy(vector + stale_arch.place_at, &place, stale_arch.operand);
    memcpy(vector + stale_arch.entry_at, &entry, stale_arch.operand);
    file = puppet_file(vector, stale_arch.vector_len);
    assert_int_equal(vt_image_load(file.bytes, file.len, NULL, &image), VT_OK);
    free(file.bytes);
    return image;
}

/*
 * The supervisor makes user text writable, user code writes to it, and the vector of its breakpoint
 * puts the entry back without telling the processor: nothing differs in memory. After a restore the
 * page must be read-only again.
 */
static void test_stale_translation(void **state)
{
    uint64_t entry = 0, now = 0, before = 0, after = 0;
    uint64_t place = entry_place(&entry);
    struct vt_image *own = image_of(place, entry);
    struct vt_vm *other = uvm_vm(own);
    struct vt_snapshot *snapshot;

    (void)state;
    assert_int_equal(vt_read(other, place, &now, sizeof(now)), VT_OK);
    assert_int_equal(now, entry);
    assert_int_equal(vt_write(other, PUPPET_USER, stale_arch.code, stale_arch.code_len), VT_OK);
    assert_int_equal(vt_read(other, PUPPET_USER + 0x100, &before, sizeof(before)), VT_OK);
    assert_int_equal(vt_snapshot(other, &snapshot), VT_OK);
    for (unsigned i = 0; i < 4; i++) {
        struct puppet_step step[] = {
            { PUPPET_COPY, UVM_CALL_GVA, PUPPET_REPLY, 6 },
            { PUPPET_STORE, place, i % 2 == 0 ? entry : stale_arch.writable(entry), 0 },
            { PUPPET_IRET, PUPPET_USER, PUPPET_END, 0 },
        };

        assert_int_equal(vt_restore(other, snapshot), VT_OK);
        puppet_script(other, step, 3);
        uvm_check_alive(other);
        assert_int_equal(vt_read(other, PUPPET_USER + 0x100, &after, sizeof(after)), VT_OK);
        assert_true((after == before) == (i % 2 == 0));
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
