/* Who may ask, and who may write: decisions about headers and addresses, each a function of its arguments.
 *
 * The server answers this machine alone. A page of another site that runs in a browser on this machine can reach it too, so:
 * the Host header must name a loopback address (against DNS rebinding: the other site's name that suddenly points here); and
 * whoever writes must bring a cookie that only the printed token gives, a second secret from the form, and an Origin of ours.
 */
#ifndef RF_SERVE_GUARD_H
#define RF_SERVE_GUARD_H

#include <netinet/in.h>
#include <sys/socket.h>

#include "base/arena.h"
#include "base/error.h"

#define RF_SECRET_DIGITS 32 /* 128 bits, hexadecimal */

struct rf_secrets { /* made anew with each start */
	char token[RF_SECRET_DIGITS + 1];   /* printed for the user; gives the cookie */
	char session[RF_SECRET_DIGITS + 1]; /* the cookie's value */
	char form[RF_SECRET_DIGITS + 1];    /* stands in each form */
};
int rf_secrets_make(struct rf_secrets *out, struct rf_error *err);
/* Takes the same time wherever they differ. */
bool rf_secret_eq(rf_str given, const char *secret);

/* "127.0.0.1:7878", "localhost:0", "[::1]:7878", or a port alone. RF_ERR_USAGE when it is none, or isn't loopback. */
int rf_guard_address(const char *text, struct sockaddr_storage *out, socklen_t *bytes, struct rf_error *err);

/* Is it a loopback name, with any port? */
bool rf_guard_host(rf_str host);
/* May a POST with these headers have come from a page of ours? `origin` and `fetch_site` have ptr NULL when they are missing, which
 * is fine: programs send neither, and browsers that lack Sec-Fetch-Site send Origin. `host` was checked already. */
bool rf_guard_origin(rf_str origin, rf_str fetch_site, rf_str host);
/* The value of a cookie in a Cookie header; ptr NULL when it isn't there. */
rf_str rf_guard_cookie(rf_str header, const char *name);

#endif
