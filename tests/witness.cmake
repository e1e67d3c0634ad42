# SPDX-License-Identifier: Apache-2.0
coldca_unit_test(witness evidence LAYERS fake_token signer)
coldca_unit_test(witness describe LAYERS cert_maker)
coldca_unit_test(witness read)
coldca_fuzz_target(plan LAYERS witness)
coldca_unit_test(witness approve)
coldca_unit_test(witness by_policy LAYERS fake_token)
