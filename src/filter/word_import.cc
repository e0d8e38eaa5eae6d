// SPDX-License-Identifier: MIT
#include "filter/word_import.h"

#include <algorithm>
#include <array>
#include <unordered_set>
#include <utility>

#include "base/utf8.h"
#include "filter/fold.h"
#include "filter/word_import_formats.h"
#include "filter/word_line.h"

namespace yingda::filter {
namespace {

constexpr size_t kExamples = 5;

struct FormatName {
  ImportFormat format;
  const char* name;
};
constexpr std::array<FormatName, 8> kFormats = {{{ImportFormat::kAuto, "auto"},
                                                 {ImportFormat::kLines, "lines"},
                                                 {ImportFormat::kPipe, "pipe"},
                                                 {ImportFormat::kTags, "tags"},
                                                 {ImportFormat::kLevelFirst, "level-first"},
                                                 {ImportFormat::kBase64, "base64"},
                                                 {ImportFormat::kJson, "json"},
                                                 {ImportFormat::kSections, "sections"}}};

// What followers write all day. A word that lies in one of these would stop ordinary questions.
constexpr std::string_view kEveryday =
    "消息 微信 用户 客服 信息 开发 服务器 支持 管理 代理 兼职 招聘 淘宝 网络 公众号 小程序 朋友圈 二维码 手机号 验证码 "
    "电话 地址 邮箱 密码 账号 登录 注册 下载 安装 更新 版本 软件 电脑 手机 网站 网页 链接 视频 图片 语音 文件 "
    "订单 退款 发票 快递 物流 商品 价格 优惠 会员 积分 活动 付款 支付 银行 银行卡 转账 红包 贷款 保险 投资 股票 基金 "
    "公司 老板 同事 工作 上班 请假 工资 合同 学校 学生 老师 考试 作业 成绩 医院 医生 看病 吃药 感冒 怀孕 身体 "
    "你好 谢谢 再见 请问 什么 怎么 为什么 可以 不能 没有 多少 几点 今天 明天 时间 地方 附近 天气 新闻 电影 音乐 游戏 "
    "爸爸 妈妈 孩子 女儿 儿子 老婆 老公 朋友 家人 男人 女人 妹妹 女装 装修 房子 租房 买房 买车 开车 "
    "吃饭 睡觉 旅游 酒店 机票 火车 地铁 公交 出租车 超市 菜单 水果 咖啡 中国 北京 上海 广州 深圳 香港 台湾 "
    "政府 国家 法律 法院 警察 公安 律师 社会 历史 文化 经济 市场 技术 数据 系统 服务 产品 质量 问题 方法 内容 测试 "
    "广告 推广 加微信 联系 预约 报名 投诉 建议 反馈 帮助 继续 清空  "
    "hello hi ok test app vip qq id url http https www com cn ai pc wifi sm av hz space star drop";

std::u32string CodesOf(std::string_view text) {
  std::u32string codes = FoldedCodes(text, FoldMode::kLetters);
  return codes.size() < 2 ? FoldedCodes(text, FoldMode::kLiteral) : codes;
}

class Everyday {
 public:
  Everyday() {
    std::string_view rest = kEveryday;
    while (!rest.empty()) {
      const size_t end = std::min(rest.find(' '), rest.size());
      all_ += FoldedCodes(rest.substr(0, end), FoldMode::kLetters);
      all_ += U'\0';
      rest.remove_prefix(std::min(rest.size(), end + 1));
    }
  }
  bool Holds(const std::u32string& word) const {
    const bool ascii =
        std::all_of(word.begin(), word.end(), IsAsciiWord);  // those stop a text only where they stand alone
    std::u32string sought = ascii ? U'\0' + word + U'\0' : word;
    return all_.find(sought) != std::u32string::npos;
  }

 private:
  std::u32string all_{U'\0'};
};

bool HasControls(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
}

std::string Escaped(std::string_view word) {
  std::string line;
  for (const char c : word) {
    if (std::string_view("#|\\?&=").find(c) != std::string_view::npos) line += '\\';
    line += c;
  }
  return line;
}

class Importer {
 public:
  explicit Importer(const ImportOptions& options) : options_(options) {
    result_.file = "# 由 yingda words import 整理\n#! level=";
    result_.file += ToString(options.level);
    if (!options.tag.empty()) result_.file += " tag=" + options.tag;
    result_.file += '\n';
    defaults_.levels = {options.level, options.level};
    defaults_.tags = options.tag;
  }

