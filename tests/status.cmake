# SPDX-License-Identifier: Apache-2.0
coldca_unit_test(status foreign LAYERS cert_maker)
coldca_fuzz_target(foreign LAYERS status)
coldca_unit_test(status order LAYERS fake_token)
