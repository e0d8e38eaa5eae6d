// SPDX-License-Identifier: MIT
// The desk's races, one step at a time: a model and a store that answer when the test says so.
#include "bot/answer_desk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <future>

#include "support/gate.h"
#include "support/manual_clock.h"
#include "support/wait.h"

namespace yingda::bot {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

/// Keeps what a test looks at and answers each call when told to. Belongs to the loop's thread.
class HandStore final : public store::Store {
 public:
  bool hold_finish = false;
  bool fail_finish = false;
  bool fail_accept = false;
  bool hold_writes = false;
  std::vector<store::Turn> conversation;
  std::deque<std::function<void()>> held;
  std::vector<store::JobResult> finished;
  std::vector<std::string> released, forgotten;
  std::vector<store::InboxItem> unread;
  std::vector<store::JobRecord> recent;
  int accepted = 0;

  void AcceptJob(store::JobRecord, Done done) override {
    ++accepted;
    Write([this, done = std::move(done)] {
      done(fail_accept ? base::Result<void>(base::Error{base::ErrorCode::kUnavailable, "disk full"})
                       : base::Result<void>());
    });
  }
  void RecordTry(std::string, int, Done) override {}
  void FinishJob(store::JobResult result, Done done) override {
    if (fail_finish) {
      if (done) done(base::Error{base::ErrorCode::kUnavailable, "disk full"});
      return;
    }
    finished.push_back(std::move(result));
    auto completion = [done = std::move(done)] {
      if (done) done({});
    };
    if (hold_finish) {
      held.push_back(std::move(completion));
    } else {
      completion();
    }
  }
  void SetDelivery(std::string, store::Delivery, Done done) override {
    if (done) done({});
  }
  void LoadJobs(int64_t, std::function<void(base::Result<std::vector<store::JobRecord>>)>) override {}
  void ListUnread(std::string, std::string, int64_t, int limit,
                  std::function<void(base::Result<std::vector<store::InboxItem>>)> done) override {
    const auto count = std::min(unread.size(), static_cast<size_t>(limit));
    done(std::vector(unread.begin(), unread.begin() + static_cast<std::ptrdiff_t>(count)));
  }
  void AddInboxItem(store::InboxItem, Done) override {}
  void ClaimPages(std::vector<store::PageClaim>, std::string, Done done) override {
    held.push_back([done = std::move(done)] { done({}); });
  }
  void ConfirmPages(std::string, Done) override {}
  void ReleasePages(std::string key, Done) override { released.push_back(std::move(key)); }
  void AbandonPages(std::string, Done) override {}
  void RecentJobs(std::string, std::string, int64_t, int,
                  std::function<void(base::Result<std::vector<store::JobRecord>>)> done) override {
    done(recent);
  }
  void ReleaseAbandoned(std::string, std::string, Done done) override { done({}); }
  void UnreadFollowers(int64_t, int,
                       std::function<void(base::Result<std::vector<store::FollowerName>>)> done) override {
    done(std::vector<store::FollowerName>());
  }
  void SavePage(store::AnswerPage, Done) override {}
  void LoadPage(std::string, int64_t,
                std::function<void(base::Result<std::optional<store::AnswerPage>>)> done) override {
    done(std::optional<store::AnswerPage>());
  }
  void DropUnreadOfPage(std::string,
                        std::function<void(base::Result<std::optional<store::FollowerName>>)> done) override {
    done(std::optional<store::FollowerName>());
  }
  void SaveToken(store::TokenRecord, Done) override {}
  void LoadToken(std::string, std::string, std::string,
                 std::function<void(base::Result<std::optional<store::TokenRecord>>)> done) override {
    done(std::optional<store::TokenRecord>());
  }
  void LoadConversation(std::string, std::string, int64_t, int,
                        std::function<void(base::Result<std::vector<store::Turn>>)> done) override {
    done(conversation);
  }
  /// While it is held, a reader still finds what was said: as another connection to the file would.
  void ClearConversation(std::string, std::string, Done done) override {
    Write([this, done = std::move(done)] {
      conversation.clear();
      if (done) done({});
    });
  }
  void LoadUsage(int64_t, std::function<void(base::Result<std::vector<store::Usage>>)> done) override {
    done(std::vector<store::Usage>());
  }
  void AddCounts(std::vector<store::DayCount>, Done) override {}
  void LoadCounts(int64_t, std::function<void(base::Result<std::vector<store::DayCount>>)> done) override {
    done(std::vector<store::DayCount>());
  }
  void ForgetFollower(std::string, std::string open_id, Done) override { forgotten.push_back(std::move(open_id)); }
  void Sweep(int64_t, int64_t, int64_t, std::function<void(base::Result<int64_t>)>) override {}
  void Flush(Done) override {}

