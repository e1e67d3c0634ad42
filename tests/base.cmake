# SPDX-License-Identifier: Apache-2.0
foreach(module builder encode quote json canonical time secret file error finding digest der public_key similar yaml host)
    coldca_unit_test(base_${module}_test LAYERS base)
endforeach()
coldca_unit_test(base_key_value_test LAYERS base)
coldca_unit_test(base_private_key_test LAYERS base csr_maker)
foreach(target json quote public_key private_key)
    coldca_fuzz_target(${target} LAYERS base)
endforeach()
