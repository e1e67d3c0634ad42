coldca_unit_test(policy_load_test LAYERS policy)

coldca_fuzz_target(policy LAYERS policy SEEDS ${CMAKE_SOURCE_DIR}/policies)
