# SPDX-License-Identifier: Apache-2.0
coldca_script_test(scripts lint scripts/lint_test.sh)
coldca_script_test(scripts process_table scripts/process_table_test.sh)
coldca_script_test(scripts mutants scripts/mutants_test.sh)
coldca_script_test(scripts readme scripts/readme_test.sh)
