# SPDX-License-Identifier: Apache-2.0
coldca_unit_test(sandbox call)
coldca_unit_test(sandbox spawn LIBRARIES PkgConfig::SECCOMP)
coldca_unit_test(sandbox signer LIBRARIES PkgConfig::SECCOMP)
