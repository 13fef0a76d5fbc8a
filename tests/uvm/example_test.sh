#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The example program survives its crashing guest, and the one with WebAssembly a trap; with both
# kinds of guest.
for guest in guest guest-pie; do
    output=$(survive "$UVM_GUESTS/$guest.elf") || exit
    echo "$output"
    case $output in
    *'add(2, 40) = 42'*'the guest faulted'*dead000*'restored: success'*'add(2, 40) = 42'*) ;;
    *) exit 1 ;;
    esac
done

command -v wasm-host >/dev/null || exit 0 # the build had no wasm2c of the right version
for guest in wasm wasm-pie; do
    output=$(wasm-host "$UVM_GUESTS/$guest.elf") || exit
    echo "$output"
    case $output in
    *'(84, 2) = 42'*'(1, 0): integer divide by zero'*'(-42, 1) = -42'*) ;;
    *) exit 1 ;;
    esac
    [ "$(wasm-ten "$UVM_GUESTS/$guest.elf")" = 'success: 42' ] || exit 1
done
