#include "server/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <map>
#include <type_traits>
#include <utility>
#include <vector>

#include "proto/metrics_endpoint.h"
#include "proto/mutex.h"
#include "proto/status.h"
#include "proto/version.h"

namespace quire::server {
namespace {

using prometheus::Counter;
using prometheus::Family;
using prometheus::Gauge;
using prometheus::Histogram;

constexpr std::array kRejections = {"DRAINING",   "NO_WORKER", "TOO_MANY_DOCUMENTS",
                                   "QUEUE_FULL", "TOO_MANY_DOCUMENTS_OF_TOKEN"};

constexpr std::array kStages = {"upload", "queue",  "render",  "transfer", "preprocess",
                                "tokenize", "vision", "prefill", "decode",   "postprocess"};

constexpr std::array kParts = {"attention", "experts", "head", "sampling", "other"};

std::array<double, kParts.size()> SecondsOf(const quire::v1::DecodeProfile& p) {
  return {p.attention_seconds(), p.experts_seconds(), p.head_seconds(), p.sampling_seconds(),
          p.other_seconds()};
}

std::array<double, kStages.size()> SecondsOf(const quire::v1::StageSeconds& s) {
  return {s.upload(),   s.queue(),  s.render(),  s.transfer(), s.preprocess(),
          s.tokenize(), s.vision(), s.prefill(), s.decode(),   s.postprocess()};
}

const char* NameOf(quire::v1::FinishReason reason) {
  switch (reason) {
    case quire::v1::FINISH_REASON_LENGTH:
      return "length";
    case quire::v1::FINISH_REASON_REPETITION:
      return "repetition";
    case quire::v1::FINISH_REASON_UNREADABLE:
      return "unreadable";
    default:
      return "stop";
  }
}

}  // namespace

struct Metrics::Impl {
  // Destroyed last: the exposer reads it from its own threads.
  std::shared_ptr<prometheus::Registry> registry = std::make_shared<prometheus::Registry>();
  std::unique_ptr<MetricsEndpoint> endpoint;

  template <typename T>
  Family<T>& Make(const char* name, const char* help) {
    if constexpr (std::is_same_v<T, Counter>) {
      return prometheus::BuildCounter().Name(name).Help(help).Register(*registry);
    } else if constexpr (std::is_same_v<T, Gauge>) {
      return prometheus::BuildGauge().Name(name).Help(help).Register(*registry);
    } else {
      return prometheus::BuildHistogram().Name(name).Help(help).Register(*registry);
    }
  }

  Family<Histogram>& stage_seconds =
      Make<Histogram>("quire_stage_seconds", "Seconds of one page in each stage");
  std::array<Histogram*, kStages.size()> stages{};
  Histogram& page_seconds =
      Make<Histogram>("quire_page_seconds", "Seconds from a page's entry into the queue to its text")
          .Add({}, SecondsBuckets());
  Histogram& first_page_seconds =
      Make<Histogram>("quire_first_page_seconds", "Seconds from half-close to the first page's text")
          .Add({}, SecondsBuckets());
  Histogram& first_token_seconds =
      Make<Histogram>("quire_first_token_seconds",
                      "Seconds from a page's entry into the queue to its first token")
          .Add({}, SecondsBuckets());
  Histogram& token_seconds =
      Make<Histogram>("quire_token_seconds", "Seconds of decoding for each token of a page")
          .Add({}, SecondsBuckets());
  Family<Counter>& finishes =
      Make<Counter>("quire_page_finishes_total", "Pages that were read, by why their text ended");
  Family<Counter>& pages = Make<Counter>("quire_pages_total", "Pages that ended, by outcome");
  Counter& pages_read = pages.Add({{"outcome", "read"}});
  Counter& pages_failed = pages.Add({{"outcome", "failed"}});
  Family<Counter>& attempts = Make<Counter>("quire_page_attempts_total", "Tries of pages, by reason");
  Family<Counter>& documents =
      Make<Counter>("quire_documents_total", "Documents that ended, by status code");
  Family<Counter>& rejected =
      Make<Counter>("quire_rejected_total", "Documents that were not let in, by reason");
  Counter& output_tokens =
      Make<Counter>("quire_output_tokens_total", "Tokens written for pages").Add({});
  Counter& prompt_tokens =
      Make<Counter>("quire_prompt_tokens_total", "Tokens of prompts, vision rows included").Add({});
  Counter& vision_tokens =
      Make<Counter>("quire_vision_tokens_total", "Vision rows of pages").Add({});
  Counter& received_bytes =
      Make<Counter>("quire_received_bytes_total", "Bytes of documents received").Add({});
  Family<Counter>& worker_restarts =
      Make<Counter>("quire_worker_restarts_total", "Ends of local workers, by reason");
  Family<Counter>& render_kills =
      Make<Counter>("quire_render_kills_total", "Renderers killed or died, by reason");
  Counter& profiled_steps =
      Make<Counter>("quire_profiled_steps_total",
                    "Decode steps of attached workers that were timed by part (--profile)")
          .Add({});
  Family<Counter>& decode_parts = Make<Counter>(
      "quire_decode_part_seconds_total",
      "Seconds of the decode steps that were timed, by part; other: the rest, a device's waiting "
      "for the host included");
  std::array<Counter*, kParts.size()> parts{};
  Gauge& queue_pages =
      Make<Gauge>("quire_queue_pages", "Pages waiting for a renderer or a worker").Add({});
  Gauge& documents_open = Make<Gauge>("quire_documents_open", "Documents in work").Add({});
  Gauge& workers_attached = Make<Gauge>("quire_workers", "Attached workers").Add({});
  Family<Gauge>& slots = Make<Gauge>("quire_slots", "Slots of attached workers, by state");
  Gauge& spool_bytes = Make<Gauge>("quire_spool_bytes", "Bytes of documents in the spool").Add({});
  Family<Gauge>& batch_size =
      Make<Gauge>("quire_batch_size", "Sequences in a worker's last decode step");
  Family<Gauge>& kv_cache_tokens =
      Make<Gauge>("quire_kv_cache_tokens", "Tokens in a worker's KV cache");
  Family<Gauge>& kv_cache_capacity =
      Make<Gauge>("quire_kv_cache_capacity_tokens", "Tokens that a worker's KV cache has room for");
  Family<Gauge>& device_memory_bytes =
      Make<Gauge>("quire_worker_device_memory_bytes", "Device memory that a worker uses");
  Family<Gauge>& worker_resident_bytes =
      Make<Gauge>("quire_worker_resident_bytes", "Resident memory of a worker");
  Family<Gauge>& worker_info =
      Make<Gauge>("quire_worker_info", "Always 1; what a worker computes on and reads with");
  Family<Gauge>& build_info = Make<Gauge>("quire_build_info", "Always 1; the version is a label");

