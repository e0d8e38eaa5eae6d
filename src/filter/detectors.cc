// SPDX-License-Identifier: MIT
#include "filter/detectors.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "filter/detector_text.h"

namespace yingda::filter {
namespace {

bool IsLetter(char32_t code) { return code - U'a' < 26; }
bool IsHostCode(char32_t code) { return IsAsciiWord(code) || code == U'-'; }
bool IsDot(char32_t code) { return code == U'.' || code == U'。' || code == U'．' || code == U'｡'; }
bool IsIdCode(char32_t code) { return IsAsciiWord(code) || code == U'-' || code == U'_'; }
bool IsMailCode(char32_t code) { return IsIdCode(code) || code == U'.' || code == U'%' || code == U'+'; }

bool EndsSentence(char32_t code) {
  return std::u32string_view(U".。．｡,!?;:'\")]}*~").find(code) != std::u32string_view::npos;
}

// Endings that links in chats have; most two-letter words with a dot before them are none.
constexpr auto kEndings = std::to_array<std::u32string_view>(
    {U"ai",   U"app", U"asia",   U"biz", U"cc",   U"club", U"cn",  U"co",   U"com",  U"dev",  U"edu",
     U"fun",  U"gov", U"hk",     U"icu", U"info", U"io",   U"jp",  U"link", U"live", U"ltd",  U"me",
     U"mobi", U"net", U"online", U"org", U"pro",  U"pw",   U"red", U"ru",   U"shop", U"site", U"store",
     U"tech", U"top", U"tv",     U"tw",  U"uk",   U"us",   U"vip", U"wang", U"win",  U"work", U"xyz"});

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

  // Adds a link at `first` whose host begins at `host`; returns its end, 0 if it is none.
  size_t Link(size_t first, size_t host) {
    std::array<size_t, 3> labels{};  // where the last ones begin, the last first
    size_t end = host;
    size_t count = 0;
    for (size_t at = host; IsHostCode(text_[at]) && end - host < kLongestHost;) {
      std::copy_backward(labels.begin(), labels.end() - 1, labels.end());
      labels[0] = at;
      ++count;
      while (IsHostCode(text_[at])) ++at;
      end = at;
      if (!IsDot(text_[at])) break;
      ++at;
    }
    const bool scheme = host > first;
    if (count == 0 || (!scheme && (count < 2 || !KnownEnding(labels[0], end) || text_[end] == U'@'))) return 0;
    const bool country = count > 2 && end - labels[0] == 2 && labels[0] - labels[1] <= 4;  // .com.cn
    const size_t key = labels.at(std::min<size_t>(country ? 2 : 1, count - 1));
    const size_t last = PathEnd(end);
    Add(first, last, key, end);
    return last;
  }

