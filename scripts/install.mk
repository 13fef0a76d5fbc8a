# SPDX-License-Identifier: Apache-2.0
# `make install`: what a user of micro-VMs needs, and who writes bare guests, below
# $(DESTDIR)$(PREFIX). Guests can be built from an installed tree alone, see docs/micro-vm.md and
# docs/runtime.md.

PREFIX     ?= /usr/local
DESTDIR    ?=
LIBDIR     ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include/vitrine
MANDIR     ?= $(PREFIX)/share/man

VT_VERSION = $(shell awk '/define VT_VERSION_M/ { v = v (v == "" ? "" : ".") $$3 + 0 } \
    END { print v }' host/include/vitrine.h)

PC_FILES := $(addprefix $(O)/lib/pkgconfig/,libvitrine.pc vitrine-guest.pc \
                vitrine-guest-aarch64.pc vitrine-wasmtime.pc vitrine-zone.pc \
                $(if $(WASM_USABLE),vitrine-wasm.pc))
MAN_PAGES := $(wildcard man/*.[13])

# Headers that programs and guests include, the byte formats below them in abi/.
INSTALL_HEADERS := host/include/vitrine.h $(wildcard guest/include/*.h)
INSTALL_ABI     := $(addprefix abi/,boot.h call.h channel.h fault.h uvm.h)

PC_SED = -e 's|@PREFIX@|$(PREFIX)|g' -e 's|@LIBDIR@|$(LIBDIR)|g' \
         -e 's|@INCLUDEDIR@|$(INCLUDEDIR)|g' -e 's|@VERSION@|$(VT_VERSION)|g' \
         -e 's|@RENAME@|$(UVM_SUPER_RENAME)|g' -e 's|@MODULE@|$(WASM_CFLAGS)|g'

# Of vitrine-guest.pc.in: name, architecture, its flags, flags of supervisor mode
pc_guest = sed $(PC_SED) -e 's|@NAME@|$(1)|g' -e 's|@ARCH@|$(2)|g' -e 's|@MACHINE@|$(3)|g' \
    -e 's|@SUPER@|$(4)|g' guest/vitrine-guest.pc.in >$(O)/lib/pkgconfig/$(1).pc

.PHONY: pc-files install
pc-files: | $(O)/lib/pkgconfig/
	$(call say,GEN,$(PC_FILES))
	$(Q)sed $(PC_SED) host/libvitrine.pc.in >$(O)/lib/pkgconfig/libvitrine.pc
	$(Q)$(call pc_guest,vitrine-guest,x86_64,-fcf-protection=none,$(CFLAGS_SUPER_x86_64))
	$(Q)$(call pc_guest,vitrine-guest-aarch64,aarch64,-mno-outline-atomics,$\
	    $(CFLAGS_UVM_SUPER_aarch64))
	$(Q)for name in zone wasm wasmtime; do sed $(PC_SED) guest/vitrine-$$name.pc.in \
	    >$(O)/lib/pkgconfig/vitrine-$$name.pc; done
$(O)/lib/pkgconfig/:
	@mkdir -p $@

# Guests' libraries with their linker scripts, to $(LIBDIR)/vitrine/
INSTALL_x86_64  := $(UVM_LIB) $(UVM_LD) $(UVM_LD_PIE) $(WASMTIME_LIB) $(WASMTIME_TLS1) \
                   $(if $(WASM_USABLE),$(WASM_LIB))
INSTALL_aarch64 := $(UVM_A64_LIB) $(UVM_A64_LD) $(UVM_A64_LD_PIE)
INSTALL_zone    := $(GUEST_LIB) $(GUEST_LD)
INSTALL_RUNTIMES := x86_64 aarch64 zone

INSTALLED := $(HOST_LIB) $(HOST_SO) $(O)/bin/vitrine \
             $(foreach r,$(INSTALL_RUNTIMES),$(INSTALL_$(r)))
install: pc-files $(INSTALLED) ## micro-VMs: library, command, headers, guests; PREFIX=/usr/local
	$(call say,INSTALL,$(DESTDIR)$(PREFIX))
	$(Q)install -d $(addprefix $(DESTDIR),$(PREFIX)/bin $(LIBDIR)/pkgconfig $(INCLUDEDIR)/abi \
	    $(addprefix $(LIBDIR)/vitrine/,$(INSTALL_RUNTIMES)) $(MANDIR)/man1 $(MANDIR)/man3)
	$(Q)install -m 755 $(O)/bin/vitrine $(DESTDIR)$(PREFIX)/bin/
	$(Q)install -m 644 $(HOST_LIB) $(HOST_SO) $(DESTDIR)$(LIBDIR)/
	$(Q)ln -sf $(notdir $(HOST_SO)) $(DESTDIR)$(LIBDIR)/libvitrine.so
	$(Q)install -m 644 $(PC_FILES) $(DESTDIR)$(LIBDIR)/pkgconfig/
	$(Q)install -m 644 $(INSTALL_HEADERS) $(DESTDIR)$(INCLUDEDIR)/
	$(Q)install -m 644 $(INSTALL_ABI) $(DESTDIR)$(INCLUDEDIR)/abi/
	$(Q)install -D -m 644 -t $(DESTDIR)$(INCLUDEDIR)/wasm $(wildcard guest/wasm/include/*.h)
	$(Q)$(foreach r,$(INSTALL_RUNTIMES),\
	    install -m 644 $(INSTALL_$(r)) $(DESTDIR)$(LIBDIR)/vitrine/$(r)/ &&) true
	$(Q)install -d $(DESTDIR)$(PREFIX)/share/bash-completion/completions
	$(Q)$(O)/bin/vitrine completion \
	    >$(DESTDIR)$(PREFIX)/share/bash-completion/completions/vitrine
	$(Q)scripts/install-man $(DESTDIR)$(MANDIR) $(MAN_PAGES)
