// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "store/store.h"

namespace yingda::bot {

/// A store that knows answer pages only and answers each call when told to. Belongs to the loop's thread.
class PageStore : public store::Store {
 public:
  bool hold_saves = false;
  bool fail_saves = false;
  bool fail_loads = false;
  std::vector<std::function<void()>> held;
  std::map<std::string, store::AnswerPage> pages;
  int saves = 0;
  int loads = 0;
  std::vector<std::string> dropped;
  std::optional<store::FollowerName> drop_finds;

  void SavePage(store::AnswerPage page, Done done) override {
    ++saves;
    auto save = [this, page = std::move(page), done = std::move(done), fails = fail_saves] {
      if (!fails) pages[page.id] = page;
      if (done) done(fails ? base::Result<void>(kFailure) : base::Result<void>());
    };
    if (hold_saves) {
      held.push_back(std::move(save));
    } else {
      save();
    }
  }
  void LoadPage(std::string id, int64_t now_ms,
                std::function<void(base::Result<std::optional<store::AnswerPage>>)> done) override {
    ++loads;
    if (fail_loads) return done(kFailure);
    const auto at = pages.find(id);
    if (at == pages.end() || at->second.expires_ms <= now_ms) return done(std::optional<store::AnswerPage>());
    done(std::optional(at->second));
  }
  void DropUnreadOfPage(std::string page_id,
                        std::function<void(base::Result<std::optional<store::FollowerName>>)> done) override {
    dropped.push_back(std::move(page_id));
    done(drop_finds);
  }
  void Release() {
    hold_saves = false;
    for (const auto& next : std::exchange(held, {})) next();
  }

  void AcceptJob(store::JobRecord, Done) override {}
  void RecordTry(std::string, int, Done) override {}
  void FinishJob(store::JobResult, Done) override {}
  void SetDelivery(std::string, store::Delivery, Done) override {}
  void LoadJobs(int64_t, std::function<void(base::Result<std::vector<store::JobRecord>>)>) override {}
  void ListUnread(std::string, std::string, int64_t, int,
                  std::function<void(base::Result<std::vector<store::InboxItem>>)>) override {}
  void AddInboxItem(store::InboxItem, Done) override {}
  void ClaimPages(std::vector<store::PageClaim>, std::string, Done) override {}
  void ConfirmPages(std::string, Done) override {}
  void ReleasePages(std::string, Done) override {}
  void AbandonPages(std::string, Done) override {}
  void RecentJobs(std::string, std::string, int64_t, int,
                  std::function<void(base::Result<std::vector<store::JobRecord>>)>) override {}
  void ReleaseAbandoned(std::string, std::string, Done) override {}
  void UnreadFollowers(int64_t, int, std::function<void(base::Result<std::vector<store::FollowerName>>)>) override {}
  void SaveToken(store::TokenRecord, Done) override {}
  void LoadToken(std::string, std::string, std::string,
                 std::function<void(base::Result<std::optional<store::TokenRecord>>)>) override {}
  void LoadConversation(std::string, std::string, int64_t, int,
                        std::function<void(base::Result<std::vector<store::Turn>>)>) override {}
  void ClearConversation(std::string, std::string, Done) override {}
  void LoadUsage(int64_t, std::function<void(base::Result<std::vector<store::Usage>>)>) override {}
  void AddCounts(std::vector<store::DayCount>, Done) override {}
  void LoadCounts(int64_t, std::function<void(base::Result<std::vector<store::DayCount>>)>) override {}
  void ForgetFollower(std::string, std::string, Done) override {}
  void Sweep(int64_t, int64_t, int64_t, std::function<void(base::Result<int64_t>)>) override {}
  void Flush(Done) override {}

 private:
  const base::Error kFailure{base::ErrorCode::kUnavailable, "disk full"};
};

}  // namespace yingda::bot
