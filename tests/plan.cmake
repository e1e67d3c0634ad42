# SPDX-License-Identifier: Apache-2.0
coldca_unit_test(plan plan)
coldca_unit_test(plan decisions)
coldca_unit_test(plan seen)
coldca_unit_test(plan judge LAYERS fake_token)
coldca_unit_test(plan screen LAYERS fake_token bad_keys)
coldca_unit_test(plan planning LAYERS csr_maker)
coldca_unit_test(plan approved LAYERS fake_token approver)
coldca_unit_test(plan compromised LAYERS approver csr_maker)
