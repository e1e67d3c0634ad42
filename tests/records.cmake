# SPDX-License-Identifier: Apache-2.0
coldca_unit_test(records revoked)
coldca_unit_test(records types)
coldca_unit_test(records verify LAYERS fake_token)
