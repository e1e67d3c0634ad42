# SPDX-License-Identifier: Apache-2.0
# A person at a pseudo-terminal, for the tests that ask questions.
add_library(coldca_test_person STATIC support/person.c)
target_include_directories(coldca_test_person PUBLIC support)
target_link_libraries(coldca_test_person PUBLIC coldca_base PkgConfig::CMOCKA)

coldca_unit_test(ui terminal LIBRARIES coldca_test_person)
coldca_unit_test(ui table LIBRARIES coldca_test_person)
coldca_unit_test(ui fit)
coldca_unit_test(ui qr)
coldca_unit_test(ui review LIBRARIES coldca_test_person)
