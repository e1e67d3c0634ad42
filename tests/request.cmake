# SPDX-License-Identifier: Apache-2.0
add_library(coldca_csr_maker STATIC support/csr_maker.c)
target_include_directories(coldca_csr_maker PUBLIC support)
target_link_libraries(coldca_csr_maker PUBLIC coldca_base)

coldca_unit_test(request csr LAYERS csr_maker)
coldca_unit_test(request form LAYERS csr_maker)
coldca_unit_test(request names LAYERS csr_maker)
coldca_unit_test(request pem LAYERS csr_maker)
coldca_unit_test(request keys LAYERS csr_maker)
coldca_unit_test(request claims LAYERS csr_maker der_faults)
coldca_unit_test(request claims_forms LAYERS csr_maker)
coldca_unit_test(request input)
coldca_unit_test(request exact LAYERS csr_maker)
coldca_unit_test(request asked LAYERS csr_maker)
coldca_unit_test(request algorithms LAYERS csr_maker)
coldca_unit_test(request refusals LAYERS csr_maker)
coldca_unit_test(request answers)
coldca_unit_test(request storage LAYERS csr_maker)
coldca_unit_test(request sans LAYERS csr_maker)
coldca_unit_test(request prove LAYERS csr_maker)
coldca_unit_test(request message LAYERS csr_maker)
coldca_unit_test(request decode LAYERS csr_maker)
coldca_unit_test(request readers LAYERS sandbox csr_maker)
coldca_unit_test(request pool LAYERS sandbox csr_maker)

# The seeds below tests/corpus/{csr,pem,wire} were made by: make_seeds tests/corpus
add_executable(make_seeds EXCLUDE_FROM_ALL support/make_seeds.c)
target_link_libraries(make_seeds PRIVATE coldca_request coldca_csr_maker)
coldca_fuzz_target(csr LAYERS request)
coldca_fuzz_target(pem LAYERS request)
coldca_fuzz_target(wire LAYERS request)

add_executable(bench_readers EXCLUDE_FROM_ALL bench/readers.c)
target_link_libraries(bench_readers PRIVATE coldca_request coldca_csr_maker)

# Requests around any text, for tests/e2e/text.py.
add_executable(make_text_requests support/make_text_requests.c)
target_link_libraries(make_text_requests PRIVATE coldca_csr_maker)

# The whole program with readers that lie, for tests/e2e/liar_test.sh and liar_plans_test.sh.
add_executable(coldca_liar ${CMAKE_SOURCE_DIR}/src/main.c support/liar.c support/liar_plan.c)
target_compile_definitions(coldca_liar PRIVATE COLDCA_COMMIT="liar")
target_link_libraries(coldca_liar PRIVATE coldca_operator)
target_link_options(coldca_liar PRIVATE LINKER:--wrap=csr_read_all LINKER:--wrap=plan_file_parse)
set_source_files_properties(support/liar.c support/liar_plan.c PROPERTIES COMPILE_OPTIONS "-Wno-reserved-identifier;-Wno-missing-prototypes")
