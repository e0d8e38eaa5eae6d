// SPDX-License-Identifier: MIT
#include "simulator/upstream_script.h"

#include <algorithm>

#include "base/utf8.h"

namespace yingda::simulator {

std::string_view UpstreamCall::UserMessage(int back) const {
  for (auto message = messages.rbegin(); message != messages.rend(); ++message) {
    if (message->role == "user" && back-- == 0) return message->content;
  }
  return {};
}

UpstreamScript SpreadAnswer(std::string_view text, base::Duration first_token_after, base::Duration total,
                            size_t characters) {
  UpstreamScript script;
  script.first_token_after = first_token_after;
  size_t start = 0;
  size_t in_piece = 0;
  for (size_t at = 0; at < text.size();) {
    at += base::DecodeUtf8(text, at).length;
    if (++in_piece == characters || at == text.size()) {
      script.chunks.emplace_back(text.substr(start, at - start));
      start = at;
      in_piece = 0;
    }
  }
  const base::Duration rest = std::max(total - first_token_after, base::Duration::zero());
  if (script.chunks.size() > 1) script.chunk_every = rest / (script.chunks.size() - 1);
  return script;
}

}  // namespace yingda::simulator
