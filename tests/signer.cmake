# SPDX-License-Identifier: Apache-2.0
# An object library, so that its functions stand in for those of src/token whatever the order of the libraries.
add_library(coldca_fake_token OBJECT support/fake_token.c support/fake_home.c)
target_include_directories(coldca_fake_token PUBLIC support)
target_compile_definitions(coldca_fake_token PRIVATE SOURCE_FOLDER="${CMAKE_SOURCE_DIR}")
target_link_libraries(coldca_fake_token PUBLIC coldca_init coldca_cert_maker coldca_csr_maker PkgConfig::CMOCKA)

coldca_unit_test(signer sign LAYERS fake_token)
coldca_unit_test(signer pool LAYERS fake_token)
coldca_unit_test(signer open LAYERS fake_token)
coldca_unit_test(signer memory LAYERS fake_token)
coldca_unit_test(signer confine LAYERS fake_token failing)
coldca_unit_test(signer recall LAYERS fake_token)
coldca_unit_test(signer person LAYERS fake_token)
coldca_unit_test(signer calls LAYERS fake_token)
