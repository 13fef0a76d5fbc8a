# SPDX-License-Identifier: Apache-2.0
# `make install`: what a user of micro-VMs needs, below $(DESTDIR)$(PREFIX). Guests can be built
# from an installed tree alone, see docs/micro-vm.md.

PREFIX     ?= /usr/local
DESTDIR    ?=
LIBDIR     ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include/vitrine
MANDIR     ?= $(PREFIX)/share/man

VT_VERSION = $(shell awk '/define VT_VERSION_M/ { v = v (v == "" ? "" : ".") $$3 + 0 } \
    END { print v }' host/include/vitrine.h)

PC_FILES := $(O)/lib/pkgconfig/libvitrine.pc $(O)/lib/pkgconfig/vitrine-guest.pc
MAN_PAGES := $(wildcard man/*.[13])

# Headers that programs and guests include, the byte formats below them in abi/.
INSTALL_HEADERS := host/include/vitrine.h \
                   $(addprefix guest/include/,vitrine-call.h vitrine-fault.h vitrine-vcpu.h)
INSTALL_ABI     := $(addprefix abi/,call.h fault.h uvm.h)

PC_SED = -e 's|@PREFIX@|$(PREFIX)|g' -e 's|@LIBDIR@|$(LIBDIR)|g' \
         -e 's|@INCLUDEDIR@|$(INCLUDEDIR)|g' -e 's|@VERSION@|$(VT_VERSION)|g' \
         -e 's|@RENAME@|$(UVM_SUPER_RENAME)|g' -e 's|@SUPER@|$(CFLAGS_SUPER_x86_64)|g'

.PHONY: pc-files install
pc-files: | $(O)/lib/pkgconfig/
	$(call say,GEN,$(PC_FILES))
	$(Q)sed $(PC_SED) host/libvitrine.pc.in >$(O)/lib/pkgconfig/libvitrine.pc
	$(Q)sed $(PC_SED) guest/vitrine-guest.pc.in >$(O)/lib/pkgconfig/vitrine-guest.pc
$(O)/lib/pkgconfig/:
	@mkdir -p $@

INSTALLED := $(HOST_LIB) $(HOST_SO) $(O)/bin/vitrine $(UVM_LIB) $(UVM_LD) $(UVM_LD_PIE)
install: pc-files $(INSTALLED) ## micro-VMs: library, command, headers, guests; PREFIX=/usr/local
	$(call say,INSTALL,$(DESTDIR)$(PREFIX))
	$(Q)install -d $(addprefix $(DESTDIR),$(PREFIX)/bin $(LIBDIR)/pkgconfig $(INCLUDEDIR)/abi \
	    $(LIBDIR)/vitrine/x86_64 $(MANDIR)/man1 $(MANDIR)/man3)
	$(Q)install -m 755 $(O)/bin/vitrine $(DESTDIR)$(PREFIX)/bin/
	$(Q)install -m 644 $(HOST_LIB) $(HOST_SO) $(DESTDIR)$(LIBDIR)/
	$(Q)ln -sf $(notdir $(HOST_SO)) $(DESTDIR)$(LIBDIR)/libvitrine.so
	$(Q)install -m 644 $(PC_FILES) $(DESTDIR)$(LIBDIR)/pkgconfig/
	$(Q)install -m 644 $(INSTALL_HEADERS) $(DESTDIR)$(INCLUDEDIR)/
	$(Q)install -m 644 $(INSTALL_ABI) $(DESTDIR)$(INCLUDEDIR)/abi/
	$(Q)install -m 644 $(UVM_LIB) $(UVM_LD) $(UVM_LD_PIE) $(DESTDIR)$(LIBDIR)/vitrine/x86_64/
	$(Q)scripts/install-man $(DESTDIR)$(MANDIR) $(MAN_PAGES)
