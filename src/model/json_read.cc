// SPDX-License-Identifier: MIT
#include "model/json_read.h"

#include <nlohmann/json.hpp>

namespace yingda::model {

const nlohmann::json& Member(const nlohmann::json& value, const char* key) {
  static const nlohmann::json kNull;
  if (!value.is_object()) return kNull;
  const auto at = value.find(key);
  return at == value.end() ? kNull : *at;
}

std::string TextOf(const nlohmann::json& value) {
  return value.is_string() ? value.get_ref<const std::string&>() : std::string();
}

int CountOf(const nlohmann::json& value) {
  if (!value.is_number()) return 0;
  const double number = value.get<double>();
  return number >= 0 && number < 1e9 ? static_cast<int>(number) : 0;
}

}  // namespace yingda::model
