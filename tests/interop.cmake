# Ledgers read by programs that share no code with coldca. ledger_tool makes them, without a token.
add_executable(ledger_tool interop/ledger_tool.c interop/ledger_tool_issuer.c)
target_link_libraries(ledger_tool PRIVATE coldca_ledger coldca_base)
