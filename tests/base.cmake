foreach(module builder encode quote json time secret file error finding digest der public_key yaml)
    coldca_unit_test(base_${module}_test LAYERS base)
endforeach()
