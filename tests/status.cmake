# SPDX-License-Identifier: Apache-2.0
coldca_unit_test(status order LAYERS fake_token)
coldca_unit_test(status crl_again LAYERS approver fake_token)
coldca_unit_test(status list)
coldca_fuzz_target(list LAYERS status)
coldca_unit_test(status select LAYERS approver cert_maker)
coldca_unit_test(status planned LAYERS approver)
coldca_unit_test(status unlisted LAYERS approver)
