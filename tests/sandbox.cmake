coldca_unit_test(sandbox_spawn_test LAYERS sandbox LIBRARIES PkgConfig::SECCOMP)
