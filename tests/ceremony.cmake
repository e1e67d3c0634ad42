# SPDX-License-Identifier: Apache-2.0
coldca_unit_test(ceremony script)
coldca_unit_test(ceremony check)
coldca_unit_test(ceremony command)
coldca_fuzz_target(ceremony LAYERS ceremony)
coldca_unit_test(ceremony page)
coldca_unit_test(ceremony transcript)
coldca_unit_test(ceremony transcript_check)
coldca_unit_test(ceremony paper)
