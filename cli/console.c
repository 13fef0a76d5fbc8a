/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The verb `console`: a zone's console on this terminal. What is typed goes to the zone, Ctrl-C
 * too; Ctrl-] leaves. The terminal is put back whatever ends the program but SIGKILL.
 */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "cli/verb.h"
#include "cli/zone.h"
#include "zone0/feed.h"
#include "zone0/names.h"

#define DETACH_KEY   0x1d /* Ctrl-] */
#define LOOK_MS      25
#define BACK_DEFAULT 2000u /* a screenful */
#define INPUT_SIZE   512u
#define QUIET_S      1.0 /* after the input's end */
#define STUCK_S      1.0 /* that a zone may leave a full input alone */
#define AT_ONCE      64u /* pieces of output between two looks at the keys */

struct console {
    struct ctl *ctl;
    uint32_t zone;
    struct feed output, events;
    bool is_raw, has_ended, is_detached;
    double quiet_since, taken_at; /* taken_at: of input, by the zone */
    struct termios before;
    char input[INPUT_SIZE];
    size_t input_used;
};

static bool put_all(const char *bytes, size_t count)
{
    while (count > 0) {
        ssize_t done = write(STDOUT_FILENO, bytes, count);

        if (done < 0 && (errno != EINTR || zone_is_over())) {
            return false;
        }
        if (done > 0) {
            bytes += done;
            count -= (size_t)done;
        }
    }
    return true;
}

/* A line of our own between the zone's. */
static void say(const struct console *console, const char *text)
{
    const char *end = console->is_raw ? "\r\n" : "\n";

    fprintf(stderr, "%s[vitrine: %s]%s", end, text, end);
}

static bool raw_on(struct console *console)
{
    struct termios raw;

    if (tcgetattr(STDIN_FILENO, &console->before) != 0) {
        return false; /* no terminal: bytes go as they come */
    }
    raw = console->before;
    raw.c_iflag &= ~(tcflag_t)(BRKINT | ICRNL | INLCR | IGNCR | INPCK | ISTRIP | IXON | PARMRK);
    raw.c_oflag &= ~(tcflag_t)OPOST;
    raw.c_lflag &= ~(tcflag_t)(ECHO | ECHONL | ICANON | IEXTEN | ISIG);
    raw.c_cflag = (raw.c_cflag & ~(tcflag_t)(CSIZE | PARENB)) | CS8;
    raw.c_cc[VMIN] = 1;
    raw.c_cc[VTIME] = 0;
    console->is_raw = tcsetattr(STDIN_FILENO, TCSADRAIN, &raw) == 0;
    return console->is_raw;
}

static void raw_off(struct console *console)
{
    if (console->is_raw) {
        tcsetattr(STDIN_FILENO, TCSADRAIN, &console->before);
        console->is_raw = false;
    }
}

/* What the zone has written, which may never end; false: nobody reads our output any more. */
static bool copy_output(struct console *console)
{
    char bytes[1024], text[64];
    unsigned left = AT_ONCE;
    uint64_t lost;
    size_t count;

    do {
        count = feed_read(&console->output, bytes, sizeof(bytes), &lost);
        if (lost != 0) {
            snprintf(text, sizeof(text), "%" PRIu64 " bytes were lost", lost);
            say(console, text);
        }
        if (count != 0) {
            console->quiet_since = zone_now();
        }
        if (!put_all(bytes, count)) {
            return false;
        }
    } while (count != 0 && --left != 0 && !zone_is_over());
    return true;
}

static void show_states(struct console *console)
{
    struct ctl_event event;
    char text[64];
    uint64_t lost;

    while (feed_read(&console->events, &event, 1, &lost) == 1) {
        if (event.kind == CTL_EVENT_STATE && event.zone == console->zone) {
            snprintf(text, sizeof(text), "%s%s%s", names_state(event.value),
                     event.value == CTL_ZONE_OFF ? ", " : "",
                     event.value == CTL_ZONE_OFF ? names_reason(event.detail) : "");
            say(console, text);
        }
    }
}

/* There is no room, and the zone does not make any. */
static bool is_stuck(const struct console *console)
{
    return console->input_used == INPUT_SIZE && zone_now() - console->taken_at > STUCK_S;
}

