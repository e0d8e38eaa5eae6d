// SPDX-License-Identifier: MIT
#include "app/words_command.h"

#include <CLI/CLI.hpp>
#include <array>
#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

#include "app/command_line.h"
#include "app/whole_file.h"
#include "base/result.h"
#include "filter/word_file_encoding.h"
#include "filter/word_import.h"

namespace yingda::app {
namespace {

using base::Error;
using base::ErrorCode;

constexpr size_t kMaxFileBytes = 64 << 20;  // as the server reads

base::Result<std::string> ReadWhole(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  std::string content;
  std::array<char, 1 << 16> buffer;
  while (in.read(buffer.data(), buffer.size()), in.gcount() > 0) {
    content.append(buffer.data(), static_cast<size_t>(in.gcount()));
    if (content.size() > kMaxFileBytes) return Error{ErrorCode::kTooLarge, file + ": 超过 64 MiB；请拆成几个文件"};
  }
  if (!in.eof()) return Error{ErrorCode::kUnavailable, file + ": 读不了这个文件；请检查它是否存在、权限是否正确"};
  return content;
}

/// What a file of somebody else's says must not reach the terminal as commands to it.
std::string Plain(std::string text) {
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = ' ';
  }
  return text;
}

void PrintReport(const filter::ImportResult& result, const std::vector<std::string>& files) {
  for (size_t i = 0; i < files.size(); ++i) {
    std::fprintf(stderr, "%s：按 %s 格式读\n", files[i].c_str(), filter::ToString(result.formats[i]));
  }
  for (const std::string& hint : result.hints) std::fprintf(stderr, "注意 %s\n", Plain(hint).c_str());
  std::fprintf(stderr, "读到 %zu 个词，留下 %zu 个，没有用 %zu 个\n", result.read, result.kept,
               result.read - result.kept);
  for (const filter::LeftOut& left : result.left_out) {
    std::fprintf(stderr, "  %zu 个：%s\n", left.count, left.why.c_str());
    for (const std::string& example : left.examples) std::fprintf(stderr, "      %s\n", Plain(example).c_str());
    if (left.count > left.examples.size()) std::fprintf(stderr, "      …\n");
  }
}

// CLI11 takes an empty answer for a good one.
std::string CheckFormat(const std::string& name) {
  return filter::ParseImportFormat(name) ? std::string() : "no such format: " + name;
}
std::string CheckEncoding(const std::string& name) {
  return name == "auto" || filter::IsKnownEncoding(name) ? std::string() : "no such encoding: " + name;
}
std::string CheckLevel(const std::string& name) {
  return filter::ParseLevel(name) ? std::string() : "no such level: " + name;
}
std::string CheckTag(const std::string& tag) {
  return tag.find_first_of(" \t|=#\\") == std::string::npos ? std::string() : "no blanks and none of | = # \\";
}

}  // namespace

struct WordsCommand::Arguments {
  CLI::App* command = nullptr;
  CLI::App* import = nullptr;
  std::vector<std::string> files;
  std::string output;
  std::string format = "auto";
  std::string encoding = "auto";
  std::string level = "mask";
  std::string tag;
  bool force = false;
};

WordsCommand::WordsCommand(CLI::App& cli) : arguments_(std::make_unique<Arguments>()) {
  Arguments& arguments = *arguments_;
  arguments.command = cli.add_subcommand("words", "Word lists of other programs");
  arguments.command->require_subcommand(1);
  arguments.import = arguments.command->add_subcommand(
      "import", "Make a file of filters/deny/ out of word lists in other formats, and say what was left out");
  CLI::App& import = *arguments.import;
  import.add_option("file", arguments.files, "Word lists")->required();
  import.add_option("-o,--output", arguments.output, "File to write, e.g. filters/deny/NAME.txt; else standard output");
  import.add_option("--format", arguments.format, "auto, lines, pipe, tags, level-first, base64, json or sections")
      ->capture_default_str()
      ->check(CheckFormat);
  import.add_option("--encoding", arguments.encoding, "auto, utf-8, gb18030, big5, utf-16le or utf-16be")
      ->capture_default_str()
      ->check(CheckEncoding);
  import.add_option("--level", arguments.level, "block, mask, review or pass, for words whose list gives no level")
      ->capture_default_str()
      ->check(CheckLevel);
  import.add_option("--tag", arguments.tag, "Tag for all words")->check(CheckTag);
  import.add_flag("--force", arguments.force, "Overwrite the file");
}

WordsCommand::~WordsCommand() = default;

bool WordsCommand::Chosen() const { return arguments_->import->parsed(); }

int WordsCommand::Run() {
  const auto fail = [](const Error& error) {
    std::fprintf(stderr, "%s\n", error.message.c_str());
    return static_cast<int>(kExitFailed);
  };
  std::vector<filter::ImportSource> sources;
  for (const std::string& file : arguments_->files) {
    const auto bytes = ReadWhole(file);
    if (!bytes) return fail(bytes.error());
    auto text = filter::DecodeWordFileAs(*bytes, file, arguments_->encoding);
    if (!text) return fail(text.error());
    sources.push_back({file, *std::move(text)});
  }
  filter::ImportOptions options;
  options.format = *filter::ParseImportFormat(arguments_->format);
  options.level = *filter::ParseLevel(arguments_->level);
  options.tag = arguments_->tag;
  const auto result = filter::ImportWords(sources, options);
  if (!result) return fail(result.error());
  if (arguments_->output.empty()) {
    std::fputs(result->file.c_str(), stdout);
  } else if (const auto written = WriteWholeFile(arguments_->output, result->file, arguments_->force); !written) {
    return fail(written.error());
  }
  PrintReport(*result, arguments_->files);
  return kExitOk;
}

}  // namespace yingda::app
