# SPDX-License-Identifier: Apache-2.0
# Sourced by setup, bare and .ci/run: what the owner of a machine behind a gateway sets so that apt, pip, Go, cargo and git reach their servers.
# shellcheck shell=bash
gateway_names=(http_proxy https_proxy all_proxy no_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY NO_PROXY
    PIP_PROXY PIP_INDEX_URL PIP_EXTRA_INDEX_URL PIP_TRUSTED_HOST PIP_DEFAULT_TIMEOUT PIP_RETRIES
    CARGO_HTTP_PROXY CARGO_HTTP_TIMEOUT CARGO_NET_RETRY GOPROXY GONOPROXY GOSUMDB GONOSUMDB GOPRIVATE GOINSECURE)
# These name a file: certificates of authorities, or settings.
gateway_files=(SSL_CERT_FILE CURL_CA_BUNDLE REQUESTS_CA_BUNDLE GIT_SSL_CAINFO CARGO_HTTP_CAINFO PIP_CERT PIP_CONFIG_FILE)

# Sets `gateway` to those that are set, as NAME=VALUE for env.
gateway=()
for name in "${gateway_names[@]}" "${gateway_files[@]}"; do
    [ -z "${!name:-}" ] || gateway+=("$name=${!name}")
done
unset name
