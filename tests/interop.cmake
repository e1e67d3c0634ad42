# Ledgers read by programs that share no code with coldca. ledger_tool makes them, without a token.
add_executable(ledger_tool interop/ledger_tool.c interop/ledger_tool_issuer.c)
target_link_libraries(ledger_tool PRIVATE coldca_ledger coldca_base)
add_test(NAME interop.ledger_faults COMMAND python3 ${CMAKE_CURRENT_SOURCE_DIR}/interop/ledger_faults.py $<TARGET_FILE:ledger_tool> $<TARGET_FILE:coldca>)
set_tests_properties(interop.ledger_faults PROPERTIES LABELS interop TIMEOUT 600)
add_test(NAME interop.vectors COMMAND python3 ${CMAKE_CURRENT_SOURCE_DIR}/interop/vectors.py $<TARGET_FILE:coldca>)
set_tests_properties(interop.vectors PROPERTIES LABELS interop ENVIRONMENT "${sanitizer_options};PYTHONDONTWRITEBYTECODE=1")
coldca_script_test(interop ledger_go interop/ledger_go.sh)
set_tests_properties(interop.ledger_go PROPERTIES SKIP_RETURN_CODE 77)

# For tests/bench/ledger.py: no test, numbers are not judged here.
add_library(coldca_slow_fsync SHARED bench/slow_fsync.c)
target_link_libraries(coldca_slow_fsync PRIVATE coldca_flags)

# What the bench holds coldca batch against.
add_executable(bench_limit bench/limit.c)
target_link_libraries(bench_limit PRIVATE coldca_flags PkgConfig::P11KIT PkgConfig::OPENSSL Threads::Threads)
