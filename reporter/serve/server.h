/* The server: sockets, threads and limits around rf_answer.
 *
 *	rf_server_start -> rf_server_tend, some times a second -> rf_server_stop
 *
 * libmicrohttpd does HTTP, on RF_STORES_MAX threads of its own. Signals should be blocked before the start, so that these threads
 * don't take them. Bounds: the constants below. A client that dawdles is cut off, whether it sends a byte now and then or
 * nothing; when most places are taken, slow ones go sooner, so that a flood of them leaves room.
 */
#ifndef RF_SERVE_SERVER_H
#define RF_SERVE_SERVER_H

#include "serve/page.h"

#define RF_SERVER_CONNECTIONS_MAX 64
#define RF_SERVER_HEAD_BYTES_MAX ((size_t)16 << 10) /* request line and headers, and what the library needs beside them */
#define RF_SERVER_BODY_BYTES_MAX ((size_t)64 << 10)
/* More than either is refused at once: with 250 parameters, or 100 and 10 KB, the library has no memory left to answer with. */
#define RF_SERVER_URI_BYTES_MAX 8000
#define RF_SERVER_PARAMETERS_MAX 100
#define RF_SERVER_IDLE_S 10             /* without a byte */
#define RF_SERVER_REQUEST_S 30          /* from the first byte of a request to the last of its answer */
#define RF_SERVER_REQUEST_CROWDED_S 2   /* the same when three quarters of the connections are taken */

struct rf_server; /* opaque */
/* `site` must stay; RF_ERR_USAGE for an address that isn't loopback, RF_ERR_IO when it is in use. */
int rf_server_start(struct rf_server **out, const struct rf_site *site, const char *address, struct rf_error *err);
const char *rf_server_url(const struct rf_server *s); /* "http://127.0.0.1:7878/" */
/* Cuts off who takes too long. */
void rf_server_tend(struct rf_server *s);
void rf_server_stop(struct rf_server *s); /* NULL is fine; answers that are being made are finished */

#endif
