#include "alert/send.h"

#include <curl/curl.h>
#include <nettle/hmac.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"

#define CONNECT_TIMEOUT_MAX_MS 5000
#define RETRY_AFTER_MAX_S 3600 /* an endpoint that asks for more is asked again all the same */

static size_t drop_answer(char *bytes, size_t size, size_t count, void *context)
{
	(void)bytes, (void)context;
	return size * count;
}

static int on_progress(void *context, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
	const struct rf_send_webhook *h = context;
	(void)a, (void)b, (void)c, (void)d;
	return h->stop && h->stop(h->context) ? 1 : 0;
}

static struct curl_slist *append(struct curl_slist *list, const char *line, bool *failed)
{
	struct curl_slist *longer = curl_slist_append(list, line);
	*failed |= !longer;
	return longer ? longer : list;
}

static void put_signature(char *out, size_t bytes, rf_str secret, rf_str body)
{
	struct hmac_sha256_ctx hmac;
	uint8_t digest[SHA256_DIGEST_SIZE];
	char hex[2 * SHA256_DIGEST_SIZE];
	hmac_sha256_set_key(&hmac, secret.len, (const uint8_t *)secret.ptr);
	hmac_sha256_update(&hmac, body.len, (const uint8_t *)body.ptr);
	hmac_sha256_digest(&hmac, sizeof(digest), digest);
	rf_hex_put(hex, digest, sizeof(digest));
	snprintf(out, bytes, "X-Redflag-Signature: sha256=%.*s", (int)sizeof(hex), hex);
}

static struct curl_slist *make_headers(const struct rf_send_webhook *h, bool *failed)
{
	char line[256];
	struct curl_slist *list = append(NULL, "Content-Type: application/json", failed);
	list = append(list, "User-Agent: redflag/" RF_VERSION, failed);
	list = append(list, "Expect:", failed); /* no waiting for 100 Continue */
	snprintf(line, sizeof(line), "Idempotency-Key: %.*s", RF_STR_ARG(h->key));
	list = append(list, line, failed);
	if (h->secret.len) {
		put_signature(line, sizeof(line), h->secret, h->body);
		list = append(list, line, failed);
	}
	for (size_t i = 0; h->headers && h->headers[i]; i++)
		list = append(list, h->headers[i], failed);
	return list;
}

static bool set_options(CURL *c, const struct rf_send_webhook *h, const struct curl_slist *headers)
{
	long timeout_ms = (long)(h->timeout_ns / 1000000u), connect_ms = timeout_ms;
	if (connect_ms > CONNECT_TIMEOUT_MAX_MS)
		connect_ms = CONNECT_TIMEOUT_MAX_MS;
	CURLcode rc = curl_easy_setopt(c, CURLOPT_URL, h->url);
#if LIBCURL_VERSION_NUM >= 0x075500
	rc |= curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
#else
	rc |= curl_easy_setopt(c, CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
	rc |= curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	rc |= curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
	rc |= curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 1L);
	rc |= curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 2L);
	rc |= curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, timeout_ms);
	rc |= curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, connect_ms);
	rc |= curl_easy_setopt(c, CURLOPT_POST, 1L);
	rc |= curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)h->body.len);
	rc |= curl_easy_setopt(c, CURLOPT_POSTFIELDS, h->body.ptr);
	rc |= curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers);
	rc |= curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, drop_answer);
	rc |= curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L);
	rc |= curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, on_progress);
	rc |= curl_easy_setopt(c, CURLOPT_XFERINFODATA, (void *)(uintptr_t)h);
	return rc == CURLE_OK;
}

/* Without the address in it: that may be a secret. */
static void judge_failure(CURLcode rc, uint64_t timeout_ns, struct rf_attempt *out)
{
	bool permanent = rc == CURLE_URL_MALFORMAT || rc == CURLE_UNSUPPORTED_PROTOCOL;
	if (rc == CURLE_OPERATION_TIMEDOUT)
		rf_attempt_fail(out, false, "No answer within %llu ms.", (unsigned long long)(timeout_ns / 1000000u));
	else if (rc == CURLE_ABORTED_BY_CALLBACK)
		rf_attempt_fail(out, false, "Stopped while waiting for the answer.");
	else if (permanent)
		rf_attempt_fail(out, true, "The address is no http:// or https:// address (%s).", curl_easy_strerror(rc));
	else
		rf_attempt_fail(out, false, "No answer (%s).", curl_easy_strerror(rc));
}

static void judge_answer(CURL *c, struct rf_attempt *out)
{
	long status = 0;
	curl_off_t after = 0;
	curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(c, CURLINFO_RETRY_AFTER, &after);
	if (status >= 200 && status < 300)
		return;
	bool again = status == 408 || status == 425 || status == 429 || status >= 500;
	if (status >= 300 && status < 400)
		rf_attempt_fail(out, true, "The answer was a redirect (%ld), which is not followed; configure the address behind it.", status);
	else
		rf_attempt_fail(out, !again, "The answer was status %ld.", status);
	if (again && after > 0)
		out->retry_after_ns = (uint64_t)(after > RETRY_AFTER_MAX_S ? RETRY_AFTER_MAX_S : after) * 1000000000u;
}

void rf_send_webhook(const struct rf_send_webhook *h, struct rf_attempt *out)
{
	bool failed = false;
	*out = (struct rf_attempt){ .done = true };
	CURL *c = curl_easy_init();
	struct curl_slist *headers = c ? make_headers(h, &failed) : NULL;
	if (!c || failed || !set_options(c, h, headers)) {
		rf_attempt_fail(out, false, "Out of memory while preparing the request.");
	} else {
		CURLcode rc = curl_easy_perform(c);
		if (rc == CURLE_OK)
			judge_answer(c, out);
		else
			judge_failure(rc, h->timeout_ns, out);
	}
	curl_slist_free_all(headers);
	curl_easy_cleanup(c);
}