  void Take(const ImportSource& source, const ForeignWord& word) {
    ++result_.read;
    const std::string place = source.name + ":" + std::to_string(word.line);
    if (!base::IsValidUtf8(word.text)) return LeaveOut("不是文字（编码不对？可以用 --encoding 说明）", place, "");
    if (HasControls(word.text)) return LeaveOut("含有控制字符", place, "");
    if (word.is_expression) return LeaveOut("是正则表达式，词表里写不了；可以改写成 甲 && 乙", place, word.text);
    const std::u32string codes = CodesOf(word.text);
    if (codes.size() < 2) return LeaveOut("只有一个字，几乎总会误伤", place, word.text);
    if (!texts_.insert(word.text).second) return LeaveOut("重复", place, word.text);
    if (!codes_.insert(codes).second)
      return LeaveOut("大小写、繁简、全半角或标点不计，和前面的词一样", place, word.text);
    const std::string line = LineOf(word);
    const WordLine read = ReadWordLine(line, false, defaults_);
    if (read.mistake) return LeaveOut(read.mistake->what, place, word.text);
    // What reads back as anything else would filter what nobody listed.
    if (read.word->text != word.text || !read.word->parts.empty() || read.word->replacement || line.starts_with("#")) {
      return LeaveOut("词表的格式写不下", place, word.text);
    }
    if (everyday_.Holds(codes)) {
      result_.file += "# 日常用词，没有启用：" + line + "\n";
      return LeaveOut("是日常用词，会误伤；写在文件里了，但没有启用", place, word.text);
    }
    result_.file += line + "\n";
    ++result_.kept;
  }

  void TakeNot(const UnreadPart& part) {
    result_.read += part.count;
    LeaveOut(part.what, part.place, "", part.count);
  }

  ImportResult Finish() && { return std::move(result_); }
  ImportResult& result() { return result_; }

 private:
  std::string LineOf(const ForeignWord& word) const {
    std::string line = Escaped(word.text);
    const bool own_level = word.level && *word.level != options_.level;
    if (own_level || !word.tags.empty()) line += std::string("|") + (own_level ? ToString(*word.level) : "");
    if (!word.tags.empty()) line += "|" + (options_.tag.empty() ? "" : options_.tag + ",") + word.tags;
    return line;
  }

  void LeaveOut(const std::string& why, const std::string& place, const std::string& word, size_t count = 1) {
    auto at = std::find_if(result_.left_out.begin(), result_.left_out.end(),
                           [&](const LeftOut& each) { return each.why == why; });
    if (at == result_.left_out.end()) at = result_.left_out.insert(at, LeftOut{why, 0, {}});
    at->count += count;
    if (at->examples.size() >= kExamples) return;
    at->examples.push_back(place + (word.empty() ? "" : " " + std::string(base::Utf8Prefix(word, 60))));
  }

  const ImportOptions options_;
  const Everyday everyday_;
  LineDefaults defaults_;
  ImportResult result_;
  std::unordered_set<std::string> texts_;
  std::unordered_set<std::u32string> codes_;
};

/// Lists whose lines hold more than the word look like lists of words with blanks; only a person can tell.
std::optional<std::string> Hint(const ImportSource& source, const std::vector<ForeignWord>& words) {
  size_t numbers = 0;
  size_t last_parts = 0;
  std::unordered_set<std::string> endings;
  for (const ForeignWord& word : words) {
    const size_t blank = word.text.find_last_of(" \t");
    if (blank == std::string::npos) continue;
    ++last_parts;
    endings.insert(word.text.substr(blank + 1));
    if (word.text.find_first_not_of("0123456789") == word.text.find_first_of(" \t")) ++numbers;
  }
  if (words.size() < 5 || last_parts * 10 < words.size() * 9) return std::nullopt;
  if (numbers * 10 >= words.size() * 9)
    return source.name + ": 每行前面都有数字；数字不是词的一部分的话请加 --format level-first";
  if (endings.size() * 3 > words.size()) return std::nullopt;
  return source.name + ": 每行空格后面像是标签；是的话请加 --format tags";
}

}  // namespace

std::optional<ImportFormat> ParseImportFormat(std::string_view name) {
  const auto* const found =
      std::find_if(kFormats.begin(), kFormats.end(), [&](const FormatName& each) { return name == each.name; });
  if (found == kFormats.end()) return std::nullopt;
  return found->format;
}

const char* ToString(ImportFormat format) { return kFormats[static_cast<size_t>(format)].name; }

base::Result<ImportResult> ImportWords(const std::vector<ImportSource>& sources, const ImportOptions& options) {
  Importer importer(options);
  for (const ImportSource& source : sources) {
    const ImportFormat format = options.format == ImportFormat::kAuto ? GuessFormat(source.text) : options.format;
    importer.result().formats.push_back(format);
    YINGDA_TRY(const ForeignWords foreign, ReadForeignWords(source, format));
    for (const UnreadPart& part : foreign.unread) importer.TakeNot(part);
    if (format == ImportFormat::kLines) {
      if (auto hint = Hint(source, foreign.words)) importer.result().hints.push_back(*std::move(hint));
    }
    for (const ForeignWord& word : foreign.words) importer.Take(source, word);
  }
  return std::move(importer).Finish();
}

}  // namespace yingda::filter
