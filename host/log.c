/* SPDX-License-Identifier: Apache-2.0 */
/* Formats the library's messages on the stack; never allocates. */
#include "host/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#define LINE_MAX_LEN 256

void log_print(const struct log *log, enum vt_log_level level, const char *format, ...)
{
    char text[LINE_MAX_LEN];
    int saved = errno;
    va_list args;

    if (log->fn == NULL) {
        return;
    }
    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    log->fn(log->ctx, log->vm, level, text);
    errno = saved;
}

int log_errno(const struct log *log, const char *what)
{
    int number = errno;

    log_print(log, VT_LOG_ERROR, "%s: errno %d", what, number);
    return number == ENOMEM ? VT_ERR_NO_MEMORY : VT_ERR_SYSTEM;
}
