add_library(coldca_csr_maker STATIC support/csr_maker.c)
target_include_directories(coldca_csr_maker PUBLIC support)
target_link_libraries(coldca_csr_maker PUBLIC coldca_base)

coldca_unit_test(request_csr_test LAYERS request csr_maker)
coldca_unit_test(request_names_test LAYERS request csr_maker)
coldca_unit_test(request_pem_test LAYERS request csr_maker)
# coldca_unit_test(request_message_test LAYERS request csr_maker)
# coldca_unit_test(request_readers_test LAYERS request sandbox csr_maker)
