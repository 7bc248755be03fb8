#include "serve/server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "serve/answer.h"

struct exchange { /* a request while it comes */
	char *uri;
	struct rf_buf body;
	bool begun, too_long;
};

struct place { /* of a connection */
	struct rf_server *server;
	int fd;           /* -1: free */
	uint64_t since_ns; /* monotonic: when it came, or its last answer was done */
	/* Of the request that comes. The library doesn't tell the end of a request that it refuses by itself (too many headers or
	 * parameters), so it is freed with the next one, or with the connection. Its thread's alone. */
	struct exchange *exchange;
};

struct rf_server {
	const struct rf_site *site;
	struct rf_stores stores;
	struct rf_answerer answerer;
	struct MHD_Daemon *daemon;
	int listener;
	char url[64];
	pthread_mutex_t lock; /* of places */
	struct place places[RF_SERVER_CONNECTIONS_MAX];
};

/* --- places: who is connected since when ------------------------------------------------------------------------- */

static void take_place(struct rf_server *s, struct MHD_Connection *connection, void **socket_context)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	pthread_mutex_lock(&s->lock);
	for (size_t i = 0; info && i < RF_SERVER_CONNECTIONS_MAX; i++) {
		struct place *p = &s->places[i];
		if (p->fd >= 0)
			continue;
		*p = (struct place){ .server = s, .fd = info->connect_fd, .since_ns = rf_monotonic_ns() };
		*socket_context = p;
		break;
	}
	pthread_mutex_unlock(&s->lock);
}

static void free_exchange(struct place *p)
{
	if (!p->exchange)
		return;
	rf_buf_release(&p->exchange->body);
	free(p->exchange->uri);
	free(p->exchange);
	p->exchange = NULL;
}

/* The library tells of the end before it closes the descriptor, so a place never names somebody else's. */
static void on_connection(void *context, struct MHD_Connection *connection, void **socket_context,
			  enum MHD_ConnectionNotificationCode code)
{
	struct rf_server *s = context;
	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		take_place(s, connection, socket_context);
	} else if (*socket_context) {
		free_exchange(*socket_context);
		pthread_mutex_lock(&s->lock);
		((struct place *)*socket_context)->fd = -1;
		pthread_mutex_unlock(&s->lock);
	}
}

static struct place *place_of(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	return info ? info->socket_context : NULL;
}

static void restart_place(struct place *p)
{
	pthread_mutex_lock(&p->server->lock);
	p->since_ns = rf_monotonic_ns();
	pthread_mutex_unlock(&p->server->lock);
}

void rf_server_tend(struct rf_server *s)
{
	size_t taken = 0;
	pthread_mutex_lock(&s->lock);
	uint64_t now = rf_monotonic_ns(); /* under the lock, as all of since_ns: none is later than this */
	for (size_t i = 0; i < RF_SERVER_CONNECTIONS_MAX; i++)
		taken += s->places[i].fd >= 0;
	uint64_t seconds = taken * 4 >= RF_SERVER_CONNECTIONS_MAX * 3 ? RF_SERVER_REQUEST_CROWDED_S : RF_SERVER_REQUEST_S;
	for (size_t i = 0; i < RF_SERVER_CONNECTIONS_MAX; i++) {
		const struct place *p = &s->places[i];
		/* The library sees the end of its input and output, and closes. */
		if (p->fd >= 0 && now > p->since_ns + seconds * 1000000000u)
			shutdown(p->fd, SHUT_RDWR);
	}
	pthread_mutex_unlock(&s->lock);
}

/* --- a request ---------------------------------------------------------------------------------------------------- */

static const char too_long[] =
	"HTTP/1.1 414 URI Too Long\r\nContent-Type: text/plain; charset=utf-8\r\nX-Content-Type-Options: nosniff\r\n"
	"Content-Security-Policy: default-src 'none'\r\nConnection: close\r\n\r\nThis address is too long, or has too many parameters.\n";

/* The library takes the memory of its own answers from where it notes each parameter. When that is full it says nothing, and waits
 * for the client to give up. So the answer is ours, past the library, which then sees that the connection has ended. */
static bool refuse_long(struct place *p, const char *uri)
{
	size_t count = 0;
	for (const char *at = strchr(uri, '?'); at && count <= RF_SERVER_PARAMETERS_MAX; at = strchr(at + 1, '&'))
		count++;
	if (count <= RF_SERVER_PARAMETERS_MAX && strlen(uri) <= RF_SERVER_URI_BYTES_MAX)
		return false;
	pthread_mutex_lock(&p->server->lock);
	if (p->fd >= 0 && send(p->fd, too_long, sizeof(too_long) - 1, MSG_NOSIGNAL | MSG_DONTWAIT) > 0)
		shutdown(p->fd, SHUT_RDWR);
	pthread_mutex_unlock(&p->server->lock);
	return true;
}

