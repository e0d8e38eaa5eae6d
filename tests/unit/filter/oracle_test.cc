// SPDX-License-Identifier: MIT
// The filter against a slow one that shares no code with it: texts are drawn from an alphabet whose folding is written
// down here, and every word is tried at every place by comparing.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "filter/word_filter.h"

namespace yingda::filter {
namespace {

enum class Kind { kLetter, kSymbol, kBlank, kNewline, kInvisible };

struct Atom {
  std::string bytes;
  Kind kind;
  std::u32string folded;  // of a letter, or the plain form of a symbol
};

const std::vector<Atom>& Alphabet() {
  static const std::vector<Atom> atoms = {
      {"a", Kind::kLetter, U"a"},        {"A", Kind::kLetter, U"a"},         {"ａ", Kind::kLetter, U"a"},
      {"á", Kind::kLetter, U"a"},        {"s", Kind::kLetter, U"s"},         {"Ⓢ", Kind::kLetter, U"s"},
      {"k", Kind::kLetter, U"k"},        {"㎏", Kind::kLetter, U"kg"},       {"𝓰", Kind::kLetter, U"g"},
      {"傻", Kind::kLetter, U"傻"},      {"妈", Kind::kLetter, U"妈"},       {"媽", Kind::kLetter, U"妈"},
      {"的", Kind::kLetter, U"的"},      {"𠮷", Kind::kLetter, U"𠮷"},       {"1", Kind::kLetter, U"1"},
      {"①", Kind::kLetter, U"1"},        {"2", Kind::kLetter, U"2"},         {"⑿", Kind::kLetter, U"12"},
      {"-", Kind::kSymbol, U"-"},        {"－", Kind::kSymbol, U"-"},        {"😀", Kind::kSymbol, U"😀"},
      {"。", Kind::kSymbol, U"。"},      {"\xFF", Kind::kSymbol, U"\uFFFD"}, {" ", Kind::kBlank, U""},
      {"　", Kind::kBlank, U""},         {"\n", Kind::kNewline, U""},        {"\u200b", Kind::kInvisible, U""},
      {"\u0301", Kind::kInvisible, U""},
  };
  return atoms;
}
constexpr size_t kLetters = 18;      // the first ones
constexpr size_t kPlaceholder = 13;  // of them: 𠮷

using Text = std::vector<const Atom*>;

std::string Bytes(const Text& text) {
  std::string bytes;
  for (const Atom* atom : text) bytes += atom->bytes;
  return bytes;
}

/// A text folded the slow way: codes and the atoms they came from.
struct SlowFold {
  std::u32string codes;
  std::vector<size_t> atoms;

  SlowFold(const Text& text, bool literal) {
    for (size_t at = 0; at < text.size(); ++at) {
      const Kind kind = text[at]->kind;
      std::u32string add;
      if (kind == Kind::kLetter || (kind == Kind::kSymbol && literal)) add = text[at]->folded;
      const bool after_blank = !codes.empty() && codes.back() == U' ';
      if (literal && (kind == Kind::kBlank || kind == Kind::kNewline) && !after_blank) add = U" ";
      codes += add;
      atoms.insert(atoms.end(), add.size(), at);
    }
  }
  size_t RunLength(size_t at) const {
    const size_t end = codes.find_first_not_of(codes[at], at);
    return (end == std::u32string::npos ? codes.size() : end) - at;
  }
};

bool SlowAsciiWord(char32_t code) { return (code >= U'a' && code <= U'z') || (code >= U'0' && code <= U'9'); }
bool SlowDigit(char32_t code) { return code >= U'0' && code <= U'9'; }

struct SlowGap {
  size_t visible = 0;
  bool blank = false;
  bool newline = false;
};

SlowGap GapBetween(const Text& text, size_t from_atom, size_t to_atom) {
  SlowGap gap;
  for (size_t at = from_atom + 1; at < to_atom; ++at) {
    gap.visible += text[at]->kind != Kind::kInvisible;
    gap.blank |= text[at]->kind == Kind::kBlank;
    gap.newline |= text[at]->kind == Kind::kNewline;
  }
  return gap;
}

/// What must stand in one place: pieces with one letter between two of them.
struct SlowPart {
  std::vector<Text> pieces;

