# Every source of the reporter but main.c, stage by stage, in the order in which a stage may include another.
REPORTER_SOURCES := \
	reporter/base/str.c \
	reporter/base/arena.c \
	reporter/base/error.c \
	reporter/model/report.c \
	reporter/read/racetext.c \
	reporter/read/test2json.c \
	reporter/read/spool_record.c \
	reporter/read/spool_decode.c \
	reporter/read/spool_read.c \
	reporter/finding/canon.c \
	reporter/finding/stdlib.c \
	reporter/finding/operation.c \
	reporter/finding/side.c \
	reporter/finding/fingerprint.c \
	reporter/store/timestamp.c \
	reporter/store/clean_text.c \
	reporter/store/schema.c \
	reporter/store/statements.c \
	reporter/store/database.c \
	reporter/store/store.c \
	reporter/store/rows.c \
	reporter/store/finding_rows.c \
	reporter/store/event_rows.c \
	reporter/store/query.c \
	reporter/store/report_rows.c \
	reporter/store/process_linux.c \
	reporter/store/session.c \
	reporter/store/session_store.c \
	reporter/store/session_spool.c \
	reporter/cmd/options.c \
	reporter/cmd/help.c \
	reporter/cmd/help_cmd.c \
	reporter/cmd/commands.c

# Files that `redflag toolchain` writes into the overlay; they are part of its cache key.
EMBEDDED_FILES := \
	runtime-patch/anchors.txt \
	runtime-patch/go/runtime/redflag_race.go \
	runtime-patch/go/runtime/redflag_norace.go \
	runtime-patch/go/runtime/pprof/redflag.go \
	runtime-patch/go/testing/redflag_race.go \
	runtime-patch/go/testing/redflag_norace.go \
	tsan-glue/renames.txt \
	tsan-glue/probe.c \
	tsan-glue/spool_format.h \
	tsan-glue/crc32c.h \
	tsan-glue/report_layout.h \
	tsan-glue/runtime_abi.h \
	tsan-glue/lock.h \
	tsan-glue/counters.h \
	tsan-glue/options.h \
	tsan-glue/spool.h \
	tsan-glue/goroutines.h \
	tsan-glue/owners.h \
	tsan-glue/globals.h \
	tsan-glue/symbols.h \
	tsan-glue/switches.h \
	tsan-glue/report.h \
	tsan-glue/process.h \
	tsan-glue/glue.c \
	tsan-glue/options.c \
	tsan-glue/spool.c \
	tsan-glue/goroutines.c \
	tsan-glue/owners.c \
	tsan-glue/globals.c \
	tsan-glue/symbols.c \
	tsan-glue/switches.c \
	tsan-glue/report.c \
	tsan-glue/process.c
