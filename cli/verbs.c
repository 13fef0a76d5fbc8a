/* SPDX-License-Identifier: Apache-2.0 */
/* All verbs: of the program for development machines, which manages zone0, too. */
#include "cli/doctor.h"
#include "cli/verb.h"
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
                    "              [--timeout TIME] [--vcpus N] [--core DIR] [--jail] [--verbose]",
      "run functions of a guest in a micro-VM", run_verb },
    { "zone list", "[--json]",
      "all zones: state, CPUs, memory, starts, why it stopped last", zone_verb_list },
    { "zone status", "ZONE... [--json]",
      "more about a zone", zone_verb_status },
    { "zone start", "ZONE... [--no-wait] [--timeout SECONDS] [--json]",
      "start a zone that is off", zone_verb_start },
    { "zone stop", "ZONE... [--no-wait] [--timeout SECONDS] [--json]",
      "stop a zone, whatever it does", zone_verb_stop },
    { "zone reset", "ZONE... [--no-wait] [--timeout SECONDS] [--json]",
      "start a zone again, as new", zone_verb_reset },
    { "zone pause", "ZONE... [--no-wait] [--timeout SECONDS] [--json]",
      "let a zone, and its time, stand still", zone_verb_pause },
    { "zone resume", "ZONE... [--no-wait] [--timeout SECONDS] [--json]",
      "let a zone that was paused go on", zone_verb_resume },
    { "zone watch", "[ZONE] [--history] [-n COUNT] [--timeout SECONDS] [--json]",
      "say what happens to zones; --timeout: end when nothing did since then", zone_verb_watch },
    { "console", "ZONE [--back BYTES|all] [--once]",
      "a zone's console on this terminal; Ctrl-] leaves. --once: what there is, no more",
      console_verb },
    { "log", "[-f] [--back BYTES|all] [--json] | --level error|warning|info|debug|? [--json]",
      "the hypervisor's log, or how much it says", log_verb },
    { "stat", "[ZONE] [--json]",
      "exits of each vCPU by kind", stat_verb },
    { "top", "[-d SECONDS] [-n COUNT] [--json]",
      "what each vCPU does, live; q ends", top_verb },
    { "doctor",     "[--json]",
      "say what of Vitrine works here, and what is missing", doctor_verb },
};
/* clang-format on */

const size_t verb_count = ARRAY_COUNT(verbs);

const struct doctor_part doctor_parts[] = {
    { "zone0", doctor_zone0 },
    { "micro-VMs", doctor_uvm },
};

const size_t doctor_part_count = ARRAY_COUNT(doctor_parts);
