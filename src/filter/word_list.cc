// SPDX-License-Identifier: MIT
#include "filter/word_list.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <iterator>
#include <utility>

#include "base/file.h"
#include "base/utf8.h"
#include "filter/pattern_index.h"
#include "filter/word_file_encoding.h"
#include "filter/word_line.h"

namespace yingda::filter {
namespace {

namespace fs = std::filesystem;
using base::Error;
using base::ErrorCode;

constexpr size_t kMaxFileBytes = 64 << 20;
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

// Lists exported from tables end their lines with commas.
std::string_view WithoutTrailingCommas(std::string_view text) {
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
    const std::string_view text = WithoutTrailingCommas(line);
    if (text.empty()) return;
    if (!base::IsValidUtf8(line)) return Bad(line, "这一行不是 UTF-8 文字；请把文件另存为 UTF-8 编码");
    if (text.starts_with("#!")) return Header(text.substr(2));
    if (text.front() == '#') return Comment(text);
    WordLine read = ReadWordLine(text, list_.allow, defaults_);
    if (read.mistake) return Bad(read.mistake->place, read.mistake->what);
    for (const LineNote& warning : read.warnings) Warn(warning.place, warning.what);
    read.word->line = line_;
    list_.words.push_back(*std::move(read.word));
  }

  void Comment(std::string_view text) {
    const std::string_view rest = text.substr(1);
    if (rest.empty() || rest.front() == '#' || base::TrimBlanks(rest).size() < rest.size()) return;
    Warn(text, "按注释处理了；注释请在 # 后空一格，要过滤以 # 开头的词请写成 \\" + std::string(text));
  }

  void Header(std::string_view text) {
    std::vector<std::string_view> settings;
    while (!text.empty()) {
      const size_t end = std::min(text.find_first_of(" \t"), text.size());
      if (end > 0) settings.push_back(text.substr(0, end));
      text.remove_prefix(std::min(end + 1, text.size()));
    }
    // level= first, wherever it stands: inbound= and outbound= are what differs from it.
    std::stable_partition(settings.begin(), settings.end(),
                          [](std::string_view setting) { return setting.starts_with("level="); });
    for (const std::string_view setting : settings) Setting(setting);
  }

  void Setting(std::string_view setting) {
    const size_t equals = std::min(setting.find('='), setting.size());
    const std::string_view key = setting.substr(0, equals);
    const std::string_view value = setting.substr(std::min(equals + 1, setting.size()));
    if (key == "level" || key == "inbound" || key == "outbound") {
      const auto level = ParseLevel(value);
      if (!level) return Bad(setting, UnknownLevel(value));
      if (key != "outbound") defaults_.levels.inbound = *level;
      if (key != "inbound") defaults_.levels.outbound = *level;
    } else if (key == "tag" || key == "tags") {
      defaults_.tags = value;
    } else if (key == "boundary") {
      const auto boundary = ParseBoundary(value);
      if (!boundary) return Bad(setting, "boundary 只能是 auto、raw 或 word");
      defaults_.boundary = *boundary;
    } else if (key == "encoding") {
      if (!IsKnownEncoding(value)) {
        Bad(setting, "编码“" + std::string(value) + "”不认识；请写 utf-8 或 gb18030，或者把文件另存为 UTF-8 编码");
      } else if (line_ > kEncodingLines) {
        Bad(setting, "encoding 要写在最前面的 10 行里，写在这里不起作用；请移到第一行");
      }
    } else {
      Bad(setting,
          "设置“" + std::string(key) + "”不认识；#! 后可写 level=、inbound=、outbound=、tag=、boundary=、encoding=");
    }
  }

  void Warn(std::string_view place, const std::string& what) {
    if (list_.warnings.size() >= kMaxWarningsPerFile) {
      ++unsaid_;
      return;
    }
    const auto at = static_cast<size_t>(place.data() - line_text_.data());
    size_t column = 1;
    for (size_t byte = 0; byte < at; byte += base::DecodeUtf8(line_text_, byte).length) ++column;
    list_.warnings.push_back(list_.name + ":" + std::to_string(line_) + ":" + std::to_string(column) + ": " + what);
  }
  void Bad(std::string_view place, const std::string& what) {
    ++list_.bad_lines;
    Warn(place, what);
  }

  WordList list_;
  uint32_t line_ = 0;
  std::string_view line_text_;
  size_t unsaid_ = 0;
  LineDefaults defaults_;
};

base::Result<std::string> ReadFile(const fs::path& path, const std::string& name) {
  const base::Result<std::string> content = base::ReadRegularFile(path.string(), kMaxFileBytes + 1);
  if (!content && content.error().code == ErrorCode::kInvalidArgument) {
    return Error{ErrorCode::kUnavailable, name + ": 这不是普通文件（是管道或设备）；请删掉它，或换成文件"};
  }
  if (!content) {
    return Error{ErrorCode::kUnavailable,
                 name + ": 读不了这个文件（" + content.error().message + "）；请检查它是否存在、权限是否正确"};
  }
  if (content->size() > kMaxFileBytes) return Error{ErrorCode::kTooLarge, name + ": 超过 64 MiB；请拆成几个文件"};
  return DecodeWordFile(*content, name);
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

const char* ToString(Direction direction) { return direction == Direction::kInbound ? "inbound" : "outbound"; }

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
      for (const ListedWord& word : lists.back().words) words += std::max<size_t>(word.parts.size(), 1);
    }
  }
  if (words > PatternIndex::kMaxPatterns) return Error{ErrorCode::kTooLarge, folder + ": 超过一百万个词；请删减"};
  return lists;
}

}  // namespace yingda::filter
