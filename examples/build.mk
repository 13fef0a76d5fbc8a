# SPDX-License-Identifier: Apache-2.0
# Examples: bare guests, one folder each.

$(eval $(call guest_objects,examples))
$(eval $(call bare_guest,examples/aarch64,hello,examples/hello/main.c))
$(eval $(call bare_guest,examples/aarch64,tick,examples/tick/main.c))
SIZES += $(O)/examples/aarch64/hello.elf $(O)/examples/aarch64/tick.elf
