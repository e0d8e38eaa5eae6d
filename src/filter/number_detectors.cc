// SPDX-License-Identifier: MIT
#include <array>

#include "filter/detector_text.h"

namespace yingda::filter {
namespace {

/// Digits written together.
struct Group {
  size_t first = 0;
  size_t last = 0;
  size_t size() const { return last - first; }
};

/// Groups that may be one number. Without heap, for it is made for every number of a text.
class Run {
 public:
  static constexpr size_t kMost = 64;

  void Add(const Group& group) { groups_.at(size_++) = group; }
  size_t size() const { return size_; }
  const Group& operator[](size_t at) const { return groups_[at]; }

 private:
  std::array<Group, kMost> groups_;
  size_t size_ = 0;
};

/// Finds runs of digit groups with no more than `longest_gap` separators between two.
class NumberFinder : public DetectorPass {
 public:
  NumberFinder(const FoldedText& text, size_t start, std::vector<Detection>& found, size_t longest_gap)
      : DetectorPass(text, start, found), longest_gap_(longest_gap) {}
  virtual ~NumberFinder() = default;

  void Find() {
    Run run;
    for (size_t at = start_; at < text_.size();) {
      if (!IsAsciiDigit(text_[at])) {
        ++at;
        continue;
      }
      Group group{at, at};
      while (IsAsciiDigit(text_[group.last])) ++group.last;
      if (run.size() > 0 && (run.size() == Run::kMost || !Continues(run[run.size() - 1], group))) {
        Judge(run);
        run = Run();
      }
      run.Add(group);
      at = group.last;
    }
    if (run.size() > 0) Judge(run);
  }

 protected:
  virtual void Judge(const Run& run) = 0;

 private:
  bool Continues(const Group& before, const Group& next) const {
    if (next.first - before.last > longest_gap_) return false;
    for (size_t at = before.last; at < next.first; ++at) {
      if (!IsNumberSeparator(text_[at])) return false;
    }
    return !text_.LineEndsBetween(before.last, next.first);
  }

  const size_t longest_gap_;
};

constexpr size_t kMobile = 11;            // digits of a Chinese mobile number
constexpr size_t kLongest = kMobile + 4;  // with 0086

class PhoneFinder : public NumberFinder {
 public:
  PhoneFinder(const FoldedText& text, size_t start, std::vector<Detection>& found)
      : NumberFinder(text, start, found, 2) {}

 private:
  void Judge(const Run& run) override {
    for (size_t from = 0; from < run.size();) {
      const size_t to = NumberEnd(run, from);
      if (to != 0) Add(run[from].first, run[to - 1].last);
      from = std::max(to, from + 1);
    }
  }

  // The group behind a number that begins with group `from`; 0 if none does.
  size_t NumberEnd(const Run& run, size_t from) const {
    std::array<char32_t, kLongest> number{};
    size_t length = 0;
    for (size_t to = from; to < run.size() && length + run[to].size() <= kLongest; ++to) {
      for (size_t at = run[to].first; at < run[to].last; ++at) number.at(length++) = text_[at];
      if (!IsMobile(std::u32string_view(number.data(), length))) continue;
      // Two groups may be a number with its decimals (1.3800138000), unless they are as people group them.
      const bool decimals = to == from + 1 && run[from].size() != 3 && run[from].size() != 7 && length == kMobile;
      if (!decimals) return to + 1;
    }
    return 0;
  }

  static bool IsMobile(std::u32string_view number) {
    for (const std::u32string_view prefix : {U"0086", U"86"}) {
      if (number.size() == kMobile + prefix.size() && number.starts_with(prefix)) number.remove_prefix(prefix.size());
    }
    return number.size() == kMobile && number[0] == U'1' && number[1] >= U'3';
  }
};

class DigitsFinder : public NumberFinder {
 public:
  DigitsFinder(const FoldedText& text, size_t start, std::vector<Detection>& found, size_t least)
      : NumberFinder(text, start, found, 1), least_(least) {}

 private:
  void Judge(const Run& run) override {
    size_t begin = 0;
    for (size_t at = 0; at < run.size();) {
      if (!IsDate(run, at)) {
        ++at;
        continue;
      }
      Whole(run, begin, at);
      at = begin = at + 3;
    }
    Whole(run, begin, run.size());
  }

  void Whole(const Run& run, size_t begin, size_t end) {
    size_t digits = 0;
    for (size_t at = begin; at < end; ++at) digits += run[at].size();
    if (digits >= least_) Add(run[begin].first, run[end - 1].last);
  }

  bool IsDate(const Run& run, size_t at) const {
    if (at + 3 > run.size() || run[at].size() != 4 || run[at + 1].size() > 2 || run[at + 2].size() > 2) return false;
    const char32_t century = text_[run[at].first + 1];
    const char32_t millennium = text_[run[at].first];
    const bool year = (millennium == U'1' && century == U'9') || (millennium == U'2' && century == U'0');
    return year && Number(run[at + 1]) <= 12 && Number(run[at + 2]) <= 31;
  }
  uint32_t Number(const Group& group) const {
    uint32_t number = 0;
    for (size_t at = group.first; at < group.last; ++at) number = number * 10 + (text_[at] - U'0');
    return number;
  }

  const size_t least_;
};

}  // namespace

void DetectPhones(const FoldedText& literal, size_t start, std::vector<Detection>& found) {
  PhoneFinder(literal, start, found).Find();
}

void DetectNumbers(const FoldedText& literal, size_t start, uint32_t least_digits, std::vector<Detection>& found) {
  DigitsFinder(literal, start, found, least_digits).Find();
}

}  // namespace yingda::filter
