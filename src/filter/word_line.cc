// SPDX-License-Identifier: MIT
#include "filter/word_line.h"

#include <algorithm>
#include <utility>

#include "base/utf8.h"
#include "filter/fold.h"
#include "filter/pattern_index.h"

namespace yingda::filter {
namespace {

constexpr size_t kMaxWordBytes = 1024;
constexpr std::string_view kEscapable = "#|\\?&=";

/// The parts of `text` between unescaped `separator`s.
std::vector<std::string_view> Split(std::string_view text, std::string_view separator) {
  std::vector<std::string_view> parts;
  size_t begin = 0;
  for (size_t at = 0; at < text.size();) {
    if (text[at] == '\\') {
      at += 2;
    } else if (text.substr(at).starts_with(separator)) {
      parts.push_back(text.substr(begin, at - begin));
      at = begin = at + separator.size();
    } else {
      ++at;
    }
  }
  parts.push_back(text.substr(begin));
  return parts;
}

std::string Unescaped(std::string_view text) {
  std::string out;
  for (size_t at = 0; at < text.size(); ++at) {
    const bool escape = text[at] == '\\' && at + 1 < text.size() && kEscapable.find(text[at + 1]) < kEscapable.size();
    out.push_back(text[escape ? ++at : at]);
  }
  return out;
}

size_t Letters(std::string_view text) { return FoldedCodes(text, FoldMode::kLetters).size(); }

struct DirectionName {
  std::string_view name;
  Level Levels::*level;
};
constexpr DirectionName kDirections[] = {{"in", &Levels::inbound},        {"inbound", &Levels::inbound},
                                         {"提问", &Levels::inbound},      {"out", &Levels::outbound},
                                         {"outbound", &Levels::outbound}, {"回答", &Levels::outbound}};

class Reader {
 public:
  Reader(bool allow, const LineDefaults& defaults) : allow_(allow), defaults_(defaults) {}

  WordLine Read(std::string_view line) && {
    std::vector<std::string_view> fields = Split(line, "|");
    for (std::string_view& field : fields) field = base::TrimBlanks(field);
    word_.levels = defaults_.levels;
    word_.boundary = defaults_.boundary;
    word_.tags = defaults_.tags;
    Replacement(fields[0]);
    size_t position = 0;  // 1: level, 2: tags
    for (size_t k = 1; k < fields.size(); ++k) {
      if (fields[k].starts_with('=')) {
        Option(fields[k]);
      } else if (++position == 1) {
        ReadLevels(fields[k]);
      } else if (position == 2) {
        word_.tags = fields[k];
      } else {
        Mistake(fields[k], "多了一段；格式是 词|级别|标签,标签，词里的 | 请写成 \\|");
      }
    }
    Text(fields[0]);
    if (word_.replacement) CheckReplacement(line);
    if (!result_.mistake) result_.word = std::move(word_);
    return std::move(result_);
  }

 private:
  // Takes "=> text" off the word.
  void Replacement(std::string_view& field) {
    std::vector<std::string_view> sides = Split(field, "=>");
    if (sides.size() < 2) return;
    field = base::TrimBlanks(sides[0]);
    if (sides.size() > 2) return Mistake(sides[2], "一行只能有一个 =>；文字里的 = 请写成 \\=");
    word_.replacement = Unescaped(base::TrimBlanks(sides[1]));
    for (Level* const level : {&word_.levels.inbound, &word_.levels.outbound}) {
      if (*level != Level::kPass) *level = Level::kMask;
    }
  }

  void CheckReplacement(std::string_view line) {
    const std::string& text = *word_.replacement;
    if (allow_) return Mistake(line, "allow 里的词只是放行，不能替换；请只写词本身");
    if (text.size() > kMaxReplacementBytes || Letters(text) > PatternIndex::kMaxCodes) {
      return Mistake(line, "=> 后面的文字太长；请不要超过 60 个字");
    }
    // Nothing in the word's place would join what stands around it.
    if (text.empty()) return Unreplaced(line, "=> 后面没有文字，照样打码；请写上要换成的文字，或者去掉 =>");
    if (word_.parts.empty() && ReadsLike(text, word_.text)) {
      return Unreplaced(line, "=> 后面还是这个词（标点、大小写、繁简不算），照样打码；请换成别的文字，或者去掉 =>");
    }
    if (word_.levels.inbound != Level::kMask && word_.levels.outbound != Level::kMask) {
      Warning(line, "只有打码（mask）的词才会换成 => 后面的文字；请把级别改成 mask，或者去掉 => 后面的文字");
    }
  }

  void Unreplaced(std::string_view place, std::string what) {
    word_.replacement.reset();
    Warning(place, std::move(what));
  }

  void Option(std::string_view field) {
    if (field == "=short") {
      short_wanted_ = true;
    } else if (const auto boundary = ParseBoundary(field.substr(1))) {
      word_.boundary = *boundary;
    } else {
      Mistake(field, "选项“" + std::string(field) + "”不认识；可写 =raw、=word 或 =short");
    }
  }

  void ReadLevels(std::string_view field) {
    if (field.empty()) return;
    if (allow_) return Mistake(field, "allow 里的词没有级别；请只写词本身");
    while (!field.empty()) {
      const size_t comma = std::min({field.find(','), field.find("，"), field.size()});
      ReadLevel(base::TrimBlanks(field.substr(0, comma)));
      field.remove_prefix(comma);
      if (!field.empty()) field.remove_prefix(field.starts_with(',') ? 1 : std::string_view("，").size());
    }
  }

