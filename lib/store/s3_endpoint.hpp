// s3_endpoint.hpp: where a bucket is: scheme, host and how the bucket stands in the URL.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "base/result.hpp"

namespace neurolake::store {

struct S3Endpoint {
    std::string scheme, host;  // host with port where it is not the scheme's own, as in the Host header
    std::string bucket_path;   // "/bucket" in path style, "" when the host carries the bucket
    std::string origin() const { return scheme + "://" + host; }
};

struct S3Address {
    std::string endpoint;  // "" = AWS's own of the region
    std::string region, bucket;
    std::optional<bool> path_style;  // unset: path style for custom endpoints and dotted bucket names
    bool allow_http = false;         // plain http beyond loopback
};

// config when the endpoint is no plain http(s)://host[:port], carries user or password, would send data in the clear
// beyond this machine, or the bucket's name breaks the rules for bucket names.
Result<S3Endpoint> s3_endpoint(const S3Address& address);

}  // namespace neurolake::store
