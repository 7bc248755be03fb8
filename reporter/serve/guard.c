#include "serve/guard.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/random.h>

#define PORT_MAX 65535

static int make_secret(char *out, struct rf_error *err)
{
	unsigned char bytes[RF_SECRET_DIGITS / 2];
	if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
		return rf_fail(err, RF_ERR_IO, "The system gives no random numbers: %s.", strerror(errno));
	rf_hex_put(out, bytes, sizeof(bytes));
	out[RF_SECRET_DIGITS] = '\0';
	return 0;
}

int rf_secrets_make(struct rf_secrets *out, struct rf_error *err)
{
	int rc = make_secret(out->token, err);
	if (rc == 0)
		rc = make_secret(out->session, err);
	return rc < 0 ? rc : make_secret(out->form, err);
}

bool rf_secret_eq(rf_str given, const char *secret)
{
	unsigned char different = 0;
	if (given.len != RF_SECRET_DIGITS)
		return false;
	for (size_t i = 0; i < RF_SECRET_DIGITS; i++)
		different |= (unsigned char)(given.ptr[i] ^ secret[i]);
	return different == 0;
}

/* --- addresses --------------------------------------------------------------------------------------------------- */

/* Host and port of HOST:PORT, [HOST]:PORT, HOST. */
static rf_str split_port(rf_str text, rf_str *port)
{
	*port = (rf_str){ NULL, 0 };
	if (rf_str_starts(text, "[")) {
		ptrdiff_t end = rf_str_find(text, ']');
		rf_str rest = rf_str_skip(text, (size_t)(end + 1));
		if (end < 0)
			return RF_STR("");
		if (rf_str_starts(rest, ":"))
			*port = rf_str_skip(rest, 1);
		else if (rest.len)
			return RF_STR("");
		return rf_str_skip(rf_str_take(text, (size_t)end), 1);
	}
	ptrdiff_t colon = rf_str_find(text, ':');
	if (colon < 0)
		return text;
	*port = rf_str_skip(text, (size_t)colon + 1);
	return rf_str_take(text, (size_t)colon);
}

/* 127.0.0.0/8 and ::1, and the name that stands for both. */
static bool is_loopback(rf_str host, struct in_addr *four, bool *six)
{
	char text[INET_ADDRSTRLEN];
	*six = rf_str_eq_cstr(host, "::1");
	if (rf_str_eq_cstr(host, "localhost")) {
		four->s_addr = htonl(INADDR_LOOPBACK);
		return true;
	}
	if (*six)
		return true;
	if (host.len == 0 || host.len >= sizeof(text))
		return false;
	memcpy(text, host.ptr, host.len);
	text[host.len] = '\0';
	return inet_pton(AF_INET, text, four) == 1 && ntohl(four->s_addr) >> 24 == 127;
}

int rf_guard_address(const char *text, struct sockaddr_storage *out, socklen_t *bytes, struct rf_error *err)
{
	rf_str port, all = rf_str_from(text), host = split_port(all, &port);
	struct in_addr four = { 0 };
	uint64_t number = 0;
	bool six = false;
	if (!port.ptr && rf_str_u64(all, &number)) {
		port = all;
		host = RF_STR("127.0.0.1");
	}
	if (!port.ptr)
		port = RF_STR("7878");
	if (!rf_str_u64(port, &number) || number > PORT_MAX)
		return rf_fail(err, RF_ERR_USAGE, "\"%s\" is no address; write --addr 127.0.0.1:7878, with 0 for any free port.",
			       text);
	if (!is_loopback(host, &four, &six))
		return rf_fail(err, RF_ERR_USAGE, "\"%s\" is not an address of this machine alone; redflag serves 127.0.0.1, [::1] and "
			       "localhost only. To read it from elsewhere, forward the port: ssh -L 7878:127.0.0.1:7878 HOST.", text);
	*out = (struct sockaddr_storage){ 0 };
	if (six) {
		struct sockaddr_in6 a = { .sin6_family = AF_INET6, .sin6_port = htons((uint16_t)number),
					  .sin6_addr = IN6ADDR_LOOPBACK_INIT };
		memcpy(out, &a, *bytes = sizeof(a));
	} else {
		struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons((uint16_t)number), .sin_addr = four };
		memcpy(out, &a, *bytes = sizeof(a));
	}
	return 0;
}

/* --- headers ----------------------------------------------------------------------------------------------------- */

bool rf_guard_host(rf_str host)
{
	struct in_addr four;
	uint64_t number;
	bool six;
	rf_str port, name = split_port(host, &port);
	return is_loopback(name, &four, &six) && (!port.ptr || (rf_str_u64(port, &number) && number <= PORT_MAX));
}

bool rf_guard_origin(rf_str origin, rf_str fetch_site, rf_str host)
{
	if (fetch_site.ptr && !rf_str_eq_cstr(fetch_site, "same-origin") && !rf_str_eq_cstr(fetch_site, "none"))
		return false;
	if (!origin.ptr)
		return true;
	return rf_str_starts(origin, "http://") && rf_str_eq(rf_str_skip(origin, sizeof("http://") - 1), host);
}

rf_str rf_guard_cookie(rf_str header, const char *name)
{
	while (header.len) {
		rf_str value = rf_str_trim(rf_str_cut(&header, ';')), key = rf_str_cut(&value, '=');
		if (rf_str_eq_cstr(key, name))
			return value;
	}
	return (rf_str){ NULL, 0 };
}
