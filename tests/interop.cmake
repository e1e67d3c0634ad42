# SPDX-License-Identifier: Apache-2.0
# Ledgers read by programs that share no code with coldca. ledger_tool makes them, without a token.
add_executable(ledger_tool interop/ledger_tool.c interop/ledger_tool_issuer.c)
target_link_libraries(ledger_tool PRIVATE coldca_ledger coldca_base)

# coldca_python_test(NAME PROGRAM ARGUMENTS...): tests/interop/PROGRAM, run by the Python that has `cryptography` because scripts/setup put it there.
function(coldca_python_test name program)
    add_test(NAME interop.${name} COMMAND ${CMAKE_SOURCE_DIR}/build/venv/bin/python3 ${CMAKE_CURRENT_SOURCE_DIR}/interop/${program} ${ARGN})
    set_tests_properties(
        interop.${name} PROPERTIES LABELS interop TIMEOUT 600 FIXTURES_REQUIRED venv
                                   ENVIRONMENT "${sanitizer_options};PYTHONDONTWRITEBYTECODE=1"
    )
endfunction()

coldca_python_test(ledger_faults ledger_faults.py $<TARGET_FILE:ledger_tool> $<TARGET_FILE:coldca>)
coldca_python_test(crl_faults crl_faults.py $<TARGET_FILE:coldca>)
coldca_python_test(crl_faults_blind crl_faults.py /bin/false)
set_tests_properties(interop.crl_faults_blind PROPERTIES PASS_REGULAR_EXPRESSION "no fault is planted yet" FAIL_REGULAR_EXPRESSION "found by both")
# The same for controls and approvals, in ledgers that no code of coldca made.
coldca_python_test(control_faults control_faults.py $<TARGET_FILE:coldca>)
coldca_python_test(control_faults_blind control_faults.py /bin/false)
set_tests_properties(interop.control_faults_blind PROPERTIES PASS_REGULAR_EXPRESSION "no fault is planted yet" FAIL_REGULAR_EXPRESSION "found by both")
coldca_python_test(vectors vectors.py $<TARGET_FILE:coldca>)
# A program that reads no ledger: the test of faults must say so, and count nothing.
coldca_python_test(ledger_faults_blind ledger_faults.py $<TARGET_FILE:ledger_tool> /bin/false)
set_tests_properties(interop.ledger_faults_blind PROPERTIES PASS_REGULAR_EXPRESSION "no fault is planted yet" FAIL_REGULAR_EXPRESSION "found by both")
coldca_python_test(requests requests.py $<TARGET_FILE:coldca> ${CMAKE_SOURCE_DIR})
# A program that judges nothing is no answer.
coldca_python_test(requests_blind requests.py /bin/false ${CMAKE_SOURCE_DIR})
set_tests_properties(interop.requests_blind PROPERTIES PASS_REGULAR_EXPRESSION "no JSON from" FAIL_REGULAR_EXPRESSION "requests by")
# Five validators look at what is issued and refused, in fixed cases; with VALIDATORS_SECONDS (and VALIDATORS_SEED) by chance, too: for three
# minutes in CI, and as long as you like by scripts/fuzz validators.
coldca_python_test(validators validators/run.py $<TARGET_FILE:coldca> ${CMAKE_SOURCE_DIR})
set_tests_properties(interop.validators PROPERTIES FIXTURES_REQUIRED "venv;tlogclient")
# A program that issues nothing.
coldca_python_test(validators_blind validators/run.py /bin/false ${CMAKE_SOURCE_DIR} --seconds 1)
set_tests_properties(interop.validators_blind PROPERTIES PASS_REGULAR_EXPRESSION "FAILED: 1: a URI" FAIL_REGULAR_EXPRESSION "accepted by" FIXTURES_REQUIRED "venv;tlogclient")
# Six judges look at every shape of CRL.
coldca_python_test(crls crljudges/run.py $<TARGET_FILE:coldca> ${CMAKE_SOURCE_DIR})
set_tests_properties(interop.crls PROPERTIES FIXTURES_REQUIRED "venv;crljudges")
# A program that signs nothing.
coldca_python_test(crls_blind crljudges/run.py /bin/false ${CMAKE_SOURCE_DIR})
set_tests_properties(interop.crls_blind PROPERTIES PASS_REGULAR_EXPRESSION "FAILED: coldca token init" FAIL_REGULAR_EXPRESSION "judges$" FIXTURES_REQUIRED "venv;crljudges")
coldca_script_test(interop ledger_go interop/ledger_go.sh)
if(NOT COLDCA_SANITIZE) # libfaketime and AddressSanitizer can't share a process
    coldca_script_test(interop crl_rebuild interop/crl_rebuild.sh)
endif()

# For tests/bench/ledger.py: no test, numbers are not judged here.
add_library(coldca_slow_fsync SHARED bench/slow_fsync.c)
target_link_libraries(coldca_slow_fsync PRIVATE coldca_flags)

# What the bench holds coldca batch against.
add_executable(bench_limit bench/limit.c)
target_link_libraries(bench_limit PRIVATE coldca_flags PkgConfig::P11KIT PkgConfig::OPENSSL Threads::Threads)
