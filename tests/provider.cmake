# SPDX-License-Identifier: Apache-2.0
coldca_token_test(provider_test LAYERS provider)
coldca_script_test(integration provider_openssl integration/provider_openssl.sh)
coldca_script_test(integration provider_order integration/provider_order.sh)
