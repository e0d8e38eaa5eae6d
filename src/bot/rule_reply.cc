// SPDX-License-Identifier: MIT
#include "bot/rule_reply.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "filter/fold.h"

namespace yingda::bot {
namespace {

/// Calls `use` for every text of the reply that its follower reads.
template <typename Use>
void ForEachReadText(wechat::Reply& reply, const Use& use) {
  if (auto* const text = std::get_if<wechat::TextReply>(&reply)) {
    use(text->content);
  } else if (auto* const video = std::get_if<wechat::VideoReply>(&reply)) {
    use(video->title);
    use(video->description);
  } else if (auto* const music = std::get_if<wechat::MusicReply>(&reply)) {
    use(music->title);
    use(music->description);
  } else if (auto* const news = std::get_if<wechat::NewsReply>(&reply)) {
    for (wechat::Article& article : news->articles) {
      use(article.title);
      use(article.description);
    }
  }
}

/// Of a verdict on a text, what it says of bytes [begin, end).
filter::Verdict Within(const filter::Verdict& whole, size_t begin, size_t end) {
  filter::Verdict part;
  part.direction = whole.direction;
  for (filter::WordHit hit : whole.hits) {
    if (hit.begin >= end || hit.end <= begin) continue;
    hit.begin = std::max(hit.begin, begin) - begin;
    hit.end = std::min(hit.end, end) - begin;
    part.level = std::max(part.level, hit.level);
    part.hits.push_back(hit);
  }
  return part;
}

/// A reply that says so; of an empty text, that nothing is said.
wechat::Reply Said(const std::string& text) {
  if (text.empty()) return wechat::NoReply();
  return wechat::TextReply{text};
}

/// One reply's way through the filter.
class ReplyJudge {
 public:
  ReplyJudge(const filter::WordFilter& words, std::string_view said, filter::Scratch& scratch)
      : words_(words), said_(said), scratch_(scratch) {}

  /// Masks what is to be masked. True: it must not be shown.
  bool Blocks(wechat::Reply& reply, filter::Verdict& found) {
    filter::Verdict verdict = CheckAll(reply);
    if (verdict.hits.empty()) return false;
    found.level = std::max(found.level, verdict.level);
    found.hits.insert(found.hits.end(), verdict.hits.begin(), verdict.hits.end());
    if (verdict.level != filter::Level::kMask) return verdict.level == filter::Level::kBlock;
    const filter::WordFilter::Counts counts = [this](std::string_view text, const filter::WordHit& hit) {
      return Counts(text, hit);
    };
    size_t begin = 0;
    ForEachReadText(reply, [&](std::string& text) {
      const size_t end = begin + text.size();
      text = words_.Mask(text, Within(verdict, begin, end), counts);
      begin = end + kBetween.size();
    });
    // Whatever the masks of one text may have made together with another.
    return !std::holds_alternative<wechat::TextReply>(reply) && CheckAll(reply).level >= filter::Level::kMask;
  }

 private:
  static constexpr std::string_view kBetween = "\n";

  bool Counts(std::string_view text, const filter::WordHit& hit) const {
    return !words_.Info(hit.word).detector || Repeated(text.substr(hit.begin, hit.end - hit.begin));
  }

  filter::Verdict Check(std::string_view text) {
    filter::Verdict verdict = words_.Check(text, filter::Direction::kOutbound, scratch_);
    filter::KeepHits(verdict, [&](const filter::WordHit& hit) { return Counts(text, hit); });
    return verdict;
  }

  /// All texts of it as one: words that count only together may stand in two of them.
  filter::Verdict CheckAll(wechat::Reply& reply) {
    if (const auto* const text = std::get_if<wechat::TextReply>(&reply)) return Check(text->content);
    std::string all;
    ForEachReadText(reply, [&all](const std::string& text) { all.append(text).append(kBetween); });
    return all.empty() ? filter::Verdict() : Check(all);
  }

  /// Folded, as full-width digits reach a rule's groups as plain ones.
  bool Repeated(std::string_view found) const {
    const std::u32string said = filter::FoldedCodes(said_, filter::FoldMode::kLiteral);
    return said.find(filter::FoldedCodes(found, filter::FoldMode::kLiteral)) != std::u32string::npos;
  }

  const filter::WordFilter& words_;
  const std::string_view said_;
  filter::Scratch& scratch_;
};

}  // namespace

filter::Verdict FilterRuleReply(const filter::WordFilter& words, std::string_view said, const std::string& blocked,
                                wechat::Reply& reply, std::vector<wechat::Reply>& more, filter::Scratch& scratch) {
  filter::Verdict found;
  ReplyJudge judge(words, said, scratch);
  bool told = judge.Blocks(reply, found);
  if (told) reply = Said(blocked);
  std::vector<wechat::Reply> shown;
  for (wechat::Reply& next : more) {
    const bool blocks = judge.Blocks(next, found);
    if (blocks && (told || blocked.empty())) continue;
    told = told || blocks;
    if (blocks) next = Said(blocked);
    shown.push_back(std::move(next));
  }
  more = std::move(shown);
  return found;
}

std::optional<std::string> PassedOwnText(const filter::WordFilter& words, std::string_view text) {
  filter::Scratch scratch;
  filter::Verdict verdict = words.Check(text, filter::Direction::kOutbound, scratch);
  if (verdict.hits.empty()) return std::string(text);
  const auto counts = [&](std::string_view, const filter::WordHit& hit) { return !words.Info(hit.word).detector; };
  filter::KeepHits(verdict, [&](const filter::WordHit& hit) { return counts(text, hit); });
  if (verdict.level == filter::Level::kBlock) return std::nullopt;
  return words.Mask(text, verdict, counts);
}

std::vector<wechat::Reply> AsMessages(std::vector<wechat::Reply> replies) {
  std::vector<wechat::Reply> messages;
  for (wechat::Reply& reply : replies) {
    auto* const news = std::get_if<wechat::NewsReply>(&reply);
    if (news == nullptr) {
      messages.push_back(std::move(reply));
      continue;
    }
    for (wechat::Article& article : news->articles) messages.push_back(wechat::NewsReply{{std::move(article)}});
  }
  return messages;
}

}  // namespace yingda::bot
