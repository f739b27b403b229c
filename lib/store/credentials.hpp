// credentials.hpp: where the keys of an S3 store come from; they are never written, logged or shown whole.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "store/sigv4.hpp"

namespace neurolake::store {

struct Credentials {
    sigv4::Keys keys;
    std::string origin;  // "environment", "profile 'lake' in ~/.aws/credentials", ...: for messages
};

struct CredentialSources {
    std::string profile;                           // from settings; AWS_PROFILE comes before it, "default" after
    std::string credentials_file;                  // from settings
    std::string access_key_id, secret_access_key;  // from settings themselves
    // Reads one environment variable; the process's own by default.
    std::function<std::optional<std::string>(const std::string&)> environment;
};

// In this order: environment (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN), the profile in the shared
// files (AWS_SHARED_CREDENTIALS_FILE or ~/.aws/credentials, then AWS_CONFIG_FILE or ~/.aws/config), the file named in
// settings, settings themselves. nullopt when none has keys. Errors: denied when the file named in settings can be read
// by others, config when a file is damaged, a key comes without its secret, or a named profile does not exist.
Result<std::optional<Credentials>> find_credentials(const CredentialSources& sources);

// The region of the environment (AWS_REGION, AWS_DEFAULT_REGION) or of the profile; "" when none says.
std::string find_region(const CredentialSources& sources);

// "AKIA...last4" for messages.
std::string shown(std::string_view access_key_id);

}  // namespace neurolake::store
