// SPDX-License-Identifier: MIT
#include "text/addresses.h"

#include "base/utf8.h"
#include "text/characters.h"
#include "text/prepare.h"

namespace yingda::text {
namespace {

size_t WebSchemeBytes(std::string_view address) {
  for (const std::string_view scheme : {"https://", "http://"}) {
    if (StartsWithIgnoringCase(address, scheme)) return scheme.size();
  }
  return 0;
}

std::string_view Bare(std::string_view address) {
  address.remove_prefix(WebSchemeBytes(address));
  if (address.ends_with('/')) address.remove_suffix(1);
  return address;
}

}  // namespace

bool IsWebAddress(std::string_view address) {
  const size_t scheme = WebSchemeBytes(address);
  if (scheme == 0 || scheme == address.size()) return false;
  const auto host = static_cast<unsigned char>(address[scheme]);
  return IsAsciiLetterOrDigit(host) || host >= 0x80 || host == '[';
}

std::string SchemeOf(std::string_view address) {
  std::string scheme;
  for (size_t at = 0; at < address.size();) {
    const base::CodePoint c = base::DecodeUtf8(address, at);
    at += c.length;
    if (c.value == ':' || c.value == U'：') return scheme;
    if (c.value == '/' || c.value == '?' || c.value == '#') break;
    if (c.value <= ' ' || IsSpace(c.value) || IsInvisible(c.value)) continue;
    if (c.value < 0x80) {
      scheme.push_back(ToLower(static_cast<char>(c.value)));
    } else {
      base::AppendUtf8(scheme, c.value);
    }
  }
  return "";
}

bool IsSameAddress(std::string_view text, std::string_view address) {
  return WebSchemeBytes(address) > 0 && Bare(text) == Bare(address);
}

std::string SafeAddress(std::string_view address) {
  constexpr char kHex[] = "0123456789ABCDEF";
  std::string safe;
  safe.reserve(address.size());
  const size_t scheme = WebSchemeBytes(address);
  for (const char byte : address.substr(0, scheme)) safe.push_back(ToLower(byte));
  for (const char byte : address.substr(scheme)) {
    const auto c = static_cast<unsigned char>(byte);
    if (c <= ' ' || c == 0x7F || std::string_view("\"'<>\\`").find(byte) != std::string_view::npos) {
      safe.append({'%', kHex[c >> 4], kHex[c & 15]});
    } else {
      safe.push_back(byte);
    }
  }
  return safe;
}

}  // namespace yingda::text
