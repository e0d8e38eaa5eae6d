// SPDX-License-Identifier: MIT
#include "base/yaml.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <sstream>
#include <unordered_set>

#include "base/file.h"
#include "base/yaml_source.h"

namespace yingda::base {
namespace {

constexpr size_t kMaxProblems = 100;

size_t OffsetOf(const YAML::Mark& mark) { return mark.pos < 0 ? 0 : static_cast<size_t>(mark.pos); }

/// Thrown by our event handler to stop yaml-cpp; caught in ParseYaml.
struct StopParsing {};

/// Builds the tree from yaml-cpp's events. Its own tree is not used: it keeps duplicate keys silently and forgets
/// how a scalar was written.
class TreeBuilder final : public YAML::EventHandler {
 public:
  TreeBuilder(YamlSource& source, YamlProblems& problems, const YamlOptions& options)
      : source_(source), problems_(problems), options_(options) {}

  YamlNode& root() { return root_; }
  size_t last_offset() const { return last_offset_; }
  /// Where the innermost bracket that is still open stands; npos if there is none.
  size_t OpenBracket() const { return open_.empty() || !open_.back().flow ? std::string::npos : open_.back().offset; }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ < 2) return;
    const size_t offset = OffsetOf(mark);
    if (source_.text().substr(source_.LineStart(offset), 3) == "---") {
      Stop(offset, "a second document begins here: remove this \"---\"", "一个文件里只能有一份内容：请删掉这行 ---");
    }
    Stop(offset, "this line is indented less than the first one: give both the same indentation",
         "这一行的缩进比第一行少：请让它们左边对齐");
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    size_t offset = OffsetOf(mark);
    // An omitted value is reported at the token after it; the mark in front of the gap is where people look.
    if (const char c = source_.At(offset); c != '~' && c != 'n' && c != 'N') {
      const size_t before = source_.text().find_last_not_of(" \t\r\n", offset == 0 ? 0 : offset - 1);
      if (before != std::string_view::npos) offset = before;
    }
    Place(NewNode(YamlNode::Kind::kNull, offset, anchor, ""));
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override { RefuseAnchor(OffsetOf(mark)); }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    const size_t offset = OffsetOf(mark);
    YamlNode node = NewNode(YamlNode::Kind::kScalar, offset, anchor, tag);
    node.quoted = tag == "!";
    const char first = source_.At(offset);
    if (node.quoted && (first == '"' || first == '\'') && !source_.QuoteIsClosed(offset)) {
      Stop(offset, "this quote is never closed: add the closing quote", "这个引号没有配对：请在后面补上另一半引号");
    }
    node.text = options_.numbered_braces ? ShowNumberedBraces(value) : value;
    Place(std::move(node));
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value style) override {
    Open(YamlNode::Kind::kList, mark, tag, anchor, style);
  }
  void OnSequenceEnd() override { Close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value style) override {
    Open(YamlNode::Kind::kMap, mark, tag, anchor, style);
  }
  void OnMapEnd() override { Close(); }

 private:
  struct OpenNode {
    YamlNode node;
    size_t offset;
    bool flow;
    bool has_key = false;  // the next value belongs to the last entry
    std::unordered_set<std::string> keys;
  };

  [[noreturn]] void Stop(size_t offset, std::string_view english, std::string_view chinese) {
    Report(offset, english, chinese);
    throw StopParsing();
  }
  void Report(size_t offset, std::string_view english, std::string_view chinese) {
    const auto [line, column] = source_.PlaceAt(offset);
    problems_.Add(line, column, english, chinese);
  }
  void RefuseAnchor(size_t offset) {
    Stop(offset, "anchors (&) and aliases (*) are not supported: write the value out, or put it in \"quotes\"",
         "以 & 或 * 开头的内容要加上英文双引号");
  }

  YamlNode NewNode(YamlNode::Kind kind, size_t offset, YAML::anchor_t anchor, const std::string& tag) {
    last_offset_ = offset;
    if (anchor != 0) RefuseAnchor(offset);
    if (!tag.empty() && tag != "?" && tag != "!") {
      Stop(offset, "tags (!) are not supported: put a value that begins with ! in \"quotes\"",
           "以 ! 开头的内容要加上英文双引号");
    }
    YamlNode node;
    node.kind = kind;
    const auto [line, column] = source_.PlaceAt(offset);
    node.line = line;
    node.column = column;
    return node;
  }

  void Open(YamlNode::Kind kind, const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
            YAML::EmitterStyle::value style) {
    const size_t offset = OffsetOf(mark);
    OpenNode open;
    open.node = NewNode(kind, offset, anchor, tag);
    open.offset = offset;
    open.flow = style == YAML::EmitterStyle::Flow;
    if (static_cast<int>(open_.size()) >= options_.max_depth) {
      Stop(offset, "nested too deeply: at most " + std::to_string(options_.max_depth) + " levels",
           "嵌套太深：最多 " + std::to_string(options_.max_depth) + " 层");
    }
    open_.push_back(std::move(open));
  }
  void Close() {
    YamlNode node = std::move(open_.back().node);
    const size_t offset = open_.back().offset;
    open_.pop_back();
    Place(std::move(node), offset);
  }

