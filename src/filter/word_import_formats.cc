// SPDX-License-Identifier: MIT
#include "filter/word_import_formats.h"

#include <algorithm>
#include <array>
#include <functional>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/base64.h"
#include "base/utf8.h"

namespace yingda::filter {
namespace {

constexpr size_t kLinesLookedAt = 200;
constexpr std::string_view kBlanks = " \t";

struct Section {
  std::string_view name;
  Level level;
};
constexpr std::array<Section, 5> kSections = {{{"#ignore", Level::kPass},
                                               {"#notice", Level::kReview},
                                               {"#caution", Level::kReview},
                                               {"#warning", Level::kMask},
                                               {"#danger", Level::kBlock}}};

const Section* SectionAt(std::string_view line) {
  const auto* const found =
      std::find_if(kSections.begin(), kSections.end(), [&](const Section& each) { return each.name == line; });
  return found == kSections.end() ? nullptr : found;
}

bool IsComment(std::string_view line) {
  return line.starts_with('#') || line.starts_with(';') || line.starts_with("//");
}

std::string_view WithoutCommas(std::string_view text) {
  for (;;) {
    text = base::TrimBlanks(text);
    if (text.ends_with(',')) {
      text.remove_suffix(1);
    } else if (text.ends_with("，")) {
      text.remove_suffix(std::string_view("，").size());
    } else {
      return text;
    }
  }
}

/// Calls `take` with each line that holds something, trimmed, and its number.
void EachLine(std::string_view text, const std::function<void(std::string_view, size_t)>& take) {
  for (size_t line = 1; !text.empty(); ++line) {
    const size_t end = std::min(text.find_first_of("\r\n"), text.size());
    const std::string_view content = WithoutCommas(text.substr(0, end));
    if (!content.empty()) take(content, line);
    text.remove_prefix(std::min(text.size(), end + (text.substr(end).starts_with("\r\n") ? 2 : 1)));
  }
}

std::vector<std::string_view> SplitPipes(std::string_view line) {
  std::vector<std::string_view> parts;
  for (size_t begin = 0; begin <= line.size();) {
    const size_t end = std::min(line.find('|', begin), line.size());
    parts.push_back(base::TrimBlanks(line.substr(begin, end - begin)));
    begin = end + 1;
  }
  return parts;
}

/// Of a line of base64, when it is one and holds text with more than ASCII in it: short words look like base64, too.
std::optional<std::string> Base64Text(std::string_view line) {
  auto decoded = base::DecodeBase64(line);
  if (!decoded || !base::IsValidUtf8(*decoded)) return std::nullopt;
  return std::string(WithoutCommas(*decoded));
}
bool LooksLikeBase64(std::string_view line) {
  const auto text = Base64Text(line);
  return text && std::any_of(text->begin(), text->end(), [](char c) { return static_cast<unsigned char>(c) >= 0x80; });
}

std::string TagsOf(std::string_view text) {
  std::string tags;
  for (const char c : text) {
    if (std::string_view("|=\\#").find(c) == std::string_view::npos && static_cast<unsigned char>(c) > ' ') tags += c;
  }
  return tags;
}

bool IsExpression(std::string_view word) { return word.find_first_of("\\[](){}^$*+.|") != std::string_view::npos; }

class FormatReader {
 public:
  explicit FormatReader(ImportFormat format) : format_(format) {}

  std::vector<ForeignWord> Read(std::string_view text) && {
    EachLine(text, [this](std::string_view line, size_t number) { Line(line, number); });
    return std::move(words_);
  }

 private:
  void Line(std::string_view line, size_t number) {
    if (format_ == ImportFormat::kBase64) {
      auto decoded = Base64Text(line);
      if (decoded && !decoded->empty()) words_.push_back({*std::move(decoded), number, {}});
      if (!decoded) words_.push_back({std::string(line), number, {}});
      return;
    }
    if (format_ == ImportFormat::kSections) {
      if (const Section* const section = SectionAt(line)) {
        level_ = section->level;
        return;
      }
    }
    if (IsComment(line)) return;
    switch (format_) {
      case ImportFormat::kPipe:
        return Pipes(line, number);
      case ImportFormat::kTags:
        return Tags(line, number);
      case ImportFormat::kLevelFirst:
        return LevelFirst(line, number);
      default:
        words_.push_back({std::string(line), number, level_});
    }
  }

