// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace yingda::base {

struct YamlEntry;

/// One value of a YAML file, with the place where it was written. Scalars keep the text as written: nothing turns
/// "010", "yes" or a long id into something else; YamlMap interprets on request.
struct YamlNode {
  enum class Kind { kNull, kScalar, kList, kMap };

  Kind kind = Kind::kNull;
  int line = 1;    // from 1
  int column = 1;  // from 1, in characters
  /// Written in quotes or as a block (| or >), so that special characters in it are meant.
  bool quoted = false;
  std::string text;                // kScalar
  std::vector<YamlNode> items;     // kList
  std::vector<YamlEntry> entries;  // kMap; keys are scalars and differ from each other

  bool IsNull() const { return kind == Kind::kNull; }
  bool IsScalar() const { return kind == Kind::kScalar; }
  bool IsList() const { return kind == Kind::kList; }
  bool IsMap() const { return kind == Kind::kMap; }
  /// The value of `key`, or nullptr.
  const YamlNode* Find(std::string_view key) const;
};

struct YamlEntry {
  YamlNode key, value;
};

/// Operators read English; admins, who edit rule files, read Chinese.
enum class YamlLanguage { kEnglish, kChinese };

/// Everything that is wrong with one file, so that one run shows all of it.
/// Limits: keeps the first 100 problems, counts the rest.
class YamlProblems {
 public:
  explicit YamlProblems(std::string file, YamlLanguage language = YamlLanguage::kEnglish)
      : file_(std::move(file)), language_(language) {}

  /// What is wrong and what to write instead, in both languages; the file's language is kept.
  void Add(int line, int column, std::string_view english, std::string_view chinese);
  void Add(const YamlNode& where, std::string_view english, std::string_view chinese) {
    Add(where.line, where.column, english, chinese);
  }

  const std::string& file() const { return file_; }
  YamlLanguage language() const { return language_; }
  bool empty() const { return problems_.empty(); }
  size_t size() const { return problems_.size() + dropped_; }
  /// "file:line:column: text", one per problem, in the order of the file.
  std::vector<std::string> Lines() const;
  /// The same as one text, without a line end at its end.
  std::string Text() const;

 private:
  struct Problem {
    int line, column;
    std::string text;
  };
  std::string file_;
  YamlLanguage language_;
  std::vector<Problem> problems_;
  size_t dropped_ = 0;
};

struct YamlOptions {
  size_t max_bytes = size_t{1} << 20;
  int max_depth = 32;
  /// Takes {0}…{99} as text although YAML reads an unquoted {1} as a map: rule files use them as placeholders.
  bool numbered_braces = false;
  /// Of files: refuse what is no regular file, so that nobody waits for another process.
  bool only_regular = false;
  /// Of a text that is a part of a file: where it begins there.
  int first_line = 1;
};

/// Reads one YAML document; an empty one is a null node. Beyond YAML's own errors these are problems too: keys that
/// come twice, keys that are not scalars, quotes that are never closed, tabs as indentation, a second document, bytes
/// that are not UTF-8, and anchors, aliases, merge keys and tags, which we do not support on purpose: one edit must
/// change one place. Returns nothing if there was any problem. Never throws.
std::optional<YamlNode> ParseYaml(std::string_view text, YamlProblems& problems, const YamlOptions& options = {});

/// The text of the file at `path`, of one that is too long a little more than is allowed; nothing if it could not be
/// read.
std::optional<std::string> ReadYamlText(const std::string& path, YamlProblems& problems,
                                        const YamlOptions& options = {});

/// ParseYaml for the file at `path`; the problems' own file name is only for messages.
std::optional<YamlNode> ReadYamlFile(const std::string& path, YamlProblems& problems, const YamlOptions& options = {});

}  // namespace yingda::base