  std::atomic<int64_t> read_count = 0;
  std::atomic<int64_t> failed_count = 0;
  Mutex mutex;
  std::map<std::string, Gauge*> workers ABSL_GUARDED_BY(mutex);  // that have gauges: their info
  std::map<std::string, quire::v1::DecodeProfile> profiles ABSL_GUARDED_BY(mutex);  // last seen

  // A worker's sums begin at 0 with it: what came since the last look is counted.
  void CountProfile(const quire::v1::DecodeProfile& now, const quire::v1::DecodeProfile& last) {
    const bool goes_on = now.steps() >= last.steps();
    const quire::v1::DecodeProfile& before = goes_on ? last : quire::v1::DecodeProfile();
    profiled_steps.Increment(static_cast<double>(now.steps() - before.steps()));
    const auto seconds = SecondsOf(now), seconds_before = SecondsOf(before);
    for (size_t i = 0; i < kParts.size(); ++i) {
      parts[i]->Increment(std::max(0.0, seconds[i] - seconds_before[i]));
    }
  }

  // Gauges of one worker exist while it is attached, so that label values do not pile up.
  std::vector<std::pair<Family<Gauge>*, double>> GaugesOf(
      const quire::worker::v1::Heartbeat& heartbeat) {
    return {{&batch_size, heartbeat.batch_size()},
            {&kv_cache_tokens, static_cast<double>(heartbeat.kv_cache_tokens())},
            {&kv_cache_capacity, static_cast<double>(heartbeat.kv_cache_capacity_tokens())},
            {&device_memory_bytes, static_cast<double>(heartbeat.device_memory_used_bytes())},
            {&worker_resident_bytes, static_cast<double>(heartbeat.resident_bytes())}};
  }
};

Metrics::Metrics() : impl_(std::make_unique<Impl>()) {
  // What is counted stands at 0 from the start, so that a rate sees its first step.
  for (size_t i = 0; i < kStages.size(); ++i) {
    impl_->stages[i] = &impl_->stage_seconds.Add({{"stage", kStages[i]}}, SecondsBuckets());
  }
  for (size_t i = 0; i < kParts.size(); ++i) {
    impl_->parts[i] = &impl_->decode_parts.Add({{"part", kParts[i]}});
  }
  impl_->pages.Add({{"outcome", "cancelled"}});
  for (const char* reason :
       {"first", "worker_lost", "worker_failed", "out_of_memory", "render_failed",
        "model_gone"}) {
    impl_->attempts.Add({{"reason", reason}});
  }
  for (const char* reason : {"died", "hung", "configuration", "device_failed"}) {
    impl_->worker_restarts.Add({{"reason", reason}});
  }
  for (const char* reason : {"timeout", "died"}) impl_->render_kills.Add({{"reason", reason}});
  for (const char* reason : kRejections) impl_->rejected.Add({{"reason", reason}});
  for (const char* reason : {"stop", "length", "repetition", "unreadable"}) {
    impl_->finishes.Add({{"reason", reason}});
  }
  for (int code = 0; code <= static_cast<int>(absl::StatusCode::kUnauthenticated); ++code) {
    impl_->documents.Add({{"code", absl::StatusCodeToString(absl::StatusCode(code))}});
  }
  impl_->build_info.Add({{"version", kVersion}}).Set(1);
}

Metrics::~Metrics() = default;

absl::StatusOr<std::string> Metrics::Serve(const std::string& address,
                                           std::vector<HttpPage> pages) {
  QUIRE_ASSIGN_OR_RETURN(impl_->endpoint,
                         MetricsEndpoint::Serve(address, impl_->registry, std::move(pages)));
  return impl_->endpoint->address();
}

void Metrics::PageRead(const quire::v1::PageResult& page) {
  const auto seconds = SecondsOf(page.seconds());
  for (size_t i = 0; i < kStages.size(); ++i) {
    impl_->stages[i]->Observe(seconds[i]);
  }
  impl_->page_seconds.Observe(page.total_seconds());
  if (page.first_token_seconds() > 0) {
    impl_->first_token_seconds.Observe(page.first_token_seconds());
  }
  if (page.output_tokens() > 1) {  // the first token is the prompt's
    impl_->token_seconds.Observe(page.seconds().decode() / (page.output_tokens() - 1));
  }
  impl_->finishes.Add({{"reason", NameOf(page.finish_reason())}}).Increment();
  impl_->output_tokens.Increment(page.output_tokens());
  impl_->prompt_tokens.Increment(page.prompt_tokens());
  impl_->vision_tokens.Increment(page.vision_tokens());
  impl_->pages_read.Increment();
  ++impl_->read_count;
}

void Metrics::PageEnded(std::string_view outcome) {
  impl_->pages.Add({{"outcome", std::string(outcome)}}).Increment();
  if (outcome == "failed") ++impl_->failed_count;
}

void Metrics::PageAttempt(std::string_view reason) {
  impl_->attempts.Add({{"reason", std::string(reason)}}).Increment();
}

void Metrics::FirstPage(double seconds) { impl_->first_page_seconds.Observe(seconds); }

void Metrics::DocumentEnded(absl::StatusCode code) {
  impl_->documents.Add({{"code", absl::StatusCodeToString(code)}}).Increment();
}

void Metrics::Rejected(const std::string& reason) {
  const bool known = std::find(kRejections.begin(), kRejections.end(), reason) != kRejections.end();
  impl_->rejected.Add({{"reason", known ? reason : "other"}}).Increment();
}

void Metrics::Received(int64_t bytes) {
  impl_->received_bytes.Increment(static_cast<double>(bytes));
}

void Metrics::WorkerRestart(std::string_view reason) {
  impl_->worker_restarts.Add({{"reason", std::string(reason)}}).Increment();
}

void Metrics::RenderKill(std::string_view reason) {
  impl_->render_kills.Add({{"reason", std::string(reason)}}).Increment();
}

void Metrics::SetLevels(const Levels& levels) {
  impl_->queue_pages.Set(static_cast<double>(levels.queue_pages));
  impl_->documents_open.Set(levels.documents_open);
  impl_->workers_attached.Set(static_cast<double>(levels.workers.size()));
  impl_->slots.Add({{"state", "used"}}).Set(levels.slots_used);
  impl_->slots.Add({{"state", "free"}}).Set(levels.slots_free);
  impl_->spool_bytes.Set(static_cast<double>(levels.spool_bytes));
  MutexLock lock(impl_->mutex);
  const std::map<std::string, Gauge*> before = std::exchange(impl_->workers, {});
  const auto profiles_before = std::exchange(impl_->profiles, {});
  for (const auto& [id, worker] : levels.workers) {
    Gauge& info = impl_->worker_info.Add({{"worker", id},
                                          {"device", worker.device},
                                          {"model", worker.model},
                                          {"dtype", worker.dtype}});
    info.Set(1);
    impl_->workers.emplace(id, &info);
    const auto last = profiles_before.find(id);
    const quire::v1::DecodeProfile& profile = worker.heartbeat.decode_profile();
    impl_->CountProfile(profile, last == profiles_before.end() ? quire::v1::DecodeProfile()
                                                               : last->second);
    impl_->profiles.emplace(id, profile);
    for (auto& [family, value] : impl_->GaugesOf(worker.heartbeat)) {
      family->Add({{"worker", id}}).Set(value);
    }
  }
  for (const auto& [id, info] : before) {
    const auto now = impl_->workers.find(id);
    if (now == impl_->workers.end()) {
      for (auto& [family, value] : impl_->GaugesOf({})) {
        family->Remove(&family->Add({{"worker", id}}));
      }
    }
    if (now == impl_->workers.end() || now->second != info) impl_->worker_info.Remove(info);
  }
}

int64_t Metrics::pages_read() const { return impl_->read_count; }
int64_t Metrics::pages_failed() const { return impl_->failed_count; }

}  // namespace quire::server
