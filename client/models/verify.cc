#include "client/models/verify.h"

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/exit_code.h"
#include "client/models/file_digest.h"
#include "client/models/known_digests.h"
#include "client/models/model_facts.h"
#include "client/page_format.h"
#include "proto/checkpoint/json_fields.h"
#include "proto/checkpoint/tokenizer_file.h"
#include "proto/status.h"

namespace quire::client {
namespace {

namespace fs = std::filesystem;

class Verifier {
 public:
  Verifier(const std::string& folder, const Interrupt& interrupt) : interrupt_(interrupt) {
    result_.folder = folder;
  }

  absl::StatusOr<Verification> Run() {
    CheckContents();
    ListFiles();
    QUIRE_RETURN_IF_ERROR(CheckDigests());
    for (const VerifiedFile& file : result_.files) {
      if (file.good()) continue;
      result_.faults.push_back(absl::DataLossError(
          absl::StrCat(result_.folder, "/", file.name, ": its ", file.digest_name, " is ",
                       file.found.empty() ? "not known: the file is missing" : file.found,
                       "; expected ", file.expected)));
    }
    return std::move(result_);
  }

 private:
  bool Note(const absl::Status& status) {
    if (!status.ok()) result_.faults.push_back(status);
    return status.ok();
  }

  void CheckContents() {
    const std::string path = result_.folder + "/config.json";
    const absl::StatusOr<std::string> text = ReadSmallFile(path, kMostConfigBytes);
    if (!Note(text.status())) return;
    const absl::StatusOr<Architecture> config = ParseArchitecture(*text, path);
    const absl::StatusOr<WeightFiles> files = FindWeightFiles(result_.folder);
    const bool known = Note(config.status());
    if (known) {
      Note(CheckTokenizerFile(result_.folder + "/tokenizer.json", config->image_token_id,
                              config->decoder.vocab_size));
    }
    if (!Note(files.status())) return;
    std::vector<SafetensorsHeader> headers;
    bool whole = true;
    for (const std::string& shard : files->paths) {
      absl::StatusOr<SafetensorsHeader> header = ReadSafetensorsHeader(shard);
      whole = Note(header.status()) && whole;
      if (header.ok()) headers.push_back(*std::move(header));
    }
    if (!known || !whole) return;  // every tensor of a damaged shard would be missing, too
    result_.tensors = CheckTensors(*config, *files, headers);
    for (const absl::Status& fault : result_.tensors.faults) Note(fault);
    const int64_t more =
        result_.tensors.fault_count - static_cast<int64_t>(result_.tensors.faults.size());
    if (more > 0) {
      Note(absl::InvalidArgumentError(
          absl::StrCat(result_.folder, ": ", more, " more faults of tensors")));
    }
  }

  void ListFiles() {
    absl::StatusOr<KnownDigests> digests = ReadDigests(result_.folder);
    Note(digests.status());
    KnownDigests known = digests.ok() ? *std::move(digests) : KnownDigests();
    std::error_code error;
    for (const auto& file : fs::directory_iterator(result_.folder, error)) {
      if (file.path().extension() == ".safetensors")
        known.emplace(file.path().filename(), KnownDigest());
    }
    for (const auto& [name, digest] : known) {
      VerifiedFile file{.name = name, .expected = digest.hex};
      if (!digest.hex.empty()) file.digest_name = DigestName(digest.kind);
      const auto size = fs::file_size(fs::path(result_.folder) / name, error);
      if (!error) file.size_bytes = size;
      kinds_.push_back(digest.kind);
      result_.files.push_back(std::move(file));
    }
  }

  // As many files at once as there are cores: hashing, not the disk, is what takes long.
  absl::Status CheckDigests() {
    std::atomic<size_t> next = 0;
    std::vector<absl::Status> outcomes(result_.files.size());
    const auto run = [&] {
      for (size_t i = next++; i < result_.files.size(); i = next++) {
        VerifiedFile& file = result_.files[i];
        if (file.expected.empty()) continue;
        absl::StatusOr<std::string> found =
            DigestFile(absl::StrCat(result_.folder, "/", file.name), kinds_[i], interrupt_);
        if (found.ok()) file.found = *std::move(found);
        outcomes[i] = found.status();
      }
    };
    std::vector<std::thread> threads;
    const size_t cores = std::max(1U, std::thread::hardware_concurrency());
    for (size_t i = 0; i < std::min(cores, result_.files.size()); ++i) threads.emplace_back(run);
    for (std::thread& thread : threads) thread.join();
    if (interrupt_.requested()) return InterruptedError();
    for (const absl::Status& outcome : outcomes) Note(outcome);
    return absl::OkStatus();
  }

  const Interrupt& interrupt_;
  Verification result_;
  std::vector<DigestKind> kinds_;  // of result_.files
};

}  // namespace

absl::StatusOr<Verification> VerifyModel(const std::string& folder, const Interrupt& interrupt) {
  return Verifier(folder, interrupt).Run();
}

std::string FormatVerification(const Verification& verification) {
  std::string text = Printable(verification.folder) + "\n";
  for (const VerifiedFile& file : verification.files) {
    absl::StrAppendFormat(&text, "  %-9s %s, %s, %s\n", file.good() ? "good" : "DAMAGED",
                          Printable(file.name), FormatBytes(static_cast<double>(file.size_bytes)),
                          file.expected.empty()
                              ? "no digest is known"
                              : absl::StrCat(file.digest_name, " ", file.expected));
  }
  const TensorReport& tensors = verification.tensors;
  if (tensors.tensors > 0) {
    absl::StrAppendFormat(&text, "  %-9s %d tensors, %d parameters, %s%s\n",
                          tensors.fault_count == 0 ? "good" : "WRONG", tensors.tensors,
                          tensors.parameters, FormatBytes(static_cast<double>(tensors.data_bytes)),
                          tensors.quantised ? ", 8-bit" : "");
  }
  return text;
}

Json VerificationToJson(const Verification& verification) {
  Json files = Json::array(), faults = Json::array();
  for (const VerifiedFile& file : verification.files) {
    files.push_back({{"name", file.name},
                     {"size_bytes", file.size_bytes},
                     {"digest", file.digest_name.empty() ? Json(nullptr) : Json(file.digest_name)},
                     {"expected", file.expected.empty() ? Json(nullptr) : Json(file.expected)},
                     {"found", file.found.empty() ? Json(nullptr) : Json(file.found)}});
  }
  for (const absl::Status& fault : verification.faults)
    faults.push_back(std::string(fault.message()));
  return {{"folder", verification.folder},
          {"good", verification.faults.empty()},
          {"files", files},
          {"tensors", verification.tensors.tensors},
          {"parameters", verification.tensors.parameters},
          {"data_bytes", verification.tensors.data_bytes},
          {"quantised", verification.tensors.quantised},
          {"faults", faults}};
}

}  // namespace quire::client
