# SPDX-License-Identifier: Apache-2.0
coldca_unit_test(enroll csv)
coldca_unit_test(enroll key)
coldca_unit_test(enroll enroll)
coldca_fuzz_target(csv LAYERS enroll)
