#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What of the micro-VM benchmark needs a complete KVM; tests/uvm/run.py runs it in QEMU, where the
# benchmark is a tool in PATH and its program lies among the guests.
UVM_PLATFORM=kvm_amd uvm-bench "$UVM_GUESTS/guest.elf"