  void Release() {
    hold_finish = hold_writes = false;
    while (!held.empty()) ReleaseOne();
  }
  void ReleaseOne() {
    const auto next = std::move(held.front());
    held.pop_front();
    next();
  }

 private:
  /// In the order of the calls, as a store writes.
  void Write(std::function<void()> write) {
    if (hold_writes) {
      held.push_back(std::move(write));
    } else {
      write();
    }
  }
};

/// Remembers the texts that it was to send.
class HandMessages final : public platform::FollowerMessages {
 public:
  void Send(std::string, wechat::Reply message, bool, Done done) override {
    const auto* const text = std::get_if<wechat::TextReply>(&message);
    sent.push_back(text == nullptr ? "(no text)" : text->content);
    if (done) done({platform::SendEnd::kDelivered, 0});
  }
  void Typing(std::string) override {}

  std::vector<std::string> sent;
};

class HandModel final : public model::ChatModel {
 public:
  std::vector<model::ChatEvents> calls;
  std::vector<model::ChatRequest> requests;
  std::vector<std::string> prompts;  // of the system
  std::unique_ptr<model::ChatCall> Ask(const model::ChatRequest& request, model::ChatEvents events) override {
    requests.push_back(request);
    prompts.push_back(request.messages.front().role == "system" ? request.messages.front().content : "");
    calls.push_back(std::move(events));
    return std::make_unique<model::ChatCall>();
  }
};

/// A push's connection: open until `open` is false.
class HandPort final : public ReplyPort {
 public:
  bool Send(const std::string& body) override {
    sent.push_back(body);
    return open;
  }
  void Close() override { closed = true; }
  std::string_view RequestId() const override { return "r"; }
  void OnClosed(std::function<void()>) override {}

  std::vector<std::string> sent;
  bool open = true;
  bool closed = false;
};

class AnswerDeskTest : public ::testing::Test {
 protected:
  AnswerDeskTest() {
    account_.name = "main";
    account_.model = &model_;
    desk_ =
        std::make_unique<AnswerDesk>(AnswerDesk::Options(), loop_, book_, store_, pages_, *logger_, metrics_, tagger_);
  }
  ~AnswerDeskTest() override {
    OnLoop([&] {
      desk_->Stop([] {});
      store_.Release();
    });
    loop_.Stop();
  }

  void OnLoop(const std::function<void()>& function) { testing::RunOn(loop_, function); }
  std::shared_ptr<HandPort> Push(const std::string& key, Question::Kind kind = Question::Kind::kModel) {
    auto port = std::make_shared<HandPort>();
    Question question;
    question.key = key;
    question.account = &account_;
    question.kind = kind;
    question.open_id = "o1";
    question.to_user = "gh_1";
    question.text = "问题";
    OnLoop([&] {
      book_.StartWork(key);
      desk_->Push(question, port);
    });
    return port;
  }
  std::shared_ptr<HandPort> PushRule(const std::string& key, wechat::Reply own, std::vector<wechat::Reply> more = {}) {
    auto port = std::make_shared<HandPort>();
    Question question;
    question.key = key;
    question.account = &account_;
    question.kind = Question::Kind::kReply;
    question.open_id = "o1";
    question.to_user = "gh_1";
    question.own = std::move(own);
    question.more = std::move(more);
    OnLoop([&] {
      book_.StartWork(key);
      desk_->Push(std::move(question), port);
    });
    return port;
  }
  void MakeDesk(const AnswerDesk::Options& options) {
    OnLoop([&] {
      desk_->Stop([] {});
      desk_ = std::make_unique<AnswerDesk>(options, loop_, book_, store_, pages_, *logger_, metrics_, tagger_);
    });
  }
  int64_t Now() const { return base::UnixMilliseconds(clock_.WallNow()); }
  void Say(const std::string& text) {
    OnLoop([&] { model_.calls.back().on_text(text); });
  }
  void End() {
    OnLoop([&] { model_.calls.back().on_done({}); });
  }
  void Change(const std::function<void(AccountSettings&)>& change) {
    auto settings = std::make_shared<AccountSettings>(*account_.settings.Get());
    change(*settings);
    account_.settings.Set(std::move(settings));
  }
  /// Moves the clock and lets everything that is due run.
  void Advance(base::Duration by) {
    clock_.Advance(by);
    ASSERT_TRUE(testing::WaitFor([&] { return loop_.Idle(); }));
    OnLoop([] {});
  }

