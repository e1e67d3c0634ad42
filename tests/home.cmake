# SPDX-License-Identifier: Apache-2.0
coldca_unit_test(home config)
coldca_unit_test(home data LAYERS failing)
coldca_unit_test(home faults LAYERS fake_token failing)
coldca_unit_test(home home LAYERS fake_token)
