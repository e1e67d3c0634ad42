# SPDX-License-Identifier: Apache-2.0
coldca_unit_test(records revoked LAYERS cert_maker)
coldca_unit_test(records types)
coldca_unit_test(records ceremony_order)
coldca_unit_test(records verify LAYERS fake_token)

add_library(coldca_approver STATIC support/approver.c)
target_include_directories(coldca_approver PUBLIC support)
target_link_libraries(coldca_approver PUBLIC coldca_records PkgConfig::CMOCKA)
coldca_unit_test(records control LAYERS approver)
coldca_unit_test(records approval LAYERS approver)
coldca_unit_test(records plan_file)
coldca_fuzz_target(plan LAYERS records)
