# SPDX-License-Identifier: Apache-2.0
coldca_token_test(issue_one_test LAYERS issue)
target_compile_definitions(issue_one_test PRIVATE TOKEN_SHIM="${CMAKE_BINARY_DIR}/token_shim.so")
add_dependencies(issue_one_test token_shim)
coldca_unit_test(issue order LAYERS fake_token)
coldca_unit_test(issue run LAYERS fake_token)
coldca_unit_test(issue directory LAYERS fake_token)
coldca_unit_test(issue threads LAYERS fake_token)
coldca_unit_test(issue records LAYERS fake_token approver)
