/* Errors of our own process: a negative enum rf_err as the result, and one complete sentence that says what to do.
 *
 * A function that can fail returns 0 or a negative enum rf_err, and takes a `struct rf_error *` as its last
 * argument, which it fills when it fails. rf_fail sets both: `return rf_fail(err, RF_ERR_IO, "cannot …", …);`
 * A sentence that is already there is kept as the cause: "outer: inner" is made by rf_fail_again.
 */
#ifndef RF_BASE_ERROR_H
#define RF_BASE_ERROR_H

enum rf_err {
	RF_OK = 0,
	RF_ERR_IO = -1,       /* the system refused: file, pipe, process */
	RF_ERR_INPUT = -2,    /* bad input: what could be read was read */
	RF_ERR_VERSION = -3,  /* a format, database or Go version that this program doesn't know */
	RF_ERR_MEMORY = -4,   /* memory, or a bound, ran out */
	RF_ERR_USAGE = -5,    /* the command line is wrong */
	RF_ERR_DATABASE = -6, /* SQLite said no */
	RF_ERR_MISSING = -7,  /* something that has to be installed, or a row that isn't there */
};

#define RF_ERROR_BYTES_MAX 1024 /* longer sentences are cut */

struct rf_error {
	enum rf_err code;
	char text[RF_ERROR_BYTES_MAX];
};

__attribute__((format(printf, 3, 4))) int rf_fail(struct rf_error *err, enum rf_err code, const char *format, ...);
/* Puts "…: " before the sentence that `err` already holds; keeps and returns its code. */
__attribute__((format(printf, 2, 3))) int rf_fail_again(struct rf_error *err, const char *format, ...);

#endif
