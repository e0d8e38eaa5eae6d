// SPDX-License-Identifier: MIT
#include "filter/word_list.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <utility>

#include "base/utf8.h"
#include "filter/fold.h"
#include "filter/pattern_index.h"

namespace yingda::filter {
namespace {

namespace fs = std::filesystem;
using base::Error;
using base::ErrorCode;

constexpr size_t kMaxFileBytes = 64 << 20;
constexpr size_t kMaxWordBytes = 1024;
constexpr size_t kMaxWarningsPerFile = 100;
constexpr size_t kToleratedBadLines = 2;  // so that one slip in a list of ten words does not refuse the list
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

struct LevelName {
  Level level;
  const char* name;
  const char* chinese;
};
constexpr std::array<LevelName, 4> kLevels = {{{Level::kPass, "pass", "放行"},
                                               {Level::kReview, "review", "复查"},
                                               {Level::kMask, "mask", "打码"},
                                               {Level::kBlock, "block", "拦截"}}};
constexpr std::string_view kLevelHelp = "请写 block（拦截）、mask（打码）、review（复查）或 pass（放行）";

std::optional<Boundary> ParseBoundary(std::string_view name) {
  if (name == "auto") return Boundary::kAuto;
  if (name == "raw") return Boundary::kAnywhere;
  if (name == "word") return Boundary::kAlone;
  return std::nullopt;
}

// A part of a line and where it begins, for the column of a warning.
struct Field {
  std::string_view text;
  size_t at = 0;  // bytes from the start of the line
};

Field Trimmed(std::string_view line, size_t begin, size_t end) {
  const std::string_view text = base::TrimBlanks(line.substr(begin, end - begin));
  return {text, text.empty() ? begin : static_cast<size_t>(text.data() - line.data())};
}

// Lists exported from tables end their lines with commas.
Field WithoutTrailingCommas(Field field) {
  for (;;) {
    field.text = base::TrimBlanks(field.text);
    if (field.text.ends_with(',')) {
      field.text.remove_suffix(1);
    } else if (field.text.ends_with("，")) {
      field.text.remove_suffix(std::string_view("，").size());
    } else {
      return field;
    }
  }
}

std::vector<Field> SplitFields(std::string_view line) {
  std::vector<Field> fields;
  size_t begin = 0;
  for (size_t at = 0; at <= line.size(); ++at) {
    if (at < line.size() && line[at] == '\\') {
      ++at;
    } else if (at >= line.size() || line[at] == '|') {
      fields.push_back(Trimmed(line, begin, std::min(at, line.size())));
      begin = at + 1;
    }
  }
  if (begin <= line.size()) fields.push_back(Trimmed(line, begin, line.size()));  // the line ends with a lone backslash
  return fields;
}

std::string Unescaped(std::string_view text) {
  std::string out;
  for (size_t at = 0; at < text.size(); ++at) {
    const bool escape = text[at] == '\\' && at + 1 < text.size() && std::string_view("#|\\").find(text[at + 1]) < 3;
    out.push_back(text[escape ? ++at : at]);
  }
  return out;
}

class Parser {
 public:
  Parser(std::string name, bool allow) {
    list_.name = std::move(name);
    list_.allow = allow;
  }

  WordList Parse(std::string_view content) && {
    if (content.starts_with(kByteOrderMark)) content.remove_prefix(kByteOrderMark.size());
    while (!content.empty()) {
      const size_t end = std::min(content.find_first_of("\r\n"), content.size());
      ++line_;
      Line(content.substr(0, end));
      const bool pair = content.substr(end).starts_with("\r\n");
      content.remove_prefix(std::min(content.size(), end + (pair ? 2 : 1)));
    }
    if (unsaid_ > 0) list_.warnings.push_back(list_.name + ": 还有 " + std::to_string(unsaid_) + " 处类似的问题");
    return std::move(list_);
  }

 private:
  void Line(std::string_view line) {
    line_text_ = line;
    const Field trimmed = WithoutTrailingCommas(Trimmed(line, 0, line.size()));
    if (trimmed.text.empty()) return;
    if (!base::IsValidUtf8(line)) return Bad(0, "这一行不是 UTF-8 文字；请把文件另存为 UTF-8 编码");
    if (trimmed.text.starts_with("#!")) return Header(trimmed);
    if (trimmed.text.front() == '#') return Comment(trimmed);
    Word(trimmed);
  }

