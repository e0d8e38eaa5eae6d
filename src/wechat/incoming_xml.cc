// SPDX-License-Identifier: MIT
#include <pugixml.hpp>

#include <algorithm>
#include <string>

#include "wechat/incoming_fields.h"

namespace yingda::wechat {
namespace {

bool HasElements(const pugi::xml_node& node) {
  for (const pugi::xml_node& child : node) {
    if (child.type() == pugi::node_element) return true;
  }
  return false;
}

// A text may be split into several CDATA sections and plain runs; child_value() would give the first one only.
void PutLeaf(Incoming& message, std::string_view path, const pugi::xml_node& node) {
  const pugi::xml_node first = node.first_child();
  if (!first || !first.next_sibling()) return PutField(message, path, first.value());
  std::string text;
  for (const pugi::xml_node& part : node) {
    if (part.type() == pugi::node_pcdata || part.type() == pugi::node_cdata) text.append(part.value());
  }
  PutField(message, path, text);
}

void PutElements(Incoming& message, const std::string& prefix, const pugi::xml_node& parent, size_t depth) {
  for (const pugi::xml_node& child : parent) {
    if (child.type() != pugi::node_element) continue;
    if (message.fields.size() >= kMaxFields && depth > 1) return;
    if (!HasElements(child)) {
      if (prefix.empty()) {
        PutLeaf(message, child.name(), child);
      } else {
        PutLeaf(message, prefix + child.name(), child);
      }
    } else if (depth < kMaxFieldDepth) {
      PutElements(message, prefix + child.name() + '.', child, depth + 1);
    }
  }
}

}  // namespace

base::Result<Incoming> ParseXmlFields(std::string_view body) {
  const auto malformed = [](std::string message) {
    return base::Error{base::ErrorCode::kInvalidArgument, std::move(message)};
  };
  std::string buffer(body);
  // The parser takes a zero byte for the end of the text; followers' texts have been seen to hold control bytes.
  if (buffer.find('\0') != std::string::npos) std::replace(buffer.begin(), buffer.end(), '\0', ' ');
  pugi::xml_document document;
  const pugi::xml_parse_result result = document.load_buffer_inplace(
      buffer.data(), buffer.size(), pugi::parse_default | pugi::parse_doctype, pugi::encoding_utf8);
  if (!result) return malformed("malformed XML at byte " + std::to_string(result.offset));
  for (const pugi::xml_node& node : document) {
    if (node.type() == pugi::node_doctype) return malformed("XML with a DOCTYPE is refused");
  }
  Incoming message;
  PutElements(message, {}, document.document_element(), 1);
  return message;
}

}  // namespace yingda::wechat
