// SPDX-License-Identifier: MIT
// What the word filter stops leaves the server nowhere. The oracle searches everything that left it, folded: what the
// model was asked, what followers read, what their answer pages showed at every moment.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <mutex>

#include "filter/fold.h"
#include "integration/world.h"

namespace yingda::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kBlockedAnswer = "这个问题的回答不方便显示";
constexpr const char* kBlockedRest = "后面的内容不方便显示";
constexpr const char* kBlockedQuestion = "这个话题我不方便讨论";

std::string Sentences(int from, int count) {
  std::string text;
  for (int i = from; i < from + count; ++i) text += "这是第" + std::to_string(i) + "句，写得长一点。";
  return text;
}

bool Holds(std::string_view text, std::string_view word) {
  const auto codes = filter::FoldedCodes(text, filter::FoldMode::kLetters);
  return codes.find(filter::FoldedCodes(word, filter::FoldMode::kLetters)) != std::u32string::npos;
}

/// What a reader of HTML sees.
std::string WithoutTags(std::string_view html) {
  std::string text;
  bool inside = false;
  for (const char c : html) {
    if (c == '<') inside = true;
    if (!inside) text += c;
    if (c == '>') inside = false;
  }
  return text;
}

/// A world whose followers, upstream and pages are searched.
class Watched {
 public:
  explicit Watched(World::Options options)
      : has_api_(!options.kind.empty()), world_(std::move(options)), follower_(world_.NewFollower()) {}

  World& world() { return world_; }
  simulator::Follower& follower() { return *follower_; }
  std::string Say(const std::string& text) { return world_.Say(*follower_, text).Text(); }

  /// Plays on for `time`, reading the follower's newest answer page at every step, as a document and as it changes.
  void ReadPageFor(base::Duration time) {
    Watch();
    for (base::Duration played{}; played < time; played += World::kStep) {
      ASSERT_TRUE(world_.RunFor(World::kStep));
      pages_ += WithoutTags(world_.Get("/a/" + PageId())) + "\n";
    }
  }
  std::string PageNow() { return WithoutTags(world_.Get("/a/" + PageId())); }
  std::string PageId() const {
    for (const auto& texts : {Pushed(), follower_->Answers()}) {
      for (auto text = texts.rbegin(); text != texts.rend(); ++text) {
        const size_t at = text->find("/a/");
        if (at != std::string::npos) return text->substr(at + 3, 32);
      }
    }
    return "none";
  }
  void ContinueToTheEnd() {
    for (int page = 0; page < 10; ++page) {
      if (Say("继续").find("没有更多内容") != std::string::npos) return;
    }
    FAIL() << "继续 never comes to an end";
  }

  std::string Chat() const {
    std::string all;
    for (const auto& text : follower_->Answers()) all += text + "\n";
    for (const auto& text : Pushed()) all += text + "\n";
    return all;
  }
  std::string Pages() const {
    std::lock_guard lock(mutex_);
    return pages_ + live_;
  }
  std::string AskedOfTheModel() {
    std::string all;
    for (const auto& record : world_.model().Journal().last) {
      for (const auto& message : record.call.messages) all += message.role + ": " + message.content + "\n";
    }
    return all;
  }
  void ExpectNowhere(std::string_view word) {
    EXPECT_FALSE(Holds(Chat(), word)) << Chat();
    EXPECT_FALSE(Holds(Pages(), word)) << Pages();
    EXPECT_FALSE(Holds(AskedOfTheModel(), word)) << AskedOfTheModel();
  }

  /// Words of a later edit; they are in force when it returns.
  void ReplaceWords(const std::string& words) {
    std::ofstream(world_.folder().File("filters/deny/words.txt"), std::ios::binary) << words << "\n新词已生效\n";
    world_.application().Reload();
    const auto probe = world_.NewFollower();
    for (int look = 0; look < 1000; ++look) {
      if (world_.Say(*probe, "新词已生效").Text().find(kBlockedQuestion) != std::string::npos) return;
    }
    FAIL() << "the words were not loaded";
  }

