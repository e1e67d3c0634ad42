# SPDX-License-Identifier: Apache-2.0
coldca_unit_test(sandbox_spawn_test LAYERS sandbox LIBRARIES PkgConfig::SECCOMP)
coldca_unit_test(sandbox_signer_test LAYERS sandbox LIBRARIES PkgConfig::SECCOMP)
