/* SPDX-License-Identifier: Apache-2.0 */
/* The back ends that this library was built with; knows nothing else of them. */
#include "host/backend.h"

#include <string.h>

const struct be_ops *const be_list[] = { &kvm_ops, NULL };

const struct be_ops *be_find(const char *name)
{
    unsigned i = 0;

    while (be_list[i] != NULL && name != NULL && strcmp(be_list[i]->name, name) != 0) {
        i++;
    }
    return be_list[i];
}

bool be_runs(uint16_t machine)
{
    bool runs = false;

    for (unsigned i = 0; be_list[i] != NULL; i++) {
        runs = runs || be_list[i]->machine == machine;
    }
    return runs;
}
