# SPDX-License-Identifier: Apache-2.0
coldca_unit_test(inspect foreign LAYERS cert_maker)
coldca_fuzz_target(foreign LAYERS inspect)
coldca_unit_test(inspect listing LAYERS approver)
coldca_unit_test(inspect lookup LAYERS approver cert_maker)
coldca_unit_test(inspect crl LAYERS fake_token given status)