  testing::ManualClock clock_;
  std::unique_ptr<base::Logger> logger_ = base::MakeNullLogger();
  base::Metrics metrics_;
  const base::FollowerTagger tagger_;
  net::EventLoop loop_{clock_};
  ReplyBook book_{{}, clock_};
  HandStore store_;
  AnswerPages pages_{{}, loop_, store_, metrics_};
  HandModel model_;
  HandMessages messages_;
  Account account_;
  std::unique_ptr<AnswerDesk> desk_;
};

TEST_F(AnswerDeskTest, ReplyGoesOutOnlyWhenItIsStored) {
  const auto port = Push("k");
  Say("答案。");
  OnLoop([&] { store_.hold_finish = true; });
  End();
  EXPECT_TRUE(port->sent.empty());
  const auto second = Push("k");
  EXPECT_TRUE(second->sent.empty()) << "a push that joins must not see it before it is stored, either";
  OnLoop([&] { store_.Release(); });
  ASSERT_EQ(port->sent.size(), 1u);
  EXPECT_EQ(second->sent, port->sent);
  EXPECT_THAT(port->sent.front(), HasSubstr("答案。"));
}

TEST_F(AnswerDeskTest, WholeAnswerThatIsBeingStoredIsNotOvertakenByAPart) {
  Push("k")->open = false;
  Advance(10s);
  const auto last = Push("k");  // ten seconds later: the last try
  Say("第一句。第二句。");
  Advance(4400ms);
  OnLoop([&] { store_.hold_finish = true; });
  End();
  Advance(200ms);  // past 4.5 s, while the answer is on its way to the store
  OnLoop([&] { store_.Release(); });
  ASSERT_EQ(last->sent.size(), 1u);
  EXPECT_THAT(last->sent.front(), HasSubstr("第一句。第二句。"));
  EXPECT_THAT(last->sent.front(), Not(HasSubstr("未完")));
  ASSERT_EQ(store_.finished.size(), 1u);
  EXPECT_TRUE(store_.finished.front().finished);
}

TEST_F(AnswerDeskTest, PageThatTheWaitingTextOvertookIsReleased) {
  OnLoop([&] { store_.unread.push_back({7, "main", "o1", "旧问题", "旧回答。", 1, 0, 0, ""}); });
  Push("c", Question::Kind::kContinue)->open = false;
  Advance(10s);
  const auto last = Push("c", Question::Kind::kContinue);
  Advance(4600ms);  // the claim is still under way: the follower is told to wait
  ASSERT_EQ(last->sent.size(), 1u);
  EXPECT_THAT(last->sent.front(), HasSubstr("还在想"));
  OnLoop([&] { store_.Release(); });
  EXPECT_EQ(store_.released, std::vector<std::string>{"c"});
}

TEST_F(AnswerDeskTest, RetryOfSomeoneWhoLeftAsksTheModelNothing) {
  const auto port = Push("k");
  OnLoop([&] { desk_->ForgetFollower(account_, "o1"); });
  EXPECT_EQ(port->sent, std::vector<std::string>{"success"});
  ASSERT_EQ(book_.Look("k").state, ReplyBook::Page::State::kFinished);
  EXPECT_EQ(*book_.Look("k").reply, "success");
  EXPECT_TRUE(store_.finished.empty()) << "nothing of a follower who left may be written";
  EXPECT_EQ(model_.calls.size(), 1u);
}

TEST_F(AnswerDeskTest, ClearedConversationDoesNotDropAnAnswerThatNobodyGot) {
  Push("k")->open = false;
  Say("答案。");
  OnLoop([&] { desk_->ForgetConversation(account_, "o1"); });
  End();
  Advance(17s);
  ASSERT_EQ(store_.finished.size(), 2u);
  ASSERT_EQ(store_.finished.back().inbox.size(), 1u);
  EXPECT_EQ(store_.finished.back().inbox.front().text, "答案。");
  EXPECT_TRUE(store_.finished.front().turns.empty()) << "but it is not remembered";
}

TEST_F(AnswerDeskTest, RestThatTheStoreCouldNotTakeIsWrittenLater) {
  Push("k")->open = false;
  Advance(10s);
  const auto last = Push("k");
  Say("第一句。");
  Advance(4600ms);
  ASSERT_EQ(last->sent.size(), 1u);
  OnLoop([&] { store_.fail_finish = true; });
  Say("第二句。");
  End();
  Advance(1s);
  OnLoop([&] { store_.fail_finish = false; });
  Advance(2min);
  ASSERT_FALSE(store_.finished.empty());
  ASSERT_EQ(store_.finished.back().inbox.size(), 1u);
  EXPECT_EQ(store_.finished.back().inbox.front().text, "第二句。");
}

TEST_F(AnswerDeskTest, BlankRestIsNotKept) {
  Push("k")->open = false;
  Advance(10s);
  Push("k");
  Say("第一句。");
  Advance(4600ms);
  Say("\n");
  End();
  EXPECT_TRUE(store_.finished.back().inbox.empty());
}

TEST_F(AnswerDeskTest, RefusedQuestionCostsNeitherStoreNorModel) {
  Change([](AccountSettings& settings) { settings.quotas.follower_per_day = 1; });
  Push("first");
  OnLoop([&] { model_.calls.back().on_done({}); });
  const size_t finished = store_.finished.size();
  const auto port = Push("second");
  ASSERT_EQ(port->sent.size(), 1u);
  EXPECT_THAT(port->sent.front(), HasSubstr(account_.settings.Get()->texts.quota_day));
  EXPECT_EQ(Push("second")->sent, port->sent) << "a push that was on its way here meanwhile";
  EXPECT_EQ(store_.accepted, 1);
  EXPECT_EQ(store_.finished.size(), finished);
  EXPECT_EQ(model_.calls.size(), 1u);
  EXPECT_EQ(desk_->Jobs(), 0u);
}

TEST_F(AnswerDeskTest, JobKeepsTheSettingsItBeganWith) {
  Change([](AccountSettings& settings) {
    settings.system_prompt = "旧";
    settings.texts.model_unavailable = "旧的话";
  });
  const auto port = Push("k");
  EXPECT_EQ(model_.prompts.back(), "旧");
  Change([](AccountSettings& settings) {
    settings.system_prompt = "新";
    settings.texts.model_unavailable = "新的话";
  });
  OnLoop([&] { model_.calls.back().on_done({model::ChatFailure::kUnreachable, "", "", false, 0, 0}); });
  ASSERT_EQ(port->sent.size(), 1u);
  EXPECT_THAT(port->sent.front(), HasSubstr("旧的话"));
  Push("next");
  EXPECT_EQ(model_.prompts.back(), "新");
}

TEST_F(AnswerDeskTest, QuestionRefusedForAFullDiskDoesNotUseUpTheDay) {
  Change([](AccountSettings& settings) { settings.quotas.follower_per_day = 1; });
  store_.fail_accept = true;
  EXPECT_THAT(Push("refused")->sent, ElementsAre(HasSubstr(account_.settings.Get()->texts.busy)));
  ASSERT_EQ(store_.finished.size(), 1u);
  EXPECT_EQ(store_.finished.back().messages, 0) << "the store never counted it";
  store_.fail_accept = false;
  Push("taken");
  EXPECT_EQ(model_.calls.size(), 1u);
}

TEST_F(AnswerDeskTest, QuestionRefusedForAFullQueueIsTakenBackFromTheStoresCountToo) {
  Change([](AccountSettings& settings) { settings.quotas.follower_per_day = 7; });
  for (int i = 0; i < 6; ++i) Push("waits" + std::to_string(i));
  for (int i = 0; i < 3; ++i) {
    EXPECT_THAT(Push("refused" + std::to_string(i))->sent,
                ElementsAre(HasSubstr(account_.settings.Get()->texts.queue_full)));
    ASSERT_FALSE(store_.finished.empty());
    EXPECT_EQ(store_.finished.back().messages, -1);
    EXPECT_NE(store_.finished.back().usage_day, 0);
  }
}

TEST_F(AnswerDeskTest, QuestionRightBehindAClearSeesNothingOfWhatIsStillBeingDeleted) {
  store_.conversation = {{"user", "我叫小明", Now()}, {"assistant", "你好，小明", Now()}};
  Push("before");
  ASSERT_EQ(model_.requests.size(), 1u);
  EXPECT_EQ(model_.requests.back().messages.size(), 3u);
  End();
  store_.hold_writes = true;
  OnLoop([&] { desk_->ForgetConversation(account_, "o1"); });
  Push("behind");
  OnLoop([&] { store_.Release(); });
  ASSERT_EQ(model_.requests.size(), 2u);
  EXPECT_EQ(model_.requests.back().messages.size(), 1u) << "the question alone";
}

TEST_F(AnswerDeskTest, HistoryThatWasReadBeforeAnotherAnswerIsReadAgain) {
  store_.hold_writes = true;
  Push("first");
  Push("second");  // reads the conversation while both are being written down
  OnLoop([&] { store_.ReleaseOne(); });
  ASSERT_EQ(model_.requests.size(), 1u);
  OnLoop([&] { store_.conversation = {{"user", "问题", Now()}, {"assistant", "答案", Now()}}; });
  Say("答案");
  End();
  OnLoop([&] { store_.ReleaseOne(); });
  ASSERT_EQ(model_.requests.size(), 2u);
  EXPECT_EQ(model_.requests.back().messages.size(), 3u);
}

TEST_F(AnswerDeskTest, TokensAreWrittenOnceWithTheAnswer) {
  Change([](AccountSettings& settings) { settings.quotas.tokens_per_day = 1000; });
  Push("k")->open = false;
  Advance(10s);
  Push("k");
  Say("第一句。");
  Advance(4600ms);  // a part is given and written
  Say("第二句。");
  model::ChatOutcome outcome;
  outcome.prompt_tokens = 30;
  outcome.completion_tokens = 12;
  OnLoop([&] { model_.calls.back().on_done(outcome); });
  Advance(20s);
  int64_t tokens = 0;
  for (const store::JobResult& result : store_.finished) tokens += result.usage_day != 0 ? result.tokens : 0;
  EXPECT_EQ(tokens, 42);
  EXPECT_GE(store_.finished.size(), 2u);
}

TEST_F(AnswerDeskTest, AnswerThatNobodyGotDoesNotCostItsTokensTwice) {
  Push("k")->open = false;
  Say("答案。");
  model::ChatOutcome outcome;
  outcome.completion_tokens = 12;
  OnLoop([&] { model_.calls.back().on_done(outcome); });
  Advance(17s);  // back to the inbox, which is one more write of the job
  ASSERT_EQ(store_.finished.size(), 2u);
  EXPECT_EQ(store_.finished.front().tokens, 12);
  EXPECT_EQ(store_.finished.back().tokens, 0);
}

TEST_F(AnswerDeskTest, CallThatFailedWithoutAWordCostsNothing) {
  Push("k");
  model::ChatOutcome outcome;
  outcome.failure = model::ChatFailure::kUnreachable;
  OnLoop([&] { model_.calls.back().on_done(outcome); });
  ASSERT_FALSE(store_.finished.empty());
  EXPECT_EQ(store_.finished.front().tokens, 0);
}

TEST_F(AnswerDeskTest, AnswerThatNoUpstreamWasAskedForCostsNothing) {
  Push("k");
  Say("上次也是这样回答的。");
  model::ChatOutcome outcome;
  outcome.unsent = true;
  OnLoop([&] { model_.calls.back().on_done(outcome); });
  ASSERT_FALSE(store_.finished.empty());
  EXPECT_EQ(store_.finished.front().tokens, 0);
}

TEST_F(AnswerDeskTest, RecoveredJobAnswersInTheFormatOfItsPush) {
  store::JobRecord record;
  record.key = "k";
  record.account = "main";
  record.open_id = "o1";
  record.to_user = "gh_1";
  record.kind = "model";
  record.question = "问题";
  record.json = true;
  record.first_seen_ms = base::UnixMilliseconds(clock_.WallNow());
  record.finished = true;
  record.reply = "答案。";
  OnLoop([&] { desk_->Recover({record}, [&](const std::string&) { return &account_; }); });
  const auto port = Push("k");
  ASSERT_EQ(port->sent.size(), 1u);
  EXPECT_EQ(port->sent.front().front(), '{');
}

TEST_F(AnswerDeskTest, RuleThatComesWhileAllIsBusyIsAnsweredAllTheSame) {
  AnswerDesk::Options options;
  options.max_jobs = 0;
  MakeDesk(options);
  EXPECT_THAT(Push("question")->sent, ElementsAre(HasSubstr(account_.settings.Get()->texts.busy)));
  EXPECT_THAT(PushRule("rule", wechat::TextReply{"九点"})->sent, ElementsAre(HasSubstr("九点")));
  std::string text;
  for (int i = 0; i < 200; ++i) text += "这是很长的一句话。";
  const auto port = PushRule("long", wechat::TextReply{text});
  ASSERT_EQ(port->sent.size(), 1u);
  EXPECT_LT(port->sent.front().size(), 2500u) << "no more than WeChat takes";
  EXPECT_THAT(port->sent.front(), Not(HasSubstr("(1/"))) << "there are no other pages";
  account_.messages = &messages_;
  account_.ability = Ability::kPushOnly;
  EXPECT_THAT(PushRule("message", wechat::TextReply{"九点"}, {wechat::TextReply{"十点"}})->sent,
              ElementsAre("success"));
  Advance(1s);
  EXPECT_THAT(messages_.sent, ElementsAre("九点", "十点"));
}

TEST_F(AnswerDeskTest, ReplyThatTheStoreCannotKeepLeavesNoEmptyJobInIt) {
  account_.messages = &messages_;
  account_.ability = Ability::kPushOnly;
  EXPECT_THAT(PushRule("picture", wechat::ImageReply{"M1"})->sent, ElementsAre("success"));
  Advance(1s);
  EXPECT_THAT(messages_.sent, ElementsAre("(no text)"));
  EXPECT_EQ(store_.accepted, 0);
  EXPECT_EQ(desk_->Jobs(), 0u);
}

TEST_F(AnswerDeskTest, AnswerThatAReplacementMadeTooLongIsGivenAgainInPages) {
  AccountFiles files;
  std::string replacement;  // as long as one may be
  for (int i = 0; i < 60; ++i) replacement += "某";
  files.words =
      filter::WordFilter::FromLists({filter::ParseWordList("坏词 => " + replacement + "\n", "deny/a.txt", false)});
  account_.files.Set(std::make_shared<const AccountFiles>(std::move(files)));
  store::JobRecord record;
  record.key = "old";
  record.account = "main";
  record.open_id = "o1";
  record.kind = "model";
  record.first_seen_ms = Now();
  record.finished = true;
  for (int i = 0; i < 20; ++i) record.reply += "这句话里有坏词。";
  record.reply_text = record.reply;
  record.delivery = store::Delivery::kDelivered;
  store_.recent = {record};
  Advance(20s);
  const auto port = Push("again", Question::Kind::kResend);
  ASSERT_EQ(port->sent.size(), 1u);
  EXPECT_LT(port->sent.front().size(), 2500u);
  EXPECT_THAT(port->sent.front(), HasSubstr("(1/3)"));
  ASSERT_EQ(store_.finished.back().inbox.size(), 1u) << "the rest waits for 继续";
}

class StarsAnswerDeskTest : public AnswerDeskTest {
 protected:
  StarsAnswerDeskTest() {
    Change([](AccountSettings& settings) { settings.texts.ai_label = "AI 生成"; });
    AccountFiles files;
    files.words = filter::WordFilter::FromLists({filter::ParseWordList("badword|mask\n", "deny/a.txt", false)});
    account_.files.Set(std::make_shared<const AccountFiles>(std::move(files)));
    record_.key = "old";
    record_.account = "main";
    record_.open_id = "o1";
    record_.kind = "model";
    record_.first_seen_ms = Now();
    record_.finished = true;
    for (int i = 0; i < 150; ++i) record_.reply_text += "badword。";
    record_.reply = record_.reply_text + "\n\nAI 生成";
  }
  static size_t Stars(std::string_view text) {
    size_t stars = 0;
    for (size_t at = 0; (at = text.find("＊", at)) != std::string_view::npos; ++at) ++stars;
    return stars;
  }
  void Recover() {
    OnLoop([&] { desk_->Recover({record_}, [&](const std::string&) { return &account_; }); });
  }
  void ExpectPages(const std::string& sent) {
    EXPECT_LT(sent.size(), 2500u);
    EXPECT_THAT(sent, AllOf(HasSubstr("(1/2) "), HasSubstr("继续")));
    EXPECT_THAT(sent, HasSubstr("AI 生成"));
    ASSERT_FALSE(store_.finished.empty());
    ASSERT_EQ(store_.finished.back().inbox.size(), 1u) << "the rest waits for 继续";
    const store::InboxItem& rest = store_.finished.back().inbox.front();
    EXPECT_TRUE(rest.made_by_model);
    EXPECT_EQ(rest.part, 0) << "in front of what was behind it";
    EXPECT_EQ(rest.asked_ms, record_.first_seen_ms);
    EXPECT_THAT(rest.text, Not(HasSubstr("AI 生成")));
    EXPECT_EQ(Stars(sent) + Stars(rest.text), 150u * 7);
    EXPECT_EQ(Stars(sent), Stars(store_.finished.back().reply_text));
  }

