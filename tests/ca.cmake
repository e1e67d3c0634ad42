if(TARGET coldca_ca)
    coldca_unit_test(ca_csv_test LAYERS ca)
    coldca_unit_test(ca_enroll_key_test LAYERS ca)
endif()
