# redflag: build, test, install. `make help` lists the targets; everything built goes to build/.

PREFIX ?= /usr/local
DESTDIR ?=
CC ?= gcc
BUILD ?= build

VERSION := 0.1.0
CSTD := -std=c11 -D_GNU_SOURCE
WARN := -Wall -Wextra -Wvla -Wmissing-prototypes -Wwrite-strings -Wconversion
# Warnings end the build of tests and of CI, not of a release.
WERROR ?= $(if $(CI),-Werror,)
JOBS ?= $(shell nproc 2>/dev/null || echo 1)
CFLAGS ?= -O2 -g
INCLUDE := -Ireporter -I.
LIBS := -lsqlite3 -lyaml -lnettle -lmicrohttpd -lcurl -ldw -lelf -lz -lm -lpthread
DEFINES := -DRF_VERSION='"$(VERSION)"'

# make V=1 shows whole command lines.
Q := $(if $(V),,@)
say = $(if $(V),,@printf '  %-5s %s\n' $(1) $(2))

include reporter/sources.mk
include tests/tests.mk

.DEFAULT_GOAL := all
.PHONY: all help deps units check test bench demo install uninstall clean lint

all: $(BUILD)/bin/redflag $(BUILD)/compile_commands.json ## build the redflag command

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

deps: ## install what is missing (Debian and Ubuntu: apt)
	@ci/deps.sh

# --- the reporter: one library of all stages, one main --------------------------------------------------------
LIB_OBJECTS := $(REPORTER_SOURCES:%.c=$(BUILD)/obj/%.o) $(BUILD)/obj/embedded.o
MAIN_OBJECT := $(BUILD)/obj/reporter/cmd/main.o

# Said once, before a compiler says it less well.
$(BUILD)/.looked: ci/deps.sh
	@ci/deps.sh --look
	@mkdir -p $(@D)
	@touch $@

$(BUILD)/obj/%.o: %.c | $(BUILD)/.looked
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(CSTD) $(CFLAGS) $(WARN) $(WERROR) $(INCLUDE) $(DEFINES) -MMD -MP -c $< -o $@

# --- the agent: one translation unit, with the unwinder of the compiler's own library in it ---------------------------
AGENT := $(BUILD)/libredflag-agent.so
AGENT_FLAGS := -fPIC -shared -fvisibility=hidden -fexceptions -fno-builtin-malloc -static-libgcc -Wl,-z,now,-z,relro

$(AGENT): agent/agent.c | $(BUILD)/.looked
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(CC) $(CSTD) -O2 -g $(WARN) $(WERROR) -I. -MMD -MP -MT $@ -MF $@.d $(AGENT_FLAGS) -o $@.tmp $< && mv $@.tmp $@

# The files that the instrumented toolchain is made of travel inside the command, and so does the agent.
$(BUILD)/gen/embedded.S: ci/embed.sh reporter/sources.mk $(EMBEDDED_FILES) $(AGENT)
	@mkdir -p $(@D)
	$(Q)ci/embed.sh $(EMBEDDED_FILES) agent/$(notdir $(AGENT))=$(AGENT) > $@.tmp && mv $@.tmp $@

$(BUILD)/obj/embedded.o: $(BUILD)/gen/embedded.S
	@mkdir -p $(@D)
	$(call say,AS,$<)
	$(Q)$(CC) -I. -c $< -o $@

$(BUILD)/bin/redflag: $(MAIN_OBJECT) $(LIB_OBJECTS)
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) -o $@ $^ $(LDFLAGS) $(LIBS)

$(BUILD)/compile_commands.json: Makefile reporter/sources.mk tests/tests.mk
	@mkdir -p $(@D)
	@{ sep='['; for f in $(REPORTER_SOURCES) reporter/cmd/main.c $(UNIT_TESTS:%=tests/unit/%_test.c); do \
		printf '%s\n{"directory": "%s", "file": "%s", "arguments": ["cc", "-std=c11", "-D_GNU_SOURCE", "-Ireporter", "-I.", "-c", "%s"]}' \
			"$$sep" "$(CURDIR)" "$$f" "$$f"; sep=,; done; printf '\n]\n'; } > $@

# --- unit tests: one cmocka program a module, built with the sanitizers ----------------------------------------
SAN_FLAGS := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
SAN_OBJECTS := $(REPORTER_SOURCES:%.c=$(BUILD)/san/%.o)
UNIT_PROGRAMS := $(UNIT_TESTS:%=$(BUILD)/unit/%)

