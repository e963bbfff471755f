#include "tests/worker/model/parity_cases.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "proto/check.h"
#include "worker/model/kv_cache.h"

namespace quire::worker {
namespace {

constexpr size_t kGreedyTokens = 24;

std::string Folder(const std::string& model, const std::string& inside) {
  return absl::StrCat(QUIRE_FIXTURES "/parity/", model, "/", inside);
}

struct Reading {
  int sequence;
  at::Tensor left;  // rows that are not in the cache yet
  std::vector<int> written;
};

// The next rows of a sequence: of its prompt, or the token that it wrote last.
at::Tensor NextRows(const OcrModel& model, Reading& reading, int64_t chunk_rows) {
  if (!reading.written.empty()) reading.left = model.Embed({&reading.written.back(), 1});
  const int64_t count = std::min(chunk_rows, reading.left.size(0));
  const at::Tensor rows = reading.left.narrow(0, 0, count);
  reading.left = reading.left.narrow(0, count, reading.left.size(0) - count);
  return rows;
}

}  // namespace

std::string ParityModelFolder(const std::string& model) { return Folder(model, "model"); }
std::unique_ptr<OcrModel> LoadParityModel(const std::string& model) {
  return OcrModel::Load(ParityModelFolder(model), {}).value();
}
StoredPage ParityPage(const ParityCase& one) {
  return ReadPage(Folder(one.model, "pages/" + one.page)).value();
}
std::map<std::string, at::Tensor> ParityReference(const ParityCase& one) {
  return ReadTensors(Folder(one.model, "expected/" + one.page)).value();
}

std::vector<int> ReferenceTokens(const std::map<std::string, at::Tensor>& reference) {
  const at::Tensor& tokens = reference.at("greedy");
  QUIRE_CHECK(tokens.numel() == kGreedyTokens);
  return {tokens.const_data_ptr<float>(), tokens.const_data_ptr<float>() + kGreedyTokens};
}

std::vector<std::vector<int>> ReadGreedily(const OcrModel& model,
                                           const std::vector<at::Tensor>& prompts,
                                           int64_t chunk_rows) {
  int64_t tokens = 0;
  for (const at::Tensor& prompt : prompts) {
    tokens += prompt.size(0) + kGreedyTokens + KvCache::kBlockTokens;
  }
  const std::unique_ptr<KvCache> cache = model.MakeKvCache(tokens);
  std::vector<Reading> readings;
  for (const at::Tensor& prompt : prompts) readings.push_back({cache->Open(), prompt, {}});
  for (;;) {
    std::vector<StepSequence> steps;
    std::vector<at::Tensor> rows;
    std::vector<Reading*> writing;
    for (Reading& reading : readings) {
      if (reading.written.size() == kGreedyTokens) continue;
      rows.push_back(NextRows(model, reading, chunk_rows));
      const bool last = reading.left.size(0) == 0;
      if (last) writing.push_back(&reading);
      steps.push_back({reading.sequence, static_cast<int>(rows.back().size(0)), last});
      QUIRE_CHECK(cache->Reserve(reading.sequence, rows.back().size(0)));
    }
    if (steps.empty()) break;
    const at::Tensor best = model.Step(at::cat(rows, 0), steps, *cache).argmax(-1);
    for (size_t i = 0; i < writing.size(); ++i) {
      writing[i]->written.push_back(static_cast<int>(best.const_data_ptr<int64_t>()[i]));
    }
  }
  std::vector<std::vector<int>> written;
  for (const Reading& reading : readings) written.push_back(reading.written);
  return written;
}

}  // namespace quire::worker
