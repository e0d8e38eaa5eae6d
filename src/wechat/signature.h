// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

namespace yingda::wechat {

/// WeChat's signature: SHA-1 over the parts in byte order (not numeric, not by locale) without separators, as 40
/// lower-case hex digits. Three parts sign a URL (`signature`), four sign an encrypted body (`msg_signature`); it does
/// not matter which part is which. Thread-safety: all functions.
/// Source: 公众号开发文档, 接入概述 and 消息加解密说明.
std::string Signature(std::string_view token, std::string_view timestamp, std::string_view nonce);
std::string Signature(std::string_view token, std::string_view timestamp, std::string_view nonce,
                      std::string_view encrypt);

/// Whether `given` is that signature, compared in constant time. Upper-case hex does not match: WeChat never sends it.
bool SignatureMatches(std::string_view given, std::string_view token, std::string_view timestamp,
                      std::string_view nonce);
bool SignatureMatches(std::string_view given, std::string_view token, std::string_view timestamp,
                      std::string_view nonce, std::string_view encrypt);

/// Lower-case hex SHA-1 of `bytes`; for names of things, not for security.
std::string Sha1Hex(std::string_view bytes);

}  // namespace yingda::wechat