static void *on_uri(void *context, const char *uri, struct MHD_Connection *connection)
{
	struct place *p = place_of(connection);
	(void)context;
	if (!p)
		return NULL;
	free_exchange(p);
	if (refuse_long(p, uri))
		return NULL;
	p->exchange = calloc(1, sizeof(*p->exchange));
	if (p->exchange && !(p->exchange->uri = strdup(uri)))
		free_exchange(p);
	return p->exchange;
}

static void on_completed(void *context, struct MHD_Connection *connection, void **request_context,
			 enum MHD_RequestTerminationCode code)
{
	struct place *p = place_of(connection);
	(void)context;
	(void)code;
	*request_context = NULL;
	if (!p)
		return;
	restart_place(p);
	free_exchange(p);
}

static rf_str header(struct MHD_Connection *connection, const char *name)
{
	return rf_str_from(MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name));
}

static enum rf_method method_of(const char *name)
{
	if (strcmp(name, "GET") == 0 || strcmp(name, "HEAD") == 0)
		return RF_METHOD_GET;
	return strcmp(name, "POST") == 0 ? RF_METHOD_POST : RF_METHOD_OTHER;
}

/* The policy names what pages need; everything else is forbidden, scripts first of all. */
static const struct { const char *name, *value; } always[] = {
	{ "Content-Security-Policy", "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; "
				     "frame-ancestors 'none'; base-uri 'none'" },
	{ "X-Content-Type-Options", "nosniff" },
	{ "X-Frame-Options", "DENY" },
	{ "Referrer-Policy", "same-origin" }, /* with "no-referrer" browsers say "Origin: null" in our own forms */
	{ "Cross-Origin-Opener-Policy", "same-origin" },
	{ "Cross-Origin-Resource-Policy", "same-origin" },
};

static void add_if(struct MHD_Response *response, const char *name, const char *value)
{
	if (value && value[0])
		MHD_add_response_header(response, name, value);
}

static enum MHD_Result send_reply(struct MHD_Connection *connection, struct rf_reply *reply)
{
	rf_str body = rf_buf_str(&reply->body);
	if (reply->body.failed) {
		rf_buf_release(&reply->body);
		return MHD_NO;
	}
	struct MHD_Response *response = MHD_create_response_from_buffer(body.len, (void *)(uintptr_t)(body.len ? body.ptr : ""),
									MHD_RESPMEM_MUST_COPY);
	rf_buf_release(&reply->body);
	if (!response)
		return MHD_NO;
	for (size_t i = 0; i < sizeof(always) / sizeof(always[0]); i++)
		add_if(response, always[i].name, always[i].value);
	add_if(response, "Content-Type", reply->content_type);
	add_if(response, "Cache-Control", reply->keep ? "max-age=300" : "no-store");
	add_if(response, "Allow", reply->allow);
	add_if(response, "Location", reply->location);
	add_if(response, "Set-Cookie", reply->set_cookie);
	enum MHD_Result rc = MHD_queue_response(connection, reply->status, response);
	MHD_destroy_response(response);
	return rc;
}

static void take_body(struct exchange *x, const char *bytes, size_t *len)
{
	if (x->body.len + *len > RF_SERVER_BODY_BYTES_MAX)
		x->too_long = true;
	else
		rf_buf_put(&x->body, bytes, *len);
	*len = 0;
}

static bool is_announced_too_long(struct MHD_Connection *connection)
{
	rf_str length = header(connection, "Content-Length");
	uint64_t bytes;
	return length.ptr && (!rf_str_u64(length, &bytes) || bytes > RF_SERVER_BODY_BYTES_MAX);
}

static enum MHD_Result on_request(void *context, struct MHD_Connection *connection, const char *url, const char *method,
				  const char *version, const char *upload, size_t *upload_bytes, void **request_context)
{
	struct rf_server *s = context;
	struct exchange *x = *request_context;
	(void)url;
	(void)version;
	if (!x)
		return MHD_NO;
	if (*upload_bytes) {
		take_body(x, upload, upload_bytes);
		return MHD_YES;
	}
	if (!x->begun) {
		x->begun = true;
		x->too_long = is_announced_too_long(connection);
		if (!x->too_long)
			return MHD_YES; /* the body comes, if there is one */
	}
	struct rf_request request = {
		.method = method_of(method), .uri = rf_str_from(x->uri), .host = header(connection, "Host"),
		.origin = header(connection, "Origin"), .fetch_site = header(connection, "Sec-Fetch-Site"),
		.cookie = header(connection, "Cookie"), .content_type = header(connection, "Content-Type"),
		.body = rf_buf_str(&x->body), .body_too_long = x->too_long || x->body.failed,
	};
	struct rf_reply reply;
	rf_answer(&s->answerer, &request, &reply);
	return send_reply(connection, &reply);
}