  void Comment(const Field& field) {
    const std::string_view rest = field.text.substr(1);
    if (rest.empty() || rest.front() == '#' || base::TrimBlanks(rest).size() < rest.size()) return;
    Warn(field.at, "按注释处理了；注释请在 # 后空一格，要过滤以 # 开头的词请写成 \\" + std::string(field.text));
  }

  void Header(const Field& field) {
    size_t at = 2;
    while (at < field.text.size()) {
      const size_t end = std::min(field.text.find_first_of(" \t", at), field.text.size());
      if (end > at) Setting(field.text.substr(at, end - at), field.at + at);
      at = end + 1;
    }
  }

  void Setting(std::string_view setting, size_t at) {
    const size_t equals = std::min(setting.find('='), setting.size());
    const std::string_view key = setting.substr(0, equals);
    const std::string_view value = setting.substr(std::min(equals + 1, setting.size()));
    if (key == "level") {
      const auto level = ParseLevel(value);
      if (!level) return Bad(at, "级别“" + std::string(value) + "”不认识；" + std::string(kLevelHelp));
      level_ = *level;
    } else if (key == "tag" || key == "tags") {
      tags_ = value;
    } else if (key == "boundary") {
      const auto boundary = ParseBoundary(value);
      if (!boundary) return Bad(at, "boundary 只能是 auto、raw 或 word");
      boundary_ = *boundary;
    } else if (key == "encoding") {
      if (value != "utf-8" && value != "UTF-8" && value != "utf8") {
        Bad(at, "只支持 UTF-8；请把文件另存为 UTF-8 编码，再去掉 encoding");
      }
    } else {
      Bad(at, "设置“" + std::string(key) + "”不认识；#! 后可写 level=、tag=、boundary=、encoding=");
    }
  }

  void Word(const Field& line) {
    std::vector<Field> fields = SplitFields(line.text);
    for (Field& field : fields) field.at += line.at;
    ListedWord word{Unescaped(fields[0].text), line_, level_, boundary_, tags_};
    bool short_wanted = false;
    size_t position = 0;  // 1: level, 2: tags
    for (size_t k = 1; k < fields.size(); ++k) {
      const Field field = fields[k];
      if (field.text == "=short") {
        short_wanted = true;
      } else if (field.text.starts_with('=')) {
        const auto boundary = ParseBoundary(field.text.substr(1));
        if (!boundary) return Bad(field.at, "选项“" + std::string(field.text) + "”不认识；可写 =raw、=word 或 =short");
        word.boundary = *boundary;
      } else if (++position == 1) {
        const auto level = field.text.empty() ? std::optional(level_) : ParseLevel(field.text);
        if (!level) return Bad(field.at, "级别“" + std::string(field.text) + "”不认识；" + std::string(kLevelHelp));
        if (list_.allow && !field.text.empty()) return Bad(field.at, "allow 里的词没有级别；请只写词本身");
        word.level = *level;
      } else if (position == 2) {
        word.tags = field.text;
      } else {
        return Bad(field.at, "多了一段；格式是 词|级别|标签,标签，词里的 | 请写成 \\|");
      }
    }
    Add(std::move(word), short_wanted, line.at);
  }

  void Add(ListedWord word, bool short_wanted, size_t at) {
    if (word.text.empty()) return Bad(at, "| 前面没有词；请补上词，或删掉这一行");
    if (word.text.find("&&") != std::string::npos) return Bad(at, "还不支持 &&；请一行只写一个词");
    const size_t letters = FoldedCodes(word.text, FoldMode::kLetters).size();
    if (letters > PatternIndex::kMaxCodes || word.text.size() > kMaxWordBytes) {
      return Bad(at, "词超过 64 个字；请只留其中最有特征的一段");
    }
    if (letters < 2) {
      const size_t characters = FoldedCodes(word.text, FoldMode::kLiteral).size();
      if (characters > PatternIndex::kMaxCodes) return Bad(at, "词超过 64 个字；请只留其中最有特征的一段");
      if (characters == 0) return Bad(at, "这个词没有看得见的字；请删掉这一行");
      if (characters < 2 && !short_wanted) {
        return Bad(at, "单个字几乎总会误伤；请写长一些，确实要过滤它请写成 " + word.text + "|=short");
      }
    }
    if (word.text.find(',') != std::string::npos || word.text.find("，") != std::string::npos ||
        word.text.find("、") != std::string::npos) {
      Warn(at, "当成一个词了；如果是几个词，请每行只写一个");
    }
    list_.words.push_back(std::move(word));
  }

