# SPDX-License-Identifier: Apache-2.0
# Guests of the zone tests: one folder each, check.c in all.

$(eval $(call guest_objects,tests))
test_guest = $(call bare_guest,tests/guest,$(1),tests/guest/check.c \
    $(wildcard tests/guest/$(1)/*.[cS]))
$(eval $(call bare_guest,tests/guest,control,tests/guest/check.c tests/guest/ctl.c \
    tests/guest/control/main.c))
$(eval $(call test_guest,faults))
$(eval $(call test_guest,flood))
$(eval $(call test_guest,gic))
$(eval $(call test_guest,pci))
$(eval $(call test_guest,probe))
$(eval $(call test_guest,regs))
$(eval $(call test_guest,smp))
$(eval $(call bare_guest,tests/guest,supervisor,tests/guest/check.c lib/fault_check.c \
    tests/guest/supervisor/main.c))
$(eval $(call test_guest,wild))
