# SPDX-License-Identifier: Apache-2.0
add_library(coldca_bad_keys STATIC support/bad_keys.c)
target_include_directories(coldca_bad_keys PUBLIC support)
target_link_libraries(coldca_bad_keys PUBLIC coldca_base PkgConfig::GMP)

coldca_unit_test(screen key LAYERS csr_maker bad_keys)
coldca_unit_test(screen bounds LAYERS bad_keys)
coldca_unit_test(screen store LAYERS failing)
coldca_unit_test(screen format)
coldca_unit_test(screen shares LAYERS bad_keys)
coldca_unit_test(screen list LAYERS bad_keys failing)
coldca_unit_test(screen factors LAYERS bad_keys)

add_executable(make_bad_keys support/make_bad_keys.c)
target_link_libraries(make_bad_keys PRIVATE coldca_csr_maker coldca_bad_keys)
coldca_script_test(e2e screen e2e/screen_test.sh)

add_executable(bench_screen EXCLUDE_FROM_ALL bench/screen.c)
target_link_libraries(bench_screen PRIVATE coldca_plan coldca_csr_maker)
