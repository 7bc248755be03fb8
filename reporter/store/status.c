#include "store/status.h"

static const char *const names[] = {
	[RF_STATUS_NEW] = "new",
	[RF_STATUS_BASELINE] = "baseline",
	[RF_STATUS_RECURRING] = "recurring",
	[RF_STATUS_REGRESSED] = "regressed",
	[RF_STATUS_RESOLVED] = "resolved",
	[RF_STATUS_DUPLICATE] = "duplicate",
	[RF_STATUS_SUPPRESSED] = "suppressed",
};
_Static_assert(sizeof(names) / sizeof(names[0]) == RF_STATUS_COUNT, "one name a state");

const char *rf_status_name(enum rf_status status)
{
	return names[status];
}

enum rf_status rf_status_from_name(rf_str name)
{
	enum rf_status status = 0;
	while (status < RF_STATUS_COUNT && !rf_str_eq_cstr(name, names[status]))
		status++;
	return status;
}

bool rf_status_is_open(enum rf_status status)
{
	return status == RF_STATUS_NEW || status == RF_STATUS_BASELINE || status == RF_STATUS_RECURRING || status == RF_STATUS_REGRESSED;
}

int rf_status_check(const char *name, struct rf_error *err)
{
	if (!name || rf_status_from_name(rf_str_from(name)) != RF_STATUS_COUNT)
		return 0;
	return rf_fail(err, RF_ERR_USAGE, "There is no status %s; there are " RF_STATUS_LIST("and") ".", name);
}
