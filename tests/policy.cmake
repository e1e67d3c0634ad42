add_library(coldca_judge_case STATIC support/judge_case.c)
target_include_directories(coldca_judge_case PUBLIC support)
target_link_libraries(coldca_judge_case PUBLIC coldca_policy coldca_csr_maker PkgConfig::CMOCKA)

coldca_unit_test(policy_judge_test LAYERS judge_case policy)
coldca_unit_test(policy_rules_test LAYERS judge_case policy)
coldca_unit_test(policy_drop_test LAYERS judge_case policy)
coldca_unit_test(policy_files_test LAYERS policy)
coldca_unit_test(policy_load_test LAYERS policy)
coldca_unit_test(policy_screen_test LAYERS policy)
coldca_unit_test(policy_reference_test LAYERS policy)

coldca_fuzz_target(policy LAYERS policy SEEDS ${CMAKE_SOURCE_DIR}/policies)
