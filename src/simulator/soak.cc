// SPDX-License-Identifier: MIT
#include "simulator/soak.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "base/log.h"
#include "base/metrics.h"
#include "net/curl_http_client.h"
#include "net/event_loop.h"
#include "simulator/loop_call.h"
#include "simulator/model_upstream.h"
#include "simulator/thread_states.h"
#include "simulator/timed_requests.h"
#include "simulator/wechat_api.h"

namespace yingda::simulator {
namespace {

using namespace std::chrono_literals;
using RealClock = std::chrono::steady_clock;

constexpr auto kLongestSettling = 60s;
constexpr long kBetweenLooksNs = 100'000;
constexpr size_t kChunksOfAnAnswer = 24;
constexpr const char* kPagePath = "/a/";
constexpr base::Duration kPageLimit = 10s;
constexpr size_t kMostStories = 10;
constexpr double kKillNotBefore = 0.1;  // of the run, and as much of its end

net::CurlHttpClient::Options ClientOptions(const Soak::Options& options) {
  net::CurlHttpClient::Options client;
  client.max_calls = options.followers * 8 + 1'000;
  return client;
}

/// Real time passes while the threads of two processes get on with their work. There is nothing to wait on: what is
/// waited for is that none of them has anything to do.
void LetOthersRun(long nanoseconds) {
  const timespec wait{0, nanoseconds};
  ppoll(nullptr, 0, &wait, nullptr);
}

}  // namespace

class Soak::Implementation {
 public:
  Implementation(Options options, VirtualClock& clock)
      : options_(std::move(options)),
        clock_(clock),
        plan_(options_.plan),
        logger_(base::MakeNullLogger()),
        loop_(clock),
        client_(ClientOptions(options_), loop_),
        upstream_(UpstreamOptions(), loop_, clock, *logger_, metrics_),
        api_(ApiOptions(), loop_, clock, *logger_, metrics_),
        random_(options_.plan.seed) {}

  ~Implementation() {
    RunOnLoopAndWait(loop_, [this] {
      pages_.DropAll();
      numbers_.clear();
      followers_.clear();
    });
    wechat_.clear();
    upstream_.Stop();
    api_.Stop();
    loop_.Stop();
  }

  base::Result<void> Start() {
    if (auto done = upstream_.Start(); !done) return done.error();
    return api_.Start();
  }
  std::string ModelUrl() const { return upstream_.BaseUrl(); }
  std::string ApiUrl() const { return api_.BaseUrl(); }

  base::Result<Report> Run(ServerProcess& server) {
    if (auto done = server.Start(); !done) return done.error();
    if (auto done = MakeFollowers(server.port()); !done) return done.error();
    began_ = clock_.Now();
    const base::TimePoint until = began_ + options_.duration;
    PlanKills();
    RunOnLoopAndWait(loop_, [&] {
      for (auto& follower : followers_) follower->Begin(until);
    });
    while (clock_.Now() < until) {
      if (auto done = PlayStep(server); !done) return done.error();
    }
    RunOnLoopAndWait(loop_, [&] {
      for (auto& follower : followers_) follower->Drain();
    });
    const base::TimePoint last = until + options_.drain_limit;
    bool drained = false;
    while (!drained && clock_.Now() < last) {
      for (int step = 0; step < 8; ++step) {
        if (auto done = PlayStep(server); !done) return done.error();
      }
      drained = AllDone();
    }
    if (auto done = server.Stop(); !done) return done.error();
    Report report;
    report.drained = drained;
    report.played = clock_.Now() - began_;
    report.kills = kills_;
    report.customer_messages = api_.AllDelivered().size();
    RunOnLoopAndWait(loop_, [&] {
      report.verdict = judge_.Judge();
      report.incidents = incidents_;
      report.stories = Stories(report.verdict);
    });
    return report;
  }

 private:
  ModelUpstream::Options UpstreamOptions() {
    ModelUpstream::Options upstream;
    upstream.journal_calls = 1;
    upstream.answer = [this](const UpstreamCall& call) { return Answer(call); };
    return upstream;
  }

