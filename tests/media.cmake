coldca_unit_test(media_walk_test LAYERS media)
coldca_unit_test(media_deliver_test LAYERS media LIBRARIES PkgConfig::SECCOMP)
coldca_unit_test(media_name_test LAYERS media)
