// SPDX-License-Identifier: MIT
#include "model/conversation.h"

#include <algorithm>
#include <utility>

#include "base/utf8.h"

namespace yingda::model {
namespace {

// In tenths of a token, measured against the o200k, cl100k and Qwen3 vocabularies.
constexpr int kCjk = 10;
constexpr int kDigit = 10;
constexpr int kPunctuation = 10;
constexpr int kOther = 26;
constexpr size_t kLettersPerToken = 4;
constexpr int kMessageFrame = 4;
/// Providers count by size, from 85 to about 1,600; a phone's picture, scaled as they do, is in the middle.
constexpr int kPicture = 800;

bool IsLetter(char32_t c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

bool IsCjk(char32_t c) {
  return (c >= 0x2E80 && c <= 0x9FFF) || (c >= 0xAC00 && c <= 0xD7AF) || (c >= 0xF900 && c <= 0xFAFF) ||
         (c >= 0xFF00 && c <= 0xFFEF) || (c >= 0x20000 && c <= 0x3FFFF) || (c >= 0x2010 && c <= 0x2027);
}

/// U+3000 to U+8FFF, three bytes each: most of what comes, and known without decoding.
bool IsCommonCjk(std::string_view text, size_t at) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  return at + 2 < text.size() && byte(at) >= 0xE3 && byte(at) <= 0xE8 && byte(at + 1) >> 6 == 2 &&
         byte(at + 2) >> 6 == 2;
}

int TenthsOf(char32_t c) {
  if (c >= '0' && c <= '9') return kDigit;
  if (c == ' ') return 0;  // goes with the word behind it
  if (c < 0x80) return kPunctuation;
  return IsCjk(c) ? kCjk : kOther;
}

}  // namespace

int EstimateTokens(std::string_view text) {
  long tenths = 0;
  size_t letters = 0;
  const auto end_word = [&] {
    tenths += static_cast<long>((letters + kLettersPerToken - 1) / kLettersPerToken) * 10;
    letters = 0;
  };
  for (size_t at = 0; at < text.size();) {
    if (IsCommonCjk(text, at)) {
      end_word();
      tenths += kCjk;
      at += 3;
      continue;
    }
    const base::CodePoint c = base::DecodeUtf8(text, at);
    at += c.length;
    if (IsLetter(c.value)) {
      ++letters;
      continue;
    }
    end_word();
    tenths += TenthsOf(c.value);
  }
  end_word();
  return static_cast<int>((tenths + 9) / 10);
}

int EstimateTokens(const ChatMessage& message) {
  return EstimateTokens(message.content) + kMessageFrame + kPicture * static_cast<int>(message.pictures.size());
}

std::vector<ChatMessage> FitHistory(std::string_view system_prompt, const std::vector<ChatMessage>& turns,
                                    std::string_view question, const ConversationBudget& budget,
                                    std::vector<std::string> pictures) {
  ChatMessage asked{"user", std::string(base::Utf8Prefix(question, budget.max_question_bytes))};
  asked.pictures = std::move(pictures);
  if (asked.content.size() < question.size()) asked.content += budget.cut_notice;
  std::vector<ChatMessage> messages;
  if (!system_prompt.empty()) messages.push_back({"system", std::string(system_prompt)});
  int left = budget.prompt_tokens - EstimateTokens(asked);
  for (const ChatMessage& message : messages) left -= EstimateTokens(message);

  std::vector<ChatMessage> newest_first;
  for (size_t at = turns.size(); at >= 2;) {
    const ChatMessage& user = turns[at - 2];
    const ChatMessage& assistant = turns[at - 1];
    if (user.role != "user" || assistant.role != "assistant") {
      --at;
      continue;
    }
    left -= EstimateTokens(user) + EstimateTokens(assistant);
    // No older turn after one that did not fit: a history with a hole in it misleads.
    if (left < 0) break;
    newest_first.push_back(assistant);
    newest_first.push_back(user);
    at -= 2;
  }
  messages.insert(messages.end(), newest_first.rbegin(), newest_first.rend());
  messages.push_back(std::move(asked));
  return messages;
}

}  // namespace yingda::model