  void Warn(size_t at, const std::string& what) {
    if (list_.warnings.size() >= kMaxWarningsPerFile) {
      ++unsaid_;
      return;
    }
    size_t column = 1;
    for (size_t byte = 0; byte < at; byte += base::DecodeUtf8(line_text_, byte).length) ++column;
    list_.warnings.push_back(list_.name + ":" + std::to_string(line_) + ":" + std::to_string(column) + ": " + what);
  }
  void Bad(size_t at, const std::string& what) {
    ++list_.bad_lines;
    Warn(at, what);
  }

  WordList list_;
  uint32_t line_ = 0;
  std::string_view line_text_;
  size_t unsaid_ = 0;
  Level level_ = Level::kBlock;
  Boundary boundary_ = Boundary::kAuto;
  std::string tags_;
};

base::Result<std::string> ReadFile(const fs::path& path, const std::string& name) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return Error{ErrorCode::kUnavailable, name + ": 读不了这个文件；请检查它是否存在、权限是否正确"};
  std::string content;
  std::array<char, 1 << 16> buffer;
  while (in.read(buffer.data(), buffer.size()), in.gcount() > 0) {
    content.append(buffer.data(), static_cast<size_t>(in.gcount()));
    if (content.size() > kMaxFileBytes) return Error{ErrorCode::kTooLarge, name + ": 超过 64 MiB；请拆成几个文件"};
  }
  if (in.bad()) return Error{ErrorCode::kUnavailable, name + ": 读到一半出错了；请检查磁盘"};
  if (content.starts_with("\xFF\xFE") || content.starts_with("\xFE\xFF")) {
    return Error{ErrorCode::kInvalidArgument, name + ": 是 UTF-16 编码；请另存为 UTF-8 编码"};
  }
  return content;
}

base::Result<std::vector<fs::path>> TextFiles(const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    const fs::path& path = entry->path();
    std::error_code ignored;
    const bool hidden = path.filename().native().starts_with('.');
    if (!hidden && path.extension() == ".txt" && !fs::is_directory(path, ignored)) files.push_back(path);
  }
  if (error) {
    return Error{ErrorCode::kUnavailable, folder.string() + ": 读不了这个文件夹（" + error.message() + "）"};
  }
  std::sort(files.begin(), files.end());
  return files;
}

base::Result<void> Judge(const WordList& list) {
  const size_t lines = list.words.size() + list.bad_lines;
  if (list.bad_lines <= kToleratedBadLines || list.bad_lines * 20 <= lines) return {};
  std::string message = list.name + ": " + std::to_string(lines) + " 行里有 " + std::to_string(list.bad_lines) +
                        " 行不对，整套词库都没有换上；例如 " + list.warnings.front();
  return Error{ErrorCode::kInvalidArgument, std::move(message)};
}

}  // namespace

const char* ToString(Level level) { return kLevels[static_cast<size_t>(level)].name; }

std::optional<Level> ParseLevel(std::string_view name) {
  const auto* const found = std::find_if(kLevels.begin(), kLevels.end(),
                                         [&](const LevelName& k) { return name == k.name || name == k.chinese; });
  if (found == kLevels.end()) return std::nullopt;
  return found->level;
}

WordList ParseWordList(std::string_view content, std::string name, bool allow) {
  return Parser(std::move(name), allow).Parse(content);
}

base::Result<std::vector<WordList>> ReadWordLists(const std::string& folder) {
  std::error_code error;
  if (!fs::is_directory(folder, error)) {
    return Error{ErrorCode::kNotFound, folder + ": 没有这个文件夹；请建好它，把词写进其中的 deny/*.txt"};
  }
  std::vector<WordList> lists;
  size_t words = 0;
  for (const char* part : {"deny", "allow"}) {
    const fs::path path = fs::path(folder) / part;
    if (!fs::exists(path, error) && !error) continue;
    YINGDA_TRY(const std::vector<fs::path> files, TextFiles(path));
    for (const fs::path& file : files) {
      const std::string name = std::string(part) + "/" + file.filename().string();
      YINGDA_TRY(const std::string content, ReadFile(file, name));
      lists.push_back(ParseWordList(content, name, std::string_view(part) == "allow"));
      const base::Result<void> judged = Judge(lists.back());
      if (!judged) return judged.error();
      words += lists.back().words.size();
    }
  }
  if (words > PatternIndex::kMaxPatterns) return Error{ErrorCode::kTooLarge, folder + ": 超过一百万个词；请删减"};
  return lists;
}

}  // namespace yingda::filter
