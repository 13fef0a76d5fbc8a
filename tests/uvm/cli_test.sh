#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Tests of `vitrine run` and `vitrine doctor` on a working back end: results, exit codes, faults,
# cores, time-outs, signals, the jail. Reports as cmocka does; needs vitrine in PATH, $UVM_GUESTS.
guest="$UVM_GUESTS/guest.elf"
dir=$(mktemp -d)
failed=0

# check NAME STATUS COMMAND...: runs it and compares the exit status; output goes to $dir/out, err.
check() {
    name=$1 want=$2
    shift 2
    "$@" >"$dir/out" 2>"$dir/err" </dev/null
    got=$?
    [ "$got" = "$want" ] || problem="exit status $got, not $want"
}

out_is() { [ "$(cat "$dir/out")" = "$1" ] || problem="output '$(cat "$dir/out")', not '$1'"; }
out_has() { grep -q -e "$1" "$dir/out" || problem="output has no '$1': $(cat "$dir/out")"; }
err_has() { grep -q -e "$1" "$dir/err" || problem="errors have no '$1': $(cat "$dir/err")"; }

test_list() {
    check list 0 vitrine run "$guest" --list
    out_has '^i32 add(i32, i32)$'
    out_has '^i32 sum_list(bool)$'
}

test_results() {
    check results 0 vitrine run "$guest" --call add 2 40 --call add -1 0x10 --call sum_list false
    out_is '42
15
6'
}

test_pie() {
    check pie 0 vitrine run "$UVM_GUESTS/guest-pie.elf" --call add 2 40 --mem 32M --stack 64K
    out_is 42
}

test_wrong_arguments() {
    check arguments 1 vitrine run "$guest" --call add 2
    err_has 'takes 2 arguments, not 1: i32 add(i32, i32)'
    check arguments 1 vitrine run "$guest" --call add 2 2147483648
    err_has 'argument 2 of add: .2147483648. is out of range'
    check arguments 1 vitrine run "$guest" --call nothing_like_it
    err_has 'nothing_like_it'
}

test_wrong_usage() {
    check usage 2 vitrine run
    check usage 2 vitrine run "$guest" --timeout never
    check usage 2 vitrine run "$guest" --mem
    check usage 2 vitrine run "$guest" --what
    err_has '^usage: vitrine run'
    check usage 2 vitrine doctor now
}

test_wrong_files() {
    check files 1 vitrine run "$dir/nowhere" --list
    head -c 3000 "$guest" >"$dir/cut.elf"
    check files 1 vitrine run "$dir/cut.elf" --list
    : >"$dir/empty"
    check files 1 vitrine run "$dir/empty" --list
    check files 1 vitrine run "$guest" --call add 1 2 --mem 1000000T
    check files 3 vitrine run "$guest" --call add 1 2 --core "$dir/no/such/dir"
}

test_fault() {
    check fault 4 vitrine run "$guest" --call add 1 2 --call sum_list true --call add 3 4
    out_is 3
    err_has '0xdead0000\|dead0000'
    err_has '#0 .*sum_from'
    check fault 4 vitrine run "$UVM_GUESTS/guest-pie.elf" --call sum_list true
    err_has '#0 .*sum_from'
    [ "$(uname -m)" != aarch64 ] || return # where a division by zero is 0
    check fault 4 vitrine run "$guest" --call divide 1 0
    err_has '#0 .*divide'
}