  void ReadLevel(std::string_view item) {
    const size_t colon = std::min({item.find(':'), item.find("："), item.size()});
    const std::string_view direction = base::TrimBlanks(item.substr(0, colon));
    const size_t width = item.substr(colon).starts_with(':') ? 1 : std::string_view("：").size();
    const std::string_view name = colon == item.size() ? item : base::TrimBlanks(item.substr(colon + width));
    const auto level = ParseLevel(name);
    if (!level) return Mistake(item, UnknownLevel(name));
    if (colon == item.size()) {
      word_.levels = {*level, *level};
      return;
    }
    const auto* const known = std::find_if(std::begin(kDirections), std::end(kDirections),
                                           [&](const DirectionName& each) { return each.name == direction; });
    if (known == std::end(kDirections)) {
      return Mistake(item, "“" + std::string(direction) + "”不认识；粉丝的提问写 in:级别，模型的回答写 out:级别");
    }
    word_.levels.*(known->level) = *level;
  }

  void Text(std::string_view field) {
    word_.text = Unescaped(field);
    if (word_.text.empty()) return Mistake(field, "| 前面没有词；请补上词，或删掉这一行");
    if (word_.text.size() > kMaxWordBytes) return TooLong(field);
    const std::vector<std::string_view> parts = Split(field, "&&");
    if (parts.size() == 1 && Split(field, "?").size() == 1) {
      Plain(field, word_.text);
    } else if (parts.size() > kMaxParts) {
      Mistake(field, "&& 最多连接 " + std::to_string(kMaxParts) + " 个词；请去掉一些");
    } else if (allow_ && parts.size() > 1) {
      Mistake(field, "allow 里的词不能用 &&；请每行只写一个词（&& 本身请写成 \\&&）");
    } else {
      for (const std::string_view part : parts) Part(base::TrimBlanks(part), field);
    }
    if (word_.text.find(',') != std::string::npos || word_.text.find("，") != std::string::npos ||
        word_.text.find("、") != std::string::npos) {
      Warning(field, "当成一个词了；如果是几个词，请每行只写一个");
    }
  }

  void Part(std::string_view part, std::string_view field) {
    if (part.empty()) return Mistake(field, "&& 的一边没有词；请补上，或去掉 &&（&& 本身请写成 \\&&）");
    WordPart pieces;
    size_t letters = 0;
    for (const std::string_view piece : Split(part, "?")) {
      pieces.push_back(Unescaped(piece));
      letters += Letters(pieces.back());
    }
    const size_t wildcards = pieces.size() - 1;
    if (wildcards == 0) {
      Plain(part, pieces[0]);
    } else if (wildcards > kMaxWildcards) {
      Mistake(part, "一个词里最多两个 ?；? 代表任意一个字，问号本身请写成 \\?");
    } else if (Letters(pieces.front()) == 0 || Letters(pieces.back()) == 0) {
      Mistake(part, "? 代表任意一个字，不能在词的开头或末尾；问号本身请写成 \\?");
    } else if (letters + wildcards > PatternIndex::kMaxCodes) {
      TooLong(part);
    }
    word_.parts.push_back(std::move(pieces));
  }

  void Plain(std::string_view place, const std::string& text) {
    const size_t letters = Letters(text);
    if (letters > PatternIndex::kMaxCodes) return TooLong(place);
    if (letters < 2) {
      const size_t characters = FoldedCodes(text, FoldMode::kLiteral).size();
      if (characters > PatternIndex::kMaxCodes) return TooLong(place);
      if (characters == 0) return Mistake(place, "这个词没有看得见的字；请删掉这一行");
      if (characters < 2 && !short_wanted_) {
        return Mistake(place, "单个字几乎总会误伤；请写长一些，确实要过滤它请在行末加上 |=short");
      }
    }
    if (letters > 1 && text.find("？") != std::string::npos) {
      Warning(place, "全角的？只是标点；要代表任意一个字请写半角的 ?");
    }
  }

  void TooLong(std::string_view place) { Mistake(place, "词超过 64 个字；请只留其中最有特征的一段"); }

  // The first one counts: what follows it may only follow from it.
  void Mistake(std::string_view place, std::string what) {
    if (!result_.mistake) result_.mistake = LineNote{place, std::move(what)};
  }
  void Warning(std::string_view place, std::string what) { result_.warnings.push_back({place, std::move(what)}); }

  const bool allow_;
  const LineDefaults& defaults_;
  WordLine result_;
  ListedWord word_;
  bool short_wanted_ = false;
};

}  // namespace

WordLine ReadWordLine(std::string_view line, bool allow, const LineDefaults& defaults) {
  return Reader(allow, defaults).Read(line);
}

bool ReadsLike(std::string_view text, std::string_view word) {
  const FoldMode mode = Letters(word) < 2 ? FoldMode::kLiteral : FoldMode::kLetters;
  const auto collapsed = [mode](std::string_view of) {
    std::u32string codes = FoldedCodes(of, mode);
    codes.erase(std::unique(codes.begin(), codes.end()), codes.end());
    return codes;
  };
  return collapsed(text) == collapsed(word);
}

std::optional<Boundary> ParseBoundary(std::string_view name) {
  if (name == "auto") return Boundary::kAuto;
  if (name == "raw") return Boundary::kAnywhere;
  if (name == "word") return Boundary::kAlone;
  return std::nullopt;
}

std::string UnknownLevel(std::string_view name) {
  return "级别“" + std::string(name) + "”不认识；请写 block（拦截）、mask（打码）、review（复查）或 pass（放行）";
}

}  // namespace yingda::filter
