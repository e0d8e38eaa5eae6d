// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

namespace yingda::model {

/// Appends `text` as a JSON string, quotes included, byte for byte as nlohmann::json writes it. What is not UTF-8 is
/// replaced.
void AppendJsonString(std::string_view text, std::string& json);

}  // namespace yingda::model