  /// As it will stand in a text: a letter for each wildcard.
  Text Sample() const {
    Text sample = pieces[0];
    for (size_t at = 1; at < pieces.size(); ++at) {
      sample.push_back(&Alphabet()[kPlaceholder]);
      sample.insert(sample.end(), pieces[at].begin(), pieces[at].end());
    }
    return sample;
  }
  bool IsLiteral() const { return SlowFold(Sample(), false).codes.size() < 2; }
};

struct SlowWord {
  std::vector<SlowPart> parts;
  ListedWord listed;
  bool allow = false;
};

using Span = std::tuple<size_t, size_t, uint32_t, Level>;

class SlowFilter {
 public:
  explicit SlowFilter(std::vector<SlowWord> words) : words_(std::move(words)) {}

  std::multiset<Span> Check(const Text& text, Direction direction) const {
    std::vector<Span> allowed;
    for (uint32_t id = 0; id < words_.size(); ++id) {
      if (!words_[id].allow) continue;
      for (const Span& span : Spans(text, words_[id], words_[id].parts[0], id)) allowed.push_back(span);
    }
    std::multiset<Span> left;
    for (uint32_t id = 0; id < words_.size(); ++id) {
      const SlowWord& word = words_[id];
      const Level level = word.listed.levels.At(direction);
      if (word.allow || level == Level::kPass) continue;
      std::vector<Span> found;
      bool all = true;
      for (const SlowPart& part : word.parts) {
        const size_t before = found.size();
        for (Span span : Spans(text, word, part, id)) {
          std::get<3>(span) = level;
          if (!Covered(span, allowed)) found.push_back(span);
        }
        all = all && found.size() > before;
      }
      if (word.parts.size() > 1) {  // parts that are alike are one
        std::sort(found.begin(), found.end());
        found.erase(std::unique(found.begin(), found.end()), found.end());
      }
      if (all) left.insert(found.begin(), found.end());
    }
    return left;
  }

 private:
  using Place = std::pair<size_t, size_t>;

  static bool Covered(const Span& span, const std::vector<Span>& allowed) {
    return std::any_of(allowed.begin(), allowed.end(), [&](const Span& cover) {
      return std::get<0>(cover) <= std::get<0>(span) && std::get<1>(span) <= std::get<1>(cover);
    });
  }

  static std::vector<Span> Spans(const Text& text, const SlowWord& word, const SlowPart& part, uint32_t id) {
    const bool literal = part.IsLiteral();
    const SlowFold folded(text, literal);
    std::vector<Span> spans;
    for (auto [first, last] : Places(folded, SlowFold(part.pieces[0], literal).codes)) {
      bool fits = true;
      for (size_t at = 1; at < part.pieces.size() && fits; ++at) {
        const std::u32string piece = SlowFold(part.pieces[at], literal).codes;
        fits = last < folded.codes.size() && folded.codes.compare(last + 1, piece.size(), piece) == 0;
        last += 1 + piece.size();
      }
      if (fits && Stands(word, part, text, folded, first, last))
        spans.push_back(InBytes(text, folded, first, last, id));
    }
    return spans;
  }

  static std::vector<Place> Places(const SlowFold& text, const std::u32string& word) {
    std::vector<Place> places;
    for (size_t first = 0; first < text.codes.size(); ++first) {
      if (text.codes.compare(first, word.size(), word) == 0) places.emplace_back(first, first + word.size());
      const size_t last = StretchedEnd(text, word, first);
      if (last != 0) places.emplace_back(first, last);
    }
    return places;
  }

