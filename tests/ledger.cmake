coldca_unit_test(ledger_log_test LAYERS ledger base)
coldca_unit_test(ledger_verify_test LAYERS ledger base)
coldca_unit_test(ledger_tree_test LAYERS ledger base)
coldca_unit_test(ledger_recover_test LAYERS ledger base)