/* --- start and stop ----------------------------------------------------------------------------------------------- */

static int open_listener(struct rf_server *s, const char *address, struct rf_error *err)
{
	struct sockaddr_storage a;
	socklen_t bytes = 0;
	char host[INET6_ADDRSTRLEN];
	int on = 1, rc = rf_guard_address(address, &a, &bytes, err);
	if (rc < 0)
		return rc;
	s->listener = socket(a.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (s->listener < 0)
		return rf_fail(err, RF_ERR_IO, "The system gives no socket: %s.", strerror(errno));
	setsockopt(s->listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(s->listener, (struct sockaddr *)&a, bytes) != 0 || listen(s->listener, SOMAXCONN) != 0 ||
	    getsockname(s->listener, (struct sockaddr *)&a, &bytes) != 0) {
		if (errno == EADDRINUSE)
			return rf_fail(err, RF_ERR_IO, "%s is in use, maybe by another redflag serve; name another with --addr, such "
				       "as --addr 127.0.0.1:0 for any free port.", address);
		return rf_fail(err, RF_ERR_IO, "Cannot listen on %s: %s.", address, strerror(errno));
	}
	bool six = a.ss_family == AF_INET6;
	in_port_t port = six ? ((struct sockaddr_in6 *)&a)->sin6_port : ((struct sockaddr_in *)&a)->sin_port;
	const void *raw = six ? (void *)&((struct sockaddr_in6 *)&a)->sin6_addr : (void *)&((struct sockaddr_in *)&a)->sin_addr;
	inet_ntop(a.ss_family, raw, host, sizeof(host));
	snprintf(s->url, sizeof(s->url), six ? "http://[%s]:%u/" : "http://%s:%u/", host, ntohs(port));
	snprintf(s->answerer.cookie_name, sizeof(s->answerer.cookie_name), "redflag_%u", ntohs(port));
	return 0;
}

static int start_daemon(struct rf_server *s, struct rf_error *err)
{
	s->daemon = MHD_start_daemon(
		MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_AUTO, 0, NULL, NULL, on_request, s,
		MHD_OPTION_LISTEN_SOCKET, s->listener,
		MHD_OPTION_THREAD_POOL_SIZE, (unsigned)RF_STORES_MAX,
		MHD_OPTION_CONNECTION_LIMIT, (unsigned)RF_SERVER_CONNECTIONS_MAX,
		MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)RF_SERVER_IDLE_S,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, RF_SERVER_HEAD_BYTES_MAX,
		MHD_OPTION_STRICT_FOR_CLIENT, 1,
		MHD_OPTION_URI_LOG_CALLBACK, on_uri, NULL,
		MHD_OPTION_NOTIFY_COMPLETED, on_completed, NULL,
		MHD_OPTION_NOTIFY_CONNECTION, on_connection, s,
		MHD_OPTION_END);
	if (!s->daemon)
		return rf_fail(err, RF_ERR_IO, "The server can't be started: %s.", strerror(errno));
	s->listener = -1; /* the daemon closes it */
	return 0;
}

int rf_server_start(struct rf_server **out, const struct rf_site *site, const char *address, struct rf_error *err)
{
	struct rf_server *s = calloc(1, sizeof(*s));
	if (!s)
		return rf_fail(err, RF_ERR_MEMORY, "Out of memory while starting the server.");
	s->site = site;
	s->listener = -1;
	s->answerer.site = site;
	s->answerer.stores = &s->stores;
	for (size_t i = 0; i < RF_SERVER_CONNECTIONS_MAX; i++)
		s->places[i].fd = -1;
	pthread_mutex_init(&s->lock, NULL);
	rf_stores_init(&s->stores, site->database, site->clock);
	int rc = open_listener(s, address, err);
	if (rc == 0)
		rc = start_daemon(s, err);
	if (rc < 0) {
		rf_server_stop(s);
		return rc;
	}
	*out = s;
	return 0;
}

const char *rf_server_url(const struct rf_server *s)
{
	return s->url;
}

void rf_server_stop(struct rf_server *s)
{
	if (!s)
		return;
	if (s->daemon)
		MHD_stop_daemon(s->daemon);
	if (s->listener >= 0)
		close(s->listener);
	rf_stores_release(&s->stores);
	pthread_mutex_destroy(&s->lock);
	free(s);
}
