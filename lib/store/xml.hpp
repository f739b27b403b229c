// xml.hpp: the few small XML documents that object stores answer with.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace neurolake::store::xml {

struct Node {
    std::string name;  // without namespace prefix
    std::string text;  // character data directly inside, entities resolved
    std::vector<Node> children;

    const Node* child(std::string_view child_name) const;
    std::string child_text(std::string_view child_name) const;  // "" when absent
};

// A well-formed document as a whole, or corrupt: cut documents, text after the root, DOCTYPE and unknown entities are
// refused, attributes are checked and dropped, namespaces ignored. At most 32 levels deep and 200,000 elements.
// White space before the document is allowed (S3 sends it to keep a slow answer alive).
Result<Node> parse(std::string_view document);

std::string escape(std::string_view text);

}  // namespace neurolake::store::xml
