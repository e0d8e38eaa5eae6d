// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

namespace yingda::bot {

/// Puts `value` where `slot`, such as {question}, first stands in a configured text; nothing where it does not.
inline void FillSlot(std::string& text, std::string_view slot, std::string_view value) {
  const size_t at = text.find(slot);
  if (at != std::string::npos) text.replace(at, slot.size(), value);
}

}  // namespace yingda::bot
