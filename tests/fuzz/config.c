/* .redflag.yml. Either rules that are whole, or a sentence that names the file. */
#include "fuzz.h"

#include "finding/tag.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rf_config config;
	struct rf_error err = { 0 };
	rf_arena arena;
	rf_arena_init(&arena, 0);
	int rc = rf_config_parse((rf_str){ (const char *)data, size }, "dir/.redflag.yml", &arena, &config, &err);
	if (rc) {
		must_say(rc, &err);
		MUST(strstr(err.text, "dir/.redflag.yml"));
		MUST(config.tag_rule_count == 0);
	}
	for (uint32_t i = 0; i < config.tag_rule_count; i++) {
		MUST(config.tag_rules[i].pattern.len > 0 && config.tag_rules[i].tag.len > 0);
		rf_str_glob(config.tag_rules[i].pattern, RF_STR("example.com/shop.(*Cart).Add.func"));
	}
	for (uint32_t i = 0; i < config.sink_count; i++) {
		MUST(config.sinks[i].name.len > 0 && config.sinks[i].timeout_ns <= (uint64_t)RF_SINK_TIMEOUT_MAX_S * 1000000000u);
		rf_sink_wants(&config.sinks[i], RF_STR("data-race"), RF_STR("shop"), RF_SEVERITY_HIGH);
	}
	rf_arena_release(&arena);
	return 0;
}
