#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The example program survives its crashing guest, with both kinds of guest.
for guest in guest guest-pie; do
    output=$(survive "$UVM_GUESTS/$guest.elf") || exit
    echo "$output"
    case $output in
    *'add(2, 40) = 42'*'the guest faulted'*dead000*'restored: success'*'add(2, 40) = 42'*) ;;
    *) exit 1 ;;
    esac
done