 private:
  std::vector<std::string> Pushed() const { return has_api_ ? world_.Pushed(*follower_) : std::vector<std::string>(); }
  void Watch() {
    world_.application().pages().Watch(
        PageId(),
        [this](const bot::AnswerPages::Update& update) {
          std::lock_guard lock(mutex_);
          for (const std::string& block : update.blocks) live_ += WithoutTags(block) + "\n";
          return true;
        },
        [](std::optional<uint64_t>) {});
  }

  const bool has_api_;
  mutable std::mutex mutex_;
  std::string pages_, live_;
  World world_;
  std::unique_ptr<simulator::Follower> follower_;
};

/// The way a word is written, and how much of it must not be seen either.
struct Spelling {
  const char* name;
  std::string written;
  std::string half;
};

std::vector<Spelling> Spellings() {
  return {{"plain", "赌博网站大全", "赌博网"},
          {"markup", "赌博**网站**大全", "赌博网"},
          {"stretched", "賭博博博網站大全", "赌博博博网"},
          {"spaced", "赌 博-网 站-大 全", "赌博网"}};
}

class LeakTest : public ::testing::TestWithParam<std::tuple<Spelling, bool>> {
 protected:
  const Spelling& spelling() const { return std::get<0>(GetParam()); }
  bool blocks() const { return std::get<1>(GetParam()); }
  World::Options Options(const std::string& answer, base::Duration total, size_t characters = 1) const {
    World::Options options;
    options.answer = [=](const simulator::UpstreamCall&) {
      return simulator::SpreadAnswer(answer, 500ms, total, characters);
    };
    options.deny_words = std::string("赌博网站大全") + (blocks() ? "\n" : "|mask\n");
    options.public_url = "https://bot.example.com";
    return options;
  }
};

TEST_P(LeakTest, InOneReplySplitOverDeltas) {
  Watched watched(Options("我知道" + spelling().written + "在哪里。", 2s));
  EXPECT_THAT(watched.Say("问题"), HasSubstr(blocks() ? kBlockedAnswer : "我知道***"));
  EXPECT_THAT(watched.Say("重发"), Not(HasSubstr("没有可以重发")));
  watched.Say("下一个问题");
  watched.ExpectNowhere(spelling().half);
  EXPECT_EQ(watched.world().model().Journal().calls, 2u);
}

TEST_P(LeakTest, OverPartsPagesAndTheLivePage) {
  // The word comes when a part is out and the page is read.
  const std::string answer = Sentences(0, 90) + "我知道" + spelling().written + "在哪里。" + Sentences(90, 30);
  Watched watched(Options(answer, 24s, 3));
  const std::string part = watched.Say("问题");
  ASSERT_THAT(part, HasSubstr("这是第1句"));
  watched.ReadPageFor(7s);
  watched.ContinueToTheEnd();
  watched.Say("重发");
  EXPECT_THAT(watched.PageNow(), HasSubstr(blocks() ? "不方便显示" : "我知道***"));
  watched.ExpectNowhere(spelling().half);
  EXPECT_THAT(watched.Pages(), HasSubstr("这是第80句")) << "the page shows what there is";
  if (blocks()) {
    EXPECT_THAT(watched.Chat(), HasSubstr(kBlockedRest));
    EXPECT_THAT(watched.Chat(), Not(HasSubstr("这是第90句")));
    EXPECT_EQ(watched.world().model().Journal().abandoned, 1u) << "nobody pays for the rest";
    EXPECT_EQ(watched.world().Metric("yingda_answers_blocked_total{when=\"writing\"}"), 1);
  } else {
    EXPECT_THAT(watched.Chat(), HasSubstr("这是第119句"));
  }
  watched.Say("下一个问题");
  watched.ExpectNowhere(spelling().half);
}