$(BUILD)/san/%.o: %.c
	@mkdir -p $(@D)
	$(call say,CC,"$< (sanitized)")
	$(Q)$(CC) $(CSTD) $(SAN_FLAGS) $(WARN) -Werror $(INCLUDE) $(DEFINES) -MMD -MP -c $< -o $@

$(BUILD)/unit/%: $(BUILD)/san/tests/unit/%_test.o $(SAN_OBJECTS) $(BUILD)/obj/embedded.o
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(CC) $(SAN_FLAGS) -o $@ $^ $(LIBS) -lcmocka

# --- programs that only measuring needs --------------------------------------------------------------------------
$(BUILD)/bench/fill: $(BUILD)/obj/tests/bench/fill.o $(BUILD)/obj/tests/bench/fill_reports.o $(LIB_OBJECTS)
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) -o $@ $^ $(LDFLAGS) $(LIBS)

# The whole command with the sanitizers, to be attacked.
$(BUILD)/san/redflag: $(BUILD)/san/reporter/cmd/main.o $(SAN_OBJECTS) $(BUILD)/obj/embedded.o
	$(call say,LINK,$@)
	$(Q)$(CC) $(SAN_FLAGS) -o $@ $^ $(LIBS)

# It makes allocations and calls of SQLite fail.
FAULT_CALLS := malloc calloc realloc strdup sqlite3_step sqlite3_exec sqlite3_prepare_v2 sqlite3_prepare_v3 sqlite3_open_v2 \
	sqlite3_bind_text sqlite3_bind_text64
$(BUILD)/unit/call_faults: LIBS += $(FAULT_CALLS:%=-Wl,--wrap=%)

# A process that is over as soon as it is asked for.
$(BUILD)/unit/session_spool: LIBS += -Wl,--wrap=rf_process_over

$(BUILD)/bench/gc_wait: $(BUILD)/obj/tests/bench/gc_wait.o $(LIB_OBJECTS)
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) -o $@ $^ $(LDFLAGS) $(LIBS)

$(BUILD)/bench/floor: $(BUILD)/obj/tests/bench/floor.o
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) -o $@ $^ $(LDFLAGS) -lsqlite3

.SECONDARY:

units: $(UNIT_PROGRAMS) $(BUILD)/san/redflag

# What is missing is installed first, then everything is built side by side.
check: deps ## quick tier: lint, unit and corpus tests under ASan and UBSan
	@$(MAKE) --no-print-directory -j$(JOBS) all units
	@$(MAKE) --no-print-directory lint
	@tests/run-units.sh $(UNIT_PROGRAMS)

lint: ## house rules: banned functions, stages, shell
	@ci/lint.sh

test: check ## everything a user needs to believe in
	@tests/run-all.sh

bench: deps ## ratios against the alternatives
	@$(MAKE) --no-print-directory -j$(JOBS) all
	@tests/bench.sh
	@tests/bench/speed.sh
	@tests/bench/hooks.sh
	@tests/bench/kinds.sh
	@tests/bench/stream.sh 1000 100000
	@tests/bench/store.sh
	@tests/bench/serve.sh

demo: ## a sample module with real bugs, from the test run to the summary
	@ci/deps.sh --build
	@$(MAKE) --no-print-directory -j$(JOBS) all
	@ci/demo.sh

# Man page and completion come from the command table.
$(BUILD)/share/redflag.1: $(BUILD)/bin/redflag
	@mkdir -p $(@D)
	$< help --man > $@.tmp && mv $@.tmp $@

$(BUILD)/share/redflag.bash: $(BUILD)/bin/redflag
	@mkdir -p $(@D)
	$< help --completion bash > $@.tmp && mv $@.tmp $@

install: all $(BUILD)/share/redflag.1 $(BUILD)/share/redflag.bash ## install under PREFIX (default /usr/local), honours DESTDIR
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share/man/man1 \
		$(DESTDIR)$(PREFIX)/share/bash-completion/completions
	install -m 755 $(BUILD)/bin/redflag $(DESTDIR)$(PREFIX)/bin/redflag
	install -m 644 $(BUILD)/share/redflag.1 $(DESTDIR)$(PREFIX)/share/man/man1/redflag.1
	install -m 644 $(BUILD)/share/redflag.bash $(DESTDIR)$(PREFIX)/share/bash-completion/completions/redflag

uninstall: ## remove what install put there
	rm -f $(DESTDIR)$(PREFIX)/bin/redflag $(DESTDIR)$(PREFIX)/share/man/man1/redflag.1 \
		$(DESTDIR)$(PREFIX)/share/bash-completion/completions/redflag

clean: ## remove build/
	rm -rf $(BUILD)

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
