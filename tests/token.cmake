# SPDX-License-Identifier: Apache-2.0
add_library(coldca_token_fixture STATIC integration/token_fixture.c)
target_link_libraries(coldca_token_fixture PUBLIC coldca_token PkgConfig::CMOCKA)
target_include_directories(coldca_token_fixture PUBLIC integration)

# coldca_token_test(NAME [LAYERS folders...]): tests/integration/NAME.c against SoftHSM in a temporary folder.
function(coldca_token_test name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "LAYERS")
    list(TRANSFORM arg_LAYERS PREPEND coldca_)
    add_executable(${name} integration/${name}.c)
    target_link_libraries(${name} PRIVATE coldca_token_fixture ${arg_LAYERS})
    target_compile_definitions(${name} PRIVATE SOURCE_FOLDER="${CMAKE_SOURCE_DIR}")
    add_test(NAME integration.${name} COMMAND ${name})
    set_tests_properties(integration.${name} PROPERTIES LABELS "integration;token:softhsm" TIMEOUT 300)
endfunction()

# A PKCS#11 module over SoftHSM that plays the faults and habits of other tokens.
add_library(token_shim MODULE integration/token_shim.c)
target_link_libraries(token_shim PRIVATE coldca_flags PkgConfig::P11KIT ${CMAKE_DL_LIBS})
set_target_properties(token_shim PROPERTIES PREFIX "" LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR})

coldca_unit_test(token profile)
coldca_unit_test(token words)
coldca_unit_test(token uri)

# ThreadSanitizer looks at the list of calls. It goes with no other sanitizer; not every C library has it, and not every machine can
# lay out its memory.
include(CheckCSourceCompiles)
set(CMAKE_REQUIRED_FLAGS -fsanitize=thread)
check_c_source_compiles("int main(void) { return 0; }" has_thread_sanitizer)
unset(CMAKE_REQUIRED_FLAGS)
if(has_thread_sanitizer AND NOT COLDCA_SANITIZE AND NOT COLDCA_COVERAGE)
    add_executable(
        token_watch_race_test unit/token/watch_race_test.c ${CMAKE_SOURCE_DIR}/src/token/watch.c
                              ${CMAKE_SOURCE_DIR}/src/base/time.c
    )
    target_link_libraries(token_watch_race_test PRIVATE coldca_flags PkgConfig::LIBP11 PkgConfig::P11KIT PkgConfig::CMOCKA)
    target_compile_options(token_watch_race_test PRIVATE -fsanitize=thread)
    target_link_options(token_watch_race_test PRIVATE -fsanitize=thread)
    add_test(NAME unit.token_watch_race_test COMMAND token_watch_race_test)
    set_tests_properties(
        unit.token_watch_race_test PROPERTIES LABELS unit TIMEOUT 120 SKIP_REGULAR_EXPRESSION "unexpected memory mapping"
    )
endif()

coldca_token_test(token_key_test)
coldca_token_test(token_find_test)
foreach(name token_faults_test token_slot_test)
    coldca_token_test(${name})
    target_compile_definitions(${name} PRIVATE TOKEN_SHIM="${CMAKE_BINARY_DIR}/token_shim.so")
    add_dependencies(${name} token_shim)
endforeach()

# A module that tries what a signer that was taken over would try; tests/e2e/confine_test.sh.
add_library(token_spy MODULE integration/token_spy.c)
target_link_libraries(token_spy PRIVATE coldca_flags PkgConfig::P11KIT ${CMAKE_DL_LIBS})
set_target_properties(token_spy PROPERTIES PREFIX "" LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR})