TEST_P(LeakTest, InCustomerServiceMessages) {
  World::Options options =
      Options(Sentences(0, 20) + "我知道" + spelling().written + "在哪里。" + Sentences(20, 90), 9s, 3);
  options.kind = "push";
  Watched watched(options);
  watched.Say("问题");
  ASSERT_TRUE(watched.world().RunFor(20s));
  EXPECT_THAT(watched.Chat(), HasSubstr(blocks() ? kBlockedAnswer : "我知道***"));
  watched.Say("重发");
  watched.Say("下一个问题");
  watched.ExpectNowhere(spelling().half);
}

INSTANTIATE_TEST_SUITE_P(, LeakTest, ::testing::Combine(::testing::ValuesIn(Spellings()), ::testing::Bool()),
                         [](const auto& chosen) {
                           return std::string(std::get<0>(chosen.param).name) +
                                  (std::get<1>(chosen.param) ? "Blocked" : "Masked");
                         });

TEST(InboundLeakTest, ABlockedWordNeverReachesTheModelAndAMaskedOneOnlyMasked) {
  World::Options options;
  options.answer = AnswersAfter(1s, "好的。");
  options.deny_words = "赌博网站大全\n小坏词|mask\n";
  Watched watched(options);
  EXPECT_THAT(watched.Say("哪里有賭博-網站大全？"), HasSubstr(kBlockedQuestion));
  watched.Say("你是小坏词吗？");
  watched.Say("下一个问题");
  EXPECT_THAT(watched.AskedOfTheModel(), HasSubstr("你是***吗"));
  EXPECT_FALSE(Holds(watched.AskedOfTheModel(), "赌博"));
  EXPECT_FALSE(Holds(watched.AskedOfTheModel(), "小坏词"));
}

class KindsLeakTest : public ::testing::TestWithParam<bool> {
 protected:
  bool blocks() const { return GetParam(); }
  /// A list of the one word in one direction.
  std::string Only(const char* direction) const {
    const std::string level = blocks() ? "block" : "mask";
    return std::string("赌博网站大全|") +
           (direction == std::string("in") ? "in:" + level + ",out:pass\n" : "in:pass,out:" + level + "\n");
  }
};

TEST_P(KindsLeakTest, NothingThatAFollowerSendsTakesAWordToTheModel) {
  World::Options options;
  options.answer = AnswersAfter(1s, "好的。");
  options.deny_words = Only("in");
  options.rules = "- {keywords: ['帮我找(.+)'], match: regex, reply: {model: '他要找“{1}”，只说“{0}”。'}}\n";
  Watched watched(options);
  watched.Say("帮我找賭博-網站大全");
  World& world = watched.world();
  world.Send(watched.follower(), simulator::VoiceMessage("M", "哪里有赌博网站大全？"));
  world.Send(watched.follower(), simulator::LinkMessage("赌博网站大全", "一个介绍", "https://example.com/a"));
  world.Send(watched.follower(), simulator::LinkMessage("题目", "赌 博 网 站 大 全", "https://example.com/a"));
  world.Send(watched.follower(), simulator::LocationMessage("39.9", "116.3", "赌博网站大全大厦"));
  watched.Say("帮我找好东西");
  EXPECT_FALSE(Holds(watched.AskedOfTheModel(), "赌博网")) << watched.AskedOfTheModel();
  EXPECT_THAT(watched.AskedOfTheModel(), HasSubstr("他要找“好东西”，只说“帮我找好东西”。"));
  EXPECT_EQ(world.model().Journal().calls, blocks() ? 1u : 6u);
}

