coldca_script_test(e2e request e2e/request_test.sh)
coldca_script_test(e2e review e2e/review_test.sh)
coldca_script_test(e2e init e2e/init_test.sh)
coldca_script_test(e2e sign e2e/sign_test.sh)
