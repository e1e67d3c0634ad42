coldca_unit_test(ledger_log_test LAYERS ledger base)
