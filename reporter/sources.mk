# Every source of the reporter but main.c, stage by stage, in the order in which a stage may include another.
REPORTER_SOURCES := \
	reporter/base/str.c \
	reporter/base/arena.c \
	reporter/base/error.c \
	reporter/model/report.c \
	reporter/read/racetext.c \
	reporter/read/test2json.c \
	reporter/finding/canon.c \
	reporter/finding/stdlib.c \
	reporter/finding/operation.c \
	reporter/finding/side.c \
	reporter/finding/fingerprint.c \
	reporter/cmd/options.c \
	reporter/cmd/help.c \
	reporter/cmd/help_cmd.c \
	reporter/cmd/commands.c

# Files that `redflag toolchain` writes into the overlay; they are part of its cache key.
EMBEDDED_FILES := \
	tsan-glue/spool_format.h
