# SPDX-License-Identifier: Apache-2.0
coldca_unit_test(batch policies LAYERS approver)
