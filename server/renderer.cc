#include "server/renderer.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "google/rpc/error_details.pb.h"
#include "proto/rich_status.h"
#include "proto/status.h"
#include "server/render_reply.h"

namespace quire::server {
namespace {

using Clock = std::chrono::steady_clock;
// For a renderer to load its libraries on a busy machine.
constexpr std::chrono::seconds kStartTime{30};

// Deaths of a renderer that a request may see before it is to blame: the first may be the kernel's choice
// of a victim, or an operator's.
constexpr int kMostDeaths = 2;

// Counts a death.
bool MayTryAgain(const absl::Status& status, int& deaths) {
  return ReasonOf(status) == "RENDER_DIED" && ++deaths < kMostDeaths;
}

double SecondsSince(Clock::time_point then) {
  return std::chrono::duration<double>(Clock::now() - then).count();
}

Clock::time_point After(double seconds) {
  return Clock::now() + std::chrono::duration_cast<Clock::duration>(
                            std::chrono::duration<double>(seconds));
}

std::string PageName(const RenderPool::PageSpec& page) {
  return absl::StrCat("page ", page.page_index + 1);
}

// Room that the renderer asks for; nothing when it does not say.
std::optional<uint64_t> NeededBytes(const absl::Status& too_small) {
  const auto payload = too_small.GetPayload("type.googleapis.com/google.rpc.ErrorInfo");
  google::rpc::ErrorInfo info;
  if (!payload.has_value() || !info.ParseFromString(std::string(*payload))) return std::nullopt;
  const auto fact = info.metadata().find("needed_bytes");
  uint64_t bytes = 0;
  if (fact == info.metadata().end() || !absl::SimpleAtoi(fact->second, &bytes)) return std::nullopt;
  return bytes;
}

// Room that a page turned out to need, by the renderer's word where it is plausible; 0 when all of the
// arena is too little.
uint64_t MoreRoom(const absl::Status& too_small, uint64_t granted, uint64_t arena_bytes) {
  uint64_t needed = NeededBytes(too_small).value_or(0);
  if (needed <= granted) {
    needed = granted < arena_bytes ? std::min(2 * granted, arena_bytes) : arena_bytes + 1;
  }
  return needed <= arena_bytes ? needed : 0;
}

}  // namespace

Renderer::Renderer(Parts parts) : parts_(std::move(parts)), thread_([this] { Run(); }) {}

void Renderer::Run() {
  while (EnsureRunning()) {
    RenderTurn turn = parts_.queue.Take(parts_.index, open_, *parts_.arena);
    if (turn.stopped) break;
    Serve(std::move(turn));
    const int most = parts_.options.recycle_after_documents;
    if (process_ != nullptr && most > 0 && opened_ >= most) EndProcess();
  }
  if (process_ != nullptr) EndProcess();
}

// False when the queue was stopped first.
bool Renderer::EnsureRunning() {
  while (process_ == nullptr) {
    if (parts_.queue.stopped()) return false;
    policy_.OnStarted(Clock::now());
    auto process = RenderProcess::Start({.program = parts_.options.program,
                                         .memory_bytes = parts_.options.memory_bytes,
                                         .sandbox = parts_.options.sandbox,
                                         .stop_fd = parts_.stop_fd},
                                        *parts_.arena, Clock::now() + kStartTime);
    if (process.ok()) {
      process_ = *std::move(process);
      policy_ = RestartPolicy();
      opened_ = 0;
      parts_.queue.OnStarted(parts_.index);
      return true;
    }
    if (absl::IsCancelled(process.status())) return false;
    parts_.queue.OnStartFailed(parts_.index, process.status());
    if (!parts_.queue.WaitUntil(policy_.OnEnded(Clock::now()))) return false;
  }
  return true;
}

void Renderer::EndProcess() {
  process_ = nullptr;
  open_.clear();
}

void Renderer::Serve(RenderTurn turn) {
  // One that died while it had nothing to do: no document is to blame.
  if (!process_->IsRunning()) {
    parts_.observer("died");
    EndProcess();
  }
  Forget(turn.closed);
  if (!turn.task.has_value()) return;
  if (process_ == nullptr) return parts_.queue.PutBack(*std::move(turn.task));
  if (OpenTask* open = std::get_if<OpenTask>(&*turn.task)) return Open(std::move(*open));
  Draw(std::get<DrawTask>(*std::move(turn.task)), std::move(turn.grant));
}

void Renderer::Forget(const std::vector<uint64_t>& documents) {
  for (const uint64_t document : documents) {
    if (open_.erase(document) == 0) continue;
    Request request;
    request.mutable_close()->set_document_id(document);
    (void)Exchange(request, -1, {"a document", "close"});  // nobody waits for it; Exchange ends a bad process
  }
}

void Renderer::Open(OpenTask task) {
  const absl::StatusOr<Reply> reply = OpenHere(*task.document, {"the document", "open"});
  if (MayTryAgain(reply.status(), task.deaths)) return parts_.queue.PutBack(std::move(task));
  if (!reply.ok()) return task.done(reply.status());
  task.done(OpenedDocument{.document = std::move(task.document),
                           .format = reply->opened().format(),
                           .pages = reply->opened().pages()});
}

void Renderer::Draw(DrawTask task, ArenaSpan grant) {
  const std::shared_ptr<RenderDocument> document = task.document.lock();
  if (document == nullptr) {
    return task.done(absl::CancelledError("nobody waits for the page's document any more"));
  }
  absl::StatusOr<RenderedPage> page = DrawInto(grant, *document, task.page);
  if (MayTryAgain(page.status(), task.deaths)) {
    grant.Release();
    return parts_.queue.PutBack(std::move(task));
  }
  if (ReasonOf(page.status()) != "ARENA_TOO_SMALL") return task.done(std::move(page));
  const uint64_t arena_bytes = parts_.arena->bytes();
  task.arena_bytes = MoreRoom(page.status(), grant.bytes(), arena_bytes);
  if (task.arena_bytes > 0) {
    grant.Release();
    return parts_.queue.PutBack(std::move(task));
  }
  task.done(MakeError(absl::StatusCode::kInvalidArgument, "PAGE_TOO_LARGE",
                      absl::StrCat(PageName(task.page), " needs more than the ", arena_bytes >> 20,
                                   " MiB that there are for drawn pages; ask for fewer dpi"),
                      {{"page", absl::StrCat(task.page.page_index + 1)}}));
}

absl::StatusOr<RenderedPage> Renderer::DrawInto(ArenaSpan& grant, const RenderDocument& document,
                                                const RenderPool::PageSpec& page) {
  const Work work = {.subject = PageName(page), .verb = "draw"};
  Request request;
  quire::render::v1::RenderPage& ask = *request.mutable_render();
  ask.set_document_id(document.id);
  ask.set_page_index(page.page_index);
  ask.set_long_side_px(page.size.long_side_px);
  ask.set_dpi(page.size.dpi);
  ask.set_arena_offset(grant.offset());
  ask.set_arena_bytes(grant.bytes());
  ask.set_include_png(page.include_png);
  ask.set_include_uncleaned_png(page.include_uncleaned_png);
  ask.set_include_text_layer(page.include_text_layer);
  for (const quire::v1::CleanUp clean_up : page.clean_ups) ask.add_clean_ups(clean_up);
  if (open_.count(document.id) == 0) QUIRE_RETURN_IF_ERROR(OpenHere(document, work).status());
  const Clock::time_point began = Clock::now();
  QUIRE_ASSIGN_OR_RETURN(Reply reply, DrawOrOpenAgain(request, document, work));
  quire::render::v1::PageRendered& drawn = *reply.mutable_rendered();
  if (!reply.has_rendered() || !IsSoundPage(drawn, grant.bytes())) {
    return Blame(process_->Reject("sent no sound page"), work);
  }
  grant.ShrinkTo(kBytesOfPixel * drawn.width_px() * drawn.height_px());
  return RenderedPage{
      .pixels = std::move(grant),
      .width_px = drawn.width_px(),
      .height_px = drawn.height_px(),
      .dpi = drawn.dpi(),
      .width_points = drawn.width_points(),
      .height_points = drawn.height_points(),
      .rotation_degrees = drawn.rotation_degrees(),
      .png = std::move(*drawn.mutable_png()),
      .uncleaned_png = std::move(*drawn.mutable_uncleaned_png()),
      .layer = drawn.has_layer() ? std::optional(std::move(*drawn.mutable_layer())) : std::nullopt,
      .deskewed_degrees = drawn.deskewed_degrees(),
      .frame_seconds = drawn.frame_seconds(),
      .seconds = SecondsSince(began)};
}

// A renderer may forget documents, to save memory: it is reminded once.
absl::StatusOr<Renderer::Reply> Renderer::DrawOrOpenAgain(const Request& request,
                                                          const RenderDocument& document,
                                                          const Work& work) {
  absl::StatusOr<Reply> reply = Exchange(request, -1, work);
  if (ReasonOf(reply.status()) != "DOCUMENT_NOT_OPEN") return reply;
  open_.erase(document.id);
  QUIRE_RETURN_IF_ERROR(OpenHere(document, work).status());
  return Exchange(request, -1, work);
}

absl::StatusOr<Renderer::Reply> Renderer::OpenHere(const RenderDocument& document,
                                                   const Work& work) {
  Request request;
  quire::render::v1::OpenDocument& ask = *request.mutable_open();
  ask.set_document_id(document.id);
  ask.set_document_bytes(static_cast<uint64_t>(document.bytes));
  ask.set_password(document.settings.password);
  *ask.mutable_frames() = document.settings.frames;
  ask.set_max_pages(parts_.options.max_document_pages);
  ask.set_max_page_pixels(parts_.options.max_page_pixels);
  ++opened_;
  QUIRE_ASSIGN_OR_RETURN(Reply reply, Exchange(request, document.fd, work));
  if (!reply.has_opened() || !IsSoundOpening(reply.opened(), parts_.options.max_document_pages)) {
    return Blame(process_->Reject("sent no sound number of pages"), work);
  }
  open_.insert(document.id);
  return reply;
}

absl::StatusOr<Renderer::Reply> Renderer::Exchange(const Request& request, int fd,
                                                   const Work& work) {
  absl::StatusOr<Reply> reply =
      process_->Call(request, fd, After(parts_.options.page_seconds));
  if (!reply.ok()) return Blame(reply.status(), work);
  if (!reply->has_error()) return reply;
  const absl::Status error = FromProto(reply->error());
  if (error.ok()) return Blame(process_->Reject("sent an error that is none"), work);
  return error;
}

// The error for what the process, which ended with `status`, was working on.
absl::Status Renderer::Blame(const absl::Status& status, const Work& work) {
  EndProcess();
  if (absl::IsCancelled(status)) return absl::UnavailableError("the server is stopping");
  if (absl::IsDeadlineExceeded(status)) {
    parts_.observer("timeout");
    const double limit = parts_.options.page_seconds;
    return MakeError(absl::StatusCode::kInvalidArgument, "RENDER_TIMEOUT",
                     absl::StrCat(work.subject, " took longer than ", limit, " s to ", work.verb,
                                  "; simplify it or raise --render-seconds"),
                     {{"limit_seconds", absl::StrCat(limit)}});
  }
  parts_.observer("died");
  return MakeError(absl::StatusCode::kInvalidArgument, "RENDER_DIED",
                   absl::StrCat("on the way to ", work.verb, " ", work.subject, ", ", status.message(),
                                "; the file may be damaged, or need more than "
                                "--render-memory-megabytes"));
}

}  // namespace quire::server
