coldca_unit_test(ca_plan_test LAYERS ca)
coldca_unit_test(ca_config_test LAYERS ca)
coldca_unit_test(ca_parallel_test LAYERS ca)