test_core() {
    check core 4 vitrine run "$guest" --call sum_list true --core "$dir"
    err_has '^core: '
    [ -s "$dir"/guest.elf.*.core ] || problem="no core"
    rm -f "$dir"/*.core
    check core 0 vitrine run "$guest" --call add 1 2 --core "$dir"
    [ ! -e "$dir"/guest.elf.*.core ] || problem="a core without a fault"
}

test_timeout() {
    check timeout 5 vitrine run "$guest" --call spin --timeout 200ms --core "$dir"
    [ -s "$dir"/guest.elf.*.core ] || problem="no core"
}

# signalled NAME SIGNAL OPTION...: a call without end is ended by the signal.
signalled() {
    name=$1 signal=$2
    shift 2
    vitrine run "$guest" --call spin "$@" >"$dir/out" 2>"$dir/err" </dev/null &
    child=$!
    sleep 1
    kill "-$signal" "$child"
    wait "$child"
    got=$?
    [ "$got" = 130 ] || problem="exit status $got, not 130: $(cat "$dir/err")"
}

test_signals() {
    signalled signals TERM
    signalled signals INT
    signalled signals TERM --jail
}

test_jail() {
    check jail 0 vitrine run "$guest" --call add 2 40 --jail
    out_is 42
    check jail 4 vitrine run "$guest" --call sum_list true --jail --core "$dir"
    err_has '#0 .*sum_from'
    [ -s "$dir"/guest.elf.*.core ] || problem="no core"
    check jail 5 vitrine run "$guest" --call spin --timeout 200ms --jail
    check jail 1 vitrine run "$guest" --call add 1 --jail
}

test_jail_vcpus() {
    gang=$UVM_GUESTS/gang.elf
    check jail_vcpus 0 vitrine run "$gang" --vcpus 4 --call start_chain --call floats --jail
    out_is '6
3'
    check jail_vcpus 5 vitrine run "$gang" --vcpus 3 --call spin_all_and_here --timeout 200ms --jail
    check jail_vcpus 4 vitrine run "$gang" --vcpus 2 --call crash_one 1 --jail --core "$dir"
    [ -s "$dir"/gang.elf.*.core ] || problem="no core"
}

# jailed_child PARENT: waits until the jailed process of this one is in its jail, sets child.
jailed_child() {
    for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
        child=$(cat "/proc/$1/task/$1/children" 2>/dev/null)
        grep -qs '^Seccomp:	2' "/proc/${child% }/status" && break
        sleep 0.5
    done
    sleep 1 # the micro-VM is made
}

# The running child of the jail, seen from outside.
test_jailed_process() {
    name=jailed_process
    echo secret >"$dir/secret"
    vitrine run "$guest" --call spin --jail --core "$dir" \
        >"$dir/out" 2>"$dir/err" </dev/null 3<"$dir/secret" 9<"$dir/secret" &
    parent=$!
    jailed_child "$parent"
    for line in 'Seccomp:	2' 'NoNewPrivs:	1' 'CapEff:	0000000000000000'; do
        grep -q "^$line" /proc/${child% }/status || problem="status has no '$line'"
    done
    [ "$(readlink /proc/${child% }/ns/net)" != "$(readlink /proc/self/ns/net)" ] ||
        problem="the network is not its own"
    ls -l /proc/${child% }/fd >"$dir/fds"
    grep -q 'kvm-vcpu' "$dir/fds" || problem="no vCPU: $(cat "$dir/fds")"
    grep -q 'secret' "$dir/fds" && problem="has descriptors of others: $(cat "$dir/fds")"
    kill "$parent"
    wait "$parent"
}

test_jail_ends_with_its_parent() {
    name=jail_ends_with_its_parent
    vitrine run "$guest" --call spin --jail >"$dir/out" 2>"$dir/err" </dev/null &
    parent=$!
    jailed_child "$parent"
    [ -d "/proc/${child% }" ] || problem="no child"
    kill -KILL "$parent"
    wait "$parent" 2>/dev/null
    sleep 1
    grep -q '^State:	[ZX]' "/proc/${child% }/status" 2>/dev/null || [ ! -d "/proc/${child% }" ] ||
        problem="the child goes on"
}

# Functions of the host are not there for guests of this command.
test_refused() {
    check refused 6 vitrine run "$guest" --call age 1
}

test_doctor() {
    check doctor 0 vitrine doctor
    out_has '^kvm *works'
    out_has '^mshv *not usable'
}

tests='list results pie wrong_arguments wrong_usage wrong_files fault core timeout signals jail
    jail_vcpus jailed_process jail_ends_with_its_parent refused doctor'
for test in $tests; do
    echo "[ RUN      ] test_$test"
    problem=
    rm -f "$dir"/*.core
    "test_$test"
    if [ -z "$problem" ]; then
        echo "[       OK ] test_$test"
    else
        echo "$problem"
        echo "[  FAILED  ] test_$test"
        failed=1
    fi
done
rm -rf "$dir"
exit $failed