  // Where a stretched occurrence at `first` ends; 0 if there is none.
  static size_t StretchedEnd(const SlowFold& text, const std::u32string& word, size_t first) {
    bool stretched = false;
    size_t place = first;
    for (size_t at = 0; at < word.size();) {
      if (place >= text.codes.size() || text.codes[place] != word[at]) return 0;
      const size_t end = word.find_first_not_of(word[at], at);
      const size_t wanted = (end == std::u32string::npos ? word.size() : end) - at;
      const size_t there = text.RunLength(place);
      const bool whole_run = at > 0 || first == 0 || text.codes[first - 1] != text.codes[first];
      const bool stretchable = whole_run && there >= 3 && !SlowDigit(word[at]);
      const bool is_last = at + wanted == word.size();
      if (there < wanted) return 0;
      if (there > wanted && !stretchable && !is_last) return 0;
      stretched |= stretchable && there > wanted;
      place += stretchable ? there : wanted;
      at += wanted;
    }
    return stretched ? place : 0;
  }

  static bool Stands(const SlowWord& word, const SlowPart& part, const Text& text, const SlowFold& folded, size_t first,
                     size_t last) {
    const bool literal = part.IsLiteral();
    const Text sample = part.Sample();
    const SlowFold self(sample, literal);
    std::u32string own_codes;
    for (const Text& piece : part.pieces) own_codes += SlowFold(piece, literal).codes;
    const bool ascii = !literal && std::all_of(own_codes.begin(), own_codes.end(), SlowAsciiWord);
    const bool number = ascii && std::all_of(own_codes.begin(), own_codes.end(), SlowDigit) && self.codes.size() < 5;
    size_t longest = literal ? 1000 : word.allow ? 0 : number ? 0 : ascii ? 1 : 3;
    bool blanks = literal || (!word.allow && !ascii);
    for (size_t at = 1; at < self.codes.size(); ++at) {
      const SlowGap own = GapBetween(sample, self.atoms[at - 1], self.atoms[at]);
      longest = std::max(longest, own.visible);
      blanks |= own.blank;
    }
    for (size_t at = first + 1; at < last; ++at) {
      const SlowGap gap = GapBetween(text, folded.atoms[at - 1], folded.atoms[at]);
      if (gap.newline || gap.visible > longest || (gap.blank && !blanks)) return false;
    }
    if (GapBetween(text, folded.atoms[first], folded.atoms[last - 1]).newline) return false;
    const bool alone = word.listed.boundary == Boundary::kAlone;
    if (!alone && !(word.listed.boundary == Boundary::kAuto && ascii && !word.allow)) return true;
    const auto touches = [&](size_t outside, size_t inside) {
      const auto [low, high] = std::minmax(folded.atoms[outside], folded.atoms[inside]);
      const bool letter = text[folded.atoms[outside]]->kind == Kind::kLetter;
      return (alone ? letter : SlowAsciiWord(folded.codes[outside])) && GapBetween(text, low, high).visible == 0;
    };
    if (first > 0 && touches(first - 1, first)) return false;
    return last >= folded.codes.size() || !touches(last, last - 1);
  }

  static Span InBytes(const Text& text, const SlowFold& folded, size_t first, size_t last, uint32_t id) {
    size_t last_atom = folded.atoms[last - 1];
    while (last_atom + 1 < text.size() && text[last_atom + 1]->kind == Kind::kInvisible) ++last_atom;
    const auto bytes_before = [&](size_t atom) {
      return Bytes(Text(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(atom))).size();
    };
    return {bytes_before(folded.atoms[first]), bytes_before(last_atom + 1), id, Level::kPass};
  }

  std::vector<SlowWord> words_;
};

class Dealer {
 public:
  explicit Dealer(uint32_t seed) : random_(seed) {}

  Text Draw(size_t longest, size_t symbols_in_ten) {
    Text text(1 + random_() % longest);
    for (size_t at = 0; at < text.size(); ++at) {
      const bool letter = random_() % 10 >= symbols_in_ten;
      const size_t pick = letter ? random_() % kLetters : kLetters + random_() % (Alphabet().size() - kLetters);
      text[at] = &Alphabet()[pick];
      if (at > 0 && random_() % 3 == 0) text[at] = text[at - 1];  // runs
    }
    return text;
  }

