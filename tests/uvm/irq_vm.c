/* SPDX-License-Identifier: Apache-2.0 */
/* The micro-VM of the tests of interrupts and timers, and what its guest calls of the host. */
#include "tests/uvm/irq_vm.h"

#include <string.h>

struct vt_vm *vm;

static struct vt_image *image;

static int raise_line(void *ctx, struct vt_vm *of, const struct vt_value *args, unsigned count,
                      struct vt_value *result)
{
    (void)ctx;
    (void)count;
    result->u = (uint64_t)(int64_t)vt_irq_raise(of, (uint32_t)args[0].u);
    return 0;
}

static int lower_line(void *ctx, struct vt_vm *of, const struct vt_value *args, unsigned count,
                      struct vt_value *result)
{
    (void)ctx;
    (void)count;
    result->u = (uint64_t)(int64_t)vt_irq_lower(of, (uint32_t)args[0].u);
    return 0;
}

static int echo(void *ctx, struct vt_vm *of, const struct vt_value *args, unsigned count,
                struct vt_value *result)
{
    static char text[256];

    (void)ctx;
    (void)of;
    (void)count;
    result->len = args[0].len < sizeof(text) ? args[0].len : sizeof(text);
    memcpy(text, args[0].data, result->len);
    result->data = text;
    return 0;
}

/* In an emulated machine a handler takes a millisecond: a faster timer leaves no time for the
 * program. */
static struct vt_cfg with_floor(const struct vt_cfg *cfg)
{
    struct vt_cfg made = { .size = sizeof(made) };

    if (cfg != NULL) {
        made = *cfg;
    }
    if (uvm_emulated() && made.timer_floor_ns == 0) {
        made.timer_floor_ns = 5 * MS;
    }
    return made;
}

struct vt_vm *irq_make(const struct vt_cfg *cfg)
{
    struct vt_cfg used = with_floor(cfg);
    static const call_signature text = CALL_STR | (call_signature)CALL_STR << 4;
    struct vt_vm *made = NULL;

    assert_int_equal(vt_create(image, &used, &made), VT_OK);
    assert_int_equal(vt_register(made, "raise_line", SIG_U64_U64, raise_line, NULL), VT_OK);
    assert_int_equal(vt_register(made, "lower_line", SIG_U64_U64, lower_line, NULL), VT_OK);
    assert_int_equal(vt_register(made, "echo", text, echo, NULL), VT_OK);
    return made;
}

int irq_setup(void **state)
{
    (void)state;
    image = uvm_image("irq");
    uvm_keep();
    return 0;
}

int irq_teardown(void **state)
{
    (void)state;
    vt_image_free(image);
    return 0;
}

int irq_each_setup(void **state)
{
    (void)state;
    vm = irq_make(NULL);
    return 0;
}

int irq_each_teardown(void **state)
{
    (void)state;
    vt_destroy(vm);
    return 0;
}
