/* SPDX-License-Identifier: Apache-2.0 */
/* The verbs of zone0 as rows, for the tables of both programs; doctor's row differs. */
#ifndef CLI_ZONE0_VERBS_H
#define CLI_ZONE0_VERBS_H

/* clang-format off */
#define ZONE0_VERBS                                                                               \
    { "zone list", "[--json]",                                                                    \
      "all zones: state, CPUs, memory, starts, why it stopped last", zone_verb_list },            \
    { "zone status", "ZONE... [--json]",                                                          \
      "more about a zone", zone_verb_status },                                                    \
    { "zone start", "ZONE... [--no-wait] [--timeout SECONDS] [--json]",                           \
      "start a zone that is off", zone_verb_start },                                              \
    { "zone stop", "ZONE... [--no-wait] [--timeout SECONDS] [--json]",                            \
      "stop a zone, whatever it does", zone_verb_stop },                                          \
    { "zone reset", "ZONE... [--no-wait] [--timeout SECONDS] [--json]",                           \
      "start a zone again, as new", zone_verb_reset },                                            \
    { "zone pause", "ZONE... [--no-wait] [--timeout SECONDS] [--json]",                           \
      "let a zone, and its time, stand still", zone_verb_pause },                                 \
    { "zone resume", "ZONE... [--no-wait] [--timeout SECONDS] [--json]",                          \
      "let a zone that was paused go on", zone_verb_resume },                                     \
    { "zone watch", "[ZONE] [--history] [-n COUNT] [--timeout SECONDS] [--json]",                 \
      "say what happens to zones; --timeout: end when nothing did since then", zone_verb_watch }, \
    { "console", "ZONE [--back BYTES|all] [--once]",                                              \
      "a zone's console on this terminal; Ctrl-] leaves. --once: what there is, no more",         \
      console_verb },                                                                             \
    { "log", "[-f] [--back BYTES|all] [--json] | --level error|warning|info|debug|? [--json]",    \
      "the hypervisor's log, or how much it says", log_verb },                                    \
    { "stat", "[ZONE] [--json]",                                                                  \
      "exits of each vCPU by kind", stat_verb },                                                  \
    { "top", "[-d SECONDS] [-n COUNT] [--json]",                                                  \
      "what each vCPU does, live; q ends", top_verb },                                            \
    { "serve", "[--config FILE] [--disk ZONE.DEV=PATH[,ro]] [--net ZONE.DEV=TAP]\n"               \
               "              [--console ZONE.DEV=pty:LINK|unix:PATH|file:PATH]\n"                \
               "              [--rng ZONE.DEV] [--start ZONE] [--poll MICROSECONDS]",             \
      "serve virtio devices of zones; options repeat. ,packed: with packed rings",                \
      serve_verb }
/* clang-format on */

#endif
