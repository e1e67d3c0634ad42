# SPDX-License-Identifier: Apache-2.0
coldca_unit_test(plan plan)
coldca_unit_test(plan decisions)
