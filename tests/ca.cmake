# SPDX-License-Identifier: Apache-2.0
coldca_unit_test(ca_plan_test LAYERS plan)
coldca_unit_test(ca_config_test LAYERS home)
coldca_unit_test(ca_manifest_test LAYERS batch)
coldca_unit_test(ca_parallel_test LAYERS base)
coldca_unit_test(ca_csv_test LAYERS enroll)
coldca_unit_test(ca_enroll_key_test LAYERS enroll)
coldca_fuzz_target(csv LAYERS enroll)
