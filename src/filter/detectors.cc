// SPDX-License-Identifier: MIT
#include "filter/detectors.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "filter/detector_text.h"

namespace yingda::filter {
namespace {

bool IsLetter(char32_t code) { return code - U'a' < 26; }
bool IsIdCode(char32_t code) { return IsAsciiWord(code) || code == U'-' || code == U'_'; }
bool IsMailCode(char32_t code) { return IsIdCode(code) || code == U'.' || code == U'%' || code == U'+'; }

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
      return DetectLinks(literal, start, found);
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