  void Place(YamlNode node, size_t offset = std::string::npos) {
    if (open_.empty()) {
      root_ = std::move(node);
      return;
    }
    OpenNode& parent = open_.back();
    if (parent.node.IsList()) {
      parent.node.items.push_back(std::move(node));
    } else if (parent.has_key) {
      parent.node.entries.back().value = std::move(node);
      parent.has_key = false;
    } else {
      TakeKey(parent, std::move(node), offset);
    }
  }
  void TakeKey(OpenNode& parent, YamlNode key, size_t offset) {
    if (!key.IsScalar()) {
      if (offset == std::string::npos) offset = last_offset_;
      Stop(offset, "a key must be a plain word: put text that begins with { or [ in \"quotes\"",
           "这里应当是一个键名；以 { 或 [ 开头的文字要加上英文双引号");
    }
    if (key.text == "<<") {
      Stop(last_offset_, "merge keys (<<) are not supported: write the keys out", "不支持 <<：请把内容完整写出来");
    }
    if (!parent.keys.insert(key.text).second) {
      Report(last_offset_, "the key \"" + key.text + "\" is here twice: remove one of the two",
             "键 " + key.text + " 写了两次：请删掉其中一个");
    }
    parent.node.entries.push_back({std::move(key), {}});
    parent.has_key = true;
  }

  YamlSource& source_;
  YamlProblems& problems_;
  const YamlOptions& options_;
  YamlNode root_;
  std::vector<OpenNode> open_;
  size_t last_offset_ = 0;
  int documents_ = 0;
};

struct SyntaxHint {
  std::string_view message;  // how yaml-cpp's begins
  std::string_view english, chinese;
  size_t back = 0;  // yaml-cpp points this many bytes behind the culprit
};

constexpr SyntaxHint kSyntaxHints[] = {
    {"illegal map value", "\": \" cannot stand here: put the value in \"quotes\", or check the indentation",
     "这里不能出现“: ”：请给内容加上英文双引号，或检查缩进"},
    {"unknown escape character", "unknown escape after \\ : write \\\\ for a backslash, or use 'single quotes'",
     "双引号里的反斜杠要写成两个 \\\\（或改用英文单引号）", 2},
    {"unknown token", "a value cannot begin with this character: put the value in \"quotes\"",
     "内容不能以这个符号开头：请给内容加上英文双引号"},
    {"alias not found", "a value cannot begin with *: put it in \"quotes\"", "内容不能以 * 开头：请加上英文双引号", 1},
    {"anchor not found", "a value cannot begin with &: put it in \"quotes\"", "内容不能以 & 开头：请加上英文双引号", 1},
    {"the referenced anchor", "a value cannot begin with *: put it in \"quotes\"",
     "内容不能以 * 开头：请加上英文双引号"},
    {"illegal flow end", "this closing bracket has no opening one: remove it, or add [ or { before",
     "这个右括号没有配对的左括号：请删掉它，或在前面补上 [ 或 {"},
    {"illegal block entry", "\"- \" cannot stand here: begin a new line with it, or put the value in \"quotes\"",
     "这里不能出现“- ”：请另起一行，或给内容加上英文双引号"},
    {"end of map flow", "put a value that contains { } [ ] or , in \"quotes\"",
     "含有 { } [ ] 或英文逗号的内容要加上英文双引号"},
    {"end of sequence flow", "put a value that contains { } [ ] or , in \"quotes\"",
     "含有 { } [ ] 或英文逗号的内容要加上英文双引号"},
    {"end of map", "this does not fit what is above it: check the indentation, and put nothing after a closing quote",
     "这里和上文接不上：请检查缩进，引号后面也不要再写别的内容"},
    {"end of sequence", "this does not fit the list above it: begin with \"- \", or check the indentation",
     "这里和上面的列表接不上：每一项请以“- ”开头，并检查缩进"},
};

/// Says what is probably wrong where yaml-cpp gave up.
void ExplainSyntaxError(const YAML::Exception& error, YamlSource& source, const TreeBuilder& tree,
                        YamlProblems& problems) {
  const auto report = [&](size_t offset, std::string_view english, std::string_view chinese) {
    const auto [line, column] = source.PlaceAt(offset);
    problems.Add(line, column, english, chinese);
  };
  const size_t offset = std::min(OffsetOf(error.mark), source.text().size());
  const size_t begin = std::min(source.LineStart(tree.last_offset()), offset);
  for (size_t line = begin; line <= offset && line < source.text().size();) {
    const size_t tab = source.text().find_first_not_of(' ', line);
    if (source.At(tab) == '\t') {
      return report(tab, "a tab is used as indentation: use blanks", "缩进用了 Tab 键：请改用空格");
    }
    const size_t end = source.text().find('\n', line);
    if (end == std::string_view::npos) break;
    line = end + 1;
  }
  const size_t last = std::min(tree.last_offset(), offset);
  const size_t colon = source.text().substr(last, offset - last).find("：");
  if (colon != std::string_view::npos) {
    return report(last + colon, "a full-width colon: write \": \" (a colon and a blank)",
                  "这里是中文冒号“：”：请改成英文冒号加一个空格“: ”");
  }
  if (const size_t open = tree.OpenBracket(); open != std::string::npos) {
    if (source.PlaceAt(open).line != source.PlaceAt(offset).line || offset >= source.text().size()) {
      return report(open, "this bracket is never closed: add the closing one", "这个括号没有配对：请补上右括号");
    }
  }
  for (const SyntaxHint& hint : kSyntaxHints) {
    if (error.msg.starts_with(hint.message))
      return report(offset - std::min(offset, hint.back), hint.english, hint.chinese);
  }
  report(offset, "not valid YAML: " + error.msg, "格式不对（" + error.msg + "）");
}

