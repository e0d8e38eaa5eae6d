// SPDX-License-Identifier: MIT
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "wechat/incoming.h"

namespace yingda::wechat {

/// The committed protocol vectors, tests/data/vectors/<name>.json.
nlohmann::json Vectors(const std::string& name);

inline constexpr char kAesKey[] = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
inline constexpr char kOtherAesKey[] = "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY";
inline constexpr char kOwnAppId[] = "wx0123456789abcdef";
inline constexpr char kToken[] = "wxbot_T0ken2024";
inline constexpr char kRandom16[] = "0123456789abcdef";

/// A text message as followers send it.
Incoming TextMessage(std::string content);

}  // namespace yingda::wechat
