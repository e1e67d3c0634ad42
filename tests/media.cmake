# SPDX-License-Identifier: Apache-2.0
coldca_unit_test(media_walk_test LAYERS media)
coldca_unit_test(media_list_test LAYERS media)
coldca_unit_test(media_manifest_test LAYERS media)
coldca_unit_test(media_deliver_test LAYERS media LIBRARIES PkgConfig::SECCOMP)
coldca_unit_test(media_name_test LAYERS media)
coldca_unit_test(media_private_keys_test LAYERS media)
coldca_fuzz_target(manifest LAYERS media)
