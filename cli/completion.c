/* SPDX-License-Identifier: Apache-2.0 */
/* The verb `completion`: a script by which bash completes verbs, options, zones and files. */
#include <stdio.h>
#include <string.h>

#include "cli/verb.h"

#define OPTIONS_SIZE 256u

/* clang-format off */
static const char head[] =
    "# For bash: source <(vitrine completion)\n"
    "_vitrine() {\n"
    "    local word=${COMP_WORDS[COMP_CWORD]} said=\"${COMP_WORDS[*]:1:COMP_CWORD-1}\" rows\n"
    "    local verb= options= zones= rest one\n"
    "    rows=(\n";

static const char tail[] =
    "    )\n"
    "    COMPREPLY=()\n"
    "    for one in \"${rows[@]}\"; do\n"
    "        IFS='|' read -r verb options zones <<<\"$one\"\n"
    "        if [[ \"$said \" == \"$verb \"* ]]; then\n"
    "            if [[ $word == -* ]]; then\n"
    "                COMPREPLY=($(compgen -W \"$options\" -- \"$word\"))\n"
    "            elif [[ -n $zones ]]; then\n"
    "                COMPREPLY=($(compgen -W \"$(vitrine zone list 2>/dev/null |\n"
    "                    awk 'NR > 1 { print $2 }')\" -- \"$word\"))\n"
    "            else\n"
    "                COMPREPLY=($(compgen -f -- \"$word\"))\n"
    "            fi\n"
    "            return\n"
    "        fi\n"
    "        if [[ \"$verb \" == \"$said${said:+ }\"* ]]; then\n"
    "            rest=${verb#\"$said\"}\n"
    "            rest=${rest# }\n"
    "            COMPREPLY+=($(compgen -W \"${rest%% *}\" -- \"$word\"))\n"
    "        fi\n"
    "    done\n"
    "}\n"
    "complete -o filenames -F _vitrine vitrine\n";
/* clang-format on */

/* The words of a verb's arguments that begin with '-'. */
static void options_of(const char *args, char *options)
{
    size_t used = 0;

    while (*args != 0) {
        size_t length = strcspn(args, " []|.\n");

        if (args[0] == '-' && used + length + 2 < OPTIONS_SIZE) {
            memcpy(options + used, args, length);
            used += length;
            options[used++] = ' ';
        }
        args += length;
        args += strspn(args, " []|.\n");
    }
    options[used] = 0;
}

int completion_verb(int argc, char **argv)
{
    (void)argv;
    if (argc != 0) {
        return verb_usage("completion");
    }
    fputs(head, stdout);
    for (size_t i = 0; i < verb_count; i++) {
        char options[OPTIONS_SIZE];

        options_of(verbs[i].args, options);
        printf("        '%s|%s|%s'\n", verbs[i].words, options,
               strstr(verbs[i].args, "ZONE") != NULL ? "zones" : "");
    }
    fputs(tail, stdout);
    return EXIT_GOOD;
}
