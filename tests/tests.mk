# One cmocka program a module: tests/unit/<name>_test.c.
UNIT_TESTS := agent agent_memory agent_day agent_decode agent_events agent_counters symbolizer spool_agent native profiles flame glue glue_dwarf glue_faults glue_pool glue_growth glue_finding glue_views glue_exit glue_cgo str arena error report test2json racetext canon class fingerprint tag spool_read corpus \
	spool_damage anchors goflags objprint pclntab upkeep merge store_faults call_faults \
	suppressions gorace noise alerts alert_document duplicates gate store classes stack_rows tally halves views search search_text stream_id kept_text session session_spool results retries options stream trace log_writes text export timeline source occurrence growth growth_store serve answer suppression_file overview
