// SPDX-License-Identifier: MIT
#include "text/random_markdown.h"

namespace yingda::text {

std::string RandomMarkdown::Words() {
  static const std::vector<std::string_view> kWords = {
      "苹果", "今天",   "天气很好", "Python", "3.14",  "的",       "模型",       "value_of", "2024-05-01",
      "可以", "12:30",  "U.S.",     "因为",   "A/B",   "C++",      "snake_case", "50%",      "北京",
      "是",   "“引用”", "（注）",   "《书》", "don't", "👍🏽", "①"};
  std::string words;
  for (size_t count = 1 + Below(5); count > 0; --count) words.append(OneOf(kWords));
  return words;
}

std::string RandomMarkdown::Inline() {
  switch (Below(24)) {
    case 0:
      return "**" + Words() + "**";
    case 1:
      return "**" + Words() + "：**";
    case 2:
      return "*" + Words() + "*";
    case 3:
      return "`" + Words() + "`";
    case 4:
      return "`a*b = c[0]。`";
    case 5:
      return "[" + Words() + "](https://example.com/a_b?x=1&y=2)";
    case 6:
      return "https://example.com/~user/page.html?q=1";
    case 7:
      return "$x^2 + y_1$";
    case 8:
      return "\\(a \\times b\\)";
    case 9:
      return "~~" + Words() + "~~";
    case 10:
      return "**" + Words() + "。" + Words() + "！**";
    case 11:
      return "[1]";
    case 12:
      return "3~5天";
    case 13:
      return "2*3*4";
    case 14:
      return "$5";
    case 15:
      return " < ";
    case 16:
      return "![图](https://example.com/p.png)";
    case 17:
      return "&amp;";
    case 18:
      return "<br>";
    default:
      return Words();
  }
}

std::string RandomMarkdown::Sentence() {
  std::string sentence;
  for (size_t count = 1 + Below(4); count > 0; --count) {
    sentence.append(Inline());
    if (count > 1 && Below(2) == 0) sentence.append("，");
  }
  return sentence.append(OneOf({"。", "。", "。", "！", "？", "：", ". ", "。”"}));
}

std::string RandomMarkdown::Paragraph() {
  std::string paragraph;
  for (size_t count = 1 + Below(4); count > 0; --count) {
    paragraph.append(Sentence());
    if (count > 1 && Below(4) == 0) paragraph.append(OneOf({"\n", "  \n", "\\\n"}));
  }
  return paragraph.append("\n");
}

std::string RandomMarkdown::List(size_t depth, const std::string& indent) {
  std::string list;
  const size_t kind = Below(4);
  const bool is_loose = Below(3) == 0;
  for (size_t i = 1, count = 1 + Below(4); i <= count; ++i) {
    std::string marker = kind == 0 ? std::to_string(i) + ". " : kind == 1 ? "* " : "- ";
    const std::string inner = indent + std::string(marker.size(), ' ');
    if (kind == 3) marker += Below(2) == 0 ? "[ ] " : "[x] ";
    list.append(indent).append(marker).append(Below(2) == 0 ? Sentence() : Inline()).append("\n");
    if (depth < 2 && Below(5) == 0) list.append(List(depth + 1, inner));
    if (Below(8) == 0) list.append("\n").append(inner).append(Sentence()).append("\n");
    if (Below(12) == 0) list.append(Code(inner));
    if (is_loose) list.append("\n");
  }
  return list;
}

std::string RandomMarkdown::Table() {
  const size_t columns = 1 + Below(4);
  std::string table = "|";
  for (size_t i = 0; i < columns; ++i) table.append(" ").append(Words()).append(" |");
  table.append("\n|");
  for (size_t i = 0; i < columns; ++i) table.append(OneOf({"---|", ":-:|", " --- |", "-|"}));
  table.append("\n");
  for (size_t rows = Below(4); rows > 0; --rows) {
    table.append("|");
    for (size_t i = 0; i < columns; ++i) table.append(" ").append(Inline()).append(" |");
    table.append("\n");
  }
  return table;
}

std::string RandomMarkdown::Code(const std::string& indent) {
  std::string code = indent + "```" + std::string(OneOf({"", "python", "yaml"})) + "\n";
  for (size_t lines = Below(5); lines > 0; --lines) {
    code.append(indent).append(OneOf({"def f(x):", "    return x**2 # 说明。", "", "---", "| a | b |", "# 注释。",
                                      "- item", "<a href=\"x\">", "$HOME $$"}));
    code.append("\n");
  }
  return code.append(indent).append("```\n");
}

std::string RandomMarkdown::Block() {
  switch (Below(12)) {
    case 0:
      return std::string(1 + Below(4), '#') + " " + Sentence() + "\n";
    case 1:
    case 2:
    case 3:
      return List(0, "");
    case 4:
      return "> " + Sentence() + "\n> " + Sentence() + "\n";
    case 5:
      return Table();
    case 6:
      return Code("");
    case 7:
      return std::string(OneOf({"---\n", "***\n", "$$\nx = \\frac{1}{2}\n$$\n", "\\[ x \\]\n", "[1]: https://a.cn\n"}));
    default:
      return Paragraph();
  }
}

std::string RandomMarkdown::Document() {
  std::string document;
  for (size_t count = 1 + Below(7); count > 0; --count) {
    document.append(Block());
    if (Below(6) != 0) document.append("\n");
  }
  return document;
}

std::string RandomMarkdown::PlainText() {
  static const std::vector<std::string_view> kPieces = {"你好",
                                                        "今天天气不错",
                                                        "，",
                                                        "。",
                                                        "！",
                                                        "？",
                                                        "：",
                                                        "、",
                                                        "“好”",
                                                        "（注）",
                                                        "《书》",
                                                        "abc",
                                                        "it's",
                                                        "3.14",
                                                        "50%",
                                                        "12:30",
                                                        "https://a.cn/x?a=1",
                                                        "a@b.cn",
                                                        "C++",
                                                        "A/B",
                                                        "👍🏽",
                                                        "👩‍👩‍👧",
                                                        "……",
                                                        "——",
                                                        "·",
                                                        "①",
                                                        "x_1",
                                                        "2*3",
                                                        "3~5",
                                                        "1 < 2",
                                                        "(ok)",
                                                        "; ",
                                                        ", ",
                                                        "\n",
                                                        "\n\n",
                                                        "\n　　",
                                                        " "};
  std::string text = "正文";
  for (size_t count = Below(40); count > 0; --count) {
    const std::string_view piece = OneOf(kPieces);
    const bool is_blank = piece.ends_with(' ') || piece.ends_with('\n');
    if (is_blank && (text.ends_with(' ') || text.ends_with('\n'))) continue;
    if (piece.starts_with('\n') && text.ends_with(' ')) text.pop_back();
    // At a line's start a number and a full stop, or an asterisk, would begin an item.
    if (text.ends_with('\n') && static_cast<unsigned char>(piece[0]) < 0x80) continue;
    text.append(piece);
  }
  return text + "完";
}

std::string RandomMarkdown::Noise(size_t pieces) {
  static const std::vector<std::string_view> kPieces = {"字",
                                                        "。",
                                                        "词语",
                                                        "a",
                                                        "*",
                                                        "**",
                                                        "_",
                                                        "__",
                                                        "~~",
                                                        "~",
                                                        "`",
                                                        "```\n",
                                                        "\n",
                                                        "\n",
                                                        "\n\n",
                                                        " ",
                                                        "    ",
                                                        "\t",
                                                        "- ",
                                                        "1. ",
                                                        "> ",
                                                        "# ",
                                                        "[",
                                                        "]",
                                                        "(",
                                                        ")",
                                                        "](",
                                                        "![",
                                                        "<",
                                                        ">",
                                                        "<a ",
                                                        "|",
                                                        "|---|",
                                                        "---\n",
                                                        "===\n",
                                                        "$",
                                                        "$$",
                                                        "\\(",
                                                        "\\)",
                                                        "\\[",
                                                        "\\]",
                                                        "\\",
                                                        "&lt;",
                                                        "&#60;a",
                                                        "<br>",
                                                        "：",
                                                        "“",
                                                        "”",
                                                        "http://a.b",
                                                        "[a]: u",
                                                        "！",
                                                        "\"",
                                                        "</a>",
                                                        "+",
                                                        "=",
                                                        "-",
                                                        "|\n",
                                                        "2*3",
                                                        "\r\n",
                                                        "\u200B",
                                                        "\u202E",
                                                        "👩‍👩‍👧",
                                                        "https://x.cn/a。b"};
  std::string noise;
  for (; pieces > 0; --pieces) noise.append(OneOf(kPieces));
  return noise;
}

}  // namespace yingda::text
