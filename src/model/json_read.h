// SPDX-License-Identifier: MIT
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace yingda::model {

// Reading JSON whose members may be missing or of any type: what is not there is null, no text, or zero.

/// The member `key` of an object, or null when there is no such thing.
const nlohmann::json& Member(const nlohmann::json& value, const char* key);

std::string TextOf(const nlohmann::json& value);

/// What is negative or beyond any count is none.
int CountOf(const nlohmann::json& value);

}  // namespace yingda::model
