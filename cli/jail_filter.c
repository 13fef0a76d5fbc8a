/* SPDX-License-Identifier: Apache-2.0 */
/* The filter of system calls: what a running micro-VM makes is allowed, all else fails. */
#define _GNU_SOURCE
#include "cli/jail.h"

#include <errno.h>
#include <sched.h>
#include <seccomp.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/field.h"

/* Calls that are allowed with any argument: they reach nothing but this process. */
static const int allowed[] = {
    SCMP_SYS(brk),
    SCMP_SYS(clock_gettime),
    SCMP_SYS(clock_nanosleep),
    SCMP_SYS(close),
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
    SCMP_SYS(futex),
    SCMP_SYS(getpid),
    SCMP_SYS(getrandom),
    SCMP_SYS(getrusage),
    SCMP_SYS(gettid),
    SCMP_SYS(lseek),
    SCMP_SYS(madvise),
    SCMP_SYS(membarrier),
    SCMP_SYS(mincore),
    SCMP_SYS(mremap),
    SCMP_SYS(munmap),
    SCMP_SYS(restart_syscall),
    SCMP_SYS(rseq),
    SCMP_SYS(rt_sigpending),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(rt_sigtimedwait),
    SCMP_SYS(sched_yield),
    SCMP_SYS(set_robust_list), /* with rseq: what a thread does first */
    SCMP_SYS(timer_create),
    SCMP_SYS(timer_delete),
    SCMP_SYS(timer_getoverrun),
    SCMP_SYS(timer_gettime),
    SCMP_SYS(timer_settime),
    SCMP_SYS(write),
    SCMP_SYS(writev),
};

/* Memory that can't be executed; signals to this process only. */
static bool add_conditions(scmp_filter_ctx filter)
{
    struct scmp_arg_cmp no_exec = SCMP_A2_64(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0);
    struct scmp_arg_cmp self = SCMP_A0_64(SCMP_CMP_EQ, (scmp_datum_t)getpid(), 0);
    bool good = true;

    for (size_t i = 0; i < jail_request_count; i++) {
        struct scmp_arg_cmp one = SCMP_A1_64(SCMP_CMP_EQ, jail_requests[i], 0);

        good = good &&
               seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1, &one) == 0;
    }
    good = good && seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1, &no_exec) == 0;
    good = good &&
           seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1, &no_exec) == 0;
    return good && seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1, &self) == 0;
}

/*
 * What glibc asks for to make a thread, and nothing else. It does so by clone3, whose flags no
 * filter can read, unless that is not there.
 */
static bool add_threads(scmp_filter_ctx filter)
{
    struct scmp_arg_cmp thread = SCMP_A0_64(SCMP_CMP_EQ,
                                            CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SYSVSEM |
                                                CLONE_SIGHAND | CLONE_THREAD | CLONE_SETTLS |
                                                CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID,
                                            0);

    return seccomp_rule_add_array(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0, NULL) == 0 &&
           seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1, &thread) == 0;
}

/* Everything else fails with EPERM, so that the library can say what went wrong. */
bool jail_filter(struct jail_report *report, bool threads)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
    int err = filter == NULL ? -ENOMEM : seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);

    for (size_t i = 0; i < ARRAY_COUNT(allowed) && err == 0; i++) {
        err = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, allowed[i], 0, NULL);
    }
    if (err == 0 && (!add_conditions(filter) || (threads && !add_threads(filter)))) {
        err = -EINVAL;
    }
    err = err != 0 ? err : seccomp_load(filter);
    seccomp_release(filter);
    report->done[JAIL_FILTER] = err == 0;
    report->error[JAIL_FILTER] = -err;
    return err == 0;
}
