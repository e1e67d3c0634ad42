# SPDX-License-Identifier: Apache-2.0
coldca_unit_test(status order LAYERS fake_token)
