#include "server/server_status.h"

#include <algorithm>
#include <vector>

#include "proto/version.h"

namespace quire::server {
namespace {

constexpr size_t kMostOpenDocuments = 100;

std::vector<quire::v1::OpenDocument> OpenDocuments(const OpenRecognitions& open) {
  std::vector<quire::v1::OpenDocument> documents;
  for (const Recognition* recognition : open) {
    if (auto progress = recognition->Progress()) documents.push_back(*std::move(progress));
  }
  std::sort(documents.begin(), documents.end(), [](const auto& a, const auto& b) {
    return a.age_seconds() > b.age_seconds();
  });
  if (documents.size() > kMostOpenDocuments) documents.resize(kMostOpenDocuments);
  return documents;
}

}  // namespace

quire::v1::GetServerInfoResponse ServerStatus::Info() const {
  quire::v1::GetServerInfoResponse info;
  info.set_version(kVersion);
  for (auto& model : parts_.registry.known_models()) *info.add_models() = std::move(model);
  for (auto& worker : parts_.registry.infos()) *info.add_workers() = std::move(worker);
  quire::v1::Limits& limits = *info.mutable_limits();
  limits.set_max_document_bytes(parts_.limits.max_document_bytes);
  limits.set_max_document_pages(parts_.limits.max_document_pages);
  limits.set_max_page_pixels(parts_.limits.max_page_pixels);
  limits.set_max_documents(parts_.limits.max_documents);
  limits.set_max_waiting_pages(parts_.limits.max_waiting_pages);
  limits.set_page_total_seconds(parts_.limits.page_total_seconds);
  info.set_uptime_seconds(
      std::chrono::duration<double>(std::chrono::steady_clock::now() - started_).count());
  return info;
}

quire::v1::WatchStatusResponse ServerStatus::Now() const {
  quire::v1::WatchStatusResponse now;
  now.set_ready(parts_.readiness.ready());
  now.set_draining(parts_.admission.draining());
  now.set_documents(parts_.admission.documents());
  const int reading = parts_.dispatcher.pages_reading();
  now.set_pages_waiting(static_cast<int32_t>(parts_.dispatcher.pages_left()) - reading);
  now.set_pages_reading(reading);
  now.set_pages_read(parts_.metrics.pages_read());
  now.set_pages_failed(parts_.metrics.pages_failed());
  for (auto& worker : parts_.registry.infos()) *now.add_workers() = std::move(worker);
  for (auto& document : OpenDocuments(parts_.open)) *now.add_open_documents() = std::move(document);
  return now;
}

}  // namespace quire::server
