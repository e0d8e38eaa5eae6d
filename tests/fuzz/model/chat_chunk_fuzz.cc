// SPDX-License-Identifier: MIT
// The short way through a chunk and the long one must read the same of any bytes.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/utf8.h"
#include "model/chat_chunk.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view json(reinterpret_cast<const char*>(data), size);
  const auto chunk = yingda::model::ParseChatChunk(json);
  if (chunk != yingda::model::ParseAnyChunk(json)) std::abort();
  if (chunk && !yingda::base::IsValidUtf8(chunk->text)) std::abort();
  return 0;
}
