/* SPDX-License-Identifier: Apache-2.0 */
/* The verb `doctor`: asks each part whether it works here; changes nothing. */
#include <stdio.h>
#include <string.h>

#include "cli/doctor.h"
#include "cli/verb.h"

int doctor_verb(int argc, char **argv)
{
    struct json json = { stdout, false };
    bool is_json = argc == 1 && strcmp(argv[0], "--json") == 0, usable = false;

    if (argc != 0 && !is_json) {
        return verb_usage("doctor");
    }
    if (is_json) {
        json_open(&json, NULL, '{');
    }
    for (size_t i = 0; i < doctor_part_count; i++) {
        bool works;

        if (is_json) {
            json_open(&json, doctor_parts[i].name, '{');
        }
        works = doctor_parts[i].run(is_json ? &json : NULL);
        if (is_json) {
            json_bool(&json, "usable", works);
            json_close(&json, '}');
        }
        usable = usable || works;
    }
    if (is_json) {
        json_close(&json, '}');
        json_end(&json);
    }
    return usable ? EXIT_GOOD : EXIT_BAD_INPUT;
}