  store::JobRecord record_;
};

TEST_F(StarsAnswerDeskTest, RecoveredReplyThatStarsMadeTooLongIsAPageAndTheRestIsKept) {
  Recover();
  EXPECT_TRUE(store_.finished.empty()) << "nobody has anything yet";
  const auto port = Push("old");
  ASSERT_EQ(port->sent.size(), 1u);
  ExpectPages(port->sent.front());
  EXPECT_EQ(store_.released, std::vector<std::string>{"old"}) << "what stood in front of it is not in the page";
}

TEST_F(StarsAnswerDeskTest, RecoveredReplyThatStarsMadeTooLongAndNobodyCameForIsKeptWhole) {
  Recover();
  Advance(60s);
  ASSERT_FALSE(store_.finished.empty());
  ASSERT_EQ(store_.finished.back().inbox.size(), 1u);
  EXPECT_EQ(Stars(store_.finished.back().inbox.front().text), 150u * 7);
}

TEST_F(StarsAnswerDeskTest, ReplyThatStarsMadeTooLongIsGivenAgainWithItsLabel) {
  record_.delivery = store::Delivery::kDelivered;
  store_.recent = {record_};
  Advance(20s);
  const auto port = Push("again", Question::Kind::kResend);
  ASSERT_EQ(port->sent.size(), 1u);
  ExpectPages(port->sent.front());
}

TEST_F(AnswerDeskTest, FollowerWhoseEarlierMessagesNobodyKnowsIsSentWhatWeChatTakes) {
  account_.messages = &messages_;
  account_.ability = Ability::kPush;
  const SendingWindow click{3, 1min};
  OnLoop([&] { desk_->SendMore(account_, "o1", click, std::vector<wechat::Reply>(5, wechat::TextReply{"好"}), true); });
  Advance(1s);
  EXPECT_EQ(messages_.sent.size(), 5u);
}

}  // namespace
}  // namespace yingda::bot
