/* From a request to a reply, without a socket: who may ask, which page, and what goes wrong on the way. Thread safe. */
#ifndef RF_SERVE_ANSWER_H
#define RF_SERVE_ANSWER_H

#include "serve/routes.h"
#include "serve/stores.h"

struct rf_request { /* headers that are missing have ptr NULL */
	enum rf_method method;
	rf_str uri;       /* as it came: path and query */
	rf_str host, origin, fetch_site, cookie, content_type;
	rf_str body;
	bool body_too_long;
};

struct rf_reply {
	unsigned status;
	struct rf_buf body;    /* the caller releases it */
	const char *content_type, *allow; /* allow: NULL none */
	char location[64];     /* "" none */
	char set_cookie[128];  /* "" none */
	bool keep;             /* may be kept by the browser; everything else is not stored */
};

struct rf_answerer {
	const struct rf_site *site;
	struct rf_stores *stores;
	char cookie_name[32];  /* with the port: cookies don't tell ports apart */
};

void rf_answer(const struct rf_answerer *a, const struct rf_request *request, struct rf_reply *reply);

#endif
