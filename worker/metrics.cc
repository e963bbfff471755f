#include "worker/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "proto/metrics_endpoint.h"
#include "proto/mutex.h"
#include "proto/status.h"
#include "proto/version.h"
#include "worker/memory_use.h"

namespace quire::worker {
namespace {

using prometheus::Counter;
using prometheus::Family;
using prometheus::Gauge;
using prometheus::Histogram;

constexpr std::array kStages = {"queue",  "transfer", "preprocess", "tokenize",
                                "vision", "prefill",  "decode",     "postprocess"};

constexpr std::array kParts = {"attention", "experts", "head", "sampling", "other"};

std::array<double, kParts.size()> SecondsOf(const DecodeProfile& p) {
  return {p.attention_seconds, p.experts_seconds, p.head_seconds, p.sampling_seconds,
          p.other_seconds};
}

// Brings a counter up to a sum that somebody else keeps.
void Raise(Counter& counter, double sum) { counter.Increment(std::max(0.0, sum - counter.Value())); }

std::array<double, kStages.size()> SecondsOf(const StageSeconds& s) {
  return {s.queue, s.transfer, s.preprocess, s.tokenize, s.vision, s.prefill, s.decode,
          s.postprocess};
}

// Counts and levels, as the exposer's threads read them.
struct Figures : public prometheus::Collectable {
  explicit Figures(const PageReader& page_reader);

  // Levels are taken when somebody asks.
  std::vector<prometheus::MetricFamily> Collect() const override {
    const ReaderStats stats = reader.stats();
    const MemoryUse memory = MemoryUseOf(reader);
    Raise(steps, static_cast<double>(stats.engine_steps));
    Raise(profiled_steps, static_cast<double>(stats.decode_profile.steps));
    const auto part_seconds = SecondsOf(stats.decode_profile);
    for (size_t i = 0; i < kParts.size(); ++i) Raise(*parts[i], part_seconds[i]);
    slots_used.Set(stats.pages);
    slots_free.Set(std::max(0, reader.info().slots - stats.pages));
    batch_size.Set(stats.batch_size);
    kv_cache_tokens.Set(static_cast<double>(stats.kv_cache_tokens));
    kv_cache_capacity.Set(static_cast<double>(stats.kv_cache_capacity_tokens));
    device_memory_bytes.Set(static_cast<double>(memory.device_bytes));
    resident_bytes.Set(static_cast<double>(memory.resident_bytes));
    return registry.Collect();
  }

  Gauge& MakeGauge(const char* name, const char* help) {
    return prometheus::BuildGauge().Name(name).Help(help).Register(registry).Add({});
  }
  Counter& MakeCounter(const char* name, const char* help) {
    return prometheus::BuildCounter().Name(name).Help(help).Register(registry).Add({});
  }

