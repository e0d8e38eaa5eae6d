// SPDX-License-Identifier: MIT
#include "bot/answer_filter.h"

#include <algorithm>
#include <utility>

#include "base/utf8.h"
#include "bot/answer_pages.h"
#include "bot/rule_reply.h"
#include "text/markdown.h"
#include "text/pages.h"

namespace yingda::bot {
namespace {

constexpr size_t kLeastBetweenLooks = 256;
constexpr int kMostStepsBack = 3;
constexpr size_t kMostFollowing = 64;
constexpr std::string_view kInlineMarkup = "*_~`";

/// Blanks at the end of what is read are not settled before something stands behind them.
void TrimEnd(std::string& text) {
  const std::string_view trimmed = base::TrimBlanks(text);
  text.resize(trimmed.empty() ? 0 : static_cast<size_t>(trimmed.data() + trimmed.size() - text.data()));
}

std::string ReadableOf(std::string_view markdown) {
  std::string text = text::WeChatText(markdown);
  TrimEnd(text);
  return text;
}

/// What is sure to stand behind the stable part: a line end, or the Chinese letters that follow, which are no markup.
/// Without it the last word of each sentence would be held back for the sake of what is known by then.
std::string_view Following(std::string_view answer, size_t stable) {
  const std::string_view before = answer.substr(0, stable);
  const size_t last = before.find_last_not_of(" \t\r\n");
  if (last == std::string_view::npos) return {};
  if (before.find('\n', last) != std::string_view::npos) return "\n";
  if (last + 1 < stable) return {};
  constexpr char32_t kFirstHan = 0x3400;
  size_t end = stable;
  while (end < answer.size() && end - stable < kMostFollowing) {
    const base::CodePoint next = base::DecodeUtf8(answer, end);
    if (!next.valid || next.value < kFirstHan || !filter::IsLetterOrDigit(next.value)) break;
    end += next.length;
  }
  return answer.substr(stable, end - stable);
}

/// The Markdown without the marks that a later line could make disappear, which hide a word from the filter till then.
std::string Bare(std::string_view markdown) {
  std::string bare(markdown);
  std::erase_if(bare, [](char c) { return kInlineMarkup.find(c) != std::string_view::npos; });
  return bare;
}

/// A text of ours, words only.
std::optional<std::string> PassedOwn(const Account& account, std::string_view text) {
  const auto words = account.files.Get()->words;
  return words ? PassedOwnText(*words, text) : std::optional(std::string(text));
}

/// A text with links to our own pages in it, on which detectors stumble.
std::optional<std::string> PassedAroundLinks(const Account& account, std::string_view text,
                                             std::string_view own_pages) {
  const std::optional<std::string> by_words = PassedOwn(account, text);
  if (!by_words) return std::nullopt;
  std::string passed;
  for (std::string_view rest = *by_words;;) {
    const size_t link = own_pages.empty() ? std::string_view::npos : rest.find(own_pages);
    const std::optional<std::string> before = account.Passed(rest.substr(0, link));
    if (!before) return std::nullopt;
    passed += *before;
    if (link == std::string_view::npos) return passed;
    const std::string_view address = rest.substr(link, own_pages.size() + AnswerPages::kIdBytes);
    passed += address;
    rest.remove_prefix(link + address.size());
  }
}

}  // namespace

void AnswerFilter::Restart(std::shared_ptr<const filter::WordFilter> words) {
  words_ = std::move(words);
  stream_.emplace(words_, filter::Direction::kOutbound);
  fed_.clear();
  shown_.clear();
  page_markdown_ = 0;
}

void AnswerFilter::Feed(const std::string& text) {
  // Should it read otherwise than was thought, nothing that was decided counts.
  if (!text.starts_with(fed_)) Restart(words_);
  stream_->Append(std::string_view(text).substr(fed_.size()), shown_);
  fed_ = text;
}

void AnswerFilter::Look(const Account& account, std::string_view answer) {
  next_look_ = answer.size() + std::max(kLeastBetweenLooks, answer.size() / 4);
  std::shared_ptr<const filter::WordFilter> words = account.files.Get()->words;
  if (!stream_ || words != words_) Restart(std::move(words));
  if (blocked()) return;
  const size_t stable = std::max(text::StableMarkdown(answer), stable_.markdown_bytes);
  std::string text = ReadableOf(answer.substr(0, stable));
  stable_ = {stable, text.size()};
  text += Following(answer, stable);
  Feed(text);
}

void AnswerFilter::LookIfDue(const Account& account, std::string_view answer) {
  if (answer.size() < std::max(next_look_, kLeastBetweenLooks)) return;
  Look(account, answer);
}

std::string_view AnswerFilter::Sentences() const {
  if (blocked()) return {};
  return std::string_view(shown_).substr(0, text::WholeSentences(shown_));
}

/// The farthest stable place of which everything is decided.
size_t AnswerFilter::DecidedMarkdown(std::string_view answer) {
  Checkpoint place = stable_;
  for (int step = 0; step < kMostStepsBack && place.readable_bytes > DecidedBytes(); ++step) {
    place.markdown_bytes = text::StableMarkdown(answer.substr(0, place.markdown_bytes - 1));
    place.readable_bytes = ReadableOf(answer.substr(0, place.markdown_bytes)).size();
    if (place.markdown_bytes <= page_markdown_) break;
  }
  if (place.readable_bytes <= DecidedBytes()) page_markdown_ = std::max(page_markdown_, place.markdown_bytes);
  return page_markdown_;
}

std::string AnswerFilter::Page(const Account& account, std::string_view answer) {
  Look(account, answer);
  if (blocked()) return "";
  size_t end = DecidedMarkdown(answer);
  // No word goes on behind a line end.
  const size_t line_end = answer.rfind('\n') == std::string_view::npos ? 0 : answer.rfind('\n') + 1;
  if (line_end > end && !account.Finds(Bare(answer.substr(0, line_end)))) end = line_end;
  const std::string_view shown = answer.substr(0, end);
  return account.AnswerBlocked(shown) ? "" : account.PageMarkdown(shown);
}

std::vector<store::InboxItem> ShownNow(const Account& account, const Texts& texts,
                                       std::vector<store::InboxItem> items) {
  for (store::InboxItem& item : items) {
    const std::optional<std::string> question = account.Passed(item.question);
    item.question = question.value_or("");
    std::optional<std::string> text = item.made_by_model ? account.Passed(item.text) : PassedOwn(account, item.text);
    if (text) {
      item.text = *std::move(text);
    } else {
      item.text = item.part == 0 ? texts.blocked_answer : texts.blocked_rest;
      item.made_by_model = false;
      item.page_id.clear();
    }
  }
  return items;
}

store::JobRecord ShownNow(const Account& account, const Texts& texts, store::JobRecord record,
                          std::string_view own_pages) {
  if (record.kind == "reply") {  // what a rule said
    record.question = PassedOwn(account, record.question).value_or(texts.blocked_answer);
    return record;
  }
  const auto pass = [&](std::string& text, const std::string& otherwise) {
    if (!text.empty()) text = PassedAroundLinks(account, text, own_pages).value_or(otherwise);
  };
  pass(record.reply_text, texts.blocked_answer);
  pass(record.reply, record.reply_text.empty() ? texts.blocked_answer : record.reply_text);
  return record;
}

store::AnswerPage ShownNow(const Account& account, const Texts& texts, store::AnswerPage page) {
  page.question = account.Passed(page.question).value_or("");
  page.markdown = account.PassedMarkdown(page.markdown).value_or(texts.blocked_answer);
  return page;
}

std::string InstructionForModel(const Account& account, std::string_view question, const std::string& instruction) {
  const auto words = account.files.Get()->words;
  if (!words || instruction.empty()) return instruction;
  filter::Scratch scratch;
  const auto inbound = filter::Direction::kInbound;
  // Words that the admin alone has written are meant.
  if (words->Check(question, inbound, scratch).level < filter::Level::kMask) return instruction;
  return words->Mask(instruction, words->Check(instruction, inbound, scratch));
}

bool FilterForModel(const Account& account, PassedTexts& passed, std::vector<model::ChatMessage>& messages) {
  const auto words = account.files.Get()->words;
  if (!words || messages.empty()) return true;
  filter::Scratch scratch;
  // Everything in it is said to the model; what the model said itself was also shown to the follower.
  const auto passes = [&](model::ChatMessage& message) {
    if (message.role == "system") return true;
    const PassedTexts::Digest digest = passed.Of(words, message.role, message.content);
    if (passed.Has(digest)) return true;
    const filter::Verdict verdict = words->Check(message.content, filter::Direction::kInbound, scratch);
    if (verdict.level == filter::Level::kBlock) return false;
    std::string content = words->Mask(message.content, verdict);
    if (message.role == "assistant") {
      std::optional<std::string> shown = account.PassedMarkdown(content);
      if (!shown) return false;
      content = *std::move(shown);
    }
    // Under these words alone: the lists may have been read anew meanwhile.
    if (content == message.content && account.files.Get()->words == words) passed.Add(digest);
    message.content = std::move(content);
    return true;
  };
  if (!passes(messages.back())) return false;
  for (size_t at = messages.size() - 1; at-- > 0;) {
    if (passes(messages[at])) continue;
    // A question goes with its answer.
    const bool answer = messages[at].role == "assistant";
    const size_t first = answer && at > 0 && messages[at - 1].role == "user" ? at - 1 : at;
    const size_t end = !answer && messages[at + 1].role == "assistant" ? at + 2 : at + 1;
    messages.erase(messages.begin() + static_cast<std::ptrdiff_t>(first),
                   messages.begin() + static_cast<std::ptrdiff_t>(end));
    at = first;
  }
  return true;
}

}  // namespace yingda::bot
