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

coldca_unit_test(token_profile_test LAYERS token)
coldca_token_test(token_key_test)
