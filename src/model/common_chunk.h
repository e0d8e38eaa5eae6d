// SPDX-License-Identifier: MIT
#pragma once

#include <string_view>

#include "model/chat_chunk.h"

namespace yingda::model {

/// Reads a chunk of one of the shapes that nearly every chunk has, in one pass over its bytes: no choice or one, text
/// as one string, no error, nothing said twice, valid UTF-8, and depth and numbers as people write them. False for
/// everything else, valid or not, when `chunk` may be half filled: ParseAnyChunk decides then. When true, `chunk` is
/// what ParseAnyChunk would give.
/// Cost: no allocation but for a text longer than std::string keeps in itself.
bool ReadCommonChunk(std::string_view json, ChatChunk& chunk);

}  // namespace yingda::model
