coldca_script_test(e2e request e2e/request_test.sh)
