/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of the verb `doctor`: each says of one half of Vitrine whether it can be used here. */
#ifndef CLI_DOCTOR_H
#define CLI_DOCTOR_H

#include <stdbool.h>
#include <stddef.h>

#include "cli/json.h"

struct doctor_part {
    const char *name;
    /* json: an object that is open, or NULL: text to stdout. Returns whether it is usable. */
    bool (*run)(struct json *json);
};

/* What this program was built with; its table of verbs has them. */
extern const struct doctor_part doctor_parts[];
extern const size_t doctor_part_count;

bool doctor_zone0(struct json *json);
bool doctor_uvm(struct json *json);

#endif
