# SPDX-License-Identifier: Apache-2.0
# Preloaded into coldca: calls that fail, end the process, or are written down.
add_library(fault_shim MODULE fault/fault_shim.c)
target_compile_options(fault_shim PRIVATE -Wall -Wextra -Wconversion -Wshadow -fno-sanitize=all)
target_compile_definitions(fault_shim PRIVATE _GNU_SOURCE)
target_link_libraries(fault_shim PRIVATE ${CMAKE_DL_LIBS})
set_target_properties(fault_shim PROPERTIES PREFIX "" LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR})

# A token that misbehaves: a PKCS#11 module over SoftHSM.
add_library(token_fault MODULE fault/token_shim.c)
target_compile_options(token_fault PRIVATE -Wall -Wextra -Wconversion -Wshadow -fno-sanitize=all)
target_compile_definitions(token_fault PRIVATE _GNU_SOURCE)
target_link_libraries(token_fault PRIVATE PkgConfig::P11KIT ${CMAKE_DL_LIBS})
set_target_properties(token_fault PROPERTIES PREFIX "" LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR})

# coldca_fault_test(NAME): tests/fault/NAME_test.sh. Each uses every core by itself. A sanitized program, many times slower, is
# tried at a sample of the points.
function(coldca_fault_test name)
    coldca_script_test(fault ${name} fault/${name}_test.sh)
    set_tests_properties(fault.${name} PROPERTIES PROCESSORS 2)
    if(COLDCA_SANITIZE)
        set_property(TEST fault.${name} APPEND PROPERTY ENVIRONMENT FAULT_SAMPLE=25)
    endif()
endfunction()

coldca_fault_test(points)
coldca_fault_test(kill)
coldca_fault_test(output)
coldca_fault_test(stick)
coldca_fault_test(full)
coldca_fault_test(replay)
coldca_fault_test(bad_token)
coldca_fault_test(revocation)
coldca_fault_test(approvals)
coldca_fault_test(durable)
coldca_fault_test(plan)
