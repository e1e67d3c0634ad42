# SPDX-License-Identifier: Apache-2.0
coldca_unit_test(witness evidence LAYERS failing fake_token signer)
coldca_unit_test(witness describe LAYERS cert_maker)
coldca_unit_test(witness read)
coldca_fuzz_target(plan LAYERS witness)
coldca_unit_test(witness approve)
coldca_unit_test(witness key LAYERS failing)
coldca_unit_test(witness by_policy LAYERS failing fake_token)