void AddUnreadable(YamlProblems& problems) {
  problems.Add(1, 1, "the file cannot be read: check that it exists and its permissions",
               "文件打不开：请检查文件是否存在、是否有读取权限");
}

}  // namespace

const YamlNode* YamlNode::Find(std::string_view key) const {
  for (const YamlEntry& entry : entries) {
    if (entry.key.text == key) return &entry.value;
  }
  return nullptr;
}

void YamlProblems::Add(int line, int column, std::string_view english, std::string_view chinese) {
  if (problems_.size() >= kMaxProblems) {
    ++dropped_;
    return;
  }
  problems_.push_back({line, column, std::string(language_ == YamlLanguage::kChinese ? chinese : english)});
}

std::vector<std::string> YamlProblems::Lines() const {
  std::vector<Problem> sorted = problems_;
  std::stable_sort(sorted.begin(), sorted.end(), [](const Problem& a, const Problem& b) {
    return std::pair(a.line, a.column) < std::pair(b.line, b.column);
  });
  std::vector<std::string> lines;
  for (const Problem& problem : sorted) {
    lines.push_back(file_ + ":" + std::to_string(problem.line) + ":" + std::to_string(problem.column) + ": " +
                    problem.text);
  }
  if (dropped_ > 0) {
    const std::string count = std::to_string(dropped_);
    lines.push_back(file_ + ": " +
                    (language_ == YamlLanguage::kChinese ? "还有 " + count + " 处问题没有列出"
                                                         : "and " + count + " more problems"));
  }
  return lines;
}

std::string YamlProblems::Text() const {
  std::string text;
  for (const std::string& line : Lines()) {
    if (!text.empty()) text += '\n';
    text += line;
  }
  return text;
}

std::optional<YamlNode> ParseYaml(std::string_view text, YamlProblems& problems, const YamlOptions& options) {
  if (text.size() > options.max_bytes) {
    const std::string limit = std::to_string(options.max_bytes);
    problems.Add(1, 1, "the file is too large: at most " + limit + " bytes; split it",
                 "文件太大：最多 " + limit + " 字节，请拆成几个文件");
    return std::nullopt;
  }
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  if (!CheckYamlBytes(text, options.first_line, problems)) return std::nullopt;

  const size_t problems_before = problems.size();
  const std::string prepared = options.numbered_braces ? HideNumberedBraces(text) : std::string(text);
  YamlSource source(text, options.first_line);
  TreeBuilder tree(source, problems, options);
  try {
    std::istringstream in(prepared);
    YAML::Parser parser(in);
    while (parser.HandleNextDocument(tree)) {
    }
  } catch (const StopParsing&) {
    return std::nullopt;
  } catch (const YAML::Exception& error) {
    ExplainSyntaxError(error, source, tree, problems);
    return std::nullopt;
  } catch (const std::exception& error) {
    problems.Add(options.first_line, 1, std::string("cannot be read: ") + error.what(),
                 std::string("读不了：") + error.what());
    return std::nullopt;
  }
  if (problems.size() != problems_before) return std::nullopt;
  return std::move(tree.root());
}

std::optional<std::string> ReadYamlText(const std::string& path, YamlProblems& problems, const YamlOptions& options) {
  if (options.only_regular) {
    Result<std::string> text = ReadRegularFile(path, options.max_bytes + 1);
    if (text) return *std::move(text);
    if (text.error().code == ErrorCode::kInvalidArgument) {
      problems.Add(1, 1, "this is no regular file: remove it, or put a file in its place",
                   "这不是普通文件（是文件夹、管道或设备）：请删掉它，或换成文件");
    } else {
      AddUnreadable(problems);
    }
    return std::nullopt;
  }
  std::ifstream in(path, std::ios::binary);
  std::string text;
  char buffer[16384];
  while (in && text.size() <= options.max_bytes) {
    in.read(buffer, sizeof buffer);
    text.append(buffer, static_cast<size_t>(in.gcount()));
  }
  if (!in.is_open() || in.bad()) {
    AddUnreadable(problems);
    return std::nullopt;
  }
  return text;
}

std::optional<YamlNode> ReadYamlFile(const std::string& path, YamlProblems& problems, const YamlOptions& options) {
  const std::optional<std::string> text = ReadYamlText(path, problems, options);
  return text ? ParseYaml(*text, problems, options) : std::nullopt;
}

}  // namespace yingda::base