  WeChatApi::Options ApiOptions() {
    WeChatApi::Options api;
    api.accounts.clear();
    for (const Account& account : options_.accounts) {
      ApiAccountOptions own;
      own.app_id = account.account.app_id;
      own.secret = account.app_secret;
      own.verified = account.verified;
      api.accounts.push_back(std::move(own));
    }
    api.on_delivery = [this](const ApiDelivery& delivery) {
      loop_.Post([this, delivery] {
        const auto found = numbers_.find(delivery.open_id);
        if (found != numbers_.end()) followers_[found->second]->HearPush(delivery.text);
      });
    };
    return api;
  }

  /// On the loop, as the model is asked.
  UpstreamScript Answer(const UpstreamCall& call) {
    const auto question = SoakPlan::QuestionIn(call.Question());
    if (!question) return SpreadAnswer("这不是模拟中的问题。", 1s, 1s);
    const size_t number = judge_.ModelCalled(*question, clock_.Now());
    const std::string text = plan_.AnswerText(*question, number);
    const base::Duration latency = plan_.Latency(*question);
    loop_.After(latency, [this, question] { judge_.ModelFinished(*question, clock_.Now()); });
    // Chinese characters have three bytes each, near enough.
    return SpreadAnswer(text, latency / 3, latency, std::max<size_t>(text.size() / 3 / kChunksOfAnAnswer, 8));
  }

  base::Result<void> MakeFollowers(int port) {
    for (const Account& account : options_.accounts) {
      WeChatSimulator::Options wechat;
      wechat.url = "http://127.0.0.1:" + std::to_string(port) + account.path;
      wechat.account = account.account;
      wechat.seed = options_.plan.seed;
      YINGDA_TRY(auto created, WeChatSimulator::Create(wechat, loop_, client_));
      wechat_.push_back(std::move(created));
    }
    scene_.texts = options_.texts;
    scene_.ask_page = [this, port](const std::string& method, const std::string& rest, SoakScene::PageRead done) {
      net::HttpClientRequest request;
      request.method = method;
      request.url = "http://127.0.0.1:" + std::to_string(port) + kPagePath + rest;
      pages_.Start(std::move(request), kPageLimit, [done = std::move(done)](const TimedAnswer& answer) {
        done(answer.complete ? answer.status : 0, answer.body);
      });
    };
    scene_.spoke = [this](const std::string& open_id) { api_.FollowerSpoke(open_id, AppIdOf(numbers_.at(open_id))); };
    for (size_t i = 0; i < options_.followers; ++i) {
      std::string open_id = "oSoak-" + std::to_string(i);
      numbers_[open_id] = i;
      followers_.push_back(std::make_unique<SoakFollower>(scene_, i, std::move(open_id), *wechat_[i % wechat_.size()]));
    }
    return {};
  }

  const std::string& AppIdOf(size_t follower) const {
    return options_.accounts[follower % options_.accounts.size()].account.app_id;
  }

  void PlanKills() {
    std::uniform_real_distribution<double> moment(kKillNotBefore, 1 - kKillNotBefore);
    for (int i = 0; i < options_.kills; ++i) {
      kill_times_.insert(began_ + std::chrono::duration_cast<base::Duration>(options_.duration * moment(random_)));
    }
  }

  /// One step of the clock, in a settled system; with a kill when one is due.
  base::Result<void> PlayStep(ServerProcess& server) {
    if (auto done = Settle(server); !done) return done.error();
    clock_.Advance(SoakPlan::kStep);
    server.ClockMoved();
    if (!kill_times_.empty() && *kill_times_.begin() <= clock_.Now()) {
      kill_times_.erase(kill_times_.begin());
      if (auto done = KillAndRestart(server); !done) return done.error();
    }
    if (clock_.Now() >= next_progress_) TellProgress();
    return {};
  }

  base::Result<void> KillAndRestart(ServerProcess& server) {
    // Amid whatever the step set going.
    LetOthersRun(std::uniform_int_distribution<long>(0, 4'000'000)(random_));
    server.Kill();
    ++kills_;
    RunOnLoopAndWait(loop_, [&] { judge_.Killed(clock_.Now()); });
    const int steps_down = std::uniform_int_distribution<int>(1, 40)(random_);
    for (int step = 0; step < steps_down; ++step) {
      if (auto done = Settle(server); !done) return done.error();
      clock_.Advance(SoakPlan::kStep);
    }
    return server.Start();
  }

