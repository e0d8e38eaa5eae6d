// SPDX-License-Identifier: MIT
#include "rules/rule_file.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "unit/rules/rules_from_text.h"

namespace yingda::rules {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

struct Read {
  explicit Read(std::string_view text) { rules = ParseRules(text, problems, warnings); }
  base::YamlProblems problems{"a.yml", base::YamlLanguage::kChinese};
  base::YamlProblems warnings{"a.yml", base::YamlLanguage::kChinese};
  std::vector<Rule> rules;
};

wechat::Reply FirstReply(const Rule& rule, const std::vector<std::string_view>& groups) {
  return rule.replies.front().Fill({groups, {}, {}});
}

TEST(RuleFileTest, ReadsTheTwoLineRule) {
  const auto rules = RulesFrom("- keywords: [营业时间, 几点开门]\n  reply: 我们每天 9:00–21:00 营业。\n");
  ASSERT_EQ(rules.size(), 1U);
  EXPECT_EQ(rules[0].name, "营业时间");
  EXPECT_EQ(rules[0].Source(), "a.yml:1");
  EXPECT_EQ(rules[0].match, MatchKind::kContains);
  EXPECT_EQ(rules[0].keywords.size(), 2U);
  EXPECT_EQ(FirstReply(rules[0], {}), wechat::Reply(wechat::TextReply{"我们每天 9:00–21:00 营业。"}));
}

TEST(RuleFileTest, ReadsTheDesignsNewsWithAnUnquotedPlaceholder) {
  const auto rules = RulesFrom(
      "- keywords: [\"订单(\\\\d+)\"]\n  match: regex\n  replies:\n"
      "    - news: [{title: 订单 {1}, url: \"https://example.com/o/{1}\", picture: \"https://e.com/p\", description: "
      "d}]\n");
  ASSERT_EQ(rules.size(), 1U);
  EXPECT_EQ(FirstReply(rules[0], {"订单7", "7"}),
            wechat::Reply(wechat::NewsReply{{{"订单 7", "d", "https://e.com/p", "https://example.com/o/7"}}}));
}

TEST(RuleFileTest, ReadsEveryKindOfReply) {
  const auto rules = RulesFrom(R"yaml(
- event: Subscribe
  key: [door-7, door-8]
  name: n
  priority: -3
  mode: random
  replies:
    - 文字
    - text: |
        两行
        文字
    - image: IMG
    - voice: VOI
    - video: {media_id: VID, title: t, description: d}
    - video: VID
    - music: {title: t, description: d, url: http://e/m, hq_url: http://e/h, thumb_media_id: T}
    - news: [{title: t, url: http://e}, {title: u, url: http://f}]
    - transfer: true
    - transfer:
    - transfer: kf@gh_1
    - none: true
    - none:
)yaml");
  ASSERT_EQ(rules.size(), 1U);
  const Rule& rule = rules[0];
  EXPECT_EQ(rule.match, MatchKind::kEvent);
  EXPECT_EQ(rule.event, "subscribe");
  EXPECT_THAT(rule.event_keys, ElementsAre("door-7", "door-8"));
  EXPECT_EQ(rule.priority, -3);
  EXPECT_EQ(rule.mode, ReplyMode::kRandom);
  const std::vector<wechat::Reply> want = {
      wechat::TextReply{"文字"},
      wechat::TextReply{"两行\n文字"},
      wechat::ImageReply{"IMG"},
      wechat::VoiceReply{"VOI"},
      wechat::VideoReply{"VID", "t", "d"},
      wechat::VideoReply{"VID", "", ""},
      wechat::MusicReply{"t", "d", "http://e/m", "http://e/h", "T"},
      wechat::NewsReply{{{"t", "", "", "http://e"}, {"u", "", "", "http://f"}}},
      wechat::TransferReply{},
      wechat::TransferReply{},
      wechat::TransferReply{"kf@gh_1"},
      wechat::NoReply{},
      wechat::NoReply{},
  };
  ASSERT_EQ(rule.replies.size(), want.size());
  for (size_t i = 0; i < want.size(); ++i) EXPECT_EQ(rule.replies[i].Fill({}), want[i]) << i;
}

TEST(RuleFileTest, EmptyFilesHaveNoRules) {
  EXPECT_TRUE(RulesFrom("").empty());
  EXPECT_TRUE(RulesFrom("# 说明\n").empty());
  EXPECT_TRUE(RulesFrom("[]\n").empty());
}

TEST(RuleFileTest, RulesThatAreSwitchedOffAreCheckedButLeftOut) {
  EXPECT_TRUE(RulesFrom("- keywords: [a1]\n  enabled: false\n  reply: x\n").empty());
  EXPECT_FALSE(Read("- keywords: [a1]\n  enabled: false\n").problems.empty());
}

TEST(RuleFileTest, NumbersAndWordsThatYamlWouldConvertStayText) {
  const auto rules = RulesFrom("- keywords: [010, yes, 1e3]\n  match: exact\n  reply: 007\n");
  EXPECT_EQ(rules[0].keywords[0].text, "010");
  EXPECT_EQ(rules[0].keywords[1].text, "yes");
  EXPECT_EQ(FirstReply(rules[0], {}), wechat::Reply(wechat::TextReply{"007"}));
}

struct Mistake {
  std::string_view text;
  std::string_view message;  // how the line begins
};

TEST(RuleFileTest, EveryMistakeIsReportedAtItsPlace) {
  const Mistake mistakes[] = {
      {"keywords: [a]\nreply: x\n", "a.yml:1:1: 规则文件应当是列表：每条规则的第一行以“- ”开头，其余各行与它对齐"},
      {"- keywords：[a]\n", "a.yml:1:3: 这里用了中文冒号“：”：请改成英文冒号加一个空格"},
      {"- keywords：[a]\n  reply: x\n", "a.yml:1:11: 这里是中文冒号“：”：请改成英文冒号加一个空格"},
      {"- reply:你好\n", "a.yml:1:3: 冒号后面少了一个空格：应写成 reply: 你好"},
      {"-\n- keywords: [ab]\n  reply: x\n", "a.yml:1:1: 这一条规则是空的：请删掉多余的“-”"},
      {"- reply: x\n", "a.yml:1:3: 缺少 keywords（关键词）、event（事件）或 default: true：请补上其中一个"},
      {"- keywords: []\n  reply: x\n", "a.yml:1:13: keywords 是空的：请至少写一个关键词"},
      {"- keywords:\n  reply: x\n", "a.yml:1:11: keywords 是空的：请至少写一个关键词"},
      {"- keywords: [ab, \"\"]\n  reply: x\n", "a.yml:1:18: 关键词是空的：空的关键词会匹配所有消息"},
      {"- keywords: [\"　 \"]\n  reply: x\n", "a.yml:1:14: 关键词是空的：空的关键词会匹配所有消息"},
      {"- keywords:\n    - ab\n    -\n  reply: x\n", "a.yml:3:5: 关键词是空的：空的关键词会匹配所有消息"},
      {"- keywords: [\"\\u0301\"]\n  reply: x\n", "a.yml:1:14: 关键词里只有看不见的字符：请换成文字"},
      {"- keywords: [[ab]]\n  reply: x\n", "a.yml:1:14: 关键词应当是文字：含有 [ ] { } 或冒号的关键词要加上英文双引号"},
      {"- keywords: {a: b}\n  reply: x\n", "a.yml:1:13: keywords 应当是列表，例如 [营业时间, 几点开门]"},
      {"- keywords: [ab]\n", "a.yml:1:3: 缺少 reply（回复）：请补上，例如 reply: 你好"},
      {"- keywords: [ab]\n  reply: \"\"\n", "a.yml:2:10: 回复内容是空的：请写上文字；不想回复时请写 none: true"},
      {"- keywords: [ab]\n  reply: [x]\n", "a.yml:2:10: reply 只能写一条回复：几条回复请写在 replies 里"},
      {"- keywords: [ab]\n  replies: x\n", "a.yml:2:12: replies 应当是列表：每条回复以“- ”开头"},
      {"- keywords: [ab]\n  reply: x\n  replies: [y]\n", "a.yml:3:12: reply 和 replies 只能写一个"},
      {"- keywords: [ab]\n  replies: [[y]]\n", "a.yml:2:13: 这里应当是回复的文字，或者 image: 素材编号 这样的一项"},
      {"- keywords: [ab]\n  match: exakt\n  reply: x\n",
       "a.yml:2:10: match 应当是以下之一：exact, contains, prefix, suffix"},
      {"- keywords: [ab]\n  mode: any\n  reply: x\n",
       "a.yml:2:9: mode 应当是以下之一：first, random, all，而不是 \"any\""},
      {"- keywords: [ab]\n  mode: all\n  replies: [x, {model: true}]\n", "a.yml:3:16: model 不能和 mode: all 一起用"},
      {"- keywords: [ab]\n  mode: all\n  replies: [x, {none: true}]\n", "a.yml:3:16: none 不能和 mode: all 一起用"},
      {"- keywords: [ab]\n  mode: all\n  replies: [x, {transfer: true}]\n",
       "a.yml:3:16: mode: all 里 transfer 只能是第一条"},
      {"- event: click\n  reply: {model: x}\n", "a.yml:2:18: 事件里没有粉丝的话，不能交给模型"},
      {"- keywords: [ab]\n  reply: {model: [x]}\n", "a.yml:2:18: model 后面应当写附加给模型的说明"},
      {"- keywords: [ab]\n  reply: {model: false}\n", "a.yml:2:18: 请写 true，或者删掉这一条"},
      {"- default: true\n  keywords: [ab]\n  reply: x\n", "a.yml:2:13: default 规则在没有别的规则命中时回复"},
      {"- default: true\n  match: exact\n  reply: x\n", "a.yml:2:10: default 规则不用写 match"},
      {"- default: false\n  reply: x\n", "a.yml:1:12: 请写 default: true，或者删掉这一行"},
      {"- event: scan\n  exclude: [x]\n  reply: x\n", "a.yml:2:12: event 规则没有文字，不能写 exclude"},
      {"- keywords: [ab]\n  exclude: [c, \"\"]\n  reply: x\n", "a.yml:2:16: exclude 里有空的词"},
      {"- keywords: [ab]\n  exclude: {c: d}\n  reply: x\n",
       "a.yml:2:12: exclude 应当是列表，例如 exclude: [不要, 取消]"},
      {"- keywords: [ab]\n  hours: [\"9:00\"]\n  reply: x\n", "a.yml:2:11: 看不懂时段“9:00”：请写成 9:00-18:00 这样"},
      {"- keywords: [ab]\n  hours: 25:00-26:00\n  reply: x\n", "a.yml:2:10: 看不懂时段“25:00-26:00”"},
      {"- keywords: [ab]\n  days: [周八]\n  reply: x\n", "a.yml:2:10: 看不懂“周八”：请写 周一…周日"},
      {"- keywords: [ab]\n  from: 2026-02-30\n  reply: x\n", "a.yml:2:9: from 应当是日期，例如 2026-10-01"},
      {"- keywords: [ab]\n  from: 2026-10-02\n  until: 2026-10-01\n  reply: x\n", "a.yml:3:10: until 比 from 还早"},
      {"- keywords: [ab]\n  cooldown: 10\n  reply: x\n", "a.yml:2:13: cooldown 应当是带单位（ms、s、m、h、d）的时长"},
      {"- keywords: [ab]\n  priority: 高\n  reply: x\n", "a.yml:2:13: priority 应当是 -1000000 到 1000000 之间的整数"},
      {"- keywords: [ab]\n  enabled: 是\n  reply: x\n", "a.yml:2:12: enabled 应当是 true 或 false，而不是 \"是\""},
      {"- keyword: [ab]\n  reply: x\n", "a.yml:1:3: 不认识的键 \"keyword\"：是不是想写 keywords？"},
      {"- keywords: [ab]\n  relpy: x\n", "a.yml:2:3: 不认识的键 \"relpy\"：是不是想写 reply？"},
      {"- keywords: [ab]\n  reply: x\n  reply: y\n", "a.yml:3:3: 键 reply 写了两次：请删掉其中一个"},
      {"- keywords: [ab]\n  event: click\n  reply: x\n", "a.yml:1:13: 一条规则不能同时有 event 和 keywords"},
      {"- keywords: [ab]\n  key: K\n  reply: x\n", "a.yml:2:8: key 只能和 event 一起用：请补上 event"},
      {"- event: click\n  match: exact\n  reply: x\n", "a.yml:2:10: event 规则不用写 match：请删掉这一行"},
      {"- keywords: [\"(a\"]\n  match: regex\n  reply: x\n", "a.yml:1:14: 正则表达式写错了：圆括号没有配对"},
      {"- keywords: [\"[a\"]\n  match: regex\n  reply: x\n", "a.yml:1:14: 正则表达式写错了：方括号没有配对"},
      {"- keywords: [\"*a\"]\n  match: regex\n  reply: x\n",
       "a.yml:1:14: 正则表达式写错了：“*” 前面没有可以重复的内容"},
      {"- keywords: [\"a(?=b)\"]\n  match: regex\n  reply: x\n", "a.yml:1:14: 正则表达式写错了：不支持 “(?=”"},
      {"- keywords: ['(a)\\1']\n  match: regex\n  reply: x\n", "a.yml:1:14: 正则表达式写错了：不支持 “\\1” 这种写法"},
      {"- keywords: [\"a{2000}\"]\n  match: regex\n  reply: x\n",
       "a.yml:1:14: 正则表达式写错了：重复次数 “{2000}” 太大"},
      {"- keywords: [\"((x{100}){100}){100}\"]\n  match: regex\n  reply: x\n", "a.yml:1:14: 正则表达式写错了："},
      {"- keywords: [\"a\\d\"]\n  match: regex\n  reply: x\n", "a.yml:1:16: 双引号里的反斜杠要写成两个"},
      {"- keywords: [\"a(b)\"]\n  match: regex\n  reply: \"{2}\"\n",
       "a.yml:3:10: 没有 {2}：正则表达式里只有 1 个括号分组"},
      {"- keywords: [\"(a)(b)\", \"c\"]\n  match: regex\n  reply: \"{1}\"\n",
       "a.yml:3:10: 没有 {1}：正则表达式里只有 0 个括号分组"},
      {"- keywords: [ab]\n  reply: \"{1}\"\n",
       "a.yml:2:10: {1} 只能用在 match: regex 的规则里；如果就是要显示它，请写成 {{1}}"},
      {"- keywords: [ab]\n  reply: {image: \"\"}\n",
       "a.yml:2:18: image 后面应当写素材编号（media_id），例如 image: MEDIA_ID"},
      {"- keywords: [ab]\n  reply: {voice: [x]}\n", "a.yml:2:18: voice 后面应当写素材编号（media_id）"},
      {"- keywords: [ab]\n  reply: {video: {title: t}}\n", "a.yml:2:18: 缺少 media_id：请写上视频的素材编号"},
      {"- keywords: [ab]\n  reply: {music: {title: t}}\n", "a.yml:2:18: 缺少 thumb_media_id：请写上封面图的素材编号"},
      {"- keywords: [ab]\n  reply: {image: A, voice: B}\n",
       "a.yml:2:28: 一条回复只能有一种内容：请把 voice 移到单独的一条"},
      {"- keywords: [ab]\n  reply: {imgae: A}\n", "a.yml:2:11: 不认识的键 \"imgae\"：是不是想写 image？"},
      {"- keywords: [ab]\n  reply: {}\n", "a.yml:2:10: 缺少回复的内容：请写 text、image"},
      {"- keywords: [ab]\n  reply: {news: []}\n", "a.yml:2:17: news 后面应当是图文列表"},
      {"- keywords: [ab]\n  reply: {news: [{url: http://e}]}\n", "a.yml:2:18: 缺少 title：请写上图文的标题"},
      {"- keywords: [ab]\n  reply: {news: [{title: t}]}\n", "a.yml:2:18: 缺少 url：请写上点开后打开的网址"},
      {"- keywords: [ab]\n  reply: {news: [{title: t, url: e.com}]}\n",
       "a.yml:2:34: url 应当是以 https:// 或 http:// 开头的完整网址"},
      {"- keywords: [\"(.+)\"]\n  match: regex\n  reply: {news: [{title: t, url: \"{1}\"}]}\n",
       "a.yml:3:34: url 的网站不能由粉丝的话填出来"},
      {"- keywords: [\"(.+)\"]\n  match: regex\n  reply: {news: [{title: t, url: \"https://{0}/a\"}]}\n",
       "a.yml:3:34: url 的网站不能由粉丝的话填出来"},
      {"- keywords: [ab]\n  reply: {news: [{title: t, url: https://}]}\n",
       "a.yml:2:34: url 应当是以 https:// 或 http:// 开头的完整网址"},
      {"- event: \"\"\n  reply: x\n", "a.yml:1:10: event 是空的：请写上事件的名字"},
      {"- event: click\n  key: \" \"\n  reply: x\n", "a.yml:2:8: key 是空的"},
      {"- event: click\n  key: []\n  reply: x\n", "a.yml:2:8: key 是空的"},
      {"- keywords: [ab]\n  reply: {news: [{title: t, url: http://e}, {title: u, url: http://e}]}\n",
       "a.yml:2:45: 回复消息时微信只允许 1 篇图文：请只保留一篇"},
      {"- keywords: [ab]\n  reply: {transfer: 小王}\n", "a.yml:2:21: 客服账号应当含有 @，例如 kf2001@gh_example"},
      {"- keywords: [ab]\n  reply: {none: false}\n", "a.yml:2:17: 请写 true，或者删掉这一条"},
      {"- keywords: [ab\n  reply: x\n", "a.yml:1:13: 这个括号没有配对：请补上右括号"},
      {"- keywords: [ab]\n\treply: x\n", "a.yml:2:1: 缩进用了 Tab 键：请改用空格"},
      {"- keywords: [ab]\n  reply: \"x\n", "a.yml:2:10: 这个引号没有配对：请在后面补上另一半引号"},
      {"- keywords: [*]\n  reply: x\n", "a.yml:1:14: 内容不能以 * 开头：请加上英文双引号"},
  };
  for (const Mistake& mistake : mistakes) {
    const Read read(mistake.text);
    EXPECT_THAT(read.problems.Lines(), testing::Contains(StartsWith(std::string(mistake.message)))) << mistake.text;
  }
}

// bot-on-anything #202, where an empty line of a list matched every message: here the same would be an empty keyword.
TEST(RuleRegressionTest, EmptyKeywordsAreMistakesAndMatchNothing) {
  for (const char* keywords : {"[]", "[\"\"]", "[ab, \"\"]", "[\" \"]", "[\"　\"]", "\"\"", "[\"\\u200B\"]", ""}) {
    const Read read("- keywords: " + std::string(keywords) + "\n  reply: x\n");
    EXPECT_FALSE(read.problems.empty()) << keywords;
    EXPECT_TRUE(read.rules.empty()) << keywords;
  }
}

TEST(RuleFileTest, AllMistakesComeOutAtOnce) {
  const Read read(
      "- keywords: [\"\"]\n  reply: x\n- keywords: [\"(\"]\n  match: regex\n  reply: \"{1}\"\n- relpy: x\n");
  const auto lines = read.problems.Lines();
  ASSERT_EQ(lines.size(), 5U) << read.problems.Text();
  EXPECT_THAT(lines[0], StartsWith("a.yml:1:14: "));
  EXPECT_THAT(lines[1], StartsWith("a.yml:3:14: "));
  EXPECT_THAT(lines[2], StartsWith("a.yml:6:3: "));
}

TEST(RuleFileTest, ArticlesAreLimitedByWhatIsAnswered) {
  std::string news = "  reply:\n    news:\n";
  for (int i = 0; i < 8; ++i) news += "      - {title: t, url: http://e}\n";
  EXPECT_EQ(RulesFrom("- event: subscribe\n" + news).size(), 1U);
  const Read read("- event: subscribe\n" + news + "      - {title: t, url: http://e}\n");
  EXPECT_THAT(read.problems.Text(), StartsWith("a.yml:12:9: 微信最多允许 8 篇图文：请删掉多余的"));
}

TEST(RuleFileTest, WarnsOfWhatIsProbablyNotMeant) {
  const Mistake warnings[] = {
      {"- keywords: [我]\n  reply: x\n", "a.yml:1:14: 只有一个字的关键词会匹配很多不相干的消息"},
      {"- keywords: [甲，乙]\n  reply: x\n", "a.yml:1:14: “甲，乙”是一个关键词：如果想写几个关键词，请用英文逗号分开"},
      {"- keywords: [\"a*\"]\n  match: regex\n  reply: x\n", "a.yml:1:14: 这个正则表达式连空文字也能匹配"},
      {"- keywords: [ab]\n  replies: [x, y]\n",
       "a.yml:2:12: 写了几条回复，但只会用第一条：想随机回复一条请加上 mode: random，想全部发送请加上 mode: all"},
      {"- keywords: [ab]\n  mode: all\n  replies: [a, b, c, d, e, f, g]\n",
       "a.yml:3:12: 写了 7 条回复：粉丝发一条消息之后，微信最多允许发 6 条"},
      {"- event: subscribe\n  mode: all\n  replies: [一, 二, {news: [{title: a, url: 'https://a.cn'}, {title: b, url: "
       "'https://b.cn'}]}, 四]\n",
       "a.yml:3:12: 写了 4 条回复，分开发是 5 条消息（图文一篇一条）：粉丝关注、扫码或点菜单之后，微信最多允许发 4 条"},
      {"- event: subscrbe\n  reply: x\n", "a.yml:1:10: 不认识的事件 subscrbe：是不是想写 subscribe？"},
      {"- event: unsubscribe\n  reply: x\n", "a.yml:1:10: 微信不会把 unsubscribe 事件的回复显示给粉丝：这条规则不会"},
      {"- event: view\n  reply: x\n", "a.yml:1:10: 微信不会把 view 事件的回复显示给粉丝：只有能发客服消息的账号"},
  };
  for (const Mistake& warning : warnings) {
    const Read read(warning.text);
    EXPECT_EQ(read.problems.Text(), "");
    EXPECT_EQ(read.rules.size(), 1U);
    EXPECT_THAT(read.warnings.Lines(), ElementsAre(StartsWith(std::string(warning.message)))) << warning.text;
  }
  const Read quoted("- keywords: [\"甲，乙\"]\n  reply: x\n");
  EXPECT_TRUE(quoted.warnings.empty()) << "quotes say that it is meant";
}

TEST(RuleFileTest, LongTextsAreWarnedOfFrom2048Bytes) {
  const auto warnings = [](size_t bytes) {
    return Read("- keywords: [ab]\n  reply: " + std::string(bytes, 'x') + "\n").warnings.Text();
  };
  EXPECT_EQ(warnings(2047), "");
  EXPECT_THAT(warnings(2048), StartsWith("a.yml:2:10: 文字有 2048 字节，超过微信的 2047 字节：会分页发送"));
}

TEST(RuleFileTest, KeywordsHaveALengthLimit) {
  const auto problems = [](size_t letters) {
    return Read("- keywords: [" + std::string(letters, 'x') + "]\n  reply: x\n").problems.Text();
  };
  EXPECT_EQ(problems(64), "");
  EXPECT_THAT(problems(65), HasSubstr("关键词太长：最多 64 个字"));
}

TEST(RuleFileTest, ListsRuleFilesByNameAndNothingElse) {
  const std::filesystem::path folder = std::filesystem::path(testing::TempDir()) / "rule_file_test";
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder / "folder.yml");
  for (const char* name : {"b.yml", "a.yaml", ".hidden.yml", "note.txt", "c.yml~"}) std::ofstream(folder / name) << "";
  const auto files = ListRuleFiles(folder.string());
  ASSERT_TRUE(files.has_value());
  EXPECT_THAT(*files, ElementsAre((folder / "a.yaml").string(), (folder / "b.yml").string()));
  EXPECT_FALSE(ListRuleFiles((folder / "missing").string()).has_value());
}

}  // namespace
}  // namespace yingda::rules
