// SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>
#include <string_view>

#include "filter/detector_text.h"

namespace yingda::filter {
namespace {

bool EndsSentence(char32_t code) {
  return std::u32string_view(U".。．｡,!?;:'\")]}*~").find(code) != std::u32string_view::npos;
}

// Endings that links in chats have; most two-letter words with a dot before them are none.
constexpr auto kEndings = std::to_array<std::u32string_view>({U"asia", U"biz", U"cc", U"cn",  U"com",  U"edu", U"gov",
                                                              U"hk",   U"icu", U"jp", U"ltd", U"mobi", U"net", U"org",
                                                              U"pw",   U"ru",  U"tw", U"uk",  U"wang", U"xyz"});
// Those that are also what people write about: App。VIP, it.Me.
constexpr auto kWordEndings = std::to_array<std::u32string_view>(
    {U"ai",  U"app", U"club", U"co",   U"dev",   U"fun",  U"info", U"io", U"link", U"live", U"me",  U"online",
     U"pro", U"red", U"shop", U"site", U"store", U"tech", U"top",  U"tv", U"us",   U"vip",  U"win", U"work"});
// What looks like a link to everybody but who works with it.
constexpr auto kNoLinks = std::to_array<std::u32string_view>(
    {U"asp.net", U"ado.net", U"vb.net", U"ml.net", U"paint.net", U"system.net", U"java.net", U"system.io", U"java.io",
     U"socket.io", U"engine.io", U"window.top", U"read.me"});

template <size_t size>
bool IsAmong(const std::array<std::u32string_view, size>& all, std::u32string_view word) {
  return std::find(all.begin(), all.end(), word) != all.end();
}

bool AllDigits(std::u32string_view label) { return std::all_of(label.begin(), label.end(), IsAsciiDigit); }
bool HasNoDigit(std::u32string_view label) { return std::none_of(label.begin(), label.end(), IsAsciiDigit); }

class UrlFinder : public DetectorPass {
 public:
  using DetectorPass::DetectorPass;

  void Find() {
    for (size_t at = start_; at < text_.size();) {
      const size_t host = at + SchemeLength(at);
      size_t end = host > at || StartsName(at) ? Link(at, host) : 0;
      at = end != 0 ? end : at + 1;
    }
  }

 private:
  size_t SchemeLength(size_t at) const {
    if (IsAsciiWord(text_.Before(at))) return 0;
    for (const std::u32string_view scheme : {U"http://", U"https://", U"ftp://"}) {
      if (text_.Starts(at, scheme)) return scheme.size();
    }
    return 0;
  }

  bool StartsName(size_t at) const {
    const char32_t before = text_.Before(at);
    return IsAsciiWord(text_[at]) && !IsHostCode(before) && before != U'@' && before != U'.' && before != U'_';
  }

  // A host, or the beginning of one: of baidu.com.So what stands before So.
  struct Host {
    size_t begin = 0;
    std::array<size_t, 3> labels{};  // where the last ones begin, the last first
    size_t count = 0;
    size_t end = 0;

    size_t Key() const {
      const bool country = count > 2 && end - labels[0] == 2 && labels[0] - labels[1] <= 4;  // .com.cn
      return labels.at(std::min<size_t>(country ? 2 : 1, count - 1));
    }
  };

  // Adds a link at `first` whose host begins at `begin`; returns its end, 0 if it is none.
  size_t Link(size_t first, size_t begin) {
    Host host;
    host.begin = begin;
    Host link;
    for (size_t at = begin; IsHostCode(text_[at]) && at - begin < kLongestHost;) {
      std::copy_backward(host.labels.begin(), host.labels.end() - 1, host.labels.end());
      host.labels[0] = at;
      ++host.count;
      while (IsHostCode(text_[at])) ++at;
      host.end = at;
      if (begin > first || IsName(host)) link = host;
      if (!IsDot(text_[at])) break;
      ++at;
    }
    if (link.count == 0) return 0;
    const size_t last = PathEnd(link.end);
    Add(first, last, link.Key(), link.end);
    return last;
  }

  std::u32string_view Codes(size_t begin, size_t end) const { return text_.Codes(begin, end); }

  // Without http:// in front of it.
  bool IsName(const Host& host) const {
    if (host.count < 2 || text_[host.end] == U'@') return false;
    const std::u32string_view ending = Codes(host.labels[0], host.end);
    if (host.count > 2 && text_.Starts(host.begin, U"www")) return ending.size() > 1 && HasNoDigit(ending);
    const bool sure = IsAmong(kEndings, ending);
    if (!sure && !IsAmong(kWordEndings, ending)) return false;
    const bool capital = text_.WrittenAsCapital(host.labels[0]);
    const std::u32string_view label = Codes(host.labels[1], host.labels[0] - 1);
    // The first items of a list: 1.VIP, 2.App.
    if (host.count == 2 && label.size() < 3 && AllDigits(label) && (!sure || capital)) return false;
    if (PathEnd(host.end) > host.end) return true;
    if (host.count == 2 && IsNoLink(host)) return false;
    if (IsChineseStop(text_[host.labels[0] - 1])) return sure && !capital;
    // Where a sentence ends and the next begins, if not all of it is in capitals.
    const bool joint = capital && HasNoDigit(label) && !AllCapitals(host.begin, host.end);
    return sure || host.count > 2 || !joint;
  }

  bool IsNoLink(const Host& host) const {
    const size_t dot = host.labels[0] - 1;
    return std::any_of(kNoLinks.begin(), kNoLinks.end(), [&](std::u32string_view name) {
      const size_t name_dot = name.find(U'.');
      return Codes(host.begin, dot) == name.substr(0, name_dot) &&
             Codes(dot + 1, host.end) == name.substr(name_dot + 1);
    });
  }

  bool AllCapitals(size_t begin, size_t end) const {
    for (size_t at = begin; at < end; ++at) {
      if (text_[at] - U'a' < 26 && !text_.WrittenAsCapital(at)) return false;
    }
    return true;
  }

  size_t PathEnd(size_t host_end) const {
    size_t end = host_end;
    if (text_[end] != U'/' && text_[end] != U':' && text_[end] != U'?' && text_[end] != U'#') return end;
    // A full-width comma behind a link is the sentence's; full-width letters and slashes are the link's.
    const auto belongs = [&](size_t at) {
      const char32_t code = text_[at];
      if (code <= U' ' || code > U'~' || code == U'<' || code == U'>' || code == U'"') return false;
      return text_.WrittenPlain(at) || IsAsciiWord(code) || code == U'/' || code == U'.' || code == U':';
    };
    while (end < text_.size() && belongs(end)) ++end;
    while (end > host_end && EndsSentence(text_[end - 1])) --end;
    return end;
  }
};

}  // namespace

void DetectLinks(const FoldedText& literal, size_t start, std::vector<Detection>& found) {
  UrlFinder(literal, start, found).Find();
}

}  // namespace yingda::filter