  base::Result<void> Settle(ServerProcess& server) {
    const auto deadline = RealClock::now() + kLongestSettling;
    for (int good_looks = 0; good_looks < 2;) {
      YINGDA_TRY(const std::string trouble, WhatIsUnsettled(server));
      good_looks = trouble.empty() ? good_looks + 1 : 0;
      if (good_looks == 2) break;
      if (RealClock::now() > deadline) {
        return base::Error{base::ErrorCode::kUnavailable, "the system does not come to rest: " + trouble};
      }
      LetOthersRun(kBetweenLooksNs);
    }
    return {};
  }

  base::Result<std::string> WhatIsUnsettled(ServerProcess& server) {
    if (std::string busy = BusyThread(getpid(), gettid()); !busy.empty()) return "simulator, " + busy;
    if (!loop_.Idle()) return std::string("the simulator has something to do");
    if (!server.Running()) return std::string();
    if (std::string busy = BusyThread(server.pid()); !busy.empty()) return "server, " + busy;
    YINGDA_TRY(const ServerLook look, server.Look());
    jobs_ = look.jobs;
    if (!look.idle) return std::string("the server has something to do");
    size_t open = 0;
    for (const auto& wechat : wechat_) open += wechat->OpenRequests();
    if (open == look.parked) return std::string();
    return std::to_string(open) + " pushes are open, " + std::to_string(look.parked) + " wait at the server";
  }

  bool AllDone() {
    bool all = false;
    RunOnLoopAndWait(loop_, [&] {
      all = std::all_of(followers_.begin(), followers_.end(), [](const auto& follower) { return follower->Done(); });
    });
    return all;
  }

  std::string Stories(const SoakVerdict& verdict) const {
    std::set<size_t> whose;
    for (const auto* questions : {&verdict.lost, &verdict.twice, &verdict.foreign, &verdict.extra_calls}) {
      for (const SoakQuestion& question : *questions) whose.insert(question.follower);
    }
    std::string stories;
    size_t told = 0;
    for (const size_t number : whose) {
      if (++told > kMostStories) break;
      stories +=
          "follower " + std::to_string(number) + ", account " + options_.accounts[number % wechat_.size()].path + "\n";
      for (const std::string& line : followers_[number]->Story()) stories += "  " + line + "\n";
    }
    for (const base::TimePoint kill : judge_.kills()) {
      stories += "kill at " + std::to_string(std::chrono::duration<double>(kill - began_).count()) + " s\n";
    }
    return stories;
  }

  void TellProgress() {
    next_progress_ = clock_.Now() + options_.between_progress;
    if (!options_.progress) return;
    Progress progress;
    progress.played = clock_.Now() - began_;
    progress.of = progress.played <= options_.duration ? options_.duration : base::Duration::zero();
    progress.jobs = jobs_;
    progress.kills = kills_;
    RunOnLoopAndWait(loop_, [&] {
      progress.asked = judge_.asked();
      progress.answered = judge_.complete();
    });
    options_.progress(progress);
  }

  const Options options_;
  VirtualClock& clock_;
  const SoakPlan plan_;
  std::unique_ptr<base::Logger> logger_;
  base::Metrics metrics_;
  net::EventLoop loop_;
  net::CurlHttpClient client_;
  // On the loop.
  SoakJudge judge_;
  SoakIncidents incidents_;
  std::map<std::string, size_t> numbers_;  // followers by OpenID; filled before anything runs
  SoakScene scene_{loop_, plan_, judge_, incidents_, {}, {}, {}};
  TimedRequests pages_{loop_, client_};
  std::vector<std::unique_ptr<SoakFollower>> followers_;

  ModelUpstream upstream_;
  WeChatApi api_;
  std::vector<std::unique_ptr<WeChatSimulator>> wechat_;
  std::mt19937_64 random_;
  base::TimePoint began_;
  base::TimePoint next_progress_;
  std::multiset<base::TimePoint> kill_times_;
  int kills_ = 0;
  size_t jobs_ = 0;
};

Soak::Soak(Options options, VirtualClock& clock)
    : implementation_(std::make_unique<Implementation>(std::move(options), clock)) {}
Soak::~Soak() = default;
base::Result<void> Soak::Start() { return implementation_->Start(); }
std::string Soak::ModelUrl() const { return implementation_->ModelUrl(); }
std::string Soak::ApiUrl() const { return implementation_->ApiUrl(); }
base::Result<Soak::Report> Soak::Run(ServerProcess& server) { return implementation_->Run(server); }

}  // namespace yingda::simulator