TEST_P(KindsLeakTest, NothingThatARuleSaysTakesAWordToAFollower) {
  World::Options options;
  options.deny_words = Only("out");
  options.rules =
      "- {keywords: ['跟我说(.+)'], match: regex, reply: '我说{1}，好吗'}\n"
      "- {keywords: ['都说(.+)'], match: regex, mode: all, replies: [一, '二{1}']}\n"
      "- {keywords: [自己写的], reply: 我们的赌博网站大全}\n";
  options.kind = "push";
  Watched watched(options);
  for (const char* const text : {"跟我说賭博-網站大全", "都说赌博网站大全", "自己写的"}) watched.Say(text);
  ASSERT_TRUE(watched.world().RunFor(5s));
  watched.ExpectNowhere("赌博网");
  EXPECT_THAT(watched.Chat(), HasSubstr(blocks() ? kBlockedAnswer : "我说"));
  EXPECT_THAT(watched.Chat(), HasSubstr("一\n"));
}

TEST_P(KindsLeakTest, TheQuestionOnAnAnswerPageIsReadByOthersToo) {
  World::Options options;
  options.answer = [](const auto&) { return simulator::SpreadAnswer(Sentences(0, 80), 500ms, 24s, 3); };
  options.deny_words = Only("out");
  options.public_url = "https://bot.example.com";
  Watched watched(options);
  watched.Say("哪里有赌博网站大全？");
  watched.ReadPageFor(3s);
  EXPECT_THAT(watched.Pages(), HasSubstr("这是第1句"));
  ASSERT_TRUE(watched.world().RunFor(20s));
  EXPECT_THAT(watched.PageNow(), HasSubstr("这是第79句"));
  EXPECT_FALSE(Holds(watched.PageNow(), "赌博网"));
  watched.Say("下一个");  // the late answer is labelled with its question
  EXPECT_FALSE(Holds(watched.Chat(), "赌博网")) << watched.Chat();
  EXPECT_FALSE(Holds(watched.Pages(), "赌博网")) << watched.Pages();
}

INSTANTIATE_TEST_SUITE_P(, KindsLeakTest, ::testing::Bool(),
                         [](const auto& chosen) { return chosen.param ? "Blocked" : "Masked"; });

TEST(OwnLinkTest, LinkToTheAnswerPageIsNoFindWhenItIsGivenAgain) {
  World::Options options;
  options.answer = AnswersAfter(1s, Sentences(0, 90));
  options.public_url = "https://bot.example.com";
  options.more_account = "    word_filter: { detectors: [{kind: url, level: block}] }\n";
  Watched watched(options);
  const std::string first = watched.Say("长问题");
  ASSERT_THAT(first, HasSubstr("https://bot.example.com/a/"));
  EXPECT_THAT(watched.Say("重发"), HasSubstr(first));
  watched.world().Restart();
  EXPECT_THAT(watched.Say("重发"), HasSubstr(first));
}

class NewWordsTest : public ::testing::TestWithParam<bool> {
 protected:
  std::string Level() const { return GetParam() ? "\n" : "|mask\n"; }
};

TEST_P(NewWordsTest, MeetWhatWasStoredBefore) {
  World::Options options;
  const std::string answer = "我说菠萝。\n" + Sentences(0, 100) + "菠萝派在这里。" + Sentences(100, 20);
  options.answer = AnswersAfter(1s, answer);
  options.public_url = "https://bot.example.com";
  Watched watched(options);
  EXPECT_THAT(watched.Say("问菠萝派的问题"), HasSubstr("(1/"));
  EXPECT_TRUE(Holds(watched.PageNow(), "菠萝派"));
  watched.ReplaceWords("菠萝派" + Level());
  EXPECT_FALSE(Holds(watched.PageNow(), "菠萝派"));
  EXPECT_THAT(watched.PageNow(), HasSubstr(GetParam() ? "不方便显示" : "***在这里"));
  watched.ContinueToTheEnd();
  EXPECT_THAT(watched.Chat(), HasSubstr(GetParam() ? kBlockedRest : "***在这里"));
  watched.Say("重发");
  EXPECT_FALSE(Holds(watched.Chat(), "菠萝派"));
  watched.Say("后来的问题");
  const auto journal = watched.world().model().Journal();
  std::string last;
  for (const auto& message : journal.last.back().call.messages) last += message.content + "\n";
  EXPECT_FALSE(Holds(last, "菠萝派")) << "the history that the model is sent";
  EXPECT_THAT(last, HasSubstr("后来的问题"));
  EXPECT_EQ(Holds(last, "问***的问题"), !GetParam());
}

