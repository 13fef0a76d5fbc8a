/* SPDX-License-Identifier: Apache-2.0 */
/* All verbs: of the program for development machines, which manages zone0, too. */
#include "cli/doctor.h"
#include "cli/verb.h"
#include "cli/zone0/verbs.h"
#include "lib/field.h"

/* clang-format off */
const struct verb verbs[] = {
    { "plan check", "PLAN [--hyp FILE] [--set NAME=VALUE]...",
      "report all errors of a plan", plan_verb_check },
    { "plan show",  "PLAN [--hyp FILE] [--set NAME=VALUE]...",
      "draw its memory, CPU and interrupt maps", plan_verb_show },
    { "plan build", "PLAN -o DIR [--hyp FILE] [--set NAME=VALUE]...",
      "write DIR/plan.bin, DIR/<zone>.dtb, DIR/boot.img", plan_verb_build },
    { "plan rules", "",
      "list the rules that a plan must keep", plan_verb_rules },
    { "run",        "GUEST [--call FUNCTION ARGUMENT...]... [--list] [--mem SIZE] [--stack SIZE]\n"
                    "              [--timeout TIME] [--vcpus N] [--core DIR] [--jail] [--verbose]\n"
                    "              [--gdb[=SOCKET|=tcp:PORT]] [--gdb-wait]",
      "run functions of a guest in a micro-VM", run_verb },
    ZONE0_VERBS,
    { "doctor",     "[--json]",
      "say what of Vitrine works here, and what is missing", doctor_verb },
    { "completion", "",
      "print what completes these words in bash: source <(vitrine completion)", completion_verb },
};
/* clang-format on */

const size_t verb_count = ARRAY_COUNT(verbs);

const struct doctor_part doctor_parts[] = {
    { "zone0", doctor_zone0 },
    { "micro-VMs", doctor_uvm },
};

const size_t doctor_part_count = ARRAY_COUNT(doctor_parts);
