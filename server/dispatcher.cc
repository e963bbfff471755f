#include "server/dispatcher.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "proto/check.h"
#include "proto/rich_status.h"
#include "proto/status.h"
#include "server/job_message.h"
#include "server/recognize_options.h"

namespace quire::server {
namespace {

using Clock = std::chrono::steady_clock;

double Seconds(Clock::duration duration) { return std::chrono::duration<double>(duration).count(); }

double WeightOf(quire::v1::Priority priority) {
  switch (priority) {
    case quire::v1::PRIORITY_LOW:
      return 0.25;
    case quire::v1::PRIORITY_HIGH:
      return 4;
    default:
      return 1;
  }
}

}  // namespace

Dispatcher::Dispatcher(const Parts& parts) : parts_(parts) { parts_.registry.SetEvents(*this); }

uint64_t Dispatcher::Add(DocumentWork work, PageListener& listener) {
  const uint64_t id = next_document_++;
  queue_.Add(id, work.pages, WeightOf(work.options.priority()), Clock::now());
  documents_.emplace(id, Document{.work = std::move(work), .listener = &listener});
  Pump();
  return id;
}

void Dispatcher::Delivered(uint64_t document) {
  queue_.Release(document, Clock::now());
  Pump();
}

void Dispatcher::Remove(uint64_t document) {
  queue_.Remove(document);
  documents_.erase(document);
  std::erase_if(tried_, [&](const auto& entry) { return entry.first.first == document; });
  std::vector<uint64_t> reading;
  std::vector<uint64_t> dropped;
  for (const auto& [job_id, job] : jobs_) {
    if (job.page.document == document) (job.is_reading ? reading : dropped).push_back(job_id);
  }
  for (const uint64_t job_id : reading) parts_.registry.Cancel(job_id);
  dropped.insert(dropped.end(), reading.begin(), reading.end());
  for (const uint64_t job_id : dropped) {
    Take(job_id);
    parts_.metrics.PageEnded("cancelled");
  }
  Pump();
}

int Dispatcher::pages_reading() const {
  return static_cast<int>(std::count_if(jobs_.begin(), jobs_.end(),
                                        [](const auto& job) { return job.second.is_reading; }));
}

std::optional<Dispatcher::Job> Dispatcher::Take(uint64_t job_id) {
  auto node = jobs_.extract(job_id);
  if (node.empty()) return std::nullopt;
  --under_way_[node.mapped().model];
  return std::move(node.mapped());
}

void Dispatcher::Pump() {
  PlaceDrawn();
  StartDrawing();
  TellOfWaiting();
}

void Dispatcher::TellOfWaiting() {
  const auto not_sent = std::count_if(jobs_.begin(), jobs_.end(),
                                      [](const auto& job) { return !job.second.is_reading; });
  parts_.registry.SetWaiting(queue_.pages_left() + not_sent);
}

// Pages that must be alone go first; where none of their workers is idle, one is kept free.
bool Dispatcher::PlaceAlone(std::vector<WorkerLoad>& loads) {
  for (auto& [job_id, job] : jobs_) {
    if (!job.drawn.has_value() || !job.page.attempts.alone()) continue;
    const std::optional<size_t> idle = ChooseWorker(loads, job.model, /*alone=*/true);
    if (idle.has_value()) {
      Send(job_id, job, loads[*idle].id);
      return true;
    }
    if (const auto kept = ChooseReserved(loads, job.model)) loads[*kept].reserved = true;
  }
  return false;
}

void Dispatcher::PlaceDrawn() {
  std::vector<WorkerLoad> loads = parts_.registry.loads();
  while (PlaceAlone(loads)) loads = parts_.registry.loads();
  for (const bool opening : {true, false}) {
    for (auto& [job_id, job] : jobs_) {
      if (!job.drawn.has_value() || job.page.attempts.alone() || job.opens_document != opening) {
        continue;
      }
      const std::optional<size_t> chosen = ChooseWorker(loads, job.model, /*alone=*/false);
      if (!chosen.has_value()) continue;
      Send(job_id, job, loads[*chosen].id);
      ++loads[*chosen].used;
    }
  }
}

void Dispatcher::Send(uint64_t job_id, Job& job, const std::string& worker_id) {
  const DocumentWork& work = documents_.at(job.page.document).work;
  job.is_reading = true;
  job.worker_id = worker_id;
  job.sent = Clock::now();
  job.facts.set_first_token_seconds(Seconds(job.sent - job.page.entered));
  quire::worker::v1::PageJob message = MakePageJob(work.options, job.facts);
  job.prompt_images.AddSizes(message);
  message.set_job_id(job_id);
  message.set_document_id(work.document_id);
  message.set_traceparent(work.traceparent);
  message.set_alone(job.page.attempts.alone());
  if (job.layer_text.has_value()) message.set_layer_text(*job.layer_text);
  RenderedPage drawn = *std::move(job.drawn);
  job.drawn.reset();
  const double seconds = parts_.registry.Assign(worker_id, std::move(message), std::move(drawn));
  job.facts.mutable_seconds()->set_transfer(seconds);
}

std::optional<size_t> Dispatcher::PoolFor(const Document& document) const {
  std::vector<ModelRoom> rooms;
  for (const ModelPool& pool : pools_) {
    const auto under_way = under_way_.find(pool.info.key());
    rooms.push_back({.model = pool.info.key(),
                     .slots = CanRead(pool.info, document.work.options) ? pool.slots : 0,
                     .under_way = under_way == under_way_.end() ? 0 : under_way->second});
  }
  return ChooseModel(rooms, parts_.renderers + (document.begun ? 0 : 1));
}

bool Dispatcher::CanBeRead(const Document& document) const {
  return std::any_of(pools_.begin(), pools_.end(), [&](const ModelPool& pool) {
    return CanRead(pool.info, document.work.options);
  });
}

void Dispatcher::StartDrawing() {
  const auto has_room = [&](uint64_t document) {
    return PoolFor(documents_.at(document)).has_value();
  };
  while (std::optional<PageQueue::Picked> picked = queue_.Pick(has_room)) Draw(*picked);
}

void Dispatcher::Draw(const PageQueue::Picked& picked) {
  Document& document = documents_.at(picked.document);
  const ModelPool& pool = pools_[*PoolFor(document)];
  const bool opens_document = !std::exchange(document.begun, true);
  const uint64_t job_id = next_job_id_++;
  Page page{.document = picked.document,
            .number = picked.page_number,
            .attempts = PageAttempts(parts_.limits.max_page_attempts),
            .entered = picked.entered};
  if (auto tried = tried_.extract({picked.document, picked.page_number}); !tried.empty()) {
    page = std::move(tried.mapped());
  } else {
    parts_.metrics.PageAttempt("first");
  }
  page.attempts.OnBegin();
  const RenderPool::PageSpec spec =
      MakePageSpec(document.work.options, picked.page_number, pool.page_size);
  ++under_way_[pool.info.key()];
  Job& job = jobs_.emplace(job_id, Job{.page = std::move(page),
                                       .model = pool.info.key(),
                                       .spec = spec,
                                       .opens_document = opens_document})
                 .first->second;
  Render(job_id, job);
}

void Dispatcher::Render(uint64_t job_id, const Job& job) {
  parts_.render_pool.Render(
      documents_.at(job.page.document).work.render, job.spec,
      [this, &loop = parts_.loop, job_id](absl::StatusOr<RenderedPage> drawn) mutable {
        loop.Post([this, job_id, drawn = std::move(drawn)]() mutable {
          OnDrawn(job_id, std::move(drawn));
        });
      });
}

void Dispatcher::OnDrawn(uint64_t job_id, absl::StatusOr<RenderedPage> drawn) {
  const auto found = jobs_.find(job_id);
  if (found == jobs_.end()) return;  // no longer wanted
  if (!drawn.ok()) return OnDrawingFailed(*Take(job_id), drawn.status());
  Job& job = found->second;
  const absl::StatusOr<bool> complete = Gather(job, *drawn);
  if (!complete.ok()) return OnDrawingFailed(*Take(job_id), complete.status());
  if (!*complete) return Render(job_id, job);
  job.images = {.cleaned = std::move(drawn->png), .uncleaned = std::move(drawn->uncleaned_png)};
  job.facts = FactsOf(job.page.number, *drawn);
  const double drawn_after = Seconds(Clock::now() - job.page.entered);
  job.facts.mutable_starts()->set_render(std::max(0.0, drawn_after - drawn->seconds));
  if (!EndWithLayer(job_id, *drawn)) job.drawn = *std::move(drawn);
  Pump();
}

// Whether the page's own text ends it, without a worker.
bool Dispatcher::EndWithLayer(uint64_t job_id, const RenderedPage& drawn) {
  Job& job = jobs_.at(job_id);
  const Document& document = documents_.at(job.page.document);
  const quire::v1::RecognizeOptions& options = document.work.options;
  if (options.text_layer() == quire::v1::TEXT_LAYER_COMPARE && drawn.width_points > 0) {
    job.layer_text = drawn.layer.has_value() ? drawn.layer->text() : "";
  }
  if (options.text_layer() != quire::v1::TEXT_LAYER_USE || !IsWorthUsing(drawn.layer)) return false;
  Job ended = *Take(job_id);
  quire::v1::PageResult page = ResultOfLayer(*drawn.layer);
  page.set_attempts(ended.page.attempts.begun());
  CompleteResult(ended.facts, Seconds(Clock::now() - ended.page.entered), options, page);
  document.listener->OnPageRead(std::move(page), ended.images);
  return true;
}

void Dispatcher::OnDrawingFailed(Job job, const absl::Status& status) {
  const bool of_the_pool = absl::IsUnavailable(status) || absl::IsResourceExhausted(status);
  if (of_the_pool && job.page.attempts.OnFailed() == PageAttempts::Verdict::kTryAgain) {
    TryAgain(std::move(job), "render_failed");
  } else {
    Fail(std::move(job), status);
  }
  Pump();
}

// Whether the job's prompt has all of its images; then `drawn` holds the pixels of all. Else the
// job's spec is that of the next.
absl::StatusOr<bool> Dispatcher::Gather(Job& job, RenderedPage& drawn) const {
  const int wanted = documents_.at(job.page.document).work.pages_in_prompt;
  if (wanted == 1) return true;
  QUIRE_RETURN_IF_ERROR(job.prompt_images.Add(drawn, parts_.limits.max_page_pixels));
  ++job.spec.page_index;
  if (job.prompt_images.count() < wanted) return false;
  drawn = job.prompt_images.TakePage();
  return true;
}

void Dispatcher::OnJobStarted(uint64_t job_id, const std::string& worker_id) {
  const auto found = jobs_.find(job_id);
  if (found == jobs_.end()) return;
  const Page& page = found->second.page;
  documents_.at(page.document)
      .listener->OnPageStarted(page.number, page.attempts.begun(), worker_id);
}

void Dispatcher::OnJobText(uint64_t job_id, std::string text) {
  const auto found = jobs_.find(job_id);
  if (found == jobs_.end()) return;
  const Page& page = found->second.page;
  documents_.at(page.document)
      .listener->OnPageText(page.number, page.attempts.begun(), std::move(text));
}

void Dispatcher::OnJobDone(uint64_t job_id, quire::v1::PageResult page) {
  std::optional<Job> job = Take(job_id);
  if (job.has_value()) {
    const Document& document = documents_.at(job->page.document);
    const double total = Seconds(Clock::now() - job->page.entered);
    page.set_attempts(job->page.attempts.begun());
    page.set_worker_id(job->worker_id);
    page.set_model(job->model);
    CompleteResult(job->facts, total, document.work.options, page);
    document.listener->OnPageRead(std::move(page), job->images);
  }
  Pump();
}

void Dispatcher::OnJobFailed(uint64_t job_id, const absl::Status& status, bool retryable) {
  if (std::optional<Job> job = Take(job_id); job.has_value()) {
    if (retryable && OnFailure(*job, status) == PageAttempts::Verdict::kTryAgain) {
      TryAgain(*std::move(job),
               absl::IsResourceExhausted(status) ? "out_of_memory" : "worker_failed");
    } else {
      Fail(*std::move(job), absl::IsResourceExhausted(status)
                                ? MakeError(status.code(), "DEVICE_MEMORY",
                                            std::string(status.message()))
                                : status);
    }
  }
  Pump();
}

PageAttempts::Verdict Dispatcher::OnFailure(Job& job, const absl::Status& status) {
  return absl::IsResourceExhausted(status) ? job.page.attempts.OnOutOfMemory()
                                           : job.page.attempts.OnFailed();
}

void Dispatcher::OnJobsLost(const std::vector<LostJob>& jobs) {
  for (const LostJob& lost : jobs) {
    std::optional<Job> job = Take(lost.job_id);
    if (!job.has_value()) continue;
    const std::string page = absl::StrCat("page ", job->page.number);
    switch (job->page.attempts.OnWorkerLost(lost.may_be_to_blame)) {
      case PageAttempts::Verdict::kTryAgain:
        TryAgain(*std::move(job), "worker_lost");
        break;
      case PageAttempts::Verdict::kKillsWorkers:
        Fail(*std::move(job), MakeError(absl::StatusCode::kInternal, "PAGE_KILLS_WORKER",
                                        absl::StrCat(page, " ended its worker twice while the "
                                                           "worker read nothing else")));
        break;
      case PageAttempts::Verdict::kGiveUp:
        Fail(*std::move(job),
             MakeError(absl::StatusCode::kUnavailable, "TOO_MANY_ATTEMPTS",
                       absl::StrCat(page, " failed ", parts_.limits.max_page_attempts,
                                    " times (--max-page-attempts); the last time its worker was "
                                    "lost")));
        break;
    }
  }
  Pump();
}

void Dispatcher::OnCapacityChanged() {
  pools_ = parts_.registry.pools();
  int slots = 0;
  for (const ModelPool& pool : pools_) slots += pool.slots;
  queue_.set_window(std::max(8, 2 * (slots + parts_.renderers)));
  // Drawn pages whose model is gone are drawn again for another model that can read them.
  std::vector<uint64_t> stranded;
  for (const auto& [job_id, job] : jobs_) {
    if (!job.drawn.has_value()) continue;
    const bool has_pool = std::any_of(pools_.begin(), pools_.end(), [&model = job.model](const ModelPool& pool) {
      return pool.info.key() == model;
    });
    if (!has_pool && CanBeRead(documents_.at(job.page.document))) stranded.push_back(job_id);
  }
  for (const uint64_t job_id : stranded) TryAgain(*Take(job_id), "model_gone");
  Pump();
}

void Dispatcher::TryAgain(Job job, std::string_view reason) {
  parts_.metrics.PageAttempt(reason);
  const std::pair key(job.page.document, job.page.number);
  queue_.Requeue(key.first, key.second);
  tried_.emplace(key, std::move(job.page));
}

void Dispatcher::Fail(Job job, const absl::Status& status) {
  parts_.metrics.PageEnded("failed");
  documents_.at(job.page.document)
      .listener->OnPageFailed(job.page.number, job.page.attempts.begun(), status);
}

void Dispatcher::Tick(Clock::time_point now) {
  std::vector<uint64_t> late;
  for (const auto& [job_id, job] : jobs_) {
    if (job.is_reading && Seconds(now - job.sent) > parts_.limits.page_total_seconds) {
      late.push_back(job_id);
    }
  }
  for (const uint64_t job_id : late) {
    std::optional<Job> job = Take(job_id);
    if (!job.has_value()) continue;
    parts_.registry.Cancel(job_id);
    const absl::Status status = MakeError(
        absl::StatusCode::kDeadlineExceeded, "PAGE_TIMEOUT",
        absl::StrCat("reading page ", job->page.number, " took more than ",
                     parts_.limits.page_total_seconds, " s (--page-total-seconds)"));
    Fail(*std::move(job), status);
  }
  std::vector<uint64_t> unreadable;
  for (auto& [id, document] : documents_) {
    if (CanBeRead(document)) {
      document.unreadable_since.reset();
    } else if (!document.unreadable_since.has_value()) {
      document.unreadable_since = now;
    } else if (Seconds(now - *document.unreadable_since) > parts_.limits.worker_wait_seconds) {
      unreadable.push_back(id);
    }
  }
  for (const uint64_t id : unreadable) {
    const auto found = documents_.find(id);
    if (found == documents_.end()) continue;
    found->second.listener->OnNoWorker(WithRetryAfter(
        MakeError(absl::StatusCode::kUnavailable, "NO_WORKER",
                  absl::StrCat("no worker that can read this document has been attached for ",
                               parts_.limits.worker_wait_seconds, " s (--worker-wait-seconds)")),
        10));
  }
  Pump();
}

}  // namespace quire::server
