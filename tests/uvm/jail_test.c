/* SPDX-License-Identifier: Apache-2.0 */
/* The jail of `vitrine run --jail`: a process in it opens no file, socket, program or VM. */
#define _GNU_SOURCE
#include "tests/unit/unit.h"

#include <fcntl.h>
#include <linux/kvm.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/jail.h"
#include "lib/field.h"

static int device, vm, vcpu; /* opened before */

/* Each returns 0 when it succeeded. */

static int try_open(void)
{
    return open("/etc/passwd", O_RDONLY) < 0;
}

static int try_open_root(void)
{
    return open("/", O_RDONLY | O_DIRECTORY) < 0;
}

static int try_create(void)
{
    return open("/tmp/vitrine-jail", O_WRONLY | O_CREAT, 0600) < 0;
}

static int try_dup(void)
{
    return dup(0) < 0;
}

static int try_socket(void)
{
    return socket(AF_INET, SOCK_STREAM, 0) < 0;
}

static int try_unix_socket(void)
{
    return socket(AF_UNIX, SOCK_STREAM, 0) < 0;
}

static int try_exec(void)
{
    return execl("/bin/true", "true", NULL) != 0;
}

static int try_fork(void)
{
    pid_t child = fork();

    if (child == 0) {
        _exit(0);
    }
    return child < 0;
}

static int try_kill_parent(void)
{
    return kill(getppid(), 0) != 0;
}

static int try_trace(void)
{
    return ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0;
}

static int try_exec_memory(void)
{
    return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ==
           MAP_FAILED;
}

static int try_make_vm(void)
{
    return ioctl(device, KVM_CREATE_VM, 0) < 0;
}

static int try_make_vcpu(void)
{
    return ioctl(vm, KVM_CREATE_VCPU, 1) < 0;
}

static int try_terminal(void)
{
    char key = '\n';

    return ioctl(0, 0x5412 /* TIOCSTI */, &key) != 0;
}

static int try_new_user(void)
{
    return unshare(CLONE_NEWUSER) != 0;
}

struct attempt {
    const char *name;
    int (*run)(void);
};

static const struct attempt attempts[] = {
    { "open", try_open },
    { "open root", try_open_root },
    { "create", try_create },
    { "dup", try_dup },
    { "socket", try_socket },
    { "unix socket", try_unix_socket },
    { "exec", try_exec },
    { "fork", try_fork },
    { "kill parent", try_kill_parent },
    { "ptrace", try_trace },
    { "executable memory", try_exec_memory },
    { "new VM", try_make_vm },
    { "new vCPU", try_make_vcpu },
    { "terminal input", try_terminal },
    { "user namespace", try_new_user },
};

/* Runs fn in a child; returns its exit status, or 128 + signal. */
static int in_child(int (*fn)(void))
{
    int status = 0;
    pid_t child = fork();

    if (child == 0) {
        _exit(fn());
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static const struct attempt *tried;
static bool with_filter, with_threads;

static int jailed(void)
{
    struct jail_report report;

    jail_enter(&report);
    if (with_filter && !jail_filter(&report, with_threads)) {
        return 99;
    }
    return tried->run();
}

static int setup(void **state)
{
    (void)state;
    device = open("/dev/kvm", O_RDWR | O_CLOEXEC);
    vm = ioctl(device, KVM_CREATE_VM, 0);
    vcpu = ioctl(vm, KVM_CREATE_VCPU, 0);
    return device < 0 || vm < 0 || vcpu < 0 ? -1 : 0;
}

static void try_all(void)
{
    with_filter = true;
    for (size_t i = 0; i < ARRAY_COUNT(attempts); i++) {
        print_message("%s\n", attempts[i].name);
        tried = &attempts[i];
        assert_int_equal(in_child(jailed), 1);
    }
}

static void test_nothing_can_be_opened(void **state)
{
    (void)state;
    with_threads = false;
    try_all();
}

/* Where there are several vCPUs threads may be started, and all else holds. */
static void test_no_process_beside_threads(void **state)
{
    (void)state;
    with_threads = true;
    try_all();
    with_threads = false;
}

/* What the filter is not needed for: the other parts hold alone. */
static void test_files_without_the_filter(void **state)
{
    static const struct attempt files[] = { { "open", try_open },
                                            { "open root", try_open_root },
                                            { "create", try_create } };

    (void)state;
    with_filter = false;
    for (size_t i = 0; i < ARRAY_COUNT(files); i++) {
        tried = &files[i];
        assert_int_equal(in_child(jailed), 1);
    }
}

static int run_vcpu(void)
{
    if (ioctl(vcpu, KVM_SET_SIGNAL_MASK, NULL) != 0 || write(1, "", 0) != 0) {
        return 1;
    }
    return mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED;
}

/* KVM wants the process that made the VM, so it is made in the child. */
static int jailed_vcpu(void)
{
    struct jail_report report;

    if (setup(NULL) != 0) {
        return 98;
    }
    jail_enter(&report);
    return jail_filter(&report, with_threads) ? run_vcpu() : 99;
}

static void test_a_vcpu_still_runs(void **state)
{
    (void)state;
    assert_int_equal(in_child(jailed_vcpu), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_can_be_opened),
        cmocka_unit_test(test_no_process_beside_threads),
        cmocka_unit_test(test_files_without_the_filter),
        cmocka_unit_test(test_a_vcpu_still_runs),
    };

    return cmocka_run_group_tests(tests, setup, NULL);
}