  SlowWord Word() {
    SlowWord word;
    word.allow = random_() % 5 == 0;
    const size_t parts = !word.allow && random_() % 4 == 0 ? 2 + random_() % 3 : 1;
    while (word.parts.size() < parts) word.parts.push_back(random_() % 4 == 0 ? WithWildcards() : Plain());
    word.listed.levels = {static_cast<Level>(random_() % 4), static_cast<Level>(random_() % 4)};
    word.listed.boundary = static_cast<Boundary>(random_() % 3);
    if (word.parts.size() == 1 && word.parts[0].pieces.size() == 1) {
      word.listed.text = Bytes(word.parts[0].pieces[0]);
      return word;
    }
    word.listed.text = "parts";
    for (const SlowPart& part : word.parts) {
      WordPart& pieces = word.listed.parts.emplace_back();
      for (const Text& piece : part.pieces) pieces.push_back(Bytes(piece));
    }
    return word;
  }

 private:
  SlowPart Plain() {
    for (;;) {
      SlowPart part{{Draw(4, 1)}};
      if (!SlowFold(part.pieces[0], true).codes.empty()) return part;
    }
  }

  SlowPart WithWildcards() {
    const auto has_letter = [](const Text& piece) { return !SlowFold(piece, false).codes.empty(); };
    for (;;) {
      SlowPart part{{Draw(2, 1)}};
      if (random_() % 2 == 0) part.pieces.push_back(random_() % 2 == 0 ? Text() : Draw(1, 2));
      part.pieces.push_back(Draw(2, 1));
      if (has_letter(part.pieces.front()) && has_letter(part.pieces.back())) return part;
    }
  }

  std::mt19937 random_;
};

TEST(FilterOracleTest, AgreesWithComparingEveryWordAtEveryPlace) {
#ifdef YINGDA_SANITIZED
  constexpr uint32_t kDictionaries = 400;
#else
  constexpr uint32_t kDictionaries = 2'500;
#endif
  constexpr size_t kTexts = 50;
  size_t hits = 0;
  size_t of_parts = 0;
  Scratch scratch;
  for (uint32_t seed = 0; seed < kDictionaries; ++seed) {
    Dealer dealer(seed);
    std::vector<SlowWord> words;
    for (size_t count = 1 + seed % 12; count > 0; --count) words.push_back(dealer.Word());
    // The filter numbers words by list and line; denied ones come first.
    std::stable_partition(words.begin(), words.end(), [](const SlowWord& word) { return !word.allow; });
    std::vector<WordList> lists(2);
    lists[1].allow = true;
    for (const SlowWord& word : words) lists[word.allow ? 1 : 0].words.push_back(word.listed);
    const auto filter = WordFilter::FromLists(lists);
    const SlowFilter slow(words);
    for (size_t round = 0; round < kTexts; ++round) {
      const Text text = dealer.Draw(25, 3);
      const std::string bytes = Bytes(text);
      std::multiset<Span> got;
      const Direction direction = round % 2 == 0 ? Direction::kInbound : Direction::kOutbound;
      const Verdict verdict = filter->Check(bytes, direction, scratch);
      for (const WordHit& hit : verdict.hits) got.insert({hit.begin, hit.end, hit.word, hit.level});
      hits += got.size();
      for (const Span& span : got) of_parts += words[std::get<2>(span)].listed.parts.empty() ? 0 : 1;
      ASSERT_EQ(got, slow.Check(text, direction)) << "seed " << seed << ", text " << testing::PrintToString(bytes);
    }
  }
  EXPECT_GT(hits, size_t{kDictionaries} * 5);  // or the test would compare nothing with nothing
  EXPECT_GT(of_parts, size_t{kDictionaries});
}

}  // namespace
}  // namespace yingda::filter
