/* SPDX-License-Identifier: Apache-2.0 */
/* The platform that micro-VMs are tested on: its /dev/kvm speaks the API that the library needs. */
#include "tests/unit/unit.h"

#include <fcntl.h>
#include <linux/kvm.h>
#include <sys/ioctl.h>
#include <unistd.h>

static void test_kvm_api(void **state)
{
    int device = open("/dev/kvm", O_RDWR | O_CLOEXEC);
    int vm;

    (void)state;
    assert_true(device >= 0);
    assert_int_equal(ioctl(device, KVM_GET_API_VERSION, 0), KVM_API_VERSION);
    assert_true(ioctl(device, KVM_CHECK_EXTENSION, KVM_CAP_USER_MEMORY) > 0);
    vm = ioctl(device, KVM_CREATE_VM, 0);
    assert_true(vm >= 0);
    close(vm);
    close(device);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kvm_api),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