  bool KnownEnding(size_t begin, size_t end) const {
    return std::any_of(kEndings.begin(), kEndings.end(), [&](std::u32string_view ending) {
      return ending.size() == end - begin && text_.Starts(begin, ending);
    });
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

class EmailFinder : public DetectorPass {
 public:
  using DetectorPass::DetectorPass;

  void Find() {
    size_t done = start_;
    for (size_t at = start_ + 1; at < text_.size(); ++at) {
      if (text_[at] != U'@') continue;
      size_t first = at;
      while (first > done && at - first < 64 && IsMailCode(text_[first - 1])) --first;
      while (first < at && !IsAsciiWord(text_[first])) ++first;
      const size_t end = HostEnd(at + 1);
      if (first == at || end == 0) continue;
      Add(first, end);
      done = end;
    }
  }

 private:
  size_t HostEnd(size_t begin) const {
    size_t end = 0;
    size_t labels = 0;
    for (size_t at = begin; at < begin + kLongestHost && IsAsciiWord(text_[at]);) {
      const size_t label = at;
      while (IsHostCode(text_[at])) ++at;
      ++labels;
      if (labels > 1 && at - label >= 2 && IsLetter(text_[label])) end = at;
      if (!IsDot(text_[at])) break;
      ++at;
    }
    return end;
  }
};

class WechatIdFinder : public DetectorPass {
 public:
  using DetectorPass::DetectorPass;

  void Find() {
    for (size_t at = start_; at < text_.size();) {
      size_t end = at;
      while (IsIdCode(text_[end])) ++end;
      if (end == at) {
        ++at;
        continue;
      }
      const size_t name = GluedName(at);
      if (Fits(at, end) && Named(at, end)) {
        Add(at, end);
      } else if (name != 0 && Fits(at + name, end) && !AllLetters(at + name, end)) {
        Add(at + name, end);
      }
      at = end;
    }
  }

 private:
  static bool Fits(size_t first, size_t end) { return end >= first + 6 && end - first <= 20; }

  bool AllLetters(size_t first, size_t end) const {
    while (first < end && IsLetter(text_[first])) ++first;
    return first == end;
  }

  // By what stands in front of it.
  bool Named(size_t first, size_t end) const {
    if (text_.Starts(first, U"wxid_")) return true;
    size_t name_end = first;
    bool marked = !AllLetters(first, end);  // 微信 abcdef may be a sentence, 微信：abcdef and 微信 abc123 are not
    while (name_end > 0 && first - name_end < 4 && Joins(text_[name_end - 1])) {
      --name_end;
      marked |= text_[name_end] != U' ';
    }
    return marked && NameEndsAt(name_end);
  }

  static bool Joins(char32_t code) {
    return std::u32string_view(U" :：号是为-=+").find(code) != std::u32string_view::npos;
  }

  bool NameEndsAt(size_t end) const {
    const auto ends = [&](std::u32string_view name) {
      return end >= name.size() && text_.Starts(end - name.size(), name);
    };
    for (const std::u32string_view name : {U"微信", U"薇信", U"威信", U"徽信", U"v信"}) {
      if (ends(name)) return true;
    }
    for (const std::u32string_view name : {U"vx", U"wx", U"v", U"weixin", U"wechat"}) {
      if (ends(name) && !IsAsciiWord(text_.Before(end - name.size()))) return true;
    }
    return false;
  }

  // vxabc123: the length of vx.
  size_t GluedName(size_t at) const {
    for (const std::u32string_view name : {U"weixin", U"wechat", U"vx", U"wx"}) {
      if (text_.Starts(at, name)) return name.size();
    }
    return 0;
  }
};

}  // namespace

const char* ToString(DetectorKind kind) {
  switch (kind) {
    case DetectorKind::kUrl:
      return "url";
    case DetectorKind::kEmail:
      return "email";
    case DetectorKind::kPhone:
      return "phone";
    case DetectorKind::kDigits:
      return "digits";
    case DetectorKind::kWechatId:
      return "wechat_id";
  }
  return "unknown";
}

const char* ChineseName(DetectorKind kind) {
  switch (kind) {
    case DetectorKind::kUrl:
      return "网址";
    case DetectorKind::kEmail:
      return "邮箱地址";
    case DetectorKind::kPhone:
      return "手机号";
    case DetectorKind::kDigits:
      return "长数字";
    case DetectorKind::kWechatId:
      return "微信号";
  }
  return "";
}

void Detect(const DetectorOptions& options, const FoldedText& literal, size_t start, std::vector<Detection>& found) {
  switch (options.kind) {
    case DetectorKind::kUrl:
      return UrlFinder(literal, start, found).Find();
    case DetectorKind::kEmail:
      return EmailFinder(literal, start, found).Find();
    case DetectorKind::kPhone:
      return DetectPhones(literal, start, found);
    case DetectorKind::kDigits:
      return DetectNumbers(literal, start, options.least_digits, found);
    case DetectorKind::kWechatId:
      return WechatIdFinder(literal, start, found).Find();
  }
}

size_t OpenDetection(const FoldedText& literal, size_t end) {
  const DetectorText text(literal);
  // A blank only goes on between the groups of a number.
  const auto in_number = [&](size_t at) {
    const auto fits = [&](size_t beside) { return IsAsciiDigit(text[beside]) || IsNumberSeparator(text[beside]); };
    return at > 0 && fits(at - 1) && (at + 1 == text.size() || fits(at + 1)) && !text.LineEndsBetween(at, at + 1);
  };
  const auto goes_on = [&](size_t at) {
    const char32_t code = text[at];
    return code == U' ' ? in_number(at) : code < 0x80 || IsDot(code) || IsNumberSeparator(code);
  };
  if (end < text.size() && !goes_on(end)) return end;
  size_t open = end;
  while (open > 0 && goes_on(open - 1)) --open;
  while (open < end && !IsIdCode(text[open])) ++open;  // with which nothing begins
  return open;
}

}  // namespace yingda::filter
