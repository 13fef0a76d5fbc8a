# SPDX-License-Identifier: Apache-2.0
# Attack guests: one folder each, with what all of them share. Some are for RAM that lies apart from
# the hypervisor's, so that a zone can use the machine's own addresses.

attack_guest = $(call bare_guest,tests/attack,$(1),tests/guest/check.c tests/attack/attack.c \
    tests/attack/insn.S $(wildcard tests/attack/$(1)/*.[cS]) $(3),$(2))
$(eval $(call attack_guest,call))
$(eval $(call attack_guest,channel))
$(eval $(call attack_guest,control,,tests/guest/ctl.c))
$(eval $(call attack_guest,debug))
$(eval $(call attack_guest,dma))
$(eval $(call attack_guest,gic,,tests/attack/gic.c))
$(eval $(call attack_guest,gicv2,,tests/attack/gic.c))
$(eval $(call attack_guest,its))
$(eval $(call attack_guest,memory,0x48000000))
$(eval $(call attack_guest,reset))
$(eval $(call attack_guest,storm))
$(eval $(call attack_guest,virtio))
$(eval $(call attack_guest,walk,0x48000000))
