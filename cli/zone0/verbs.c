/* SPDX-License-Identifier: Apache-2.0 */
/* The verbs of the program for zone0: static, without plan compiler and micro-VMs. */
#include "cli/doctor.h"
#include "cli/verb.h"
#include "cli/zone0/verbs.h"
#include "lib/field.h"

/* clang-format off */
const struct verb verbs[] = {
    ZONE0_VERBS,
    { "doctor", "[--json]",
      "say what zone0 has of what it needs, and what is missing", doctor_verb },
    { "completion", "",
      "print what completes these words in bash: source <(vitrine completion)", completion_verb },
};
/* clang-format on */

const size_t verb_count = ARRAY_COUNT(verbs);

const struct doctor_part doctor_parts[] = {
    { "zone0", doctor_zone0 },
};

const size_t doctor_part_count = ARRAY_COUNT(doctor_parts);
