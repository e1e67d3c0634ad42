# SPDX-License-Identifier: Apache-2.0
coldca_unit_test(media walk)
coldca_unit_test(media list)
coldca_unit_test(media manifest)
coldca_unit_test(media deliver LIBRARIES PkgConfig::SECCOMP)
coldca_unit_test(media name)
coldca_unit_test(media private_keys)
coldca_fuzz_target(manifest LAYERS media)