/* Takes what was typed, up to the key that leaves; for a zone that is stuck nothing but the key. */
static void take_input(struct console *console)
{
    char spare[64], *to = console->input + console->input_used, *key;
    size_t room = INPUT_SIZE - console->input_used;
    ssize_t count = read(STDIN_FILENO, room == 0 ? spare : to, room == 0 ? sizeof(spare) : room);

    if (count < 0 && errno == EINTR) {
        return;
    }
    if (count <= 0) {
        console->has_ended = true;
        console->quiet_since = zone_now();
        return;
    }
    key = console->is_raw ? memchr(room == 0 ? spare : to, DETACH_KEY, (size_t)count) : NULL;
    if (key != NULL) {
        console->is_detached = true;
    }
    if (room != 0) {
        console->taken_at = console->input_used == 0 ? zone_now() : console->taken_at;
        console->input_used += (size_t)(key != NULL ? key - to : count);
    }
}

/* Gives the zone as much as it takes; a zone that is off takes nothing, and it is dropped. */
static int give_input(struct console *console)
{
    struct ctl_request request = { .op = CTL_OP_CONSOLE_WRITE,
                                   .zone = console->zone,
                                   .in = console->input,
                                   .in_size = console->input_used };
    int result = console->input_used == 0 ? 0 : ctl_request(console->ctl, &request);
    size_t taken = (size_t)request.value[0];

    if (result == CTL_ERR_STATE) {
        console->input_used = 0;
        return 0;
    }
    if (result != 0 || console->input_used == 0) {
        return result;
    }
    taken = taken < console->input_used ? taken : console->input_used;
    console->input_used -= taken;
    console->taken_at = taken != 0 ? zone_now() : console->taken_at;
    memmove(console->input, console->input + taken, console->input_used);
    return 0;
}

static bool goes_on(const struct console *console)
{
    bool is_quiet = console->has_ended && console->input_used == 0 &&
                    zone_now() - console->quiet_since > QUIET_S;

    return !zone_is_over() && !console->is_detached && !is_quiet;
}

static int attach(struct console *console)
{
    int result = 0;

    while (result == 0 && goes_on(console)) {
        bool has_room = console->input_used < INPUT_SIZE || (console->is_raw && is_stuck(console));
        struct pollfd input = { .fd = has_room && !console->has_ended ? STDIN_FILENO : -1,
                                .events = POLLIN };

        if (poll(&input, 1, LOOK_MS) > 0) {
            take_input(console);
        }
        result = give_input(console);
        if (!copy_output(console)) {
            break;
        }
        show_states(console);
    }
    return result;
}

static int run_console(struct console *console, const struct zone_args *args)
{
    int result;

    feed_console(&console->output, console->ctl, console->zone);
    feed_seek(&console->output, args->back);
    feed_events(&console->events, console->ctl);
    feed_seek(&console->events, 0);
    zone_catch_signals();
    (void)signal(SIGPIPE, SIG_IGN); /* a write says so, and the terminal is put back */
    if ((args->given & ZONE_ONCE) != 0) {
        (void)copy_output(console);
        return EXIT_GOOD;
    }
    if (raw_on(console)) {
        fprintf(stderr, "[vitrine: console of %s; Ctrl-] leaves]\r\n", args->name[0]);
    }
    result = attach(console);
    if (console->is_raw) {
        say(console, "left");
    }
    raw_off(console);
    return zone_report(result, args->name[0]);
}

int console_verb(int argc, char **argv)
{
    struct zone_args args = { .back = BACK_DEFAULT };
    struct console console = { 0 };
    struct ctl_zone zone = { .flags = 0 };
    struct ctl ctl;
    int code;

    if (!zone_args(&args, ZONE_BACK | ZONE_ONCE, argc, argv) || args.name_count != 1) {
        return verb_usage("console");
    }
    code = zone_connect(&ctl);
    if (code != 0) {
        return code;
    }
    console.ctl = &ctl;
    code = zone_find(&ctl, args.name[0], &console.zone);
    if (code == 0) {
        code = zone_report(ctl_get_zone(&ctl, console.zone, &zone), args.name[0]);
    }
    if (code == 0 && (zone.flags & CTL_ZONE_FLAG_CONSOLE) == 0) {
        fprintf(stderr,
                "vitrine: %s: has no console that is emulated; remedy: `console: emulated` "
                "in its plan\n",
                args.name[0]);
        code = EXIT_STATE;
    }
    if (code == 0) {
        code = run_console(&console, &args);
    }
    ctl_close(&ctl);
    return code;
}
