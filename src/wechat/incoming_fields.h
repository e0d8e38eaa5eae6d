// SPDX-License-Identifier: MIT
#pragma once

#include <string_view>

#include "base/result.h"
#include "wechat/incoming.h"

// Inside the module: how the two formats fill an Incoming.
namespace yingda::wechat {

inline constexpr size_t kMaxFields = 64;
inline constexpr size_t kMaxFieldDepth = 4;

/// Puts one leaf where it belongs: a member of `message`, or its fields. Invalid UTF-8 is repaired here. The first of
/// several equal members wins, so that what was checked first stays what is used.
void PutField(Incoming& message, std::string_view path, std::string_view value);

/// Parse without asking for any field; `json` says which format it was. For envelopes, which hold only `Encrypt`.
struct PushBody {
  Incoming message;
  bool json = false;
};
base::Result<PushBody> ParsePushBody(std::string_view body);
base::Result<Incoming> ParseXmlFields(std::string_view body);
base::Result<Incoming> ParseJsonFields(std::string_view body);

/// What every push must have: both users and a type.
bool IsComplete(const Incoming& message);

}  // namespace yingda::wechat
