#include "server/page_queue.h"

#include <algorithm>

#include "proto/check.h"

namespace quire::server {
namespace {

constexpr int kNewcomersInARow = 2;

}  // namespace

void PageQueue::Add(uint64_t document, const PageRanges& pages, double weight,
                    Clock::time_point now) {
  QUIRE_CHECK(weight > 0);
  const bool added = documents_
                         .emplace(document, Document{.pages = pages,
                                                     .next = pages.first(),
                                                     .left = pages.pages(),
                                                     .weight = weight,
                                                     .tag = virtual_time_,
                                                     .added = now})
                         .second;
  QUIRE_CHECK(added);
}

void PageQueue::Remove(uint64_t document) {
  documents_.erase(document);
  std::erase_if(again_, [&](const auto& page) { return page.first == document; });
}

void PageQueue::Requeue(uint64_t document, int page_number) {
  if (documents_.contains(document)) again_.emplace_back(document, page_number);
}

void PageQueue::Release(uint64_t document, Clock::time_point now) {
  const auto found = documents_.find(document);
  if (found == documents_.end()) return;
  QUIRE_CHECK(found->second.in_window > 0);
  --found->second.in_window;
  found->second.opened.push_back(now);
  if (static_cast<int>(found->second.opened.size()) > window_) found->second.opened.pop_front();
}

std::optional<PageQueue::Picked> PageQueue::PickAgain(
    const std::function<bool(uint64_t)>& may_start) {
  const auto found = std::find_if(again_.begin(), again_.end(),
                                  [&](const auto& page) { return may_start(page.first); });
  if (found == again_.end()) return std::nullopt;
  const Picked picked{.document = found->first, .page_number = found->second, .again = true};
  again_.erase(found);
  return picked;
}

bool PageQueue::GoesBefore(const Document& a, const Document& b) const {
  const bool a_new = a.given == 0;
  const bool b_new = b.given == 0;
  // Newcomers enter with the lowest tag that there is, so without this a flood of them would keep
  // the others' tags behind for ever.
  if (a_new != b_new && newcomers_in_a_row_ >= kNewcomersInARow) return b_new;
  const double a_tag = std::max(a.tag, virtual_time_);
  const double b_tag = std::max(b.tag, virtual_time_);
  if (a_tag != b_tag) return a_tag < b_tag;
  return a_new && !b_new;  // else the older document stays first
}

std::optional<PageQueue::Picked> PageQueue::Pick(
    const std::function<bool(uint64_t)>& may_start) {
  if (std::optional<Picked> again = PickAgain(may_start)) return again;
  auto best = documents_.end();
  for (auto it = documents_.begin(); it != documents_.end(); ++it) {
    const Document& document = it->second;
    if (!document.next.has_value() || document.in_window >= window_) continue;
    if (best != documents_.end() && !GoesBefore(document, best->second)) continue;
    if (may_start(it->first)) best = it;
  }
  if (best == documents_.end()) return std::nullopt;

  Document& document = best->second;
  newcomers_in_a_row_ = document.given == 0 ? newcomers_in_a_row_ + 1 : 0;
  virtual_time_ = std::max(document.tag, virtual_time_);
  document.tag = virtual_time_ + 1 / document.weight;
  Picked picked{.document = best->first, .page_number = *document.next, .entered = document.added};
  if (!document.opened.empty() && document.given >= window_) {
    picked.entered = document.opened.front();
    document.opened.pop_front();
  }
  document.next = document.pages.After(*document.next);
  --document.left;
  ++document.given;
  ++document.in_window;
  return picked;
}

int64_t PageQueue::pages_left() const {
  int64_t pages = static_cast<int64_t>(again_.size());
  for (const auto& [id, document] : documents_) pages += document.left;
  return pages;
}

int PageQueue::waiting_pages() const {
  int pages = static_cast<int>(again_.size());
  for (const auto& [id, document] : documents_) pages += std::min(document.left, kCountedPages);
  return pages;
}

}  // namespace quire::server
