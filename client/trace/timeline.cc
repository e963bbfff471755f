#include "client/trace/timeline.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client/names.h"
#include "client/page_format.h"
#include "client/summary.h"
#include "proto/rich_status.h"

namespace quire::client {
namespace {

constexpr int kDocumentProcess = 1, kRenderProcess = 2, kFirstWorkerProcess = 3;
constexpr int kPagesProcess = 1000;  // below all workers

// One stage of a page on the timeline, in seconds since half-close.
struct Span {
  std::string name;
  double begin = 0;
  double end = 0;
  double busy_seconds = 0;
};

// Stages of a page in order. Of those that take turns with other pages on a device only the beginning
// is known: each lasts until the next one begins.
std::vector<Span> SpansOf(const v1::PageResult& page) {
  const v1::StageStarts& starts = page.starts();
  const v1::StageSeconds& seconds = page.seconds();
  const double zero = page.queued_seconds(), end = zero + page.total_seconds();
  if (!page.has_starts()) return {{"page", zero, end, page.total_seconds()}};
  struct Stage {
    const char* name;
    double start, seconds;
    bool takes_turns;
  };
  const Stage stages[] = {{"render", starts.render(), seconds.render(), false},
                          {"transfer", starts.transfer(), seconds.transfer(), false},
                          {"tokenize", starts.tokenize(), seconds.tokenize(), false},
                          {"preprocess", starts.preprocess(), seconds.preprocess(), false},
                          {"vision", starts.vision(), seconds.vision(), true},
                          {"prefill", starts.prefill(), seconds.prefill(), true},
                          {"decode", starts.decode(), seconds.decode(), true},
                          {"postprocess", starts.postprocess(), seconds.postprocess(), false}};
  std::vector<Span> spans;
  for (const Stage& stage : stages) {
    const bool came = stage.seconds > 0 && (stage.start > 0 || stage.name == stages[0].name);
    if (!came) continue;
    const double begin = zero + stage.start;
    if (!spans.empty() && spans.back().end < 0) spans.back().end = begin;
    const double last = std::min(end, begin + stage.seconds);
    spans.push_back({stage.name, begin, stage.takes_turns ? -1 : last, stage.seconds});
  }
  if (!spans.empty() && spans.back().end < 0) spans.back().end = end;
  return spans;
}

// Collects events; each process is a group of rows, each thread a row.
class Timeline {
 public:
  void NameProcess(int process, const std::string& name) {
    Add({{"name", "process_name"}, {"ph", "M"}, {"pid", process}, {"args", {{"name", name}}}});
    Add({{"name", "process_sort_index"},
         {"ph", "M"},
         {"pid", process},
         {"args", {{"sort_index", process}}}});
  }
  void NameThread(int process, int thread, const std::string& name) {
    Add({{"name", "thread_name"},
         {"ph", "M"},
         {"pid", process},
         {"tid", thread},
         {"args", {{"name", name}}}});
  }
  void Draw(int process, int thread, const Span& span, Json args) {
    args["busy_seconds"] = span.busy_seconds;
    Add({{"name", span.name},
         {"ph", "X"},
         {"pid", process},
         {"tid", thread},
         {"ts", span.begin * 1e6},
         {"dur", std::max(0.0, span.end - span.begin) * 1e6},
         {"args", std::move(args)}});
  }
  void Add(Json event) { events_.push_back(std::move(event)); }
  Json Take() { return {{"traceEvents", std::move(events_)}, {"displayTimeUnit", "ms"}}; }

 private:
  Json events_ = Json::array();
};

// Rows of a group where spans do not overlap; opens another row when all are taken.
class Rows {
 public:
  int Take(double begin, double end) {
    for (size_t row = 0; row < free_from_.size(); ++row) {
      if (free_from_[row] > begin) continue;
      free_from_[row] = end;
      return static_cast<int>(row) + 1;
    }
    free_from_.push_back(end);
    return static_cast<int>(free_from_.size());
  }
  int rows() const { return static_cast<int>(free_from_.size()); }

