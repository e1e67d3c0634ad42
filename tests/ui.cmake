# SPDX-License-Identifier: Apache-2.0
# A person at a pseudo-terminal, for the tests that ask questions.
add_library(coldca_test_person STATIC unit/ui_person.c)
target_link_libraries(coldca_test_person PUBLIC coldca_base PkgConfig::CMOCKA)

coldca_unit_test(ui_terminal_test LAYERS ui LIBRARIES coldca_test_person)
coldca_unit_test(ui_table_test LAYERS ui LIBRARIES coldca_test_person)
coldca_unit_test(ui_fit_test LAYERS ui)
coldca_unit_test(ui_qr_test LAYERS ui)
coldca_unit_test(ui_review_test LAYERS ui LIBRARIES coldca_test_person)
