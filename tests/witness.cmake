# SPDX-License-Identifier: Apache-2.0
coldca_unit_test(witness evidence LAYERS fake_token)
coldca_unit_test(witness describe)