 private:
  std::vector<double> free_from_;
};

bool IsOfRenderer(const Span& span) { return span.name == "render"; }

void DrawRenders(const std::vector<v1::PageResult>& pages, Timeline& timeline) {
  timeline.NameProcess(kRenderProcess, "render");
  std::vector<std::pair<Span, int>> spans;  // and page
  for (const v1::PageResult& page : pages) {
    for (Span& span : SpansOf(page)) {
      if (IsOfRenderer(span)) spans.emplace_back(std::move(span), page.page_number());
    }
  }
  std::stable_sort(spans.begin(), spans.end(),
                   [](const auto& a, const auto& b) { return a.first.begin < b.first.begin; });
  Rows rows;
  for (const auto& [span, page] : spans) {
    timeline.Draw(kRenderProcess, rows.Take(span.begin, span.end), span, {{"page", page}});
  }
  for (int row = 1; row <= rows.rows(); ++row) {
    timeline.NameThread(kRenderProcess, row, absl::StrCat("renderer at work ", row));
  }
}

// A page is in a worker from its first stage there to its end.
void DrawWorker(const std::string& worker, int process, const std::vector<v1::PageResult>& pages,
                Timeline& timeline) {
  timeline.NameProcess(process, absl::StrCat("worker ", Printable(worker)));
  std::vector<std::pair<std::vector<Span>, int>> stays;
  for (const v1::PageResult& page : pages) {
    std::vector<Span> spans = SpansOf(page);
    spans.erase(std::remove_if(spans.begin(), spans.end(), IsOfRenderer), spans.end());
    if (page.worker_id() == worker && !spans.empty()) {
      stays.emplace_back(std::move(spans), page.page_number());
    }
  }
  std::stable_sort(stays.begin(), stays.end(), [](const auto& a, const auto& b) {
    return a.first.front().begin < b.first.front().begin;
  });
  Rows rows;
  for (const auto& [spans, page] : stays) {
    const int row = rows.Take(spans.front().begin, spans.back().end);
    for (const Span& span : spans) timeline.Draw(process, row, span, {{"page", page}});
  }
  for (int row = 1; row <= rows.rows(); ++row) {
    timeline.NameThread(process, row, absl::StrCat("slot ", row));
  }
}

// All stages of a page, and what it waited between them.
void DrawPage(const v1::PageResult& page, Timeline& timeline) {
  const int row = page.page_number();
  timeline.NameThread(kPagesProcess, row, absl::StrCat("page ", page.page_number()));
  double reached = page.queued_seconds();
  const auto draw_waiting_until = [&](double begin) {
    if (begin - reached > 1e-6) {
      timeline.Draw(kPagesProcess, row, {"queue", reached, begin, begin - reached}, Json::object());
    }
  };
  for (const Span& span : SpansOf(page)) {
    draw_waiting_until(span.begin);
    timeline.Draw(kPagesProcess, row, span,
                  {{"worker", Printable(page.worker_id())},
                   {"output_tokens", page.output_tokens()},
                   {"attempts", page.attempts()}});
    reached = std::max(reached, span.end);
  }
  draw_waiting_until(page.queued_seconds() + page.total_seconds());
}

// How many pages wait at each moment, for a renderer, a worker or a place on the device.
void CountWaiting(const std::vector<v1::PageResult>& pages, Timeline& timeline) {
  std::map<double, int> steps;
  for (const v1::PageResult& page : pages) {
    double reached = page.queued_seconds();
    for (const Span& span : SpansOf(page)) {
      if (span.begin > reached) {
        ++steps[reached];
        --steps[span.begin];
      }
      reached = std::max(reached, span.end);
    }
  }
  int waiting = 0;
  for (const auto& [seconds, step] : steps) {
    waiting += step;
    timeline.Add({{"name", "queue"},
                  {"ph", "C"},
                  {"pid", kDocumentProcess},
                  {"ts", seconds * 1e6},
                  {"args", {{"pages", waiting}}}});
  }
}

void DrawDocument(const TracedDocument& document, Timeline& timeline) {
  timeline.NameProcess(kDocumentProcess, Printable(document.name));
  timeline.NameThread(kDocumentProcess, 1, "document");
  const double upload = document.summary.seconds().upload();
  timeline.Draw(kDocumentProcess, 1, {"upload", -upload, 0, upload},
                {{"bytes", document.accepted.document_bytes()}});
  const double total = document.summary.total_seconds();
  timeline.Draw(kDocumentProcess, 1, {"read", 0, total, total},
                {{"document_id", document.accepted.document_id()},
                 {"format", NameOf(document.accepted.format())},
                 {"pages_read", document.summary.pages_read()},
                 {"pages_failed", document.summary.pages_failed()},
                 {"output_tokens", document.summary.output_tokens()}});
  for (const TracedDocument::Failure& failure : document.failures) {
    timeline.Add({{"name", absl::StrCat("page ", failure.page.page_number(), " failed")},
                  {"ph", "i"},
                  {"s", "p"},
                  {"pid", kDocumentProcess},
                  {"tid", 1},
                  {"ts", failure.seconds * 1e6},
                  {"args", ErrorToJson(FromProto(failure.page.status()))}});
  }
}

}  // namespace

Json TimelineOf(const TracedDocument& document) {
  Timeline timeline;
  DrawDocument(document, timeline);
  CountWaiting(document.pages, timeline);
  DrawRenders(document.pages, timeline);
  std::map<std::string, int> workers;  // and their process
  for (const v1::PageResult& page : document.pages) workers.emplace(page.worker_id(), 0);
  int process = kFirstWorkerProcess;
  for (auto& [worker, number] : workers) DrawWorker(worker, process++, document.pages, timeline);
  timeline.NameProcess(kPagesProcess, "pages");
  for (const v1::PageResult& page : document.pages) DrawPage(page, timeline);
  return timeline.Take();
}

}  // namespace quire::client