  const PageReader& reader;
  prometheus::Registry registry;
  Family<Histogram>& stage_seconds = prometheus::BuildHistogram()
                                         .Name("quire_engine_stage_seconds")
                                         .Help("Seconds of one page in each stage of this worker")
                                         .Register(registry);
  std::array<Histogram*, kStages.size()> stages{};
  Family<Counter>& pages = prometheus::BuildCounter()
                               .Name("quire_engine_pages_total")
                               .Help("Pages that ended in this worker, by outcome")
                               .Register(registry);
  Counter& pages_read = pages.Add({{"outcome", "read"}});
  Counter& pages_failed = pages.Add({{"outcome", "failed"}});
  Counter& pages_cancelled = pages.Add({{"outcome", "cancelled"}});
  Counter& output_tokens = MakeCounter("quire_engine_output_tokens_total", "Tokens written");
  Counter& steps = MakeCounter("quire_engine_steps_total",
                               "View batches, prefill chunks and decode steps");
  Counter& profiled_steps = MakeCounter("quire_engine_profiled_steps_total",
                                        "Decode steps that were timed by part (--profile)");
  Family<Counter>& decode_parts =
      prometheus::BuildCounter()
          .Name("quire_engine_decode_part_seconds_total")
          .Help("Seconds of the decode steps that were timed, by part; other: the rest, a device's "
                "waiting for the host included")
          .Register(registry);
  std::array<Counter*, kParts.size()> parts{};
  Family<Gauge>& slots = prometheus::BuildGauge()
                             .Name("quire_engine_slots")
                             .Help("Slots of this worker, by state")
                             .Register(registry);
  Gauge& slots_used = slots.Add({{"state", "used"}});
  Gauge& slots_free = slots.Add({{"state", "free"}});
  Gauge& attached = MakeGauge("quire_engine_attached", "Fronts that it is attached to");
  Gauge& batch_size = MakeGauge("quire_engine_batch_size", "Sequences in the last decode step");
  Gauge& kv_cache_tokens = MakeGauge("quire_engine_kv_cache_tokens", "Tokens in the KV cache");
  Gauge& kv_cache_capacity = MakeGauge("quire_engine_kv_cache_capacity_tokens",
                                       "Tokens that the KV cache has room for");
  Gauge& device_memory_bytes =
      MakeGauge("quire_engine_device_memory_bytes", "Device memory in use");
  Gauge& resident_bytes = MakeGauge("quire_engine_resident_bytes", "Resident memory");
};

Figures::Figures(const PageReader& page_reader) : reader(page_reader) {
  for (size_t i = 0; i < kStages.size(); ++i) {
    stages[i] = &stage_seconds.Add({{"stage", kStages[i]}}, SecondsBuckets());
  }
  for (size_t i = 0; i < kParts.size(); ++i) parts[i] = &decode_parts.Add({{"part", kParts[i]}});
  const ReaderInfo& info = reader.info();
  prometheus::BuildGauge()
      .Name("quire_engine_info")
      .Help("Always 1; version, device, model and element type are labels")
      .Register(registry)
      .Add({{"version", kVersion},
            {"device", info.device},
            {"model", info.model},
            {"dtype", info.dtype}})
      .Set(1);
}

}  // namespace

struct Metrics::Impl {
  explicit Impl(const PageReader& reader) : figures(std::make_shared<Figures>(reader)) {}
  const std::shared_ptr<Figures> figures;  // second owner: a scrape under way
  std::unique_ptr<MetricsEndpoint> endpoint;
  Mutex mutex;
  std::set<std::string> attached_to ABSL_GUARDED_BY(mutex);  // addresses of fronts
};

Metrics::Metrics(const PageReader& reader) : impl_(std::make_unique<Impl>(reader)) {}

Metrics::~Metrics() = default;

absl::StatusOr<std::string> Metrics::Serve(const std::string& address) {
  QUIRE_ASSIGN_OR_RETURN(impl_->endpoint, MetricsEndpoint::Serve(address, impl_->figures));
  return impl_->endpoint->address();
}

void Metrics::PageEnded(const absl::StatusOr<PageOutput>& output) {
  Figures& figures = *impl_->figures;
  if (!output.ok()) {
    const bool cancelled = absl::IsCancelled(output.status());
    (cancelled ? figures.pages_cancelled : figures.pages_failed).Increment();
    return;
  }
  const auto seconds = SecondsOf(output->seconds);
  for (size_t i = 0; i < kStages.size(); ++i) figures.stages[i]->Observe(seconds[i]);
  figures.output_tokens.Increment(output->output_tokens);
  figures.pages_read.Increment();
}

void Metrics::SetAttached(const std::string& address, bool attached) {
  MutexLock lock(impl_->mutex);
  if (attached) {
    impl_->attached_to.insert(address);
  } else {
    impl_->attached_to.erase(address);
  }
  impl_->figures->attached.Set(static_cast<double>(impl_->attached_to.size()));
}

}  // namespace quire::worker