  void Pipes(std::string_view line, size_t number) {
    std::vector<std::string_view> parts = SplitPipes(line);
    if (parts.size() >= 2 && parts.size() <= 3 && ParseLevel(parts[1])) {
      words_.push_back({std::string(parts[0]), number, ParseLevel(parts[1]), parts.size() > 2 ? TagsOf(parts[2]) : ""});
      return;
    }
    for (const std::string_view part : parts) {
      if (!WithoutCommas(part).empty()) words_.push_back({std::string(WithoutCommas(part)), number, {}});
    }
  }

  void Tags(std::string_view line, size_t number) {
    const size_t blank = line.find_last_of(kBlanks);
    ForeignWord word{std::string(base::TrimBlanks(line.substr(0, blank))), number, {}};
    if (blank != std::string_view::npos) word.tags = TagsOf(line.substr(blank + 1));
    words_.push_back(std::move(word));
  }

  void LevelFirst(std::string_view line, size_t number) {
    const size_t digits = std::min(line.find_first_not_of("0123456789"), line.size());
    const bool first = digits > 0 && digits < line.size() && kBlanks.find(line[digits]) != std::string_view::npos;
    words_.push_back({std::string(first ? base::TrimBlanks(line.substr(digits)) : line), number, {}});
  }

  const ImportFormat format_;
  std::optional<Level> level_;
  std::vector<ForeignWord> words_;
};

// What only says how the words are to be used (LangBot: "mask": "*") holds none.
void NoteOtherLists(const nlohmann::json& whole, const std::string& name, std::vector<UnreadPart>& unread) {
  for (const auto& [key, value] : whole.items()) {
    if (key == "words" || !value.is_structured() || value.empty()) continue;
    unread.push_back({"在 JSON 的别的项里，没有读；请把它们写进 \"words\"", name + " \"" + key + "\"", value.size()});
  }
}

base::Result<ForeignWords> ReadJson(const ImportSource& source) {
  const nlohmann::json whole = nlohmann::json::parse(source.text, nullptr, false);
  const nlohmann::json* list = &whole;
  if (whole.is_object() && whole.contains("words")) list = &whole["words"];
  if (!list->is_array()) {
    return base::Error{base::ErrorCode::kInvalidArgument,
                       source.name + ": 不是词表的 JSON；应当是 {\"words\": [\"词\", …]} 或者 [\"词\", …]"};
  }
  ForeignWords read;
  if (whole.is_object()) NoteOtherLists(whole, source.name, read.unread);
  size_t number = 0;
  for (const nlohmann::json& each : *list) {
    ++number;
    if (!each.is_string()) {
      const char* const what = "JSON 里的这一项不是 \"词\"，没有读；请改成只写词的 [\"词\", …]";
      read.unread.push_back({what, source.name + ":" + std::to_string(number)});
      continue;
    }
    const auto& text = each.get_ref<const std::string&>();
    // Programs that keep their words in JSON take them for regular expressions.
    read.words.push_back({std::string(base::TrimBlanks(text)), number, {}, {}, IsExpression(text)});
  }
  return read;
}

}  // namespace

ImportFormat GuessFormat(std::string_view text) {
  const std::string_view start = base::TrimBlanks(text);
  if ((start.starts_with('{') || start.starts_with('[')) && nlohmann::json::accept(start)) return ImportFormat::kJson;
  size_t lines = 0;
  size_t pipes = 0;
  size_t base64 = 0;
  bool sections = false;
  EachLine(text, [&](std::string_view line, size_t) {
    if (SectionAt(line) != nullptr) sections = true;
    if (++lines > kLinesLookedAt) return;
    if (line.find('|') != std::string_view::npos) ++pipes;
    if (LooksLikeBase64(line)) ++base64;
  });
  lines = std::min(lines, kLinesLookedAt);
  if (sections) return ImportFormat::kSections;
  if (lines > 0 && base64 * 10 >= lines * 9) return ImportFormat::kBase64;
  if (lines > 0 && pipes * 2 >= lines) return ImportFormat::kPipe;
  return ImportFormat::kLines;
}

base::Result<ForeignWords> ReadForeignWords(const ImportSource& source, ImportFormat format) {
  ForeignWords read;
  if (format == ImportFormat::kJson) {
    YINGDA_TRY(read, ReadJson(source));
  } else {
    read.words = FormatReader(format).Read(source.text);
  }
  for (ForeignWord& word : read.words) word.text = WithoutCommas(word.text);
  std::erase_if(read.words, [](const ForeignWord& word) { return word.text.empty(); });
  return read;
}

}  // namespace yingda::filter
