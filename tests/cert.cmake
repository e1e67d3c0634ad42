# SPDX-License-Identifier: Apache-2.0
add_library(coldca_cert_maker STATIC support/cert_maker.c)
target_include_directories(coldca_cert_maker PUBLIC support)
target_link_libraries(coldca_cert_maker PUBLIC coldca_cert PkgConfig::CMOCKA)

add_library(coldca_chain_maker STATIC support/chain_maker.c)
target_include_directories(coldca_chain_maker PUBLIC support)
target_link_libraries(coldca_chain_maker PUBLIC coldca_base PkgConfig::OPENSSL PkgConfig::CMOCKA)

coldca_unit_test(cert tbs LAYERS cert_maker)
coldca_unit_test(cert lint LAYERS cert_maker)
coldca_unit_test(cert crl LAYERS cert_maker)
coldca_unit_test(cert extensions LAYERS cert_maker chain_maker)
coldca_unit_test(cert forbids LAYERS judge_case chain_maker)
coldca_unit_test(cert chain LAYERS judge_case chain_maker)
coldca_fuzz_target(cert LAYERS cert)
coldca_fuzz_target(crl LAYERS cert)