TEST_P(NewWordsTest, MeetWhatARestartFinds) {
  World::Options options;
  options.answer = AnswersAfter(1s, "我说菠萝派。\n" + Sentences(0, 100) + "还有菠萝派。" + Sentences(100, 20));
  options.public_url = "https://bot.example.com";
  options.rules = "- {keywords: [菜单], reply: \"" + Sentences(0, 60) + "甜点是菠萝派。\"}\n";
  Watched watched(options);
  const auto other = watched.world().NewFollower();
  EXPECT_THAT(watched.world().Say(*other, "菜单").Text(), HasSubstr("(1/2)"));
  simulator::Faults lost;
  for (const int number : {1, 2, 3}) lost.on_try[number].lose_reply = true;
  watched.world().Say(watched.follower(), "问菠萝派", lost);
  const std::string before = watched.Chat();
  std::ofstream(watched.world().folder().File("filters/deny/words.txt"), std::ios::binary) << "菠萝派" << Level();
  watched.world().Restart();
  watched.Say("重发");
  watched.ContinueToTheEnd();
  watched.Say("后来的问题");
  const std::string after = watched.Chat().substr(before.size());
  EXPECT_FALSE(Holds(after, "菠萝派")) << after;
  EXPECT_THAT(after, HasSubstr(GetParam() ? "不方便显示" : "这是第99句"));
  const std::string rest = watched.world().Say(*other, "继续").Text();
  EXPECT_FALSE(Holds(rest, "菠萝派")) << "of what a rule said";
  EXPECT_THAT(rest, HasSubstr(GetParam() ? "不方便显示" : "甜点是"));
  EXPECT_FALSE(Holds(watched.PageNow(), "菠萝派"));
  const auto journal = watched.world().model().Journal();
  for (const auto& message : journal.last.back().call.messages) EXPECT_FALSE(Holds(message.content, "菠萝派"));
}

TEST_P(NewWordsTest, MeetARememberedAnswerAndOneThatIsBeingWritten) {
  World::Options options;
  options.answer = [](const simulator::UpstreamCall& call) {
    const std::string text = "我说菠萝派。\n" + Sentences(0, 60);
    return simulator::SpreadAnswer(text, 500ms, call.Question() == "慢问题" ? 24s : 1s, 3);
  };
  options.public_url = "https://bot.example.com";
  options.more_account = "    repeat_answers: { keep: 10m }\n";
  Watched watched(options);
  const auto other = watched.world().NewFollower();
  EXPECT_TRUE(Holds(watched.world().Say(*other, "快问题").Text(), "菠萝派"));
  EXPECT_TRUE(Holds(watched.Say("慢问题"), "菠萝派")) << "a part of it";
  watched.ReplaceWords("菠萝派" + Level());
  const std::string before = watched.Chat();
  watched.ReadPageFor(15s);
  watched.ContinueToTheEnd();
  EXPECT_FALSE(Holds(watched.Pages(), "菠萝派"));
  EXPECT_FALSE(Holds(watched.Chat().substr(before.size()), "菠萝派"));
  const auto third = watched.world().NewFollower();
  const uint64_t calls = watched.world().model().Journal().calls;
  EXPECT_FALSE(Holds(watched.world().Say(*third, "快问题").Text(), "菠萝派"));
  EXPECT_EQ(watched.world().model().Journal().calls, calls) << "it was remembered, and filtered anew";
}

INSTANTIATE_TEST_SUITE_P(, NewWordsTest, ::testing::Bool(),
                         [](const auto& chosen) { return chosen.param ? "Blocked" : "Masked"; });

}  // namespace
}  // namespace yingda::testing
